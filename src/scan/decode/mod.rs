//! Bytes to upright 8-bit RGB, whatever the format.
//!
//! One file a format. Rules for all of them: sizes are checked before anything is allocated;
//! a decoder's panic is caught; 16 bits become 8 by rounding, CMYK, grey and palettes become
//! RGB, transparency is blended on white; the EXIF orientation is applied. Half a picture is
//! damage, not a picture.

mod bmp;
mod convert;
mod gif;
mod ico;
mod jpeg;
mod png;
mod pnm;
mod qoi;
mod tga;
mod tiff;
mod webp;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, RgbImage};

use super::Limits;
use crate::photo::{Format, Orientation};

/// How large the decoded picture is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeScale {
    /// As stored.
    Full,
    /// Smaller if that is cheaper, with a short side of at least this many pixels (or full size
    /// where it has fewer).
    Reduced {
        /// In pixels.
        min_short_side: u32,
    },
}

/// An upright picture and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedPhoto {
    /// 8-bit RGB, upright.
    pub image: RgbImage,
    /// Width of the original in pixels, upright.
    pub full_width: u32,
    /// Height of the original in pixels, upright.
    pub full_height: u32,
    /// Where the original lies in `image`: x, y, width, height. A scaled JPEG has fractional
    /// sides and a partly filled last column and row.
    pub source_box: [f64; 4],
    /// Whether 8-bit RGB holds all that the file's pixels say: not with more bits or with
    /// transparency.
    pub is_exact: bool,
}

/// Why a picture cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The data breaks off or contradicts itself.
    #[error("the {format} data is damaged: {reason}")]
    Damaged {
        /// The format's name.
        format: &'static str,
        /// The decoder's words.
        reason: String,
    },
    /// A variant of the format that is not decoded here.
    #[error("this kind of {format} is not supported: {reason}")]
    Unsupported {
        /// The format's name.
        format: &'static str,
        /// What is special about it.
        reason: String,
    },
    /// More pixels or memory than the limits allow.
    #[error("the picture is too large: {reason}")]
    TooLarge {
        /// How large it is.
        reason: String,
    },
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder, where a panic is caught and becomes a
/// [`DecodeError`]. A program's panic hook may be silent then.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Decodes a whole file of a known format.
///
/// # Errors
/// [`DecodeError`]; also for a decoder that panics.
pub fn decode(
    bytes: &[u8],
    format: Format,
    orientation: Orientation,
    scale: DecodeScale,
    limits: &Limits,
) -> Result<DecodedPhoto, DecodeError> {
    DECODING.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| match format {
        Format::Jpeg => jpeg::decode(bytes, scale, limits),
        Format::Png => png::decode(bytes, limits),
        Format::WebP => webp::decode(bytes, limits),
        Format::Gif => gif::decode(bytes, limits),
        Format::Tiff => tiff::decode(bytes, limits),
        Format::Bmp => bmp::decode(bytes, limits),
        Format::Ico => ico::decode(bytes, limits),
        Format::Qoi => qoi::decode(bytes, limits),
        Format::Tga => tga::decode(bytes, limits),
        Format::Pnm => pnm::decode(bytes, limits),
    }));
    DECODING.set(false);
    let stored = result.unwrap_or_else(|_panic| {
        Err(DecodeError::Damaged {
            format: format.name(),
            reason: "the decoder gave up on it".to_owned(),
        })
    })?;
    if stored.image.width() == 0 || stored.image.height() == 0 {
        return Err(DecodeError::Damaged {
            format: format.name(),
            reason: "it has no pixels".to_owned(),
        });
    }
    Ok(upright(stored, orientation))
}

/// Turns a picture, its size and its box.
fn upright(stored: DecodedPhoto, orientation: Orientation) -> DecodedPhoto {
    use image::imageops::{
        flip_horizontal, flip_horizontal_in_place, flip_vertical_in_place, rotate90,
        rotate180_in_place, rotate270,
    };
    let DecodedPhoto {
        mut image,
        full_width,
        full_height,
        source_box: [x, y, w, h],
        is_exact,
    } = stored;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let (mirrored_x, mirrored_y) = (width - x - w, height - y - h);
    let source_box = match orientation {
        Orientation::Normal => [x, y, w, h],
        Orientation::MirrorHorizontal => [mirrored_x, y, w, h],
        Orientation::Rotate180 => [mirrored_x, mirrored_y, w, h],
        Orientation::MirrorVertical => [x, mirrored_y, w, h],
        Orientation::Transpose => [y, x, h, w],
        Orientation::Rotate90 => [mirrored_y, x, h, w],
        Orientation::Transverse => [mirrored_y, mirrored_x, h, w],
        Orientation::Rotate270 => [y, mirrored_x, h, w],
    };
    match orientation {
        Orientation::Normal => {}
        Orientation::MirrorHorizontal => flip_horizontal_in_place(&mut image),
        Orientation::Rotate180 => rotate180_in_place(&mut image),
        Orientation::MirrorVertical => flip_vertical_in_place(&mut image),
        Orientation::Transpose => image = flip_horizontal(&rotate90(&image)),
        Orientation::Rotate90 => image = rotate90(&image),
        Orientation::Transverse => image = flip_horizontal(&rotate270(&image)),
        Orientation::Rotate270 => image = rotate270(&image),
    }
    let (full_width, full_height) = orientation.apply_to_size((full_width, full_height));
    DecodedPhoto {
        image,
        full_width,
        full_height,
        source_box,
        is_exact,
    }
}

/// Runs one of the `image` crate's decoders within the limits.
fn run(
    format: Format,
    mut decoder: impl ImageDecoder,
    limits: &Limits,
) -> Result<DecodedPhoto, DecodeError> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    if decoder.total_bytes() > limits.max_decode_bytes {
        let reason = format!(
            "{width} x {height} pixels of {} bits",
            decoder.color_type().bits_per_pixel()
        );
        return Err(DecodeError::TooLarge { reason });
    }
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.max_decode_bytes);
    decoder
        .set_limits(decoder_limits)
        .map_err(|error| image_error(format, &error))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| image_error(format, &error))?;
    let is_exact = convert::is_exact(&image);
    Ok(whole(convert::to_rgb_on_white(image), is_exact))
}

/// A picture at full size.
fn whole(image: RgbImage, is_exact: bool) -> DecodedPhoto {
    let (full_width, full_height) = image.dimensions();
    let source_box = [0.0, 0.0, f64::from(full_width), f64::from(full_height)];
    DecodedPhoto {
        image,
        full_width,
        full_height,
        source_box,
        is_exact,
    }
}

/// Refuses a picture by its header.
fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        let reason = format!(
            "{width} x {height} pixels, more than the limit of {} million",
            limits.max_pixels / 1_000_000
        );
        return Err(DecodeError::TooLarge { reason });
    }
    Ok(())
}

/// Says in our terms what the `image` crate says.
fn image_error(format: Format, error: &ImageError) -> DecodeError {
    let format = format.name();
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            DecodeError::TooLarge {
                reason: "it asks for more memory than the limit".to_owned(),
            }
        }
        ImageError::Limits(limit) => DecodeError::TooLarge {
            reason: limit.to_string(),
        },
        ImageError::Unsupported(unsupported) => DecodeError::Unsupported {
            format,
            reason: unsupported.to_string(),
        },
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Damaged {
                format,
                reason: "it ends too early".to_owned(),
            }
        }
        other => DecodeError::Damaged {
            format,
            reason: other.to_string(),
        },
    }
}
