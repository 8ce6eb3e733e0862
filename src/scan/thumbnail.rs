//! The small picture that reports and the window show.

use fast_image_resize::FilterType;
use jpeg_encoder::{ColorType, Encoder, EncodingError};

use super::decode::DecodedPhoto;
use super::fingerprint::resized;

/// Longest side in pixels: a thumbnail of 200 points, with some left for dense screens.
const LONGEST_SIDE: u32 = 256;
/// At 80 a thumbnail has about 8 KB and no visible artefacts at its own size.
const QUALITY: u8 = 80;

/// A JPEG file of the whole upright picture that fits 256 x 256 pixels; never enlarged.
///
/// # Errors
/// The encoder's, which there is none for at this size.
pub fn thumbnail(photo: &DecodedPhoto) -> Result<Vec<u8>, EncodingError> {
    let (width, height) = fitting(photo.full_width, photo.full_height);
    let small = resized(photo, width.into(), height.into(), FilterType::Bilinear);
    let mut jpeg = Vec::with_capacity(16 << 10);
    Encoder::new(&mut jpeg, QUALITY).encode(small.as_raw(), width, height, ColorType::Rgb)?;
    Ok(jpeg)
}

/// The size within the limit, at least one pixel a side.
fn fitting(width: u32, height: u32) -> (u16, u16) {
    let longest = width.max(height).max(1);
    let target = longest.min(LONGEST_SIDE);
    let side = |length: u32| {
        let scaled =
            (u64::from(length) * u64::from(target) + u64::from(longest) / 2) / u64::from(longest);
        u16::try_from(scaled.max(1)).unwrap_or(u16::MAX)
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_keeps_the_shape_and_is_never_enlarged() {
        for (size, expected) in [
            ((4000, 3000), (256, 192)),
            ((3000, 4000), (192, 256)),
            ((100, 50), (100, 50)),
            ((50_000, 10), (256, 1)),
            ((1, 1), (1, 1)),
        ] {
            assert_eq!(fitting(size.0, size.1), expected, "{size:?}");
        }
    }
}
