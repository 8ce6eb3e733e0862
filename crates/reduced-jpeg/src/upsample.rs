//! Chroma at the luma's resolution: linear interpolation between the centres of the samples.
//!
//! JPEG's samples lie in the centres of the pixels that they are the mean of (ITU-T T.871, 9), so
//! for a component of half the width the weights are 3/4 and 1/4: what libjpeg calls fancy
//! upsampling.

/// Weights are in eighths, in each direction.
const ONE: u16 = 8;

/// What [`Rows`] gives for chroma: so many times the distance to the middle of the range.
pub(crate) const SCALE: i32 = 128;

/// Between which two samples a pixel lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    near: usize,
    far: usize,
    /// The weight of the nearer one, in eighths.
    weight: u16,
}

impl Position {
    /// Of pixel `at` where `samples` stand for `pixels` in the same distance, of which `count` are
    /// there.
    fn new(at: usize, (samples, pixels): (usize, usize), count: usize) -> Self {
        // Twice the pixel's centre, less that of the first sample, in 1/pixels of a sample.
        let doubled = (2 * at + 1) * samples;
        let near = doubled / (2 * pixels);
        let within = doubled % (2 * pixels);
        let last = count.saturating_sub(1);
        // Before the sample's centre, the neighbour is the one before.
        let (far, distance) = if within < pixels {
            (near.saturating_sub(1), pixels - within)
        } else {
            (near + 1, within - pixels)
        };
        // At most half of a sample's width: at most 4 of 8.
        let distance = (distance * usize::from(ONE) + pixels) / (2 * pixels);
        Self {
            near: near.min(last),
            far: far.min(last),
            weight: ONE - u16::try_from(distance).unwrap_or_default(),
        }
    }
}

/// The rows of a chroma component at the luma's resolution.
pub(crate) struct Rows<'a> {
    samples: &'a [u8],
    stride: usize,
    /// Samples across and down.
    size: (usize, usize),
    vertical: (usize, usize),
    horizontal: Horizontal,
    /// A row of samples between rows, times 8.
    between: Vec<u16>,
    /// What is given out.
    row: Vec<i16>,
}

/// How samples become pixels along a row.
enum Horizontal {
    /// One for one.
    Same,
    /// Two pixels of each sample.
    Double,
    /// Any other ratio.
    Any(Vec<Position>),
}

impl<'a> Rows<'a> {
    /// `horizontal` and `vertical`: how many samples stand for how many pixels.
    pub(crate) fn new(
        samples: &'a [u8],
        stride: usize,
        size: (usize, usize),
        horizontal: (usize, usize),
        vertical: (usize, usize),
        width: usize,
    ) -> Self {
        let (across, _) = size;
        let horizontal = if horizontal.0 == horizontal.1 {
            Horizontal::Same
        } else if 2 * horizontal.0 == horizontal.1 {
            Horizontal::Double
        } else {
            let positions = (0..width).map(|x| Position::new(x, horizontal, across));
            Horizontal::Any(positions.collect())
        };
        Self {
            samples,
            stride,
            size,
            vertical,
            horizontal,
            between: vec![0; across],
            row: vec![0; width],
        }
    }

    /// The row of pixels `y`, as [`SCALE`] times the distance to the middle of the range.
    pub(crate) fn row(&mut self, y: usize) -> &[i16] {
        let (across, down) = self.size;
        let position = Position::new(y, self.vertical, down);
        let source = |row: usize| {
            let row = self.samples.get(row * self.stride..).unwrap_or_default();
            row.get(..across).unwrap_or(row)
        };
        let (near, far) = (source(position.near), source(position.far));
        let (near_weight, far_weight) = (position.weight, ONE - position.weight);
        for ((value, &near), &far) in self.between.iter_mut().zip(near).zip(far) {
            *value = near_weight * u16::from(near) + far_weight * u16::from(far);
        }
        self.across();
        &self.row
    }

    fn across(&mut self) {
        let between = self.between.as_slice();
        match &self.horizontal {
            Horizontal::Same => {
                for (pixel, &value) in self.row.iter_mut().zip(between) {
                    *pixel = centred(8 * value);
                }
            }
            Horizontal::Double => {
                let Some((&first, &last)) = between.first().zip(between.last()) else {
                    return;
                };
                let even = |before: u16, value: u16| centred(2 * before + 6 * value);
                if let Some(pixel) = self.row.first_mut() {
                    *pixel = centred(8 * first);
                }
                // Between each two samples lie two pixels.
                let inner = self.row.get_mut(1..).unwrap_or_default();
                let (pairs, rest) = inner.as_chunks_mut::<2>();
                for ([one, two], (&left, &right)) in pairs
                    .iter_mut()
                    .zip(between.iter().zip(between.get(1..).unwrap_or_default()))
                {
                    *one = even(right, left);
                    *two = even(left, right);
                }
                if let Some(pixel) = rest.first_mut() {
                    *pixel = centred(8 * last);
                }
            }
            Horizontal::Any(positions) => {
                for (pixel, position) in self.row.iter_mut().zip(positions) {
                    let value = |at: usize| between.get(at).copied().unwrap_or_default();
                    *pixel = centred(
                        position.weight * value(position.near)
                            + (ONE - position.weight) * value(position.far),
                    );
                }
            }
        }
    }
}

/// From 64 times the sample to [`SCALE`] times its distance to 128.
#[inline(always)]
#[allow(
    clippy::cast_possible_wrap,
    reason = "64 times 255 at most, and twice its distance to 64 times 128"
)]
fn centred(value: u16) -> i16 {
    (value as i16 - 64 * 128) * 2
}

#[cfg(test)]
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::needless_range_loop,
    reason = "small numbers that are not negative"
)]
mod tests {
    use super::*;

    /// Linear interpolation by its definition.
    fn expected(samples: &[u8], x: usize, (few, many): (usize, usize)) -> f64 {
        let place = (x as f64 + 0.5) * few as f64 / many as f64 - 0.5;
        let place = place.clamp(0.0, samples.len() as f64 - 1.0);
        let left = place.floor() as usize;
        let right = (left + 1).min(samples.len() - 1);
        let share = place - left as f64;
        f64::from(samples[left]) * (1.0 - share) + f64::from(samples[right]) * share
    }

    #[test]
    fn pixels_are_interpolated_between_the_centres_of_samples() {
        let samples = [0, 255, 40, 41, 200, 7, 130];
        for ratio in [(1, 1), (1, 2), (1, 4), (1, 3), (2, 3), (3, 4), (2, 4)] {
            for count in 1..=samples.len() {
                let samples = &samples[..count];
                // Widths that so many samples stand for.
                for width in 1..=count * ratio.1 / ratio.0 {
                    if (width * ratio.0).div_ceil(ratio.1) != count {
                        continue;
                    }
                    let mut across = Rows::new(samples, count, (count, 1), ratio, (1, 1), width);
                    let row = across.row(0);
                    assert_eq!(row.len(), width);
                    for (x, &found) in row.iter().enumerate() {
                        let found = f64::from(found) / f64::from(SCALE) + 128.0;
                        let expected = expected(samples, x, ratio);
                        // Thirds are not whole eighths.
                        let tolerance = if ratio.1 == 3 { 255.0 / 16.0 } else { 0.0 };
                        assert!(
                            (found - expected).abs() <= tolerance,
                            "{ratio:?} {count} {x}: {found} {expected}"
                        );
                    }
                    let mut down = Rows::new(samples, 1, (1, count), (1, 1), ratio, 1);
                    for x in 0..width {
                        let found = down.row(x)[0];
                        assert_eq!(found, row[x], "{ratio:?} {count} {x}");
                    }
                }
            }
        }
    }
}
