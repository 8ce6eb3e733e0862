//! A report's file is there in full or not at all.

use std::fs::{self, File};
use std::path::Path;

use super::ReportError;

/// Has `write` fill a file under a temporary name in the same folder, brings it onto the disk
/// and renames it to `path`. A previous file stays as it was until then; a symbolic link stays,
/// and what it points to is replaced. A pipe or a device is written to directly.
///
/// # Errors
/// [`ReportError::Write`], naming `path`, or what `write` fails with beside its output.
pub fn save(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Write {
        source,
        path: path.to_owned(),
    };
    let named = |error| match error {
        ReportError::Output(source) => failed(source),
        other => other,
    };
    // Where there is nothing yet, there is nothing to be resolved either.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut device = File::options().write(true).open(&target).map_err(failed)?;
        return write(&mut device).map_err(named);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new();
    // Like any file that the user makes; temporary files are the owner's alone.
    #[cfg(unix)]
    file.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = file
        .prefix(".twinlens-")
        .tempfile_in(folder)
        .map_err(failed)?;
    write(file.as_file_mut()).map_err(named)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
