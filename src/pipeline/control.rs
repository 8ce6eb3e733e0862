//! Pause and cancel, asked in one way by all threads of an analysis.
//!
//! A thread calls [`Control::goes_on`] before each photo or pair. While nothing was asked for
//! that costs one load; while the analysis is paused the thread sleeps there and uses no CPU.
//! Rooms that know nothing of the pipeline are given the [flag](Control::flag) alone: they are
//! cancelled at once, and pause where they report their progress.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// What the user asks of an analysis that runs.
#[derive(Debug, Default)]
pub(super) struct Control {
    cancelled: AtomicBool,
    /// What is read on the fast path; `paused` is the truth.
    may_be_paused: AtomicBool,
    paused: Mutex<bool>,
    changed: Condvar,
}

impl Control {
    /// Ends the analysis between two photos, paused or not.
    pub(super) fn cancel(&self) {
        // Under the lock, or a thread that is about to sleep would miss it.
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        self.cancelled.store(true, Ordering::Relaxed);
        drop(paused);
        self.changed.notify_all();
    }

    /// Whether the user cancelled.
    #[must_use]
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether threads are to sleep.
    #[must_use]
    pub(super) fn is_paused(&self) -> bool {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets threads sleep, or wakes them; does `also` if that is news, in the same order as this
    /// is asked for.
    pub(super) fn set_paused(&self, wanted: bool, also: impl FnOnce()) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if *paused != wanted {
            *paused = wanted;
            self.may_be_paused.store(wanted, Ordering::Relaxed);
            also();
        }
        drop(paused);
        self.changed.notify_all();
    }

    /// Sleeps as long as the analysis is paused; then, whether it goes on: it was not cancelled.
    pub(super) fn goes_on(&self) -> bool {
        if self.may_be_paused.load(Ordering::Relaxed) {
            let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            let awake = self
                .changed
                .wait_while(paused, |paused| *paused && !self.is_cancelled());
            drop(awake.unwrap_or_else(PoisonError::into_inner));
        }
        !self.is_cancelled()
    }

    /// Set once the user has cancelled: for rooms that only know this.
    pub(super) fn flag(&self) -> &AtomicBool {
        &self.cancelled
    }
}
