//! What a picture looks like in a few bytes: a perceptual hash that can be turned, and the
//! measures that say whether the hash means anything.

use super::Orientation;

/// Signs of the lowest 8 x 8 (index) and 16 x 16 (decision) coefficients of the picture's
/// two-dimensional discrete cosine transform, the constant term left out.
///
/// The DCT hash is Zauner's (*Implementation and Benchmarking of Perceptual Image Hash
/// Functions*, 2010); thresholds at zero instead of at the median are Ito and Kiya's (*DCT
/// Sign-Only Correlation with Application to Image Matching*, ICASSP 2007). With the threshold
/// at zero the eight orientations of a picture are permutations and sign flips of one hash:
/// mirroring left to right negates the coefficients of odd horizontal frequency, transposing
/// the picture transposes the matrix.
///
/// Bit `16 * v + u` of the 256 is set where the coefficient of horizontal frequency `u` and
/// vertical frequency `v` is positive, bit 0 of word 0 being frequency (0, 0), always unset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PerceptualHash(pub [u64; 4]);

impl PerceptualHash {
    /// Number of bits that carry information.
    pub const BITS: u32 = 255;

    /// The number of differing bits, 0 to 255.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        self.0
            .iter()
            .zip(other.0)
            .map(|(a, b)| (a ^ b).count_ones())
            .sum()
    }

    /// The 64 signs of the lowest 8 x 8 frequencies: bit `8 * v + u`, bit 0 always unset.
    #[must_use]
    pub fn low_frequencies(self) -> u64 {
        (0..64)
            .filter(|bit| self.bit(bit % 8, bit / 8))
            .fold(0, |hash, bit| hash | 1 << bit)
    }

    /// The hash that the same picture would have after being turned.
    #[must_use]
    pub fn oriented(self, orientation: Orientation) -> Self {
        // (transpose first, then negate odd u, then negate odd v): turning by 90 degrees
        // clockwise is a transposition followed by a mirror left to right.
        let (transpose, mirror_x, mirror_y) = match orientation {
            Orientation::Normal => return self,
            Orientation::MirrorHorizontal => (false, true, false),
            Orientation::Rotate180 => (false, true, true),
            Orientation::MirrorVertical => (false, false, true),
            Orientation::Transpose => (true, false, false),
            Orientation::Rotate90 => (true, true, false),
            Orientation::Transverse => (true, true, true),
            Orientation::Rotate270 => (true, false, true),
        };
        let mut words = [0; 4];
        for bit in 1..256 {
            let (u, v) = (bit % 16, bit / 16);
            let positive = if transpose {
                self.bit(v, u)
            } else {
                self.bit(u, v)
            };
            let negate = (mirror_x && u % 2 == 1) != (mirror_y && v % 2 == 1);
            if positive != negate {
                words[bit / 64] |= 1 << (bit % 64);
            }
        }
        Self(words)
    }

    fn bit(self, u: usize, v: usize) -> bool {
        let bit = 16 * v + u;
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }
}

/// All that matching may know of a picture's looks without decoding it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fingerprint {
    /// The hash of the upright picture.
    pub hash: PerceptualHash,
    /// Standard deviation of the luma of the picture at 32 x 32 pixels, 0 to 127: near 0 the
    /// picture is flat, its DCT is noise, and the hash must not be believed.
    pub contrast: f32,
    /// Share, 0 to 1, of the picture's 8 x 8 blocks (at 256 pixels) that have texture: low for
    /// documents, screens, skies and gradients, which resemble each other by any hash.
    pub texture: f32,
    /// Mean red, green and blue of the whole picture, 0 to 255.
    pub mean_rgb: [u8; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: PerceptualHash =
        PerceptualHash([0x0123_4567_89ab_cdee, 0xfeed_beef_0bad_f00d, 42, 1 << 63]);

    #[test]
    fn turning_four_times_by_90_degrees_gives_the_hash_back() {
        let mut turned = HASH;
        for quarter in [90, 180, 270, 360] {
            turned = turned.oriented(Orientation::Rotate90);
            match quarter {
                180 => assert_eq!(turned, HASH.oriented(Orientation::Rotate180)),
                270 => assert_eq!(turned, HASH.oriented(Orientation::Rotate270)),
                360 => assert_eq!(turned, HASH),
                _ => assert_ne!(turned, HASH),
            }
        }
    }

    #[test]
    fn mirrors_and_transpositions_are_their_own_inverses() {
        for orientation in Orientation::ALL {
            let twice = HASH.oriented(orientation).oriented(orientation);
            let turns = matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270);
            assert_eq!(twice == HASH, !turns, "{orientation:?}");
        }
    }

    #[test]
    fn distance_counts_differing_bits() {
        assert_eq!(HASH.distance(HASH), 0);
        let other = PerceptualHash([
            HASH.0[0] ^ 2,
            HASH.0[1] ^ 1,
            HASH.0[2],
            HASH.0[3] ^ (3 << 60),
        ]);
        assert_eq!(HASH.distance(other), 4);
    }
}
