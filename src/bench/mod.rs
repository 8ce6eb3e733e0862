//! Which way of computing embeddings is best on this machine and these photos, and why.
//!
//! [`candidates`] are all engines, providers and models that are there; [`measure`] takes each
//! through the scenarios of MLPerf Inference (single-stream, multi-stream, offline, server) with
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

pub mod compare;
pub mod export;
pub mod finding;
mod format;
pub mod load;
pub mod operators;
mod random;
pub mod reference;
pub mod schema;
pub mod statistics;
pub mod tables;

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// What should be a run cannot be read.
    #[error("cannot read the benchmark results: {0}")]
    Input(std::io::Error),
    /// The results have another version.
    #[error("these are benchmark results of version {0}, this program reads version {version}", version = schema::VERSION)]
    UnknownVersion(u32),
    /// It is no run.
    #[error("these are no benchmark results: {0}")]
    Malformed(#[from] serde_json::Error),
}
