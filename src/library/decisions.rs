//! What the user decided: which photos are not duplicates, what is marked, which folders are
//! looked at, and where the review was left.
//!
//! Decisions are about contents, so that they survive moves and renames; a mark is about a file
//! as well, for of two equal files one is kept. A row that makes no sense is a row that is not
//! there.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::rows::{self, if_it_fits};
use super::{Ledger, LibraryError};
use crate::photo::{ContentHash, Photo};

/// The first migration of `library.db`; times are in milliseconds since 1970.
pub(super) const TABLES: &str = "
CREATE TABLE not_duplicates (
    a BLOB NOT NULL, b BLOB NOT NULL, declared_ms INTEGER NOT NULL,
    PRIMARY KEY (a, b), CHECK (a < b)
) WITHOUT ROWID;
CREATE TABLE mark (
    path BLOB NOT NULL, content BLOB NOT NULL, mark TEXT NOT NULL,
    PRIMARY KEY (path, content)
) WITHOUT ROWID;
CREATE TABLE folder (
    path BLOB PRIMARY KEY, position INTEGER NOT NULL UNIQUE,
    included INTEGER NOT NULL, protected INTEGER NOT NULL, preferred INTEGER NOT NULL,
    scanned_ms INTEGER, photos INTEGER, bytes INTEGER
) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
";

/// Two contents that the user declared to be no duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDuplicates {
    /// The lower hash first.
    pub pair: (ContentHash, ContentHash),
    /// When it was declared first; to the millisecond.
    pub declared: Timestamp,
}

/// What the user wants done with a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It stays.
    Keep,
    /// It goes.
    Remove,
}

impl Mark {
    fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Keep, Self::Remove]
            .into_iter()
            .find(|mark| mark.name() == name)
    }
}

/// A mark on a file, as long as it has the content that the user saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedPhoto {
    /// The file.
    pub path: PathBuf,
    /// What it held.
    pub content: ContentHash,
    /// What is to be done.
    pub mark: Mark,
}

/// A folder of the user's library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryFolder {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether scans look into it.
    pub is_included: bool,
    /// Whether its photos are never removed.
    pub is_protected: bool,
    /// Whether its photos are kept rather than their copies elsewhere; of several such folders
    /// the first counts most.
    pub is_preferred: bool,
    /// What the last scan found; `None` before the first.
    pub last_scan: Option<FolderScan>,
}

/// What a scan found in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderScan {
    /// When it ended; to the millisecond.
    pub ended: Timestamp,
    /// Readable photos.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Ledger {
    /// Declares that the photos of each pair are no duplicates, in any order; what was declared
    /// before keeps its date. All or none.
    ///
    /// # Errors
    /// [`LibraryError::SameContent`] for a pair of equal hashes: equal bytes are duplicates;
    /// else [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn declare_not_duplicates(
        &mut self,
        pairs: &[(ContentHash, ContentHash)],
    ) -> Result<(), LibraryError> {
        if let Some(&(content, _)) = pairs.iter().find(|(a, b)| a == b) {
            return Err(LibraryError::SameContent { content });
        }
        let now = Timestamp::now().as_millisecond();
        self.for_each_pair(
            pairs,
            "INSERT OR IGNORE INTO not_duplicates VALUES (?1, ?2, ?3)",
            |statement, a, b| statement.execute(params![a, b, now]),
        )
    }

    /// Takes declarations back, in any order of a pair; unknown ones are no error. All or none.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn withdraw_not_duplicates(
        &mut self,
        pairs: &[(ContentHash, ContentHash)],
    ) -> Result<(), LibraryError> {
        self.for_each_pair(
            pairs,
            "DELETE FROM not_duplicates WHERE a = ?1 AND b = ?2",
            |statement, a, b| statement.execute(params![a, b]),
        )
    }

    /// Every declaration, sorted by pair.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn not_duplicates(&self) -> Result<Vec<NotDuplicates>, LibraryError> {
        self.all(
            "SELECT a, b, declared_ms FROM not_duplicates ORDER BY a, b",
            |row| {
                let pair = hash(row, 0)?.zip(hash(row, 1)?);
                let declared = Timestamp::from_millisecond(row.get(2)?).ok();
                Ok(pair
                    .zip(declared)
                    .map(|(pair, declared)| NotDuplicates { pair, declared }))
            },
        )
    }

    /// Sets marks, or takes them back with `None`. All or none.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn set_marks(
        &mut self,
        marks: &[(PathBuf, ContentHash, Option<Mark>)],
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let mut set =
                transaction.prepare_cached("INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3)")?;
            let mut unset =
                transaction.prepare_cached("DELETE FROM mark WHERE path = ?1 AND content = ?2")?;
            for (path, content, mark) in marks {
                let (path, content) = (rows::path_bytes(path), content.0.as_slice());
                match mark {
                    Some(mark) => set.execute(params![path, content, mark.name()])?,
                    None => unset.execute(params![path, content])?,
                };
            }
            Ok(())
        })
    }

    /// Takes every mark back.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn clear_marks(&mut self) -> Result<(), LibraryError> {
        self.write(|transaction| transaction.execute("DELETE FROM mark", []).map(drop))
    }

    /// Every mark that was set, by path, stale ones included; see [`Ledger::marks_of`].
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn marks(&self) -> Result<Vec<MarkedPhoto>, LibraryError> {
        self.all(
            "SELECT path, content, mark FROM mark ORDER BY path, content",
            |row| {
                let (path, mark): (Vec<u8>, String) = (row.get(0)?, row.get(2)?);
                let marked = || {
                    Some(MarkedPhoto {
                        path: rows::path_of(&path)?,
                        content: rows::hash(row.get_ref(1).ok()?.as_blob().ok()?)?,
                        mark: Mark::from_name(&mark)?,
                    })
                };
                Ok(marked())
            },
        )
    }

    /// The mark of each photo. One on a file that is not among them counts for nothing, nor does
    /// one on a file that has another content now; both come back with the file.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn marks_of(&self, photos: &[Photo]) -> Result<Vec<Option<Mark>>, LibraryError> {
        let marks: HashMap<(PathBuf, ContentHash), Mark> = self
            .marks()?
            .into_iter()
            .map(|marked| ((marked.path, marked.content), marked.mark))
            .collect();
        if marks.is_empty() {
            return Ok(vec![None; photos.len()]);
        }
        let mark = |photo: &Photo| {
            marks
                .get(&(photo.path.clone(), photo.content.hash))
                .copied()
        };
        Ok(photos.iter().map(mark).collect())
    }

    /// The folders of the library, in the order in which they were added.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn folders(&self) -> Result<Vec<LibraryFolder>, LibraryError> {
        self.all(
            "SELECT path, included, protected, preferred, scanned_ms, photos, bytes \
             FROM folder ORDER BY position",
            |row| {
                let path: Vec<u8> = row.get(0)?;
                let scanned: Option<i64> = row.get(4)?;
                let count = |column| {
                    row.get::<_, Option<i64>>(column)
                        .map(Option::unwrap_or_default)
                };
                let (photos, bytes) = (count(5)?.cast_unsigned(), count(6)?.cast_unsigned());
                let folder = LibraryFolder {
                    path: match rows::path_of(&path) {
                        Some(path) => path,
                        None => return Ok(None),
                    },
                    is_included: row.get(1)?,
                    is_protected: row.get(2)?,
                    is_preferred: row.get(3)?,
                    last_scan: scanned
                        .and_then(|ended| Timestamp::from_millisecond(ended).ok())
                        .map(|ended| FolderScan {
                            ended,
                            photos,
                            bytes,
                        }),
                };
                Ok(Some(folder))
            },
        )
    }

    /// Adds a folder behind the others, or changes what is known of it in its place.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn put_folder(&mut self, folder: &LibraryFolder) -> Result<(), LibraryError> {
        let scan = folder.last_scan;
        self.write(|transaction| {
            let mut put = transaction.prepare_cached(
                "INSERT INTO folder VALUES \
                 (?1, (SELECT coalesce(max(position), 0) + 1 FROM folder), ?2, ?3, ?4, ?5, ?6, ?7) \
                 ON CONFLICT (path) DO UPDATE SET included = ?2, protected = ?3, preferred = ?4, \
                 scanned_ms = ?5, photos = ?6, bytes = ?7",
            )?;
            put.execute(params![
                rows::path_bytes(&folder.path),
                folder.is_included,
                folder.is_protected,
                folder.is_preferred,
                scan.map(|scan| scan.ended.as_millisecond()),
                scan.map(|scan| rows::signed(scan.photos)),
                scan.map(|scan| rows::signed(scan.bytes)),
            ])
            .map(drop)
        })
    }

    /// Forgets a folder; its photos stay where they are. An unknown one is no error.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn remove_folder(&mut self, path: &std::path::Path) -> Result<(), LibraryError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM folder WHERE path = ?1")?
                .execute([rows::path_bytes(path)])
                .map(drop)
        })
    }

    /// A value that was remembered under a name.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn state(&self, key: &str) -> Result<Option<String>, LibraryError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached("SELECT value FROM state WHERE key = ?1")?;
            if_it_fits(query.query_row([key], |row| row.get(0)))
        })
    }

    /// Remembers a value under a name, or forgets it with `None`: the last view, the position.
    ///
    /// # Errors
    /// [`LibraryError::Ledger`] or [`LibraryError::LedgerDamaged`].
    pub fn set_state(&mut self, key: &str, value: Option<&str>) -> Result<(), LibraryError> {
        self.write(|transaction| {
            match value {
                Some(value) => transaction
                    .prepare_cached("INSERT OR REPLACE INTO state VALUES (?1, ?2)")?
                    .execute([key, value]),
                None => transaction
                    .prepare_cached("DELETE FROM state WHERE key = ?1")?
                    .execute([key]),
            }
            .map(drop)
        })
    }

    /// Runs a statement for each pair, the lower hash first, in one transaction.
    fn for_each_pair(
        &mut self,
        pairs: &[(ContentHash, ContentHash)],
        sql: &str,
        run: impl Fn(&mut rusqlite::CachedStatement<'_>, &[u8], &[u8]) -> rusqlite::Result<usize>,
    ) -> Result<(), LibraryError> {
        self.write(|transaction: &Transaction<'_>| {
            let mut statement = transaction.prepare_cached(sql)?;
            for (a, b) in pairs {
                run(&mut statement, &a.min(b).0, &a.max(b).0)?;
            }
            Ok(())
        })
    }

    /// All rows that make sense.
    fn all<T>(
        &self,
        sql: &str,
        row: impl Fn(&Row<'_>) -> rusqlite::Result<Option<T>>,
    ) -> Result<Vec<T>, LibraryError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(sql)?;
            let mut rows = query.query([])?;
            let mut found = Vec::new();
            while let Some(next) = rows.next()? {
                found.extend(if_it_fits(row(next))?.flatten());
            }
            Ok(found)
        })
    }
}

fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ContentHash>> {
    row.get::<_, Vec<u8>>(column)
        .map(|bytes| rows::hash(&bytes))
}
