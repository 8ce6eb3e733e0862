//! A circuit breaker: a server that failed is tried by one request before it is given work again,
//! at once after a first failure, then after pauses that grow (Nygard, Release It!, chapter 5).

use std::time::{Duration, Instant};

/// So many failures without a success between them mean that it is away. More than one, for a
/// connection that was idle for long may break without meaning anything.
const FAILURES: u32 = 3;
/// The first pause after a try that failed.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause; a person who starts a server anew does not want to wait longer.
const LONGEST: Duration = Duration::from_secs(10);

/// The breaker of one server.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open: Option<Open>,
    is_away: bool,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    pause: Duration,
    /// Whether somebody tries it.
    is_tried: bool,
}

/// What a server may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Any work.
    Work,
    /// One request that finds out whether it is well.
    Trial,
    /// Nothing yet.
    Nothing,
}

impl Breaker {
    /// What the server may be given now.
    pub(crate) fn allows(&self, now: Instant) -> Allowed {
        match self.open {
            None => Allowed::Work,
            Some(open) if open.is_tried || now < open.until => Allowed::Nothing,
            Some(_) => Allowed::Trial,
        }
    }

    /// Whether it has to be tried before it is given work.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether it failed so often that nobody should count on it.
    pub(crate) fn is_away(&self) -> bool {
        self.is_away
    }

    /// Whether somebody tries it now.
    pub(crate) fn is_tried(&self) -> bool {
        self.open.is_some_and(|open| open.is_tried)
    }

    /// Somebody begins to try it.
    pub(crate) fn try_begins(&mut self) {
        if let Some(open) = &mut self.open {
            open.is_tried = true;
        }
    }

    /// It answered.
    pub(crate) fn success(&mut self) {
        *self = Self::default();
    }

    /// It failed; true if it is away from now on.
    pub(crate) fn failure(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let open = self.doubt(now);
        if open.is_tried {
            open.pause = (open.pause * 2).clamp(FIRST, LONGEST);
            open.until = now + open.pause;
            open.is_tried = false;
        }
        self.failures >= FAILURES && self.leave()
    }

    /// It is to be tried before it is given work again, and is away until then; true if that is
    /// news.
    pub(crate) fn open(&mut self, now: Instant) -> bool {
        self.doubt(now);
        self.leave()
    }

    fn doubt(&mut self, now: Instant) -> &mut Open {
        self.open.get_or_insert(Open {
            until: now,
            pause: Duration::ZERO,
            is_tried: false,
        })
    }

    fn leave(&mut self) -> bool {
        !std::mem::replace(&mut self.is_away, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_one_failure_it_is_tried_at_once_and_after_some_it_is_away() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for _ in 1..FAILURES {
                assert!(!breaker.failure(now));
                assert_eq!(breaker.allows(now), Allowed::Trial);
            }
            assert!(!breaker.is_away());
            breaker.success();
            assert_eq!(breaker.allows(now), Allowed::Work);
        }
        // A crowd that was on its way together: it is told once.
        let told = [(); 8].map(|()| breaker.failure(now));
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
        assert!(breaker.is_away());
    }

    #[test]
    fn one_tries_it_and_the_pauses_grow_until_it_is_back() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        assert!(breaker.open(now));
        assert!(!breaker.open(now), "that is no news");
        let mut pause = Duration::ZERO;
        for _ in 0..8 {
            now += pause;
            assert_eq!(breaker.allows(now), Allowed::Trial);
            breaker.try_begins();
            assert_eq!(breaker.allows(now), Allowed::Nothing, "one is enough");
            breaker.failure(now);
            pause = (pause * 2).clamp(FIRST, LONGEST);
            assert_eq!(breaker.allows(now + pause / 2), Allowed::Nothing);
        }
        now += pause;
        breaker.try_begins();
        breaker.success();
        assert_eq!(breaker.allows(now), Allowed::Work);
        assert!(!breaker.is_open() && !breaker.is_away());
    }
}
