//! Asking the cache what is known of files, contents and pairs.

use std::collections::HashMap;
use std::path::Path;

use half::f16;

use super::rows::{self, CONTENT, STAMP};
use super::{Cache, LibraryError};
use crate::photo::{Content, ContentHash, FileStamp, Pixels, Problem, ProblemKind};

/// A verdict that was remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVerdict {
    /// As the verifier wrote it.
    pub verdict: Vec<u8>,
    /// Whether all was made of it that follows from it for other pairs.
    pub settled: bool,
}

impl Cache {
    /// What is known of files: path and stamp must be those of now. One answer a file.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn known_files<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a Path, FileStamp)>,
    ) -> Result<Vec<Option<ContentHash>>, LibraryError> {
        let look_up = || {
            // One for all, or every row would lock and unlock the file.
            let reading = self.connection.unchecked_transaction()?;
            let mut by_path = reading.prepare(&format!(
                "SELECT content, {STAMP} FROM file WHERE path = ?1"
            ))?;
            let mut known = Vec::new();
            for (path, now) in files {
                let row = by_path.query_row([rows::path_bytes(path)], |row| {
                    Ok((row.get::<_, Vec<u8>>(0)?, rows::stamp(row, 1)?))
                });
                let row = rows::if_it_fits(row)?;
                known.push(
                    row.filter(|(_, then)| *then == now)
                        .and_then(|(content, _)| rows::hash(&content)),
                );
            }
            Ok(known)
        };
        self.run(look_up)
    }

    /// Files that could not be used and have not changed since, by their position in `files`.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn known_problems<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a Path, FileStamp)>,
    ) -> Result<HashMap<usize, Problem>, LibraryError> {
        self.run(|| {
            let reading = self.connection.unchecked_transaction()?;
            let mut by_path = reading
                .prepare("SELECT size, mtime_ns, kind, message FROM problem WHERE path = ?1")?;
            let mut known = HashMap::new();
            for (position, (path, now)) in files.into_iter().enumerate() {
                let row = by_path.query_row([rows::path_bytes(path)], |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, String>(2)?,
                        row.get(3)?,
                    ))
                });
                let Some((size, modified, kind, message)) = rows::if_it_fits(row)? else {
                    continue;
                };
                let unchanged = size == rows::signed(now.size) && modified == now.modified_ns;
                if let Some(kind) = ProblemKind::from_name(&kind).filter(|_| unchanged) {
                    known.insert(
                        position,
                        Problem {
                            path: path.to_owned(),
                            kind,
                            message,
                        },
                    );
                }
            }
            Ok(known)
        })
    }

    /// What is known of a content.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn content(&self, hash: ContentHash) -> Result<Option<Content>, LibraryError> {
        self.run(|| {
            let mut by_hash = self
                .connection
                .prepare_cached(&format!("SELECT {CONTENT} FROM content WHERE blake3 = ?1"))?;
            let row = by_hash.query_row([hash.0.as_slice()], rows::content);
            Ok(rows::if_it_fits(row)?.flatten())
        })
    }

    /// A content's vector of one model.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn embedding(
        &self,
        hash: ContentHash,
        model_key: &str,
    ) -> Result<Option<Vec<f16>>, LibraryError> {
        self.run(|| {
            let mut by_hash = self.connection.prepare_cached(
                "SELECT vector FROM embedding WHERE blake3 = ?1 AND model_key = ?2",
            )?;
            let row = by_hash.query_row((hash.0.as_slice(), model_key), |row| {
                row.get::<_, Vec<u8>>(0)
            });
            Ok(rows::if_it_fits(row)?.and_then(|bytes| rows::vector(&bytes)))
        })
    }

    /// A content's thumbnail, a JPEG file.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn thumbnail(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, LibraryError> {
        self.run(|| {
            let mut by_hash = self
                .connection
                .prepare_cached("SELECT jpeg FROM thumbnail WHERE blake3 = ?1")?;
            rows::if_it_fits(by_hash.query_row([hash.0.as_slice()], |row| row.get(0)))
        })
    }

    /// What a content's pixels are compared by.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn pixel_record(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, LibraryError> {
        self.run(|| {
            let mut by_hash = self
                .connection
                .prepare_cached("SELECT record FROM pixel_record WHERE blake3 = ?1")?;
            rows::if_it_fits(by_hash.query_row([hash.0.as_slice()], |row| row.get(0)))
        })
    }

    /// What this version of the verifier said of pairs, the lower hash of each first. One answer
    /// a pair.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn verdicts(
        &self,
        pairs: impl IntoIterator<Item = (ContentHash, ContentHash)>,
        version: u32,
    ) -> Result<Vec<Option<KnownVerdict>>, LibraryError> {
        self.run(|| {
            let reading = self.connection.unchecked_transaction()?;
            let mut by_pair = reading.prepare(
                "SELECT verdict, settled FROM verdict WHERE a = ?1 AND b = ?2 AND version = ?3",
            )?;
            pairs
                .into_iter()
                .map(|(a, b)| {
                    let key = (rows::half(&a), rows::half(&b), version);
                    let row = by_pair.query_row(key, |row| {
                        Ok(KnownVerdict {
                            verdict: row.get(0)?,
                            settled: row.get(1)?,
                        })
                    });
                    rows::if_it_fits(row)
                })
                .collect()
        })
    }

    /// A content's pixels; `None` if nobody has looked yet.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn pixels(&self, hash: ContentHash) -> Result<Option<Pixels>, LibraryError> {
        self.run(|| {
            let mut by_hash = self
                .connection
                .prepare_cached("SELECT pixel_hash FROM content WHERE blake3 = ?1")?;
            let row =
                by_hash.query_row([hash.0.as_slice()], |row| row.get::<_, Option<Vec<u8>>>(0));
            // An empty blob stands for incomparable pixels.
            let known = rows::if_it_fits(row)?.flatten();
            Ok(known.map(|bytes| rows::hash(&bytes).map_or(Pixels::Incomparable, Pixels::Hash)))
        })
    }
}
