//! Windows icons: the largest picture.

use std::io::Cursor;

use image::codecs::ico::IcoDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Ico file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        IcoDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Ico, &error))?;
    run(Format::Ico, decoder, limits)
}
