//! What the benchmark view shows: what is to be measured, what is being measured, what was.

use std::collections::BTreeSet;
use std::time::Instant;

use super::command::PlotKind;
use super::form::Form;
use super::shelf::{Shelf, Shown};
use super::table::Order;
use crate::bench::candidates::Choice;
use crate::bench::schema::{Run, Window};
use crate::settings::Settings;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct BenchmarkState {
    /// Whether anybody looked for ways and runs yet.
    pub(crate) has_looked: bool,
    /// What is to be measured.
    pub(crate) form: Form,
    /// The ways of computing on this machine; none while they are looked for.
    pub(crate) ways: Option<Result<Vec<Choice>, String>>,
    /// The names of those that the user left out.
    pub(crate) left_out: BTreeSet<String>,
    /// What is being measured.
    pub(crate) measuring: Option<Measuring>,
    /// Why the last one came to nothing.
    pub(crate) trouble: Option<String>,
    /// The runs that can be shown.
    pub(crate) shelf: Shelf,
    /// The one that is shown.
    pub(crate) shown: Option<Shown>,
    /// The one that it is compared with.
    pub(crate) compared: Option<Shown>,
    /// Which plot is shown.
    pub(crate) plot: PlotKind,
    /// How the table is ordered.
    pub(crate) order: Order,
    /// What was changed by a click on "Use this setting".
    pub(crate) used: Option<Used>,
}

/// A run while it is measured.
#[derive(Debug)]
pub(crate) struct Measuring {
    /// What was measured so far, and the ways that are still to come.
    pub(crate) run: Run,
    /// When it began.
    pub(crate) began: Instant,
    /// What is at work.
    pub(crate) now: Now,
    /// Measurements that are done.
    pub(crate) done: usize,
    /// Measurements a way.
    pub(crate) each: usize,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}

/// What is at work in a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Now {
    /// Photos are read.
    Photos {
        /// So many are done.
        done: usize,
        /// Of so many.
        all: usize,
    },
    /// A way is measured.
    Way {
        /// The how many-th, from 1.
        number: usize,
        /// Of so many.
        all: usize,
        /// Its name.
        id: String,
        /// The measurement, once it has begun.
        scenario: Option<String>,
        /// The last stretch of it.
        window: Option<Window>,
    },
}

/// What was changed by a click.
#[derive(Debug)]
pub(crate) struct Used {
    /// What holds now, in words.
    pub(crate) told: String,
    /// The settings before.
    pub(crate) before: Box<Settings>,
}
