//! What the benchmark view shows: what is to be measured, what is being measured, what was.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

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

impl BenchmarkState {
    /// How many ways are to be measured.
    pub(crate) fn chosen(&self) -> usize {
        let Some(Ok(ways)) = &self.ways else {
            return 0;
        };
        let is_chosen =
            |way: &&Choice| way.obstacle.is_none() && !self.left_out.contains(&way.id());
        ways.iter().filter(is_chosen).count()
    }
}

impl Measuring {
    /// How many measurements there will be.
    pub(crate) fn expected(&self) -> usize {
        let ways = self.run.candidates.iter().filter(|way| way.available);
        ways.count() * self.each
    }

    /// How far it is, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
    pub(crate) fn fraction(&self) -> f32 {
        let Now::Way { number, all, .. } = &self.now else {
            return 0.0;
        };
        let way = self.done as f32 / self.each.max(1) as f32;
        ((*number as f32 - 1.0 + way.min(1.0)) / (*all).max(1) as f32).clamp(0.0, 1.0)
    }

    /// About how long it will still take, once there is something to tell it by.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let fraction = self.fraction();
        let left = self.began.elapsed().as_secs_f32() * (1.0 - fraction) / fraction;
        (fraction > 0.05).then(|| Duration::try_from_secs_f32(left).ok())?
    }
}
