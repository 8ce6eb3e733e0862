//! The journal of what was written beside keepers: which sidecar, what it was before, what it
//! became. A row is on the disk before the sidecar is touched, and holds all that is needed to
//! put it back.

use std::path::PathBuf;

use rusqlite::{Row, params};

use super::LibraryError;
use super::ledger::Ledger;
use super::rows::{hash, path_bytes, path_of};
use crate::photo::ContentHash;

/// The table.
pub(super) const TABLES: &str = "
CREATE TABLE removal_rescue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES removal_session (id), step INTEGER NOT NULL,
    sidecar BLOB NOT NULL, before BLOB, before_mtime_ns INTEGER, after BLOB NOT NULL,
    state TEXT NOT NULL, note TEXT
);
CREATE INDEX removal_rescue_open ON removal_rescue (session) WHERE state = 'written';
";

/// A sidecar that was, or was about to be, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RescueEntry {
    /// The sidecar.
    pub sidecar: PathBuf,
    /// Its bytes before; none if there was no such file.
    pub before: Option<Vec<u8>>,
    /// Its time of modification then, nanoseconds since 1970.
    pub before_modified_ns: Option<i64>,
    /// BLAKE3 of its bytes after.
    pub after: ContentHash,
}

/// A row of that journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescue {
    /// Its number.
    pub id: i64,
    /// What was written down before.
    pub entry: RescueEntry,
}

impl Ledger {
    /// Writes down that a sidecar is about to be written; returns the row's number.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written.
    pub fn begin_rescue(
        &mut self,
        session: i64,
        step: u32,
        entry: &RescueEntry,
    ) -> Result<i64, LibraryError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO removal_rescue (session, step, sidecar, before, before_mtime_ns, \
                 after, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'written')",
                params![
                    session,
                    step,
                    path_bytes(&entry.sidecar),
                    entry.before,
                    entry.before_modified_ns,
                    entry.after.0.to_vec(),
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// The sidecars that are to be put back: nothing of their step is removed or on its way. The
    /// last written first, for one may have been written several times.
    ///
    /// # Errors
    /// [`LibraryError`] if they cannot be read.
    pub fn rescues_to_undo(&self) -> Result<Vec<Rescue>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare(
                    "SELECT id, sidecar, before, before_mtime_ns, after FROM removal_rescue r \
                     WHERE state = 'written' AND NOT EXISTS (SELECT 1 FROM removal_file f \
                     WHERE f.session = r.session AND f.step = r.step \
                     AND f.state IN ('intended', 'removed', 'restoring', 'missing')) \
                     ORDER BY id DESC",
                )?
                .query_map([], rescue)?
                .collect()
        })
    }

    /// Notes how the undoing of a rescue ended: the sidecar is as it was, or it was left, with the
    /// reason.
    ///
    /// # Errors
    /// [`LibraryError`] if it cannot be written.
    pub fn settle_rescue(&mut self, id: i64, left: Option<&str>) -> Result<(), LibraryError> {
        let state = if left.is_some() { "left" } else { "undone" };
        self.write(|transaction| {
            transaction.execute(
                "UPDATE removal_rescue SET state = ?2, note = ?3 WHERE id = ?1",
                params![id, state, left],
            )?;
            Ok(())
        })
    }
}

/// As in the journal of files, a row that makes no sense is an error.
fn rescue(row: &Row<'_>) -> rusqlite::Result<Rescue> {
    let wrong = |column: usize| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Blob,
            "the row makes no sense".into(),
        )
    };
    let sidecar: Vec<u8> = row.get(1)?;
    let after: Vec<u8> = row.get(4)?;
    Ok(Rescue {
        id: row.get(0)?,
        entry: RescueEntry {
            sidecar: path_of(&sidecar).ok_or_else(|| wrong(1))?,
            before: row.get(2)?,
            before_modified_ns: row.get(3)?,
            after: hash(&after).ok_or_else(|| wrong(4))?,
        },
    })
}
