//! The cache's file: opening it, setting a bad one aside, looking after what it holds.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::schema::{self, Found};
use super::{CacheWriter, LibraryError, in_words, rows};

/// A connection to the cache, for one thread.
#[derive(Debug)]
pub struct Cache {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// A cache that was opened.
#[derive(Debug)]
pub struct OpenedCache {
    /// Ready to be read.
    pub cache: Cache,
    /// What the user should know: another cache was set aside.
    pub notice: Option<String>,
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheInfo {
    /// Known files.
    pub files: u64,
    /// Distinct contents.
    pub contents: u64,
    /// Vectors, of all models.
    pub embeddings: u64,
    /// Files that could not be used.
    pub problems: u64,
    /// Size of the file.
    pub bytes: u64,
}

/// What [`Cache::prune`] forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files that are gone.
    pub files: u64,
    /// Contents that no file has any more.
    pub contents: u64,
}

impl Cache {
    /// Opens the cache at `path`, making it and its folder if need be. One that is damaged, of
    /// another version or no cache at all is renamed and a new one begun.
    ///
    /// # Errors
    /// [`LibraryError`] if neither can be done.
    pub fn open(path: &Path) -> Result<OpenedCache, LibraryError> {
        let refused = |reason: String| LibraryError::Open {
            path: path.to_owned(),
            reason,
        };
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
        }
        if path.is_dir() {
            return Err(refused("it is a folder".to_owned()));
        }
        let reason = match Self::try_open(path) {
            Ok(Ok(_)) if with_suffix(path, MARK).exists() => "it is damaged".to_owned(),
            Ok(Ok(cache)) => {
                return Ok(OpenedCache {
                    cache,
                    notice: None,
                });
            }
            Ok(Err(reason)) => reason,
            Err(error) if is_damage(&error) => format!("it is damaged: {error}"),
            Err(error) => return Err(refused(in_words(&error))),
        };
        let aside = set_aside(path)?;
        let cache = Self::try_open(path)
            .map_err(|error| refused(in_words(&error)))?
            .map_err(refused)?;
        let notice = format!(
            "the cache could not be used ({reason}); it was set aside as {} and a new one begun",
            aside.display()
        );
        Ok(OpenedCache {
            cache,
            notice: Some(notice),
        })
    }

    /// A cache that is gone when it is dropped.
    ///
    /// # Errors
    /// [`LibraryError`] if there is no room for a temporary file.
    pub fn in_memory() -> Result<OpenedCache, LibraryError> {
        let path = PathBuf::from(super::IN_MEMORY);
        let open = || {
            // An unnamed temporary file of SQLite's own, spilt to disk only when large.
            let mut connection = Connection::open("")?;
            schema::create(&mut connection)?;
            Ok(connection)
        };
        let connection = open().map_err(|source| LibraryError::Database {
            path: path.clone(),
            source,
        })?;
        Ok(OpenedCache {
            cache: Self { connection, path },
            notice: None,
        })
    }

    /// The cache, or why the file must not be used, or what SQLite says.
    fn try_open(path: &Path) -> Result<Result<Self, String>, rusqlite::Error> {
        let mut connection = Connection::open(path)?;
        // Looked at before it is configured, which would write to another program's file.
        let found = schema::inspect(&connection)?;
        if let Found::Unusable(reason) = found {
            return Ok(Err(reason));
        }
        schema::configure(&connection)?;
        if found == Found::New {
            schema::create(&mut connection)?;
        }
        Ok(Ok(Self {
            connection,
            path: path.to_owned(),
        }))
    }

    /// Begins to write; [`CacheWriter::finish`] gives the cache back.
    #[must_use]
    pub fn into_writer(self) -> CacheWriter {
        CacheWriter::new(self)
    }

    /// A second connection for another thread, which sees what is committed; `None` if the cache
    /// is in memory, where there is nothing from before to be seen.
    ///
    /// # Errors
    /// [`LibraryError::Open`].
    pub fn another(&self) -> Result<Option<Self>, LibraryError> {
        if self.connection.path().is_none_or(str::is_empty) {
            return Ok(None);
        }
        let open = || {
            let connection = Connection::open(&self.path)?;
            schema::configure(&connection)?;
            Ok(connection)
        };
        let refused = |error: rusqlite::Error| LibraryError::Open {
            path: self.path.clone(),
            reason: in_words(&error),
        };
        Ok(Some(Self {
            connection: open().map_err(refused)?,
            path: self.path.clone(),
        }))
    }

    /// How much it holds.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn info(&self) -> Result<CacheInfo, LibraryError> {
        self.run(|| {
            let count = |table: &str| {
                let rows: i64 = self.connection.query_row(
                    &format!("SELECT count(*) FROM {table}"),
                    [],
                    |row| row.get(0),
                )?;
                Ok::<_, rusqlite::Error>(rows.cast_unsigned())
            };
            let pragma = |name| {
                self.connection
                    .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            };
            Ok(CacheInfo {
                files: count("file")?,
                contents: count("content")?,
                embeddings: count("embedding")?,
                problems: count("problem")?,
                bytes: (pragma("page_count")? * pragma("page_size")?).cast_unsigned(),
            })
        })
    }

    /// Forgets files that are gone, and the contents that only they had. A file whose folder is
    /// gone as well stays: its drive may be unplugged.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn prune(&mut self) -> Result<Pruned, LibraryError> {
        let paths: Vec<Vec<u8>> = self.run(|| {
            let mut all = self
                .connection
                .prepare("SELECT path FROM file UNION SELECT path FROM problem")?;
            all.query_map([], |row| row.get(0))?.collect()
        })?;
        let gone = paths.iter().filter(|bytes| {
            rows::path_of(bytes)
                .is_some_and(|path| !path.exists() && path.parent().is_some_and(Path::is_dir))
        });
        self.run(|| {
            let transaction = self.connection.unchecked_transaction()?;
            let mut files = 0;
            for path in gone {
                for table in ["file", "problem"] {
                    files += transaction
                        .execute(&format!("DELETE FROM {table} WHERE path = ?1"), [path])?;
                }
            }
            let orphans = "NOT IN (SELECT content FROM file)";
            let contents =
                transaction.execute(&format!("DELETE FROM content WHERE blake3 {orphans}"), [])?;
            for table in ["thumbnail", "pixel_record", "embedding"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE blake3 {orphans}"), [])?;
            }
            let orphans = "NOT IN (SELECT substr(blake3, 1, 16) FROM content)";
            transaction.execute(
                &format!("DELETE FROM verdict WHERE a {orphans} OR b {orphans}"),
                [],
            )?;
            transaction.commit()?;
            self.connection.execute_batch("VACUUM")?;
            Ok(Pruned {
                files: files as u64,
                contents: contents as u64,
            })
        })
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// [`LibraryError::Database`].
    pub fn clear(&mut self) -> Result<(), LibraryError> {
        self.run(|| {
            self.connection.execute_batch(
                "BEGIN IMMEDIATE; DELETE FROM file; DELETE FROM content; DELETE FROM thumbnail; \
                 DELETE FROM pixel_record; DELETE FROM verdict; DELETE FROM embedding; \
                 DELETE FROM problem; COMMIT; VACUUM;",
            )
        })
    }

    /// Runs a query and says which file it failed on.
    pub(super) fn run<T>(
        &self,
        query: impl FnOnce() -> Result<T, rusqlite::Error>,
    ) -> Result<T, LibraryError> {
        query().map_err(|source| {
            let path = self.path.clone();
            if is_damage(&source) && self.connection.path().is_some_and(|path| !path.is_empty()) {
                // Best effort: without the mark the next run may meet the same damage again.
                std::fs::write(with_suffix(&path, MARK), []).ok();
                LibraryError::Damaged { path, source }
            } else {
                LibraryError::Database { path, source }
            }
        })
    }
}

/// Whether an error means that the file is no good, rather than the system.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

/// Added to the name of a cache: an empty file that says that damage was met in use, beyond
/// what the look at the start covers.
const MARK: &str = "-damaged";

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames a cache and its companions to the first free name.
fn set_aside(path: &Path) -> Result<PathBuf, LibraryError> {
    let with = |suffix: &str| with_suffix(path, suffix);
    let number = (1..u32::MAX)
        .find(|n| !with(&format!(".unusable-{n}")).exists())
        .unwrap_or(1);
    let aside = with(&format!(".unusable-{number}"));
    let failed = |source| LibraryError::SetAside {
        path: path.to_owned(),
        source,
    };
    std::fs::rename(path, &aside).map_err(failed)?;
    for companion in ["-wal", "-shm", MARK] {
        let file = with(companion);
        if file.exists() {
            std::fs::rename(&file, with(&format!(".unusable-{number}{companion}")))
                .map_err(failed)?;
        }
    }
    Ok(aside)
}
