//! Brings removed files back: the bytes, the name, the time.
//!
//! Nothing is ever overwritten: where a name is taken by now, the file stays in the trash or gets
//! a name beside it, as the user wishes. Folders that are gone are made again. Each file is
//! written down as on its way before it moves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::RemovalError;
use super::check::regular;
use super::execute::{
    Progress, free_name_beside, is_file_of, move_back, sync_folder, undo_rescues,
    unlink_from_keeper,
};
use super::lock::Lock;
use super::recover::{is_link_to_keeper, settle_interrupted};
use crate::library::{FileState, JournalFile, Ledger, Settled};

/// How many files are written down at once.
const FILES_A_COMMIT: usize = 64;

/// Why a file is left where another has its name.
const NAME_TAKEN: &str = "there is another file of its name";

/// What is to be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of the latest session that has left something behind.
    Last,
    /// All of this session.
    Session(i64),
    /// These rows of the journal.
    Files(Vec<JournalFile>),
}

/// What is done where a file's old name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The file stays where it is.
    Leave,
    /// It gets a name beside it: `a (restored).jpg`.
    Rename,
}

/// A file that was not brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRestored {
    /// Where it belongs.
    pub path: PathBuf,
    /// Why, in one sentence.
    pub reason: String,
    /// Whether it could come back under another name: another file has its own.
    pub is_name_taken: bool,
}

/// What was brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Where each file is now, in the order of the journal.
    pub files: Vec<PathBuf>,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them whose old name was taken, and their old names.
    pub renamed: Vec<(PathBuf, PathBuf)>,
    /// What was not.
    pub failed: Vec<NotRestored>,
    /// Whether the user stopped it.
    pub is_cancelled: bool,
}

/// Brings files back. `cancel` is looked at before each file.
///
/// # Errors
/// [`RemovalError::NothingToRestore`] and [`RemovalError::NoSession`] if `what` names nothing,
/// [`RemovalError::Busy`], [`RemovalError::Journal`].
pub fn restore(
    ledger: &mut Ledger,
    what: &Selection,
    conflict: OnConflict,
    progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
) -> Result<Restored, RemovalError> {
    let _lock = Lock::take(ledger.path())?;
    settle_interrupted(ledger)?;
    let files = select(ledger, what)?;
    let mut restored = Restored::default();
    let mut done = 0;
    for batch in files.chunks(FILES_A_COMMIT) {
        let targets: Vec<Result<PathBuf, String>> =
            batch.iter().map(|file| target(file, conflict)).collect();
        let on_their_way = batch.iter().zip(&targets).filter_map(|(file, target)| {
            let target = target.as_ref().ok()?;
            Some(settled(
                file,
                FileState::Restoring,
                Some(target.clone()),
                None,
            ))
        });
        let on_their_way: Vec<Settled> = on_their_way.collect();
        ledger.settle_files(&on_their_way)?;
        let mut ended = Vec::new();
        let mut folders = BTreeSet::new();
        for (file, target) in batch.iter().zip(targets) {
            let is_moving = target.is_ok();
            let result = target.and_then(|target| {
                if cancel.load(Ordering::Relaxed) {
                    restored.is_cancelled = true;
                    return Err("cancelled before it".to_owned());
                }
                bring_back(file, &target).map(|()| target)
            });
            done += 1;
            match result {
                Ok(target) => {
                    let places = [Some(target.as_path()), file.entry.destination.as_deref()];
                    let all = places.into_iter().flatten().filter_map(Path::parent);
                    folders.extend(all.map(Path::to_owned));
                    restored.add(file, &target);
                    ended.push(settled(file, FileState::Restored, Some(target), None));
                }
                Err(reason) => {
                    if is_moving {
                        ended.push(settled(
                            file,
                            FileState::Removed,
                            None,
                            Some(reason.clone()),
                        ));
                    }
                    restored.failed.push(NotRestored {
                        path: file.entry.source.clone(),
                        is_name_taken: reason == NAME_TAKEN,
                        reason,
                    });
                }
            }
            progress(&Progress {
                done,
                of: files.len() as u64,
                bytes: restored.bytes,
                path: file.entry.source.clone(),
            });
        }
        for folder in folders {
            // The system does it a little later where it cannot be done now.
            sync_folder(&folder).ok();
        }
        ledger.settle_files(&ended)?;
        if restored.is_cancelled {
            break;
        }
    }
    for (sidecar, reason) in undo_rescues(ledger)? {
        restored.failed.push(NotRestored {
            path: sidecar,
            reason,
            is_name_taken: false,
        });
    }
    Ok(restored)
}

impl Restored {
    fn add(&mut self, file: &JournalFile, target: &Path) {
        self.bytes += file.entry.bytes;
        if target != file.entry.source {
            self.renamed
                .push((file.entry.source.clone(), target.to_owned()));
        }
        self.files.push(target.to_owned());
    }
}

fn select(ledger: &Ledger, what: &Selection) -> Result<Vec<JournalFile>, RemovalError> {
    let sessions = ledger.removal_sessions()?;
    let of_session = |session: i64| -> Result<Vec<JournalFile>, RemovalError> {
        Ok(ledger.removal_files(session)?)
    };
    let mut files = match what {
        Selection::Last => {
            let last = sessions
                .iter()
                .find(|session| session.removed > 0 && session.action != "delete");
            of_session(last.ok_or(RemovalError::NothingToRestore)?.id)?
        }
        Selection::Session(id) => {
            if !sessions.iter().any(|session| session.id == *id) {
                return Err(RemovalError::NoSession(*id));
            }
            of_session(*id)?
        }
        Selection::Files(chosen) => {
            // Read again: what the caller holds may be old.
            let ids: BTreeSet<i64> = chosen.iter().map(|file| file.id).collect();
            let of: BTreeSet<i64> = chosen.iter().map(|file| file.session).collect();
            let mut files = Vec::new();
            for session in of {
                files.extend(of_session(session)?);
            }
            files.retain(|file| ids.contains(&file.id));
            files
        }
    };
    files.retain(|file| file.state == FileState::Removed);
    if files.is_empty() {
        return Err(RemovalError::NothingToRestore);
    }
    Ok(files)
}

/// Where the file is brought back to, or why it cannot be.
fn target(file: &JournalFile, conflict: OnConflict) -> Result<PathBuf, String> {
    let entry = &file.entry;
    if is_link_to_keeper(file) {
        return Ok(entry.source.clone());
    }
    let is_taken = std::fs::symlink_metadata(&entry.source).is_ok();
    if let Some(place) = entry
        .destination
        .as_deref()
        .filter(|place| regular(place).is_err())
    {
        // Another program, a file manager or the user, may have brought it back.
        return if is_taken && is_file_of(&entry.source, file) {
            Ok(entry.source.clone())
        } else {
            Err(format!("it is not there any more: {}", place.display()))
        };
    }
    match conflict {
        _ if !is_taken => Ok(entry.source.clone()),
        OnConflict::Leave => Err(NAME_TAKEN.to_owned()),
        OnConflict::Rename => Ok(free_name_beside(&entry.source)),
    }
}

fn bring_back(file: &JournalFile, target: &Path) -> Result<(), String> {
    let entry = &file.entry;
    let place = entry.destination.as_deref();
    let result = if is_link_to_keeper(file) {
        unlink_from_keeper(file)
    } else if place.is_some_and(|place| regular(place).is_err()) && is_file_of(target, file) {
        Ok(())
    } else {
        move_back(target, place, entry.info.as_deref(), Some(file))
    };
    result.map_err(|error| format!("it cannot be brought back: {error}"))
}

fn settled(
    file: &JournalFile,
    state: FileState,
    restored_to: Option<PathBuf>,
    note: Option<String>,
) -> Settled {
    Settled {
        id: file.id,
        state,
        restored_to,
        note,
    }
}
