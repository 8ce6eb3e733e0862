//! From numbers to a tier: every threshold of the decision, and where it comes from.
//!
//! Calibrated on the labelled set of `tests/pixels.rs` (2,021 pairs of one shot, 1,020 pairs
//! that are related and are not, 8,000 hard and random ones): limits were set on one half of
//! the base pictures, between the two populations, and looked at on the other half. "Copies"
//! below are the plain ones of these pairs; "bursts" are other moments of one scene.

use super::measure::Measured;
use super::prepared::Prepared;
use super::rest::Rest;
use crate::matching::Evidence;

/// At least this many textured blocks have to speak for it: with fewer, a dozen blocks of a
/// skyline decide on a picture.
const LEAST_BLOCKS: f32 = 10.0;

/// Fewer will do where many keypoints say the same and next to nothing differs: a small
/// picture of a plain scene, on a screen.
const LEAST_BLOCKS_BESIDE_KEYPOINTS: f32 = 6.0;
const MANY_KEYPOINTS: u32 = 30;

/// Share of the texture that is alike: 98 % of the copies have above 0.95, of the bursts 90 %
/// below 0.92. Beside lettering it may be less.
const LEAST_ALIKE: f32 = 0.85;
const LESS_ALIKE_FOR_LETTERING: f32 = 0.2;

/// Share that differs more than noise explains: 98 % of the copies have at most 0.05, of the
/// bursts 1 % less than 0.08. Captions and watermarks leave traces beside the blocks that are
/// recognised as lettering, hence an allowance for each share of these.
const MOST_IMPERFECT: f32 = 0.06;
const MOST_IMPERFECT_FOR_LETTERING: f32 = 0.25;

/// Share that shows something else: 97 % of the copies have none, 99 % of the bursts more.
const MOST_UNLIKE: f32 = 0.025;
const MOST_UNLIKE_FOR_LETTERING: f32 = 0.04;

/// The largest connected area that shows something else, as a share of the compared area.
const LARGEST_BLOB: f32 = 0.015;
const LARGEST_BLOB_FOR_LETTERING: f32 = 0.02;

/// Lettering may hide this much, and more of it where the rest agrees very well.
const MOST_LETTERED: f32 = 0.5;
const MOST_LETTERED_AT_ALL: f32 = 0.65;
const LEAST_CORRELATION_BESIDE_LETTERING: f32 = 0.8;

/// The larger of the two shares that the pictures show of each other: 1 for a crop, 0.6 and
/// less for two views into one scene. Two crops of one picture may lie between: down to the
/// second limit, if they agree better.
const CONTAINED: f32 = 0.9;
const LEAST_COVERAGE: f32 = 0.62;
const MOST_IMPERFECT_OF_TWO_CROPS: f32 = 0.03;

/// From this uncovered share on, with this much texture in it, the rest of the larger picture
/// is another photo: a crop leaves less, a frame or an app's bars have less texture. A little
/// below, it is one only where there is a seam.
const REST_SHARE: f32 = 0.4;
const REST_SHARE_WITH_SEAM: f32 = 0.36;
const REST_SEAM: f32 = 1.8;
const REST_TEXTURE: f32 = 0.33;

/// For a relation that is not a copy: keypoints that agree on it (unrelated pictures reach 13
/// in one of ten cases, documents and screens of one kind far more, which is why these are
/// left out), the share that is alike, and the correlation: a map of chance between two texts
/// has one near 0.
const LEAST_KEYPOINTS: u32 = 15;
const LEAST_CORRELATION_IF_RELATED: f32 = 0.5;
const LEAST_ALIKE_IF_RELATED: f32 = 0.4;
const DOCUMENT: f32 = 0.6;

/// Pictures with this share of two-tone blocks are pages or screens: those of the labelled set have
/// above 0.9 (19 of 20), nine of ten photos below 0.45.
pub(super) const DOCUMENT_BLOCKS: f32 = 0.6;

/// Pictures with less texture than this many blocks are plain. They have to be equal: their
/// colours on average and at worst (16 x 16 cells, levels; copies have 0.3 and 1, other
/// pictures of one grey 1 and 3), and any slow pattern (correlation of the small views).
pub(super) const PLAIN_BLOCKS: f32 = 6.0;
pub(super) const PLAIN_MEAN: f32 = 0.6;
pub(super) const PLAIN_MOST: f32 = 2.0;
pub(super) const PLAIN_VIEW: f32 = 0.9;

/// What a hypothesis comes to, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Unrelated,
    Similar,
    Burst,
    Partial,
    SameShot,
}

impl Tier {
    pub(super) fn evidence(self) -> Option<Evidence> {
        match self {
            Self::SameShot => Some(Evidence::SameShot),
            Self::Burst => Some(Evidence::Burst),
            Self::Similar => Some(Evidence::Similar),
            Self::Partial | Self::Unrelated => None,
        }
    }
}

/// The tier of a hypothesis.
pub(super) fn tier(measured: &Measured) -> Tier {
    let coverage = measured.coverage[0].max(measured.coverage[1]);
    let agreement = &measured.agreement;
    if agrees(measured) && coverage >= LEAST_COVERAGE {
        let contained = coverage >= CONTAINED || agreement.imperfect <= MOST_IMPERFECT_OF_TWO_CROPS;
        return match (has_other_photo(measured), contained) {
            (true, _) => Tier::Partial,
            (false, true) => Tier::SameShot,
            (false, false) => Tier::Similar,
        };
    }
    let is_related = measured.inliers >= LEAST_KEYPOINTS
        && agreement.alike >= LEAST_ALIKE_IF_RELATED
        && agreement.correlation >= LEAST_CORRELATION_IF_RELATED
        && agreement.weight >= LEAST_BLOCKS
        && agreement.one_tone <= DOCUMENT;
    match (is_related, coverage >= LEAST_COVERAGE) {
        (false, _) => Tier::Unrelated,
        (true, true) if has_other_photo(measured) => Tier::Similar,
        (true, true) => Tier::Burst,
        (true, false) => Tier::Similar,
    }
}

/// Whether the words of two pages or screens may differ where their records agree, and both were
/// larger than their records.
pub(super) fn wants_detail(a: &Prepared, b: &Prepared) -> bool {
    (a.is_document() || b.is_document()) && a.is_reduced() && b.is_reduced()
}

/// At the larger size of a closer look, this weight of blocks may show something else: specks,
/// and what scaling does to thin strokes; a changed word has 2 and more.
const MOST_UNLIKE_BLOCKS: f32 = 1.5;

/// Whether a closer look finds the same.
pub(super) fn agrees_in_detail(measured: &Measured) -> bool {
    let agreement = &measured.agreement;
    agreement.unlike * agreement.weight <= MOST_UNLIKE_BLOCKS && agreement.alike >= LEAST_ALIKE
}

/// Whether the shared part shows the same.
fn agrees(measured: &Measured) -> bool {
    let agreement = &measured.agreement;
    let lettered = agreement.lettered;
    let enough = agreement.weight >= LEAST_BLOCKS
        || agreement.weight >= LEAST_BLOCKS_BESIDE_KEYPOINTS
            && measured.inliers >= MANY_KEYPOINTS
            && agreement.imperfect <= 0.01;
    let explained = lettered <= 0.02
        || agreement.correlation >= LEAST_CORRELATION_BESIDE_LETTERING
            && (lettered <= MOST_LETTERED
                || lettered <= MOST_LETTERED_AT_ALL && agreement.correlation >= 0.9);
    enough
        && explained
        && agreement.alike >= LEAST_ALIKE - LESS_ALIKE_FOR_LETTERING * lettered
        && agreement.imperfect <= MOST_IMPERFECT + MOST_IMPERFECT_FOR_LETTERING * lettered
        && agreement.unlike <= MOST_UNLIKE + MOST_UNLIKE_FOR_LETTERING * lettered
        && agreement.largest_blob <= LARGEST_BLOB + LARGEST_BLOB_FOR_LETTERING * lettered
}

/// The share of the larger picture that the other one cut off: what has texture and begins
/// without a seam, for frames have one.
pub(super) fn left_out(rest: &Rest) -> f32 {
    if rest.seam >= REST_SEAM {
        0.0
    } else {
        rest.share * rest.textured
    }
}

/// Whether the larger picture has another photo beside the shared part.
fn has_other_photo(measured: &Measured) -> bool {
    let rest = &measured.rest;
    let least_share = if rest.seam >= REST_SEAM {
        REST_SHARE_WITH_SEAM
    } else {
        REST_SHARE
    };
    rest.share >= least_share && rest.textured >= REST_TEXTURE
}
