//! The distribution of the latency of single photos.

use super::{Nothing, digits};
use crate::bench::schema::{Run, ScenarioKind};
use crate::bench::statistics::percentile;

/// Times that span more than this are drawn on a logarithmic axis.
const LONG_SPAN: f64 = 100.0;

/// More points are finer than the pixels of a plot.
const STEPS: usize = 200;

/// The share of single photos that were answered within a time.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyCdf {
    /// A curve a candidate.
    pub curves: Vec<Curve>,
    /// Whether the times want a logarithmic axis.
    pub is_log: bool,
}

/// The times of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The candidate.
    pub name: String,
    /// Its place among the run's candidates, from 0.
    pub number: usize,
    /// Times that were kept.
    pub count: usize,
    /// Median, in milliseconds.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Time in milliseconds, and the share in percent that was answered within it; ascending.
    pub points: Vec<(f64, f64)>,
}

/// The plot of a run.
///
/// # Errors
/// [`Nothing`] where the single times of no candidate were kept.
pub fn latency_cdf(run: &Run) -> Result<LatencyCdf, Nothing> {
    let curves: Vec<Curve> = (run.candidates.iter().enumerate())
        .filter_map(|(number, candidate)| {
            let mut scenarios = candidate.scenarios.iter();
            let single = scenarios.find(|each| each.scenario == ScenarioKind::SingleStream)?;
            curve(&candidate.id, number, &single.samples_ms)
        })
        .collect();
    let ends = || {
        (curves.iter()).filter_map(|curve| Some((curve.points.first()?.0, curve.points.last()?.0)))
    };
    let (Some(least), Some(most)) = (
        ends().map(|ends| ends.0).reduce(f64::min),
        ends().map(|ends| ends.1).reduce(f64::max),
    ) else {
        let text = "The times of single photos were not kept.";
        return Err(Nothing::of(run, &["single-stream"], text));
    };
    Ok(LatencyCdf {
        is_log: most / least > LONG_SPAN,
        curves,
    })
}

fn curve(name: &str, number: usize, samples: &[f64]) -> Option<Curve> {
    let mut times: Vec<f64> = (samples.iter().copied())
        .filter(|time| time.is_finite() && *time > 0.0)
        .collect();
    times.sort_by(f64::total_cmp);
    let step = times.len().div_ceil(STEPS).max(1);
    let last = times.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "at most some thousand samples")]
    let share = |at: usize| (at + 1) as f64 / times.len() as f64 * 100.0;
    let points = (times.iter().enumerate())
        .filter(|(at, _)| at % step == 0 || *at == last)
        .map(|(at, time)| (*time, share(at)))
        .collect();
    Some(Curve {
        name: name.to_owned(),
        number,
        count: times.len(),
        p50: percentile(&times, 50.0)?,
        p99: percentile(&times, 99.0)?,
        points,
    })
}

impl Curve {
    /// Median and 99th percentile in words.
    #[must_use]
    pub fn statement(&self) -> String {
        format!(
            "{}: half of {} photos within {} ms, 99 of 100 within {} ms",
            self.name,
            self.count,
            digits(self.p50),
            digits(self.p99)
        )
    }
}

impl LatencyCdf {
    /// Median and 99th percentile of each candidate, the soonest first.
    #[must_use]
    pub fn statement(&self) -> String {
        let mut curves: Vec<&Curve> = self.curves.iter().collect();
        curves.sort_by(|a, b| a.p50.total_cmp(&b.p50));
        let told: Vec<String> = curves.into_iter().map(Curve::statement).collect();
        format!("{}.", told.join("; "))
    }
}
