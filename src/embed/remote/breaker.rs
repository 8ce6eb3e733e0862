//! A circuit breaker: a server that fails again and again is left alone for a while, and tried
//! by one request before it is given work again (Nygard, Release It!, chapter 5).

use std::time::{Duration, Instant};

/// So many failures without a success between them open it. More than one, for a connection
/// that was idle for long may break without meaning anything.
const FAILURES: u32 = 3;
/// The first pause.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause; a person who starts a server anew does not want to wait longer.
const LONGEST: Duration = Duration::from_secs(10);

/// The breaker of one server.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open: Option<Open>,
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
    /// One request that finds out whether it is back.
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

    /// Whether it is left alone.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
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

    /// It failed; true if that opened the breaker.
    pub(crate) fn failure(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        match &mut self.open {
            // What was on its way when it opened says nothing new.
            Some(open) if !open.is_tried => false,
            Some(open) => {
                open.pause = (open.pause * 2).min(LONGEST);
                open.until = now + open.pause;
                open.is_tried = false;
                false
            }
            None if self.failures < FAILURES => false,
            None => {
                self.open(now);
                true
            }
        }
    }

    /// It is to be proven before it is given work again, whatever it did before.
    pub(crate) fn open(&mut self, now: Instant) {
        self.open.get_or_insert(Open {
            until: now + FIRST,
            pause: FIRST,
            is_tried: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_failures_in_a_row_open_it_and_one_success_between_them_does_not() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for _ in 1..FAILURES {
                assert!(!breaker.failure(now));
            }
            breaker.success();
        }
        assert_eq!(breaker.allows(now), Allowed::Work);
        for last in [false, false, true] {
            assert_eq!(breaker.failure(now), last);
        }
        assert_eq!(breaker.allows(now), Allowed::Nothing);
        // The rest of those that were on their way.
        assert!(!breaker.failure(now + FIRST / 2));
        assert_eq!(breaker.allows(now + FIRST), Allowed::Trial);
    }

    #[test]
    fn one_tries_it_and_the_pauses_grow_until_it_is_back() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.open(now);
        let mut pause = FIRST;
        for _ in 0..8 {
            assert_eq!(breaker.allows(now + pause / 2), Allowed::Nothing);
            now += pause;
            assert_eq!(breaker.allows(now), Allowed::Trial);
            breaker.try_begins();
            assert_eq!(breaker.allows(now), Allowed::Nothing, "one is enough");
            breaker.failure(now);
            pause = (pause * 2).min(LONGEST);
        }
        now += pause;
        breaker.try_begins();
        breaker.success();
        assert_eq!(breaker.allows(now), Allowed::Work);
        assert!(!breaker.is_open());
    }
}
