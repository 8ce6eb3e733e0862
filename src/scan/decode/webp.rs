//! WebP, lossy and lossless; of an animation the first frame.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a WebP file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        WebPDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::WebP, &error))?;
    run(Format::WebP, decoder, limits)
}
