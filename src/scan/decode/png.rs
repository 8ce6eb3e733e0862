//! Portable Network Graphics; of an animation the default picture.

use std::io::Cursor;

use image::codecs::png::PngDecoder;

use image::Limits as ImageLimits;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Png file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    // Already the header's text and colour profile chunks are compressed and may be bombs.
    let mut header_limits = ImageLimits::default();
    header_limits.max_alloc = Some(limits.max_decode_bytes);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), header_limits)
        .map_err(|error| image_error(Format::Png, &error))?;
    run(Format::Png, decoder, limits)
}
