//! What the benchmark view shows: what is to be measured, what is being measured, what was.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::PlotKind;
use super::form::Form;
use super::shelf::{Shelf, Shown};
use super::table::Order;
use crate::bench::candidates::Choice;
use crate::bench::compare::Comparison;
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
    pub(crate) local: Option<Result<Vec<Choice>, String>>,
    /// The ways of the servers that are set up; none while they are asked.
    pub(crate) servers: Option<Vec<Choice>>,
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
    /// Both beside each other.
    pub(crate) comparing: Option<Comparing>,
    /// Which plot is shown.
    pub(crate) plot: PlotKind,
    /// How the table is ordered.
    pub(crate) order: Order,
    /// What was changed by a click on "Use this setting".
    pub(crate) used: Option<Used>,
}

/// Two runs beside each other.
#[derive(Debug)]
pub(crate) struct Comparing {
    /// The one that is compared with.
    pub(crate) first: Arc<Run>,
    /// The one that is shown.
    pub(crate) second: Arc<Run>,
    /// What came of it; none while it is computed.
    pub(crate) comparison: Option<Comparison>,
}

impl Comparing {
    /// Whether it is of these two.
    pub(crate) fn is_of(&self, first: &Arc<Run>, second: &Arc<Run>) -> bool {
        Arc::ptr_eq(&self.first, first) && Arc::ptr_eq(&self.second, second)
    }
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
    /// Measurements that are done of the way that is at work.
    pub(crate) done: usize,
    /// Measurements of each way of the run, none of those that are not available.
    pub(crate) planned: Vec<usize>,
    /// Whether pictures are sent to servers.
    pub(crate) sends: bool,
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
    /// All ways that are known, those of this machine first.
    pub(crate) fn ways(&self) -> impl Iterator<Item = &Choice> {
        let local = self.local.iter().flatten().flatten();
        local.chain(self.servers.iter().flatten())
    }

    /// Those that are to be measured. Ways that are not available belong to a run too, which says
    /// why they are not.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = &Choice> {
        self.ways().filter(|way| !self.left_out.contains(&way.id()))
    }

    /// How many of them can be measured.
    pub(crate) fn available(&self) -> usize {
        self.chosen().filter(|way| way.obstacle.is_none()).count()
    }

    /// Whether one of them is a server, to which pictures are sent.
    pub(crate) fn sends(&self) -> bool {
        let mut chosen = self.chosen();
        chosen.any(|way| way.obstacle.is_none() && way.server().is_some())
    }
}

impl Measuring {
    /// How many measurements there will be.
    pub(crate) fn expected(&self) -> usize {
        self.planned.iter().sum()
    }

    /// How far it is, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
    pub(crate) fn fraction(&self) -> f32 {
        let Now::Way { number, .. } = &self.now else {
            return 0.0;
        };
        let at = number.saturating_sub(1);
        let before: usize = self.planned.iter().take(at).sum();
        let here = self.planned.get(at).map_or(0, |all| self.done.min(*all));
        (before + here) as f32 / self.expected().max(1) as f32
    }

    /// About how long it will still take, once there is something to tell it by.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let fraction = self.fraction();
        if fraction < 0.05 {
            return None;
        }
        let left = self.began.elapsed().as_secs_f32() * (1.0 - fraction) / fraction;
        Duration::try_from_secs_f32(left).ok()
    }
}
