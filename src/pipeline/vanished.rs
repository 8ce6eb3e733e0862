//! Folders that go away under a scan: moved, deleted, or their drive unplugged.
//!
//! Ten thousand photos that cannot be read any more are one thing that happened, so they are told
//! as one: the topmost folder that is gone, with the number of photos in it. Where a drive was
//! unmounted the folder that it stood at is still there, and empty.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::photo::{Problem, ProblemKind};

/// The folders that went away, as readers meet them.
#[derive(Debug)]
pub(super) struct Vanished<'a> {
    /// What was walked: nothing above is looked at.
    roots: &'a [PathBuf],
    found: Mutex<BTreeMap<PathBuf, Loss>>,
}

/// What is left of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Loss {
    Gone,
    Emptied,
    /// The system's words.
    Failing(String),
}

impl<'a> Vanished<'a> {
    pub(super) fn new(roots: &'a [PathBuf]) -> Self {
        Self {
            roots,
            found: Mutex::default(),
        }
    }

    /// Looks at the folders of a file that could not be read, if that may be their fault.
    pub(super) fn look_at(&self, problem: &Problem) {
        if !is_of_the_place(problem.kind) || self.folder_of(&problem.path).is_some() {
            return;
        }
        let folders = problem.path.ancestors().skip(1);
        let walked = folders.take_while(|folder| self.roots.iter().any(|r| folder.starts_with(r)));
        let topmost = walked
            .filter_map(|folder| Some((folder, loss(folder)?)))
            .last();
        if let Some((folder, loss)) = topmost {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(folder.to_owned(), loss);
        }
    }

    /// The topmost vanished folder that a file lies in.
    fn folder_of(&self, path: &Path) -> Option<PathBuf> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = path.ancestors().skip(1);
        let vanished = folders.filter(|folder| found.contains_key(*folder));
        vanished.last().map(Path::to_path_buf)
    }

    /// Takes the files in vanished folders out of the problems, and gives one problem a folder
    /// instead. A file that went away alone stays a problem of its own.
    pub(super) fn gather(&self, problems: &mut BTreeMap<usize, Problem>) -> Vec<Problem> {
        let mut folders: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (position, problem) in problems.iter() {
            if is_of_the_place(problem.kind)
                && let Some(folder) = self.folder_of(&problem.path)
            {
                folders.entry(folder).or_default().push(*position);
            }
        }
        folders.retain(|_, files| files.len() > 1);
        for position in folders.values().flatten() {
            problems.remove(position);
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let told = folders.into_iter().filter_map(|(folder, files)| {
            let loss = found.get(&folder)?;
            Some(loss.problem(folder, files.len()))
        });
        told.collect()
    }
}

impl Loss {
    fn problem(&self, path: PathBuf, files: usize) -> Problem {
        let (kind, what) = match self {
            Self::Gone => (
                ProblemKind::Vanished,
                "the folder went away during the scan (moved, or its drive was unplugged)"
                    .to_owned(),
            ),
            Self::Emptied => (
                ProblemKind::Vanished,
                "the folder was emptied during the scan (its drive was unmounted, or the photos \
                 were moved)"
                    .to_owned(),
            ),
            Self::Failing(reason) => (
                ProblemKind::Io,
                format!("the folder could not be read any more during the scan ({reason})"),
            ),
        };
        Problem {
            path,
            kind,
            message: format!(
                "{what}; {files} files in it were not read: scan again when it is back"
            ),
        }
    }
}

/// Whether a file may have failed because its folder is no longer there.
fn is_of_the_place(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Vanished | ProblemKind::Io)
}

/// What became of a folder, if anything did.
fn loss(folder: &Path) -> Option<Loss> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Some(Loss::Emptied),
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(Loss::Failing(error.to_string())),
        },
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Some(Loss::Gone),
            // Then its files would have said so.
            ErrorKind::PermissionDenied => None,
            _ => Some(Loss::Failing(error.to_string())),
        },
    }
}
