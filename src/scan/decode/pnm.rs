//! The portable any-maps of Netpbm: PBM, PGM, PPM and PAM, as text or binary, of 1 to 16 bits.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::pnm::PnmDecoder;

use super::{DecodeError, Limits, raster};

/// Binary bitmaps hold eight pixels in a byte, and nothing is compressed.
const PIXELS_A_BYTE: u64 = 8;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = PnmDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, Some(PIXELS_A_BYTE), bytes, limits)
}
