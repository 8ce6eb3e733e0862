//! Which way of computing embeddings is best on this machine and these photos, and why.
//!
//! [`candidates`] are all engines, providers and models that are there; [`measure`] takes each
//! through the scenarios of `MLPerf` Inference (single-stream, multi-stream, offline, server) with
//! the load generator of [`load`], on a sample of the user's photos ([`workload`]). What comes out
//! is a [`schema::Run`], the one format of the benchmark; [`export`], [`compare`], [`tables`] and
//! [`finding`] are made of it alone, so that they work on any machine's run and on the
//! [`reference`] results in the program.
//!
//! Rules:
//! - This room knows the rooms that it measures, not who asks: the window and the command line
//!   get a [`Run`](schema::Run) and are told of its progress.
//! - What cannot be measured here is null with a reason, never a guess.
//! - Latency counts from the picture in memory at the model's size to its vector. Reading,
//!   decoding and resizing are measured apart, as they are the same for all candidates.

pub mod candidates;
pub mod compare;
mod demo;
mod encoding;
pub mod export;
pub mod finding;
mod format;
pub mod history;
mod judge;
pub mod load;
mod local;
mod measure;
pub mod operators;
mod plan;
pub mod plots;
mod probe;
mod quality;
mod random;
pub mod reference;
pub mod remote;
mod run;
pub mod schema;
pub mod statistics;
pub mod tables;
mod workload;

pub use plan::Plan;
pub use run::run;
pub use workload::Photos;

use std::path::PathBuf;

use std::time::Duration;

use crate::embed::EmbedError;
use crate::scan::ScanError;

/// What happens in a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Photos are read.
    Photos {
        /// So many are done.
        done: usize,
        /// Of so many.
        all: usize,
    },
    /// A candidate begins.
    Candidate {
        /// The how many-th, from 1.
        number: usize,
        /// Of so many.
        all: usize,
        /// Its name.
        id: &'a str,
    },
    /// A measurement of it begins.
    Scenario(&'a str),
    /// A window of the measurement has ended.
    Window(&'a schema::Window),
    /// The measurement is done.
    Measured {
        /// The candidate's name.
        candidate: &'a str,
        /// What was measured.
        scenario: &'a schema::Scenario,
    },
}

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// What should be a run cannot be read.
    #[error("cannot read the benchmark results: {0}")]
    Input(std::io::Error),
    /// The results have another version.
    #[error(
        "these are benchmark results of version {0}, this program reads version {version}",
        version = schema::VERSION
    )]
    UnknownVersion(u32),
    /// It is no run.
    #[error("these are no benchmark results: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A run cannot be kept.
    #[error("cannot keep the benchmark results ({source}): {path}", path = path.display())]
    Keep {
        /// The folder of runs.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The folder of runs cannot be read.
    #[error("cannot list the benchmark results ({source}): {path}", path = path.display())]
    List {
        /// The folder of runs.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A run's file cannot be deleted.
    #[error("cannot delete the benchmark results ({source}): {path}", path = path.display())]
    Delete {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The folder holds nothing to embed.
    #[error("there is no photo that can be decoded; name a folder with photos")]
    NoPhotos,
    /// The photos that come with the program cannot be unpacked.
    #[error("cannot unpack the demo photos into the folder for temporary files: {0}")]
    Demo(std::io::Error),
    /// The folder cannot be listed, or the user cancelled while it was.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A photo cannot be brought to a model's size.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The system gives no more threads.
    #[error("cannot start a thread for the benchmark: {0}; choose fewer callers")]
    Thread(std::io::Error),
}

/// Times in results are milliseconds.
fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
