//! Folders to photos: walk, read, decode, fingerprint.
//!
//! A file is opened once and read whole; everything that is ever wanted of it (hash, metadata,
//! reduced picture, fingerprint, thumbnail) is made from those bytes. Whatever is wrong with a
//! file becomes a [`Problem`](crate::photo::Problem) of that file; nothing here panics, whatever
//! the bytes are.

mod decode;
mod examine;
mod fingerprint;
mod metadata;
mod read;
mod sniff;
mod thumbnail;
mod walk;

pub use decode::{DecodeError, DecodeScale, DecodedPhoto, decode, is_decoding};
pub use examine::{Examined, examine, pixels, wrong_extension};
pub use fingerprint::fingerprint;
pub use metadata::metadata;
pub use read::{ReadFile, read, stamp};
pub use sniff::{Sniffed, sniff};
pub use thumbnail::thumbnail;
pub use walk::{FoundFile, Promise, Walked, walk};

use std::path::PathBuf;

/// What a file or picture may ask for; checked before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Larger files are not read. Default 1 GiB.
    pub max_file_bytes: u64,
    /// Pictures of more pixels are not decoded. Default 268 million (a phone's largest is 200).
    pub max_pixels: u64,
    /// A decoder may not allocate more at once. Default 1 GiB.
    pub max_decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 1 << 30,
            max_pixels: 1 << 28,
            max_decode_bytes: 1 << 30,
        }
    }
}

/// Why the folders cannot be scanned at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A folder that was named is not there or cannot be looked at.
    #[error("cannot look into the folder ({source}): {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
}
