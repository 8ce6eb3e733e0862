//! Moves one file so that it is at every moment whole in one place at least, and never over
//! another.
//!
//! On one file system that is a rename that refuses to replace. Elsewhere the file is copied to
//! a name of its own, brought to the disk, read back and compared, given its final name, and
//! only then the old one is removed: killed in between, there are two.
//!
//! Pitfall: across file systems times and permissions come along, but no extended attributes.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::super::check::{content_of, regular};
use crate::photo::ContentHash;

/// How much is copied at once.
const CHUNK: usize = 256 << 10;

/// Moves `from` to `to`, whose folder exists.
///
/// # Errors
/// `AlreadyExists` if there is something at `to`; the system's. The file is then where it was.
pub(super) fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    match rename_no_replace(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => copy_across(from, to),
        result => result,
    }
}

/// Where a copy is made before it gets the name `to`. Follows from `to`, so that what an
/// interrupted run left is found.
pub(in crate::removal) fn partial_name(to: &Path) -> PathBuf {
    let hash = blake3::hash(to.as_os_str().as_encoded_bytes()).to_hex();
    let name = format!(".twinlens-{}.part", hash.get(..16).unwrap_or_default());
    to.with_file_name(name)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems know no such flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => rename_over_own_file(from, to),
        result => Ok(result?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    rename_over_own_file(from, to)
}

/// Takes the name with an empty file first, which nobody else can do then.
fn rename_over_own_file(from: &Path, to: &Path) -> io::Result<()> {
    drop(File::create_new(to)?);
    fs::rename(from, to).inspect_err(|_failed| {
        // Best effort: an empty file that stays is told from a photo at the next start.
        remove(to).ok();
    })
}

fn copy_across(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let before = regular(from)?;
    let partial = partial_name(to);
    let copied = copy_verified(from, &partial, None).and_then(|()| {
        if regular(from)? == before {
            rename_no_replace(&partial, to)
        } else {
            Err(io::Error::other("it changed while it was copied"))
        }
    });
    if let Err(error) = copied {
        // Best effort: the next start removes it.
        remove(&partial).ok();
        return Err(error);
    }
    let ended = to
        .parent()
        .map_or(Ok(()), sync_folder)
        .and_then(|()| remove(from));
    if ended.is_err() {
        // The copy is this program's own, and the original is whole. Best effort: there are two.
        remove(to).ok();
    }
    ended
}

/// Copies the bytes, times and permissions of `from` to the new file `to`, brings them to the
/// disk and reads them back.
///
/// # Errors
/// The system's; `InvalidData` if what is read back, or `expected`, is something else.
pub(super) fn copy_verified(
    from: &Path,
    to: &Path,
    expected: Option<ContentHash>,
) -> io::Result<()> {
    // One that an earlier run left under this name is nobody's.
    match remove(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut source = File::open(from)?;
    let mut copy = File::options().write(true).create_new(true).open(to)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = source.read(&mut buffer)?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hasher.update(bytes);
        copy.write_all(bytes)?;
    }
    let metadata = source.metadata()?;
    let mut times = FileTimes::new().set_modified(metadata.modified()?);
    if let Ok(accessed) = metadata.accessed() {
        times = times.set_accessed(accessed);
    }
    copy.set_times(times)?;
    copy.set_permissions(metadata.permissions())?;
    copy.sync_all()?;
    drop(copy);
    let written = ContentHash(*hasher.finalize().as_bytes());
    if content_of(to)? != written || expected.is_some_and(|expected| expected != written) {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "the copy is not what was to be copied",
        ));
    }
    Ok(())
}

/// Removes a file for good: an own partial copy, the old name of a file that was copied, or what
/// the user wants gone.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that removes a user's file"
)]
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Puts `from` in the place of `to`, which is replaced; both lie in one folder.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Makes the names in a folder outlast a power cut.
#[cfg(unix)]
pub(in crate::removal) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened, and the file system's own journal does it.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
pub(in crate::removal) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_never_moves_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        for way in [relocate, rename_over_own_file, copy_across] {
            fs::write(&a, "a").unwrap();
            fs::write(&b, "b").unwrap();
            let error = way(&a, &b).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&a).unwrap(), "a");
            assert_eq!(fs::read_to_string(&b).unwrap(), "b");
            fs::rename(&b, folder.path().join("c")).unwrap();
            way(&a, &b).unwrap();
            assert_eq!(fs::read_to_string(&b).unwrap(), "a");
            assert!(!a.exists());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_copy_has_the_times_and_permissions_of_its_original() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&a, "bytes").unwrap();
        let file = File::options().write(true).open(&a).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_700);
        file.set_modified(time).unwrap();
        let mut permissions = file.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&a, permissions).unwrap();
        copy_across(&a, &b).unwrap();
        let metadata = fs::metadata(&b).unwrap();
        assert_eq!(metadata.modified().unwrap(), time);
        assert!(metadata.permissions().readonly());
    }
}
