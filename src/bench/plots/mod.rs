//! What the plots of a run show, as data: the window draws it with its own widgets, [`export`]
//! as SVG and PNG.
//!
//! Each plot is made of a [`Run`] alone and says its main statement in words, for those who do not
//! see it. Where a run has no figures for one, there is the reason instead. Figures that are no
//! numbers (a run of others may hold anything) are left out.
//!
//! [`export`]: super::export

mod heat_map;
mod latency;
mod quality;
mod stages;
mod throughput;

pub use heat_map::{Field, HeatMap, heat_map};
pub use latency::{Curve, LatencyCdf, latency_cdf};
pub use quality::{Faithful, SpeedQuality, speed_quality};
pub use stages::{Bar, StageBars, stages};
pub use throughput::{ThroughputLatency, pareto_front, throughput_latency};

use super::schema::{Run, Scenario};

/// The measurements of a candidate that a plot shows as points.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The candidate.
    pub name: String,
    /// Its place among the run's candidates, from 0: its colour and shape are the same in all plots.
    pub number: usize,
    /// In the order of the measurements.
    pub points: Vec<Point>,
}

/// A point with what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Along.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Candidate, scenario and figures, in words.
    pub what: String,
}

/// Why a plot has nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing(pub String);

impl Nothing {
    /// `otherwise`, with what the run says of the figures of a candidate that begin like these.
    fn of(run: &Run, figures: &[&str], otherwise: &str) -> Self {
        if run.candidates.iter().all(|candidate| !candidate.available) {
            return Self("No candidate could be measured.".to_owned());
        }
        let told = run.missing.iter().find(|missing| {
            let figure = missing.figure.split_once(": ").map(|parts| parts.1);
            figure.is_some_and(|figure| figures.iter().any(|start| figure.starts_with(start)))
        });
        match told {
            Some(missing) => Self(format!("{otherwise} {}.", capitalised(&missing.reason))),
            None => Self(otherwise.to_owned()),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A figure, if it is a number above 0.
fn positive(figure: Option<f64>) -> Option<f64> {
    figure.filter(|figure| figure.is_finite() && *figure > 0.0)
}

/// Median latency of a request, else the mean.
fn typical_latency(scenario: &Scenario) -> Option<f64> {
    let latency = scenario.latency_ms.as_ref()?;
    positive(latency.p50).or_else(|| positive(latency.mean))
}

/// A figure with as many digits as matter: `411`, `41.1`, `4.11`, `0.041`.
#[must_use]
pub fn digits(figure: f64) -> String {
    let decimals = match figure.abs() {
        size if !(1e-9..100.0).contains(&size) => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    super::format::grouped(figure, decimals)
}

#[cfg(test)]
mod tests;
