//! A row a measurement, for spreadsheets: RFC 4180 with CRLF and a byte order mark, which Excel
//! needs to take the text for UTF-8. Nothing in it begins like a formula: identifiers begin with
//! the engine's name, and all else is numbers and fixed words.

use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};

use super::each;
use crate::bench::schema::Run;

const BYTE_ORDER_MARK: &str = "\u{feff}";

const HEADER: [&str; 42] = [
    "candidate",
    "engine",
    "runtime",
    "provider",
    "protocol",
    "model",
    "precision",
    "payload",
    "session_ms",
    "first_batch_ms",
    "cosine_mean",
    "cosine_min",
    "recall_at_10",
    "groups_changed",
    "scenario",
    "batch",
    "concurrency",
    "rate",
    "stable",
    "mean_ms",
    "sd_ms",
    "min_ms",
    "p50_ms",
    "p75_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "images_per_second",
    "goodput",
    "errors",
    "requests",
    "seconds",
    "read_ms",
    "decode_ms",
    "preprocess_ms",
    "queue_ms",
    "compute_ms",
    "payload_bytes_per_image",
    "cpu_percent",
    "memory_bytes",
    "cost_per_1000",
];

/// Writes a row for each measurement, in the run's order. Unknown figures are empty.
///
/// # Errors
/// That of `output`.
pub fn write_csv(run: &Run, mut output: impl Write) -> io::Result<()> {
    output.write_all(BYTE_ORDER_MARK.as_bytes())?;
    let mut rows = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(output);
    rows.write_record(HEADER).map_err(io::Error::from)?;
    for (candidate, scenario) in each(run) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let latency = scenario.latency_ms.clone().unwrap_or_default();
        let quality = candidate.quality.as_ref();
        let stages = &scenario.stages_ms;
        let row: [String; HEADER.len()] = [
            candidate.id.clone(),
            candidate.engine.clone(),
            text(&candidate.runtime),
            text(&candidate.provider),
            text(&candidate.protocol),
            text(&candidate.model),
            text(&candidate.precision),
            text(&candidate.payload),
            number(candidate.cold_start_ms.session),
            number(candidate.cold_start_ms.first_batch),
            number(quality.map(|quality| quality.cosine_mean)),
            number(quality.map(|quality| quality.cosine_min)),
            number(quality.and_then(|quality| quality.recall_at_10)),
            number(quality.and_then(|quality| quality.groups_changed)),
            scenario.scenario.name().to_owned(),
            scenario.batch.to_string(),
            number(scenario.concurrency),
            number(scenario.rate),
            number(scenario.stable),
            number(latency.mean),
            number(latency.sd),
            number(latency.min),
            number(latency.p50),
            number(latency.p75),
            number(latency.p90),
            number(latency.p95),
            number(latency.p99),
            number(latency.max),
            number(scenario.images_per_second),
            number(scenario.goodput),
            number(scenario.errors),
            number(scenario.requests),
            number(scenario.seconds),
            number(stages.read),
            number(stages.decode),
            number(stages.preprocess),
            number(stages.queue),
            number(stages.compute),
            number(scenario.payload_bytes_per_image),
            number(scenario.cpu_percent),
            number(scenario.memory_bytes),
            number(scenario.cost_per_1000),
        ];
        rows.write_record(row).map_err(io::Error::from)?;
    }
    rows.flush()
}

/// As it reads back to the same number.
fn number(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
