//! Real servers, started and stopped by the scripts of `../shared/servers`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::{shared, skipped};

/// A server that is stopped when this goes.
pub(crate) struct RealServer {
    folder: PathBuf,
    says: HashMap<String, String>,
}

impl RealServer {
    /// Starts `triton`, `mlserver` or `reference` with settings of its `up.sh`; `None`, told
    /// loudly, where it cannot be had.
    pub(crate) fn start(kind: &str, settings: &[(&str, &str)]) -> Option<Self> {
        if let Some(reason) = std::env::var_os("TWINLENS_NO_SERVERS") {
            // Only where a registry cannot be reached: see .ci/run.
            let line = format!("SKIPPED: no {kind}: {}\n", reason.to_string_lossy());
            std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
            return None;
        }
        let folder = shared(&format!("servers/{kind}"))?;
        let ready = Command::new(folder.join("setup.sh"))
            .stdout(Stdio::null())
            .output()
            .unwrap();
        if !ready.status.success() {
            let reason = String::from_utf8_lossy(&ready.stderr);
            skipped(&format!("{kind} cannot be set up: {reason}"));
            return None;
        }
        let mut up = Command::new(folder.join("up.sh"));
        up.env("MODEL", shared("models/clip_tiny.onnx")?);
        up.envs(settings.iter().copied());
        let output = up.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind} does not start: {errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Some(Self {
            folder,
            says: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        })
    }

    /// What its script printed as `name`.
    pub(crate) fn says(&self, name: &str) -> &str {
        &self.says[name]
    }

    /// Host and port over HTTP, without a scheme.
    pub(crate) fn http(&self) -> String {
        self.says("HTTP_URL").replace("http://", "")
    }

    /// From now on, until told otherwise, it fails like this.
    pub(crate) fn fault(&self, json: &str) {
        let path = Path::new(self.says("FAULT_FILE"));
        // Replaced at once: the server reads it whenever it likes.
        let part = path.with_extension("part");
        std::fs::write(&part, json).unwrap();
        std::fs::rename(&part, path).unwrap();
    }

    /// Stops it now.
    pub(crate) fn stop(&self) {
        let stopped = Command::new(self.folder.join("down.sh"))
            .arg(self.says("STATE_DIR"))
            .output()
            .unwrap();
        assert!(stopped.status.success(), "{stopped:?}");
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        let state = &self.says["STATE_DIR"];
        // A test that fails already must not fail again on its way out.
        Command::new(self.folder.join("down.sh"))
            .arg(state)
            .output()
            .ok();
    }
}
