//! What brings files back and clears up behind an interrupted run, one file at a time.
//!
//! The rule: of two files one is only removed if the other has the same bytes, and a file only
//! moves to a free name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::check::{content_of, regular};
use super::relocate::{self, partial_name};
use super::target::free_name;
use crate::library::JournalFile;

/// Brings a file back from where it is, or out of the system's trash, to `path`, which must be
/// free, and removes the trash's note. `journal` tells it in a trash that keeps no path.
pub(in crate::removal) fn move_back(
    path: &Path,
    place: Option<&Path>,
    info: Option<&Path>,
    journal: Option<&JournalFile>,
) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match place {
        Some(place) => relocate::relocate(place, path)?,
        None => out_of_system_trash(path, journal)?,
    }
    if let Some(info) = info {
        remove_info(info);
    }
    Ok(())
}

#[cfg(any(windows, target_os = "macos"))]
fn out_of_system_trash(path: &Path, journal: Option<&JournalFile>) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    super::system_trash::take_back(path, &|found| {
        journal.is_some_and(|row| is_file_of(found, row))
    })
}

#[cfg(not(any(windows, target_os = "macos")))]
fn out_of_system_trash(_path: &Path, _journal: Option<&JournalFile>) -> io::Result<()> {
    Err(io::ErrorKind::NotFound.into())
}

/// Removes the trash's note on a file that is not there any more.
pub(in crate::removal) fn remove_info(info: &Path) {
    // Best effort: trash programs clean up notes without files.
    relocate::remove(info).ok();
}

/// Removes one of two equal files, or an empty one that holds a name: `extra`. Nothing is removed
/// where `kept` does not have the same bytes.
pub(in crate::removal) fn remove_extra(extra: &Path, kept: &Path) -> io::Result<()> {
    if extra == kept {
        return Err(io::Error::other("they are one and the same file"));
    }
    let holds_a_name = regular(extra)?.size == 0 && regular(kept)?.size > 0;
    if !holds_a_name && content_of(extra)? != content_of(kept)? {
        return Err(io::Error::other("the two files are not the same"));
    }
    relocate::remove(extra)
}

/// Removes what an interrupted copy to `place` left.
pub(in crate::removal) fn remove_partial(place: &Path) {
    // Mostly there is none.
    relocate::remove(&partial_name(place)).ok();
}

/// Makes a file of its own again of one that became a link to its keeper: the same bytes with
/// the times and permissions that it had.
pub(in crate::removal) fn unlink_from_keeper(row: &JournalFile) -> io::Result<()> {
    let path = &row.entry.source;
    let partial = partial_name(path);
    let made = relocate::copy_verified(path, &partial, row.entry.content).and_then(|()| {
        set_as_it_was(&partial, row)?;
        relocate::replace(&partial, path)
    });
    if made.is_err() {
        // Best effort: the next start removes it.
        relocate::remove(&partial).ok();
    }
    made
}

fn set_as_it_was(path: &Path, row: &JournalFile) -> io::Result<()> {
    let file = fs::File::options().write(true).open(path)?;
    let nanoseconds = std::time::Duration::from_nanos(row.entry.modified_ns.unsigned_abs());
    let time = if row.entry.modified_ns >= 0 {
        std::time::UNIX_EPOCH.checked_add(nanoseconds)
    } else {
        std::time::UNIX_EPOCH.checked_sub(nanoseconds)
    };
    file.set_modified(time.ok_or(io::ErrorKind::InvalidData)?)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(row.entry.mode))?;
    file.sync_all()
}

/// Whether the file at `path` is the one of the journal's row, by length and bytes, or by time
/// where the bytes were never read.
pub(in crate::removal) fn is_file_of(path: &Path, row: &JournalFile) -> bool {
    let Ok(stamp) = regular(path) else {
        return false;
    };
    stamp.size == row.entry.bytes
        && match row.entry.content {
            Some(content) => content_of(path).is_ok_and(|found| found == content),
            None => stamp.modified_ns == row.entry.modified_ns,
        }
}

/// A free name for a file that is brought back to a taken one.
pub(in crate::removal) fn free_name_beside(path: &Path) -> PathBuf {
    free_name(path.to_owned(), "restored", &super::token())
}
