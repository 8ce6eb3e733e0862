//! JPEG: greyscale, YCbCr, RGB, CMYK and YCCK, baseline and progressive, at a reduced scale.
//!
//! A reduced decode computes a smaller inverse transform of each 8 x 8 block: of 12 megapixels
//! at 1/4 only the entropy decoding remains to be paid. Nearly all photos are JPEG files, so
//! that this is where a first scan spends its time.

use image::RgbImage;
use jpeg_decoder::{Decoder, Error, PixelFormat};

use super::{DecodeError, DecodeScale, DecodedPhoto, check_size};
use crate::scan::Limits;

/// The scales of the inverse transform, in eighths, smallest first.
const EIGHTHS: [u32; 4] = [1, 2, 4, 8];

/// Decodes a JPEG file as it is stored, or smaller.
pub(super) fn decode(
    bytes: &[u8],
    scale: DecodeScale,
    limits: &Limits,
) -> Result<DecodedPhoto, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(
        usize::try_from(limits.max_decode_bytes).unwrap_or(usize::MAX),
    );
    decoder.read_info().map_err(error)?;
    let info = decoder.info().ok_or_else(|| damaged("it has no frame"))?;
    let (full_width, full_height) = (u32::from(info.width), u32::from(info.height));
    check_size(full_width, full_height, limits)?;

    let eighths = eighths(full_width.min(full_height), scale);
    let reduced = |side: u32| (side * eighths).div_ceil(8);
    let requested = (reduced(full_width), reduced(full_height));
    let narrow = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    let (width, height) = decoder
        .scale(narrow(requested.0), narrow(requested.1))
        .map_err(error)?;
    let pixels = decoder.decode().map_err(error)?;

    let rgb = to_rgb(pixels, info.pixel_format);
    let image = RgbImage::from_raw(width.into(), height.into(), rgb)
        .ok_or_else(|| damaged("pixels are missing"))?;
    // The decoder takes the smallest scale that is at least as large as was asked for; which one
    // it took is read off its answer.
    let taken = EIGHTHS
        .into_iter()
        .find(|e| (full_width * e).div_ceil(8) == image.width())
        .unwrap_or(8);
    let side = |full: u32| f64::from(full) * f64::from(taken) / 8.0;
    Ok(DecodedPhoto {
        image,
        full_width,
        full_height,
        source_box: [0.0, 0.0, side(full_width), side(full_height)],
        is_exact: info.pixel_format != PixelFormat::L16 && info.pixel_format != PixelFormat::CMYK32,
    })
}

/// The smallest scale with a short side of at least what is wanted.
fn eighths(full_short_side: u32, scale: DecodeScale) -> u32 {
    match scale {
        DecodeScale::Full => 8,
        DecodeScale::Reduced { min_short_side } => EIGHTHS
            .into_iter()
            .find(|eighths| full_short_side * eighths / 8 >= min_short_side)
            .unwrap_or(8),
    }
}

fn to_rgb(pixels: Vec<u8>, format: PixelFormat) -> Vec<u8> {
    match format {
        PixelFormat::RGB24 => pixels,
        PixelFormat::L8 => pixels.into_iter().flat_map(|value| [value; 3]).collect(),
        // Two bytes in the machine's order (a lossless medical or scanner file).
        PixelFormat::L16 => pixels
            .as_chunks()
            .0
            .iter()
            .flat_map(|&pair| {
                [u8::try_from((u32::from(u16::from_ne_bytes(pair)) + 128) / 257).unwrap_or(u8::MAX);
                    3]
            })
            .collect(),
        // Ink, 255 being full: the decoder has undone Adobe's inversion and YCCK.
        PixelFormat::CMYK32 => pixels
            .as_chunks()
            .0
            .iter()
            .flat_map(|&[cyan, magenta, yellow, black]| {
                [cyan, magenta, yellow].map(|ink| paper_left(ink, black))
            })
            .collect(),
    }
}

/// The light that one ink and black leave: `(1 - ink) * (1 - black)`, rounded.
fn paper_left(ink: u8, black: u8) -> u8 {
    let light = (255 - u32::from(ink)) * (255 - u32::from(black));
    u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged {
        format: "jpeg",
        reason: reason.to_owned(),
    }
}

fn error(error: Error) -> DecodeError {
    match error {
        Error::Unsupported(feature) => DecodeError::Unsupported {
            format: "jpeg",
            reason: format!("{feature:?}"),
        },
        Error::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged("it ends too early")
        }
        Error::Format(reason)
            if reason.contains("max_decoding_buffer_size") || reason.contains("buffer size") =>
        {
            DecodeError::TooLarge {
                reason: "it asks for more memory than the limit".to_owned(),
            }
        }
        other => damaged(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_scale_keeps_the_wanted_short_side() {
        for (short_side, wanted, expected) in [
            (3024, 512, 2),
            (3024, 756, 2),
            (3024, 757, 4),
            (8000, 512, 1),
            (600, 512, 8),
            (100, 512, 8),
        ] {
            assert_eq!(
                eighths(
                    short_side,
                    DecodeScale::Reduced {
                        min_short_side: wanted
                    }
                ),
                expected,
                "{short_side}"
            );
        }
        assert_eq!(eighths(8000, DecodeScale::Full), 8);
    }
}
