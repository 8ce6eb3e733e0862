//! A run as files for others: CSV, Markdown, a page with plots, pictures of these, a Chrome trace.
//! JSON, which is read back, is in [`schema`](super::schema).

mod csv;
mod html;
mod markdown;
mod marks;
mod plot;
pub mod plots;
mod png;
mod trace;

pub use csv::write_csv;
pub use html::write_html;
pub use markdown::write_markdown;
pub use png::{PictureError, png};
pub use trace::write_trace;

use super::format::{NOTHING, grouped, milliseconds, or_nothing};
use super::schema::{Candidate, Run, Scenario};

/// The head of the table of all measurements.
const SUMMARY: [&str; 9] = [
    "candidate",
    "scenario",
    "p50",
    "p95",
    "p99",
    "images/s",
    "CPU",
    "memory",
    "stable",
];

/// The rows of the table of all measurements.
fn summary(run: &Run) -> Vec<[String; 9]> {
    each(run)
        .map(|(candidate, scenario)| {
            let latency = scenario.latency_ms.clone().unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "shown in megabytes")]
            let megabytes = scenario.memory_bytes.map(|bytes| bytes as f64 / 1e6);
            [
                candidate.id.clone(),
                scenario.title(),
                or_nothing(latency.p50, milliseconds),
                or_nothing(latency.p95, milliseconds),
                or_nothing(latency.p99, milliseconds),
                or_nothing(scenario.images_per_second, |rate| grouped(rate, 1)),
                or_nothing(scenario.cpu_percent, |cpu| format!("{cpu:.0}%")),
                or_nothing(megabytes, |megabytes| format!("{megabytes:.0} MB")),
                match scenario.stable {
                    Some(true) => "yes".to_owned(),
                    Some(false) => "no".to_owned(),
                    None => NOTHING.to_owned(),
                },
            ]
        })
        .collect()
}

/// Every measurement with its candidate.
fn each(run: &Run) -> impl Iterator<Item = (&Candidate, &Scenario)> {
    run.candidates.iter().flat_map(|candidate| {
        candidate
            .scenarios
            .iter()
            .map(move |scenario| (candidate, scenario))
    })
}

/// The machine in a line.
fn machine(run: &Run) -> String {
    let machine = &run.machine;
    let mut parts = Vec::new();
    parts.extend(machine.cpu.clone());
    parts.extend(machine.cores.map(|cores| format!("{cores} cores")));
    #[expect(clippy::cast_precision_loss, reason = "shown in gigabytes")]
    parts.extend(
        machine
            .memory_bytes
            .map(|bytes| format!("{:.0} GB", bytes as f64 / 1e9)),
    );
    parts.extend(machine.gpus.iter().map(|gpu| gpu.name.clone()));
    parts.extend(machine.os.clone());
    parts.extend(run.source.as_ref().map(|source| source.hardware.clone()));
    parts.join(", ")
}

#[cfg(test)]
mod tests;
