//! The runs of this machine and those that were imported: one file each, in a folder of the
//! program's own.
//!
//! Files are in the format of [`schema`] and named by when the run began, those of others with
//! `imported-` before it. One that cannot be read is listed with the reason and never touched;
//! only [`delete`] removes any.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use super::BenchError;
use super::schema::{self, Machine, Run, VERSION};

/// How the names of imported runs begin.
const IMPORTED: &str = "imported-";
/// How all names end.
const EXTENSION: &str = "json";

/// A run that is kept, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its file.
    pub file: PathBuf,
    /// Whether it was imported: then it may be another machine's.
    pub is_imported: bool,
    /// What it is, or why it cannot be read.
    pub head: Result<Head, String>,
}

/// What a list says of a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Head {
    /// `twinlens 0.1.0`.
    pub program: String,
    /// When it began.
    pub started: Timestamp,
    /// What it ran on.
    pub machine: Machine,
}

/// Keeps a run of this machine in the folder, which is made where it is missing; its file.
///
/// # Errors
/// [`BenchError::Keep`]; then nothing is left in the folder.
pub fn save(folder: &Path, run: &Run) -> Result<PathBuf, BenchError> {
    keep(folder, "", run)
}

/// Keeps the run of a file that the user names, beside those of this machine; its new file. The
/// same run twice is one.
///
/// # Errors
/// Those of [`load`] and [`BenchError::Keep`].
pub fn import(folder: &Path, file: &Path) -> Result<PathBuf, BenchError> {
    keep(folder, IMPORTED, &load(file)?)
}

fn keep(folder: &Path, before: &str, run: &Run) -> Result<PathBuf, BenchError> {
    let failed = |source: io::Error| BenchError::Keep {
        source,
        path: folder.to_owned(),
    };
    let mut text = Vec::new();
    schema::write_json(run, &mut text).map_err(failed)?;
    fs::create_dir_all(folder).map_err(failed)?;
    let began = run.started.strftime("%Y-%m-%dT%H-%M-%SZ");
    for number in 1_u32.. {
        let name = match number {
            1 => format!("{before}{began}.{EXTENSION}"),
            _ => format!("{before}{began}-{number}.{EXTENSION}"),
        };
        let file = folder.join(name);
        match fs::read(&file) {
            Ok(there) if there == text => return Ok(file),
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        // In full or not at all, and never over another run, whoever else writes here.
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        io::Write::write_all(&mut temporary, &text).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        match temporary.persist_noclobber(&file) {
            Ok(_) => return Ok(file),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error.error)),
        }
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}

/// The runs in the folder, the newest first and those that cannot be read last; none where there
/// is no such folder.
///
/// # Errors
/// [`BenchError::List`] if the folder is there and cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Listed>, BenchError> {
    let failed = |source: io::Error| BenchError::List {
        source,
        path: folder.to_owned(),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut runs = Vec::new();
    for entry in entries {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_none_or(|end| end != EXTENSION) {
            continue;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        runs.push(Listed {
            is_imported: name.starts_with(IMPORTED),
            head: head(&file).map_err(|error| error.to_string()),
            file,
        });
    }
    runs.sort_by(|a, b| {
        let began = |listed: &Listed| listed.head.as_ref().ok().map(|head| head.started);
        began(b).cmp(&began(a)).then_with(|| a.file.cmp(&b.file))
    });
    Ok(runs)
}

fn head(file: &Path) -> Result<Head, BenchError> {
    #[derive(Deserialize)]
    struct Versioned {
        bench: u32,
    }

    let bytes = fs::read(file).map_err(BenchError::Input)?;
    // The version first: a later format need not have this one's fields.
    let versioned: Versioned = serde_json::from_slice(&bytes)?;
    if versioned.bench != VERSION {
        return Err(BenchError::UnknownVersion(versioned.bench));
    }
    Ok(serde_json::from_slice(&bytes)?)
}

/// Reads a run, also one of another machine.
///
/// # Errors
/// Those of [`schema::read_json`]; [`BenchError::Input`] too where there is no such file, or it is
/// larger than any run.
pub fn load(file: &Path) -> Result<Run, BenchError> {
    /// Of a file: a run of 100 candidates has some tens of megabytes.
    const LARGEST: u64 = 1 << 30;

    let input = File::open(file).map_err(BenchError::Input)?;
    schema::read_json(input.take(LARGEST))
}

/// Deletes the file of a run.
///
/// # Errors
/// [`BenchError::Delete`]; one that is gone already is none.
#[expect(
    clippy::disallowed_methods,
    reason = "a run is a file of the program's own, and the user said so"
)]
pub fn delete(file: &Path) -> Result<(), BenchError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BenchError::Delete {
            source: error,
            path: file.to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::reference::Reference;

    fn run(started: &str) -> Run {
        let mut run = Reference::load().unwrap().runs[0].clone();
        run.started = started.parse().unwrap();
        run
    }

    #[test]
    fn runs_are_kept_listed_newest_first_and_deleted_on_request() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data/benchmarks");
        assert_eq!(list(&folder).unwrap(), []);
        let older = save(&folder, &run("2026-03-01T10:00:00Z")).unwrap();
        let newer = save(&folder, &run("2026-03-02T10:00:00Z")).unwrap();
        assert_eq!(newer.file_name().unwrap(), "2026-03-02T10-00-00Z.json");
        // What is none of the program's is no run.
        fs::write(folder.join("notes.txt"), "mine").unwrap();
        let files = || -> Vec<PathBuf> {
            let listed = list(&folder).unwrap().into_iter();
            listed.map(|listed| listed.file).collect()
        };
        assert_eq!(files(), [newer.clone(), older.clone()]);
        assert_eq!(load(&newer).unwrap(), run("2026-03-02T10:00:00Z"));
        delete(&newer).unwrap();
        delete(&newer).unwrap();
        assert_eq!(files(), [older]);
    }

    #[test]
    fn two_runs_of_one_second_are_both_kept_and_one_run_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = run("2026-03-01T10:00:00Z");
        let mut second = first.clone();
        second.finding = "another".into();
        let one = save(folder.path(), &first).unwrap();
        let two = save(folder.path(), &second).unwrap();
        assert_ne!(one, two);
        assert_eq!(load(&one).unwrap(), first);
        assert_eq!(save(folder.path(), &first).unwrap(), one);
        assert_eq!(save(folder.path(), &second).unwrap(), two);
        assert_eq!(list(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_run_of_another_machine_is_imported_and_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("benchmarks");
        let foreign = home.path().join("theirs.json");
        let theirs = run("2026-04-01T10:00:00Z");
        schema::write_json(&theirs, File::create(&foreign).unwrap()).unwrap();
        let imported = import(&folder, &foreign).unwrap();
        assert_eq!(import(&folder, &foreign).unwrap(), imported);
        save(&folder, &run("2026-04-02T10:00:00Z")).unwrap();
        let listed = list(&folder).unwrap();
        let imports: Vec<bool> = listed.iter().map(|listed| listed.is_imported).collect();
        assert_eq!(imports, [false, true]);
        assert_eq!(load(&imported).unwrap(), theirs);
    }

    #[test]
    fn what_cannot_be_read_is_listed_last_with_the_reason_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kept = save(folder.path(), &run("2026-03-01T10:00:00Z")).unwrap();
        let cases = [
            ("a.json", "half of a ru", "no benchmark results"),
            ("b.json", r#"{"bench": 7}"#, "version 7"),
            ("c.json", r#"{"bench": 1}"#, "missing field"),
        ];
        for (name, text, _) in cases {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let listed = list(folder.path()).unwrap();
        assert_eq!(listed.len(), 4);
        assert_eq!(listed[0].file, kept);
        for (listed, (name, text, reason)) in listed[1..].iter().zip(cases) {
            assert_eq!(listed.file, folder.path().join(name));
            let told = listed.head.as_ref().unwrap_err();
            assert!(told.contains(reason), "{told}");
            assert_eq!(fs::read_to_string(&listed.file).unwrap(), text);
        }
        assert!(import(folder.path(), &folder.path().join("a.json")).is_err());
        assert_eq!(list(folder.path()).unwrap().len(), 4);
    }
}
