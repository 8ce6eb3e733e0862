//! A limit on the bytes of files that are in memory at once, so that a folder of huge scans
//! does not fill it although the channels count files, not bytes.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be held at once. A single file above the limit is let through alone.
#[derive(Debug)]
pub(super) struct ByteBudget {
    limit: u64,
    held: Mutex<u64>,
    released: Condvar,
}

/// Bytes held; given back when dropped.
#[derive(Debug)]
pub(super) struct HeldBytes<'a> {
    budget: &'a ByteBudget,
    bytes: u64,
}

impl ByteBudget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            held: Mutex::new(0),
            released: Condvar::new(),
        }
    }

    /// Waits until `bytes` more fit, or nothing else is held.
    pub(super) fn hold(&self, bytes: u64) -> HeldBytes<'_> {
        // A poisoned lock guards a plain number, which is right at every moment.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |held: &mut u64| *held > 0 && *held + bytes > self.limit;
        let mut held = self
            .released
            .wait_while(held, fits)
            .unwrap_or_else(PoisonError::into_inner);
        *held += bytes;
        HeldBytes {
            budget: self,
            bytes,
        }
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        *self
            .budget
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_than_the_limit_is_held_but_for_one_file_that_is_larger() {
        let budget = ByteBudget::new(10);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [4, 6, 5, 25, 1, 9, 10, 3] {
                scope.spawn({
                    let (budget, now, most) = (&budget, &now, &most);
                    move || {
                        for _ in 0..200 {
                            let held = budget.hold(bytes);
                            let sum = now.fetch_add(bytes, Ordering::SeqCst) + bytes;
                            most.fetch_max(if sum == 25 { 0 } else { sum }, Ordering::SeqCst);
                            now.fetch_sub(bytes, Ordering::SeqCst);
                            drop(held);
                        }
                    }
                });
            }
        });
        assert!(most.into_inner() <= 10);
    }
}
