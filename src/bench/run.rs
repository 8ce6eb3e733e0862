//! A run from the beginning to the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use jiff::Timestamp;

use super::candidates::Choice;
use super::judge::Judge;
use super::measure::{Measured, Measuring};
use super::plan::Plan;
use super::probe::Probe;
use super::schema::{Candidate, Missing, Run, VERSION};
use super::workload::{Photos, Workload};
use super::{BenchError, Event, encoding, finding};
use crate::embed::Preprocessing;

/// Measures these candidates on these photos. When `cancel` is set, what was measured by then is
/// the run; `watch` is told of the progress.
///
/// # Errors
/// [`BenchError`] if there are no photos or a thread cannot be started. A candidate that cannot
/// run is no error.
pub fn run(
    plan: &Plan,
    photos: &Photos,
    choices: &[Choice],
    cancel: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Run, BenchError> {
    let (started, began) = (Timestamp::now(), Instant::now());
    // What a server takes may be another form of what its model takes here.
    let wanted: Vec<Preprocessing> = choices
        .iter()
        .flat_map(|choice| [&choice.model.preprocessing, choice.preprocessing()])
        .cloned()
        .collect();
    let workload = match photos {
        Photos::Folder(folder) => {
            Workload::of_folder(folder, plan.photos, &wanted, cancel, &mut |done, all| {
                watch(Event::Photos { done, all });
            })?
        }
        Photos::Made => Workload::made(plan.photos, &wanted),
    };
    let mut probe = Probe::new();
    let machine = probe.machine();
    let mut missing = always_missing(photos, choices);
    missing.extend(probe.missing());
    let mut measured: Vec<Measured> = Vec::new();
    for (number, choice) in choices.iter().enumerate() {
        watch(Event::Candidate {
            number: number + 1,
            all: choices.len(),
            id: &choice.id(),
        });
        let mut measuring = Measuring {
            plan,
            workload: &workload,
            probe: &mut probe,
            cancel,
            watch: &mut *watch,
            began,
            missing: &mut missing,
        };
        measured.push(measuring.candidate(choice)?);
    }
    let judge = Judge {
        choices,
        workload: &workload,
        is_made: *photos == Photos::Made,
    };
    if !cancel.load(Ordering::Relaxed) {
        judge.judge(&mut measured, &mut missing);
    }
    let encodings = match wanted.first() {
        Some(first) => encoding::encodings(workload.inputs(first), first, &plan.batches)?,
        None => Vec::new(),
    };
    let mut run = Run {
        bench: VERSION,
        program: concat!("twinlens ", env!("CARGO_PKG_VERSION")).to_owned(),
        started,
        source: None,
        machine,
        workload: workload.described,
        price_per_hour: plan.price_per_hour,
        price_per_hour_max: None,
        latency_limit_ms: Some(plan.latency_limit.as_secs_f64() * 1e3),
        candidates: measured
            .into_iter()
            .map(|measured| measured.candidate)
            .collect(),
        encodings,
        finding: String::new(),
        missing,
    };
    run.missing.extend(unavailable(&run.candidates));
    run.finding = finding::finding(&run);
    Ok(run)
}

/// What these ways never have.
fn always_missing(photos: &Photos, choices: &[Choice]) -> Vec<Missing> {
    let mut missing = Vec::new();
    if choices.iter().any(|choice| choice.server().is_none()) {
        missing.extend([
            (
                "server",
                "of an engine of this machine: only a server tells of its queue, batches and executions",
            ),
            (
                "stages_ms.encode, stages_ms.send, stages_ms.network",
                "on this machine pictures are handed over in memory, and nothing is sent",
            ),
        ]);
    }
    if choices.iter().any(|choice| choice.server().is_some()) {
        missing.extend([
            (
                "remote: provider, precision, operators",
                "a server does not tell what its model is computed on, and where its time goes",
            ),
            (
                "remote: stages_ms.send",
                "sending is not told apart from the way: it is part of stages_ms.network",
            ),
        ]);
    }
    if *photos == Photos::Made {
        missing.push((
            "workload.folder, workload.megapixels_mean, stages_ms.read, stages_ms.decode, stages_ms.preprocess",
            "no folder was named: the pictures were made at the model's size",
        ));
    }
    missing
        .into_iter()
        .map(|(figure, reason)| Missing {
            figure: figure.to_owned(),
            reason: reason.to_owned(),
        })
        .collect()
}

fn unavailable(candidates: &[Candidate]) -> Vec<Missing> {
    candidates
        .iter()
        .filter_map(|candidate| {
            Some(Missing {
                figure: candidate.id.clone(),
                reason: candidate.reason.clone()?,
            })
        })
        .collect()
}
