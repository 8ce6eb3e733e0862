//! The numbers that the verdict turns on, in one place, and where they come from.

use crate::matching::Cosine;

/// A least cosine with a largest hash distance (of 255): a pair within both passes.
pub type Limit = (Cosine, u32);

/// Where the tiers lie: a pair that is within any of the limits of its kind is the same shot.
///
/// The defaults are calibrated on 998 labelled pictures (2,021 pairs of one shot, 494,000
/// others) with the bundled model, well inside of where the first other pair lies: there, no
/// two textured pictures of different scenes came within a hash distance of 72 at any cosine
/// above 0.2; with plain areas, other viewpoints of one scene came within 24. Nine of ten
/// bursts, whose hash is often nearly equal, have a cosine below 0.4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerifySettings {
    /// For upright pictures that are textured all over.
    pub textured: [Limit; 5],
    /// For upright pictures with plain areas.
    pub mixed: [Limit; 4],
    /// For pictures that are turned or mirrored against each other, beside the limits above.
    pub turned: Limit,
    /// For plain pictures, which need equal colours and proportions, too.
    pub plain: Limit,
    /// Pictures with a larger share (0 to 1) of textured blocks are textured all over.
    pub textured_share: f32,
    /// Pictures with a smaller share (0 to 1) of textured blocks are plain.
    pub plain_share: f32,
    /// Pictures with a smaller contrast (0 to 127) are flat: their hash is noise.
    pub flat_contrast: f32,
    /// Largest difference of a mean colour (0 to 255) between plain pictures of one shot.
    pub plain_colour: u8,
    /// Least cosine of two pictures of one burst.
    pub burst_cosine: Cosine,
    /// Longest time between two pictures of one burst.
    pub burst_seconds: f64,
}

impl Default for VerifySettings {
    fn default() -> Self {
        Self {
            textured: [
                (Cosine(0.0), 6),
                (Cosine(0.30), 24),
                (Cosine(0.40), 56),
                (Cosine(0.50), 100),
                (Cosine(0.70), 112),
            ],
            mixed: [
                (Cosine(0.0), 6),
                (Cosine(0.30), 20),
                (Cosine(0.40), 36),
                (Cosine(0.75), 48),
            ],
            turned: (Cosine(0.05), 20),
            plain: (Cosine(0.85), 10),
            textured_share: 0.7,
            plain_share: 0.15,
            flat_contrast: 4.0,
            plain_colour: 6,
            burst_cosine: Cosine(0.2),
            burst_seconds: 10.0,
        }
    }
}

impl VerifySettings {
    /// The defaults for another model: its cosines are stretched so that its floor lies where
    /// the bundled model's does, and 1 stays 1. A rough guess, for models differ in more than
    /// scale; it errs to the weaker tier where a model's cosines crowd below 1.
    #[must_use]
    pub fn for_floor(floor: Cosine) -> Self {
        const BUNDLED_FLOOR: f32 = 0.18;
        let defaults = Self::default();
        let cosine = |Cosine(cosine): Cosine| {
            Cosine(1.0 - (1.0 - cosine) * (1.0 - floor.0) / (1.0 - BUNDLED_FLOOR))
        };
        let limit = |(least, distance): Limit| (cosine(least), distance);
        Self {
            textured: defaults.textured.map(limit),
            mixed: defaults.mixed.map(limit),
            turned: limit(defaults.turned),
            plain: limit(defaults.plain),
            burst_cosine: cosine(defaults.burst_cosine),
            ..defaults
        }
    }
}
