//! The second picture seen through a map, on the first one's pixels.

use super::geometry::{Homography, Rectangle};
use super::plane::{Bounds, Plane};
use super::prepared::Prepared;

/// A picture, and how it is reached from another one's pixels.
pub(super) struct View<'a> {
    plane: &'a Plane,
    /// From the other picture's positions to `plane`'s.
    map: Homography,
    limits: Rectangle,
}

impl<'a> View<'a> {
    /// `picture` through `map`, inside its content; at about the resolution that `map` makes
    /// of it around `centre`.
    pub(super) fn new(picture: &'a Prepared, map: &Homography, centre: [f64; 2]) -> Self {
        let (plane, [across, down]) = picture.luma_for(map.scale_at(centre));
        let reduce = Homography([across, 0.0, 0.0, 0.0, down, 0.0, 0.0, 0.0, 1.0]);
        let content = picture.content();
        // Half a pixel's margin: beyond it the border would be repeated.
        let limits = Rectangle {
            left: (content.left + 0.5) * across,
            top: (content.top + 0.5) * down,
            right: (content.right - 0.5) * across,
            bottom: (content.bottom - 0.5) * down,
        };
        Self {
            plane,
            map: reduce.after(map),
            limits,
        }
    }

    /// Whether all of a rectangle of the other picture's pixels lies inside this one.
    pub(super) fn covers(&self, bounds: Bounds) -> bool {
        rectangle(bounds)
            .corners()
            .into_iter()
            .all(|corner| self.limits.contains(self.map.map(corner)))
    }

    /// The tones over a rectangle of the other picture's pixels.
    pub(super) fn over(&self, bounds: Bounds) -> Warped {
        let width = bounds.width();
        let mut warped = Warped {
            width,
            values: vec![0.0; bounds.area()],
            valid: vec![false; bounds.area()],
        };
        let (x0, y0) = (to_f64(bounds.x0) + 0.5, to_f64(bounds.y0) + 0.5);
        let mut rows = warped
            .values
            .chunks_exact_mut(width)
            .zip(warped.valid.chunks_exact_mut(width));
        for y in 0..bounds.height() {
            let Some((values, valid)) = rows.next() else {
                break;
            };
            let y = y0 + to_f64(y);
            // The map is evaluated at every eighth pixel: between them it is straight to a
            // hundredth of a pixel, however strong the perspective that still correlates.
            let mut start = self.map.map([x0, y]);
            for (k, (values, valid)) in values.chunks_mut(8).zip(valid.chunks_mut(8)).enumerate() {
                let end = self.map.map([x0 + to_f64(8 * (k + 1)), y]);
                let step = [(end[0] - start[0]) / 8.0, (end[1] - start[1]) / 8.0];
                if self.limits.contains(start) && self.limits.contains(end) {
                    // The limits have no dents: all between lies inside.
                    self.sample_line(start.map(to_f32), step.map(to_f32), values);
                    valid.fill(true);
                } else {
                    for (i, (value, valid)) in values.iter_mut().zip(valid).enumerate() {
                        let i = to_f64(i);
                        let at = [start[0] + step[0] * i, start[1] + step[1] * i];
                        if self.limits.contains(at) {
                            let [u, v] = at.map(to_f32);
                            *value = self.plane.sample(u, v);
                            *valid = true;
                        }
                    }
                }
                start = end;
            }
        }
        warped
    }

    fn sample_line(&self, [mut u, mut v]: [f32; 2], [du, dv]: [f32; 2], values: &mut [f32]) {
        for value in values {
            *value = self.plane.sample(u, v);
            u += du;
            v += dv;
        }
    }
}

/// A picture laid over pixels of another.
pub(super) struct Warped {
    pub(super) width: usize,
    /// Row by row; 0 where the picture does not reach.
    pub(super) values: Vec<f32>,
    /// Whether the picture reaches there.
    pub(super) valid: Vec<bool>,
}

impl Warped {
    pub(super) fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Marks everything outside a rectangle as not covered.
    pub(super) fn limit(&mut self, limits: Rectangle) {
        for (y, row) in self.valid.chunks_exact_mut(self.width).enumerate() {
            for (x, valid) in row.iter_mut().enumerate() {
                *valid &= limits.contains([to_f64(x) + 0.5, to_f64(y) + 0.5]);
            }
        }
    }
}

pub(super) fn rectangle(bounds: Bounds) -> Rectangle {
    Rectangle {
        left: to_f64(bounds.x0),
        top: to_f64(bounds.y0),
        right: to_f64(bounds.x1),
        bottom: to_f64(bounds.y1),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are a few hundred pixels wide"
)]
pub(super) fn to_f64(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a pixel's position")]
fn to_f32(value: f64) -> f32 {
    value as f32
}
