//! All numbers of one hypothesis: two pictures and a map between them.

use super::agreement::{Agreement, agreement};
use super::geometry::{Homography, Rectangle};
use super::prepared::Prepared;
use super::refine::refine;
use super::rest::{Rest, rest};
use super::warp::View;

/// What a map between two pictures is worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// From the first picture to the second, refined.
    pub(super) map: Homography,
    /// Keypoint pairs that follow the map, 0 where none were looked for.
    pub(super) inliers: u32,
    /// Share of either picture's content that the other one covers.
    pub(super) coverage: [f32; 2],
    pub(super) agreement: Agreement,
    /// The surroundings of the shared part in the picture that shows more.
    pub(super) rest: Rest,
}

/// Refines `map` (from `a` to `b`), by blocks found within `reach` pixels, and measures it;
/// with a reach of 0 the map stays as it is. `None` if it folds the picture flat.
pub(super) fn measure(
    a: &Prepared,
    b: &Prepared,
    map: &Homography,
    reach: usize,
) -> Option<Measured> {
    // The pixels of the coarser picture are the grid: the finer one can be reduced to them,
    // while enlarging the coarser one would invent texture.
    let a_is_coarser = map.scale_at(a.content().centre()) >= 1.0;
    if a_is_coarser {
        return measure_on_grid(a, b, map, reach);
    }
    let measured = measure_on_grid(b, a, &map.inverse()?, reach)?;
    let [first, second] = measured.coverage;
    Some(Measured {
        map: measured.map.inverse()?,
        coverage: [second, first],
        ..measured
    })
}

fn measure_on_grid(
    grid: &Prepared,
    other: &Prepared,
    map: &Homography,
    reach: usize,
) -> Option<Measured> {
    let mut map = *map;
    if reach > 0 {
        map = refine(grid, &map, other, reach);
        map = refine(grid, &map, other, 2);
    }
    let back = map.inverse()?;
    let plane = grid.luma();
    let view = View::new(other, &map, grid.content().centre());
    let mut warped = view.over(plane.bounds());
    warped.limit(grid.content());
    let coverage = [
        covered(grid.content(), &map, other.content()),
        covered(other.content(), &back, grid.content()),
    ];
    let rest = if coverage[0] <= coverage[1] {
        rest(plane, grid.content(), &back, other.content())
    } else {
        rest(other.luma(), other.content(), &map, grid.content())
    };
    Some(Measured {
        map,
        inliers: 0,
        coverage,
        agreement: agreement(plane, &warped),
        rest,
    })
}

/// The share of a rectangle that a map takes into another one, by a lattice of 24 x 24 points.
fn covered(from: Rectangle, map: &Homography, to: Rectangle) -> f32 {
    const SIDE: u8 = 24;
    let at = |i: u8| (f64::from(i) + 0.5) / f64::from(SIDE);
    let inside = (0..SIDE)
        .flat_map(|y| (0..SIDE).map(move |x| (x, y)))
        .filter(|&(x, y)| {
            let position = [
                from.left + from.width() * at(x),
                from.top + from.height() * at(y),
            ];
            to.contains(map.map(position))
        })
        .count();
    super::agreement::share(inside, usize::from(SIDE) * usize::from(SIDE))
}
