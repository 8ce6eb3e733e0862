//! Quite OK Image (qoiformat.org).

use std::io::Cursor;

use image::RgbImage;
use image::codecs::qoi::QoiDecoder;

use super::{DecodeError, Limits, raster};

/// The longest run that one byte can say (QOI specification, `QOI_OP_RUN`).
const PIXELS_A_BYTE: u64 = 62;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = QoiDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, Some(PIXELS_A_BYTE), bytes, limits)
}
