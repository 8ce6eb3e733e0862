//! A folder of copies and their keepers with a report on them, made without a scan.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// Photos (any bytes will do: removal never decodes) below `root/photos`, and the program's own
/// files below `root/home`.
pub(crate) struct Scene {
    pub(crate) root: tempfile::TempDir,
    photos: Vec<Value>,
    groups: Vec<Value>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(root: tempfile::TempDir) -> Self {
        fs::create_dir_all(root.path().join("photos")).unwrap();
        Self {
            root,
            photos: Vec::new(),
            groups: Vec::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("photos").join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        // A time of its own, with a fraction: it must come back with the file.
        let hash = blake3::hash(name.as_bytes());
        let number = u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap());
        let since = Duration::new(u64::from(number >> 2), (number % 999) * 1_000_100);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + since).unwrap();
        path
    }

    fn photo(&mut self, name: &str, bytes: &[u8]) -> usize {
        let path = self.path(name);
        if !path.exists() {
            self.write(name, bytes);
        }
        let id = self.photos.len();
        self.photos.push(json!({
            "id": id, "path": path, "bytes": bytes.len(), "width": 1, "height": 1,
            "format": "jpeg", "blake3": blake3::hash(bytes).to_hex().as_str(), "taken_at": null,
        }));
        id
    }

    /// A keeper and copies of it to be removed, by this evidence.
    pub(crate) fn shot(&mut self, evidence: &str, keeper: (&str, &[u8]), copies: &[(&str, &[u8])]) {
        let id = self.photo(keeper.0, keeper.1);
        let member = |id: usize, of: Option<usize>, verdict: &str| {
            json!({
                "id": id, "copy_of": of, "evidence": of.map(|_| evidence), "cosine": null,
                "verdict": verdict, "reasons": [],
            })
        };
        let mut members = vec![member(id, None, "keep")];
        for (name, bytes) in copies {
            let copy = self.photo(name, bytes);
            members.push(member(copy, Some(id), "remove"));
        }
        let shot = json!({"keeper": id, "relation": "same-shot", "photos": members});
        let group = json!({"id": self.groups.len(), "relation": "same-shot", "shots": [shot]});
        self.groups.push(group);
    }

    /// A keeper and copies of equal bytes.
    pub(crate) fn identical(&mut self, keeper: &str, copies: &[&str]) {
        let bytes = format!("the bytes of {keeper}").into_bytes();
        let copies: Vec<(&str, &[u8])> = copies.iter().map(|&copy| (copy, &bytes[..])).collect();
        self.shot("identical-file", (keeper, &bytes), &copies);
    }

    /// Writes the report and gives its path.
    pub(crate) fn report(&self) -> PathBuf {
        let report = json!({
            "report": 1, "program": "twinlens", "folders": [], "started": "2024-01-01T00:00:00Z",
            "elapsed_s": 0.0,
            "engine": {"name": "", "runtime": "", "provider": "", "model": "",
                "model_sha256": "", "dimension": 0, "preprocessing": ""},
            "totals": {"files": 0, "photos": 0, "bytes": 0, "unreadable": 0, "groups": 0,
                "surplus_photos": 0, "surplus_bytes": 0},
            "stages": [], "photos": self.photos, "groups": self.groups, "problems": [],
        });
        let path = self.root.path().join("report.json");
        fs::write(&path, report.to_string()).unwrap();
        path
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn program(&self) -> Command {
        crate::common::twinlens(&self.home())
    }

    pub(crate) fn remove(&self, arguments: &[&str]) -> Output {
        let report = self.report();
        let mut command = self.program();
        command.arg("remove").arg(report).args(arguments);
        command.output().unwrap()
    }

    pub(crate) fn restore(&self, arguments: &[&str]) -> Output {
        self.program()
            .arg("restore")
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Every file below `photos`: its bytes, time and permissions.
    pub(crate) fn tree(&self) -> Tree {
        tree(&self.root.path().join("photos"))
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let root = self.root.path().join("photos");
        let names = self.tree().into_keys();
        let name = |path: PathBuf| {
            path.strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        names.map(name).collect()
    }
}

pub(crate) type Tree = BTreeMap<PathBuf, (Vec<u8>, SystemTime, bool)>;

pub(crate) fn tree(root: &Path) -> Tree {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                let modified = metadata.modified().unwrap();
                found.insert(path, (bytes, modified, metadata.permissions().readonly()));
            }
        }
    }
    found
}

/// What a command that must succeed said.
#[track_caller]
pub(crate) fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn text(output: &Output) -> String {
    format!(
        "{:?}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
