//! What is known of one server while it works: how much it may be given, and since when it fails.
//! Pure: the time is given, nothing is sent.

use std::time::{Duration, Instant};

use crate::embed::remote::breaker::{Allowed, Breaker};
use crate::embed::remote::retry;
use crate::embed::remote::window::{Ticket, Window};
use crate::embed::remote::{CallError, CallErrorKind};

use super::MOST_OUT;

/// A server that answers, and says that it cannot: it may still be loading its model.
const GRACE: Duration = Duration::from_secs(20);
/// A server that asks for more patience than this counts as away.
const SHORT_REST: Duration = Duration::from_secs(1);
/// A server that does its proof so often without ever doing any work in between is of no use.
const VAIN_PROOFS: u32 = 20;
/// The weight of the newest request in the time a picture.
const NEWEST: f64 = 0.2;

/// One server.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) window: Window,
    breaker: Breaker,
    rest_until: Option<Instant>,
    failing: Option<Failing>,
    gone: Option<String>,
    batch: usize,
    /// Seconds a picture; 0 as long as nobody knows.
    pace: f64,
    /// Refusals for the load in a row.
    refusals: u32,
    /// Proofs that it did since it did any work.
    vain_proofs: u32,
}

#[derive(Debug)]
struct Failing {
    since: Instant,
    error: CallError,
}

/// What it can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Work,
    Trial,
    Nothing,
}

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing that the user should know.
    None,
    /// It is left alone until it does its proof.
    Away,
    /// It is not asked again.
    Gone,
}

impl Member {
    pub(super) fn new(batch: usize) -> Self {
        Self {
            window: Window::new(MOST_OUT),
            breaker: Breaker::default(),
            rest_until: None,
            failing: None,
            gone: None,
            batch: batch.max(1),
            pace: 0.0,
            refusals: 0,
            vain_proofs: 0,
        }
    }

    /// Pictures a request.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Seconds a picture.
    pub(super) fn pace(&self) -> f64 {
        self.pace
    }

    pub(super) fn offer(&self, now: Instant) -> Offer {
        if self.gone.is_some() || self.rest_until.is_some_and(|until| now < until) {
            return Offer::Nothing;
        }
        match self.breaker.allows(now) {
            Allowed::Work if self.window.has_room() => Offer::Work,
            Allowed::Trial => Offer::Trial,
            Allowed::Work | Allowed::Nothing => Offer::Nothing,
        }
    }

    /// Whether it takes work, now or in a moment.
    pub(super) fn is_up(&self, now: Instant) -> bool {
        let rests = (self.rest_until).is_some_and(|until| until > now + SHORT_REST);
        self.gone.is_none() && !self.breaker.is_away() && !rests
    }

    /// A request brought `pictures` vectors after `took`.
    pub(super) fn answered(
        &mut self,
        ticket: &Ticket,
        pictures: usize,
        took: Duration,
        now: Instant,
    ) {
        self.window.answered(ticket, pictures, now);
        self.vain_proofs = 0;
        // What was on its way when it went away proves nothing.
        if !self.breaker.is_open() {
            self.breaker.success();
            self.failing = None;
            self.refusals = 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let pace = took.as_secs_f64() / pictures.max(1) as f64;
        self.pace = if self.pace > 0.0 {
            NEWEST.mul_add(pace, (1.0 - NEWEST) * self.pace)
        } else {
            pace
        };
    }

    /// A request with `pictures` pictures failed. `random` is uniform in 0..1.
    pub(super) fn failed(
        &mut self,
        ticket: &Ticket,
        pictures: usize,
        error: &CallError,
        now: Instant,
        random: f64,
    ) -> Change {
        use CallErrorKind as Kind;
        match error.kind {
            Kind::Busy(_) | Kind::TimedOut => self.window.refused(ticket),
            _ => self.window.failed(),
        }
        match error.kind {
            // About these pictures, as far as anybody knows.
            Kind::Failed | Kind::BadAnswer => Change::None,
            Kind::TooLarge => {
                self.batch = self.batch.min((pictures / 2).max(1));
                Change::None
            }
            Kind::Busy(asked) => {
                self.note(error, now);
                let wait = asked.unwrap_or_else(|| retry::backoff(self.refusals + 1, random));
                self.refusals = self.refusals.saturating_add(1);
                let until = now + wait;
                self.rest_until = Some(self.rest_until.map_or(until, |rest| rest.max(until)));
                Change::None
            }
            Kind::Unreachable | Kind::TimedOut => {
                self.note(error, now);
                if self.breaker.failure(now) {
                    Change::Away
                } else {
                    Change::None
                }
            }
            Kind::Refused => self.suspect(error, now),
            Kind::Denied => self.leave(&error.message),
        }
    }

    /// It worked before and does not now: it has to do its proof.
    pub(super) fn suspect(&mut self, error: &CallError, now: Instant) -> Change {
        self.note(error, now);
        if self.breaker.open(now) {
            Change::Away
        } else {
            Change::None
        }
    }

    /// Somebody tries whether it is back.
    pub(super) fn trial_begins(&mut self) {
        self.breaker.try_begins();
    }

    /// Whether it does its proof again and again and no work in between.
    pub(super) fn is_vain(&self) -> bool {
        self.vain_proofs > VAIN_PROOFS
    }

    /// Whether it was away, and not only one of its connections.
    pub(super) fn is_away(&self) -> bool {
        self.breaker.is_away()
    }

    /// It did its proof; true if it was away.
    pub(super) fn trial_succeeded(&mut self) -> bool {
        let was_away = self.breaker.is_away();
        self.vain_proofs = self.vain_proofs.saturating_add(1);
        self.breaker.success();
        self.failing = None;
        self.rest_until = None;
        self.refusals = 0;
        if was_away {
            self.window.restart();
        }
        was_away
    }

    /// It did not; [`Change::Gone`] if it never will.
    pub(super) fn trial_failed(&mut self, error: &CallError, now: Instant) -> Change {
        if error.kind == CallErrorKind::Denied {
            return self.leave(&error.message);
        }
        self.note(error, now);
        if let CallErrorKind::Busy(Some(wait)) = error.kind {
            self.rest_until = Some(now + wait);
        }
        if self.breaker.failure(now) {
            Change::Away
        } else {
            Change::None
        }
    }

    /// It is not asked again, for this reason.
    pub(super) fn leave(&mut self, reason: &str) -> Change {
        if self.gone.is_some() {
            return Change::None;
        }
        self.gone = Some(reason.to_owned());
        Change::Gone
    }

    /// Why there is no sense in waiting for it any longer.
    pub(super) fn given_up(&self, now: Instant, patience: Duration) -> Option<&str> {
        use CallErrorKind as Kind;
        if let Some(reason) = &self.gone {
            return Some(reason);
        }
        // What is being found out right now is waited for.
        let failing = self.failing.as_ref().filter(|_| !self.breaker.is_tried())?;
        let patience = match failing.error.kind {
            Kind::Unreachable | Kind::TimedOut | Kind::Busy(_) => patience,
            Kind::Denied | Kind::Refused | Kind::Failed | Kind::BadAnswer | Kind::TooLarge => {
                patience.min(GRACE)
            }
        };
        let is_over = now.saturating_duration_since(failing.since) >= patience;
        is_over.then_some(failing.error.message.as_str())
    }

    fn note(&mut self, error: &CallError, now: Instant) {
        let since = self.failing.as_ref().map_or(now, |failing| failing.since);
        self.failing = Some(Failing {
            since,
            error: error.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: CallErrorKind) -> CallError {
        CallError::new(kind, "its own words")
    }

    fn fail(member: &mut Member, kind: CallErrorKind, now: Instant) -> Change {
        let ticket = member.window.sent();
        member.failed(&ticket, 8, &error(kind), now, 0.5)
    }

    fn answer(member: &mut Member, now: Instant) {
        let ticket = member.window.sent();
        member.answered(&ticket, 8, Duration::from_millis(80), now);
    }

    #[test]
    fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
        let now = Instant::now();
        let mut member = Member::new(8);
        let wait = Duration::from_secs(7);
        assert_eq!(
            fail(&mut member, CallErrorKind::Busy(Some(wait)), now),
            Change::None
        );
        assert_eq!(member.offer(now + wait / 2), Offer::Nothing);
        assert!(!member.is_up(now), "seven seconds are long");
        assert_eq!(member.offer(now + wait), Offer::Work);
        assert!(member.is_up(now + wait));
        // Without a word about it the waits grow.
        let now = now + wait;
        fail(&mut member, CallErrorKind::Busy(None), now);
        assert!(member.is_up(now), "a moment is short");
        assert_eq!(member.offer(now), Offer::Nothing);
    }

    #[test]
    fn one_that_was_away_is_tried_and_then_begins_anew() {
        let mut now = Instant::now();
        let mut member = Member::new(8);
        answer(&mut member, now);
        let changes = [(); 3].map(|()| fail(&mut member, CallErrorKind::Unreachable, now));
        assert_eq!(changes, [Change::None, Change::None, Change::Away]);
        assert!(!member.is_up(now));
        assert_eq!(member.offer(now), Offer::Trial);
        member.trial_begins();
        assert_eq!(member.offer(now), Offer::Nothing);
        member.trial_failed(&error(CallErrorKind::Unreachable), now);
        now += Duration::from_secs(2);
        assert_eq!(member.offer(now), Offer::Trial);
        member.trial_begins();
        assert!(member.trial_succeeded(), "it was away");
        assert_eq!(member.offer(now), Offer::Work);
        assert_eq!(member.given_up(now, Duration::ZERO), None);
    }

    #[test]
    fn one_broken_connection_costs_a_proof_and_is_not_told() {
        let now = Instant::now();
        let mut member = Member::new(8);
        answer(&mut member, now);
        assert_eq!(
            fail(&mut member, CallErrorKind::Unreachable, now),
            Change::None
        );
        assert!(member.is_up(now));
        assert_eq!(member.offer(now), Offer::Trial);
        // An answer that was on its way is no proof.
        answer(&mut member, now);
        assert_eq!(member.offer(now), Offer::Trial);
        member.trial_begins();
        assert!(!member.trial_succeeded());
        assert_eq!(member.offer(now), Offer::Work);
    }

    #[test]
    fn one_that_only_ever_does_its_proof_is_of_no_use() {
        let now = Instant::now();
        let mut member = Member::new(8);
        let vain = |member: &mut Member, times: u32| {
            for _ in 0..times {
                assert!(!member.is_vain());
                fail(member, CallErrorKind::Unreachable, now);
                member.trial_begins();
                member.trial_succeeded();
            }
        };
        vain(&mut member, VAIN_PROOFS);
        answer(&mut member, now);
        vain(&mut member, VAIN_PROOFS + 1);
        assert!(member.is_vain());
    }

    #[test]
    fn patience_ends_and_is_short_with_one_that_answers() {
        let now = Instant::now();
        let patience = Duration::from_mins(5);
        for (kind, lasts) in [
            (CallErrorKind::Unreachable, patience),
            (CallErrorKind::Busy(None), patience),
            (CallErrorKind::Refused, GRACE),
        ] {
            let mut member = Member::new(8);
            for _ in 0..3 {
                fail(&mut member, kind, now);
            }
            let just_before = now + lasts.saturating_sub(Duration::from_millis(1));
            assert_eq!(member.given_up(just_before, patience), None, "{kind:?}");
            // Later failures do not begin the wait anew.
            member.trial_failed(&error(kind), just_before);
            assert_eq!(
                member.given_up(now + lasts, patience),
                Some("its own words"),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn who_is_denied_never_asks_again() {
        let now = Instant::now();
        let mut member = Member::new(8);
        assert_eq!(fail(&mut member, CallErrorKind::Denied, now), Change::Gone);
        assert_eq!(member.offer(now + Duration::from_hours(1)), Offer::Nothing);
        assert_eq!(
            member.given_up(now, Duration::from_hours(9)),
            Some("its own words")
        );
    }

    #[test]
    fn a_batch_that_is_too_large_is_remembered() {
        let now = Instant::now();
        let mut member = Member::new(32);
        let ticket = member.window.sent();
        member.failed(&ticket, 32, &error(CallErrorKind::TooLarge), now, 0.0);
        assert_eq!(member.batch(), 16);
        // An answer to an older, smaller request changes nothing.
        let ticket = member.window.sent();
        member.failed(&ticket, 32, &error(CallErrorKind::TooLarge), now, 0.0);
        assert_eq!(member.batch(), 16);
        assert_eq!(member.offer(now), Offer::Work);
    }
}
