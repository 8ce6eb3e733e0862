//! The trash of macOS and Windows, which decide themselves where a file goes.
//!
//! So the journal has no destination for these files; to be brought back they are looked for:
//! on Windows by the original path that the Recycle Bin keeps, on macOS by size, time and bytes.

use std::io;
use std::path::Path;

/// Puts the file into the trash.
pub(super) fn put(path: &Path) -> io::Result<()> {
    context()
        .delete(path)
        .map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(windows)]
fn context() -> trash::TrashContext {
    trash::TrashContext::new()
}

/// Without the Finder, which is slow and asks for permission to be driven.
#[cfg(target_os = "macos")]
fn context() -> trash::TrashContext {
    use trash::macos::{DeleteMethod, TrashContextExtMacos};
    let mut context = trash::TrashContext::new();
    context.set_delete_method(DeleteMethod::NsFileManager);
    context
}

/// Brings the file that was at `original` back to it; nothing may be there.
#[cfg(windows)]
pub(super) fn take_back(original: &Path, _found: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let other = |error: trash::Error| io::Error::other(error.to_string());
    let item = trash::os_limited::list()
        .map_err(other)?
        .into_iter()
        .filter(|item| item.original_path() == original)
        .max_by_key(|item| item.time_deleted)
        .ok_or(io::ErrorKind::NotFound)?;
    trash::os_limited::restore_all([item]).map_err(other)
}

/// Brings the file that was at `original` and of which `is_it` holds back; nothing may be there.
#[cfg(target_os = "macos")]
pub(super) fn take_back(original: &Path, is_it: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let mut folders = Vec::new();
    if let Ok(home) = etcetera::home_dir() {
        folders.push(home.join(".Trash"));
    }
    let user = rustix::process::getuid().as_raw().to_string();
    for volume in std::fs::read_dir("/Volumes")?.flatten() {
        folders.push(volume.path().join(".Trashes").join(&user));
    }
    for folder in folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
    {
        for entry in folder.flatten() {
            if is_it(&entry.path()) {
                return super::relocate::relocate(&entry.path(), original);
            }
        }
    }
    Err(io::ErrorKind::NotFound.into())
}
