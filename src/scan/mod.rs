//! Folders to photos: walk, read, decode, fingerprint.
//!
//! The way of a file: [`walk`] finds it without opening it, [`read`] takes its bytes once and
//! hashes them, [`examine`] makes everything of the bytes that later steps need. Each step is
//! a plain function on the caller's thread; nothing here starts a thread or keeps state.
//!
//! The rule: whatever lies in a file, the answer is a photo or a [`Problem`], never a panic,
//! never an allocation beyond [`Limits`], and never half a picture taken for a whole one.
//!
//! Pitfalls:
//! - Decoders are third-party code and some panic on broken data. They run inside
//!   `catch_unwind`, so `panic = "abort"` must never be set for the program. A program that does
//!   not want the panic messages on its terminal asks [`is_decoding`] in its panic hook: a
//!   library must not install one, the hook belongs to the whole process.
//! - A format is told by the bytes; the name only decides whether a file is looked at, and
//!   helps where formats share their first bytes (RAW files begin like TIFF, TGA like nothing).
//!
//! [`Problem`]: crate::photo::Problem

pub mod bundle;
pub mod decode;
mod examine;
mod fingerprint;
mod kinds;
mod metadata;
mod read;
mod sniff;
mod stamp;
mod thumbnail;
mod walk;
pub mod xmp;

pub use decode::{DecodeError, DecodeScale, DecodedPhoto, decode, is_decoding};
pub use examine::{Examined, examine, pixels, wrong_extension};
pub use fingerprint::fingerprint;
pub use kinds::{Promise, promise};
pub use metadata::metadata;
pub use read::{ReadFile, read};
pub use sniff::{Sniffed, sniff};
pub use stamp::stamp;
pub use thumbnail::{THUMBNAIL_SIDE, thumbnail};
pub use walk::{FoundFile, Walked, walk};

use std::path::PathBuf;

/// How much one photo may cost; checked from its header, before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longer files are not read. 1 GiB by default.
    pub max_file_bytes: u64,
    /// Pictures of more pixels are not decoded. 300 million by default: the largest sensors
    /// have 200 million.
    pub max_pixels: u64,
    /// Pictures longer on any side are not decoded. 100,000 by default.
    pub max_side: u32,
    /// Memory that decoding one picture may take, its pixels included. 1 GiB by default.
    pub max_decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 1 << 30,
            max_pixels: 300_000_000,
            max_side: 100_000,
            max_decode_bytes: 1 << 30,
        }
    }
}

/// Why a whole scan cannot start; what goes wrong with single files is a
/// [`Problem`](crate::photo::Problem) and the scan goes on.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A folder that was given is not there.
    #[error("there is no such folder or file: {}", .0.display())]
    NotFound(PathBuf),
    /// What was given is neither a folder nor a regular file.
    #[error("neither a folder nor a regular file: {}", .0.display())]
    NotAFolder(PathBuf),
    /// A folder that was given cannot be listed.
    #[error("cannot list the folder ({source}): {}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The cancel flag was set.
    #[error("the scan was cancelled")]
    Cancelled,
    /// A thumbnail could not be encoded.
    #[error("cannot encode the thumbnail: {0}")]
    Thumbnail(String),
}
