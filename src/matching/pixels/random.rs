//! Reproducible random numbers for sampling: `SplitMix64` (Steele, Lea and Flood, *Fast
//! Splittable Pseudorandom Number Generators*, 2014).

/// A generator that gives the same numbers for the same seed, on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `limit - 1`, 0 if the limit is 0.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = (z ^ (z >> 31)) >> 32;
        // The high half of a 32 x 32 bit product: below `limit`.
        u32::try_from((z * u64::from(limit)) >> 32).unwrap_or(0)
    }
}
