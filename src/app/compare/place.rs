//! Where a detail of one picture lies in another: plane projective maps of the unit square.
//!
//! Positions in a picture run from 0 to 1 on both sides, whatever its size, so that a map holds
//! for every copy at every resolution. Pitfall: a map may send positions to infinity; who asks
//! gets `None` there.

/// A projective map, row by row (Hartley and Zisserman, 2.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Map([f64; 9]);

impl Map {
    /// Everything stays where it is.
    pub(crate) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);

    /// A map by its rows; `None` if it cannot be turned round.
    pub(crate) fn from_rows(rows: [f32; 9]) -> Option<Self> {
        let map = Self(rows.map(f64::from));
        map.inverse().map(|_| map)
    }

    /// Lays a picture of size `inner` whole and centred into one of size `outer`.
    pub(crate) fn contain(inner: [f64; 2], outer: [f64; 2]) -> Self {
        let fit = (outer[0] / inner[0].max(1.0)).min(outer[1] / inner[1].max(1.0));
        let share = [0, 1].map(|axis| inner[axis] * fit / outer[axis].max(1.0));
        let start = share.map(|share| (1.0 - share) / 2.0);
        Self([
            share[0], 0.0, start[0], 0.0, share[1], start[1], 0.0, 0.0, 1.0,
        ])
    }

    /// Where a position goes; `None` behind the horizon.
    pub(crate) fn apply(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let m = &self.0;
        let w = m[6] * x + m[7] * y + m[8];
        (w > 1e-9).then(|| {
            [
                (m[0] * x + m[1] * y + m[2]) / w,
                (m[3] * x + m[4] * y + m[5]) / w,
            ]
        })
    }

    /// The way back; `None` if there is none.
    #[expect(
        clippy::many_single_char_names,
        reason = "entries of a matrix, row by row"
    )]
    pub(crate) fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let cofactors = [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        let determinant = a * cofactors[0] + b * cofactors[3] + c * cofactors[6];
        // The last entry is made 1, as everywhere; a map without one is of no use here.
        let last = cofactors[8] / determinant;
        let usable = determinant.is_finite() && determinant.abs() > 1e-12 && last.abs() > 1e-12;
        usable.then(|| Self(cofactors.map(|value| value / determinant / last)))
    }

    /// How much longer a short line around the centre of the unit square becomes, where the
    /// squares stand for pictures of these sizes: below 1 where the target shows it smaller.
    pub(crate) fn stretch(&self, from: [f64; 2], to: [f64; 2]) -> f64 {
        const STEP: f64 = 1e-3;
        let around = [[0.5, 0.5], [0.5 + STEP, 0.5], [0.5, 0.5 + STEP]].map(|at| self.apply(at));
        let [Some(center), Some(right), Some(below)] = around else {
            return 1.0;
        };
        let [x, y] =
            [right, below].map(|end| [(end[0] - center[0]) * to[0], (end[1] - center[1]) * to[1]]);
        let area = (x[0] * y[1] - x[1] * y[0]).abs();
        (area / (STEP * STEP * from[0] * from[1])).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9
    }

    #[test]
    fn a_map_and_its_inverse_lead_back() {
        let map = Map::from_rows([0.8, 0.1, 0.05, -0.1, 0.9, 0.1, 0.02, 0.01, 1.0]).unwrap();
        let back = map.inverse().unwrap();
        for at in [[0.0, 0.0], [1.0, 0.0], [0.3, 0.7], [1.0, 1.0]] {
            let there = map.apply(at).unwrap();
            assert!(close(back.apply(there).unwrap(), at), "{at:?}");
        }
        assert_eq!(Map::from_rows([0.0; 9]), None);
    }

    #[test]
    fn a_picture_that_is_laid_into_another_is_whole_and_centred() {
        let map = Map::contain([100.0, 100.0], [400.0, 200.0]);
        assert!(close(map.apply([0.0, 0.0]).unwrap(), [0.25, 0.0]));
        assert!(close(map.apply([1.0, 1.0]).unwrap(), [0.75, 1.0]));
    }

    #[test]
    fn the_stretch_tells_how_many_pixels_become_how_many() {
        let whole = Map::IDENTITY.stretch([2000.0, 1000.0], [1000.0, 500.0]);
        assert!((whole - 0.5).abs() < 1e-6, "{whole}");
        // The left half of the target.
        let half = Map::from_rows([0.5, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]).unwrap();
        let crop = half.stretch([500.0, 500.0], [1000.0, 500.0]);
        assert!((crop - 1.0).abs() < 1e-6, "{crop}");
    }
}
