//! Whose turn it is: which place takes the next batch, or why none ever will.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::member::{Change, Offer};
use super::{Pool, State};
use crate::embed::EmbedError;
use crate::embed::remote::window::Ticket;
use crate::embed::remote::{CallError, Failover};

/// How often someone who waits looks at the clock and at the cancel flag.
const LOOK: Duration = Duration::from_millis(50);

/// Where a batch goes.
#[derive(Debug)]
pub(super) enum Turn {
    /// To a server, so many pictures at most.
    Server {
        index: usize,
        ticket: Ticket,
        most: usize,
    },
    /// Nowhere yet: a server is to do its proof first.
    Trial { index: usize },
    /// To the engine of this computer.
    Local,
}

/// The same, before anything is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Server(usize),
    Trial(usize),
    Local,
}

impl Pool {
    /// Waits for a place that takes a batch.
    ///
    /// # Errors
    /// [`EmbedError::Cancelled`], or [`EmbedError::Remote`] if none ever will.
    pub(super) fn turn(&self) -> Result<Turn, EmbedError> {
        let mut state = self.state();
        loop {
            self.cancelled()?;
            let now = Instant::now();
            let choice = self.choose(&state, now);
            if let Some(turn) = choice.and_then(|choice| take(&mut state, choice)) {
                return Ok(turn);
            }
            self.hope(&state, now)?;
            let waited = self.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until [`Pool::turn`] would not wait, or would fail.
    pub(super) fn wait_for_turn(&self) {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let is_over = self.link.is_stopped() || self.hope(&state, now).is_err();
            if is_over || self.choose(&state, now).is_some() {
                return;
            }
            let waited = self.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn choose(&self, state: &State, now: Instant) -> Option<Choice> {
        let offers = || state.members.iter().map(|member| member.offer(now));
        let local_is_free = self.may_use_local(state) && state.local_out < self.local_most;
        let local = (local_is_free && self.failover == Failover::Fastest)
            .then_some((state.local_pace, Choice::Local));
        let fastest = (state.members.iter().enumerate())
            .filter(|(_, member)| member.offer(now) == Offer::Work)
            .map(|(index, member)| (member.pace(), Choice::Server(index)))
            .chain(local)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, choice)) = fastest {
            return Some(choice);
        }
        if let Some(index) = offers().position(|offer| offer == Offer::Trial) {
            return Some(Choice::Trial(index));
        }
        let none_is_up = !state.members.iter().any(|member| member.is_up(now));
        (local_is_free && none_is_up).then_some(Choice::Local)
    }

    /// Whether batches may go to the engine of this computer at all.
    pub(super) fn may_use_local(&self, state: &State) -> bool {
        self.failover != Failover::None && self.local_most > 0 && state.local_fault.is_none()
    }

    /// Whether there is sense in waiting.
    fn hope(&self, state: &State, now: Instant) -> Result<(), EmbedError> {
        if self.may_use_local(state) {
            return Ok(());
        }
        let mut reasons = Vec::new();
        for (member, place) in state.members.iter().zip(&self.places) {
            match member.given_up(now, self.patience) {
                Some(reason) => reasons.push(format!("{}: {}", place.name, place.bare(reason))),
                None => return Ok(()),
            }
        }
        reasons.extend(state.local_fault.clone());
        Err(EmbedError::Remote(reasons.join("; ")))
    }

    /// Tells the user that a server failed, and what becomes of its work.
    pub(super) fn tell(&self, state: &State, index: usize, change: Change, error: &CallError) {
        let Some(place) = self.places.get(index) else {
            return;
        };
        let now = Instant::now();
        let others = state.members.iter().zip(&self.places).enumerate();
        let others: Vec<&str> = others
            .filter(|(other, (member, _))| *other != index && member.is_up(now))
            .map(|(_, (_, place))| place.name.as_str())
            .collect();
        let next = if !others.is_empty() {
            format!("going on with {}", others.join(", "))
        } else if self.may_use_local(state) {
            "going on with the engine of this computer".to_owned()
        } else {
            "nothing else may take its place".to_owned()
        };
        let (name, reason) = (&place.name, place.bare(&error.message));
        self.link.tell(match change {
            Change::None => return,
            Change::Away => format!("{name} failed ({reason}); {next}, until it is back"),
            Change::Gone => format!("{name} is no longer asked ({reason}); {next}"),
        });
    }
}

fn take(state: &mut State, choice: Choice) -> Option<Turn> {
    Some(match choice {
        Choice::Server(index) => {
            let member = state.members.get_mut(index)?;
            Turn::Server {
                index,
                ticket: member.window.sent(),
                most: member.batch(),
            }
        }
        Choice::Trial(index) => {
            state.members.get_mut(index)?.trial_begins();
            Turn::Trial { index }
        }
        Choice::Local => {
            state.local_out += 1;
            Turn::Local
        }
    })
}
