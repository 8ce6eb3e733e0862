//! The numbers that the verdict turns on beside those of the pixels, and where they come from.

use crate::matching::Cosine;

/// What a verdict asks of metadata and embeddings.
///
/// The defaults are calibrated on 998 labelled pictures with the bundled model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerifySettings {
    /// Pictures with a smaller contrast (0 to 127) are flat: to a model all of them are alike.
    pub flat_contrast: f32,
    /// So are those with a smaller share (0 to 1) of textured blocks: skies, gradients.
    pub flat_texture: f32,
    /// Least cosine of two pictures of one burst that cannot be laid over each other.
    pub burst_cosine: Cosine,
    /// Longest time between two pictures of one burst.
    pub burst_seconds: f64,
}

impl Default for VerifySettings {
    fn default() -> Self {
        Self {
            flat_contrast: 4.0,
            flat_texture: 0.1,
            burst_cosine: Cosine(0.2),
            burst_seconds: 10.0,
        }
    }
}

impl VerifySettings {
    /// The defaults for another model: its cosines are stretched so that its floor lies where
    /// the bundled model's does, and 1 stays 1. A rough guess, for models differ in more than
    /// scale.
    #[must_use]
    pub fn for_floor(floor: Cosine) -> Self {
        const BUNDLED_FLOOR: f32 = 0.18;
        let defaults = Self::default();
        let Cosine(cosine) = defaults.burst_cosine;
        Self {
            burst_cosine: Cosine(1.0 - (1.0 - cosine) * (1.0 - floor.0) / (1.0 - BUNDLED_FLOOR)),
            ..defaults
        }
    }
}
