//! Files that share their bytes until one changes: reflinks, as Btrfs, XFS, APFS and ReFS have
//! them.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::Path;

use super::relocate::{partial_name, relocate, remove};

/// Whether the file system of `folder` has reflinks. A folder of no other use is made in it, and
/// removed; where none can be made, nothing could be replaced either.
pub(in crate::removal) fn has_reflinks(folder: &Path) -> bool {
    let try_it = || -> io::Result<()> {
        let place = tempfile::Builder::new()
            .prefix(".twinlens-")
            .tempdir_in(folder)?;
        let [from, to] = ["a", "b"].map(|name| place.path().join(name));
        fs::write(&from, [7; 4096])?;
        reflink_copy::reflink(&from, &to)
    };
    try_it().is_ok()
}

/// Makes the free name `path` a reflink of `keeper`, with the times and permissions of `like`.
/// It gets the name when it is whole.
pub(super) fn clone_to(keeper: &Path, path: &Path, like: &Path) -> io::Result<()> {
    let partial = partial_name(path);
    let made = reflink_copy::reflink(keeper, &partial)
        .and_then(|()| dress(&partial, like))
        .and_then(|()| relocate(&partial, path));
    if made.is_err() {
        // Best effort: the next start removes it.
        remove(&partial).ok();
    }
    made
}

fn dress(path: &Path, like: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(like)?;
    let mut times = FileTimes::new().set_modified(metadata.modified()?);
    if let Ok(accessed) = metadata.accessed() {
        times = times.set_accessed(accessed);
    }
    let file = File::options().write(true).open(path)?;
    file.set_times(times)?;
    file.set_permissions(metadata.permissions())?;
    file.sync_all()
}
