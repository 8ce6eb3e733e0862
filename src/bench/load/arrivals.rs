//! When the requests of an open loop are due: a Poisson process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::bench::random::Random;

/// A schedule without end, drawn from a seed as it is asked for.
pub(super) struct Arrivals {
    mean_gap_s: f64,
    next: Mutex<(Random, u64, f64)>,
}

impl Arrivals {
    /// `rate` requests a second.
    pub(super) fn new(rate: f64, seed: u64) -> Self {
        Self {
            mean_gap_s: 1.0 / rate.max(1e-6),
            next: Mutex::new((Random::new(seed), 0, 0.0)),
        }
    }

    /// The next request's number and when it is due, counted from the beginning.
    pub(super) fn take(&self) -> (u64, Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (random, index, due) = &mut *next;
        *due += random.exponential(self.mean_gap_s);
        *index += 1;
        (*index - 1, Duration::from_secs_f64(*due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_schedule_of_the_rate_that_was_asked_for() {
        let times = |seed| -> Vec<Duration> {
            let arrivals = Arrivals::new(50.0, seed);
            (0..10_000).map(|_| arrivals.take().1).collect()
        };
        let first = times(1);
        assert_eq!(first, times(1));
        assert_ne!(first, times(2));
        assert!(first.windows(2).all(|pair| pair[0] <= pair[1]));
        let rate = 10_000.0 / first[9_999].as_secs_f64();
        assert!((rate - 50.0).abs() < 2.0, "{rate}");
        // In a Poisson process the variance of the count in a second is its mean.
        let mut counts = [0.0f64; 190];
        for time in &first {
            if let Some(count) = counts.get_mut(usize::try_from(time.as_secs()).unwrap()) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / 190.0;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 190.0;
        assert!((0.7..1.3).contains(&(variance / mean)), "{variance} {mean}");
    }
}
