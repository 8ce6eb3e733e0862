//! Same shot or only similar: the decision on a pair of pictures by their pixels.
//!
//! During the one decode, [`prepare`] makes a [`PixelRecord`] of each picture: a small grey
//! picture, keypoints, colours, at most 20 KB for the cache. [`compare`] decides on two of
//! them, decoded to [`Prepared`]:
//!
//! 1. **A hypothesis** of how the pictures lie over each other: cheaply, that they show the
//!    same frame in one of eight orientations (`full_frame`); else from keypoints
//!    (`features`, `correspond`), mirrored ones included.
//! 2. **Alignment** to a fraction of a pixel (`refine`).
//! 3. **Comparison** block by block after a tone curve (`tone`, `blocks`, `agreement`), what
//!    differs looked at for added lettering (`lettering`), and the surroundings of the shared
//!    part for another photo (`rest`).
//! 4. **The decision** by thresholds that are all in one place (`decide`).
//!
//! Rules: where it is uncertain, the weaker tier. Flat pictures are the same only if they are
//! equal. Verdicts do not depend on the order of the two, to the last bit, nor on threads;
//! the sampling is seeded. No input panics.
//!
//! Pitfalls: frames of a fixed camera in which nothing moves cannot be told from copies by
//! pixels; the capture time can. Stickers and opaque bars over a photo count as something
//! that moved.

mod agreement;
mod blocks;
mod border;
mod correspond;
mod decide;
mod features;
mod full_frame;
mod geometry;
mod lettering;
mod make;
mod measure;
mod plane;
mod prepared;
mod random;
mod record;
mod refine;
mod rest;
mod tone;
mod verdict;
mod warp;

pub use prepared::Prepared;
pub use record::{MOST_BYTES, PixelError, PixelRecord};
pub use verdict::{Alignment, Detail, PixelVerdict};

use std::cmp::Ordering;

use image::RgbImage;

use self::decide::Tier;
use self::measure::{Measured, measure};
use crate::photo::Orientation;

/// Changes when verdicts on the same pictures may change; part of a cached verdict's key.
pub const VERSION: u32 = 1;

/// What is to be remembered of an upright picture, to compare it with others later.
///
/// Best from a picture whose long side is at least 384 pixels; larger ones are reduced.
#[must_use]
pub fn prepare(image: &RgbImage) -> PixelRecord {
    PixelRecord::new(image)
}

/// Decides on a pair. `compare(b, a)` is `compare(a, b)` [reversed](PixelVerdict::reversed).
#[must_use]
pub fn compare(a: &Prepared, b: &Prepared) -> PixelVerdict {
    match a.record().order_key().cmp(&b.record().order_key()) {
        Ordering::Less => compare_ordered(a, b),
        Ordering::Equal => PixelVerdict::equal(Orientation::Normal),
        Ordering::Greater => compare_ordered(b, a).reversed(),
    }
}

/// Decides on a pair that a third picture was laid over both of, by its alignments: from `a` to
/// the third picture, and from there to `b`. Finds what [`compare`] finds no hypothesis for,
/// and asks no less of it.
#[must_use]
pub fn compare_through(
    a: &Prepared,
    b: &Prepared,
    to_third: &Alignment,
    from_third: &Alignment,
) -> PixelVerdict {
    let mut search = Search::default();
    let map = to_third.composed(from_third, a, b);
    search.consider(measure(a, b, &map, KEYPOINT_REACH), 0);
    search.verdict(a, b)
}

/// The short side that a picture should have for a closer look, and the longest side that is
/// looked at: the letters of a page are some ten pixels high.
pub const DETAIL_SIDE: u32 = 1024;
const DETAIL_LONG_SIDE: u32 = 1536;

/// A picture for a closer look, see [`Detail`].
#[must_use]
pub fn prepare_detail(image: &RgbImage) -> Prepared {
    let (record, luma) = PixelRecord::without_luma(image, DETAIL_LONG_SIDE);
    Prepared::detailed(record, &luma)
}

/// Decides on a pair whose verdict wants a closer look, from pictures made for it by
/// [`prepare_detail`].
#[must_use]
pub fn compare_detail(a: &Prepared, b: &Prepared, verdict: &PixelVerdict) -> PixelVerdict {
    let measured = verdict.alignment.and_then(|alignment| {
        let map = alignment.on(a, b);
        measure(a, b, &map, DETAIL_REACH)
    });
    verdict.with_detail(measured.as_ref().is_some_and(decide::agrees_in_detail))
}

/// Blocks are looked for this far from where a hypothesis puts them, in pixels: whole frames
/// may be cropped by a few, keypoints are exact to two or three.
const FULL_FRAME_REACH: usize = 4;
const KEYPOINT_REACH: usize = 3;
const DETAIL_REACH: usize = 4;

fn compare_ordered(a: &Prepared, b: &Prepared) -> PixelVerdict {
    if a.is_plain() && b.is_plain() {
        return full_frame::equal_plain(a, b).map_or(PixelVerdict::UNRELATED, PixelVerdict::equal);
    }
    let mut search = Search::default();
    let full = full_frame::full_frame(a, b);
    // Each next hypothesis costs more, or is right less often.
    if let Some(map) = full {
        search.consider(measure(a, b, &map, FULL_FRAME_REACH), 0);
    }
    if !search.is_over()
        && let Some(found) = correspond::correspond(a.keypoints(), b.keypoints())
    {
        let measured = measure(a, b, &found.map, KEYPOINT_REACH);
        search.consider(measured, found.inliers);
    }
    // Watermarks all over draw keypoints and blocks off; an exact frame needs neither.
    if !search.is_over()
        && search.has_lettering
        && let Some(map) = full
    {
        search.consider(measure(a, b, &map, 0), 0);
    }
    search.verdict(a, b)
}

/// The best hypothesis so far.
#[derive(Default)]
struct Search {
    best: Option<(Tier, Measured)>,
    has_lettering: bool,
}

impl Search {
    fn consider(&mut self, measured: Option<Measured>, inliers: u32) {
        let Some(mut measured) = measured else {
            return;
        };
        measured.inliers = inliers;
        self.has_lettering |= measured.agreement.lettered > 0.02;
        let tier = decide::tier(&measured);
        let is_better = self.best.as_ref().is_none_or(|(best, other)| {
            tier.cmp(best)
                .then(measured.agreement.alike.total_cmp(&other.agreement.alike))
                == Ordering::Greater
        });
        if is_better {
            self.best = Some((tier, measured));
        }
    }

    fn verdict(&self, a: &Prepared, b: &Prepared) -> PixelVerdict {
        match &self.best {
            Some((tier, measured)) if *tier > Tier::Unrelated => {
                PixelVerdict::new(a, b, measured, *tier)
            }
            _ => PixelVerdict::unrelated(a, b),
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.best, Some((Tier::SameShot, _)))
    }
}
