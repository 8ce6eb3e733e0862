//! A run as a Chrome trace (*Trace Event Format*), for `chrome://tracing` and Perfetto: a process
//! a candidate with its cold start and measurements, requests one after the other where there was
//! one caller, and throughput and latency as counters.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::schema::{Candidate, Run, Scenario};

/// So many requests of a measurement are drawn.
const REQUESTS: usize = 500;

#[derive(Serialize)]
struct Event {
    name: String,
    cat: &'static str,
    ph: &'static str,
    /// Microseconds.
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: usize,
    tid: usize,
    args: Value,
}

/// Writes the trace.
///
/// # Errors
/// That of `output`.
pub fn write_trace(run: &Run, output: impl Write) -> io::Result<()> {
    let mut events = Vec::new();
    for (pid, candidate) in run.candidates.iter().enumerate() {
        if !candidate.scenarios.is_empty() {
            draw(&mut events, pid, candidate);
        }
    }
    let trace = json!({
        "displayTimeUnit": "ms",
        "otherData": {"program": run.program, "started": run.started},
        "traceEvents": events,
    });
    let mut output = BufWriter::new(output);
    serde_json::to_writer(&mut output, &trace).map_err(io::Error::from)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn draw(events: &mut Vec<Event>, pid: usize, candidate: &Candidate) {
    let name = |event: &str, tid: usize, text: &str| Event {
        name: event.to_owned(),
        cat: "__metadata",
        ph: "M",
        ts: 0.0,
        dur: None,
        pid,
        tid,
        args: json!({"name": text}),
    };
    events.push(name("process_name", 0, &candidate.id));
    events.push(name("thread_name", 0, "measurements"));
    events.push(name("thread_name", 1, "requests"));
    // Results of others do not say when they began: they are drawn one after the other.
    let mut next_s = 0.0;
    for scenario in &candidate.scenarios {
        let at_s = scenario.at_s.unwrap_or(next_s);
        let length_s = scenario.seconds.unwrap_or_default();
        next_s = at_s + length_s;
        events.push(Event {
            name: scenario.title(),
            cat: "scenario",
            ph: "X",
            ts: at_s * 1e6,
            dur: Some(length_s * 1e6),
            pid,
            tid: 0,
            args: json!({"latency_ms": scenario.latency_ms, "images_per_second": scenario.images_per_second}),
        });
        if scenario.concurrency == Some(1) {
            requests(events, pid, scenario, at_s);
        }
        for window in &scenario.windows {
            events.push(Event {
                name: "load".to_owned(),
                cat: "window",
                ph: "C",
                ts: (at_s + window.at_s) * 1e6,
                dur: None,
                pid,
                tid: 0,
                args: json!({
                    "images_per_second": window.images_per_second,
                    "latency_ms": window.latency_ms,
                }),
            });
        }
    }
}

/// With one caller each request begins when the last one ends.
fn requests(events: &mut Vec<Event>, pid: usize, scenario: &Scenario, begin_s: f64) {
    let mut at_us = begin_s * 1e6;
    for (number, sample) in scenario.samples_ms.iter().take(REQUESTS).enumerate() {
        let length_us = sample * 1e3;
        events.push(Event {
            name: format!("request {number}"),
            cat: "request",
            ph: "X",
            ts: at_us,
            dur: Some(length_us),
            pid,
            tid: 1,
            args: json!({"images": scenario.batch}),
        });
        at_us += length_us;
    }
}
