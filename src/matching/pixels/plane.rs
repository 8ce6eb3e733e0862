//! One channel of a picture, and the few operations on it that matching needs.
//!
//! Positions are continuous: the pixel in column `i` covers `i` to `i + 1` and its centre is
//! `i + 0.5`, so that positions scale with the picture. All arithmetic is plain IEEE in a
//! fixed order: the same picture gives the same planes on every machine.

/// Row by row, one byte a pixel; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl Plane {
    /// A plane of these values, or `None` if there are not `width * height` of them or none.
    pub(super) fn new(width: usize, height: usize, values: Vec<u8>) -> Option<Self> {
        (!values.is_empty() && width.checked_mul(height) == Some(values.len())).then_some(Self {
            width,
            height,
            values,
        })
    }

    /// All of one tone; one pixel where a side is 0.
    pub(super) fn even(width: usize, height: usize, tone: u8) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self {
            width,
            height,
            values: vec![tone; width * height],
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn values(&self) -> &[u8] {
        &self.values
    }

    /// Row `y`; the last one where `y` is too large.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        let start = y.min(self.height - 1) * self.width;
        &self.values[start..start + self.width]
    }

    /// The value at a pixel, that of the nearest border pixel outside.
    pub(super) fn at(&self, x: isize, y: isize) -> u8 {
        let x = x.clamp(0, self.width.cast_signed() - 1).cast_unsigned();
        let y = y.clamp(0, self.height.cast_signed() - 1).cast_unsigned();
        self.values[y * self.width + x]
    }

    /// The bilinear value at a continuous position; beyond the border the border's value.
    #[inline]
    pub(super) fn sample(&self, x: f32, y: f32) -> f32 {
        let (x0, fx) = neighbours(x, self.width);
        let (y0, fy) = neighbours(y, self.height);
        let at = y0 * self.width + x0;
        let (Some(upper), Some(lower)) = (
            self.values.get(at..at + 2),
            self.values.get(at + self.width..at + self.width + 2),
        ) else {
            // One row or one column: nothing to interpolate between.
            return f32::from(self.at(x0.cast_signed(), y0.cast_signed()));
        };
        let along = |row: &[u8]| {
            let (left, right) = (f32::from(row[0]), f32::from(row[1]));
            left + (right - left) * fx
        };
        let top = along(upper);
        top + (along(lower) - top) * fy
    }

    /// The plane after a binomial filter of 3 x 3 (standard deviation 0.7 pixels).
    pub(super) fn smoothed(&self) -> Self {
        let (width, height) = (self.width, self.height);
        let mut values = vec![0; self.values.len()];
        let mut column_sums = vec![0_u16; width];
        for (y, out) in values.chunks_exact_mut(width).enumerate() {
            let (above, here, below) = (
                self.row(y.saturating_sub(1)),
                self.row(y),
                self.row((y + 1).min(height - 1)),
            );
            for (sum, ((&a, &b), &c)) in column_sums
                .iter_mut()
                .zip(above.iter().zip(here).zip(below))
            {
                *sum = u16::from(a) + 2 * u16::from(b) + u16::from(c);
            }
            let round = |sum: u16| ((sum + 8) >> 4).to_le_bytes()[0];
            let (first, last) = (column_sums[0], column_sums[width - 1]);
            for (out, window) in out[1.min(width - 1)..]
                .iter_mut()
                .zip(column_sums.windows(3))
            {
                *out = round(window[0] + 2 * window[1] + window[2]);
            }
            out[0] = round(3 * first + column_sums[1.min(width - 1)]);
            out[width - 1] = round(3 * last + column_sums[width.saturating_sub(2)]);
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// The plane at another size, each new pixel the mean of the area under it (no larger
    /// size makes sense).
    pub(super) fn shrunk(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = Span::all(self.width, width);
        let rows = Span::all(self.height, height);
        // Columns first: each source row is narrowed once and then only added up.
        let mut narrow = vec![0.0_f32; width * self.height];
        for (row, out) in self
            .values
            .chunks_exact(self.width)
            .zip(narrow.chunks_exact_mut(width))
        {
            for (out, span) in out.iter_mut().zip(&columns) {
                let values = &row[span.first..=span.last];
                *out = match values {
                    [value] => f32::from(*value),
                    [first, inner @ .., last] => {
                        let sum: u32 = inner.iter().map(|&value| u32::from(value)).sum();
                        #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
                        let inner = sum as f32;
                        (f32::from(*first) * span.first_weight
                            + inner
                            + f32::from(*last) * span.last_weight)
                            * span.scale
                    }
                    [] => 0.0,
                };
            }
        }
        let mut values = Vec::with_capacity(width * height);
        let mut sums = vec![0.0_f32; width];
        for span in &rows {
            sums.fill(0.0);
            for y in span.first..=span.last {
                let weight = span.weight(y);
                for (sum, &value) in sums.iter_mut().zip(&narrow[y * width..(y + 1) * width]) {
                    *sum += value * weight;
                }
            }
            values.extend(sums.iter().map(|&sum| to_byte(sum)));
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// The part of the plane inside these pixel bounds.
    pub(super) fn cut(&self, bounds: Bounds) -> Self {
        let (x1, y1) = (
            bounds.x1.clamp(1, self.width),
            bounds.y1.clamp(1, self.height),
        );
        let (x0, y0) = (bounds.x0.min(x1 - 1), bounds.y0.min(y1 - 1));
        let values = (y0..y1).flat_map(|y| self.row(y)[x0..x1].iter().copied());
        Self {
            width: x1 - x0,
            height: y1 - y0,
            values: values.collect(),
        }
    }

    /// The bounds of the whole plane.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            x0: 0,
            y0: 0,
            x1: self.width,
            y1: self.height,
        }
    }
}

/// A rectangle of pixels; the upper bounds lie outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) x0: usize,
    pub(super) y0: usize,
    pub(super) x1: usize,
    pub(super) y1: usize,
}

impl Bounds {
    pub(super) fn width(self) -> usize {
        self.x1.saturating_sub(self.x0)
    }

    pub(super) fn height(self) -> usize {
        self.y1.saturating_sub(self.y0)
    }

    pub(super) fn area(self) -> usize {
        self.width() * self.height()
    }
}

/// Rounds to the nearest byte.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates at 0 and 255, which is wanted"
)]
pub(super) fn to_byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

/// The first of the two pixels around a continuous position and the second one's share.
#[inline]
fn neighbours(position: f32, length: usize) -> (usize, f32) {
    let last = length.saturating_sub(2);
    let position = (position - 0.5).max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; not a number becomes 0"
    )]
    let first = (position as usize).min(last);
    #[expect(
        clippy::cast_precision_loss,
        reason = "pictures are a few hundred pixels wide"
    )]
    let fraction = (position - first as f32).clamp(0.0, 1.0);
    (first, fraction)
}

/// The source pixels under one target pixel; the inner ones weigh 1 before scaling.
struct Span {
    first: usize,
    last: usize,
    first_weight: f32,
    last_weight: f32,
    scale: f32,
}

impl Span {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "positions inside the source, which is far smaller than 2^52"
    )]
    fn all(from: usize, to: usize) -> Vec<Self> {
        let step = from as f64 / to as f64;
        (0..to)
            .map(|i| {
                let (start, end) = (i as f64 * step, (i + 1) as f64 * step);
                let first = (start as usize).min(from - 1);
                // The end lies in the pixel before it where it falls on a border.
                let last = ((end - 1e-9) as usize).clamp(first, from - 1);
                let covered = |pixel: usize| {
                    (end.min((pixel + 1) as f64) - start.max(pixel as f64)).max(0.0) as f32
                };
                Self {
                    first,
                    last,
                    first_weight: covered(first),
                    last_weight: covered(last),
                    scale: (1.0 / step) as f32,
                }
            })
            .collect()
    }

    fn weight(&self, pixel: usize) -> f32 {
        if self.first == self.last {
            1.0
        } else if pixel == self.first {
            self.first_weight * self.scale
        } else if pixel == self.last {
            self.last_weight * self.scale
        } else {
            self.scale
        }
    }
}
