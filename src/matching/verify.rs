//! The verdict on a candidate pair: same shot, burst, at most similar, or nothing at all.
//!
//! This first version decides on what is remembered of each picture (perceptual hash in its
//! eight orientations, contrast, texture, mean colour) together with the embedding; nothing is
//! decoded, and a verdict is cheaper to make again than to remember. Its rule: where it is
//! uncertain, the weaker tier.
//!
//! - **Same shot** needs hash *and* embedding, the one making up for the other: a nearly equal
//!   hash bears an embedding that drifted (quarter-size copies), a close embedding bears a hash
//!   that moved (crops, captions, small turns).
//! - **Texture sets the limits.** In pictures with plain areas (documents, screens, skies) other
//!   pictures come near by hash and embedding at once; only those that are textured all over
//!   get the wide limits. Plain pictures need a nearly equal hash, tone and colour; flat ones,
//!   whose hash is noise, are vetoed unless they have them.
//! - **Turned pictures** may have a far embedding, for the models were not trained on them.
//! - **Metadata only weakens**: two capture times of one camera in different seconds mean two
//!   exposures, whatever the pixels say. Frames of a fixed camera cannot be told from copies
//!   by pixels at all.

mod settings;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt::Write as _;

pub use settings::{Limit, VerifySettings};

use super::{Cosine, Evidence};
use crate::photo::{Content, Fingerprint, Orientation, PerceptualHash, TakenAt};

/// What was measured of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers {
    /// Of the embeddings.
    pub cosine: Cosine,
    /// Differing bits of the perceptual hashes in the best orientation, 0 to 255.
    pub hash_distance: u32,
    /// How the first picture is to be turned to look like the second.
    pub orientation: Orientation,
    /// Linear size of the smaller picture against the larger, 0 to 1.
    pub scale: f32,
    /// Whether both have the same proportions within 1 %, turned alike.
    pub same_proportions: bool,
    /// Seconds between the exposures, where both photos tell.
    pub seconds_apart: Option<f64>,
}

/// What kept a pair from a stronger tier, where something special did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakened {
    /// One camera took them in different seconds.
    OtherExposure,
    /// Pictures without contrast, of which nothing can be told.
    Flat,
    /// Pictures with little texture, which resemble each other without being related.
    Plain,
}

/// The decision on a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The tier. [`Evidence::Similar`] claims no more than the embedding does: the pair is
    /// related if its cosine reaches the user's similarity. `None` is a veto: the pair is not
    /// related, whatever the cosine.
    pub evidence: Option<Evidence>,
    /// What it rests on.
    pub numbers: Numbers,
    /// What speaks against a stronger tier.
    pub weakened: Option<Weakened>,
}

impl Verdict {
    /// The verdict after both pictures were decoded in full and found equal.
    #[must_use]
    pub fn with_identical_pixels(mut self) -> Self {
        self.evidence = Some(Evidence::IdenticalPixels);
        self.weakened = None;
        self
    }

    /// How close the two are, for ordering pairs of one tier: 0 to 2.
    #[must_use]
    pub fn closeness(&self) -> f32 {
        // At most 255, which f32 holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "0 to 255")]
        let distance = self.numbers.hash_distance as f32;
        #[expect(clippy::cast_precision_loss, reason = "255")]
        let bits = PerceptualHash::BITS as f32;
        1.0 - distance / bits + self.numbers.cosine.0.max(0.0)
    }

    /// The closer verdict first; equal only where all numbers are, so that a choice between
    /// two verdicts does not depend on the order in which they came.
    #[must_use]
    pub fn closest_first(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.numbers, &other.numbers);
        let seconds = |numbers: &Numbers| numbers.seconds_apart.unwrap_or(f64::INFINITY);
        other
            .closeness()
            .total_cmp(&self.closeness())
            .then(a.hash_distance.cmp(&b.hash_distance))
            // In words, for the turn itself depends on which picture came first.
            .then(turn(a.orientation).cmp(&turn(b.orientation)))
            .then(b.same_proportions.cmp(&a.same_proportions))
            .then(b.scale.total_cmp(&a.scale))
            .then(seconds(a).total_cmp(&seconds(b)))
    }

    /// One sentence for a person: `same shot: turned by 90 degrees, resized to 25 %, hash
    /// distance 4 of 255, embedding 0.97`.
    #[must_use]
    pub fn reason(&self) -> String {
        let numbers = &self.numbers;
        let mut parts: Vec<String> = Vec::new();
        match numbers.seconds_apart {
            Some(seconds) if self.weakened == Some(Weakened::OtherExposure) => {
                parts.push(format!("taken {} apart", duration(seconds)));
            }
            _ => {}
        }
        if self.evidence.is_some_and(Evidence::is_one_shot) {
            parts.extend(turn(numbers.orientation).map(str::to_owned));
            if numbers.scale < 0.97 {
                parts.push(format!("resized to {:.0} %", numbers.scale * 100.0));
            }
            if !numbers.same_proportions {
                parts.push("other proportions".to_owned());
            }
        }
        match self.weakened {
            Some(Weakened::Flat) => parts.push("too flat to tell".to_owned()),
            Some(Weakened::Plain) => parts.push("too little texture to tell".to_owned()),
            Some(Weakened::OtherExposure) | None => {}
        }
        if self.evidence != Some(Evidence::IdenticalPixels) {
            parts.push(format!(
                "hash distance {} of {}",
                numbers.hash_distance,
                PerceptualHash::BITS
            ));
        }
        parts.push(format!("embedding {:.2}", numbers.cosine.0));
        let mut sentence = self
            .evidence
            .map_or("not related", Evidence::words)
            .to_owned();
        for (index, part) in parts.iter().enumerate() {
            // Writing to a String cannot fail.
            write!(sentence, "{}{part}", if index == 0 { ": " } else { ", " }).ok();
        }
        sentence
    }
}

/// Decides on a pair. Symmetric but for the direction of [`Numbers::orientation`].
#[must_use]
pub fn verify(a: &Content, b: &Content, cosine: Cosine, settings: &VerifySettings) -> Verdict {
    let numbers = measure(a, b, cosine);
    let verdict = |evidence, weakened| Verdict {
        evidence,
        numbers,
        weakened,
    };
    let looks_same = looks_same(&a.fingerprint, &b.fingerprint, &numbers, settings);
    let nearly_equal =
        numbers.hash_distance <= settings.plain.1 && numbers.cosine >= settings.plain.0;
    let either = |test: fn(&Fingerprint, &VerifySettings) -> bool| {
        test(&a.fingerprint, settings) || test(&b.fingerprint, settings)
    };
    if either(is_flat) && !looks_same {
        return verdict(None, Some(Weakened::Flat));
    }
    if are_other_exposures(a, b) {
        let is_burst = numbers
            .seconds_apart
            .is_some_and(|seconds| seconds <= settings.burst_seconds)
            && (numbers.cosine >= settings.burst_cosine || looks_same);
        let tier = if is_burst {
            Evidence::Burst
        } else {
            Evidence::Similar
        };
        return verdict(Some(tier), Some(Weakened::OtherExposure));
    }
    if looks_same {
        return verdict(Some(Evidence::SameShot), None);
    }
    let weakened = (either(is_plain) && nearly_equal).then_some(Weakened::Plain);
    verdict(Some(Evidence::Similar), weakened)
}

/// Whether it is worth decoding both in full to compare their pixels.
///
/// Fingerprints of equal pixels differ a little where one was decoded at a reduced scale and
/// the other in full. The formats do not matter: two JPEG files may differ in metadata alone,
/// and a PNG or a lossless WebP may have been made from a JPEG.
#[must_use]
pub fn may_have_identical_pixels(a: &Content, b: &Content) -> bool {
    const LARGEST_DISTANCE: u32 = 12;
    let (x, y) = (&a.fingerprint, &b.fingerprint);
    let contrast = x.contrast.max(y.contrast);
    // The hash of a flat picture is noise.
    let hashes_agree = contrast < 2.0 || x.hash.distance(y.hash) <= LARGEST_DISTANCE;
    (a.width, a.height) == (b.width, b.height)
        && hashes_agree
        && colour_difference(x, y) <= 1
        && (x.contrast - y.contrast).abs() <= 0.5 + contrast * 0.01
}

fn measure(a: &Content, b: &Content, cosine: Cosine) -> Numbers {
    let (hash_distance, orientation) = best_orientation(a.fingerprint.hash, b.fingerprint.hash);
    let (width, height) = orientation.apply_to_size((a.width, a.height));
    let ratio = |x: u32, y: u32| f64::from(x.max(1)) / f64::from(y.max(1));
    let (wide, high) = (ratio(width, b.width), ratio(height, b.height));
    let linear = (wide * high).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a ratio of 0 to 1 shown in whole per cent"
    )]
    let scale = linear.min(1.0 / linear) as f32;
    Numbers {
        cosine,
        hash_distance,
        orientation,
        scale,
        // A pixel of rounding is more than 1 % of a thumbnail's side.
        same_proportions: (wide / high - 1.0).abs() < 0.01
            || f64::from(width.min(height).min(b.width).min(b.height)) * (wide / high - 1.0).abs()
                < 1.0,
        seconds_apart: times(a, b).map(|(a, b)| a.seconds_apart(b)),
    }
}

/// The least hash distance over the eight orientations of the first, the upright one first.
fn best_orientation(a: PerceptualHash, b: PerceptualHash) -> (u32, Orientation) {
    Orientation::ALL
        .into_iter()
        .map(|orientation| (a.oriented(orientation).distance(b), orientation))
        .min()
        .unwrap_or((PerceptualHash::BITS, Orientation::Normal))
}

fn looks_same(
    a: &Fingerprint,
    b: &Fingerprint,
    numbers: &Numbers,
    settings: &VerifySettings,
) -> bool {
    let within =
        |(cosine, distance): Limit| numbers.cosine >= cosine && numbers.hash_distance <= distance;
    let upright = numbers.orientation == Orientation::Normal;
    let flat = is_flat(a, settings) || is_flat(b, settings);
    if flat || is_plain(a, settings) || is_plain(b, settings) {
        // In a flat picture's hash, a turn is chance.
        return within(settings.plain)
            && (upright || !flat)
            && numbers.same_proportions
            && colour_difference(a, b) <= settings.plain_colour;
    }
    let limits: &[Limit] = if a.texture.min(b.texture) >= settings.textured_share {
        &settings.textured
    } else {
        &settings.mixed
    };
    limits.iter().copied().any(within) || (!upright && within(settings.turned))
}

fn is_flat(fingerprint: &Fingerprint, settings: &VerifySettings) -> bool {
    fingerprint.contrast < settings.flat_contrast
}

fn is_plain(fingerprint: &Fingerprint, settings: &VerifySettings) -> bool {
    fingerprint.texture < settings.plain_share
}

fn colour_difference(a: &Fingerprint, b: &Fingerprint) -> u8 {
    a.mean_rgb
        .iter()
        .zip(b.mean_rgb)
        .map(|(&x, y)| x.abs_diff(y))
        .max()
        .unwrap_or(0)
}

/// One camera, two different seconds. Fractions do not count: programs drop them in copies.
fn are_other_exposures(a: &Content, b: &Content) -> bool {
    let same_camera = a.metadata.camera.is_some() && a.metadata.camera == b.metadata.camera;
    let whole_seconds = |taken: TakenAt| TakenAt {
        local: taken
            .local
            .with()
            .subsec_nanosecond(0)
            .build()
            .unwrap_or(taken.local),
        ..taken
    };
    same_camera
        && times(a, b).is_some_and(|(a, b)| whole_seconds(a).seconds_apart(whole_seconds(b)) >= 1.0)
}

fn times(a: &Content, b: &Content) -> Option<(TakenAt, TakenAt)> {
    a.metadata.taken_at.zip(b.metadata.taken_at)
}

fn turn(orientation: Orientation) -> Option<&'static str> {
    match orientation {
        Orientation::Normal => None,
        Orientation::MirrorHorizontal | Orientation::MirrorVertical => Some("mirrored"),
        Orientation::Rotate180 => Some("turned by 180 degrees"),
        Orientation::Rotate90 | Orientation::Rotate270 => Some("turned by 90 degrees"),
        Orientation::Transpose | Orientation::Transverse => {
            Some("mirrored and turned by 90 degrees")
        }
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{} s", (seconds * 10.0).round() / 10.0)
    } else if seconds < 7200.0 {
        format!("{:.0} minutes", seconds / 60.0)
    } else if seconds < 172_800.0 {
        format!("{:.0} hours", seconds / 3600.0)
    } else {
        format!("{:.0} days", seconds / 86_400.0)
    }
}
