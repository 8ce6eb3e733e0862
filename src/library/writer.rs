//! Writing to the cache: one writer a scan, committing as it goes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use half::f16;
use rusqlite::{ToSql, params};

use super::rows;
use super::{Cache, LibraryError};
use crate::photo::{Content, ContentHash, FileStamp, Pixels, Problem};

/// A killed scan loses no more than this, and a commit costs some milliseconds.
const COMMIT_INTERVAL: Duration = Duration::from_millis(1500);

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
    /// A content's pixels.
    Pixels {
        /// Which content.
        content: ContentHash,
        /// What was found.
        pixels: Pixels,
    },
    /// A file that cannot be used until it changes.
    Problem {
        /// What the file system said.
        stamp: FileStamp,
        /// What is wrong.
        problem: Problem,
    },
}

/// Writes to a cache and commits every second or two. Dropped without [`CacheWriter::finish`]
/// it leaves the last commit.
#[derive(Debug)]
pub struct CacheWriter {
    cache: Cache,
    begun: Option<Instant>,
}

impl CacheWriter {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, begun: None }
    }

    /// The cache with all that was written, committed or not.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Remembers `record`.
    ///
    /// # Errors
    /// [`LibraryError::Database`]; what was committed before stays.
    pub fn write(&mut self, record: &Record) -> Result<(), LibraryError> {
        if self.begun.is_none() {
            self.cache
                .run(|| self.cache.connection.execute_batch("BEGIN IMMEDIATE"))?;
            self.begun = Some(Instant::now());
        }
        self.cache.run(|| insert(&self.cache, record))?;
        if self
            .begun
            .is_some_and(|begun| begun.elapsed() >= COMMIT_INTERVAL)
        {
            self.commit()?;
        }
        Ok(())
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn commit(&mut self) -> Result<(), LibraryError> {
        if self.begun.take().is_some() {
            self.cache
                .run(|| self.cache.connection.execute_batch("COMMIT"))?;
        }
        Ok(())
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

fn insert(cache: &Cache, record: &Record) -> Result<(), rusqlite::Error> {
    let run = |sql: &str, parameters: &[&dyn ToSql]| {
        cache
            .connection
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
        Record::Content { content, thumbnail } => {
            run(
                "INSERT OR REPLACE INTO thumbnail VALUES (?1, ?2)",
                params![content.hash.0.as_slice(), thumbnail],
            )?;
            let Content {
                hash,
                format,
                width,
                height,
                metadata,
                fingerprint,
            } = content;
            run(
                "INSERT OR REPLACE INTO content VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, NULL)",
                params![
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
                ],
            )
        }
        Record::Embedding {
            content,
            model_key,
            vector,
        } => run(
            "INSERT OR REPLACE INTO embedding VALUES (?1, ?2, ?3)",
            params![content.0.as_slice(), model_key, rows::vector_bytes(vector)],
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
