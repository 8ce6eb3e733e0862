//! One removal or restoration at a time.
//!
//! Two at once could each remove what the other counts on. The lock is the system's on an empty
//! file beside the journal, so that it ends with its process, however that ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::RemovalError;

/// Held while files are moved.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock beside the journal at `library`.
    pub(super) fn take(library: &Path) -> Result<Self, RemovalError> {
        let path = lock_path(library);
        let failed = |source| RemovalError::Lock {
            path: path.clone(),
            source,
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(RemovalError::Busy),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

fn lock_path(library: &Path) -> PathBuf {
    let mut name = library.as_os_str().to_owned();
    name.push(".removing");
    PathBuf::from(name)
}
