//! The highest rate that a service keeps up with within a limit on latency.

/// What became of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The limit was kept.
    Kept,
    /// It was not.
    Missed,
    /// The user stopped the search.
    Cancelled,
}

/// The search ends when the answer is known as closely as this.
const PRECISION: f64 = 1.05;

/// The first rate that is tried, as a share of the most that can be: close to it all queues grow
/// (M/D/1: at 0.9 the mean wait is 4.5 times the service), so the answer is mostly below.
const FIRST: f64 = 0.7;

/// Looks for the highest rate below `most` (requests a second, what a closed loop reached) at
/// which `attempt` keeps the limit, in at most `attempts`, by bisection. `None` if none did.
///
/// # Errors
/// What `attempt` fails with.
pub fn highest_rate<E>(
    most: f64,
    attempts: usize,
    mut attempt: impl FnMut(f64) -> Result<Attempt, E>,
) -> Result<Option<f64>, E> {
    let (mut kept, mut missed) = (None, most);
    let mut rate = most * FIRST;
    for _ in 0..attempts {
        match attempt(rate)? {
            Attempt::Kept => kept = Some(rate),
            Attempt::Missed => missed = rate,
            Attempt::Cancelled => break,
        }
        rate = match kept {
            Some(kept) if missed / kept <= PRECISION => break,
            Some(kept) => f64::midpoint(kept, missed),
            None => missed / 2.0,
        };
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn search(most: f64, truth: f64, attempts: usize) -> (Option<f64>, usize) {
        let mut count = 0;
        let found = highest_rate(most, attempts, |rate| {
            count += 1;
            Ok::<_, Infallible>(if rate <= truth {
                Attempt::Kept
            } else {
                Attempt::Missed
            })
        });
        (found.unwrap(), count)
    }

    #[test]
    fn the_rate_is_found_from_below_within_a_twentieth() {
        for truth in [99.0, 83.0, 70.0, 41.0, 12.0] {
            let (found, count) = search(100.0, truth, 12);
            let found = found.unwrap();
            assert!(found <= truth && found * 1.06 >= truth, "{found} {truth}");
            assert!(count <= 9, "{count}");
        }
        assert_eq!(search(100.0, 0.001, 5), (None, 5));
    }

    #[test]
    fn a_search_that_is_stopped_keeps_what_it_knows() {
        let mut count = 0;
        let found = highest_rate(100.0, 9, |_| {
            count += 1;
            Ok::<_, Infallible>(if count == 2 {
                Attempt::Cancelled
            } else {
                Attempt::Kept
            })
        });
        assert_eq!((found, count), (Ok(Some(70.0)), 2));
        let failed = highest_rate(100.0, 9, |_| Err::<Attempt, _>("broken"));
        assert_eq!(failed, Err("broken"));
    }
}
