//! The journal of removals in `library.db`: what was about to be done to which file, and how it
//! ended.
//!
//! The rule: a row is on the disk before its file is touched, and is settled only after the file
//! system was made to keep what was done. So after a crash an unsettled row says where to look,
//! and a settled one can be believed. What rows mean for files is not known here.

use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::LibraryError;
use super::ledger::Ledger;
use super::rows::{hash, path_bytes, path_of, signed};
use crate::photo::ContentHash;

/// The tables of the journal.
pub(super) const TABLES: &str = "
CREATE TABLE removal_session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_ms INTEGER NOT NULL, action TEXT NOT NULL, finished_ms INTEGER
);
CREATE TABLE removal_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES removal_session (id),
    step INTEGER NOT NULL, kind TEXT NOT NULL,
    source BLOB NOT NULL, destination BLOB, info BLOB, keeper BLOB NOT NULL,
    content BLOB, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, mode INTEGER NOT NULL,
    evidence TEXT NOT NULL, state TEXT NOT NULL, restored_to BLOB, note TEXT
);
CREATE INDEX removal_file_session ON removal_file (session);
CREATE INDEX removal_file_open ON removal_file (state) WHERE state IN ('intended', 'restoring');
";

/// How far a file's removal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// About to be removed: the file is in the old place or in the new one.
    Intended,
    /// Removed; it lies at its destination.
    Removed,
    /// Left where it was; the note says why.
    Skipped,
    /// About to be brought back: it is in the one place or in the other.
    Restoring,
    /// Back again.
    Restored,
    /// In neither place when it was looked for: something else has moved it.
    Missing,
}

impl FileState {
    const ALL: [Self; 6] = [
        Self::Intended,
        Self::Removed,
        Self::Skipped,
        Self::Restoring,
        Self::Restored,
        Self::Missing,
    ];

    /// The name in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Removed => "removed",
            Self::Skipped => "skipped",
            Self::Restoring => "restoring",
            Self::Restored => "restored",
            Self::Missing => "missing",
        }
    }
}

/// What is written down of a file before it is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The files of one step go together or not at all; counted within the session.
    pub step: u32,
    /// `photo`, or what the file is to its photo.
    pub kind: String,
    /// Where it lies.
    pub source: PathBuf,
    /// Where it goes; none where the system's trash decides, or nothing is kept.
    pub destination: Option<PathBuf>,
    /// The trash's own note on the file, if it keeps one.
    pub info: Option<PathBuf>,
    /// The photo that stands for it.
    pub keeper: PathBuf,
    /// BLAKE3 of its bytes, where known.
    pub content: Option<ContentHash>,
    /// Its length.
    pub bytes: u64,
    /// Its time of modification, nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its permissions, as Unix counts them; 0 elsewhere.
    pub mode: u32,
    /// The name of the evidence.
    pub evidence: String,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFile {
    /// Its number.
    pub id: i64,
    /// The session that it belongs to.
    pub session: i64,
    /// What was written before.
    pub entry: JournalEntry,
    /// How far it came.
    pub state: FileState,
    /// Where it was brought back to, or was about to.
    pub restored_to: Option<PathBuf>,
    /// What a person should know.
    pub note: Option<String>,
}

/// How a file's step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The row.
    pub id: i64,
    /// The new state.
    pub state: FileState,
    /// Where it was brought back to, if it was.
    pub restored_to: Option<PathBuf>,
    /// What a person should know.
    pub note: Option<String>,
}

/// One removal, with the sums of its photos and companions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSession {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When it began, milliseconds since 1970.
    pub started_ms: i64,
    /// When it ended; none if it was interrupted.
    pub finished_ms: Option<i64>,
    /// The name of what was done.
    pub action: String,
    /// Files that are removed and can be brought back.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Files that were left where they were.
    pub skipped: u64,
    /// Files that were brought back.
    pub restored: u64,
    /// Files that are in neither place.
    pub missing: u64,
}

impl Ledger {
    /// Begins a session; returns its number.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written.
    pub fn begin_removal(&mut self, action: &str, started_ms: i64) -> Result<i64, LibraryError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO removal_session (started_ms, action) VALUES (?1, ?2)",
                params![started_ms, action],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// In one commit: how earlier files ended, and what is about to be done. Returns the numbers
    /// of the new rows; they are on the disk.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written; then nothing of it is.
    pub fn journal(
        &mut self,
        session: i64,
        settled: &[Settled],
        intended: &[JournalEntry],
    ) -> Result<Vec<i64>, LibraryError> {
        self.write(|transaction| {
            settle(transaction, settled)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO removal_file (session, step, kind, source, destination, info, keeper, \
                 content, bytes, mtime_ns, mode, evidence, state) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'intended')",
            )?;
            intended
                .iter()
                .map(|entry| {
                    insert.execute(params![
                        session,
                        entry.step,
                        entry.kind,
                        path_bytes(&entry.source),
                        entry.destination.as_deref().map(path_bytes),
                        entry.info.as_deref().map(path_bytes),
                        path_bytes(&entry.keeper),
                        entry.content.map(|content| content.0.to_vec()),
                        signed(entry.bytes),
                        entry.modified_ns,
                        entry.mode,
                        entry.evidence,
                    ])?;
                    Ok(transaction.last_insert_rowid())
                })
                .collect()
        })
    }

    /// Writes down how files ended, or that they are about to be brought back.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written; then nothing of it is.
    pub fn settle_files(&mut self, settled: &[Settled]) -> Result<(), LibraryError> {
        if settled.is_empty() {
            return Ok(());
        }
        self.write(|transaction| settle(transaction, settled))
    }

    /// Notes that a session has come to its end.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written.
    pub fn finish_removal(&mut self, session: i64, finished_ms: i64) -> Result<(), LibraryError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE removal_session SET finished_ms = ?2 WHERE id = ?1",
                params![session, finished_ms],
            )?;
            Ok(())
        })
    }

    /// All sessions, the latest first.
    ///
    /// # Errors
    /// [`LibraryError`] if they cannot be read.
    pub fn removal_sessions(&self) -> Result<Vec<JournalSession>, LibraryError> {
        let count = |state: FileState| {
            format!(
                "(SELECT count(*) FROM removal_file \
                 WHERE session = s.id AND state = '{}')",
                state.name()
            )
        };
        let query = format!(
            "SELECT id, started_ms, finished_ms, action, {}, (SELECT ifnull(sum(bytes), 0) FROM \
             removal_file WHERE session = s.id AND state = 'removed'), {}, {}, {} \
             FROM removal_session s ORDER BY id DESC",
            count(FileState::Removed),
            count(FileState::Skipped),
            count(FileState::Restored),
            count(FileState::Missing),
        );
        self.read(|connection| {
            let unsigned = |row: &Row<'_>, index| row.get::<_, i64>(index).map(i64::cast_unsigned);
            connection
                .prepare(&query)?
                .query_map([], |row| {
                    Ok(JournalSession {
                        id: row.get(0)?,
                        started_ms: row.get(1)?,
                        finished_ms: row.get(2)?,
                        action: row.get(3)?,
                        removed: unsigned(row, 4)?,
                        removed_bytes: unsigned(row, 5)?,
                        skipped: unsigned(row, 6)?,
                        restored: unsigned(row, 7)?,
                        missing: unsigned(row, 8)?,
                    })
                })?
                .collect()
        })
    }

    /// The files of a session, in the order in which they were written down.
    ///
    /// # Errors
    /// [`LibraryError`] if they cannot be read.
    pub fn removal_files(&self, session: i64) -> Result<Vec<JournalFile>, LibraryError> {
        self.read(|connection| files(connection, "session = ?1", &[Value::from(session)]))
    }

    /// The files whose step has not ended: an earlier run was interrupted, or one is at work.
    ///
    /// # Errors
    /// [`LibraryError`] if they cannot be read.
    pub fn unsettled_files(&self) -> Result<Vec<JournalFile>, LibraryError> {
        self.read(|connection| files(connection, "state IN ('intended', 'restoring')", &[]))
    }
}

fn settle(connection: &Connection, settled: &[Settled]) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE removal_file SET state = ?2, restored_to = ?3, note = ?4 WHERE id = ?1",
    )?;
    for Settled {
        id,
        state,
        restored_to,
        note,
    } in settled
    {
        let restored_to = restored_to.as_deref().map(path_bytes);
        update.execute(params![id, state.name(), restored_to, note])?;
    }
    Ok(())
}

fn files(
    connection: &Connection,
    condition: &str,
    values: &[Value],
) -> rusqlite::Result<Vec<JournalFile>> {
    connection
        .prepare(&format!(
            "SELECT id, session, step, kind, source, destination, info, keeper, content, bytes, \
             mtime_ns, mode, evidence, state, restored_to, note \
             FROM removal_file WHERE {condition} ORDER BY id"
        ))?
        .query_map(rusqlite::params_from_iter(values), file)?
        .collect()
}

/// Unlike in the cache a row that makes no sense is an error: it is somebody's photo.
fn file(row: &Row<'_>) -> rusqlite::Result<JournalFile> {
    let path = |index: usize| -> rusqlite::Result<Option<PathBuf>> {
        let Some(bytes) = row.get::<_, Option<Vec<u8>>>(index)? else {
            return Ok(None);
        };
        path_of(&bytes)
            .map(Some)
            .ok_or_else(|| wrong(index, "a path"))
    };
    let needed = |index: usize| path(index)?.ok_or_else(|| wrong(index, "a path"));
    let state: String = row.get(13)?;
    let content: Option<Vec<u8>> = row.get(8)?;
    Ok(JournalFile {
        id: row.get(0)?,
        session: row.get(1)?,
        entry: JournalEntry {
            step: row.get(2)?,
            kind: row.get(3)?,
            source: needed(4)?,
            destination: path(5)?,
            info: path(6)?,
            keeper: needed(7)?,
            content: content.as_deref().and_then(hash),
            bytes: row.get::<_, i64>(9)?.cast_unsigned(),
            modified_ns: row.get(10)?,
            mode: row.get(11)?,
            evidence: row.get(12)?,
        },
        state: FileState::ALL
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| wrong(13, "a state"))?,
        restored_to: path(14)?,
        note: row.get(15)?,
    })
}

fn wrong(column: usize, expected: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Blob,
        format!("{expected} is expected").into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(step: u32, source: &str) -> JournalEntry {
        JournalEntry {
            step,
            kind: "photo".to_owned(),
            source: source.into(),
            destination: Some("/trash/a.jpg".into()),
            info: None,
            keeper: "/k.jpg".into(),
            content: Some(ContentHash([7; 32])),
            bytes: 5,
            modified_ns: -3,
            mode: 0o644,
            evidence: "identical-file".to_owned(),
        }
    }

    #[test]
    fn what_was_written_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let mut ledger = Ledger::open(&path).unwrap();
        let session = ledger.begin_removal("trash", 12).unwrap();
        let (first, second) = (entry(0, "/a.jpg"), entry(1, "/b.jpg"));
        let ids = ledger
            .journal(session, &[], &[first.clone(), second])
            .unwrap();
        drop(ledger);

        let mut ledger = Ledger::open(&path).unwrap();
        let open = ledger.unsettled_files().unwrap();
        assert_eq!(open.len(), 2);
        assert_eq!(
            (&open[0].entry, open[0].state),
            (&first, FileState::Intended)
        );
        let settled = |id, state, note: &str| Settled {
            id,
            state,
            restored_to: None,
            note: Some(note.to_owned()),
        };
        ledger
            .settle_files(&[
                settled(ids[0], FileState::Removed, ""),
                settled(ids[1], FileState::Skipped, "changed"),
            ])
            .unwrap();
        ledger.finish_removal(session, 13).unwrap();
        assert_eq!(ledger.unsettled_files().unwrap(), []);
        let sessions = ledger.removal_sessions().unwrap();
        assert_eq!((sessions[0].removed, sessions[0].skipped), (1, 1));
        assert_eq!(sessions[0].removed_bytes, 5);
        assert_eq!(sessions[0].finished_ms, Some(13));
        let files = ledger.removal_files(session).unwrap();
        assert_eq!(files[1].note.as_deref(), Some("changed"));
    }
}
