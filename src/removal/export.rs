//! The history as a table that spreadsheet programs open.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::library::{Ledger, LibraryError};

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] LibraryError),
    /// The table cannot be written.
    #[error("cannot write the history ({reason}): {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

/// The table's columns.
const COLUMNS: [&str; 12] = [
    "session", "started", "action", "state", "kind", "path", "now_at", "keeper", "evidence",
    "bytes", "blake3", "note",
];

/// Writes every file of every removal to the table at `to`, the latest removal first, in one
/// step: a reader finds the old file or the new one. Paths that are no text are written with
/// replacement characters.
///
/// # Errors
/// [`ExportError`]; then there is no new file.
pub fn export_csv(ledger: &Ledger, to: &Path) -> Result<(), ExportError> {
    let failed = |reason: String| ExportError::Write {
        path: to.to_owned(),
        reason,
    };
    let words = |error: io::Error| failed(error.to_string());
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let temporary =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(words)?;
    let mut table = csv::Writer::from_writer(temporary.as_file());
    let row_failed = |error: csv::Error| failed(error.to_string());
    table.write_record(COLUMNS).map_err(row_failed)?;
    for session in ledger.removal_sessions()? {
        let started = Timestamp::from_millisecond(session.started_ms);
        let started = started.map(|at| at.to_string()).unwrap_or_default();
        for file in ledger.removal_files(session.id)? {
            let entry = &file.entry;
            let now_at = file.restored_to.as_deref().or(entry.destination.as_deref());
            let text = |path: &Path| path.to_string_lossy().into_owned();
            table
                .write_record([
                    session.id.to_string(),
                    started.clone(),
                    session.action.clone(),
                    file.state.name().to_owned(),
                    entry.kind.clone(),
                    text(&entry.source),
                    now_at.map(text).unwrap_or_default(),
                    text(&entry.keeper),
                    entry.evidence.clone(),
                    entry.bytes.to_string(),
                    entry
                        .content
                        .map(|hash| hash.to_string())
                        .unwrap_or_default(),
                    file.note.unwrap_or_default(),
                ])
                .map_err(row_failed)?;
        }
    }
    table.flush().map_err(words)?;
    drop(table);
    temporary.as_file().sync_all().map_err(words)?;
    temporary.persist(to).map_err(|error| words(error.error))?;
    Ok(())
}
