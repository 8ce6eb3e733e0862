//! The plots of a run, each as SVG.

use super::each;
use super::plot::{Axis, Plot};
use crate::bench::schema::{Candidate, Run, Scenario, ScenarioKind};

/// A plot with its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// `pareto`, for a file's name.
    pub name: &'static str,
    /// The SVG.
    pub svg: String,
}

/// All plots for which the run has figures.
#[must_use]
pub fn all(run: &Run) -> Vec<Drawn> {
    [
        ("throughput-latency", pareto(run)),
        ("batch-concurrency", heat_map(run)),
        ("latency-cdf", distribution(run)),
        ("stages", stages(run)),
        ("speed-quality", quality(run)),
    ]
    .into_iter()
    .filter_map(|(name, svg)| Some(Drawn { name, svg: svg? }))
    .collect()
}

/// Of `(latency, throughput)` those that no other beats in both, by latency.
#[must_use]
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut front: Vec<(f64, f64)> = Vec::new();
    for point in sorted {
        if front.last().is_none_or(|last| point.1 > last.1) {
            front.push(point);
        }
    }
    front
}

/// The candidates with measurements that `has`.
fn candidates(run: &Run, has: impl Fn(&Scenario) -> bool) -> Vec<&Candidate> {
    run.candidates
        .iter()
        .filter(|candidate| candidate.scenarios.iter().any(&has))
        .collect()
}

/// Throughput against latency, with the front of what nothing else beats.
fn pareto(run: &Run) -> Option<String> {
    let point = |scenario: &Scenario| {
        let latency = scenario.latency_ms.as_ref()?;
        Some((latency.p50.or(latency.mean)?, scenario.images_per_second?))
    };
    let points: Vec<(f64, f64)> = each(run)
        .filter_map(|(_, scenario)| point(scenario))
        .collect();
    if points.is_empty() {
        return None;
    }
    let mut plot = Plot::new("Throughput against latency");
    let x = Axis::logarithmic(
        "median latency of a request (ms)",
        points.iter().map(|p| p.0),
    );
    let y = Axis::linear("images a second", 0.0, points.iter().map(|p| p.1));
    plot.axes(&x, &y);
    plot.line((&x, &y), &pareto_front(&points), "currentColor", true);
    for candidate in candidates(run, |scenario| point(scenario).is_some()) {
        let colour = plot.series(&candidate.id);
        for scenario in &candidate.scenarios {
            if let Some(at) = point(scenario) {
                let what = format!(
                    "{}, {}: {:.1} ms, {:.1}/s",
                    candidate.id,
                    scenario.title(),
                    at.0,
                    at.1
                );
                plot.point((&x, &y), at, colour, &what);
            }
        }
    }
    Some(plot.finish())
}

/// Images a second by batch (and by callers at batch 1), of each candidate.
fn heat_map(run: &Run) -> Option<String> {
    let column = |scenario: &Scenario| match scenario.scenario {
        ScenarioKind::Offline => Some((0, scenario.batch)),
        ScenarioKind::ServerClosed => Some((1, scenario.concurrency?)),
        _ => None,
    };
    let mut columns: Vec<(i32, usize)> = each(run)
        .filter(|(_, scenario)| scenario.images_per_second.is_some())
        .filter_map(|(_, scenario)| column(scenario))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    if columns.is_empty() {
        return None;
    }
    let shown = candidates(run, |scenario| column(scenario).is_some());
    let values = shown.iter().map(|candidate| {
        let value = |wanted: &(i32, usize)| {
            let scenario = candidate
                .scenarios
                .iter()
                .find(|scenario| column(scenario) == Some(*wanted))?;
            scenario.images_per_second
        };
        columns.iter().map(value).collect()
    });
    let values: Vec<Vec<Option<f64>>> = values.collect();
    let heads: Vec<String> = columns
        .iter()
        .map(|(kind, count)| format!("{}{count}", if *kind == 0 { "b=" } else { "c=" }))
        .collect();
    let mut plot = Plot::new("Images a second by batch (b) and by callers (c)");
    let names: Vec<String> = shown.iter().map(|candidate| candidate.id.clone()).collect();
    plot.cells(&heads, &names, &values);
    Some(plot.finish())
}

/// The share of single requests that were answered within a time.
fn distribution(run: &Run) -> Option<String> {
    let samples = |candidate: &Candidate| {
        let mut samples = candidate
            .scenarios
            .iter()
            .find(|scenario| scenario.scenario == ScenarioKind::SingleStream)?
            .samples_ms
            .clone();
        samples.sort_by(f64::total_cmp);
        (!samples.is_empty()).then_some(samples)
    };
    let known: Vec<(&Candidate, Vec<f64>)> = run
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate, samples(candidate)?)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut plot = Plot::new("Latency of single photos: share answered within");
    let x = Axis::logarithmic(
        "latency (ms)",
        known
            .iter()
            .flat_map(|(_, samples)| samples.iter().copied()),
    );
    let y = Axis::linear("share (%)", 0.0, [95.3]);
    plot.axes(&x, &y);
    for (candidate, samples) in &known {
        let colour = plot.series(&candidate.id);
        // 200 steps are finer than the plot's pixels.
        let step = samples.len().div_ceil(200).max(1);
        #[expect(clippy::cast_precision_loss, reason = "at most some thousand samples")]
        let points: Vec<(f64, f64)> = samples
            .iter()
            .enumerate()
            .filter(|(number, _)| number % step == 0 || number + 1 == samples.len())
            .map(|(number, time)| (*time, (number + 1) as f64 / samples.len() as f64 * 100.0))
            .collect();
        plot.line((&x, &y), &points, colour, false);
    }
    Some(plot.finish())
}

/// Stages with their names.
type Named = [(&'static str, Option<f64>); 9];

/// Where the time of a single photo goes, from the file to the vector.
fn stages(run: &Run) -> Option<String> {
    let of = |candidate: &Candidate| {
        candidate
            .scenarios
            .iter()
            .find(|scenario| {
                scenario.scenario == ScenarioKind::SingleStream
                    && scenario
                        .stages_ms
                        .named()
                        .iter()
                        .any(|(_, time)| time.is_some())
            })
            .map(|scenario| scenario.stages_ms)
    };
    let known: Vec<(String, Named)> = run
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate.id.clone(), of(candidate)?.named())))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut plot = Plot::new("Where the time of a photo goes");
    let mut used = Vec::new();
    let mut colours = Vec::new();
    for (number, (name, _)) in crate::bench::schema::Stages::default()
        .named()
        .iter()
        .enumerate()
    {
        let is_used = known
            .iter()
            .any(|(_, stages)| stages.get(number).is_some_and(|(_, time)| time.is_some()));
        if is_used {
            used.push(number);
            colours.push(plot.series(name));
        }
    }
    let parts: Vec<Vec<f64>> = known
        .iter()
        .map(|(_, stages)| {
            let part = |number: &usize| {
                stages
                    .get(*number)
                    .and_then(|(_, time)| *time)
                    .unwrap_or(0.0)
            };
            used.iter().map(part).collect()
        })
        .collect();
    let y = Axis::linear(
        "ms a photo",
        0.0,
        parts.iter().map(|parts| parts.iter().sum()),
    );
    let names: Vec<String> = known.into_iter().map(|(name, _)| name).collect();
    plot.stacks(&y, &names, &parts, &colours);
    Some(plot.finish())
}

/// Speed against the agreement of the vectors with the reference.
fn quality(run: &Run) -> Option<String> {
    let point = |candidate: &Candidate| {
        let quality = candidate.quality.as_ref()?;
        let rates = candidate
            .scenarios
            .iter()
            .filter_map(|scenario| scenario.images_per_second);
        let best = rates.fold(0.0, f64::max);
        (best > 0.0).then_some((best, quality.cosine_mean))
    };
    let known: Vec<(&Candidate, (f64, f64))> = run
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate, point(candidate)?)))
        .collect();
    let lowest = known.iter().map(|(_, at)| at.1).reduce(f64::min)?;
    let mut plot = Plot::new("Speed against quality");
    let x = Axis::linear(
        "best images a second",
        0.0,
        known.iter().map(|(_, at)| at.0),
    );
    // Down to the worst, in steps of a twentieth.
    let from = ((lowest - 0.01) * 20.0).floor() / 20.0;
    let y = Axis::linear("mean cosine to the reference", from, [1.0]);
    plot.axes(&x, &y);
    for (candidate, at) in known {
        let colour = plot.series(&candidate.id);
        plot.point(
            (&x, &y),
            at,
            colour,
            &format!("{}: {:.1}/s, cosine {:.4}", candidate.id, at.0, at.1),
        );
    }
    Some(plot.finish())
}
