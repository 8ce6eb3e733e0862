//! `twinlens restore`: lists what was removed and brings it back.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use indicatif::HumanBytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::remove::tell_recovered;
use super::{CliError, Context, INTERRUPTED, LibraryFile, draw};
use crate::library::{FileState, Ledger};
use crate::removal::{self, OnConflict, RemovalError, Selection};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub(super) struct RestoreArgs {
    /// Bring back the last removal
    #[arg(long, group = "what")]
    last: bool,
    /// List the removals, the latest first
    #[arg(long, group = "what")]
    list: bool,
    /// Bring back this removal
    #[arg(long, group = "what", value_name = "N")]
    session: Option<i64>,
    /// Bring back the file that was here, with what went with it
    #[arg(long, group = "what", value_name = "PATH")]
    file: Option<PathBuf>,
    /// With --list: write every file of every removal to this table instead
    #[arg(long, value_name = "FILE", requires = "list")]
    csv: Option<PathBuf>,
    /// Where a name is taken, give the file a name beside it
    #[arg(long)]
    rename: bool,
    #[command(flatten)]
    library: LibraryFile,
}

/// Runs `twinlens restore`.
pub(super) fn run(args: &RestoreArgs, context: &Context) -> Result<(), CliError> {
    let file = context.library_file(args.library.library.clone());
    let mut out = std::io::stdout().lock();
    let Some(mut ledger) = Ledger::open_existing(&file)? else {
        if args.list {
            writeln!(out, "nothing was removed yet")?;
            return Ok(());
        }
        return Err(RemovalError::NothingToRestore.into());
    };
    tell_recovered(removal::recover(&mut ledger))?;
    if let Some(table) = &args.csv {
        removal::export_csv(&ledger, table)?;
        return Ok(());
    }
    if args.list {
        return list(&ledger, &mut out);
    }
    let selection = match (&args.file, args.session) {
        (Some(path), _) => of_file(&ledger, path)?,
        (None, Some(session)) => Selection::Session(session),
        (None, None) => Selection::Last,
    };
    let conflict = if args.rename {
        OnConflict::Rename
    } else {
        OnConflict::Leave
    };
    let mut drawing = draw::Drawing::new(false);
    let restored = removal::restore(
        &mut ledger,
        &selection,
        conflict,
        &mut |progress| {
            drawing.show(|| format!("restoring: {} of {}", progress.done, progress.of));
        },
        &INTERRUPTED,
    );
    drawing.finish();
    let restored = restored?;
    for (old, new) in &restored.renamed {
        eprintln!("renamed: {}: now {}", old.display(), new.display());
    }
    for failed in &restored.failed {
        eprintln!("left: {}: {}", failed.path.display(), failed.reason);
    }
    let bytes = HumanBytes(restored.bytes);
    writeln!(out, "restored {} files ({bytes})", restored.files.len())?;
    out.flush()?;
    if restored.is_cancelled {
        Err(CliError::Stopped)
    } else if restored.failed.is_empty() {
        Ok(())
    } else {
        Err(CliError::NotRestored(restored.failed.len()))
    }
}

fn list(ledger: &Ledger, out: &mut impl Write) -> Result<(), CliError> {
    let zone = TimeZone::system();
    let sessions = ledger.removal_sessions()?;
    if sessions.is_empty() {
        writeln!(out, "nothing was removed yet")?;
    }
    for session in sessions {
        let started = Timestamp::from_millisecond(session.started_ms).unwrap_or_default();
        writeln!(
            out,
            "{:>4}  {}  {:<9}  {} removed ({}), {} restored, {} left, {} missing{}",
            session.id,
            zone.to_datetime(started).strftime("%Y-%m-%d %H:%M:%S"),
            session.action,
            session.removed,
            HumanBytes(session.removed_bytes),
            session.restored,
            session.skipped,
            session.missing,
            if session.finished_ms.is_some() {
                ""
            } else {
                ", interrupted"
            },
        )?;
    }
    out.flush()?;
    Ok(())
}

/// The last removal of the file that was at `path`, with all files of its step.
fn of_file(ledger: &Ledger, path: &Path) -> Result<Selection, CliError> {
    let path = absolute(path)?;
    for session in ledger.removal_sessions()? {
        let files = ledger.removal_files(session.id)?;
        let step = files
            .iter()
            .find(|file| file.entry.source == path && file.state == FileState::Removed)
            .map(|file| file.entry.step);
        if let Some(step) = step {
            let with = files.into_iter().filter(|file| file.entry.step == step);
            return Ok(Selection::Files(with.collect()));
        }
    }
    Err(RemovalError::NothingToRestore.into())
}

/// The path as the journal has it: with the links in its folder resolved, if that is there.
fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let absolute = std::path::absolute(path)?;
    let folder = absolute
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    Ok(folder
        .zip(absolute.file_name())
        .map(|(folder, name)| folder.join(name))
        .unwrap_or(absolute))
}
