//! Whether two sets of times differ, by the bootstrap (Efron 1979).
//!
//! Times that follow one another are alike (a busy machine is busy for a while), so that
//! single times drawn at random would make the interval too narrow. Blocks of neighbours are
//! drawn instead, of n^(1/3) times, around the end to the beginning (circular block bootstrap,
//! Politis and Romano 1992). The seed is fixed: one comparison has one result.

use serde::{Deserialize, Serialize};

use super::{mean, percentile, percentile_of};
use crate::bench::random::Random;

/// How sure an interval is. With 95 % one of twenty comparisons of equals would see a
/// difference, and a table has many comparisons.
pub const CONFIDENCE: f64 = 0.99;

/// Differences below this are of no use to anyone, however sure they are.
const SMALLEST_OF_INTEREST: f64 = 0.01;

/// With fewer times on either side nothing is concluded: resampling a handful makes intervals
/// that are too narrow.
const FEWEST: usize = 10;

const RESAMPLES: usize = 2_000;

/// Of more times, so many evenly spread ones are resampled.
const MOST: usize = 2_000;

const SEED: u64 = 0x7477_696e_6c65_6e73;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Mean time.
    Mean,
    /// A percentile of the times, 0 to 100; 50 is the median.
    Percentile(f64),
    /// Answers a second of so many callers that wait for theirs: by Little's law in inverse
    /// proportion to the mean time.
    Throughput,
}

impl Statistic {
    fn of(self, times: &mut [f64]) -> Option<f64> {
        match self {
            Self::Mean => mean(times),
            Self::Throughput => mean(times).map(f64::recip),
            Self::Percentile(p) => percentile_of(times, p),
        }
    }

    fn more_is_better(self) -> bool {
        matches!(self, Self::Throughput)
    }
}

/// What may be said of the second beside the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The second is faster.
    Faster,
    /// The second is slower.
    Slower,
    /// No difference is seen.
    NoDifference,
    /// There are too few times to tell.
    TooFew,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::NoDifference => "no difference",
            Self::TooFew => "too few samples to tell",
        }
    }
}

/// Two sets of times beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The statistic of the first.
    pub first: f64,
    /// The statistic of the second.
    pub second: f64,
    /// `second / first - 1`.
    pub relative: f64,
    /// Lower end of the interval of `relative`.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// The difference of a statistic of `second` to that of `first` (times in order, all above 0),
/// with its interval at [`CONFIDENCE`]. `None` if one of them is empty or all 0.
#[must_use]
pub fn difference(first: &[f64], second: &[f64], statistic: Statistic) -> Option<Difference> {
    let a = statistic.of(&mut first.to_vec())?;
    let b = statistic.of(&mut second.to_vec())?;
    let relative = b / a - 1.0;
    if !relative.is_finite() {
        return None;
    }
    let difference = |low, high, verdict| Difference {
        first: a,
        second: b,
        relative,
        low,
        high,
        verdict,
    };
    if first.len() < FEWEST || second.len() < FEWEST {
        return Some(difference(relative, relative, Verdict::TooFew));
    }
    let (first, second) = (thinned(first), thinned(second));
    let mut random = Random::new(SEED);
    let mut relatives: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let a = statistic.of(&mut resampled(&first, &mut random))?;
            let b = statistic.of(&mut resampled(&second, &mut random))?;
            Some(b / a - 1.0)
        })
        .filter(|relative| relative.is_finite())
        .collect();
    relatives.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0 * 100.0;
    let low = percentile(&relatives, tail)?;
    let high = percentile(&relatives, 100.0 - tail)?;
    let is_sure = low > 0.0 || high < 0.0;
    let verdict = if !is_sure || relative.abs() < SMALLEST_OF_INTEREST {
        Verdict::NoDifference
    } else if (relative > 0.0) == statistic.more_is_better() {
        Verdict::Faster
    } else {
        Verdict::Slower
    };
    Some(difference(low, high, verdict))
}

/// At most [`MOST`] of the times, evenly spread, in order.
fn thinned(times: &[f64]) -> Vec<f64> {
    let step = times.len().div_ceil(MOST).max(1);
    times.iter().step_by(step).copied().collect()
}

/// As many times, in blocks of neighbours.
fn resampled(times: &[f64], random: &mut Random) -> Vec<f64> {
    let count = times.len();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cube root of at most 2,000"
    )]
    let block = (count as f64).cbrt().round().max(1.0) as usize;
    let mut drawn = Vec::with_capacity(count + block);
    while drawn.len() < count {
        let start = random.below(count);
        let end = (start + block).min(count);
        drawn.extend_from_slice(times.get(start..end).unwrap_or_default());
        let around = start + block - end;
        drawn.extend_from_slice(times.get(..around).unwrap_or_default());
    }
    drawn.truncate(count);
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of a request: a base, a tail, and a slow drift that neighbours share.
    fn times(random: &mut Random, count: usize, scale: f64, memory: f64) -> Vec<f64> {
        let mut drift = 0.0;
        (0..count)
            .map(|_| {
                drift = memory * drift + (random.next_f64() - 0.5);
                scale * (10.0 + random.exponential(1.5) + drift)
            })
            .collect()
    }

    fn verdicts(statistic: Statistic, scale: f64, memory: f64) -> [usize; 3] {
        let mut counts = [0; 3];
        for simulation in 0..100 {
            let mut random = Random::new(1_000 + simulation);
            let first = times(&mut random, 200, 1.0, memory);
            let second = times(&mut random, 200, scale, memory);
            match difference(&first, &second, statistic).unwrap().verdict {
                Verdict::Faster => counts[0] += 1,
                Verdict::Slower => counts[1] += 1,
                Verdict::NoDifference => counts[2] += 1,
                Verdict::TooFew => unreachable!(),
            }
        }
        counts
    }

    const STATISTICS: [Statistic; 3] = [
        Statistic::Mean,
        Statistic::Percentile(50.0),
        Statistic::Throughput,
    ];

    #[test]
    fn equals_are_no_different_in_at_least_95_of_100_comparisons() {
        for statistic in STATISTICS {
            for memory in [0.0, 0.5] {
                let [_, _, none] = verdicts(statistic, 1.0, memory);
                assert!(none >= 95, "{statistic:?} with memory {memory}: {none}");
            }
        }
    }

    #[test]
    fn a_difference_of_a_tenth_is_seen_with_its_sign_in_at_least_95_of_100() {
        for statistic in STATISTICS {
            let [faster, slower, _] = verdicts(statistic, 0.9, 0.0);
            assert!(
                faster >= 95 && slower == 0,
                "{statistic:?}: {faster} {slower}"
            );
            let [faster, slower, _] = verdicts(statistic, 1.1, 0.0);
            assert!(
                slower >= 95 && faster == 0,
                "{statistic:?}: {faster} {slower}"
            );
        }
    }

    /// `tests/numpy/bench_statistics.py` gives the interval of scipy's bootstrap (independent
    /// draws, 99 %) of `mean(second) / mean(first) - 1` on the same times.
    #[test]
    fn the_interval_is_that_of_scipy() {
        let mut random = Random::new(11);
        let first: Vec<f64> = (0..400).map(|_| 10.0 + random.exponential(5.0)).collect();
        let second: Vec<f64> = (0..400).map(|_| 10.0 + random.exponential(6.0)).collect();
        let found = difference(&first, &second, Statistic::Mean).unwrap();
        assert!(
            (found.relative - 0.036_014_289_649_604_07).abs() < 1e-9,
            "{found:?}"
        );
        // Two sets of 2,000 resamples differ by about this at 0.5 %.
        assert!(
            (found.low + 0.032_320_635_274_540_75).abs() < 0.01,
            "{found:?}"
        );
        assert!(
            (found.high - 0.108_456_029_081_142_44).abs() < 0.01,
            "{found:?}"
        );
    }

    #[test]
    fn of_a_handful_of_times_nothing_is_concluded() {
        let verdict = |count: usize| {
            let first = vec![1.0; count];
            let second = vec![2.0; count];
            difference(&first, &second, Statistic::Mean).map(|found| found.verdict)
        };
        assert_eq!(verdict(0), None);
        assert_eq!(verdict(9), Some(Verdict::TooFew));
        assert_eq!(verdict(10), Some(Verdict::Slower));
    }

    #[test]
    fn a_sure_difference_of_no_interest_is_none() {
        let first: Vec<f64> = (0..100).map(|i| 10.0 + f64::from(i % 2) * 1e-6).collect();
        let second: Vec<f64> = first.iter().map(|time| time * 1.005).collect();
        let found = difference(&first, &second, Statistic::Mean).unwrap();
        assert!(found.low > 0.0, "{found:?}");
        assert_eq!(found.verdict, Verdict::NoDifference);
    }
}
