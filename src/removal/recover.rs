//! Puts in order what an interrupted removal or restoration left.
//!
//! The journal says which files were about to move; the disk says which have. A step of which
//! all files have moved is done. Of any other the moved files go back: that is the safe side, and
//! the step can be planned again. What is in neither place is told as missing and nothing is
//! done about it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::RemovalError;
use super::check::regular;
use super::execute::{
    is_file_of, move_back, remove_extra, remove_info, remove_partial, undo_rescues,
};
use super::lock::Lock;
use crate::library::{FileState, JournalFile, Ledger, Settled};

/// What was put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Files whose removal or restoration was found to be complete.
    pub finished: u64,
    /// Files that are where they were before the interrupted step.
    pub reverted: u64,
    /// Files that are in neither place; the journal says which.
    pub missing: u64,
}

/// Puts in order what an earlier run left; to be called when the program starts. Quick if there
/// is nothing.
///
/// # Errors
/// [`RemovalError::Busy`] if another process is at work (then there is nothing to put in order
/// yet), [`RemovalError::Journal`].
pub fn recover(ledger: &mut Ledger) -> Result<Recovered, RemovalError> {
    let _lock = Lock::take(ledger.path())?;
    settle_interrupted(ledger)
}

/// As [`recover`], for one who holds the lock.
pub(super) fn settle_interrupted(ledger: &mut Ledger) -> Result<Recovered, RemovalError> {
    let mut recovered = Recovered::default();
    let mut steps: BTreeMap<(i64, u32), Vec<JournalFile>> = BTreeMap::new();
    for file in ledger.unsettled_files()? {
        let step = (file.session, file.entry.step);
        steps.entry(step).or_default().push(file);
    }
    if steps.is_empty() {
        undo_rescues(ledger)?;
        return Ok(recovered);
    }
    let actions: HashMap<i64, String> = ledger
        .removal_sessions()?
        .into_iter()
        .map(|session| (session.id, session.action))
        .collect();
    let mut settled = Vec::new();
    for ((session, _), files) in steps {
        let action = actions.get(&session).map_or("", String::as_str);
        let (restoring, intended): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| file.state == FileState::Restoring);
        settled.extend(restoring.iter().map(|file| settle_restoring(file, action)));
        settled.extend(settle_removing(&intended, action));
    }
    for file in &settled {
        match (file.state, file.note.as_deref()) {
            (FileState::Missing, _) => recovered.missing += 1,
            (FileState::Restored, _) | (FileState::Removed, None) => recovered.finished += 1,
            _ => recovered.reverted += 1,
        }
    }
    ledger.settle_files(&settled)?;
    undo_rescues(ledger)?;
    Ok(recovered)
}

/// Where a file is, of its old and its new place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Old,
    New,
    Neither,
}

fn settle_removing(files: &[JournalFile], action: &str) -> Vec<Settled> {
    let places: Vec<Place> = files.iter().map(|file| place(file, action)).collect();
    let all = |wanted| places.iter().all(|&place| place == wanted);
    // What was moved aside to be deleted or linked is not done before it is gone.
    let is_aside = matches!(action, "delete" | "hard-link" | "reflink");
    let is_done = if is_aside {
        all(Place::Neither)
    } else {
        all(Place::New)
    };
    files
        .iter()
        .zip(places)
        .map(|(file, place)| {
            if is_done {
                return settled(file, FileState::Removed, None);
            }
            match place {
                Place::New => back(file),
                Place::Old => {
                    if let Some(info) = &file.entry.info {
                        remove_info(info);
                    }
                    settled(file, FileState::Skipped, Some(INTERRUPTED.to_owned()))
                }
                Place::Neither if action == "delete" => settled(file, FileState::Removed, None),
                Place::Neither => settled(
                    file,
                    FileState::Missing,
                    Some(
                        "interrupted; it is neither where it was nor where it was to go".to_owned(),
                    ),
                ),
            }
        })
        .collect()
}

const INTERRUPTED: &str = "interrupted; it is where it was";

/// Brings a file of an unfinished step back.
fn back(file: &JournalFile) -> Settled {
    let entry = &file.entry;
    let moved = move_back(
        &entry.source,
        entry.destination.as_deref(),
        entry.info.as_deref(),
        Some(file),
    );
    match moved {
        Ok(()) => settled(file, FileState::Skipped, Some(INTERRUPTED.to_owned())),
        Err(error) => settled(
            file,
            FileState::Removed,
            Some(format!(
                "interrupted; it could not be brought back: {error}"
            )),
        ),
    }
}

/// Where the file is; of two equal copies one is removed.
fn place(file: &JournalFile, action: &str) -> Place {
    let entry = &file.entry;
    let is_there = |path: &Path| regular(path).is_ok();
    let Some(new) = entry.destination.as_deref() else {
        // The system's trash does not tell.
        return if is_there(&entry.source) {
            Place::Old
        } else {
            Place::New
        };
    };
    remove_partial(new);
    let old = entry.source.as_path();
    match (is_there(old), is_there(new)) {
        (true, false) if action == "hard-link" && is_link_to_keeper(file) => Place::Neither,
        (true, false) => Place::Old,
        (false, true) => Place::New,
        (false, false) => Place::Neither,
        (true, true) if action == "hard-link" && is_link_to_keeper(file) => {
            // Linked, and what was moved aside has the same bytes: only its end is missing.
            match remove_extra(new, old) {
                Ok(()) => Place::Neither,
                Err(_differs) => Place::New,
            }
        }
        (true, true) => {
            // A copy that was complete but for the end of its original, or an empty file that
            // held the name. Else there is another file in one of the places: see which is it.
            if remove_extra(new, old).is_ok() || is_file_of(old, file) || !is_file_of(new, file) {
                Place::Old
            } else {
                Place::New
            }
        }
    }
}

/// Whether the file's name is by now another name of its keeper.
pub(super) fn is_link_to_keeper(file: &JournalFile) -> bool {
    let (Ok(own), Ok(keeper)) = (regular(&file.entry.source), regular(&file.entry.keeper)) else {
        return false;
    };
    own.inode != 0 && (own.device, own.inode) == (keeper.device, keeper.inode)
}

fn settle_restoring(file: &JournalFile, action: &str) -> Settled {
    let entry = &file.entry;
    let target = file.restored_to.as_deref().unwrap_or(&entry.source);
    remove_partial(target);
    if action == "hard-link" {
        let state = if is_link_to_keeper(file) {
            FileState::Removed
        } else {
            FileState::Restored
        };
        return settled(file, state, None);
    }
    let is_back = regular(target).is_ok();
    let (state, note) = match entry.destination.as_deref() {
        None if is_back => (FileState::Restored, None),
        None => (FileState::Removed, None),
        Some(place) => match (is_back, regular(place).is_ok()) {
            (true, false) => {
                if let Some(info) = &entry.info {
                    remove_info(info);
                }
                (FileState::Restored, None)
            }
            // An empty file that held the name goes; of two copies the one in the new place.
            (true, true) if entry.bytes > 0 && remove_extra(place, target).is_ok() => {
                if let Some(info) = &entry.info {
                    remove_info(info);
                }
                (FileState::Restored, None)
            }
            (true, true) => {
                // Fails where there is something else, which is then in the way as before.
                remove_extra(target, place).ok();
                (FileState::Removed, None)
            }
            (false, true) => (FileState::Removed, None),
            (false, false) => (
                FileState::Missing,
                Some("interrupted; it is neither where it lay nor where it belongs".to_owned()),
            ),
        },
    };
    Settled {
        restored_to: (state == FileState::Restored).then(|| target.to_owned()),
        ..settled(file, state, note)
    }
}

fn settled(file: &JournalFile, state: FileState, note: Option<String>) -> Settled {
    Settled {
        id: file.id,
        state,
        restored_to: None,
        note,
    }
}
