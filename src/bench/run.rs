//! A run from the beginning to the end.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jiff::Timestamp;

use super::candidates::Choice;
use super::measure::{Measured, Measuring};
use super::plan::Plan;
use super::probe::Probe;
use super::quality::quality;
use super::schema::{Candidate, Missing, Run, VERSION};
use super::workload::{Photos, Workload};
use super::{BenchError, Event, encoding, finding};
use crate::embed::{Embedding, Preprocessing};

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
    let wanted: Vec<Preprocessing> = choices
        .iter()
        .map(|choice| choice.model.preprocessing.clone())
        .collect();
    let workload = match photos {
        Photos::Folder(folder) => {
            Workload::of_folder(folder, plan.photos, &wanted, cancel, &mut |done, all| {
                watch(Event::Photos { done, all });
            })?
        }
        Photos::Demo => Workload::demo(plan.photos, &wanted, cancel, &mut |done, all| {
            watch(Event::Photos { done, all });
        })?,
    };
    let mut probe = Probe::new();
    let machine = probe.machine();
    let mut missing = always_missing(photos);
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
    judge(choices, &mut measured, &mut missing);
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

/// What engines on one machine never have.
fn always_missing(photos: &Photos) -> Vec<Missing> {
    let mut missing = vec![
        (
            "server",
            "only a server tells of its queue, batches and executions",
        ),
        (
            "stages_ms.encode, stages_ms.send, stages_ms.network, stages_ms.receive",
            "on this machine pictures are handed over in memory, and nothing is sent",
        ),
    ];
    if *photos == Photos::Demo {
        missing.push((
            "workload.folder, workload.library_photos",
            "no folder was named: the photos are those that come with the program",
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

/// Compares each candidate's vectors with those of its family's reference: single precision on
/// the processor, by the built-in engine if that was measured.
fn judge(choices: &[Choice], measured: &mut [Measured], missing: &mut Vec<Missing>) {
    let judged: Vec<Option<(String, Vec<Embedding>)>> = choices
        .iter()
        .map(|choice| {
            let reference = choices.iter().zip(measured.iter()).find(|(other, found)| {
                other.is_reference()
                    && other.family() == choice.family()
                    && !found.vectors.is_empty()
            });
            reference.map(|(other, found)| (other.id(), found.vectors.clone()))
        })
        .collect();
    for (found, reference) in measured.iter_mut().zip(judged) {
        if found.vectors.is_empty() {
            continue;
        }
        let quality = reference.and_then(|(id, truth)| quality(&id, &truth, &found.vectors));
        if quality.is_none() {
            missing.push(Missing {
                figure: format!("{}: quality", found.candidate.id),
                reason: "its model was not measured in single precision on the processor"
                    .to_owned(),
            });
        }
        found.candidate.quality = quality;
    }
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
