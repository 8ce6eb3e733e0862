//! What is done about a request that failed.
//!
//! To embed a picture changes nothing on the server, so a request may be sent again whenever it
//! may go better: after a broken connection, when the server is busy, and, in halves, when the
//! batch may have been the reason. What can never go better is not tried again.

use std::time::Duration;

use super::CallErrorKind;

/// The first upper bound of the random wait.
const BASE: Duration = Duration::from_millis(50);
/// The largest one.
const CAP: Duration = Duration::from_secs(5);
/// A single picture that the model fails on is tried so often before it is suspected.
const SINGLE_TRIES: u32 = 8;
/// A single picture whose answer makes no sense.
const BAD_ANSWER_TRIES: u32 = 2;

/// A wait before try number `attempt` (0 is the first retry), `random` being uniform in 0..1:
/// anything from nothing to a bound that doubles. Such *full jitter* spreads clients that were
/// refused together best (Brooker, Exponential Backoff and Jitter, 2015).
pub(crate) fn backoff(attempt: u32, random: f64) -> Duration {
    let bound = BASE
        .saturating_mul(2_u32.saturating_pow(attempt.min(16)))
        .min(CAP);
    bound.mul_f64(random.clamp(0.0, 1.0))
}

/// The next step after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The same pictures again, after a wait.
    Again,
    /// Each half on its own.
    Halve,
    /// One picture that this server cannot do: it or the server is to blame.
    Suspect,
    /// No request of this kind will be answered.
    GiveUp,
}

/// What to do after try number `attempt` (from 0) with `pictures` pictures failed.
pub(crate) fn step(kind: CallErrorKind, pictures: usize, attempt: u32) -> Step {
    use CallErrorKind as Kind;
    let several = pictures > 1;
    match kind {
        Kind::Denied | Kind::Refused => Step::GiveUp,
        Kind::TimedOut | Kind::TooLarge | Kind::Failed | Kind::BadAnswer if several => Step::Halve,
        Kind::Unreachable | Kind::Busy(_) | Kind::TimedOut => Step::Again,
        Kind::Failed if attempt + 1 < SINGLE_TRIES => Step::Again,
        Kind::BadAnswer if attempt + 1 < BAD_ANSWER_TRIES => Step::Again,
        Kind::TooLarge | Kind::Failed | Kind::BadAnswer => Step::Suspect,
    }
}

/// How long a request with `pictures` pictures may take. The first one may have to wait for the
/// server to load its model.
pub(crate) fn deadline(pictures: usize, is_first: bool) -> Duration {
    let base = Duration::from_secs(if is_first { 120 } else { 20 });
    base + Duration::from_secs(u64::try_from(pictures).unwrap_or(u64::MAX).min(600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_anything_up_to_a_bound_that_doubles() {
        for attempt in 0..40 {
            assert_eq!(backoff(attempt, 0.0), Duration::ZERO);
            let bound = BASE * 2_u32.pow(attempt.min(16));
            assert_eq!(backoff(attempt, 1.0), bound.min(CAP));
            assert!(backoff(attempt, 0.5) <= CAP / 2);
        }
    }

    #[test]
    fn only_what_may_go_better_is_tried_again() {
        use CallErrorKind as Kind;
        for (kind, of_eight, of_one, of_one_at_last) in [
            (Kind::Unreachable, Step::Again, Step::Again, Step::Again),
            (Kind::Busy(None), Step::Again, Step::Again, Step::Again),
            (Kind::TimedOut, Step::Halve, Step::Again, Step::Again),
            (Kind::TooLarge, Step::Halve, Step::Suspect, Step::Suspect),
            (Kind::Failed, Step::Halve, Step::Again, Step::Suspect),
            (Kind::BadAnswer, Step::Halve, Step::Again, Step::Suspect),
            (Kind::Denied, Step::GiveUp, Step::GiveUp, Step::GiveUp),
            (Kind::Refused, Step::GiveUp, Step::GiveUp, Step::GiveUp),
        ] {
            assert_eq!(step(kind, 8, 0), of_eight, "{kind:?}");
            assert_eq!(step(kind, 1, 0), of_one, "{kind:?}");
            assert_eq!(step(kind, 1, 99), of_one_at_last, "{kind:?}");
        }
    }

    #[test]
    fn large_batches_have_more_time_and_the_first_request_most() {
        assert!(deadline(32, false) > deadline(1, false));
        assert!(deadline(1, true) > deadline(32, false));
        assert!(deadline(usize::MAX, true) < Duration::from_mins(15));
    }
}
