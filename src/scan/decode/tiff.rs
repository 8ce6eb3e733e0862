//! TIFF: the first page.

use std::io::Cursor;

use image::codecs::tiff::TiffDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Tiff file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        TiffDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Tiff, &error))?;
    run(Format::Tiff, decoder, limits)
}
