//! What a view may ask for around the benchmark.

use std::path::PathBuf;

use super::form::Form;
use super::shelf::Shelved;
use super::table::Column;
use crate::app::command::Command;

/// One wish.
#[derive(Clone, Debug)]
pub(crate) enum BenchmarkCommand {
    /// Look anew for ways of computing and for runs.
    Look,
    /// Something else is to be measured, or otherwise.
    Set(Form),
    /// Measure the way of this name, or leave it out.
    Include(String, bool),
    /// Ask for a folder of photos, a run or a place for a file in a dialog of the system.
    Choose(BenchmarkFile),
    /// Measure.
    Start,
    /// Stop; what is measured is kept.
    Stop,
    /// Show a run.
    Show(Shelved),
    /// Compare the run that is shown with this one, or no longer.
    Compare(Option<Shelved>),
    /// Take files in that were dropped on the window: runs, or a folder of photos.
    Take(Vec<PathBuf>),
    /// Ask whether a kept run is to be deleted, or no longer.
    AskToDelete(Option<PathBuf>),
    /// Delete a kept run.
    Delete(PathBuf),
    /// Show another plot.
    Plot(PlotKind),
    /// Order the table by a column; by the same one again, the other way round.
    Sort(Column),
    /// Compute the way that the run that is shown recommends from now on.
    Use,
    /// Compute as before that.
    UndoUse,
}

impl From<BenchmarkCommand> for Command {
    fn from(command: BenchmarkCommand) -> Self {
        Self::Benchmark(command)
    }
}

/// What a dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BenchmarkFile {
    /// A folder of photos.
    Photos,
    /// A run in JSON.
    Import,
    /// Where the run that is shown is written to.
    Export(Format),
}

/// What a run is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// What this program reads.
    Json,
    /// A table.
    Csv,
    /// A text.
    Markdown,
    /// A page with plots.
    Html,
    /// For Perfetto or `chrome://tracing`.
    Trace,
    /// The plots, into a folder.
    Plots,
}

impl Format {
    /// All, as a menu shows them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Json,
        Self::Csv,
        Self::Markdown,
        Self::Html,
        Self::Trace,
        Self::Plots,
    ];

    /// As a menu names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON, to compare with",
            Self::Csv => "CSV, for a spreadsheet",
            Self::Markdown => "Markdown",
            Self::Html => "Page with plots (HTML)",
            Self::Trace => "Trace, for Perfetto",
            Self::Plots => "Plots, into a folder",
        }
    }

    /// How a file's name ends; none for a folder.
    pub(crate) fn extension(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Trace => Some("json"),
            Self::Csv => Some("csv"),
            Self::Markdown => Some("md"),
            Self::Html => Some("html"),
            Self::Plots => None,
        }
    }
}

/// Which plot is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum PlotKind {
    /// Images a second over latency, with the Pareto front.
    #[default]
    ThroughputLatency,
    /// Images a second by batch and concurrency.
    HeatMap,
    /// The distribution of latencies.
    LatencyCdf,
    /// Where the time goes.
    Stages,
    /// Images a second over how faithful the vectors are.
    SpeedQuality,
}

impl PlotKind {
    /// All, in the order of the tabs.
    pub(crate) const ALL: [Self; 5] = [
        Self::ThroughputLatency,
        Self::HeatMap,
        Self::LatencyCdf,
        Self::Stages,
        Self::SpeedQuality,
    ];

    /// As a tab names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ThroughputLatency => "Throughput and latency",
            Self::HeatMap => "Batch and concurrency",
            Self::LatencyCdf => "Latency",
            Self::Stages => "Stages",
            Self::SpeedQuality => "Speed and quality",
        }
    }
}
