//! Random numbers that are the same for a seed on every machine and in every version: results
//! that rest on them can be repeated.

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniform in 0..1, 1 excluded, with 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in f64")]
    pub(super) fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..`bound`; 0 if that is 0. Multiply and shift (Lemire 2019); its bias is below
    /// `bound` / 2^64.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the product's upper half is below the bound"
    )]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Exponentially distributed with this mean: the gaps between arrivals of a Poisson process.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        // 1 - u is in 0..1 without 0.
        -mean * (1.0 - self.next_f64()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // The first outputs for seed 1234567 of the authors' C program.
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn exponential_gaps_have_their_mean_and_their_standard_deviation() {
        let mut random = Random::new(1);
        let gaps: Vec<f64> = (0..20_000).map(|_| random.exponential(2.0)).collect();
        let mean = gaps.iter().sum::<f64>() / 20_000.0;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 2.0).abs() < 0.05, "{mean}");
        assert!((variance.sqrt() - 2.0).abs() < 0.08, "{variance}");
        assert!(gaps.iter().all(|gap| *gap >= 0.0 && gap.is_finite()));
    }

    #[test]
    fn indexes_stay_below_the_bound_and_reach_all_of_it() {
        let mut random = Random::new(2);
        let mut seen = [0; 7];
        for _ in 0..7_000 {
            seen[random.below(7)] += 1;
        }
        assert!(
            seen.iter().all(|count| (800..1200).contains(count)),
            "{seen:?}"
        );
        assert_eq!(random.below(0), 0);
    }
}
