//! Reads a file once, whole, and hashes it; tells if it changed under our hands.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Limits;
use super::walk::FoundFile;
use crate::photo::{ContentHash, FileStamp, Problem, ProblemKind};

/// A file's bytes and their hash.
#[derive(Clone, Debug)]
pub struct ReadFile {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// BLAKE3 of `bytes`.
    pub hash: ContentHash,
}

/// Reads `file` into `buffer`, whose memory is used again.
///
/// # Errors
/// A problem of the file: gone, not permitted, empty, above the limit, or not the file that was
/// found (another size, time or inode, before or after reading).
pub fn read(file: &FoundFile, limits: &Limits, mut buffer: Vec<u8>) -> Result<ReadFile, Problem> {
    let problem = |kind, message: String| Problem {
        path: file.path.clone(),
        kind,
        message,
    };
    let io = |error: std::io::Error| io_problem(&file.path, &error);
    let changed = || {
        problem(
            ProblemKind::Changed,
            "it changed during the scan; scan again".to_owned(),
        )
    };
    if file.stamp.size == 0 {
        return Err(problem(ProblemKind::Empty, "the file is empty".to_owned()));
    }
    if file.stamp.size > limits.max_file_bytes {
        let message = format!(
            "the file has {} bytes, more than the limit of {}",
            file.stamp.size, limits.max_file_bytes
        );
        return Err(problem(ProblemKind::TooLarge, message));
    }
    let mut opened = File::open(&file.path).map_err(io)?;
    let is_found = |opened: &File| {
        Ok::<_, std::io::Error>(stamp_of(&file.path, &opened.metadata()?)? == file.stamp)
    };
    if !is_found(&opened).map_err(io)? {
        return Err(changed());
    }
    buffer.clear();
    buffer.reserve_exact(usize::try_from(file.stamp.size).unwrap_or(0));
    // One byte more than expected shows a file that grows, and bounds one that never ends.
    opened
        .by_ref()
        .take(file.stamp.size + 1)
        .read_to_end(&mut buffer)
        .map_err(io)?;
    if buffer.len() as u64 != file.stamp.size || !is_found(&opened).map_err(io)? {
        return Err(changed());
    }
    let hash = ContentHash(blake3::hash(&buffer).into());
    Ok(ReadFile {
        bytes: buffer,
        hash,
    })
}

/// What the file system says of the file at `path` (not of what a link there points to).
///
/// # Errors
/// The system's, if there is no such file or it may not be looked at.
pub fn stamp(path: &Path) -> std::io::Result<FileStamp> {
    stamp_of(path, &std::fs::symlink_metadata(path)?)
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have to ask again, which can fail"
)]
fn stamp_of(_path: &Path, metadata: &Metadata) -> std::io::Result<FileStamp> {
    use std::os::unix::fs::MetadataExt;
    Ok(FileStamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.len(),
        modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(unix)]
fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

#[cfg(windows)]
fn stamp_of(path: &Path, metadata: &Metadata) -> std::io::Result<FileStamp> {
    use std::os::windows::fs::MetadataExt;
    // The file index is not in the directory entry: the file has to be asked. A 128-bit index
    // (ReFS) is folded: only equality counts.
    let (device, inode) = match file_id::get_file_id(path)? {
        file_id::FileId::Inode {
            device_id,
            inode_number,
        } => (device_id, inode_number),
        file_id::FileId::LowRes {
            volume_serial_number,
            file_index,
        } => (u64::from(volume_serial_number), file_index),
        file_id::FileId::HighRes {
            volume_serial_number,
            file_id,
        } => (
            volume_serial_number,
            (file_id as u64) ^ ((file_id >> 64) as u64),
        ),
    };
    // 100 ns since 1601, to ns since 1970.
    let ticks = i64::try_from(metadata.last_write_time()).unwrap_or(i64::MAX);
    let modified_ns = ticks
        .saturating_sub(116_444_736_000_000_000)
        .saturating_mul(100);
    Ok(FileStamp {
        device,
        inode,
        size: metadata.len(),
        modified_ns,
        changed_ns: 0,
    })
}

/// The problem that an I/O error on a file or folder is.
pub(super) fn io_problem(path: &Path, error: &std::io::Error) -> Problem {
    let (kind, message) = match error.kind() {
        ErrorKind::PermissionDenied => (
            ProblemKind::PermissionDenied,
            "no permission to read it".to_owned(),
        ),
        ErrorKind::NotFound => (ProblemKind::Vanished, "it was there and is gone".to_owned()),
        _ => (
            ProblemKind::Io,
            format!("the system cannot read it: {error}"),
        ),
    };
    Problem {
        path: path.to_owned(),
        kind,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Promise;
    use std::fs;

    fn found(path: &Path) -> FoundFile {
        FoundFile {
            path: path.to_owned(),
            stamp: stamp(path).unwrap(),
            promise: Promise::Picture,
        }
    }

    fn kind_of(file: &FoundFile) -> ProblemKind {
        read(
            file,
            &Limits {
                max_file_bytes: 100,
                ..Limits::default()
            },
            Vec::new(),
        )
        .unwrap_err()
        .kind
    }

    #[test]
    fn a_file_is_read_and_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        fs::write(&path, "abc").unwrap();
        let read = read(&found(&path), &Limits::default(), vec![1; 10]).unwrap();
        assert_eq!(read.bytes, b"abc");
        // The BLAKE3 of "abc", from the reference implementation's test vectors.
        assert!(
            read.hash
                .to_string()
                .starts_with("6437b3ac38465133ffb63b75273a8db5")
        );
    }

    #[test]
    fn each_trouble_has_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, bytes: usize| {
            let path = folder.path().join(name);
            fs::write(&path, vec![0; bytes]).unwrap();
            found(&path)
        };
        assert_eq!(kind_of(&path("empty", 0)), ProblemKind::Empty);
        assert_eq!(kind_of(&path("large", 101)), ProblemKind::TooLarge);
        let file = path("gone", 3);
        fs::rename(&file.path, folder.path().join("elsewhere")).unwrap();
        assert_eq!(kind_of(&file), ProblemKind::Vanished);
        let file = path("changed", 3);
        fs::write(&file.path, "abcd").unwrap();
        assert_eq!(kind_of(&file), ProblemKind::Changed);
    }
}
