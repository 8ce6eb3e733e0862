//! How one picture's tones became the other's: a rising curve.
//!
//! Brightness, contrast, gamma, clipping and most filters map tones by a rising curve. It is
//! fitted to the aligned pixels: the mean of the second picture's tones for each of the first
//! one's, made rising by pooling adjacent violators (Barlow et al., *Statistical Inference
//! under Order Restrictions*, 1972).

use super::plane::{Plane, to_byte};
use super::warp::Warped;

/// Tones of the first picture fall into this many bins.
const BINS: usize = 32;

/// The second one's into this many.
const OUT_BINS: usize = 64;

/// The expected tone for each of the 256.
pub(super) struct ToneCurve([f32; 256]);

impl ToneCurve {
    /// The curve from `grid`'s tones to `warped`'s.
    pub(super) fn fit(grid: &Plane, warped: &Warped) -> Self {
        // The median of the other's tones in each bin: what lies over a part of one picture
        // (lettering, an object) does not draw the curve off.
        let mut counts = vec![[0_u32; OUT_BINS]; BINS];
        let mut tones = [0_u32; BINS];
        let mut pixels = 0_u32;
        for ((&tone, &other), &valid) in grid.values().iter().zip(&warped.values).zip(&warped.valid)
        {
            if valid {
                let bin = usize::from(tone) * BINS / 256;
                counts[bin][usize::from(to_byte(other)) * OUT_BINS / 256] += 1;
                tones[bin] += u32::from(tone);
                pixels += 1;
            }
        }
        let bins = counts.iter().zip(tones).filter_map(|(counts, tones)| {
            let total: u32 = counts.iter().sum();
            (total > pixels / 500).then(|| {
                let count = f64::from(total);
                [f64::from(tones), median(counts, total) * count, count]
            })
        });
        // Rising knots: a bin below the one before is pooled with it.
        let mut knots: Vec<[f64; 3]> = Vec::with_capacity(BINS);
        for bin in bins {
            knots.push(bin);
            while let [.., before, last] = knots.as_mut_slice()
                && before[1] * last[2] >= last[1] * before[2]
            {
                for (sum, part) in before.iter_mut().zip(*last) {
                    *sum += part;
                }
                knots.pop();
            }
        }
        let points: Vec<(f64, f64)> = knots
            .iter()
            .map(|[from, to, count]| (from / count, to / count))
            .collect();
        let mut curve = [0.0; 256];
        for (tone, out) in (0..=255_u8).zip(&mut curve) {
            #[expect(clippy::cast_possible_truncation, reason = "0 to 255")]
            {
                *out = interpolated(&points, f64::from(tone)) as f32;
            }
        }
        Self(curve)
    }

    /// How much the curve spreads the first picture's tones where it reaches a tone of the
    /// second.
    pub(super) fn slope_at(&self, tone: f32) -> f32 {
        let at = self.0.partition_point(|&out| out < tone).clamp(4, 251);
        (self.0[at + 4] - self.0[at - 4]) / 8.0
    }

    /// The tone expected in the second picture.
    pub(super) fn of(&self, tone: u8) -> f32 {
        self.0[usize::from(tone)]
    }
}

/// Linear between the points and beyond the outermost two.
fn interpolated(points: &[(f64, f64)], x: f64) -> f64 {
    let (first, second) = match points {
        [] => return x,
        [only] => return only.1 + x - only.0,
        points => {
            let after = points
                .partition_point(|point| point.0 < x)
                .clamp(1, points.len() - 1);
            (points[after - 1], points[after])
        }
    };
    let slope = (second.1 - first.1) / (second.0 - first.0);
    first.1 + slope * (x - first.0)
}

/// The median tone of a histogram of [`OUT_BINS`] bins, interpolated inside the bin.
fn median(counts: &[u32; OUT_BINS], total: u32) -> f64 {
    let half = f64::from(total) * 0.5;
    let mut below = 0.0;
    for (bin, &count) in (0_u32..).zip(counts) {
        let count = f64::from(count);
        if below + count >= half && count > 0.0 {
            return (f64::from(bin) + (half - below) / count) * 4.0 - 0.5;
        }
        below += count;
    }
    0.0
}
