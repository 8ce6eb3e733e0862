//! What tells a file or folder from another, and a changed file from an unchanged one, on each
//! system.
//!
//! Pitfall: Windows gives the index of a file only for an opened one, so it is asked for during
//! the walk and not again; `std` has no stable way, hence the crate `file-id`.

use std::fs::Metadata;
use std::path::Path;

use crate::photo::FileStamp;

/// What tells a folder from another, whatever path leads to it.
#[cfg(unix)]
pub(super) type FolderIdentity = (u64, u64);

/// What tells a folder from another: its one true path.
#[cfg(not(unix))]
pub(super) type FolderIdentity = std::path::PathBuf;

/// The identity of the folder at `path`.
#[cfg(unix)]
pub(super) fn identity(_path: &Path, metadata: &Metadata) -> FolderIdentity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// The identity of the folder at `path`.
#[cfg(not(unix))]
pub(super) fn identity(path: &Path, _metadata: &Metadata) -> FolderIdentity {
    std::fs::canonicalize(path).unwrap_or_else(|_unresolvable| path.to_owned())
}

/// What the file system says of the file at `path` (not of what a link there points to).
///
/// # Errors
/// The system's, if there is no such file or it may not be looked at.
pub fn stamp(path: &Path) -> std::io::Result<FileStamp> {
    Ok(stamp_of(path, &std::fs::symlink_metadata(path)?))
}

/// What the file system says of the file at `path`.
#[cfg(unix)]
pub(super) fn stamp_of(_path: &Path, metadata: &Metadata) -> FileStamp {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    FileStamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.len(),
        modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// What the file system says of the file at `path`; device and inode are 0 where it does not
/// tell, and then hard links are counted as files of their own.
#[cfg(not(unix))]
pub(super) fn stamp_of(path: &Path, metadata: &Metadata) -> FileStamp {
    let (device, inode) = file_index(path).unwrap_or_default();
    FileStamp {
        device,
        inode,
        size: metadata.len(),
        modified_ns: modified_ns(metadata),
        changed_ns: 0,
    }
}

/// Whether a file of this metadata is still the one of this stamp.
#[cfg(unix)]
pub(super) fn is_unchanged(path: &Path, metadata: &Metadata, stamp: &FileStamp) -> bool {
    stamp_of(path, metadata) == *stamp
}

/// Whether a file of this metadata is still the one of this stamp.
#[cfg(not(unix))]
pub(super) fn is_unchanged(_path: &Path, metadata: &Metadata, stamp: &FileStamp) -> bool {
    metadata.len() == stamp.size && modified_ns(metadata) == stamp.modified_ns
}

#[cfg(not(unix))]
fn modified_ns(metadata: &Metadata) -> i64 {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or_default()
}

#[cfg(windows)]
fn file_index(path: &Path) -> Option<(u64, u64)> {
    match file_id::get_low_res_file_id(path).ok()? {
        file_id::FileId::LowRes {
            volume_serial_number,
            file_index,
        } => Some((u64::from(volume_serial_number), file_index)),
        _ => None,
    }
}

#[cfg(not(any(unix, windows)))]
fn file_index(_path: &Path) -> Option<(u64, u64)> {
    None
}
