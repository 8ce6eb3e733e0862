//! The tables of the record of reference results, made from the JSON of any run.
//!
//! Each table is known by its section. The first run gives its own figures; tables that set
//! hardware or steps beside each other take the further runs too. A cell of which a run knows
//! nothing holds `—`.

mod across;
mod metric;
mod within;

use super::schema::Run;
use metric::{Figure, Metric};

/// A table in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `8.1`.
    pub section: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The head.
    pub columns: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<String>>,
}

/// A section of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// A table of measurements.
    Table(Table),
    /// What stands for it in a run, as it is no measurement of a load.
    Other(&'static str),
}

/// The sections with tables, in order.
pub const SECTIONS: [&str; 41] = [
    "1", "2", "3.1", "3.2", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "5.5", "6.1", "6.2",
    "6.3", "7.1", "7.2", "7.3", "7.4", "7.5", "8.1", "8.2", "8.3", "8.4", "8.5", "9.1", "9.2",
    "9.3", "9.4", "10.1", "10.2", "10.3", "10.4", "11.1", "11.2", "11.3", "12.1", "12.2", "12.3",
    "12.4", "12.5",
];

const BATCHES: [usize; 5] = [1, 4, 8, 16, 32];
const CALLERS: [usize; 3] = [1, 8, 16];

/// The section's table from these runs, of which the first is the one that is shown; `None` if
/// there is no such section or no run.
#[must_use]
pub fn section(number: &str, runs: &[&Run]) -> Option<Section> {
    let run = *runs.first()?;
    if let Some(words) = no_measurement(number) {
        return Some(Section::Other(words));
    }
    let (columns, rows) = match number {
        "2" => within::beside_each_other(
            run,
            &[
                Metric::ColdStart,
                Metric::Single(Figure::P50),
                Metric::Single(Figure::Mean),
                Metric::BatchMean(4),
                Metric::BatchMean(8),
                Metric::BatchMean(16),
                Metric::BatchMean(32),
                Metric::BestConcurrentRate,
            ],
            true,
        ),
        "3.1" => within::encodings(run),
        "3.2" => across::before_and_after(runs),
        "4.1" => within::beside_each_other(
            run,
            &[Metric::Compute, Metric::Request, Metric::Input],
            true,
        ),
        "4.2" => within::beside_each_other(
            run,
            &[Figure::Mean, Figure::P50, Figure::Min].map(Metric::Single),
            false,
        ),
        "4.3" => within::compute_of_each(run),
        "5.1" => within::beside_each_other(
            run,
            &[
                Metric::Single(Figure::Mean),
                Metric::Single(Figure::P50),
                Metric::Single(Figure::P95),
                Metric::Single(Figure::P99),
                Metric::Compute,
            ],
            false,
        ),
        "5.2" => within::beside_each_other(run, &BATCHES.map(Metric::BatchRate), false),
        "5.3" => within::beside_each_other(run, &BATCHES.map(Metric::BatchMean), false),
        "5.4" => within::breakdown(run),
        "5.5" => within::gpu_totals(run),
        "6.1" => within::beside_each_other(
            run,
            &[
                Metric::Single(Figure::Mean),
                Metric::Single(Figure::P50),
                Metric::BatchRate(32),
                Metric::Compute,
            ],
            false,
        ),
        "6.2" => across::winners(runs),
        "6.3" => across::gpu_memory(runs),
        "7.1" => within::concurrency(run),
        "7.2" => across::scaling(runs),
        "7.3" => within::server_timing(run),
        "7.4" => within::batching(run),
        "7.5" => within::each_gpu(run),
        "8.1" | "9.1" => within::each(run, &BATCHES.map(Metric::BatchMedian)),
        "8.2" => within::each(run, &BATCHES.map(Metric::BatchRate)),
        "8.3" | "9.2" => within::protocols(run),
        "8.4" | "9.3" => within::each(run, &CALLERS.map(Metric::ConcurrentRate)),
        "8.5" => within::each(run, &[Metric::Compute]),
        "9.4" => across::machines(runs),
        "10.1" => across::latency_evolution(runs),
        "10.2" => across::compute_evolution(runs),
        "10.3" => across::best_throughput(runs),
        "10.4" => within::payloads(run),
        "11.1" => within::operators(run),
        "11.2" => within::batch_scaling(run),
        "11.3" => within::sessions(run),
        "12.1" => across::against_another(runs),
        "12.2" => within::course(run),
        _ => return None,
    };
    let section = SECTIONS.into_iter().find(|section| *section == number)?;
    Some(Section::Table(Table {
        section,
        title: title(section),
        columns,
        rows,
    }))
}

/// What stands for a section that is no measurement of a load.
fn no_measurement(number: &str) -> Option<&'static str> {
    Some(match number {
        "1" => "The hardware is in `machine` and `source.hardware` of each run.",
        "12.3" => {
            "The decisions of an autoscaler are text of another program; what followed from them \
             is `replicas` in `windows`."
        }
        "12.4" => "Which servers run beside each other is seen from the candidates of one run.",
        "12.5" => {
            "`cpu_percent` and `memory_bytes` of the scenario with the most callers stand for it \
             on this machine; on others only their own monitoring knows."
        }
        _ => return None,
    })
}

/// What a section shows.
#[must_use]
pub fn title(section: &str) -> &'static str {
    match section {
        "1" => "Hardware",
        "2" => "Latency, batches and throughput of the candidates beside each other",
        "3.1" => "Cost of bringing pictures into the form in which they are sent",
        "3.2" => "The same candidates before and after",
        "4.1" => "Time in the server",
        "4.2" | "5.1" | "6.1" => "Latency of one picture at a time",
        "4.3" | "8.5" => "Time in the model",
        "5.2" | "8.2" => "Throughput by batch",
        "5.3" => "Mean latency by batch",
        "5.4" => "Where the time of a request goes",
        "5.5" => "Use of the GPU",
        "6.2" => "The fastest model by hardware",
        "6.3" => "Memory of the GPU by hardware",
        "7.1" => "Throughput by callers",
        "7.2" => "Scaling over several GPUs, and cost",
        "7.3" => "Time in the server under load",
        "7.4" => "Dynamic batching",
        "7.5" => "Memory and power of each GPU",
        "8.1" | "9.1" => "Median latency by batch",
        "8.3" | "9.2" => "gRPC against HTTP",
        "8.4" | "9.3" => "Throughput by callers, of each candidate",
        "9.4" => "The same candidates on two machines",
        "10.1" => "Latency of one picture over all runs",
        "10.2" => "Time in the model over all runs",
        "10.3" => "Best throughput over all runs",
        "10.4" => "Payloads and what they cost on the way",
        "11.1" => "Where the time of the model goes",
        "11.2" => "Scaling with the batch",
        "11.3" => "Creating a session",
        "12.1" => "Latency under load beside another run",
        "12.2" => "The course of a load",
        "12.3" => "Events of an autoscaler",
        "12.4" => "Servers beside each other",
        "12.5" => "Processor and memory at the highest load",
        _ => "",
    }
}

/// Head and rows.
type Body = (Vec<String>, Vec<Vec<String>>);

fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests;
