//! Tables that set runs beside each other.

use super::metric::{self, Figure, Metric};
use super::within::{gpus, measured, memory, use_percent};
use super::{Body, heads};
use crate::bench::format::{NOTHING, gigabytes, milliseconds, or_nothing, percent, times};
use crate::bench::schema::{Candidate, Run, ScenarioKind};

/// The hardware that a run is known by: its GPU, else its processor.
fn hardware(run: &Run) -> String {
    let gpus = &run.machine.gpus;
    match (gpus.first(), &run.source, &run.machine.cpu) {
        (Some(gpu), _, _) if gpus.len() > 1 => format!("{}× {}", gpus.len(), gpu.name),
        (Some(gpu), _, _) => gpu.name.clone(),
        (None, Some(source), _) => source.hardware.clone(),
        (None, None, Some(cpu)) => cpu.clone(),
        (None, None, None) => NOTHING.to_owned(),
    }
}

/// The step of the record, or the day of the run.
fn step(run: &Run) -> String {
    match &run.source {
        Some(source) => source.step.clone(),
        None => run.started.strftime("%Y-%m-%d").to_string(),
    }
}

/// The first run's candidates, and how the last of them was in the second run.
pub(super) fn before_and_after(runs: &[&Run]) -> Body {
    let candidates: Vec<&Candidate> = runs
        .first()
        .into_iter()
        .flat_map(|run| measured(run))
        .collect();
    let before = runs.get(1).and_then(|run| measured(run).last());
    let mut columns = heads(&["Metric"]);
    columns.extend(candidates.iter().map(|candidate| candidate.id.clone()));
    columns.push(format!(
        "Before ({})",
        before.map_or(NOTHING, |before| &before.id)
    ));
    columns.push("Improvement".to_owned());
    let metrics = [
        Metric::Single(Figure::P50),
        Metric::BatchMean(32),
        Metric::BestConcurrentRate,
    ];
    let rows = metrics.into_iter().map(|metric| {
        let mut row = vec![metric.name()];
        row.extend(candidates.iter().map(|candidate| metric.cell(candidate)));
        row.push(before.map_or_else(|| NOTHING.to_owned(), |before| metric.cell(before)));
        let now = candidates.last().and_then(|candidate| metric.of(candidate));
        let ratio = now.zip(before.and_then(|before| metric.of(before)));
        let ratio = ratio.map(|(now, then)| {
            if metric.is_rate() {
                now / then
            } else {
                then / now
            }
        });
        row.push(times(ratio));
        row
    });
    (columns, rows.collect())
}

/// The fastest and the second fastest model of each run.
pub(super) fn winners(runs: &[&Run]) -> Body {
    let rows = runs.iter().map(|run| {
        let mut times: Vec<(f64, &Candidate)> = measured(run)
            .filter_map(|candidate| Some((Metric::Compute.of(candidate)?, candidate)))
            .collect();
        times.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut row = vec![hardware(run)];
        for place in 0..2 {
            match times.get(place) {
                Some((time, candidate)) => row.extend([candidate.id.clone(), milliseconds(*time)]),
                None => row.extend([NOTHING.to_owned(), NOTHING.to_owned()]),
            }
        }
        row
    });
    let columns = ["Hardware", "Fastest model", "Time", "Second", "Time"];
    (heads(&columns), rows.collect())
}

pub(super) fn gpu_memory(runs: &[&Run]) -> Body {
    let mut columns = heads(&["Resource"]);
    columns.extend(runs.iter().map(|run| hardware(run)));
    let mut used = vec!["GPU memory used".to_owned()];
    let mut busy = vec!["GPU utilization".to_owned()];
    for run in runs {
        let gpus = gpus(run);
        used.push(memory(gpus).map_or_else(|| NOTHING.to_owned(), gigabytes));
        busy.push(or_nothing(use_percent(gpus), |used| format!("{used:.1}%")));
    }
    (columns, vec![used, busy])
}

/// The best throughput of any candidate and scenario.
fn best_rate(run: &Run) -> Option<f64> {
    let scenarios = measured(run).flat_map(|candidate| &candidate.scenarios);
    metric::best(scenarios)?.images_per_second
}

/// Cost of 1,000 pictures at a rate.
fn cost(price_per_hour: f64, rate: f64) -> f64 {
    price_per_hour / 3600.0 / rate * 1000.0
}

/// Throughput of several GPUs against that of the first run, which has one.
pub(super) fn scaling(runs: &[&Run]) -> Body {
    let base = runs.first().and_then(|run| best_rate(run));
    let base_gpu = runs.first().and_then(|run| run.machine.gpus.first());
    let rows = runs.iter().map(|run| {
        let rate = best_rate(run);
        let factor = rate.zip(base).map(|(rate, base)| rate / base);
        let gpus = &run.machine.gpus;
        let is_same = gpus.first().map(|gpu| &gpu.name) == base_gpu.map(|gpu| &gpu.name);
        #[expect(clippy::cast_precision_loss, reason = "a count of GPUs")]
        let efficiency = factor
            .filter(|_| is_same && gpus.len() > 1)
            .map(|factor| factor / gpus.len() as f64);
        let range = |write: &dyn Fn(f64) -> String| {
            let low = run.price_per_hour.map(write);
            let high = run.price_per_hour_max.map(write);
            match (low, high) {
                (Some(low), Some(high)) => format!("{low}–{high}"),
                (Some(low), None) => low,
                _ => NOTHING.to_owned(),
            }
        };
        vec![
            hardware(run),
            or_nothing(rate, |rate| format!("{rate:.1} img/s")),
            times(factor),
            or_nothing(efficiency, percent),
            range(&|price| format!("{price:.3}")),
            match rate {
                Some(rate) => range(&|price| format!("{:.4}", cost(price, rate))),
                None => NOTHING.to_owned(),
            },
        ]
    });
    let columns = [
        "Hardware",
        "Throughput",
        "Scaling factor",
        "Efficiency",
        "Cost an hour",
        "Cost of 1,000 images",
    ];
    (heads(&columns), rows.collect())
}

/// The candidates of the first run beside those of the same name in the second.
pub(super) fn machines(runs: &[&Run]) -> Body {
    let mut columns = heads(&["Candidate"]);
    columns.extend(runs.iter().take(2).map(|run| hardware(run)));
    columns.push("Ratio".to_owned());
    let median = |candidate: &Candidate| Figure::P50.of(metric::single(candidate)?);
    let rows = runs
        .first()
        .into_iter()
        .flat_map(|run| measured(run))
        .map(|candidate| {
            let here = median(candidate);
            let other = runs.get(1).map(|run| {
                let same = measured(run).find(|other| other.id == candidate.id);
                same.and_then(median)
            });
            let mut row = vec![candidate.id.clone(), or_nothing(here, milliseconds)];
            row.extend(other.map(|other| or_nothing(other, milliseconds)));
            let ratio = here.zip(other.flatten()).map(|(here, other)| other / here);
            row.push(or_nothing(ratio, |ratio| {
                let slower = if ratio < 1.0 { "faster" } else { "slower" };
                format!("{} {slower}", times(Some(ratio)))
            }));
            row
        });
    (columns, rows.collect())
}

pub(super) fn latency_evolution(runs: &[&Run]) -> Body {
    let rows = each_candidate(runs).filter_map(|(run, candidate)| {
        let time = Figure::P50.of(metric::single(candidate)?)?;
        let way = [&candidate.payload, &candidate.protocol];
        let way: Vec<&str> = way.into_iter().filter_map(|part| part.as_deref()).collect();
        Some(vec![
            step(run),
            candidate.id.clone(),
            hardware(run),
            way.join(", "),
            milliseconds(time),
        ])
    });
    (
        heads(&["Run", "Candidate", "Hardware", "Protocol", "Latency (p50)"]),
        rows.collect(),
    )
}

pub(super) fn compute_evolution(runs: &[&Run]) -> Body {
    let rows = each_candidate(runs).filter_map(|(run, candidate)| {
        let time = Metric::Compute.of(candidate)?;
        Some(vec![
            step(run),
            candidate.id.clone(),
            hardware(run),
            milliseconds(time),
        ])
    });
    (
        heads(&["Run", "Candidate", "Hardware", "Compute time"]),
        rows.collect(),
    )
}

/// The best batch and the best number of callers of each candidate.
pub(super) fn best_throughput(runs: &[&Run]) -> Body {
    let rows = each_candidate(runs).flat_map(|(run, candidate)| {
        [
            metric::best(metric::sweep(candidate)),
            metric::best_concurrent(candidate),
        ]
        .into_iter()
        .flatten()
        .filter_map(move |scenario| {
            let how = match (scenario.scenario, scenario.concurrency) {
                (ScenarioKind::Offline, _) => format!("Batch {}", scenario.batch),
                (_, Some(callers)) => format!("Concurrency {callers}"),
                (_, None) => "Concurrent".to_owned(),
            };
            Some(vec![
                step(run),
                format!("{}, {}", candidate.id, hardware(run)),
                format!("{:.1} img/s", scenario.images_per_second?),
                how,
            ])
        })
    });
    (
        heads(&["Run", "Configuration", "Best throughput", "How"]),
        rows.collect(),
    )
}

fn each_candidate<'a>(runs: &'a [&'a Run]) -> impl Iterator<Item = (&'a Run, &'a Candidate)> {
    runs.iter()
        .flat_map(|run| measured(run).map(|candidate| (*run, candidate)))
}

/// The loop with the most figures of the first run's first candidate, beside a single request and
/// the best throughput of the second run's.
pub(super) fn against_another(runs: &[&Run]) -> Body {
    let first = |place: usize| runs.get(place).and_then(|run| measured(run).next());
    let (here, other) = (first(0), first(1));
    let load = here.and_then(|candidate| {
        metric::closed(candidate).find(|scenario| Figure::P50.of(scenario).is_some())
    });
    let other_single = other.and_then(metric::single);
    let mut rows: Vec<Vec<String>> = [
        Figure::P50,
        Figure::P75,
        Figure::P90,
        Figure::P95,
        Figure::Min,
    ]
    .into_iter()
    .map(|figure| {
        let (a, b) = (
            load.and_then(|scenario| figure.of(scenario)),
            other_single.and_then(|scenario| figure.of(scenario)),
        );
        let ratio = a.zip(b).map(|(a, b)| a / b);
        vec![
            Metric::Single(figure).name(),
            or_nothing(a, milliseconds),
            or_nothing(b, milliseconds),
            times(ratio),
        ]
    })
    .collect();
    let rate = load.and_then(|scenario| scenario.images_per_second);
    let other_rate = other.and_then(|other| Metric::BestConcurrentRate.of(other));
    let per_second = |rate: f64| format!("{rate:.1} img/s");
    rows.push(vec![
        "Throughput".to_owned(),
        or_nothing(rate, per_second),
        or_nothing(other_rate, per_second),
        times(rate.zip(other_rate).map(|(rate, other)| other / rate)),
    ]);
    let name = |candidate: Option<&Candidate>| {
        candidate.map_or_else(|| NOTHING.to_owned(), |candidate| candidate.id.clone())
    };
    let mut columns = heads(&["Metric"]);
    columns.extend([name(here), name(other), "Ratio".to_owned()]);
    (columns, rows)
}
