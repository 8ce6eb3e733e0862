//! Tables of one run.

use super::metric::{self, Figure, Metric};
use super::{BATCHES, Body, heads};
use crate::bench::format::{NOTHING, gigabytes, grouped, milliseconds, or_nothing, percent, times};
use crate::bench::schema::{Candidate, GpuUse, Run, Scenario, Server};

/// The candidates that were measured.
pub(super) fn measured(run: &Run) -> impl Iterator<Item = &Candidate> {
    run.candidates
        .iter()
        .filter(|candidate| !candidate.scenarios.is_empty() || !candidate.operators.is_empty())
}

/// The candidates that know at least one of the metrics.
fn knowing<'a>(run: &'a Run, metrics: &[Metric]) -> impl Iterator<Item = &'a Candidate> {
    measured(run).filter(|candidate| metrics.iter().any(|metric| metric.of(candidate).is_some()))
}

/// A row a metric, a column a candidate of which at least one is known, and by how much the
/// first is ahead of the last or behind.
pub(super) fn beside_each_other(run: &Run, metrics: &[Metric], with_ratio: bool) -> Body {
    let candidates: Vec<&Candidate> = knowing(run, metrics).collect();
    let mut columns = heads(&["Metric"]);
    columns.extend(candidates.iter().map(|candidate| candidate.id.clone()));
    let ends = candidates.first().zip(candidates.last());
    let ends = ends.filter(|_| with_ratio);
    if let Some((first, last)) = ends {
        columns.push(format!("{} against {}", last.id, first.id));
    }
    let rows = metrics.iter().map(|metric| {
        let mut row = vec![metric.name()];
        row.extend(candidates.iter().map(|candidate| metric.cell(candidate)));
        if let Some((first, last)) = ends {
            let ratio = metric.of(first).zip(metric.of(last));
            // Above 1 if one is much slower, whichever it is.
            let ratio = ratio.map(|(a, b)| (a / b).max(b / a));
            row.push(times(ratio));
        }
        row
    });
    (columns, rows.collect())
}

/// A row a candidate of which at least one is known, a column a metric.
pub(super) fn each(run: &Run, metrics: &[Metric]) -> Body {
    let mut columns = heads(&["Candidate"]);
    columns.extend(metrics.iter().map(|metric| metric.name()));
    let rows = knowing(run, metrics).map(|candidate| {
        let mut row = vec![candidate.id.clone()];
        row.extend(metrics.iter().map(|metric| metric.cell(candidate)));
        row
    });
    (columns, rows.collect())
}

pub(super) fn encodings(run: &Run) -> Body {
    let mut formats: Vec<&str> = Vec::new();
    let mut batches: Vec<usize> = Vec::new();
    for encoding in &run.encodings {
        if !formats.contains(&encoding.format.as_str()) {
            formats.push(&encoding.format);
        }
        if !batches.contains(&encoding.batch) {
            batches.push(encoding.batch);
        }
    }
    let find = |format: &str, batch: usize| {
        run.encodings
            .iter()
            .find(|encoding| encoding.format == format && encoding.batch == batch)
    };
    let mut columns = heads(&["Batch size"]);
    columns.extend(formats.iter().map(|format| format!("{format} encoding")));
    columns.extend(formats.iter().map(|format| format!("Payload ({format})")));
    if let [first, second, ..] = formats.as_slice() {
        columns.push(format!("{first} slower than {second} by"));
    }
    let rows = batches.iter().map(|&batch| {
        let mut row = vec![batch.to_string()];
        row.extend(formats.iter().map(|format| {
            or_nothing(find(format, batch).map(|found| found.encode_ms), |time| {
                format!("{time:.2}ms")
            })
        }));
        row.extend(formats.iter().map(|format| {
            #[expect(clippy::cast_precision_loss, reason = "shown in kilobytes")]
            let kilobytes = find(format, batch).map(|found| found.bytes as f64 / 1e3);
            or_nothing(kilobytes, |kilobytes| {
                format!("{} KB", grouped(kilobytes, 0))
            })
        }));
        if let [first, second, ..] = formats.as_slice() {
            let ratio = find(first, batch)
                .zip(find(second, batch))
                .map(|(a, b)| a.encode_ms / b.encode_ms);
            row.push(times(ratio));
        }
        row
    });
    (columns, rows.collect())
}

/// The time in the model beside that of the first candidate that tells it.
pub(super) fn compute_of_each(run: &Run) -> Body {
    let base = measured(run).find_map(|candidate| Metric::Compute.of(candidate));
    let rows = measured(run).map(|candidate| {
        let time = Metric::Compute.of(candidate);
        let against = match (base, time) {
            (Some(base), Some(time)) if (base - time).abs() < f64::EPSILON => "baseline".to_owned(),
            (Some(base), Some(time)) => format!("{} faster", times(Some(base / time))),
            _ => NOTHING.to_owned(),
        };
        vec![
            candidate.id.clone(),
            Metric::Compute.cell(candidate),
            against,
        ]
    });
    (
        heads(&["Candidate", "Compute", "Against the baseline"]),
        rows.collect(),
    )
}

/// The first candidate of which the parts of a single request are known.
pub(super) fn breakdown(run: &Run) -> Body {
    let known = measured(run).find_map(|candidate| {
        let scenario = metric::single(candidate)?;
        Some((
            Figure::Mean.of(scenario)?,
            metric::compute(scenario)?,
            scenario,
        ))
    });
    let mut rows = Vec::new();
    if let Some((whole, compute, scenario)) = known {
        let overhead = metric::request(scenario).map_or(0.0, |request| request - compute);
        let rest = (whole - compute - overhead).max(0.0);
        for (name, time) in [
            ("Compute", compute),
            ("Server overhead and queue", overhead),
            ("Network, transfer and the rest", rest),
            ("Total (client)", whole),
        ] {
            let share = percent(time / whole);
            rows.push(vec![name.to_owned(), milliseconds(time), share]);
        }
    }
    (heads(&["Component", "Time", "Of the total"]), rows)
}

/// The use of the GPUs by the first scenario that knows it.
pub(super) fn gpus(run: &Run) -> &[GpuUse] {
    measured(run)
        .flat_map(|candidate| &candidate.scenarios)
        .map(|scenario| scenario.gpus.as_slice())
        .find(|gpus| !gpus.is_empty())
        .unwrap_or_default()
}

/// The memory in use of all GPUs.
pub(super) fn memory(gpus: &[GpuUse]) -> Option<u64> {
    let known = gpus.iter().filter_map(|gpu| gpu.memory_bytes);
    (!gpus.is_empty()).then(|| known.sum())
}

/// The mean use of the GPUs that tell it.
pub(super) fn use_percent(gpus: &[GpuUse]) -> Option<f64> {
    let known: Vec<f64> = gpus.iter().filter_map(|gpu| gpu.use_percent).collect();
    crate::bench::statistics::mean(&known)
}

fn power(gpu: &GpuUse) -> String {
    match (gpu.power_w, gpu.power_limit_w) {
        (Some(power), Some(limit)) => format!("{power:.1}W of {limit:.0}W"),
        (Some(power), None) => format!("{power:.1}W"),
        _ => NOTHING.to_owned(),
    }
}

pub(super) fn gpu_totals(run: &Run) -> Body {
    let gpus = gpus(run);
    let bytes = memory(gpus).map_or_else(|| NOTHING.to_owned(), gigabytes);
    let powers: Vec<String> = gpus.iter().map(power).collect();
    let powers = if powers.is_empty() {
        NOTHING.to_owned()
    } else {
        powers.join(", ")
    };
    let used = or_nothing(use_percent(gpus), |used| format!("{used:.1}%"));
    let rows = [
        ("GPU memory used", bytes),
        ("GPU utilization", used),
        ("GPU power", powers),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    (heads(&["Resource", "Value"]), rows.to_vec())
}

pub(super) fn each_gpu(run: &Run) -> Body {
    let gpus = gpus(run);
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| NOTHING.to_owned(), gigabytes);
    let mut rows: Vec<Vec<String>> = gpus
        .iter()
        .enumerate()
        .map(|(number, gpu)| {
            let name = gpu.name.clone().unwrap_or_else(|| format!("GPU {number}"));
            let total = gpu.memory_total_bytes;
            vec![name, bytes(gpu.memory_bytes), bytes(total), power(gpu)]
        })
        .collect();
    if !gpus.is_empty() {
        let total = gpus.iter().map(|gpu| gpu.memory_total_bytes).sum();
        let watts: Option<f64> = gpus.iter().map(|gpu| gpu.power_w).sum();
        rows.push(vec![
            "Total".to_owned(),
            bytes(memory(gpus)),
            bytes(total),
            or_nothing(watts, |watts| format!("{watts:.1}W")),
        ]);
    }
    (heads(&["GPU", "Memory used", "Memory", "Power"]), rows)
}

/// The closed loops of the candidate with the most of them.
pub(super) fn concurrency(run: &Run) -> Body {
    let candidate = measured(run).max_by_key(|candidate| {
        // The first of several: `max_by_key` takes the last.
        (
            metric::closed(candidate).count(),
            std::cmp::Reverse(&candidate.id),
        )
    });
    let rows = candidate
        .into_iter()
        .flat_map(metric::closed)
        .map(|scenario| {
            vec![
                scenario
                    .concurrency
                    .map_or_else(|| NOTHING.to_owned(), |callers| callers.to_string()),
                or_nothing(scenario.images_per_second, |rate| format!("{rate:.1}")),
                or_nothing(Figure::P50.of(scenario), milliseconds),
                or_nothing(Figure::P95.of(scenario), milliseconds),
            ]
        });
    let columns = [
        "Concurrency",
        "Throughput (img/s)",
        "Latency p50",
        "Latency p95",
    ];
    (heads(&columns), rows.collect())
}

/// What the server of the first scenario that has one tells, or the queue and the engine here.
fn account(run: &Run) -> Option<(Option<&Server>, &Scenario)> {
    let scenarios = || measured(run).flat_map(|candidate| &candidate.scenarios);
    let with_server = scenarios().find_map(|scenario| {
        let server = scenario.server.as_ref()?;
        server.queue_ms.or(server.compute_ms)?;
        Some((Some(server), scenario))
    });
    with_server.or_else(|| {
        let here = scenarios().find(|scenario| {
            scenario.stages_ms.compute.is_some() && scenario.concurrency > Some(1)
        })?;
        Some((None, here))
    })
}

pub(super) fn server_timing(run: &Run) -> Body {
    let mut rows = Vec::new();
    if let Some((server, scenario)) = account(run) {
        let whole = metric::request(scenario);
        let queue = server.map_or(scenario.stages_ms.queue, |server| server.queue_ms);
        for (name, time) in [
            ("Total request time", whole),
            ("Queue time", queue),
            ("Compute", metric::compute(scenario)),
            (
                "Input processing",
                server.and_then(|server| server.input_ms),
            ),
        ] {
            let share = time.zip(whole).map(|(time, whole)| time / whole);
            let text = match (time, share) {
                (Some(time), Some(share)) if name != "Total request time" => {
                    format!("{} ({})", milliseconds(time), percent(share))
                }
                _ => or_nothing(time, milliseconds),
            };
            rows.push(vec![name.to_owned(), text]);
        }
    }
    (heads(&["Metric", "Mean a request"]), rows)
}

pub(super) fn batching(run: &Run) -> Body {
    let mut rows = Vec::new();
    if let Some((Some(server), _)) = account(run) {
        let count = |count: Option<u64>| {
            count.map_or_else(|| NOTHING.to_owned(), |count| count.to_string())
        };
        #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
        let saved = server
            .requests
            .zip(server.executions)
            .filter(|(requests, _)| *requests > 0)
            .map(|(requests, executions)| 1.0 - executions as f64 / requests as f64);
        rows = vec![
            vec!["Total requests".to_owned(), count(server.requests)],
            vec!["Model executions".to_owned(), count(server.executions)],
            vec!["Batch efficiency".to_owned(), or_nothing(saved, percent)],
            vec![
                "Mean batch size".to_owned(),
                or_nothing(server.batch_mean, |mean| format!("{mean:.2}")),
            ],
        ];
    }
    (heads(&["Metric", "Value"]), rows)
}

/// Pairs of candidates that differ in their protocol alone.
pub(super) fn protocols(run: &Run) -> Body {
    let mut columns = heads(&["Pair"]);
    columns.extend(BATCHES.map(|batch| format!("b={batch}")));
    let of = |protocol: &'static str| {
        measured(run).filter(move |candidate| candidate.protocol.as_deref() == Some(protocol))
    };
    let mut rows = Vec::new();
    for grpc in of("grpc") {
        let same = |http: &&Candidate| {
            (
                &http.engine,
                &http.provider,
                &http.model,
                &http.precision,
                &http.payload,
            ) == (
                &grpc.engine,
                &grpc.provider,
                &grpc.model,
                &grpc.precision,
                &grpc.payload,
            )
        };
        let Some(http) = of("http").find(same) else {
            continue;
        };
        let mut row = vec![format!("{} / {}", grpc.id, http.id)];
        row.extend(BATCHES.map(|batch| {
            let median = Metric::BatchMedian(batch);
            times(
                median
                    .of(http)
                    .zip(median.of(grpc))
                    .map(|(http, grpc)| http / grpc),
            )
        }));
        rows.push(row);
    }
    (columns, rows)
}

/// A row a candidate with its payload: what a picture takes, and its way.
pub(super) fn payloads(run: &Run) -> Body {
    let rows = measured(run).filter_map(|candidate| {
        let mut scenarios = candidate.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.payload_bytes_per_image.is_some())?;
        let bytes = scenario.payload_bytes_per_image?;
        let network = match scenario.stages_ms.network {
            Some(time) => milliseconds(time),
            None => scenario.note.clone().unwrap_or_else(|| NOTHING.to_owned()),
        };
        Some(vec![
            candidate
                .payload
                .clone()
                .unwrap_or_else(|| NOTHING.to_owned()),
            format!("{} KB", grouped(bytes / 1e3, 0)),
            network,
            candidate.id.clone(),
        ])
    });
    (
        heads(&["Format", "Payload an image", "Network time", "Used by"]),
        rows.collect(),
    )
}

pub(super) fn operators(run: &Run) -> Body {
    let profiled = measured(run).find(|candidate| !candidate.operators.is_empty());
    let operators = profiled.map(|candidate| candidate.operators.as_slice());
    let rows = operators.unwrap_or_default().iter().map(|operator| {
        #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
        let calls = operator.calls as f64;
        vec![
            operator.operator.clone(),
            milliseconds(operator.total_ms),
            percent(operator.share),
            grouped(calls, 0),
        ]
    });
    (
        heads(&["Operator", "Total time", "Of compute", "Calls"]),
        rows.collect(),
    )
}

/// The batch sweep of the candidate with the most sizes.
pub(super) fn batch_scaling(run: &Run) -> Body {
    let candidate = measured(run).max_by_key(|candidate| {
        (
            metric::sweep(candidate).count(),
            std::cmp::Reverse(&candidate.id),
        )
    });
    let sweep: Vec<&Scenario> = candidate.into_iter().flat_map(metric::sweep).collect();
    let base = sweep.first().and_then(|scenario| Figure::Mean.of(scenario));
    let rows = sweep.iter().map(|scenario| {
        let latency = Figure::Mean.of(scenario);
        vec![
            scenario.batch.to_string(),
            or_nothing(latency, milliseconds),
            or_nothing(scenario.images_per_second, |rate| format!("{rate:.1}")),
            times(latency.zip(base).map(|(latency, base)| latency / base)),
        ]
    });
    (
        heads(&["Batch size", "Latency", "Images/s", "Scaling"]),
        rows.collect(),
    )
}

pub(super) fn sessions(run: &Run) -> Body {
    let sessions = measured(run).find_map(|candidate| candidate.cold_start_ms.sessions.as_ref());
    let rows = sessions.into_iter().flat_map(|sessions| {
        [
            ("Mean", sessions.mean),
            ("Min", sessions.min),
            ("Max", sessions.max),
        ]
        .map(|(name, time)| vec![name.to_owned(), or_nothing(time, milliseconds)])
    });
    (heads(&["Metric", "Value"]), rows.collect())
}

/// The windows of the load that has the most of them.
pub(super) fn course(run: &Run) -> Body {
    let longest = measured(run)
        .flat_map(|candidate| &candidate.scenarios)
        .max_by_key(|scenario| (scenario.windows.len(), scenario.concurrency));
    let rows = longest
        .into_iter()
        .flat_map(|scenario| &scenario.windows)
        .map(|window| {
            vec![
                window.event.clone().unwrap_or_else(|| {
                    let rate = or_nothing(window.images_per_second, |rate| format!("{rate:.1}"));
                    format!("{rate} img/s")
                }),
                or_nothing(window.cpu_percent, |cpu| format!("{cpu:.0}%")),
                window
                    .replicas
                    .map_or_else(|| NOTHING.to_owned(), |count| count.to_string()),
                format!("{:.1}s", window.at_s),
            ]
        });
    (
        heads(&["Event", "CPU", "Replicas", "Time from load start"]),
        rows.collect(),
    )
}
