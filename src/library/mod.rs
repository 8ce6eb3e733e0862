//! What is remembered between runs.
//!
//! [`Cache`] may be deleted at any time and costs only time; nothing in it is believed that
//! does not fit: a damaged or newer file is set aside, a row that makes no sense is a row that
//! is not there. A scan writes through one [`CacheWriter`], which commits at least every two
//! seconds, so that a killed scan loses no more.
//!
//! [`Ledger`] holds what cannot be computed again: the user's decisions, and the journal of what
//! was removed. It is never set aside or overwritten, and every call is on the disk when it
//! returns.

mod cache;
mod decisions;
mod journal;
mod ledger;
mod read;
mod rescues;
mod rows;
mod scans;
mod schema;
mod writer;

pub use cache::{Cache, CacheInfo, OpenedCache, Pruned};
pub use decisions::{FolderScan, LibraryFolder, Mark, MarkedPhoto, NotDuplicates};
pub use journal::{FileState, JournalEntry, JournalFile, JournalSession, Settled};
pub use ledger::Ledger;
pub use read::KnownVerdict;
pub use rescues::{Rescue, RescueEntry};
pub use scans::KnownFile;
pub use writer::{CacheWriter, Record};

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_WRITE,
};

use crate::photo::ContentHash;

/// What stands for the path of a cache that is gone in the end; what does not fit into memory
/// goes to SQLite's own temporary file.
const IN_MEMORY: &str = "(in memory)";

/// Why the cache or the library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The file or its folder cannot be made or opened.
    #[error(
        "cannot open the cache ({reason}); choose another with --cache FILE, or none with --no-cache: {path}"
    )]
    Open {
        /// The cache.
        path: PathBuf,
        /// The system's or SQLite's reason.
        reason: String,
    },
    /// A damaged or newer cache is in the way and cannot be renamed.
    #[error(
        "cannot set the unusable cache aside ({source}); remove it or choose another with --cache FILE: {path}"
    )]
    SetAside {
        /// The cache.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Damage that the look at the start did not find, met in use.
    #[error(
        "the cache is damaged ({source}); start again: it will be set aside and a new one begun: {path}"
    )]
    Damaged {
        /// The cache.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// `library.db` or its folder cannot be made or opened, or is something else.
    #[error(
        "cannot open the library of your decisions ({reason}); choose another with --library FILE, or none with --no-library: {path}"
    )]
    LedgerOpen {
        /// The library.
        path: PathBuf,
        /// The system's or SQLite's reason.
        reason: String,
    },
    /// `library.db` is damaged. It is precious, so nothing is done about it.
    #[error(
        "the library of your decisions is damaged ({reason}) and was left as it is; {}: {path}",
        way_out(backup.as_deref())
    )]
    LedgerDamaged {
        /// The library.
        path: PathBuf,
        /// SQLite's reason.
        reason: String,
        /// The latest copy that was made before a change of its tables.
        backup: Option<PathBuf>,
    },
    /// `library.db` was written by a newer version of this program.
    #[error(
        "the library of your decisions has version {version}, but this program knows {newest} at most; update Twinlens, choose another with --library FILE, or none with --no-library: {path}"
    )]
    LedgerNewer {
        /// The library.
        path: PathBuf,
        /// Its version.
        version: usize,
        /// The newest one that is known.
        newest: usize,
    },
    /// `library.db` is older, and could not be copied before its tables change.
    #[error(
        "cannot make a backup of the library of your decisions ({reason}), so that it was not brought up to date; free some space beside it or choose another with --library FILE: {path}"
    )]
    LedgerBackup {
        /// The library.
        path: PathBuf,
        /// The system's or SQLite's reason.
        reason: String,
    },
    /// Reading or writing `library.db` failed; what was asked for did not happen.
    #[error(
        "the library of your decisions failed ({}), and the last change was not kept: {path}",
        in_words(source)
    )]
    Ledger {
        /// The library.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// Two photos of equal bytes were declared to be no duplicates.
    #[error("files of the same bytes cannot be declared to be no duplicates: {content}")]
    SameContent {
        /// What both hold.
        content: ContentHash,
    },
    /// Reading or writing failed later on: the disk is full, the medium is gone.
    #[error("the cache failed ({}); {}", in_words(source), advice(path))]
    Database {
        /// The cache.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
}

/// What SQLite says, in words that name the cause. It has an answer of its own for a full disk;
/// a quota or a limit on the size of files, and a full disk where the shared memory of the
/// write-ahead log is made, are to it nothing but a "disk I/O error".
fn in_words(error: &rusqlite::Error) -> String {
    let Some(failure) = error.sqlite_error() else {
        return error.to_string();
    };
    match (failure.code, failure.extended_code) {
        (ErrorCode::DiskFull, _) => "the disk is full: free some space there".to_owned(),
        (
            _,
            SQLITE_IOERR_WRITE
            | SQLITE_IOERR_FSYNC
            | SQLITE_IOERR_TRUNCATE
            | SQLITE_IOERR_SHMOPEN
            | SQLITE_IOERR_SHMSIZE,
        ) => format!(
            "it cannot be written, {error}: the disk is full, a quota is used up, or the disk fails"
        ),
        _ => error.to_string(),
    }
}

/// What to do about a damaged library.
fn way_out(backup: Option<&Path>) -> String {
    match backup {
        Some(backup) => format!(
            "move it away and put a copy of its backup in its place ({}), or go on without it by \
             --no-library",
            backup.display()
        ),
        None => "put one from your own backups in its place, move it away to begin a new one, or \
                 go on without it by --no-library"
            .to_owned(),
    }
}

/// What to do where a cache fails in use.
fn advice(path: &Path) -> String {
    if path == Path::new(IN_MEMORY) {
        "without a cache file, what is found is kept in memory and in the system's folder for \
         temporary files: free some space there, or choose a file on another disk with --cache \
         FILE"
            .to_owned()
    } else {
        format!(
            "what was written before is kept; choose another with --cache FILE, or none with \
             --no-cache: {}",
            path.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(extended_code: i32, path: &str) -> String {
        LibraryError::Database {
            path: path.into(),
            source: rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(extended_code), None),
        }
        .to_string()
    }

    #[test]
    fn a_failure_is_told_with_its_cause_and_what_to_do() {
        use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_READ};
        for (code, path, parts) in [
            (
                SQLITE_FULL,
                "c.db",
                ["the disk is full", "--no-cache: c.db"],
            ),
            (SQLITE_IOERR_WRITE, "c.db", ["a quota", "--no-cache: c.db"]),
            (SQLITE_IOERR_READ, "c.db", ["disk I/O error)", ": c.db"]),
            (
                SQLITE_FULL,
                IN_MEMORY,
                ["the disk is full", "temporary files"],
            ),
        ] {
            let message = failed(code, path);
            for part in parts {
                assert!(message.contains(part), "{message}");
            }
        }
        assert!(!failed(SQLITE_FULL, IN_MEMORY).contains("--no-cache"));
    }
}
