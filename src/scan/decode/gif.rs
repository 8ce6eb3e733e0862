//! GIF: the first frame, at its place on the canvas.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Gif file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        GifDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Gif, &error))?;
    run(Format::Gif, decoder, limits)
}
