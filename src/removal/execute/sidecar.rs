//! Writes what a removed photo alone knows beside its keeper, and takes it back.
//!
//! A sidecar is replaced in one step, so that it is whole at every moment, and only where it still
//! is what was read. What is taken back must be what was written: a sidecar that another program
//! has changed since is left, for its words are somebody's.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::super::check::{Skip, regular};
use super::super::rescue::{RescuePlan, merged};
use super::back::remove_partial;
use super::relocate::{self, partial_name, relocate, sync_folder};
use crate::library::{Ledger, LibraryError, Rescue, RescueEntry};
use crate::photo::ContentHash;

/// Writes down what is about to be written, and writes it.
pub(super) fn rescue(
    ledger: &mut Ledger,
    session: i64,
    step: u32,
    plan: &RescuePlan,
) -> Result<Result<(), Skip>, LibraryError> {
    // What cannot be written was said before, and the user went on.
    let Ok(sidecar) = &plan.sidecar else {
        return Ok(Ok(()));
    };
    let failed = |reason: String| Skip::Rescue {
        sidecar: sidecar.clone(),
        reason,
    };
    let (before, after) = match merged(sidecar, &plan.facts) {
        Ok(merged) => merged,
        Err(reason) => return Ok(Err(failed(reason))),
    };
    // An earlier step of this run has written the same.
    if before.as_deref() == Some(&after) {
        return Ok(Ok(()));
    }
    let entry = RescueEntry {
        sidecar: sidecar.clone(),
        before_modified_ns: regular(sidecar).ok().map(|stamp| stamp.modified_ns),
        before: before.map(String::into_bytes),
        after: hash_of(after.as_bytes()),
    };
    ledger.begin_rescue(session, step, &entry)?;
    let written = put(sidecar, entry.before.as_deref(), after.as_bytes(), None);
    Ok(written.map_err(|error| failed(error.to_string())))
}

/// Puts back the sidecars of which nothing of the step is removed any more. Returns those that
/// were left, with the reason.
pub(in crate::removal) fn undo_rescues(
    ledger: &mut Ledger,
) -> Result<Vec<(std::path::PathBuf, String)>, LibraryError> {
    let mut left = Vec::new();
    for rescue in ledger.rescues_to_undo()? {
        let undone = undo(&rescue);
        let reason = undone.err().map(|error| error.to_string());
        ledger.settle_rescue(rescue.id, reason.as_deref())?;
        left.extend(reason.map(|reason| (rescue.entry.sidecar, reason)));
    }
    Ok(left)
}

fn undo(rescue: &Rescue) -> io::Result<()> {
    let entry = &rescue.entry;
    // What was being written when the program ended.
    remove_partial(&entry.sidecar);
    let now = match fs::read(&entry.sidecar) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // It was never written, or somebody has taken it back.
    if now == entry.before {
        return Ok(());
    }
    let Some(now) = now.filter(|now| hash_of(now) == entry.after) else {
        return Err(io::Error::other(
            "it has changed since, and is left as it is",
        ));
    };
    if let Some(before) = &entry.before {
        return put(&entry.sidecar, Some(&now), before, entry.before_modified_ns);
    }
    relocate::remove(&entry.sidecar)?;
    entry.sidecar.parent().map_or(Ok(()), sync_folder)
}

/// Replaces `before`, or nothing, by `after`, with a time of modification if one is given.
fn put(path: &Path, before: Option<&[u8]>, after: &[u8], modified: Option<i64>) -> io::Result<()> {
    let partial = partial_name(path);
    let made = write(&partial, path, before, after, modified);
    if made.is_err() {
        // Best effort: it is hidden, and goes when the rescue is undone.
        relocate::remove(&partial).ok();
    }
    made
}

fn write(
    partial: &Path,
    path: &Path,
    before: Option<&[u8]>,
    after: &[u8],
    modified: Option<i64>,
) -> io::Result<()> {
    // One that an earlier run left under this name is nobody's.
    match relocate::remove(partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).open(partial)?;
    file.write_all(after)?;
    if let Some(at) = modified.and_then(|at| u64::try_from(at).ok()) {
        file.set_modified(UNIX_EPOCH + Duration::from_nanos(at))?;
    }
    if before.is_some() {
        file.set_permissions(fs::symlink_metadata(path)?.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    match before {
        None => relocate(partial, path)?,
        Some(before) if regular(path).is_ok() && fs::read(path)? == before => {
            relocate::replace(partial, path)?;
        }
        Some(_) => return Err(io::Error::other("it has changed meanwhile")),
    }
    path.parent().map_or(Ok(()), sync_folder)
}

fn hash_of(bytes: &[u8]) -> ContentHash {
    ContentHash(*blake3::hash(bytes).as_bytes())
}
