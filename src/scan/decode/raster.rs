//! What the formats share: samples to 8-bit RGB on white, and decoders of the `image` crate.

use std::io::ErrorKind;

use image::error::ImageError;
use image::{DynamicImage, ImageDecoder, RgbImage};

use super::{DecodeError, Limits, check_size};

/// Decodes with a decoder of the `image` crate, after its size was checked.
///
/// `pixels_a_byte` as in [`check_size`].
pub(super) fn from_decoder(
    mut decoder: impl ImageDecoder,
    pixels_a_byte: Option<u64>,
    file: &[u8],
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    // The decoder's own picture, and the 8-bit RGB that is made from it.
    let bytes_a_pixel = u64::from(decoder.color_type().bytes_per_pixel()) + 3;
    check_size(
        decoder.dimensions(),
        bytes_a_pixel,
        pixels_a_byte,
        file,
        limits,
    )?;
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.max_decode_bytes);
    decoder.set_limits(decoder_limits).map_err(from_image)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(from_image)?;
    Ok(on_white(picture))
}

/// The `image` crate's error in the terms of the room.
#[allow(
    clippy::needless_pass_by_value,
    reason = "its use is as the function of a map_err"
)]
pub(super) fn from_image(error: ImageError) -> DecodeError {
    match error {
        ImageError::Unsupported(error) => DecodeError::unsupported(&error),
        ImageError::Limits(error) => DecodeError::TooLarge(error.to_string()),
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::damaged("its data ends too early")
        }
        error => DecodeError::damaged(&error),
    }
}

/// 8-bit RGB, with what is transparent blended on white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    let (width, height) = rgba.dimensions();
    let mut rgb = RgbImage::new(width, height);
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0;
        to.0 = [red, green, blue].map(|value| blend_on_white(value, alpha));
    }
    rgb
}

/// One 8-bit value at this opacity in front of white, rounded to the nearest.
pub(super) fn blend_on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    // At most 255: a weighted mean of `value` and 255.
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

/// 16 bits to 8, rounded to the nearest.
pub(super) fn to_8_bits(value: u16) -> u8 {
    // 65,535 = 255 * 257; at most (65,535 + 128) / 257 = 255.
    u8::try_from((u32::from(value) + 128) / 257).unwrap_or(u8::MAX)
}

/// One pixel of a CMYK picture, 255 being full ink, as a viewer without profiles shows it.
pub(super) fn cmyk_to_rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - u32::from(black);
    [cyan, magenta, yellow]
        .map(|ink| u8::try_from(((255 - u32::from(ink)) * light + 127) / 255).unwrap_or(u8::MAX))
}

/// A picture of 8-bit samples, pixel by pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
///
/// `None` if there are too few samples for the size or the number of channels is another.
pub(super) fn from_samples(
    (width, height): (u32, u32),
    channels: usize,
    samples: Vec<u8>,
) -> Option<RgbImage> {
    if channels == 3 {
        return RgbImage::from_raw(width, height, samples);
    }
    let pixels = width as usize * height as usize;
    if samples.len() / channels.max(1) < pixels {
        return None;
    }
    let mut image = RgbImage::new(width, height);
    let targets = image.pixels_mut();
    match channels {
        1 => {
            for (to, &grey) in targets.zip(&samples) {
                to.0 = [grey; 3];
            }
        }
        2 => {
            for (to, &[grey, alpha]) in targets.zip(samples.as_chunks::<2>().0) {
                to.0 = [blend_on_white(grey, alpha); 3];
            }
        }
        4 => {
            for (to, &[red, green, blue, alpha]) in targets.zip(samples.as_chunks::<4>().0) {
                to.0 = [red, green, blue].map(|value| blend_on_white(value, alpha));
            }
        }
        _ => return None,
    }
    Some(image)
}
