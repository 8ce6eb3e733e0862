//! Plain borders: letterboxes, frames, margins of a page.

use super::plane::{Bounds, Plane};

/// Rows and columns at the border whose tones lie this close together belong to a frame.
const BORDER_SPREAD: u8 = 14;

/// The picture without the plain rows and columns of one tone at each side; the whole picture
/// where that would leave less than a fifth.
pub(super) fn content(plane: &Plane) -> Bounds {
    let mut bounds = plane.bounds();
    // Two passes: columns are plain only once the rows above and below are off.
    for _ in 0..2 {
        let before = bounds;
        while bounds.height() > 1 && is_plain_row(plane, bounds.y0, bounds, before.y0) {
            bounds.y0 += 1;
        }
        while bounds.height() > 1 && is_plain_row(plane, bounds.y1 - 1, bounds, before.y1 - 1) {
            bounds.y1 -= 1;
        }
        while bounds.width() > 1 && is_plain_column(plane, bounds.x0, bounds, before.x0) {
            bounds.x0 += 1;
        }
        while bounds.width() > 1 && is_plain_column(plane, bounds.x1 - 1, bounds, before.x1 - 1) {
            bounds.x1 -= 1;
        }
    }
    if bounds.area() * 5 < plane.bounds().area() {
        return plane.bounds();
    }
    bounds
}

fn is_plain_row(plane: &Plane, y: usize, bounds: Bounds, border: usize) -> bool {
    let tone = plane.row(border)[usize::midpoint(bounds.x0, bounds.x1 - 1)];
    is_plain(plane.row(y)[bounds.x0..bounds.x1].iter().copied(), tone)
}

fn is_plain_column(plane: &Plane, x: usize, bounds: Bounds, border: usize) -> bool {
    let tone = plane.row(usize::midpoint(bounds.y0, bounds.y1 - 1))[border];
    is_plain((bounds.y0..bounds.y1).map(|y| plane.row(y)[x]), tone)
}

fn is_plain(values: impl ExactSizeIterator<Item = u8>, tone: u8) -> bool {
    let few = values.len() / 50;
    let others = values.filter(|value| value.abs_diff(tone) > BORDER_SPREAD);
    others.take(few + 1).count() <= few
}
