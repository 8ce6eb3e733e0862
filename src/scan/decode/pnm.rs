//! Portable any-maps: PBM, PGM, PPM and PAM.

use std::io::Cursor;

use image::codecs::pnm::PnmDecoder;

use super::{DecodeError, DecodedPhoto, image_error, run};
use crate::photo::Format;
use crate::scan::Limits;

/// Decodes a Pnm file as it is stored.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DecodedPhoto, DecodeError> {
    let decoder =
        PnmDecoder::new(Cursor::new(bytes)).map_err(|error| image_error(Format::Pnm, &error))?;
    run(Format::Pnm, decoder, limits)
}
