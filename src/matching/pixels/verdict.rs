//! What the pixels say of a pair, with the numbers behind it and a sentence for a person.

use super::decide::{self, Tier};
use super::geometry::{Homography, Rectangle};
use super::measure::Measured;
use super::prepared::Prepared;
use crate::matching::Evidence;
use crate::photo::Orientation;

/// Whether a look at larger pictures was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The records suffice.
    NotNeeded,
    /// Same shot as far as the records show; words are too small in them to be told apart. Until
    /// [`compare_detail`](super::compare_detail) has decided it, the pair is no copy.
    Wanted,
    /// Looked at, and agrees.
    Agrees,
    /// Looked at, and differs: the pair is [`Evidence::Similar`].
    Differs,
}

/// A frame this many times as large as the picture in it has something around it.
const LEAST_AROUND: f64 = 1.1;

/// What lies around a picture may have this share of texture that belongs to the scene; more is
/// no border but what was cut off from the other one.
const MOST_SCENE_AROUND: f32 = 0.02;

/// The decision on a pair of pictures by their pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelVerdict {
    /// [`Evidence::SameShot`], [`Evidence::Burst`] or [`Evidence::Similar`] (one scene, seen
    /// in part or otherwise); `None` where the pixels show no relation. The identical tiers
    /// are not for a reduced picture to tell.
    pub evidence: Option<Evidence>,
    /// The one picture is found whole in the other, with another picture beside it: a collage
    /// and one of its photos. Related, but never to be joined; then `evidence` is `None`.
    pub partial: bool,
    /// Both are pages or screens: they resemble each other without being related.
    pub documents: bool,
    /// Whether a same shot holds at a closer look.
    pub detail: Detail,
    /// How the pictures lie over each other, where they do.
    pub alignment: Option<Alignment>,
    /// Correlation of the shared part after alignment and tone curve, added lettering left
    /// out: -1 to 1.
    pub correlation: f32,
    /// Share of the shared part's texture that shows the same, 0 to 1.
    pub alike: f32,
    /// Share that shows something else.
    pub unlike: f32,
    /// Share that is covered by lettering which only one picture has.
    pub lettered: f32,
    /// Share of the picture that shows more which has texture, belongs to the scene and is not
    /// shown by the other one: 0 for a framed copy, what was cut off for a crop.
    pub left_out: f32,
    /// Blocks with texture that were judged: how much the shares stand on.
    pub blocks: f32,
    /// Pairs of keypoints that agree on the alignment; 0 where none were needed.
    pub keypoints: u32,
}

/// How the first picture is laid over the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// How the first picture is to be turned to look like the second; small rotations apart.
    pub orientation: Orientation,
    /// How large a detail of the first picture is in the second, both pictures being scaled
    /// to the same long side: 1 for whole copies, above it where the second is a crop.
    pub scale: f32,
    /// Share of the first picture (its plain borders apart) that the second shows, and of the
    /// second that the first shows, 0 to 1.
    pub coverage: [f32; 2],
    /// Where the first picture's positions lie in the second: a plane projective map, row by
    /// row, with the last entry 1; both pictures' positions run from 0 to 1.
    pub map: [f32; 9],
}

impl Alignment {
    /// How the second picture is laid over the first.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        let [first, second] = self.coverage;
        self.coverage = [second, first];
        self.scale = self.scale.recip();
        if let Some(back) = self.homography().inverse() {
            self.map = to_f32s(&back);
        }
        self.orientation = match self.orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            own_inverse => own_inverse,
        };
        self
    }

    /// How large the first picture's whole frame is, measured in frames of the second: 2 where
    /// the second picture covers half of the first.
    fn frame_ratio(&self) -> f64 {
        let map = self.homography();
        let corners =
            [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|corner| map.map(corner));
        let crosses = (0..4).map(|at| {
            let ([x, y], [u, v]) = (corners[at], corners[(at + 1) % 4]);
            x * v - u * y
        });
        crosses.sum::<f64>().abs() / 2.0
    }

    fn homography(&self) -> Homography {
        Homography(self.map.map(f64::from))
    }

    /// The map of the first picture's positions to the second's, in pixels as they are prepared.
    pub(super) fn on(&self, first: &Prepared, second: &Prepared) -> Homography {
        let to_unit = Homography::onto_unit(first.frame());
        Homography::onto(second.frame()).after(&self.homography().after(&to_unit))
    }

    /// The map of the first picture's positions, in pixels of its record, to the third's, if
    /// this one leads to a second picture and `next` from there to the third.
    pub(super) fn composed(&self, next: &Self, first: &Prepared, third: &Prepared) -> Homography {
        let to_third = Homography::onto(third.frame());
        let to_unit = Homography::onto_unit(first.frame());
        to_third.after(&next.homography().after(&self.homography().after(&to_unit)))
    }
}

impl PixelVerdict {
    /// No relation, and nothing was laid over anything.
    pub const UNRELATED: Self = Self {
        evidence: None,
        partial: false,
        documents: false,
        detail: Detail::NotNeeded,
        alignment: None,
        correlation: 0.0,
        alike: 0.0,
        unlike: 0.0,
        lettered: 0.0,
        left_out: 0.0,
        blocks: 0.0,
        keypoints: 0,
    };

    /// The same shot, equal all over as far as it can be seen here.
    pub(super) fn equal(orientation: Orientation) -> Self {
        Self {
            evidence: Some(Evidence::SameShot),
            alignment: Some(Alignment {
                orientation,
                scale: 1.0,
                coverage: [1.0; 2],
                map: to_f32s(&Homography::between(UNIT, orientation, UNIT)),
            }),
            correlation: 1.0,
            alike: 1.0,
            ..Self::UNRELATED
        }
    }

    /// No relation of two pictures.
    pub(super) fn unrelated(a: &Prepared, b: &Prepared) -> Self {
        Self {
            documents: a.is_document() && b.is_document(),
            ..Self::UNRELATED
        }
    }

    pub(super) fn new(a: &Prepared, b: &Prepared, measured: &Measured, tier: Tier) -> Self {
        let agreement = &measured.agreement;
        let centre = a.content().centre();
        let long = |picture: &Prepared| {
            let frame = picture.frame();
            frame.width().max(frame.height())
        };
        #[expect(clippy::cast_possible_truncation, reason = "a ratio near 1")]
        let scale = (measured.map.scale_at(centre) * long(a) / long(b)) as f32;
        Self {
            evidence: tier.evidence(),
            partial: tier == Tier::Partial,
            documents: a.is_document() && b.is_document(),
            detail: if tier == Tier::SameShot && decide::wants_detail(a, b) {
                Detail::Wanted
            } else {
                Detail::NotNeeded
            },
            alignment: Some(Alignment {
                orientation: measured.map.orientation_at(centre),
                scale,
                coverage: measured.coverage,
                map: to_f32s(
                    &Homography::onto_unit(b.frame())
                        .after(&measured.map.after(&Homography::onto(a.frame()))),
                ),
            }),
            correlation: agreement.correlation,
            alike: agreement.alike,
            unlike: agreement.unlike,
            lettered: agreement.lettered,
            left_out: decide::left_out(&measured.rest),
            blocks: agreement.weight,
            keypoints: measured.inliers,
        }
    }

    /// The verdict where a closer look was wanted and cannot be had: the weaker tier.
    #[must_use]
    pub fn undecided(mut self) -> Self {
        self.evidence = Some(Evidence::Similar);
        self
    }

    /// The verdict after the closer look.
    pub(super) fn with_detail(mut self, agrees: bool) -> Self {
        self.detail = if agrees {
            Detail::Agrees
        } else {
            self.evidence = Some(Evidence::Similar);
            Detail::Differs
        };
        self
    }

    /// Whether the pixels say that the two are one exposure.
    #[must_use]
    pub fn is_same_shot(&self) -> bool {
        self.evidence == Some(Evidence::SameShot)
    }

    /// The verdict with the pictures in the other order.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.alignment = self.alignment.map(Alignment::reversed);
        self
    }

    /// Whether the first picture, and the second, shows the other one with something around it
    /// that is no part of the scene: a border, a frame, a screen.
    #[must_use]
    pub fn surrounded(&self) -> [bool; 2] {
        let Some(alignment) = self
            .alignment
            .filter(|_| self.left_out <= MOST_SCENE_AROUND)
        else {
            return [false; 2];
        };
        let ratio = alignment.frame_ratio();
        [ratio > LEAST_AROUND, ratio < 1.0 / LEAST_AROUND]
    }

    /// What was seen of the pair, for a person: `cropped to 81 %`, `lettering added`. The same
    /// whichever picture comes first; nothing where the two were not laid over each other.
    #[must_use]
    pub fn observations(&self) -> Vec<String> {
        let Some(alignment) = &self.alignment else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        if self.partial {
            parts.push("one is part of the other, with another picture beside it".to_owned());
        }
        parts.extend(turn(alignment.orientation).map(str::to_owned));
        let [first, second] = alignment.coverage;
        let (less, more) = (first.min(second), first.max(second));
        if less < 0.97 {
            let percent = less * 100.0;
            parts.push(match self.evidence {
                Some(Evidence::SameShot) => format!("cropped to {percent:.0} %"),
                _ if more < 0.9 => format!("{percent:.0} % in common"),
                _ => format!("one shows {percent:.0} % of the other"),
            });
        }
        if self.lettered > 0.01 {
            parts.push("lettering added".to_owned());
        }
        if self.detail == Detail::Differs {
            parts.push("small parts differ, such as words".to_owned());
        }
        if self.unlike > 0.05 {
            let percent = self.unlike * 100.0;
            parts.push(format!("{percent:.0} % of it moved or changed"));
        }
        parts
    }

    /// The verdict as a cache keeps it, little-endian: 1 byte where the pixels show no
    /// relation, which is the rule, else [`VERDICT_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(alignment) = &self.alignment else {
            return vec![if self.documents {
                DOCUMENTS
            } else {
                NO_RELATION
            }];
        };
        let tier = match (self.evidence, self.partial) {
            (Some(Evidence::SameShot), _) => SAME_SHOT,
            (Some(Evidence::Burst), _) => BURST,
            (_, true) => PARTIAL,
            _ => SIMILAR,
        };
        let detail = match self.detail {
            Detail::NotNeeded => 0,
            Detail::Wanted => 1,
            Detail::Agrees => 2,
            Detail::Differs => 3,
        };
        let documents = u8::from(self.documents);
        let mut bytes = vec![tier, documents, detail, alignment.orientation.to_exif()];
        let [first, second] = alignment.coverage;
        let numbers = [
            alignment.scale,
            first,
            second,
            self.correlation,
            self.alike,
            self.unlike,
            self.lettered,
            self.left_out,
            self.blocks,
        ];
        for number in alignment.map.into_iter().chain(numbers) {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.keypoints.to_le_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if it did not write this.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let &[tier @ (NO_RELATION | DOCUMENTS)] = bytes {
            return Some(Self {
                documents: tier == DOCUMENTS,
                ..Self::UNRELATED
            });
        }
        let bytes: &[u8; VERDICT_BYTES] = bytes.try_into().ok()?;
        let [tier, documents, detail, orientation, rest @ ..] = bytes;
        let (words, []) = rest.as_chunks::<4>() else {
            return None;
        };
        let mut words = words.iter();
        let mut number = || {
            let number = f32::from_le_bytes(*words.next()?);
            number.is_finite().then_some(number)
        };
        let mut map = || {
            let mut map = [0.0; 9];
            for entry in &mut map {
                *entry = number()?;
            }
            Some(map)
        };
        let map = map()?;
        Some(Self {
            evidence: match *tier {
                SAME_SHOT => Some(Evidence::SameShot),
                BURST => Some(Evidence::Burst),
                SIMILAR => Some(Evidence::Similar),
                PARTIAL => None,
                _ => return None,
            },
            partial: *tier == PARTIAL,
            documents: *documents != 0,
            detail: match *detail {
                0 => Detail::NotNeeded,
                1 => Detail::Wanted,
                2 => Detail::Agrees,
                3 => Detail::Differs,
                _ => return None,
            },
            alignment: Some(Alignment {
                orientation: Orientation::from_exif((*orientation).into()),
                scale: number()?,
                coverage: [number()?, number()?],
                map,
            }),
            correlation: number()?,
            alike: number()?,
            unlike: number()?,
            lettered: number()?,
            left_out: number()?,
            blocks: number()?,
            keypoints: u32::from_le_bytes(*words.next()?),
        })
    }
}

/// The first byte of a verdict in a cache.
const NO_RELATION: u8 = 0;
const SAME_SHOT: u8 = 1;
const BURST: u8 = 2;
const SIMILAR: u8 = 3;
const PARTIAL: u8 = 4;
const DOCUMENTS: u8 = 5;

/// The length of a verdict that relates two pictures.
const VERDICT_BYTES: usize = 4 + 9 * 4 + 9 * 4 + 4;

const UNIT: Rectangle = Rectangle {
    left: 0.0,
    top: 0.0,
    right: 1.0,
    bottom: 1.0,
};

#[expect(
    clippy::cast_possible_truncation,
    reason = "precise to a thousandth of a pixel"
)]
fn to_f32s(map: &Homography) -> [f32; 9] {
    map.0.map(|entry| entry as f32)
}

fn turn(orientation: Orientation) -> Option<&'static str> {
    match orientation {
        Orientation::Normal => None,
        Orientation::Rotate180 => Some("turned by 180°"),
        Orientation::Rotate90 | Orientation::Rotate270 => Some("turned by 90°"),
        Orientation::MirrorHorizontal | Orientation::MirrorVertical => Some("mirrored"),
        Orientation::Transpose | Orientation::Transverse => Some("mirrored and turned by 90°"),
    }
}
