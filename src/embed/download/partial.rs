//! What has arrived of a file, on the disk, with the version it belongs to.
//!
//! The folder `.NAME.download` beside the target holds `body` and `version.toml`. A kill
//! between the two leaves a body without a version, which is then begun anew.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::embed::hash;

/// Which version of the file the bytes are of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Version {
    /// Strong `ETag` of the server that sent it.
    validator: Option<String>,
    /// SHA-256 that the hub named.
    checksum: Option<String>,
}

/// The unfinished file; open for writing at its end.
pub(super) struct Partial {
    folder: PathBuf,
    body: File,
    received: u64,
    version: Version,
}

/// Where what has arrived of `target` is kept.
pub(super) fn folder_of(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".download");
    target.with_file_name(name)
}

impl Partial {
    /// Goes on with what an earlier try left, or begins.
    pub(super) fn open(target: &Path) -> io::Result<Self> {
        let folder = folder_of(target);
        std::fs::create_dir_all(&folder)?;
        let mut body = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join("body"))?;
        let received = body.seek(SeekFrom::End(0))?;
        let known = std::fs::read_to_string(folder.join("version.toml"))
            .ok()
            .and_then(|text| toml::from_str(&text).ok());
        let mut partial = Self {
            folder,
            body,
            received,
            version: Version::default(),
        };
        match known {
            Some(version) => partial.version = version,
            None => partial.restart(None)?,
        }
        Ok(partial)
    }

    /// Bytes that have arrived.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The `ETag` of the version that they are of.
    pub(super) fn validator(&self) -> Option<&str> {
        self.version.validator.as_deref()
    }

    /// The SHA-256 that the hub named for it.
    pub(super) fn checksum(&self) -> Option<&str> {
        self.version.checksum.as_deref()
    }

    /// Drops what has arrived; what comes next is of the version `validator`.
    pub(super) fn restart(&mut self, validator: Option<String>) -> io::Result<()> {
        self.body.set_len(0)?;
        self.body.seek(SeekFrom::Start(0))?;
        self.received = 0;
        self.version = Version {
            validator,
            checksum: None,
        };
        self.write_version()
    }

    /// Remembers the SHA-256 that the hub named.
    pub(super) fn set_checksum(&mut self, checksum: Option<String>) -> io::Result<()> {
        self.version.checksum = checksum;
        self.write_version()
    }

    fn write_version(&self) -> io::Result<()> {
        let text = toml::to_string(&self.version).map_err(io::Error::other)?;
        std::fs::write(self.folder.join("version.toml"), text)
    }

    /// Adds what has just arrived.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.body.write_all(bytes)?;
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// SHA-256 of all that has arrived.
    pub(super) fn sha256(&mut self) -> io::Result<String> {
        self.body.seek(SeekFrom::Start(0))?;
        let sha256 = hash::sha256_of(&self.body)?;
        self.body.seek(SeekFrom::End(0))?;
        Ok(sha256)
    }

    /// Moves the file into place, in one step.
    pub(super) fn finish(self, target: &Path) -> io::Result<()> {
        let Self { folder, body, .. } = self;
        // On the disk before it has its name: after a power cut a name must mean a whole file.
        body.sync_all()?;
        // Windows does not rename an open file.
        drop(body);
        std::fs::rename(folder.join("body"), target)?;
        std::fs::remove_dir_all(folder)
    }
}
