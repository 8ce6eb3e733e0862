//! Plane projective maps between two pictures: from orientations, from point pairs, composed
//! and inverted.
//!
//! A map takes continuous positions of one picture to continuous positions of the other.
//! Estimation is linear least squares after centring and scaling the points (Hartley, *In
//! Defense of the Eight-Point Algorithm*, 1997), in double precision; with few points a
//! simpler kind of map is fitted, which follows outliers less.

#![expect(
    clippy::many_single_char_names,
    reason = "the letters of any text on matrices"
)]

use crate::photo::Orientation;

/// A position in a picture.
pub(super) type Point = [f64; 2];

/// Row by row, the last entry 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Homography(pub(super) [f64; 9]);

/// A rectangle in continuous positions: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rectangle {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Whether a position lies inside; one that is no number does not.
    pub(super) fn contains(&self, [x, y]: Point) -> bool {
        x >= self.left && x <= self.right && y >= self.top && y <= self.bottom
    }

    pub(super) fn centre(&self) -> Point {
        [
            f64::midpoint(self.left, self.right),
            f64::midpoint(self.top, self.bottom),
        ]
    }

    /// Clockwise from the upper left.
    pub(super) fn corners(&self) -> [Point; 4] {
        [
            [self.left, self.top],
            [self.right, self.top],
            [self.right, self.bottom],
            [self.left, self.bottom],
        ]
    }
}

impl Homography {
    /// The map of a whole rectangle onto another, the picture turned by `orientation` (what
    /// has to be done to the first to look like the second).
    pub(super) fn between(from: Rectangle, orientation: Orientation, to: Rectangle) -> Self {
        // The unit square's map, as (x from x, x from y, constant), then for y.
        let ([xx, xy, xc], [yx, yy, yc]) = match orientation {
            Orientation::Normal => ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            Orientation::MirrorHorizontal => ([-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
            Orientation::Rotate180 => ([-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]),
            Orientation::MirrorVertical => ([1.0, 0.0, 0.0], [0.0, -1.0, 1.0]),
            Orientation::Transpose => ([0.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
            Orientation::Rotate90 => ([0.0, -1.0, 1.0], [1.0, 0.0, 0.0]),
            Orientation::Transverse => ([0.0, -1.0, 1.0], [-1.0, 0.0, 1.0]),
            Orientation::Rotate270 => ([0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]),
        };
        let (fw, fh) = (from.width(), from.height());
        let line = |[x, y, constant]: [f64; 3], start: f64, length: f64| {
            let (x, y) = (x * length / fw, y * length / fh);
            [
                x,
                y,
                start + constant * length - x * from.left - y * from.top,
            ]
        };
        let [a, b, c] = line([xx, xy, xc], to.left, to.width());
        let [d, e, f] = line([yx, yy, yc], to.top, to.height());
        Self([a, b, c, d, e, f, 0.0, 0.0, 1.0])
    }

    /// The map of positions from 0 to 1 onto a rectangle.
    pub(super) fn onto(to: Rectangle) -> Self {
        let Rectangle { left, top, .. } = to;
        let (width, height) = (to.width(), to.height());
        Self([width, 0.0, left, 0.0, height, top, 0.0, 0.0, 1.0])
    }

    /// The map of a rectangle onto positions from 0 to 1.
    pub(super) fn onto_unit(from: Rectangle) -> Self {
        let (across, down) = (1.0 / from.width(), 1.0 / from.height());
        let (x, y) = (-from.left * across, -from.top * down);
        Self([across, 0.0, x, 0.0, down, y, 0.0, 0.0, 1.0])
    }

    /// Where a position goes; not finite on the horizon.
    pub(super) fn map(&self, [x, y]: Point) -> Point {
        let m = &self.0;
        let w = m[6] * x + m[7] * y + m[8];
        [
            (m[0] * x + m[1] * y + m[2]) / w,
            (m[3] * x + m[4] * y + m[5]) / w,
        ]
    }

    /// This map after `first`.
    pub(super) fn after(&self, first: &Self) -> Self {
        let mut product = [0.0; 9];
        for (i, out) in product.iter_mut().enumerate() {
            let (row, column) = (i / 3, i % 3);
            *out = (0..3)
                .map(|k| self.0[3 * row + k] * first.0[3 * k + column])
                .sum();
        }
        Self(product).normalised()
    }

    /// The map back, unless this one folds the plane flat.
    pub(super) fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let minor = |a: usize, b: usize, c: usize, d: usize| m[a] * m[d] - m[b] * m[c];
        let adjugate = [
            minor(4, 5, 7, 8),
            -minor(1, 2, 7, 8),
            minor(1, 2, 4, 5),
            -minor(3, 5, 6, 8),
            minor(0, 2, 6, 8),
            -minor(0, 2, 3, 5),
            minor(3, 4, 6, 7),
            -minor(0, 1, 6, 7),
            minor(0, 1, 3, 4),
        ];
        let determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
        let inverse = Self(adjugate).normalised();
        (determinant.abs() > 1e-12 && inverse.0.iter().all(|x| x.is_finite())).then_some(inverse)
    }

    fn normalised(mut self) -> Self {
        let last = self.0[8];
        for x in &mut self.0 {
            *x /= last;
        }
        self
    }

    /// Two by two derivative at a position: (dx/dx, dx/dy, dy/dx, dy/dy).
    pub(super) fn derivative(&self, [x, y]: Point) -> [f64; 4] {
        let m = &self.0;
        let w = m[6] * x + m[7] * y + m[8];
        let [u, v] = self.map([x, y]);
        [
            (m[0] - u * m[6]) / w,
            (m[1] - u * m[7]) / w,
            (m[3] - v * m[6]) / w,
            (m[4] - v * m[7]) / w,
        ]
    }

    /// Linear magnification at a position: the root of the area's.
    pub(super) fn scale_at(&self, position: Point) -> f64 {
        let [a, b, c, d] = self.derivative(position);
        (a * d - b * c).abs().sqrt()
    }

    /// The nearest of the eight orientations, seen at a position.
    pub(super) fn orientation_at(&self, position: Point) -> Orientation {
        let [a, b, c, d] = self.derivative(position);
        let mirrored = a * d - b * c < 0.0;
        // Where the picture's x axis goes: right, down, left, up.
        if a.abs() >= c.abs() {
            match (a > 0.0, mirrored) {
                (true, false) => Orientation::Normal,
                (false, false) => Orientation::Rotate180,
                (false, true) => Orientation::MirrorHorizontal,
                (true, true) => Orientation::MirrorVertical,
            }
        } else {
            match (c > 0.0, mirrored) {
                (true, false) => Orientation::Rotate90,
                (false, false) => Orientation::Rotate270,
                (true, true) => Orientation::Transpose,
                (false, true) => Orientation::Transverse,
            }
        }
    }

    /// The similarity that takes two points to two points, mirrored or not.
    pub(super) fn from_two(from: [Point; 2], to: [Point; 2], mirrored: bool) -> Option<Self> {
        let sign = if mirrored { -1.0 } else { 1.0 };
        let (px, py) = (from[1][0] - from[0][0], from[1][1] - from[0][1]);
        let (qx, qy) = (to[1][0] - to[0][0], to[1][1] - to[0][1]);
        let length = px * px + py * py;
        if length < 1.0 {
            return None;
        }
        // With a mirror the y axis of the source is flipped first: (a, b) is the complex
        // quotient of the two differences.
        let py = sign * py;
        let (a, b) = ((px * qx + py * qy) / length, (px * qy - py * qx) / length);
        let (m0, m1, m3, m4) = (a, -b * sign, b, a * sign);
        Some(Self([
            m0,
            m1,
            to[0][0] - m0 * from[0][0] - m1 * from[0][1],
            m3,
            m4,
            to[0][1] - m3 * from[0][0] - m4 * from[0][1],
            0.0,
            0.0,
            1.0,
        ]))
    }

    /// The least-squares map of the first points of `pairs` to the second ones: affine from
    /// three pairs on, projective from `PROJECTIVE_FROM`.
    pub(super) fn fit(pairs: &[(Point, Point)]) -> Option<Self> {
        if pairs.len() < 3 {
            return None;
        }
        let to_unit = (
            Normalisation::of(pairs.iter().map(|pair| pair.0))?,
            Normalisation::of(pairs.iter().map(|pair| pair.1))?,
        );
        let projective = pairs.len() >= PROJECTIVE_FROM;
        let unknowns = if projective { 8 } else { 6 };
        let mut normal = [[0.0; 9]; 8];
        let mut add = |row: [f64; 9]| {
            for i in 0..unknowns {
                for j in 0..unknowns {
                    normal[i][j] += row[i] * row[j];
                }
                normal[i][8] += row[i] * row[8];
            }
        };
        for &(from, to) in pairs {
            let [x, y] = to_unit.0.apply(from);
            let [u, v] = to_unit.1.apply(to);
            add([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u]);
            add([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v]);
        }
        let solution = solve(&mut normal, unknowns)?;
        let mut unit = [0.0; 9];
        unit[..8].copy_from_slice(&solution);
        unit[8] = 1.0;
        let map = to_unit
            .1
            .matrix()
            .inverse()?
            .after(&Self(unit).after(&to_unit.0.matrix()));
        map.0.iter().all(|x| x.is_finite()).then_some(map)
    }
}

/// From this many pairs on the two projective terms are fitted.
const PROJECTIVE_FROM: usize = 10;

/// Takes points to mean 0 and mean distance about 1.
struct Normalisation {
    centre: Point,
    scale: f64,
}

impl Normalisation {
    fn of(points: impl Iterator<Item = Point> + Clone) -> Option<Self> {
        let mut sum = [0.0; 3];
        for [x, y] in points.clone() {
            sum = [sum[0] + x, sum[1] + y, sum[2] + 1.0];
        }
        let centre = [sum[0] / sum[2], sum[1] / sum[2]];
        let spread: f64 = points
            .map(|[x, y]| (x - centre[0]).powi(2) + (y - centre[1]).powi(2))
            .sum::<f64>()
            / sum[2];
        (spread > 1e-6 && spread.is_finite()).then(|| Self {
            centre,
            scale: 1.0 / spread.sqrt(),
        })
    }

    fn apply(&self, [x, y]: Point) -> Point {
        [
            (x - self.centre[0]) * self.scale,
            (y - self.centre[1]) * self.scale,
        ]
    }

    fn matrix(&self) -> Homography {
        let (s, [x, y]) = (self.scale, self.centre);
        Homography([s, 0.0, -s * x, 0.0, s, -s * y, 0.0, 0.0, 1.0])
    }
}

/// Gaussian elimination with row exchange on the first `n` rows; column 8 is the right side.
fn solve(rows: &mut [[f64; 9]; 8], n: usize) -> Option<[f64; 8]> {
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&i, &j| rows[i][column].abs().total_cmp(&rows[j][column].abs()))?;
        if rows[pivot][column].abs() < 1e-9 {
            return None;
        }
        rows.swap(column, pivot);
        let head = rows[column];
        for row in &mut rows[column + 1..n] {
            let factor = row[column] / head[column];
            for (value, above) in row.iter_mut().zip(head) {
                *value -= factor * above;
            }
        }
    }
    let mut solution = [0.0; 8];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| rows[i][j] * solution[j]).sum();
        solution[i] = (rows[i][8] - known) / rows[i][i];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Point, b: Point) -> bool {
        (a[0] - b[0]).abs() < 1e-6 && (a[1] - b[1]).abs() < 1e-6
    }

    #[test]
    fn an_orientation_is_read_back_from_its_map() {
        let from = Rectangle {
            left: 0.0,
            top: 0.0,
            right: 40.0,
            bottom: 30.0,
        };
        for orientation in Orientation::ALL {
            let to = Rectangle {
                left: 5.0,
                top: 1.0,
                right: 95.0,
                bottom: 61.0,
            };
            let map = Homography::between(from, orientation, to);
            assert_eq!(map.orientation_at([3.0, 4.0]), orientation);
            let back = map.inverse().unwrap();
            assert!(close(back.map(map.map([7.0, 9.0])), [7.0, 9.0]));
            for corner in from.corners() {
                let [x, y] = map.map(corner);
                assert!(
                    to.corners().iter().any(|&c| close(c, [x, y])),
                    "{orientation:?}"
                );
            }
        }
    }

    #[test]
    fn a_projective_map_is_found_from_exact_pairs() {
        let map = Homography([1.1, 0.1, 5.0, -0.05, 0.9, 3.0, 1e-4, -2e-4, 1.0]);
        let pairs: Vec<_> = (0..20)
            .map(|i| [f64::from(i * 37 % 100), f64::from(i * 53 % 70)])
            .map(|p| (p, map.map(p)))
            .collect();
        let found = Homography::fit(&pairs).unwrap();
        assert!(close(found.map([50.0, 20.0]), map.map([50.0, 20.0])));
        let line: Vec<_> = (0..20)
            .map(|i| ([f64::from(i), 1.0], [f64::from(i), 2.0]))
            .collect();
        assert_eq!(Homography::fit(&line), None, "points on a line fix no map");
    }

    #[test]
    fn two_points_fix_a_similarity_mirrored_or_not() {
        for mirrored in [false, true] {
            let sign = if mirrored { -1.0 } else { 1.0 };
            let map = Homography([0.6, -0.8 * sign, 4.0, 0.8, 0.6 * sign, -2.0, 0.0, 0.0, 1.0]);
            let from = [[1.0, 2.0], [30.0, -7.0]];
            let found = Homography::from_two(from, from.map(|p| map.map(p)), mirrored).unwrap();
            assert!(close(found.map([11.0, 13.0]), map.map([11.0, 13.0])));
        }
    }
}
