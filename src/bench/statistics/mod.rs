//! Numbers about times: summaries as numpy computes them, and what may be concluded from two sets.
//!
//! Up to [`EXACT_SAMPLES`] times are kept and their percentiles are exact; beyond, an HDR
//! histogram keeps three significant digits.

mod bootstrap;

pub use bootstrap::{CONFIDENCE, Difference, Statistic, Verdict, difference};

use std::time::Duration;

use hdrhistogram::Histogram;

use super::schema::Latency;

/// So many times are kept one by one: 8 MB.
const EXACT_SAMPLES: usize = 1_000_000;

/// The longest time that a histogram tells apart; longer ones count as this: a day.
const LONGEST_NS: u64 = 86_400_000_000_000;

/// The percentile `p` (0 to 100) of ascending numbers, by linear interpolation between the two
/// nearest ranks: numpy's default, method 7 of Hyndman and Fan (1996). `None` if there are none.
#[must_use]
pub fn percentile(ascending: &[f64], p: f64) -> Option<f64> {
    let (below, fraction) = rank(ascending.len(), p)?;
    let low = *ascending.get(below)?;
    let high = ascending.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * fraction)
}

/// The same [`percentile`] of numbers in any order, which are put into another: several times as
/// fast as to sort them.
fn percentile_of(numbers: &mut [f64], p: f64) -> Option<f64> {
    let (below, fraction) = rank(numbers.len(), p)?;
    let (_, low, above) = numbers.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().reduce(f64::min).unwrap_or(*low);
    Some(*low + (high - *low) * fraction)
}

/// The rank below a percentile of so many numbers, from 0, and the part of the way to the next.
fn rank(count: usize, p: f64) -> Option<(usize, f64)> {
    let last = count.checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    let rank = (p / 100.0).clamp(0.0, 1.0) * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last index"
    )]
    let below = rank.floor() as usize;
    Some((below, rank.fract()))
}

/// Mean; `None` of nothing.
#[must_use]
pub fn mean(numbers: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    let count = numbers.len() as f64;
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / count)
}

/// Summary of times in milliseconds, in any order; all `None` if there are none, and no standard
/// deviation of one.
#[must_use]
pub fn summary(milliseconds: &[f64]) -> Latency {
    let mut ascending = milliseconds.to_vec();
    ascending.sort_by(f64::total_cmp);
    let mean = mean(&ascending);
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    let degrees = ascending.len() as f64 - 1.0;
    let sd = mean.filter(|_| degrees > 0.0).map(|mean| {
        let squares: f64 = ascending.iter().map(|time| (time - mean).powi(2)).sum();
        (squares / degrees).sqrt()
    });
    let at = |p| percentile(&ascending, p);
    Latency {
        mean,
        sd,
        min: ascending.first().copied(),
        p50: at(50.0),
        p75: at(75.0),
        p90: at(90.0),
        p95: at(95.0),
        p99: at(99.0),
        max: ascending.last().copied(),
    }
}

/// Times as they come in.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    exact: Vec<f64>,
    histogram: Option<Box<Histogram<u64>>>,
}

impl Recorder {
    /// Takes a time in.
    pub fn record(&mut self, time: Duration) {
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(nanoseconds(time.as_secs_f64() * 1e3));
            return;
        }
        self.exact.push(time.as_secs_f64() * 1e3);
        if self.exact.len() > EXACT_SAMPLES {
            self.condense();
        }
    }

    /// Takes all times of another in.
    pub fn merge(&mut self, other: Self) {
        if other.histogram.is_some() {
            self.condense();
        }
        match (&mut self.histogram, other.histogram) {
            (Some(ours), Some(theirs)) => ours.add(*theirs).unwrap_or_else(|error| {
                // Both have the same bounds, so that everything of one fits into the other.
                unreachable!("histograms of one shape do not add up: {error}")
            }),
            (Some(ours), None) => {
                for time in other.exact {
                    ours.saturating_record(nanoseconds(time));
                }
            }
            (None, _) => {
                self.exact.extend(other.exact);
                if self.exact.len() > EXACT_SAMPLES {
                    self.condense();
                }
            }
        }
    }

    /// From single times to a histogram.
    fn condense(&mut self) {
        if self.histogram.is_some() {
            return;
        }
        let mut histogram = histogram();
        for time in self.exact.drain(..) {
            histogram.saturating_record(nanoseconds(time));
        }
        self.histogram = Some(Box::new(histogram));
    }

    /// How many times came in.
    #[must_use]
    pub fn count(&self) -> u64 {
        match &self.histogram {
            Some(histogram) => histogram.len(),
            None => self.exact.len() as u64,
        }
    }

    /// How many were at most `limit`.
    #[must_use]
    pub fn within(&self, limit: Duration) -> u64 {
        let limit = limit.as_secs_f64() * 1e3;
        match &self.histogram {
            Some(histogram) => histogram.count_between(0, nanoseconds(limit)),
            None => self.exact.iter().filter(|time| **time <= limit).count() as u64,
        }
    }

    /// The summary in milliseconds.
    #[must_use]
    pub fn summary(&self) -> Latency {
        let Some(histogram) = &self.histogram else {
            return summary(&self.exact);
        };
        #[expect(clippy::cast_precision_loss, reason = "at most a day in nanoseconds")]
        let at = |p| Some(histogram.value_at_percentile(p) as f64 / 1e6);
        Latency {
            mean: Some(histogram.mean() / 1e6),
            sd: Some(histogram.stdev() / 1e6),
            min: at(0.0),
            p50: at(50.0),
            p75: at(75.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            max: at(100.0),
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3).unwrap_or_else(|error| {
        // The bounds are constants, and a test makes one.
        unreachable!("a histogram with constant bounds: {error}")
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time of at most a day; longer ones saturate"
)]
fn nanoseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random::Random;

    fn near(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!(
            (value - expected).abs() <= 1e-9 * expected.abs(),
            "{value} is not {expected}"
        );
    }

    #[test]
    fn percentiles_of_times_in_any_order_are_those_of_ascending_ones() {
        let mut random = Random::new(3);
        for count in [0, 1, 2, 3, 10, 101] {
            let times: Vec<f64> = (0..count).map(|_| random.exponential(5.0)).collect();
            let mut ascending = times.clone();
            ascending.sort_by(f64::total_cmp);
            for p in [0.0, 12.5, 50.0, 99.0, 100.0] {
                let found = percentile_of(&mut times.clone(), p);
                assert_eq!(found, percentile(&ascending, p), "{p} of {count}");
            }
        }
    }

    /// The expected numbers are those of `tests/numpy/bench_statistics.py`, which draws the same
    /// times.
    #[test]
    fn summaries_are_those_of_numpy() {
        let mut random = Random::new(7);
        let times: Vec<f64> = (0..1001).map(|_| 5.0 + random.exponential(20.0)).collect();
        let summary = summary(&times);
        for (value, expected) in [
            (summary.mean, 24.431_085_299_714_14),
            (summary.sd, 20.100_752_877_877_945),
            (summary.min, 5.010_514_037_488_474),
            (summary.p50, 17.618_132_648_446_547),
            (summary.p75, 31.835_170_605_314_54),
            (summary.p90, 49.706_962_704_241_92),
            (summary.p95, 65.362_936_902_327_56),
            (summary.p99, 99.310_755_711_543_37),
            (summary.max, 155.688_799_966_351_16),
        ] {
            near(value, expected);
        }
        // An even number of samples, and ranks between them.
        let few = super::summary(&[10.0, 1.0, 3.0, 2.0]);
        near(few.p50, 2.5);
        near(few.p90, 7.9);
        near(few.p99, 9.79);
        near(few.sd, 4.082_482_904_638_63);
    }

    #[test]
    fn of_nothing_nothing_is_known_and_of_one_no_deviation() {
        assert_eq!(summary(&[]), Latency::default());
        let one = summary(&[4.0]);
        assert_eq!((one.mean, one.sd, one.p99), (Some(4.0), None, Some(4.0)));
    }

    #[test]
    fn a_histogram_keeps_three_digits_and_counts_all() {
        let mut random = Random::new(3);
        let times: Vec<f64> = (0..40_000)
            .map(|_| 1.0 + random.exponential(10.0))
            .collect();
        let record = |recorder: &mut Recorder, times: &[f64]| {
            for time in times {
                recorder.record(Duration::from_secs_f64(time / 1e3));
            }
        };
        let mut exact = Recorder::default();
        record(&mut exact, &times);
        let mut condensed = Recorder::default();
        record(&mut condensed, &times[..10_000]);
        condensed.condense();
        let mut other = Recorder::default();
        record(&mut other, &times[10_000..20_000]);
        condensed.merge(other);
        let mut other = Recorder::default();
        record(&mut other, &times[20_000..]);
        other.condense();
        condensed.merge(other);
        assert_eq!(condensed.count(), 40_000);
        let limit = Duration::from_millis(20);
        let differing = exact.within(limit).abs_diff(condensed.within(limit));
        assert!(differing < 80, "{differing}");
        let (exact, condensed) = (exact.summary(), condensed.summary());
        for (a, b) in [
            (exact.mean, condensed.mean),
            (exact.sd, condensed.sd),
            (exact.p50, condensed.p50),
            (exact.p99, condensed.p99),
            (exact.max, condensed.max),
        ] {
            let (a, b) = (a.unwrap(), b.unwrap());
            assert!((a - b).abs() < 0.003 * a, "{a} {b}");
        }
    }
}
