//! What an engine that works elsewhere shares with those who wait for it: whether it is to stop,
//! and what happened meanwhile that the user should know.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Events beyond this many are not kept: a server that comes and goes has told its story.
const EVENTS: usize = 64;

/// How often someone who waits looks whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// The way between an engine and those who watch it. Cheap to ask.
#[derive(Debug, Default)]
pub struct Link {
    stopped: AtomicBool,
    events: Mutex<Vec<String>>,
}

impl Link {
    /// Ends all waiting, for good: what is asked for afterwards ends with
    /// [`EmbedError::Cancelled`](super::EmbedError::Cancelled).
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether all is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Tells the user something, in a sentence. Said twice in a row it is told once.
    pub fn tell(&self, event: String) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < EVENTS && events.last() != Some(&event) {
            events.push(event);
        }
    }

    /// What was told since the first `known` events, in order.
    #[must_use]
    pub fn events_after(&self, known: usize) -> Vec<String> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(known..).unwrap_or_default().to_vec()
    }

    /// Sleeps for `wait`, or until it is stopped; whether it goes on.
    pub(super) fn sleep(&self, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        while !self.is_stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(LOOK));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_once_in_a_row_and_not_without_bound() {
        let link = Link::default();
        for event in ["a", "a", "b", "a"] {
            link.tell(event.to_owned());
        }
        assert_eq!(link.events_after(0), ["a", "b", "a"]);
        assert_eq!(link.events_after(2), ["a"]);
        assert!(link.events_after(9).is_empty());
        for number in 0..1000 {
            link.tell(number.to_string());
        }
        assert_eq!(link.events_after(0).len(), EVENTS);
    }

    #[test]
    fn whoever_is_stopped_sleeps_no_longer() {
        let link = Link::default();
        assert!(link.sleep(Duration::from_millis(1)));
        link.stop();
        assert!(!link.sleep(Duration::from_hours(1)));
    }
}
