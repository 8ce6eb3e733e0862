//! A clock that can be stopped: what was paused took no time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time since it was made, without the times it was stopped.
#[derive(Debug)]
pub(super) struct Clock(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// What was measured before `running_since`.
    before: Duration,
    running_since: Option<Instant>,
}

impl Default for Clock {
    fn default() -> Self {
        Self(Mutex::new(State {
            before: Duration::ZERO,
            running_since: Some(Instant::now()),
        }))
    }
}

impl Clock {
    pub(super) fn elapsed(&self) -> Duration {
        let state = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.before
            + state
                .running_since
                .map_or(Duration::ZERO, |at| at.elapsed())
    }

    pub(super) fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = state.running_since.take() {
            state.before += since.elapsed();
        }
    }

    pub(super) fn start(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running_since.get_or_insert_with(Instant::now);
    }
}
