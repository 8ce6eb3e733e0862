//! Cheap tests on the whole pictures: do they look alike in small, in which of the eight
//! orientations; and are two pictures without texture equal?

use super::decide::{PLAIN_MEAN, PLAIN_MOST, PLAIN_VIEW};
use super::geometry::Homography;
use super::prepared::{Prepared, colour_difference};
use crate::photo::Orientation;

/// Below this correlation of the small views the whole pictures are not laid over each other;
/// unrelated photos reach it now and then, which costs a comparison and no more.
const LEAST_CORRELATION: f32 = 0.7;

/// Proportions of views that differ by more than this (natural logarithm) are not of one
/// frame.
const MOST_STRETCH: f64 = 0.15;

/// The map that lays the whole pictures (or their contents without borders) over each other,
/// in the orientation in which they look most alike.
pub(super) fn full_frame(a: &Prepared, b: &Prepared) -> Option<Homography> {
    let mut best = (LEAST_CORRELATION, None);
    for one in a.views() {
        for other in b.views() {
            for orientation in Orientation::ALL {
                let proportions = one.bounds.width() / one.bounds.height();
                let turned = turned_proportions(proportions, orientation);
                let stretch = turned / (other.bounds.width() / other.bounds.height());
                if stretch.ln().abs() > MOST_STRETCH {
                    continue;
                }
                let correlation = one.correlation(orientation, other);
                if correlation > best.0 {
                    let map = Homography::between(one.bounds, orientation, other.bounds);
                    best = (correlation, Some(map));
                }
            }
        }
    }
    best.1
}

/// The orientation in which two pictures without texture are equal in tone and colour all
/// over, if there is one.
pub(super) fn equal_plain(a: &Prepared, b: &Prepared) -> Option<Orientation> {
    let (whole_a, whole_b) = (a.whole_view(), b.whole_view());
    Orientation::ALL.into_iter().find(|&orientation| {
        let stretch = turned_proportions(a.proportions(), orientation) / b.proportions();
        if stretch.ln().abs() > 0.02 {
            return false;
        }
        let (mean, most) = colour_difference(a, orientation, b);
        // Where there is any pattern, a slow wave a few levels high, it has to be the same.
        let uniform = whole_a.contrast < 1.0 && whole_b.contrast < 1.0;
        mean <= PLAIN_MEAN
            && most <= PLAIN_MOST
            && (uniform || whole_a.correlation(orientation, whole_b) >= PLAIN_VIEW)
    })
}

fn turned_proportions(proportions: f64, orientation: Orientation) -> f64 {
    if orientation.swaps_sides() {
        1.0 / proportions
    } else {
        proportions
    }
}
