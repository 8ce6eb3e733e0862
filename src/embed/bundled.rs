//! The model that is in the program: Twinlens works with nothing installed or downloaded.
//!
//! EfficientNet-Lite0 with a linear head that was learned for finding copies; recipe, credits
//! and licence are in `models/README.md`. The bytes are part of the program file, so there is
//! no search for it and no way to lose it.

use super::model::{Calibration, InputLayout, ModelRecord, Precision, Preprocessing};

/// The name of the bundled model.
pub const NAME: &str = "lite0-copies";

static BYTES: &[u8] = include_bytes!("../../models/lite0_copies.onnx");

/// The model's ONNX file.
#[must_use]
pub fn bytes() -> &'static [u8] {
    BYTES
}

/// What is known of the bundled model.
///
/// The floor is the cosine that holds 99 % of true pairs on 1,911 pictures that the head was
/// not learned on. The default follows from the same pictures: 99.9 % of unrelated pairs lie
/// below 0.37, the median is 0.86 for copies, 0.58 for bursts and 0.53 for other views of one
/// scene. 0.65 lies above half of the other views, so that a group of `similar` photos is
/// a scene and not a subject, and at nearly twice the cosine of unrelated pictures.
#[must_use]
pub fn record() -> ModelRecord {
    ModelRecord {
        name: NAME.to_owned(),
        file: None,
        sha256: "2c1f9c8bcbb85a1211a132e8aeb632fec1ee3bfb01f86bd151739878ab7dd177".to_owned(),
        input: "pixel_values".to_owned(),
        layout: InputLayout::NchwF32,
        output: "image_embeds".to_owned(),
        dimension: 512,
        precision: Precision::F32,
        one_at_a_time: false,
        preprocessing: Preprocessing::efficientnet_lite0(),
        licence: "Apache-2.0".to_owned(),
        similarity_floor: 0.18,
        similarity_default: 0.65,
        calibration: Calibration::Calibrated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_of_the_bytes_in_the_program() {
        assert_eq!(record().sha256, super::super::hash::sha256_hex(bytes()));
    }
}
