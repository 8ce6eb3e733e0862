//! The report as JSON: the format that is read back.

use std::io::{BufWriter, Read, Write};

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
