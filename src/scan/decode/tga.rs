//! Truevision Targa.

use std::io::Cursor;

use image::codecs::tga::TgaDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Tga file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        TgaDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Tga, &error))?;
    run(Format::Tga, decoder, limits)
}
