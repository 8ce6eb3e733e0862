//! The tables of `cache.db` and how a connection to it is set up.

use rusqlite::Connection;

/// `PRAGMA user_version` of this program's caches; raise it with every change of the tables or
/// of what is computed into them.
pub(super) const VERSION: i64 = 2;

/// `PRAGMA application_id`: "Twln".
pub(super) const APPLICATION: i64 = 0x5477_6c6e;

/// Another process may be in the middle of a commit.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

const TABLES: &str = "
CREATE TABLE file (
    path BLOB PRIMARY KEY,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    content BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE content (
    blake3 BLOB PRIMARY KEY,
    format TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    hash BLOB NOT NULL, contrast REAL NOT NULL, texture REAL NOT NULL, mean_rgb BLOB NOT NULL,
    orientation INTEGER NOT NULL, taken_at TEXT, camera TEXT, latitude REAL, longitude REAL,
    pixel_hash BLOB
) WITHOUT ROWID;
CREATE TABLE thumbnail (blake3 BLOB PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE TABLE pixel_record (blake3 BLOB PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE verdict (
    a BLOB NOT NULL, b BLOB NOT NULL, version INTEGER NOT NULL, verdict BLOB NOT NULL,
    settled INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE TABLE embedding (
    blake3 BLOB NOT NULL, model_key TEXT NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (blake3, model_key)
) WITHOUT ROWID;
CREATE TABLE problem (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL
) WITHOUT ROWID;
";

/// Tables that a cache of this version may lack, for they came later and nothing that is known
/// depends on them.
pub(super) const ADDED: &str = "
CREATE TABLE IF NOT EXISTS gone (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scanned (folder BLOB PRIMARY KEY, finished_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS figure (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
";

/// What stands in a file that was opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    New,
    /// A cache of this version.
    Ours,
    /// Something that must not be used, and why.
    Unusable(String),
}

/// Looks what the file is. Errors of SQLite mean that it is no database or a damaged one.
pub(super) fn inspect(connection: &Connection) -> Result<Found, rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if tables == 0 && application == 0 {
        return Ok(Found::New);
    }
    if application != APPLICATION {
        return Ok(Found::Unusable(
            "it is another program's database".to_owned(),
        ));
    }
    if version != VERSION {
        return Ok(Found::Unusable(format!(
            "it has version {version}, this program's is {VERSION}"
        )));
    }
    // Reads every page's structure but not the indexes' agreement: a tenth of a second for a
    // cache of 100,000 photos without its thumbnails, pixel records and verdicts, which are
    // large, and harmless where they are wrong.
    for table in ["file", "content", "embedding", "problem"] {
        let fault: String =
            connection.query_row(&format!("PRAGMA quick_check({table})"), [], |row| {
                row.get(0)
            })?;
        if fault != "ok" {
            return Ok(Found::Unusable(format!("it is damaged: {fault}")));
        }
    }
    Ok(Found::Ours)
}

/// Makes the tables in an empty file; of two processes at once one does it.
pub(super) fn create(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(ADDED)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Settings of every connection.
pub(super) fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // With a write-ahead log readers and the writer do not wait for each other, and a killed
    // process leaves the last commit. NORMAL may lose the last commits at a power cut, never
    // the file.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")
}
