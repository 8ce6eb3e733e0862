//! The small picture of a photo, as the window shows it and as fingerprints are taken from.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::{DecodedPhoto, ScanError};

/// The longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 256;

/// Where a photo of 256 x 192 pixels takes about 8 kilobytes.
const QUALITY: u8 = 75;

/// A JPEG of the whole photo, uncropped, that fits [`THUMBNAIL_SIDE`] pixels both ways; smaller
/// photos keep their size.
///
/// # Errors
/// [`ScanError::Thumbnail`] if the encoder fails, which is not known to happen.
pub fn thumbnail(photo: &DecodedPhoto) -> Result<Vec<u8>, ScanError> {
    encode(&small(photo))
}

/// Encodes a small picture.
pub(super) fn encode(picture: &RgbImage) -> Result<Vec<u8>, ScanError> {
    let failed = |reason: &dyn ToString| ScanError::Thumbnail(reason.to_string());
    let side = |pixels: u32| u16::try_from(pixels).map_err(|error| failed(&error));
    let mut jpeg = Vec::with_capacity(16 << 10);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(
            picture.as_raw(),
            side(picture.width())?,
            side(picture.height())?,
            ColorType::Rgb,
        )
        .map_err(|error| failed(&error))?;
    Ok(jpeg)
}

/// The photo, at most [`THUMBNAIL_SIDE`] pixels on its long side, never enlarged.
pub(super) fn small(photo: &DecodedPhoto) -> RgbImage {
    let [x, y, width, height] = photo.source_box;
    let scale = (f64::from(THUMBNAIL_SIDE) / width.max(height)).min(1.0);
    let (small_width, small_height) = (side(width * scale), side(height * scale));
    let image = &photo.image;
    if (small_width, small_height) == image.dimensions() {
        return image.clone();
    }
    resize(image, [x, y, width, height], small_width, small_height)
        // Only an empty picture or box cannot be resized, and no decoder gives one.
        .unwrap_or_else(|| image.clone())
}

/// Averages the part `source_box` of `image` down; bilinear with antialiasing, which neither
/// rings nor, unlike a box filter, drops fractions of pixels.
fn resize(image: &RgbImage, source_box: [f64; 4], width: u32, height: u32) -> Option<RgbImage> {
    let [x, y, box_width, box_height] = source_box;
    let source = ImageRef::new(
        image.width(),
        image.height(),
        image.as_raw(),
        PixelType::U8x3,
    )
    .ok()?;
    let mut resized = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .crop(x, y, box_width, box_height);
    Resizer::new()
        .resize(&source, &mut resized, &options)
        .ok()?;
    RgbImage::from_raw(width, height, resized.into_vec())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the side of a picture"
)]
fn side(pixels: f64) -> u32 {
    pixels.round().max(1.0) as u32
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "small numbers and exact halves"
)]
mod tests {
    use super::*;
    use crate::photo::Format;

    fn photo(width: u32, height: u32) -> DecodedPhoto {
        let image = RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x % 251) as u8, (y % 241) as u8, ((x + y) % 239) as u8])
        });
        DecodedPhoto {
            image,
            full_width: width,
            full_height: height,
            source_box: [0.0, 0.0, f64::from(width), f64::from(height)],
            format: Format::Png,
        }
    }

    #[test]
    fn thumbnails_fit_and_keep_the_shape_and_are_never_enlarged() {
        for (size, expected) in [
            ((1008, 756), (256, 192)),
            ((756, 1008), (192, 256)),
            ((256, 256), (256, 256)),
            ((20, 10), (20, 10)),
            ((5000, 3), (256, 1)),
            ((1, 1), (1, 1)),
        ] {
            let photo = photo(size.0, size.1);
            assert_eq!(small(&photo).dimensions(), expected, "{size:?}");
            let jpeg = thumbnail(&photo).unwrap();
            let mut decoder = jpeg_decoder::Decoder::new(&jpeg[..]);
            decoder.read_info().unwrap();
            let info = decoder.info().unwrap();
            let dimensions = (u32::from(info.width), u32::from(info.height));
            assert_eq!(dimensions, expected, "{size:?}");
        }
    }
}
