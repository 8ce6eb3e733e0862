//! `library.db`: what the user decided, and the journal of what was removed.
//!
//! Unlike the cache it cannot be computed anew. So it is never set aside, replaced or repaired: a
//! damaged file, a newer one or another program's is an error that says what to do, and the file
//! stays as it was. Every commit is on the disk when a call returns (`synchronous=FULL`).
//!
//! A change of the tables is one more entry of [`MIGRATIONS`]; entries that were released are
//! never edited. Before an existing file is changed, a copy of it is made beside it,
//! `library.db.backup-v1` for one of version 1, and no copy is ever overwritten.
//!
//! Pitfall: SQLite deletes a write-ahead log whose database is empty. A file of no bytes with a
//! log or a backup beside it is therefore damage, not a new library.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::cache::{is_damage, with_suffix};
use super::{LibraryError, decisions, in_words, journal, rescues};

/// The tables, in the order in which they came; a file's `user_version` is the number of those
/// that it has.
const MIGRATIONS: &[&str] = &[
    decisions::TABLES, //
    journal::TABLES,
    rescues::TABLES,
];

/// `PRAGMA application_id`: "Twll".
const APPLICATION: i64 = 0x5477_6c6c;

/// Another process may be in the middle of a commit, which takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Added to the file's name for a copy, before the version.
const BACKUP: &str = ".backup-v";

/// A connection to `library.db`, for one thread at a time.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    /// Opens the file at `path`, making it and its folder if need be, and brings its tables up
    /// to date.
    ///
    /// # Errors
    /// [`LibraryError::LedgerOpen`], [`LibraryError::LedgerDamaged`],
    /// [`LibraryError::LedgerNewer`] or [`LibraryError::LedgerBackup`]; the file is then as it
    /// was.
    pub fn open(path: &Path) -> Result<Self, LibraryError> {
        Self::open_with(path, MIGRATIONS)
    }

    /// As [`Ledger::open`], but `None` where there is no file, and none is made.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>, LibraryError> {
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => Self::open(path).map(Some),
            Err(error) => Err(refused(path, error.to_string())),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_with(path: &Path, migrations: &[&str]) -> Result<Self, LibraryError> {
        if let Some(folder) = path.parent().filter(|at| !at.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| refused(path, error.to_string()))?;
        }
        if path.is_dir() {
            return Err(refused(path, "it is a folder".to_owned()));
        }
        if is_emptied(path) {
            return Err(damaged(path, "it is empty, but has been used".to_owned()));
        }
        let mut connection = Connection::open(path).map_err(|error| failed(path, &error))?;
        // Looked at before it is configured, which would write to a file that is not ours.
        inspect(&connection, path, migrations.len())?;
        configure(&connection).map_err(|error| failed(path, &error))?;
        migrate(&mut connection, path, migrations)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// Reads, and says which file it failed on.
    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        query(&self.connection).map_err(|error| self.failure(error))
    }

    /// Changes all or nothing; what is returned is on the disk.
    pub(super) fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        let run = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run(&mut self.connection).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: rusqlite::Error) -> LibraryError {
        let path = self.path.clone();
        if is_damage(&error) {
            damaged(&path, error.to_string())
        } else {
            LibraryError::Ledger {
                path,
                source: error,
            }
        }
    }
}

fn refused(path: &Path, reason: String) -> LibraryError {
    LibraryError::LedgerOpen {
        path: path.to_owned(),
        reason,
    }
}

fn damaged(path: &Path, reason: String) -> LibraryError {
    LibraryError::LedgerDamaged {
        path: path.to_owned(),
        reason,
        backup: latest_backup(path),
    }
}

fn failed(path: &Path, error: &rusqlite::Error) -> LibraryError {
    if is_damage(error) {
        damaged(path, error.to_string())
    } else {
        refused(path, in_words(error))
    }
}

/// Whether the file has lost what it held: see the pitfall at the top.
fn is_emptied(path: &Path) -> bool {
    let bytes = |path: &Path| fs::metadata(path).map(|file| file.len());
    bytes(path).is_ok_and(|length| length == 0)
        && (bytes(&with_suffix(path, "-wal")).is_ok_and(|length| length > 0)
            || latest_backup(path).is_some())
}

/// Whether the file is a library of this program, whole, and of a version below `newest`.
fn inspect(connection: &Connection, path: &Path, newest: usize) -> Result<(), LibraryError> {
    let look = || {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let application: i64 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        // It is small: some milliseconds.
        let fault: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((tables, application, fault, version(connection)?))
    };
    let (tables, application, fault, version) = look().map_err(|error| failed(path, &error))?;
    if fault != "ok" {
        return Err(damaged(path, fault));
    }
    if application != APPLICATION && (tables > 0 || application != 0) {
        return Err(refused(path, "it is another program's database".to_owned()));
    }
    check_version(path, version, newest)
}

fn check_version(path: &Path, version: usize, newest: usize) -> Result<(), LibraryError> {
    if version > newest {
        return Err(LibraryError::LedgerNewer {
            path: path.to_owned(),
            version,
            newest,
        });
    }
    Ok(())
}

/// How many of the migrations the file has; more than there are for one that makes no sense.
fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A decision that was answered for must outlast a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Brings the tables up to date, after a copy of what there was.
fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), LibraryError> {
    let failed = |error: rusqlite::Error| failed(path, &error);
    if version(connection).map_err(failed)? == migrations.len() {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    // Asked again: another process may have done it, or be newer.
    let from = version(&transaction).map_err(failed)?;
    check_version(path, from, migrations.len())?;
    if from > 0 && from < migrations.len() {
        // Nobody writes while the transaction is open, so the copy misses nothing.
        back_up(path, from).map_err(|reason| LibraryError::LedgerBackup {
            path: path.to_owned(),
            reason,
        })?;
    }
    let change = || {
        for tables in migrations.iter().skip(from) {
            transaction.execute_batch(tables)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        let version = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", version)
    };
    change().map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Copies the file as it was committed last to the first free name for its version.
fn back_up(path: &Path, version: usize) -> Result<PathBuf, String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let words = |error: io::Error| error.to_string();
    let mut copy = tempfile::Builder::new()
        .prefix("library-backup-")
        .tempfile_in(folder)
        .map_err(words)?
        .into_temp_path();
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    source
        .and_then(|source| source.backup("main", &copy, None::<fn(rusqlite::backup::Progress)>))
        .map_err(|error| in_words(&error))?;
    for number in 1_u32.. {
        let again = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let name = with_suffix(path, &format!("{BACKUP}{version}{again}"));
        match copy.persist_noclobber(&name) {
            Ok(()) => {
                sync_folder(folder).map_err(words)?;
                return Ok(name);
            }
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => copy = taken.path,
            Err(other) => return Err(words(other.error)),
        }
    }
    Err("no name is free for it".to_owned())
}

/// Makes a new name in a folder outlast a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened, and the file system's own journal does it.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The copy that was made last, if there is any.
fn latest_backup(path: &Path) -> Option<PathBuf> {
    let begin = with_suffix(path, BACKUP).file_name()?.to_owned();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let copies = fs::read_dir(folder).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name();
        // Its version and number: a copy that somebody has open has companions of other names.
        let rest = name
            .as_encoded_bytes()
            .strip_prefix(begin.as_encoded_bytes())?;
        let is_copy = rest.iter().all(|b| b.is_ascii_digit() || *b == b'-');
        is_copy.then_some((entry.metadata().ok()?.modified().ok()?, entry.path()))
    });
    copies.max().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: &str = "CREATE TABLE later (x INTEGER NOT NULL);";
    const BROKEN: &str = "CREATE TABLE half (x INTEGER); CREATE NONSENSE;";

    fn backups(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("backup"))
            .collect();
        names.sort();
        names
    }

    fn with_a_value(path: &Path) {
        let mut ledger = Ledger::open(path).unwrap();
        ledger.set_state("view", Some("review")).unwrap();
    }

    #[test]
    fn an_older_file_is_copied_before_its_tables_change_and_keeps_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        with_a_value(&path);
        assert_eq!(backups(folder.path()), [""; 0], "nothing was there before");
        // Another process has it open, and its last commits are in the log alone.
        let other = Ledger::open(&path).unwrap();

        let migrations = [MIGRATIONS, &[LATER]].concat();
        let ledger = Ledger::open_with(&path, &migrations).unwrap();
        assert_eq!(ledger.state("view").unwrap().as_deref(), Some("review"));
        ledger
            .read(|connection| connection.execute("INSERT INTO later VALUES (1)", []))
            .unwrap();
        drop((ledger, other));

        let name = format!("library.db.backup-v{}", MIGRATIONS.len());
        assert_eq!(backups(folder.path()), [name.as_str()]);
        let copy = Ledger::open(&folder.path().join(&name)).unwrap();
        assert_eq!(copy.state("view").unwrap().as_deref(), Some("review"));
        drop(copy);
        Ledger::open_with(&path, &migrations).unwrap();
        assert_eq!(backups(folder.path()).len(), 1, "nothing changed");
    }

    #[test]
    fn a_change_that_fails_changes_nothing_and_no_copy_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        with_a_value(&path);
        for copies in 1..=2 {
            let migrations = [MIGRATIONS, &[BROKEN]].concat();
            assert!(Ledger::open_with(&path, &migrations).is_err());
            assert_eq!(backups(folder.path()).len(), copies);
            let ledger = Ledger::open(&path).unwrap();
            assert_eq!(ledger.state("view").unwrap().as_deref(), Some("review"));
        }
    }

    #[test]
    fn a_newer_file_is_refused_and_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        drop(Ledger::open_with(&path, &[MIGRATIONS, &[LATER]].concat()).unwrap());
        let before = fs::read(&path).unwrap();
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, LibraryError::LedgerNewer { .. }), "{error}");
        assert!(error.to_string().contains("update Twinlens"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_damaged_file_is_refused_with_the_way_out_and_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        with_a_value(&path);
        let whole = fs::read(&path).unwrap();
        let mut torn = whole.clone();
        torn[4096..].fill(0xa5);
        let half = whole[..whole.len() / 2].to_vec();
        for (what, bytes) in [
            ("no database", b"certainly not a database".repeat(400)),
            ("a page overwritten", torn),
            ("cut off", half),
        ] {
            fs::write(&path, &bytes).unwrap();
            let error = Ledger::open(&path).unwrap_err();
            assert!(
                matches!(error, LibraryError::LedgerDamaged { .. }),
                "{what}: {error}"
            );
            assert!(error.to_string().contains("left as it is"), "{error}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "{what}");
        }
        // Emptied by a full disk, say; the copy is named.
        let copy = folder.path().join("library.db.backup-v1");
        fs::write(&copy, &whole).unwrap();
        fs::write(&path, []).unwrap();
        let message = Ledger::open(&path).unwrap_err().to_string();
        assert!(message.contains("library.db.backup-v1"), "{message}");
        assert!(fs::read(&path).unwrap().is_empty());
    }

    #[test]
    fn another_programs_database_and_a_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE theirs (x)").unwrap();
        drop(other);
        for path in [path.as_path(), folder.path()] {
            let error = Ledger::open(path).unwrap_err();
            assert!(matches!(error, LibraryError::LedgerOpen { .. }), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_none_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        assert!(Ledger::open_existing(&path).unwrap().is_none());
        assert!(!path.exists());
        with_a_value(&path);
        assert!(Ledger::open_existing(&path).unwrap().is_some());
    }

    #[test]
    fn a_ledger_may_move_to_another_thread() {
        fn send<T: Send>() {}
        send::<Ledger>();
    }
}
