//! A rough map made exact: textured blocks are looked for in the other picture around where
//! the map puts them, and the map is fitted anew to where they were found.

use super::blocks::{Template, to_f32};
use super::geometry::{Homography, Rectangle};
use super::plane::{Bounds, Plane};
use super::prepared::Prepared;
use super::warp::{View, rectangle};

/// Side of the blocks that are looked for.
const SIDE: usize = 16;

/// Blocks are chosen from this many cells a side, the most textured of each.
const CELLS: usize = 6;

/// Blocks found with less certainty are not believed.
const LEAST_CORRELATION: f32 = 0.55;

/// Fewer found blocks than this leave the map as it is.
const LEAST_BLOCKS: usize = 6;

/// The map from `grid` to `other`, fitted to blocks found within `reach` pixels.
pub(super) fn refine(
    grid: &Prepared,
    map: &Homography,
    other: &Prepared,
    reach: usize,
) -> Homography {
    let plane = grid.luma();
    let centre = grid.content().centre();
    let view = View::new(other, map, centre);
    let mut pairs = Vec::with_capacity(CELLS * CELLS);
    for &(x, y) in grid.anchors() {
        let Some(window) = window(plane, grid.content(), x, y, reach) else {
            continue;
        };
        if !view.covers(window) {
            continue;
        }
        let template = Template::of_plane(plane, x, y, SIDE);
        let around = view.over(window);
        if let Some([dx, dy]) = find(&template, &around.values, reach) {
            let middle = [to_f32(x) + 8.0, to_f32(y) + 8.0];
            let found = [f64::from(middle[0] + dx), f64::from(middle[1] + dy)];
            pairs.push((middle.map(f64::from), map.map(found)));
        }
    }
    // Blocks that moved on their own are left out of the later fits.
    let scale = map.scale_at(centre);
    let mut fitted = *map;
    for tolerance in [2.5, 1.2, f64::INFINITY] {
        if pairs.len() < LEAST_BLOCKS {
            break;
        }
        let Some(fit) = Homography::fit(&pairs) else {
            break;
        };
        fitted = fit;
        pairs.retain(|&(from, to)| {
            let [x, y] = fit.map(from);
            (x - to[0]).hypot(y - to[1]) <= tolerance * scale
        });
    }
    fitted
}

/// The upper left corners of the most textured block of each cell of a picture.
pub(super) fn anchors(plane: &Plane) -> Vec<(usize, usize)> {
    let (width, height) = (plane.width(), plane.height());
    if width.min(height) < SIDE {
        return Vec::new();
    }
    // Differences summed over quarter blocks first, which neighbouring blocks share.
    let half = SIDE / 2;
    let (columns, rows) = (width / half, height / half);
    let mut rough = vec![[0_u32; 2]; columns * rows];
    for y in 0..rows * half - 2 {
        let (row, below) = (plane.row(y), plane.row(y + 2));
        for x in 0..columns * half - 2 {
            let cell = &mut rough[y / half * columns + x / half];
            cell[0] += u32::from(row[x + 2].abs_diff(row[x]));
            cell[1] += u32::from(below[x].abs_diff(row[x]));
        }
    }
    let mut best = [(0_u32, (0, 0)); CELLS * CELLS];
    for row in 0..rows - 1 {
        for column in 0..columns - 1 {
            let at = row * columns + column;
            let sum = |i: usize| {
                [at, at + 1, at + columns, at + columns + 1]
                    .iter()
                    .map(|&cell| rough[cell][i])
                    .sum::<u32>()
            };
            // The weaker direction: an edge alone does not fix a position.
            let texture = sum(0).min(sum(1));
            let cell = row * CELLS / rows * CELLS + column * CELLS / columns;
            if texture > best[cell].0 {
                best[cell] = (texture, (column * half, row * half));
            }
        }
    }
    // Less than a level and a half from pixel to pixel is noise.
    let least = u32::try_from(SIDE * SIDE * 3 / 2).unwrap_or(u32::MAX);
    best.into_iter()
        .filter(|&(texture, _)| texture >= least)
        .map(|(_, corner)| corner)
        .collect()
}

/// The block with `reach` pixels around it, if that lies in the picture's content.
fn window(plane: &Plane, content: Rectangle, x: usize, y: usize, reach: usize) -> Option<Bounds> {
    let window = Bounds {
        x0: x.checked_sub(reach)?,
        y0: y.checked_sub(reach)?,
        x1: x + SIDE + reach,
        y1: y + SIDE + reach,
    };
    let [upper, _, lower, _] = rectangle(window).corners();
    let inside = window.x1 <= plane.width() && window.y1 <= plane.height();
    (inside && content.contains(upper) && content.contains(lower)).then_some(window)
}

/// Where the template fits best in a window that reaches `reach` pixels around it, in pixels
/// from the middle: every second place first, then the places around the best of them.
fn find(template: &Template, window: &[f32], reach: usize) -> Option<[f32; 2]> {
    let side = 2 * reach + 1;
    let stride = SIDE + 2 * reach;
    let mut known = vec![f32::NAN; side * side];
    let mut at = |dx: usize, dy: usize| {
        let slot = &mut known[dy * side + dx];
        if slot.is_nan() {
            *slot = template
                .compare(&window[dy * stride + dx..], stride)
                .correlation;
        }
        *slot
    };
    let (mut best, mut place) = (f32::NEG_INFINITY, (reach, reach));
    let step = if reach > 2 { 2 } else { 1 };
    for dy in (0..side).step_by(step) {
        for dx in (0..side).step_by(step) {
            if at(dx, dy) > best {
                (best, place) = (at(dx, dy), (dx, dy));
            }
        }
    }
    if best < LEAST_CORRELATION - 0.2 {
        return None;
    }
    if step > 1 {
        let (x, y) = place;
        for dy in y.saturating_sub(1)..=(y + 1).min(side - 1) {
            for dx in x.saturating_sub(1)..=(x + 1).min(side - 1) {
                if at(dx, dy) > best {
                    (best, place) = (at(dx, dy), (dx, dy));
                }
            }
        }
    }
    let (x, y) = place;
    let inside = |d: usize| d > 0 && d + 1 < side;
    if best < LEAST_CORRELATION || !inside(x) || !inside(y) {
        return None;
    }
    Some([
        to_f32(x) - to_f32(reach) + vertex(at(x - 1, y), best, at(x + 1, y)),
        to_f32(y) - to_f32(reach) + vertex(at(x, y - 1), best, at(x, y + 1)),
    ])
}

/// The top of the parabola through three values, as an offset from the middle one.
fn vertex(before: f32, here: f32, after: f32) -> f32 {
    let bend = before + after - 2.0 * here;
    if bend < 0.0 {
        ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5)
    } else {
        0.0
    }
}
