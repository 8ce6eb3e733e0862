//! What is remembered between runs.
//!
//! [`Cache`] may be deleted at any time and costs only time; nothing in it is believed that
//! does not fit: a damaged or newer file is set aside, a row that makes no sense is a row that
//! is not there. A scan writes through one [`CacheWriter`], which commits at least every two
//! seconds, so that a killed scan loses no more.

mod cache;
mod read;
mod rows;
mod schema;
mod writer;

pub use cache::{Cache, CacheInfo, OpenedCache, Pruned};
pub use read::KnownVerdict;
pub use writer::{CacheWriter, Record};

use std::path::PathBuf;

/// Why the cache cannot be used.
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
    /// Reading or writing failed later on: the disk is full, the medium is gone.
    #[error(
        "the cache failed ({source}); what was written before is kept; free some space, choose another with --cache FILE, or none with --no-cache: {path}"
    )]
    Database {
        /// The cache.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
}
