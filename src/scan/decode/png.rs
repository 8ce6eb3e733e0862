//! Portable Network Graphics; of an animation the default picture.

use std::io::Cursor;

use image::codecs::png::PngDecoder;

use image::Limits as ImageLimits;

use super::{DecodeError, DecodedPhoto, check_size, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Png file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    // The size stands first in every file (PNG specification, 11.2.2); a file that claims too
    // much is refused for that, whatever else is wrong with it.
    if let Some([w0, w1, w2, w3, h0, h1, h2, h3]) = bytes.get(16..24) {
        let (width, height) = ([*w0, *w1, *w2, *w3], [*h0, *h1, *h2, *h3]);
        check_size(
            u32::from_be_bytes(width),
            u32::from_be_bytes(height),
            limits,
        )?;
    }
    // Already the header's text and colour profile chunks are compressed and may be bombs.
    let mut header_limits = ImageLimits::default();
    header_limits.max_alloc = Some(limits.max_decode_bytes);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), header_limits)
        .map_err(|error| image_error(Format::Png, &error))?;
    run(Format::Png, decoder, limits)
}
