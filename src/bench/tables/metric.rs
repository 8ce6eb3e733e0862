//! Figures of a candidate by name.

use crate::bench::format::{NOTHING, milliseconds};
use crate::bench::schema::{Candidate, Scenario, ScenarioKind};

/// A figure of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Metric {
    /// Loading and the first batch.
    ColdStart,
    /// A figure of the latency of one picture at a time.
    Single(Figure),
    /// Mean latency of one request of so many pictures at a time.
    BatchMean(usize),
    /// Median of the same.
    BatchMedian(usize),
    /// Pictures a second of the same.
    BatchRate(usize),
    /// Pictures a second with so many callers.
    ConcurrentRate(usize),
    /// The most pictures a second with any number of callers.
    BestConcurrentRate,
    /// Time in the model.
    Compute,
    /// Time in the server.
    Request,
    /// Time for taking the input in.
    Input,
}

/// A figure of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Figure {
    Mean,
    Min,
    P50,
    P75,
    P90,
    P95,
    P99,
}

impl Metric {
    /// The name of its row.
    pub(super) fn name(self) -> String {
        match self {
            Self::ColdStart => "Cold start".into(),
            Self::Single(figure) => figure.name().into(),
            Self::BatchMean(batch) => format!("Batch {batch}, mean latency"),
            Self::BatchMedian(batch) => format!("Batch {batch}, median latency"),
            Self::BatchRate(batch) => format!("Batch {batch}, throughput (img/s)"),
            Self::ConcurrentRate(callers) => format!("{callers} callers, throughput (img/s)"),
            Self::BestConcurrentRate => "Concurrent throughput (img/s)".into(),
            Self::Compute => "Compute".into(),
            Self::Request => "Server request".into(),
            Self::Input => "Input processing".into(),
        }
    }

    pub(super) fn is_rate(self) -> bool {
        matches!(
            self,
            Self::BatchRate(_) | Self::ConcurrentRate(_) | Self::BestConcurrentRate
        )
    }

    /// Milliseconds, or pictures a second.
    pub(super) fn of(self, candidate: &Candidate) -> Option<f64> {
        match self {
            Self::ColdStart => {
                let cold = &candidate.cold_start_ms;
                Some(cold.session.unwrap_or_default() + cold.first_batch?)
            }
            Self::Single(figure) => figure.of(single(candidate)?),
            Self::BatchMean(batch) => Figure::Mean.of(serial(candidate, batch)?),
            Self::BatchMedian(batch) => Figure::P50.of(serial(candidate, batch)?),
            Self::BatchRate(batch) => serial(candidate, batch)?.images_per_second,
            Self::ConcurrentRate(callers) => {
                closed(candidate)
                    .find(|scenario| scenario.concurrency == Some(callers))?
                    .images_per_second
            }
            Self::BestConcurrentRate => best_concurrent(candidate)?.images_per_second,
            Self::Compute => serving(candidate).find_map(compute),
            Self::Request => serving(candidate).find_map(request),
            Self::Input => {
                serving(candidate).find_map(|scenario| scenario.server.as_ref()?.input_ms)
            }
        }
    }

    /// As a cell; a note where it could not be measured.
    pub(super) fn cell(self, candidate: &Candidate) -> String {
        match self.of(candidate) {
            Some(rate) if self.is_rate() => format!("{rate:.1}"),
            Some(time) => milliseconds(time),
            None => self.note(candidate),
        }
    }

    /// What stands for the figure in the run, such as `timeout`.
    fn note(self, candidate: &Candidate) -> String {
        let note = match self {
            Self::BatchMean(batch) | Self::BatchMedian(batch) | Self::BatchRate(batch) => {
                serial(candidate, batch).and_then(|scenario| scenario.note.clone())
            }
            Self::Compute => {
                serving(candidate).find_map(|scenario| scenario.server.as_ref()?.note.clone())
            }
            _ => None,
        };
        note.unwrap_or_else(|| NOTHING.to_owned())
    }
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Self::Mean => "Mean",
            Self::Min => "Min",
            Self::P50 => "p50",
            Self::P75 => "p75",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    pub(super) fn of(self, scenario: &Scenario) -> Option<f64> {
        let latency = scenario.latency_ms.as_ref()?;
        match self {
            Self::Mean => latency.mean,
            Self::Min => latency.min,
            Self::P50 => latency.p50,
            Self::P75 => latency.p75,
            Self::P90 => latency.p90,
            Self::P95 => latency.p95,
            Self::P99 => latency.p99,
        }
    }
}

/// One picture at a time.
pub(super) fn single(candidate: &Candidate) -> Option<&Scenario> {
    let scenarios = &candidate.scenarios;
    let stream = scenarios
        .iter()
        .find(|scenario| scenario.scenario == ScenarioKind::SingleStream);
    stream.or_else(|| serial(candidate, 1))
}

/// The batch sweep at one size.
pub(super) fn serial(candidate: &Candidate, batch: usize) -> Option<&Scenario> {
    sweep(candidate).find(|scenario| scenario.batch == batch)
}

/// The batch sweep.
pub(super) fn sweep(candidate: &Candidate) -> impl Iterator<Item = &Scenario> {
    of_kind(candidate, ScenarioKind::Offline)
}

/// The closed loops.
pub(super) fn closed(candidate: &Candidate) -> impl Iterator<Item = &Scenario> {
    of_kind(candidate, ScenarioKind::ServerClosed)
}

fn of_kind(candidate: &Candidate, kind: ScenarioKind) -> impl Iterator<Item = &Scenario> {
    candidate
        .scenarios
        .iter()
        .filter(move |scenario| scenario.scenario == kind)
}

/// The closed loop of the highest throughput.
pub(super) fn best_concurrent(candidate: &Candidate) -> Option<&Scenario> {
    best(closed(candidate))
}

/// The scenario of the highest throughput.
pub(super) fn best<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> Option<&'a Scenario> {
    scenarios
        .filter_map(|scenario| Some((scenario, scenario.images_per_second?)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(scenario, _)| scenario)
}

/// The scenarios that tell of the serving side, one picture a request first.
pub(super) fn serving(candidate: &Candidate) -> impl Iterator<Item = &Scenario> {
    single(candidate).into_iter().chain(&candidate.scenarios)
}

/// Time in the model, on the server or here.
pub(super) fn compute(scenario: &Scenario) -> Option<f64> {
    let server = scenario.server.as_ref();
    server
        .and_then(|server| server.compute_ms)
        .or(scenario.stages_ms.compute)
}

/// Time of a request in the server, or in the queue and the engine here.
pub(super) fn request(scenario: &Scenario) -> Option<f64> {
    let Some(server) = &scenario.server else {
        return Some(scenario.stages_ms.queue? + scenario.stages_ms.compute?);
    };
    server.request_ms.or_else(|| {
        let parts = [server.input_ms, server.compute_ms, server.output_ms];
        Some(server.queue_ms? + parts.into_iter().sum::<Option<f64>>()?)
    })
}
