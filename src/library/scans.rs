//! What is remembered of whole scans: which files there were, when the folders were looked at
//! last, and how fast it went.
//!
//! A file that is gone keeps its row, for its drive may only be unplugged; it is marked, so that
//! it is told as gone only once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::rows;
use super::rows::path_of;
use super::{Cache, LibraryError};
use crate::photo::{ContentHash, FileStamp, ProblemKind};

/// A file as an earlier scan saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// Where it lay.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// When its bytes were changed last, nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
    /// All that the file system said and what it held, if it could be used.
    pub content: Option<(FileStamp, ContentHash)>,
    /// What was wrong with it, if it could not.
    pub problem: Option<ProblemKind>,
    /// Whether it was gone the last time.
    pub is_gone: bool,
}

impl KnownFile {
    /// Whether a file of this stamp is still the same.
    #[must_use]
    pub fn is_unchanged(&self, now: &FileStamp) -> bool {
        match &self.content {
            Some((then, _)) => then == now,
            None => self.size == now.size && self.modified_ns == now.modified_ns,
        }
    }
}

impl Cache {
    /// The files below `roots` (folders, and single files) that are known, each once, in the
    /// order of the paths' bytes.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn files_below(&self, roots: &[PathBuf]) -> Result<Vec<KnownFile>, LibraryError> {
        let mut files = self.run(|| {
            let reading = self.connection.unchecked_transaction()?;
            let mut usable = reading.prepare(&format!(
                "SELECT path, content, {}, EXISTS (SELECT 1 FROM gone WHERE gone.path = file.path) \
                 FROM file WHERE path = ?1 OR path >= ?2 AND path < ?3",
                rows::STAMP
            ))?;
            let mut unusable = reading.prepare(
                "SELECT path, size, mtime_ns, kind, \
                 EXISTS (SELECT 1 FROM gone WHERE gone.path = problem.path) \
                 FROM problem WHERE path = ?1 OR path >= ?2 AND path < ?3",
            )?;
            let mut files = Vec::new();
            for root in roots {
                let (first, behind) = range_below(root);
                let bounds = [rows::path_bytes(root), &first, &behind];
                let mut found = usable.query(bounds)?;
                while let Some(row) = found.next()? {
                    files.extend(rows::if_it_fits(usable_file(row))?.flatten());
                }
                let mut found = unusable.query(bounds)?;
                while let Some(row) = found.next()? {
                    files.extend(rows::if_it_fits(unusable_file(row))?.flatten());
                }
            }
            Ok(files)
        })?;
        files.sort_by(|a, b| rows::path_bytes(&a.path).cmp(rows::path_bytes(&b.path)));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(files)
    }

    /// When a folder was scanned last to the end, itself or one that it lies in; seconds since
    /// 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn last_scan(&self, folder: &Path) -> Result<Option<i64>, LibraryError> {
        self.run(|| {
            let mut by_path = self
                .connection
                .prepare_cached("SELECT finished_s FROM scanned WHERE folder = ?1")?;
            let mut last = None;
            for folder in folder.ancestors() {
                let row = by_path.query_row([rows::path_bytes(folder)], |row| row.get(0));
                last = last.max(rows::if_it_fits(row)?);
            }
            Ok(last)
        })
    }

    /// How fast earlier scans were, by the names under which they were remembered.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn figures(&self) -> Result<HashMap<String, f64>, LibraryError> {
        self.run(|| {
            let mut all = self.connection.prepare("SELECT name, value FROM figure")?;
            let mut found = all.query([])?;
            let mut figures = HashMap::new();
            while let Some(row) = found.next()? {
                let figure = row.get(0).and_then(|name| Ok((name, row.get(1)?)));
                figures.extend(rows::if_it_fits(figure)?);
            }
            Ok(figures)
        })
    }

    /// Whether a content's vector of one model is known; cheaper than to read it.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn has_embedding(&self, hash: ContentHash, model_key: &str) -> Result<bool, LibraryError> {
        self.run(|| {
            self.connection
                .prepare_cached("SELECT 1 FROM embedding WHERE blake3 = ?1 AND model_key = ?2")?
                .exists((hash.0.as_slice(), model_key))
        })
    }
}

/// The least path below a folder, and the least that comes after all of them.
fn range_below(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let mut first = rows::path_bytes(folder).to_vec();
    let separator = std::path::MAIN_SEPARATOR as u8;
    if first.last() != Some(&separator) {
        first.push(separator);
    }
    let mut behind = first.clone();
    if let Some(last) = behind.last_mut() {
        *last += 1;
    }
    (first, behind)
}

fn usable_file(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<KnownFile>> {
    let (path, content): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let stamp = rows::stamp(row, 2)?;
    let is_gone = row.get(7)?;
    Ok(path_of(&path)
        .zip(rows::hash(&content))
        .map(|(path, content)| KnownFile {
            path,
            size: stamp.size,
            modified_ns: stamp.modified_ns,
            content: Some((stamp, content)),
            problem: None,
            is_gone,
        }))
}

fn unusable_file(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<KnownFile>> {
    let (path, kind): (Vec<u8>, String) = (row.get(0)?, row.get(3)?);
    let size = row.get::<_, i64>(1)?.cast_unsigned();
    let (modified_ns, is_gone) = (row.get(2)?, row.get(4)?);
    Ok(path_of(&path)
        .zip(ProblemKind::from_name(&kind))
        .map(|(path, kind)| KnownFile {
            path,
            size,
            modified_ns,
            content: None,
            problem: Some(kind),
            is_gone,
        }))
}
