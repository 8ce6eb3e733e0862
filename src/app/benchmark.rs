//! The benchmark as the window knows it: what is measured, what was, and what it changes.
//!
//! Plain data: the views draw this, `act` changes it, and all that takes time is done by
//! `jobs/benchmark.rs`. All figures that are shown are a [`Run`](crate::bench::schema::Run)'s; one
//! that is being measured is a run that grows.

mod act;
mod command;
mod form;
mod shelf;
mod state;
pub(crate) mod table;
pub(crate) mod way;

pub(crate) use command::{BenchmarkCommand, BenchmarkFile, Format, PlotKind};
pub(crate) use form::{BATCHES, CALLERS, Form, Pictures};
pub(crate) use shelf::{Shelved, Shown};
pub(crate) use state::{BenchmarkState, Comparing, Measuring, Now, Used};
