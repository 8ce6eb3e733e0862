//! `twinlens remove`: takes the surplus copies of a report away, or says what would be done.
//!
//! Only photos with verdict `remove` are taken, each with the photo of its shot that it is a copy
//! of. The report says nothing of times, so each photo's bytes are read again before it goes.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use indicatif::HumanBytes;

use super::{CliError, Context, INTERRUPTED, LibraryFile, draw};
use crate::library::Ledger;
use crate::matching::{Evidence, MemberVerdict};
use crate::photo::ContentHash;
use crate::removal::{
    self, Action, Outcome, Plan, Recovered, Reflinks, RemovalError, Stand, Surplus,
};
use crate::report::{self, Report, ReportShot};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one a switch")]
#[command(group(ArgGroup::new("act").required(true)))]
pub(super) struct RemoveArgs {
    /// A report of `twinlens scan --json`
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// Say what would be done, and do nothing
    #[arg(long, group = "act")]
    plan: bool,
    /// Move to the system's trash
    #[arg(long, group = "act")]
    trash: bool,
    /// Move below this folder, with the whole path kept
    #[arg(long, group = "act", value_name = "DIR")]
    move_to: Option<PathBuf>,
    /// Make each identical copy another name of its keeper
    #[arg(long, group = "act")]
    hard_link: bool,
    /// Write what only a removed photo knows (capture date, position, rating, keywords, albums)
    /// into an XMP sidecar beside its keeper
    #[arg(long, conflicts_with_all = ["hard_link", "reflink"])]
    rescue_metadata: bool,
    /// Let each identical copy share the bytes of its keeper until one of them changes, on file
    /// systems that can (Btrfs, XFS, APFS, ReFS)
    #[arg(long, group = "act")]
    reflink: bool,
    /// The weakest evidence that is enough
    #[arg(long, value_enum, default_value = "same-shot")]
    evidence: EvidenceArg,
    #[command(flatten)]
    library: LibraryFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EvidenceArg {
    /// Equal bytes
    IdenticalFile,
    /// Equal bytes or equal pixels
    Identical,
    /// One exposure
    SameShot,
}

/// Runs `twinlens remove`.
pub(super) fn run(args: &RemoveArgs, context: &Context) -> Result<(), CliError> {
    let library = context.library_file(args.library.library.clone());
    let report = read(args)?;
    // A plan alone makes no library.
    let mut ledger = if args.plan {
        Ledger::open_existing(&library)?
    } else {
        Some(Ledger::open(&library)?)
    };
    if let Some(ledger) = &mut ledger {
        tell_recovered(removal::recover(ledger))?;
    }
    let protected = match &ledger {
        Some(ledger) => ledger
            .folders()?
            .into_iter()
            .filter(|folder| folder.is_protected)
            .map(|folder| folder.path)
            .collect(),
        None => Vec::new(),
    };
    let surveyed = removal::survey(&surplus(&report), &protected, &INTERRUPTED)?;
    let action = if args.reflink {
        Action::Reflink(Reflinks::of(&surveyed))
    } else {
        action(args)
    };
    let mut plan = Plan::build(surveyed, action, evidence(args.evidence));
    if args.rescue_metadata {
        plan.look_for_rescue(&mut |_| (), &INTERRUPTED)?;
    }
    let mut out = std::io::stdout().lock();
    for refused in plan.refused() {
        eprintln!("left: {}: {}", refused.path.display(), refused.reason);
    }
    for step in plan.steps() {
        if let Some(Err(reason)) = step.rescue().map(|rescue| &rescue.sidecar) {
            let path = step.photo().path().display();
            eprintln!("not rescued: {path}: {reason}");
        }
    }
    if args.plan {
        write_plan(&plan, &mut out)?;
        return Ok(());
    }
    let (Some(mut ledger), Ok(approved)) = (ledger, plan.approve()) else {
        return Err(CliError::Stopped);
    };
    let mut drawing = draw::Drawing::new(false);
    let outcome = removal::execute(
        &approved,
        &mut ledger,
        &mut |progress| {
            drawing.show(|| format!("removing: {} of {}", progress.done, progress.of));
        },
        &INTERRUPTED,
    );
    drawing.finish();
    tell(&outcome?, &mut out)
}

fn read(args: &RemoveArgs) -> Result<Report, CliError> {
    let file = File::open(&args.report).map_err(|source| CliError::OpenReport {
        path: args.report.clone(),
        source,
    })?;
    Ok(report::read_json(file)?)
}

fn action(args: &RemoveArgs) -> Action {
    match &args.move_to {
        Some(folder) => Action::MoveTo(folder.clone()),
        None if args.hard_link => Action::HardLink,
        None => Action::Trash,
    }
}

fn evidence(chosen: EvidenceArg) -> Evidence {
    match chosen {
        EvidenceArg::IdenticalFile => Evidence::IdenticalFile,
        EvidenceArg::Identical => Evidence::IdenticalPixels,
        EvidenceArg::SameShot => Evidence::SameShot,
    }
}

/// What the report proposes to remove. A photo whose row makes no sense is not proposed.
fn surplus(report: &Report) -> Vec<Surplus> {
    let photos: HashMap<u32, (PathBuf, ContentHash, u64)> = report
        .photos
        .iter()
        .filter_map(|photo| {
            let (path, content) = (photo.path.to_path_buf()?, photo.blake3.parse().ok()?);
            Some((photo.id, (path, content, photo.bytes)))
        })
        .collect();
    let shots = report.groups.iter().flat_map(|group| &group.shots);
    shots
        .flat_map(|shot| {
            let photos = &photos;
            let marked = shot
                .photos
                .iter()
                .filter(|member| member.verdict == MemberVerdict::Remove);
            marked.filter_map(move |member| {
                let (path, content, bytes) = photos.get(&member.id)?.clone();
                let keepers = stands(shot, member.id)
                    .into_iter()
                    .filter_map(|(id, evidence)| {
                        let (path, content, _) = photos.get(&id)?.clone();
                        Some(Stand {
                            path,
                            content,
                            evidence,
                        })
                    });
                Some(Surplus {
                    path,
                    content,
                    bytes,
                    stamp: None,
                    keepers: keepers.collect(),
                })
            })
        })
        .collect()
}

/// What a photo of the shot is a copy of, up to the keeper; by the weakest evidence on the way.
fn stands(shot: &ReportShot, id: u32) -> Vec<(u32, Evidence)> {
    let mut found: Vec<(u32, Evidence)> = Vec::new();
    let mut at = id;
    let mut weakest = Evidence::IdenticalFile;
    // A report may have been edited: a way that leads round is left.
    while found.len() < shot.photos.len() {
        let Some(member) = shot.photos.iter().find(|member| member.id == at) else {
            break;
        };
        let (Some(better), Some(evidence)) = (member.copy_of, member.evidence) else {
            break;
        };
        weakest = weakest.max(evidence);
        found.push((better, weakest));
        at = better;
    }
    found
}

fn write_plan(plan: &Plan, out: &mut impl Write) -> Result<(), CliError> {
    for step in plan.steps() {
        let photo = step.photo();
        let bytes = HumanBytes(photo.bytes());
        writeln!(out, "remove {} ({bytes})", photo.path().display())?;
        for companion in step.companions() {
            let what = companion.kind().map_or("", |kind| kind.words());
            writeln!(out, "   and {} ({what})", companion.path().display())?;
        }
        for keeper in step.keepers() {
            let evidence = keeper.evidence().words();
            writeln!(out, "  keep {} ({evidence})", keeper.path().display())?;
        }
        if let Some(rescue) = step.rescue()
            && let Ok(sidecar) = &rescue.sidecar
        {
            let facts = rescue.facts.words();
            writeln!(out, " write {} ({facts})", sidecar.display())?;
        }
    }
    let totals = plan.totals();
    writeln!(
        out,
        "{} photos and {} files that belong to them would be removed ({}); {} photos are left",
        totals.photos,
        totals.companions,
        HumanBytes(totals.bytes),
        plan.refused().len(),
    )?;
    out.flush()?;
    Ok(())
}

fn tell(outcome: &Outcome, out: &mut impl Write) -> Result<(), CliError> {
    if outcome.rescued > 0 {
        writeln!(
            out,
            "wrote what only {} of them knew beside their keepers",
            outcome.rescued
        )?;
    }
    for skipped in &outcome.skipped {
        eprintln!("left: {}: {}", skipped.path.display(), skipped.reason);
    }
    writeln!(
        out,
        "removed {} photos and {} files that belong to them ({}); undo with: twinlens restore --session {}",
        outcome.photos,
        outcome.companions,
        HumanBytes(outcome.bytes),
        outcome.session,
    )?;
    out.flush()?;
    if outcome.is_cancelled {
        Err(CliError::Stopped)
    } else if outcome.skipped.is_empty() {
        Ok(())
    } else {
        Err(CliError::Skipped(outcome.skipped.len()))
    }
}

/// Says what an interrupted run had left. While another is at work, there is nothing to be said.
pub(super) fn tell_recovered(recovered: Result<Recovered, RemovalError>) -> Result<(), CliError> {
    let recovered = match recovered {
        Err(RemovalError::Busy) => return Ok(()),
        other => other?,
    };
    if recovered != Recovered::default() {
        eprintln!(
            "note: an earlier run was interrupted: {} files were found to be done, {} are where they were, {} are missing",
            recovered.finished, recovered.reverted, recovered.missing
        );
    }
    Ok(())
}
