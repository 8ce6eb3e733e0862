//! Writing to the cache: one writer a scan, committing as it goes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use half::f16;
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params};

use super::rows;
use super::{Cache, LibraryError};
use crate::photo::{Content, ContentHash, FileStamp, Pixels, Problem};

/// A killed scan loses no more than this, and a commit costs some milliseconds.
const COMMIT_INTERVAL: Duration = Duration::from_millis(1500);

/// Records that wait at most: with their thumbnails about 10 MB.
const MOST_WAITING: usize = 2000;

/// One thing to remember; it replaces what was known before.
#[derive(Clone, Debug)]
pub enum Record {
    /// The file at `path` has this content.
    File {
        /// Where.
        path: PathBuf,
        /// What the file system said.
        stamp: FileStamp,
        /// What it holds.
        content: ContentHash,
    },
    /// A content.
    Content {
        /// All that is known.
        content: Content,
        /// A small JPEG file of it.
        thumbnail: Vec<u8>,
        /// What its pixels are compared by.
        pixel_record: Vec<u8>,
    },
    /// What the pixels say of a pair.
    Verdict {
        /// The lower hash first.
        pair: (ContentHash, ContentHash),
        /// Of the verifier.
        version: u32,
        /// The verdict, as the verifier writes it.
        verdict: Vec<u8>,
        /// Whether all was made of it that follows from it for other pairs.
        settled: bool,
    },
    /// A content's vector.
    Embedding {
        /// Which content.
        content: ContentHash,
        /// Of which model.
        model_key: String,
        /// Length 1.
        vector: Vec<f16>,
    },
    /// All was made of the verdict on a pair that follows from it for other pairs.
    Settled {
        /// The lower hash first.
        pair: (ContentHash, ContentHash),
    },
    /// A content's pixels.
    Pixels {
        /// Which content.
        content: ContentHash,
        /// What was found.
        pixels: Pixels,
    },
    /// A file that is known and no longer there.
    Gone {
        /// Where it lay.
        path: PathBuf,
    },
    /// A file that was gone and is there again.
    Back {
        /// Where.
        path: PathBuf,
    },
    /// A folder was scanned to the end.
    Scanned {
        /// Which; not those in it.
        folder: PathBuf,
        /// When, in seconds since 1970-01-01 UTC.
        finished_s: i64,
    },
    /// How fast something went.
    Figure {
        /// What, and in which unit.
        name: String,
        /// How fast.
        value: f64,
    },
    /// A file that cannot be used until it changes.
    Problem {
        /// What the file system said.
        stamp: FileStamp,
        /// What is wrong.
        problem: Problem,
    },
}

/// Writes to a cache every second or two. Dropped without [`CacheWriter::finish`] it leaves
/// what was committed last.
///
/// Records wait in memory and go to the disk in one short transaction. A transaction that stays
/// open between two records locks the file, and another process would wait as long as a slow
/// model or a slow disk makes this one wait, or give up.
#[derive(Debug)]
pub struct CacheWriter {
    cache: Cache,
    waiting: Vec<Record>,
    /// When the first of those that wait came.
    since: Instant,
}

impl CacheWriter {
    pub(super) fn new(cache: Cache) -> Self {
        Self {
            cache,
            waiting: Vec::new(),
            since: Instant::now(),
        }
    }

    /// The cache, which tells what is committed.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Remembers `record`, and commits if it is time.
    ///
    /// # Errors
    /// As [`CacheWriter::commit`].
    pub fn write(&mut self, record: Record) -> Result<(), LibraryError> {
        if self.waiting.is_empty() {
            self.since = Instant::now();
        }
        self.waiting.push(record);
        self.commit_if_due()
    }

    /// Commits if the oldest record that waits is old enough, or many wait. To be called now
    /// and then where no records come for a while.
    ///
    /// # Errors
    /// As [`CacheWriter::commit`].
    pub fn commit_if_due(&mut self) -> Result<(), LibraryError> {
        if self.waiting.len() >= MOST_WAITING || self.since.elapsed() >= COMMIT_INTERVAL {
            self.commit()?;
        }
        Ok(())
    }

    /// Whether all that was written is committed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// [`LibraryError::Database`] or [`LibraryError::Damaged`]; what was committed before stays,
    /// what waited is dropped.
    pub fn commit(&mut self) -> Result<(), LibraryError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.waiting);
        self.cache.run(|| {
            let transaction =
                Transaction::new_unchecked(&self.cache.connection, TransactionBehavior::Immediate)?;
            for record in &records {
                insert(&transaction, record)?;
            }
            transaction.commit()
        })
    }

    /// Commits and gives the cache back.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn finish(mut self) -> Result<Cache, LibraryError> {
        self.commit()?;
        Ok(self.cache)
    }
}

fn insert(connection: &Connection, record: &Record) -> Result<(), rusqlite::Error> {
    let run = |sql: &str, parameters: &[&dyn ToSql]| {
        connection
            .prepare_cached(sql)?
            .execute(parameters)
            .map(|_changed_rows| ())
    };
    match record {
        Record::File {
            path,
            stamp,
            content,
        } => {
            run(
                "DELETE FROM problem WHERE path = ?1",
                params![rows::path_bytes(path)],
            )?;
            run(
                "INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    rows::path_bytes(path),
                    rows::signed(stamp.device),
                    rows::signed(stamp.inode),
                    rows::signed(stamp.size),
                    stamp.modified_ns,
                    stamp.changed_ns,
                    content.0.as_slice()
                ],
            )
        }
        Record::Content {
            content,
            thumbnail,
            pixel_record,
        } => {
            for (table, blob) in [("thumbnail", thumbnail), ("pixel_record", pixel_record)] {
                run(
                    &format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2)"),
                    params![content.hash.0.as_slice(), blob],
                )?;
            }
            insert_content(connection, content)
        }
        Record::Embedding {
            content,
            model_key,
            vector,
        } => run(
            "INSERT OR REPLACE INTO embedding VALUES (?1, ?2, ?3)",
            params![content.0.as_slice(), model_key, rows::vector_bytes(vector)],
        ),
        Record::Verdict {
            pair: (a, b),
            version,
            verdict,
            settled,
        } => run(
            "INSERT OR REPLACE INTO verdict VALUES (?1, ?2, ?3, ?4, ?5)",
            params![rows::half(a), rows::half(b), version, verdict, settled],
        ),
        Record::Settled { pair: (a, b) } => run(
            "UPDATE verdict SET settled = 1 WHERE a = ?1 AND b = ?2",
            params![rows::half(a), rows::half(b)],
        ),
        Record::Pixels { content, pixels } => run(
            "UPDATE content SET pixel_hash = ?2 WHERE blake3 = ?1",
            params![
                content.0.as_slice(),
                match pixels {
                    Pixels::Hash(hash) => hash.0.as_slice(),
                    Pixels::Incomparable => &[],
                }
            ],
        ),
        Record::Gone { .. }
        | Record::Back { .. }
        | Record::Scanned { .. }
        | Record::Figure { .. } => insert_of_scan(connection, record),
        Record::Problem { stamp, problem } => {
            run(
                "DELETE FROM file WHERE path = ?1",
                params![rows::path_bytes(&problem.path)],
            )?;
            run(
                "INSERT OR REPLACE INTO problem VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    rows::path_bytes(&problem.path),
                    rows::signed(stamp.size),
                    stamp.modified_ns,
                    problem.kind.name(),
                    &problem.message
                ],
            )
        }
    }
}

/// What is remembered of whole scans; nothing for other records.
fn insert_of_scan(connection: &Connection, record: &Record) -> Result<(), rusqlite::Error> {
    let run = |sql: &str, parameters: &[&dyn ToSql]| {
        connection
            .prepare_cached(sql)?
            .execute(parameters)
            .map(|_changed_rows| ())
    };
    match record {
        Record::Gone { path } => run(
            "INSERT OR REPLACE INTO gone VALUES (?1)",
            params![rows::path_bytes(path)],
        ),
        Record::Back { path } => run(
            "DELETE FROM gone WHERE path = ?1",
            params![rows::path_bytes(path)],
        ),
        Record::Scanned { folder, finished_s } => run(
            "INSERT OR REPLACE INTO scanned VALUES (?1, ?2)",
            params![rows::path_bytes(folder), finished_s],
        ),
        Record::Figure { name, value } => run(
            "INSERT OR REPLACE INTO figure VALUES (?1, ?2)",
            params![name, value],
        ),
        _ => Ok(()),
    }
}

fn insert_content(connection: &Connection, content: &Content) -> Result<(), rusqlite::Error> {
    let Content {
        hash,
        format,
        width,
        height,
        metadata,
        fingerprint,
    } = content;
    let sql = "INSERT OR REPLACE INTO content VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, NULL)";
    connection
        .prepare_cached(sql)?
        .execute(params![
            hash.0.as_slice(),
            format.name(),
            width,
            height,
            rows::perceptual_bytes(fingerprint.hash),
            fingerprint.contrast,
            fingerprint.texture,
            fingerprint.mean_rgb.as_slice(),
            metadata.orientation.to_exif(),
            metadata.taken_at.map(|taken| taken.to_string()),
            metadata.camera.as_deref(),
            metadata.gps.map(|gps| gps.latitude),
            metadata.gps.map(|gps| gps.longitude)
        ])
        .map(|_changed_rows| ())
}
