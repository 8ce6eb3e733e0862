//! Bytes to upright 8-bit RGB, one file a format.
//!
//! The rule: size is checked from the header before memory is taken; a picture is whole or it
//! is [`DecodeError::Damaged`]; colour is what a viewer without colour management shows. That
//! is: 16 bits are rounded to 8, CMYK is multiplied out, ICC profiles are ignored, and what is
//! transparent is blended on white, in sRGB values as viewers do it.
//!
//! Pitfalls:
//! - The `JPEG` decoder works at a reduced scale where that is asked for; its picture then has
//!   a last column and row that lie partly outside the photo. Whoever resizes the picture must
//!   take [`DecodedPhoto::source_box`] and not the whole, or two copies of one photo of
//!   different size are shifted against each other.
//! - Decoders may panic: they run inside `catch_unwind` (see the page of the room).

mod bmp;
mod gif;
mod ico;
mod jpeg;
mod jpeg_reduced;
mod jpeg_scans;
pub(in crate::scan) mod jpeg_segments;
mod png;
mod pnm;
mod qoi;
mod raster;
mod shrink;
mod tga;
mod tiff;
pub(in crate::scan) mod tiff_tags;
mod turn;
mod webp;

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::RgbImage;

use crate::photo::{Format, Orientation, ProblemKind};

use super::Limits;

/// A decoded picture, turned upright, perhaps at a reduced scale.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedPhoto {
    /// The pixels, upright.
    pub image: RgbImage,
    /// Width in pixels of the photo itself, upright.
    pub full_width: u32,
    /// Height in pixels of the photo itself, upright.
    pub full_height: u32,
    /// Where the photo lies in `image`: x, y, width, height in pixels of `image`. At full
    /// scale that is all of it; at a reduced scale the sides are fractions such as 756.25.
    pub source_box: [f64; 4],
    /// What it was decoded from.
    pub format: Format,
}

/// How large a picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeScale {
    /// Every pixel.
    Full,
    /// The smallest of 1/8, 1/4, 1/2 and 1 whose short side still has at least so many pixels.
    Reduced {
        /// Pixels; photos that are smaller stay as they are.
        min_short_side: u32,
    },
}

impl DecodeScale {
    /// For a model whose input has a short side of `model_side` pixels: twice that, for below it
    /// vectors of a reduced picture drift away from those of the whole (cosine 0.98 instead of
    /// 0.998). Never less than for the usual 256, so that what is made of the pixels besides
    /// does not depend on which model was the first to see a photo.
    #[must_use]
    pub fn for_analysis(model_side: u32) -> Self {
        Self::Reduced {
            min_short_side: 2 * model_side.max(256),
        }
    }

    /// The number that both sides are divided by: 1, 2, 4 or 8.
    #[must_use]
    pub fn divisor(self, width: u32, height: u32) -> u32 {
        let Self::Reduced { min_short_side } = self else {
            return 1;
        };
        let short_side = width.min(height);
        [8, 4, 2]
            .into_iter()
            .find(|divisor| short_side / divisor >= min_short_side)
            .unwrap_or(1)
    }
}

/// Why there is no picture. Each text is one sentence for a person, without the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The format allows it, the decoders here do not know it.
    #[error("{0}")]
    Unsupported(String),
    /// The data breaks off or contradicts itself.
    #[error("{0}")]
    Damaged(String),
    /// More pixels, or more memory, than [`Limits`] allow.
    #[error("{0}")]
    TooLarge(String),
}

impl DecodeError {
    /// The kind of problem that this is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Unsupported(_) => ProblemKind::Unsupported,
            Self::Damaged(_) => ProblemKind::Damaged,
            Self::TooLarge(_) => ProblemKind::TooLarge,
        }
    }

    fn damaged(reason: &(impl Display + ?Sized)) -> Self {
        Self::Damaged(format!("the picture is damaged: {reason}"))
    }

    fn unsupported(what: &(impl Display + ?Sized)) -> Self {
        Self::Unsupported(format!("cannot decode this: {what}"))
    }
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder, where a panic is caught and becomes a
/// [`DecodeError`]: a program's panic hook may be silent then.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What a format's decoder gives: the stored picture, not yet turned.
struct Stored {
    image: RgbImage,
    /// Width and height of the photo itself.
    full_size: (u32, u32),
    /// Width and height, in pixels of `image`, that the photo covers from the upper left.
    covered: (f64, f64),
}

/// Decodes `bytes`, which are of `format` (see [`sniff`](super::sniff())), and turns the
/// picture by `orientation`.
///
/// # Errors
/// [`DecodeError`], also where a decoder panics.
pub fn decode(
    bytes: &[u8],
    format: Format,
    orientation: Orientation,
    scale: DecodeScale,
    limits: &Limits,
) -> Result<DecodedPhoto, DecodeError> {
    DECODING.set(true);
    let stored = catch_unwind(AssertUnwindSafe(|| {
        decode_stored(bytes, format, scale, limits)
    }));
    DECODING.set(false);
    let stored =
        stored.unwrap_or_else(|panic| Err(DecodeError::damaged(&panic_message(panic.as_ref()))))?;

    let (full_width, full_height) = orientation.apply_to_size(stored.full_size);
    let (image, source_box) = turn::turn(stored.image, stored.covered, orientation);
    Ok(DecodedPhoto {
        image,
        full_width,
        full_height,
        source_box,
        format,
    })
}

fn decode_stored(
    bytes: &[u8],
    format: Format,
    scale: DecodeScale,
    limits: &Limits,
) -> Result<Stored, DecodeError> {
    let image = match format {
        Format::Jpeg => return jpeg::decode(bytes, scale, limits),
        Format::Png => png::decode(bytes, limits),
        Format::WebP => webp::decode(bytes, limits),
        Format::Gif => gif::decode(bytes, limits),
        Format::Tiff => tiff::decode(bytes, limits),
        Format::Bmp => bmp::decode(bytes, limits),
        Format::Ico => ico::decode(bytes, limits),
        Format::Qoi => qoi::decode(bytes, limits),
        Format::Tga => tga::decode(bytes, limits),
        Format::Pnm => pnm::decode(bytes, limits),
    }?;
    Ok(shrink::shrink(image, scale))
}

/// Refuses a picture that is empty, over the limits, or larger than its file can hold.
///
/// `bytes_a_pixel` is what decoding takes at its peak; `pixels_a_byte` is what the format's
/// densest coding can put into one byte, where that is known: a header that promises more is a
/// lie, whatever it is.
fn check_size(
    (width, height): (u32, u32),
    bytes_a_pixel: u64,
    pixels_a_byte: Option<u64>,
    file: &[u8],
    limits: &Limits,
) -> Result<(), DecodeError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(DecodeError::damaged("it has no pixels"));
    }
    if pixels > limits.max_pixels || width.max(height) > limits.max_side {
        return Err(DecodeError::TooLarge(format!(
            "{width} x {height} pixels are more than the limit of {} million pixels and {} a side",
            limits.max_pixels / 1_000_000,
            limits.max_side
        )));
    }
    let capacity = pixels_a_byte.map(|pixels| pixels.saturating_mul(file.len() as u64));
    if capacity.is_some_and(|capacity| pixels > capacity) {
        return Err(DecodeError::damaged(&format!(
            "its {} bytes cannot hold the {width} x {height} pixels that it promises",
            file.len()
        )));
    }
    if pixels.saturating_mul(bytes_a_pixel) > limits.max_decode_bytes {
        return Err(DecodeError::TooLarge(format!(
            "decoding {width} x {height} pixels takes more than the limit of {} million bytes",
            limits.max_decode_bytes / 1_000_000
        )));
    }
    Ok(())
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    format!("the decoder failed on it ({message})")
}

#[cfg(test)]
mod tests;
