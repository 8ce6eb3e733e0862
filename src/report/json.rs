//! The report as JSON: the format that is read back.

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use serde::Deserialize;

use super::{Report, ReportError, VERSION};

/// Writes the report, indented, with a line break at the end.
///
/// # Errors
/// [`ReportError::Output`] if `output` fails.
pub fn write_json(report: &Report, output: impl Write) -> Result<(), ReportError> {
    let mut output = BufWriter::new(output);
    // Serialising can only fail in the output: the report's own types always can be.
    serde_json::to_writer_pretty(&mut output, report).map_err(std::io::Error::from)?;
    output.write_all(b"\n")?;
    output.flush()?;
    Ok(())
}

/// Writes the report to a file that is either there in full or not at all: under a temporary
/// name in the same folder, on the disk, then renamed. A previous file stays until then.
///
/// # Errors
/// [`ReportError::Write`], naming the file.
pub fn save_json(report: &Report, path: &Path) -> Result<(), ReportError> {
    save(path, |output| write_json(report, output))
}

/// Reads a report.
///
/// # Errors
/// [`ReportError::UnknownVersion`] for another version of the format,
/// [`ReportError::Malformed`] for anything that is no report, [`ReportError::Output`] if
/// `input` fails.
pub fn read_json(mut input: impl Read) -> Result<Report, ReportError> {
    #[derive(Deserialize)]
    struct Head {
        report: u32,
    }

    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    // The version first: a later format need not have this one's fields.
    let head: Head = serde_json::from_slice(&bytes)?;
    if head.report != VERSION {
        return Err(ReportError::UnknownVersion(head.report));
    }
    Ok(serde_json::from_slice(&bytes)?)
}

/// Writes a file under a temporary name and renames it once it is on the disk.
pub(super) fn save(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Write {
        source,
        path: path.to_owned(),
    };
    let folder = match path.parent() {
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
    write(file.as_file_mut()).map_err(|error| match error {
        ReportError::Output(source) => failed(source),
        other => other,
    })?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
