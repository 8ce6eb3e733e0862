//! Reads a file once: its bytes, their hash, and whether they are those that the walk saw.
//!
//! Pitfalls: files change and vanish while a scan runs. The stamp is compared before opening
//! (what was a file may be a pipe by now, and opening that would wait for ever), after opening,
//! and after reading; a file that was touched meanwhile is a problem and not half a photo.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::photo::{ContentHash, FileStamp, Problem, ProblemKind};

use super::Limits;
use super::kinds::Promise;
use super::sniff::{HEAD_BYTES, Sniffed, sniff};
use super::stamp::is_unchanged;
use super::walk::FoundFile;

/// The bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Their BLAKE3.
    pub hash: ContentHash,
}

/// Reads `file` into `buffer`, whose contents are dropped and whose memory is used again.
///
/// Of a file whose name promises nothing only the first bytes are read, unless they are those
/// of a picture.
///
/// # Errors
/// A [`Problem`] of kind `Vanished`, `Changed`, `PermissionDenied`, `Io`, `Empty`, `TooLarge`,
/// or, for a file that is no picture by its name nor by its bytes, `OtherFile`.
pub fn read(file: &FoundFile, limits: &Limits, mut buffer: Vec<u8>) -> Result<ReadFile, Problem> {
    buffer.clear();
    read_into(file, limits, &mut buffer).map_err(|(kind, message)| Problem {
        path: file.path.clone(),
        kind,
        message,
    })?;
    let hash = ContentHash(*blake3::hash(&buffer).as_bytes());
    Ok(ReadFile {
        bytes: buffer,
        hash,
    })
}

type Failure = (ProblemKind, String);

fn read_into(file: &FoundFile, limits: &Limits, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    let path = &file.path;
    let before = fs::symlink_metadata(path).map_err(|error| from_io(&error))?;
    check(path, &before, &file.stamp)?;
    let mut reader = File::open(path).map_err(|error| from_io(&error))?;
    let opened = reader.metadata().map_err(|error| from_io(&error))?;
    check(path, &opened, &file.stamp)?;

    let size = file.stamp.size;
    if file.promise != Promise::Picture {
        let head = HEAD_BYTES as u64;
        (&mut reader)
            .take(head)
            .read_to_end(buffer)
            .map_err(|error| from_io(&error))?;
        if sniff(path, buffer) == Sniffed::Unknown {
            let message = "no picture, by its name and by its bytes".to_owned();
            return Err((ProblemKind::OtherFile, message));
        }
    }
    if size == 0 {
        return Err((ProblemKind::Empty, "the file has no bytes".to_owned()));
    }
    if size > limits.max_file_bytes {
        return Err((
            ProblemKind::TooLarge,
            format!(
                "the file has {size} bytes, more than the limit of {}",
                limits.max_file_bytes
            ),
        ));
    }
    let too_large = |_error| {
        let message = format!("there is no memory for the file's {size} bytes");
        (ProblemKind::TooLarge, message)
    };
    let length = usize::try_from(size).unwrap_or(usize::MAX);
    buffer
        .try_reserve(length.saturating_sub(buffer.len()).saturating_add(1))
        .map_err(too_large)?;
    // One byte more than expected shows that the file has grown.
    let rest = size.saturating_sub(buffer.len() as u64) + 1;
    reader
        .by_ref()
        .take(rest)
        .read_to_end(buffer)
        .map_err(|error| from_io(&error))?;
    let after = reader.metadata().map_err(|error| from_io(&error))?;
    check(path, &after, &file.stamp)?;
    if buffer.len() == length {
        Ok(())
    } else {
        Err(changed())
    }
}

/// Refuses a file that is not the one that the walk saw.
fn check(path: &Path, now: &fs::Metadata, expected: &FileStamp) -> Result<(), Failure> {
    if !now.is_file() || !is_unchanged(path, now, expected) {
        return Err(changed());
    }
    Ok(())
}

fn changed() -> Failure {
    (
        ProblemKind::Changed,
        "the file changed while it was scanned; the next scan will take it".to_owned(),
    )
}

fn from_io(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => (
            ProblemKind::Vanished,
            "the file was there a moment ago and is gone".to_owned(),
        ),
        ErrorKind::PermissionDenied => (
            ProblemKind::PermissionDenied,
            "there is no permission to read it".to_owned(),
        ),
        _ => (ProblemKind::Io, format!("it cannot be read: {error}")),
    }
}
