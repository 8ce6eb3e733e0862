//! The Quite OK Image format.

use std::io::Cursor;

use image::codecs::qoi::QoiDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Qoi file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        QoiDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Qoi, &error))?;
    run(Format::Qoi, decoder, limits)
}
