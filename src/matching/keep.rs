//! Which photo of a shot is the one to keep, and why, in words.
//!
//! Rules are looked at in the user's order; the first that tells two photos apart decides,
//! the path in the end. Each rule compares a figure that each photo has *on its own*, rounded
//! so that noise does not count: so the order is total, and the best of a shot does not depend
//! on the order of comparisons. (Rules like "better if 5 % larger" have circles: A beats B
//! beats C beats A.)
//!
//! Pitfall: bytes a pixel compare only within one kind of compression, and lossless files are
//! no better than what they were made from. See [`KeepRule::Compression`].

mod name;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::photo::{Content, Photo};
use name::looks_derived;

/// One way to tell the better of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeepRule {
    /// More pixels.
    Pixels,
    /// Less lost to compression, in four classes and within a class by bytes a pixel:
    /// lossless with a camera named; lossy with a camera named; lossless without; lossy
    /// without. A PNG without a camera beside a JPEG with one is most likely made from it, and
    /// then at best equal; a TIFF with a camera is most likely what the JPEG was made from. A
    /// lossless file whose pixels equal those of a lossy one was made from it and counts as
    /// lossy: an encoder does not hit every pixel by chance.
    Compression,
    /// More of capture date, position and camera.
    Metadata,
    /// More of the picture has texture: a blurred copy has less.
    Detail,
    /// In a folder that the user prefers; the first of the list before the second.
    Folder,
    /// Modified earlier.
    Age,
    /// A name that does not speak of a copy, an edit or a messenger.
    Name,
}

impl KeepRule {
    /// Every rule, in the default order.
    pub const ALL: [Self; 7] = [
        Self::Pixels,
        Self::Compression,
        Self::Metadata,
        Self::Detail,
        Self::Folder,
        Self::Age,
        Self::Name,
    ];
}

/// How keepers are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepSettings {
    /// The rules, most important first; a rule that is left out does not count.
    pub rules: Vec<KeepRule>,
    /// Folders that the user prefers, best first.
    pub preferred_folders: Vec<PathBuf>,
    /// Folders whose photos are never marked for removal.
    pub protected_folders: Vec<PathBuf>,
}

impl Default for KeepSettings {
    fn default() -> Self {
        Self {
            rules: KeepRule::ALL.to_vec(),
            preferred_folders: Vec::new(),
            protected_folders: Vec::new(),
        }
    }
}

impl KeepSettings {
    /// Whether the photo at `path` must never be marked for removal.
    #[must_use]
    pub fn is_protected(&self, path: &Path) -> bool {
        self.protected_folders
            .iter()
            .any(|folder| path.starts_with(folder))
    }

    /// The better of two photos first; equal only for equal paths.
    #[must_use]
    pub fn compare(&self, a: &Standing<'_>, b: &Standing<'_>) -> Ordering {
        self.rules
            .iter()
            .map(|&rule| self.compare_by(rule, a, b))
            .find(|&order| order != Ordering::Equal)
            .unwrap_or_else(|| a.photo.path.as_os_str().cmp(b.photo.path.as_os_str()))
    }

    /// Why `better` comes before `worse`, as what it has and the other has not:
    /// `more pixels: 12.0 against 3.1 megapixels`.
    #[must_use]
    pub fn reason(&self, better: &Standing<'_>, worse: &Standing<'_>) -> String {
        self.rules
            .iter()
            .find(|&&rule| self.compare_by(rule, better, worse) == Ordering::Less)
            .map_or_else(
                || "a path that comes first; nothing else tells them apart".to_owned(),
                |&rule| describe(rule, better, worse),
            )
    }

    fn compare_by(&self, rule: KeepRule, a: &Standing<'_>, b: &Standing<'_>) -> Ordering {
        match rule {
            KeepRule::Pixels => b.content().pixels().cmp(&a.content().pixels()),
            KeepRule::Compression => b.compression().cmp(&a.compression()),
            KeepRule::Metadata => b.facts().count().cmp(&a.facts().count()),
            KeepRule::Detail => b.detail().cmp(&a.detail()),
            KeepRule::Folder => self.preference(a).cmp(&self.preference(b)),
            KeepRule::Age => a.photo.stamp.modified_ns.cmp(&b.photo.stamp.modified_ns),
            KeepRule::Name => looks_derived(&a.photo.path).cmp(&looks_derived(&b.photo.path)),
        }
    }

    /// The place of the first preferred folder that holds the photo; after the last if none.
    fn preference(&self, standing: &Standing<'_>) -> usize {
        self.preferred_folders
            .iter()
            .position(|folder| standing.photo.path.starts_with(folder))
            .unwrap_or(self.preferred_folders.len())
    }
}

/// A photo with what must be known of its fellows to judge it.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The photo.
    pub photo: &'a Photo,
    /// Whether its pixels are known to equal those of a lossy file, so that being lossless is
    /// no merit.
    pub made_from_lossy: bool,
}

impl<'a> Standing<'a> {
    fn content(&self) -> &'a Content {
        &self.photo.content
    }

    fn is_lossless(&self) -> bool {
        self.content().format.is_lossless() && !self.made_from_lossy
    }

    /// Class and steps of about a fifth in bytes a pixel; see [`KeepRule::Compression`].
    fn compression(&self) -> (u8, i32) {
        let has_camera = self.content().metadata.camera.is_some();
        match (self.is_lossless(), has_camera) {
            // How well a lossless file is packed says nothing of its quality.
            (true, true) => (3, 0),
            (true, false) => (1, 0),
            // Nor does it for one that was made from a lossy file: it lies among its makers.
            (false, has_camera) => {
                let class = if has_camera { 2 } else { 0 };
                if self.content().format.is_lossless() {
                    return (class, i32::MIN);
                }
                (class, fifths(self.bytes_per_pixel()))
            }
        }
    }

    fn bytes_per_pixel(&self) -> f64 {
        as_f64(self.photo.stamp.size) / as_f64(self.content().pixels().max(1))
    }

    fn facts(&self) -> Facts {
        let metadata = &self.content().metadata;
        Facts([
            metadata.taken_at.is_some(),
            metadata.gps.is_some(),
            metadata.camera.is_some(),
        ])
    }

    /// Texture in eighths of the picture.
    fn detail(&self) -> u8 {
        // 0 to 8, so the cast is exact; a share that is not a number counts as none.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=8, and `as` takes NaN to 0"
        )]
        let eighths = (self.content().fingerprint.texture.clamp(0.0, 1.0) * 8.0).round() as u8;
        eighths
    }

    /// In what respects this photo is better than the `keeper` of its shot, so that removing
    /// it would lose something; empty if in none. Place, age and name are no such respects.
    #[must_use]
    pub fn merits_over(&self, keeper: &Standing<'_>) -> Vec<String> {
        let (pixels, keeper_pixels) = (self.content().pixels(), keeper.content().pixels());
        let mut merits = Vec::new();
        if pixels > keeper_pixels {
            merits.push(describe(KeepRule::Pixels, self, keeper));
        }
        // Whether a picture has lost less can be told only at about its size: a small one has
        // more bytes a pixel because its detail lies closer together.
        if pixels * 10 >= keeper_pixels * 9 {
            let lossless = self.is_lossless() && !keeper.is_lossless();
            let finer = !self.content().format.is_lossless()
                && self.content().format == keeper.content().format
                && fifths(as_f64(self.photo.stamp.size)) > fifths(as_f64(keeper.photo.stamp.size));
            if lossless {
                merits.push(lossless_against(self, keeper));
            } else if finer {
                merits.push(less_compressed(self, keeper));
            }
            if self.detail() > keeper.detail() {
                merits.push(describe(KeepRule::Detail, self, keeper));
            }
        }
        let missing = self.facts().without(keeper.facts());
        if missing.count() > 0 {
            merits.push(format!("what the keeper lacks: {missing}"));
        }
        merits
    }
}

/// Capture date, position, camera: which of them a photo has.
#[derive(Clone, Copy)]
struct Facts([bool; 3]);

impl Facts {
    const NAMES: [&str; 3] = ["capture date", "position", "camera"];

    fn count(self) -> usize {
        self.0.iter().filter(|&&has| has).count()
    }

    fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] && !other.0[i]))
    }
}

impl std::fmt::Display for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = Self::NAMES.iter().zip(self.0).filter(|(_, has)| *has);
        for (index, (name, _)) in names.enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

/// What makes `better` better by `rule`.
fn describe(rule: KeepRule, better: &Standing<'_>, worse: &Standing<'_>) -> String {
    match rule {
        KeepRule::Pixels => {
            let (more, less) = (better.content().pixels(), worse.content().pixels());
            if more >= 1_000_000
                && format!("{:.1}", megapixels(more)) != format!("{:.1}", megapixels(less))
            {
                format!(
                    "more pixels: {:.1} against {:.1} megapixels",
                    megapixels(more),
                    megapixels(less)
                )
            } else {
                format!("more pixels: {more} against {less}")
            }
        }
        KeepRule::Compression => match (better.is_lossless(), worse.is_lossless()) {
            (true, false) => lossless_against(better, worse),
            (false, true) => format!(
                "the camera named: {} against {} without",
                name(better),
                name(worse)
            ),
            _ if better.compression().0 != worse.compression().0 => {
                "the camera named: likely nearer to the original".to_owned()
            }
            _ if !better.content().format.is_lossless()
                && !worse.content().format.is_lossless() =>
            {
                less_compressed(better, worse)
            }
            _ => format!(
                "likely the earlier format: {} against {}",
                name(better),
                name(worse)
            ),
        },
        KeepRule::Metadata => {
            let extra = better.facts().without(worse.facts());
            format!("more metadata: {extra}")
        }
        KeepRule::Detail => format!(
            "more detail: texture in {:.0} % of the picture against {:.0} %",
            better.content().fingerprint.texture * 100.0,
            worse.content().fingerprint.texture * 100.0
        ),
        KeepRule::Folder => "a folder that you prefer".to_owned(),
        KeepRule::Age => "an older file date".to_owned(),
        KeepRule::Name => "a name like an original's".to_owned(),
    }
}

fn lossless_against(better: &Standing<'_>, worse: &Standing<'_>) -> String {
    format!(
        "lossless compression: {} against {}",
        name(better),
        name(worse)
    )
}

fn less_compressed(better: &Standing<'_>, worse: &Standing<'_>) -> String {
    format!(
        "less compression: {:.2} against {:.2} bytes a pixel",
        better.bytes_per_pixel(),
        worse.bytes_per_pixel()
    )
}

fn name(standing: &Standing<'_>) -> &'static str {
    standing.content().format.name()
}

fn megapixels(pixels: u64) -> f64 {
    as_f64(pixels) / 1e6
}

/// The number's logarithm in steps of about a fifth (four an octave): a difference of less is
/// noise, such as an embedded preview or a longer comment.
fn fifths(value: f64) -> i32 {
    if value <= 0.0 {
        return i32::MIN;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "four times the binary logarithm of a finite f64 lies within ±4300"
    )]
    let steps = (value.log2() * 4.0).round() as i32;
    steps
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pixels and bytes beyond 2^53 may round: they are compared and shown in few digits"
)]
fn as_f64(value: u64) -> f64 {
    value as f64
}
