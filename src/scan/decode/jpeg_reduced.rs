//! A `JPEG` at 1/2, 1/4 or 1/8 by `reduced-jpeg`, which is made for it: the way that nearly every
//! photo takes.
//!
//! What it does not know, and what it finds damaged, is left to the decoders of [`jpeg`](super::jpeg):
//! they know more kinds of files, and have the last word on whether a picture is whole. Of
//! progressive files all scans are read, though at a reduced scale the last ones are hardly seen:
//! a file that breaks off in one of them must not pass for a whole one, or it may be kept instead
//! of its whole copy.

use std::cell::RefCell;

use image::RgbImage;
use reduced_jpeg::{Decoder, Options, Scale, Scans};

use super::Limits;

/// More than this is not held for the next picture: what 100 megapixels take.
const HELD_BYTES: usize = 64 << 20;

thread_local! {
    static DECODER: RefCell<Decoder> = RefCell::new(Decoder::new());
}

/// The whole picture at 1/`divisor`; `None` if another decoder is to be asked.
pub(super) fn decode(bytes: &[u8], divisor: u32, limits: &Limits) -> Option<RgbImage> {
    let scale = match divisor {
        2 => Scale::Half,
        4 => Scale::Quarter,
        8 => Scale::Eighth,
        _ => return None,
    };
    let options = Options::at(scale)
        .with_scans(Scans::All)
        .with_limits(reduced_jpeg::Limits {
            max_pixels: limits.max_pixels,
            max_bytes: limits.max_decode_bytes,
        });
    DECODER.with_borrow_mut(|decoder| {
        let image = decoder
            .decode(bytes, &options)
            // Whatever the reason: the others find it too, or decode the picture.
            .ok()
            .filter(|picture| !picture.is_truncated())
            .and_then(|picture| {
                let side = |pixels: usize| u32::try_from(pixels).ok();
                let (width, height) = (side(picture.width())?, side(picture.height())?);
                RgbImage::from_raw(width, height, picture.to_rgb())
            });
        if decoder.held_bytes() > HELD_BYTES {
            *decoder = Decoder::new();
        }
        image
    })
}
