//! The verdict on a candidate pair: same shot, burst, at most similar, or nothing at all.
//!
//! [`pixels`](super::pixels) says how two pictures lie over each other and what differs; here
//! that becomes a verdict, together with what the files tell of themselves. The rules:
//!
//! - **Where it is uncertain, the weaker tier.** No hash and no embedding makes two photos one
//!   shot; the embedding alone makes them similar at most.
//! - **Metadata only weakens**: two capture times of one camera in different seconds mean two
//!   exposures, whatever the pixels say. Frames of a fixed camera cannot be told from copies
//!   by pixels at all. But with a day and more between them the light has changed: pictures
//!   that are the same then had their date changed.
//! - **Flat pictures, pages and screens are vetoed** unless their pixels can be laid over each
//!   other: to a model all plain surfaces are alike, and all print.

mod settings;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt::Write as _;

pub use settings::VerifySettings;

use super::pixels::PixelVerdict;
use super::{Cosine, Evidence};
use crate::photo::{Content, Fingerprint, TakenAt};

/// What was measured of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers {
    /// Of the embeddings.
    pub cosine: Cosine,
    /// How large one thing is in the one picture against the other, in pixels of the files,
    /// the smaller against the larger: 0 to 1.
    pub scale: f32,
    /// Seconds between the exposures, where both photos tell.
    pub seconds_apart: Option<f64>,
}

/// What kept a pair from a stronger tier, where something special did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakened {
    /// One camera took them in different seconds.
    OtherExposure,
    /// Pictures without contrast or texture, of which nothing can be told.
    Flat,
    /// Pages or screens, which to a model are all alike.
    Documents,
    /// The one is found whole in the other, beside another picture: a collage. A group of it
    /// with all its photos would be of pictures that have nothing to do with each other.
    Partial,
}

/// The decision on a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The tier. [`Evidence::Similar`] without an alignment of the pixels claims no more than
    /// the embedding does: the pair is related if its cosine reaches the user's similarity.
    /// `None` is a veto: the pair is not related, whatever the cosine.
    pub evidence: Option<Evidence>,
    /// What it rests on.
    pub numbers: Numbers,
    /// What the pixels say.
    pub pixels: PixelVerdict,
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

    /// Whether the pair is related by what its pixels show, at every similarity.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.evidence.is_some() && self.pixels.alignment.is_some()
    }

    /// Whether the verdict says more than that the cosine decides.
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.evidence != Some(Evidence::Similar) || self.is_seen() || self.weakened.is_some()
    }

    /// How close the two are, for ordering pairs of one tier: 0 to 2.
    #[must_use]
    pub fn closeness(&self) -> f32 {
        self.pixels.correlation.max(0.0) + self.numbers.cosine.0.max(0.0)
    }

    /// The closer verdict first; equal only where all that a person is told is equal, so that
    /// a choice between two verdicts does not depend on the order in which they came.
    #[must_use]
    pub fn closest_first(&self, other: &Self) -> Ordering {
        other
            .closeness()
            .total_cmp(&self.closeness())
            .then_with(|| self.reason().cmp(&other.reason()))
    }

    /// One sentence for a person: `same shot: turned by 90°, cropped to 81 %, resized to
    /// 25 %, 0.98 after alignment`.
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
        if self.evidence != Some(Evidence::IdenticalPixels) {
            parts.extend(self.pixels.observations());
        }
        if self.evidence.is_some_and(Evidence::is_one_shot) && numbers.scale < 0.97 {
            parts.push(format!("resized to {:.0} %", numbers.scale * 100.0));
        }
        match self.weakened {
            Some(Weakened::Flat) => parts.push("too flat to tell".to_owned()),
            Some(Weakened::Documents) => parts.push("pages or screens".to_owned()),
            Some(Weakened::OtherExposure | Weakened::Partial) | None => {}
        }
        match self.evidence {
            Some(Evidence::IdenticalFile | Evidence::IdenticalPixels) => {}
            _ if self.pixels.alignment.is_some() => {
                if parts.is_empty() {
                    parts.push("re-encoded or edited".to_owned());
                }
                parts.push(format!("{:.2} after alignment", self.pixels.correlation));
            }
            _ => parts.push(format!("embedding {:.2}", numbers.cosine.0)),
        }
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

/// Decides on a pair by its pixels, its embeddings and its metadata. Symmetric if `pixels` is
/// [reversed](PixelVerdict::reversed) with the pair.
#[must_use]
pub fn verify(
    a: &Content,
    b: &Content,
    cosine: Cosine,
    pixels: &PixelVerdict,
    settings: &VerifySettings,
) -> Verdict {
    let numbers = measure(a, b, cosine, pixels);
    let verdict = |evidence, weakened| Verdict {
        evidence,
        numbers,
        pixels: *pixels,
        weakened,
    };
    let is_flat = |content: &Content| {
        content.fingerprint.contrast < settings.flat_contrast
            || content.fingerprint.texture < settings.flat_texture
    };
    if pixels.alignment.is_none() && (is_flat(a) || is_flat(b)) {
        return verdict(None, Some(Weakened::Flat));
    }
    if pixels.alignment.is_none() && pixels.documents {
        return verdict(None, Some(Weakened::Documents));
    }
    if are_other_exposures(a, b, pixels) {
        let is_one_moment = numbers
            .seconds_apart
            .is_some_and(|seconds| seconds <= settings.burst_seconds);
        let is_one_scene = cosine >= settings.burst_cosine
            || pixels.evidence.is_some_and(|tier| tier <= Evidence::Burst);
        let tier = if is_one_moment && is_one_scene {
            Evidence::Burst
        } else {
            Evidence::Similar
        };
        return verdict(Some(tier), Some(Weakened::OtherExposure));
    }
    match (pixels.evidence, pixels.partial) {
        (Some(tier), _) => verdict(Some(tier), None),
        (None, true) => verdict(None, Some(Weakened::Partial)),
        (None, false) => verdict(Some(Evidence::Similar), None),
    }
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

fn measure(a: &Content, b: &Content, cosine: Cosine, pixels: &PixelVerdict) -> Numbers {
    let long = |content: &Content| f64::from(content.width.max(content.height).max(1));
    let of_files = long(b) / long(a);
    let linear = match &pixels.alignment {
        Some(alignment) => f64::from(alignment.scale) * of_files,
        None => of_files,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a ratio of 0 to 1 shown in whole per cent"
    )]
    let scale = linear.min(1.0 / linear) as f32;
    Numbers {
        cosine,
        scale,
        seconds_apart: times(a, b).map(|(a, b)| a.seconds_apart(b)),
    }
}

fn colour_difference(a: &Fingerprint, b: &Fingerprint) -> u8 {
    a.mean_rgb
        .iter()
        .zip(b.mean_rgb)
        .map(|(&x, y)| x.abs_diff(y))
        .max()
        .unwrap_or(0)
}

/// The longest time between two exposures that may be alike in every pixel, in seconds.
const MOST_SECONDS_ALIKE: f64 = 86_400.0;

/// One camera, two different seconds, and not so far apart that equal pixels contradict it.
/// Fractions do not count: programs drop them in copies.
fn are_other_exposures(a: &Content, b: &Content, pixels: &PixelVerdict) -> bool {
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
    let seconds = times(a, b).map(|(a, b)| whole_seconds(a).seconds_apart(whole_seconds(b)));
    same_camera
        && seconds.is_some_and(|seconds| {
            seconds >= 1.0 && !(pixels.is_same_shot() && seconds > MOST_SECONDS_ALIKE)
        })
}

fn times(a: &Content, b: &Content) -> Option<(TakenAt, TakenAt)> {
    a.metadata.taken_at.zip(b.metadata.taken_at)
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
