//! Carries out an approved plan; with its folder the only place that moves or deletes a user's
//! file, also for [`restore`](super::restore) and [`recover`](super::recover).
//!
//! Steps go in batches of 64. What is about to be done stands on the disk before the first file
//! of a batch moves, and how it ended before the first of the next: one flush for both, so that
//! the journal does not set the pace. Each step is checked right before it, and if what stands
//! for its photo is gone right after it, the step is taken back.
//!
//! Deletion and links first move the file to a hidden name beside it, and remove that name when
//! all is checked again: until then an interrupted run can be taken back whole.

mod back;
mod clone;
mod relocate;
mod sidecar;
#[cfg(any(windows, target_os = "macos"))]
mod system_trash;
mod target;
#[cfg(all(unix, not(target_os = "macos")))]
mod trash_folder;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::action::Action;
use super::check::{Checker, Skip, regular};
use super::lock::Lock;
use super::plan::{Approved, Taken};
use super::recover::settle_interrupted;
use super::step::{PlannedFile, Step};
use super::{RemovalError, now_ms};
use crate::library::{FileState, JournalEntry, Ledger, Settled};
pub(super) use back::{
    free_name_beside, is_file_of, move_back, remove_extra, remove_info, remove_partial,
    unlink_from_keeper,
};
pub(super) use clone::has_reflinks;
pub(super) use relocate::sync_folder;
pub(super) use sidecar::undo_rescues;
use target::{Target, Targets};

/// How many steps are written down at once.
const STEPS_A_COMMIT: usize = 64;

/// How far a removal or restoration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps that are done or skipped.
    pub done: u64,
    /// All steps.
    pub of: u64,
    /// Bytes that were moved.
    pub bytes: u64,
    /// The photo that comes next or was the last.
    pub path: PathBuf,
}

/// A photo of the plan that stayed where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The photo.
    pub path: PathBuf,
    /// Why.
    pub reason: Skip,
}

/// What a removal has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The journal's number for it.
    pub session: i64,
    /// Photos that were removed.
    pub photos: u64,
    /// What went with them.
    pub companions: u64,
    /// The bytes of both.
    pub bytes: u64,
    /// Photos of which something that only they knew was written beside their keeper.
    pub rescued: u64,
    /// What stayed, in the order of the plan.
    pub skipped: Vec<Skipped>,
    /// Whether the user stopped it; what comes later in the plan was not looked at.
    pub is_cancelled: bool,
}

/// Does what the plan says, and keeps the journal. What an interrupted run left is put in order
/// first. `cancel` is looked at before each step and while files are read.
///
/// # Errors
/// [`RemovalError::Busy`] if another process is at it, [`RemovalError::Folder`], and
/// [`RemovalError::Journal`] if the journal cannot be written; what was done until then is told
/// and put in order by the next call of this, [`restore`](super::restore) or
/// [`recover`](super::recover).
pub fn execute(
    approved: &Approved,
    ledger: &mut Ledger,
    progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
) -> Result<Outcome, RemovalError> {
    let _lock = Lock::take(ledger.path())?;
    settle_interrupted(ledger)?;
    let plan = approved.plan();
    let mut targets = Targets::new(plan.action(), token())?;
    let session = ledger.begin_removal(plan.action().name(), now_ms())?;
    let mut run = Run {
        action: plan.action(),
        checker: Checker::new(Taken::by(plan), cancel),
        folders: BTreeSet::new(),
        outcome: Outcome {
            session,
            photos: 0,
            companions: 0,
            bytes: 0,
            rescued: 0,
            skipped: Vec::new(),
            is_cancelled: false,
        },
    };
    let (mut done, mut number) = (0, 0);
    let mut settled = Vec::new();
    for steps in plan.steps().chunks(STEPS_A_COMMIT) {
        if cancel.load(Ordering::Relaxed) {
            run.outcome.is_cancelled = true;
            break;
        }
        let mut batch = Vec::new();
        let mut entries = Vec::new();
        for step in steps {
            let found: Result<Vec<Target>, String> =
                step.files().map(|file| targets.of(file)).collect();
            match found {
                Ok(targets) => {
                    for (file, target) in step.files().zip(&targets) {
                        entries.push(entry(number, step, file, target));
                    }
                    batch.push((number, step, targets));
                    number += 1;
                }
                Err(reason) => run.skip(step, Skip::NoTrash(reason)),
            }
        }
        let ids = ledger.journal(session, &settled, &entries)?;
        settled.clear();
        let mut ids = ids.into_iter();
        for (number, step, targets) in &batch {
            let states = if cancel.load(Ordering::Relaxed) {
                run.skip(step, Skip::Cancelled);
                run.outcome.is_cancelled = true;
                all_skipped(targets, &Skip::Cancelled)
            } else {
                run.carry_out(ledger, *number, step, targets)?
            };
            done += 1;
            settled.extend(ids.by_ref().zip(states).map(|(id, (state, note))| Settled {
                id,
                state,
                restored_to: None,
                note,
            }));
            progress(&Progress {
                done,
                of: plan.steps().len() as u64,
                bytes: run.outcome.bytes,
                path: step.photo.path.clone(),
            });
        }
        run.sync_folders();
    }
    ledger.settle_files(&settled)?;
    // Of steps that were left after all.
    undo_rescues(ledger)?;
    ledger.finish_removal(session, now_ms())?;
    Ok(run.outcome)
}

/// One execution at work.
struct Run<'a> {
    action: &'a Action,
    checker: Checker<'a>,
    /// Folders whose names have changed since they were brought to the disk.
    folders: BTreeSet<PathBuf>,
    outcome: Outcome,
}

type State = (FileState, Option<String>);

fn all_skipped(targets: &[Target], reason: &Skip) -> Vec<State> {
    vec![(FileState::Skipped, Some(reason.to_string())); targets.len()]
}

impl Run<'_> {
    fn skip(&mut self, step: &Step, reason: Skip) {
        self.outcome.skipped.push(Skipped {
            path: step.photo.path.clone(),
            reason,
        });
    }

    /// Does one step whole or not at all; how each of its files ended.
    fn carry_out(
        &mut self,
        ledger: &mut Ledger,
        number: u32,
        step: &Step,
        targets: &[Target],
    ) -> Result<Vec<State>, RemovalError> {
        let mut ready = self.checker.check(step);
        if let (Ok(()), Some(plan)) = (&ready, &step.rescue) {
            ready = sidecar::rescue(ledger, self.outcome.session, number, plan)?;
            self.outcome.rescued += u64::from(ready.is_ok() && plan.sidecar.is_ok());
        }
        if let Err(reason) = ready {
            self.outcome.is_cancelled |= reason == Skip::Cancelled;
            let states = all_skipped(targets, &reason);
            self.skip(step, reason);
            return Ok(states);
        }
        let mut moved = 0;
        let result = step
            .files()
            .zip(targets)
            .try_for_each(|(file, target)| {
                self.act(file, target)?;
                moved += 1;
                Ok(())
            })
            .and_then(|()| self.checker.still_stands(step))
            .and_then(|()| self.conclude(step, targets));
        Ok(match result {
            Ok(()) => {
                self.outcome.photos += 1;
                self.outcome.companions += step.companions.len() as u64;
                self.outcome.bytes += step.bytes();
                vec![(FileState::Removed, None); targets.len()]
            }
            Err(reason) => {
                let states = self.take_back(step, targets, moved, &reason);
                self.skip(step, reason);
                states
            }
        })
    }

    /// Moves one file to its place.
    fn act(&mut self, file: &PlannedFile, target: &Target) -> Result<(), Skip> {
        self.folders.extend(file.path.parent().map(Path::to_owned));
        move_to(&file.path, target).map_err(|error| {
            Skip::Failed(format!("cannot move it ({error}): {}", file.path.display()))
        })?;
        let place = target.path.as_deref().and_then(Path::parent);
        let info = target.info().and_then(Path::parent);
        self.folders
            .extend(place.into_iter().chain(info).map(Path::to_owned));
        Ok(())
    }

    /// What follows when all files of the step are out of the way: the link to the keeper, and
    /// the end of what was moved aside.
    fn conclude(&self, step: &Step, targets: &[Target]) -> Result<(), Skip> {
        if matches!(self.action, Action::Trash | Action::MoveTo(_)) {
            return Ok(());
        }
        let path = &step.photo.path;
        let failed = |what: &str, error: &io::Error| {
            Skip::Failed(format!("cannot {what} it ({error}): {}", path.display()))
        };
        for (file, target) in step.files().zip(targets) {
            let now = target.path.as_deref().map(regular);
            let is_same = now.is_some_and(|now| {
                now.is_ok_and(|now| {
                    (now.inode, now.size, now.modified_ns)
                        == (file.stamp.inode, file.stamp.size, file.stamp.modified_ns)
                })
            });
            if !is_same {
                return Err(Skip::Changed(file.path.clone()));
            }
        }
        if *self.action == Action::HardLink {
            fs::hard_link(&step.keeper.path, path).map_err(|error| failed("link", &error))?;
        }
        if let (Action::Reflink(_), Some(like)) = (
            self.action,
            targets.first().and_then(|target| target.path.as_deref()),
        ) {
            clone::clone_to(&step.keeper.path, path, like)
                .map_err(|error| failed("make a reflink of", &error))?;
        }
        for place in targets.iter().filter_map(|target| target.path.as_deref()) {
            relocate::remove(place).map_err(|error| failed("remove", &error))?;
        }
        Ok(())
    }

    /// Brings back the first `moved` files of a step that went wrong.
    fn take_back(
        &self,
        step: &Step,
        targets: &[Target],
        moved: usize,
        reason: &Skip,
    ) -> Vec<State> {
        let mut states = all_skipped(targets, reason);
        let files = step.files().zip(targets).zip(&mut states);
        for ((file, target), state) in files.take(moved) {
            if let Err(error) = self.bring_back(step, file, target) {
                // The truth: it is not where it was, and can be restored later.
                *state = (
                    FileState::Removed,
                    Some(format!("{reason}; it could not be brought back: {error}")),
                );
            }
        }
        states
    }

    /// Brings one file back; a link to the keeper that has its name by now is replaced.
    fn bring_back(&self, step: &Step, file: &PlannedFile, target: &Target) -> io::Result<()> {
        if *self.action == Action::HardLink
            && let Some(place) = &target.path
            && let (Ok(now), Ok(keeper)) = (regular(&file.path), regular(&step.keeper.path))
            && (now.device, now.inode) == (keeper.device, keeper.inode)
        {
            return relocate::replace(place, &file.path);
        }
        if matches!(self.action, Action::Reflink(_))
            && let Some(place) = &target.path
            && regular(&file.path).is_ok()
        {
            // The reflink that was made, and nothing else.
            remove_extra(&file.path, place)?;
        }
        move_back(&file.path, target.path.as_deref(), target.info(), None)
    }

    fn sync_folders(&mut self) {
        for folder in std::mem::take(&mut self.folders) {
            // A folder that cannot be brought to the disk now (gone, not readable) is brought
            // there by the system a little later; only a power cut in between would show it, and
            // then the journal is compared with the disk.
            sync_folder(&folder).ok();
        }
    }
}

/// Moves a file to its place, with the trash's note on it.
#[cfg(all(unix, not(target_os = "macos")))]
fn move_to(path: &Path, target: &Target) -> io::Result<()> {
    if let Some(place) = &target.in_trash {
        trash_folder::write_info(place, path)?;
    }
    let result = move_to_place(path, target);
    if let (Err(_), Some(info)) = (&result, target.info()) {
        // Best effort: a note without a file says nothing to anybody.
        relocate::remove(info).ok();
    }
    result
}

/// Moves a file to its place.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn move_to(path: &Path, target: &Target) -> io::Result<()> {
    if target.path.is_none() {
        return system_trash::put(path);
    }
    move_to_place(path, target)
}

fn move_to_place(path: &Path, target: &Target) -> io::Result<()> {
    let place = target.path.as_deref().ok_or(io::ErrorKind::NotFound)?;
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    relocate::relocate(path, place)
}

/// Eight characters that no other run has.
fn token() -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&std::process::id().to_le_bytes());
    let time = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    hasher.update(&time.as_nanos().to_le_bytes());
    hasher.finalize().to_hex().chars().take(8).collect()
}

fn entry(number: u32, step: &Step, file: &PlannedFile, target: &Target) -> JournalEntry {
    let twin = file.twin.as_ref().map(|twin| twin.path.clone());
    JournalEntry {
        step: number,
        kind: match file.kind {
            None => "photo".to_owned(),
            Some(kind) => kind.words().to_owned(),
        },
        source: file.path.clone(),
        destination: target.path.clone(),
        info: target.info().map(Path::to_owned),
        keeper: twin.unwrap_or_else(|| step.keeper.path.clone()),
        content: file.content,
        bytes: file.stamp.size,
        modified_ns: file.stamp.modified_ns,
        mode: mode(&file.path),
        evidence: step.keeper.evidence.name().to_owned(),
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    // What cannot be looked at is skipped in a moment.
    fs::symlink_metadata(path).map_or(0o644, |metadata| metadata.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> u32 {
    0
}
