//! Windows bitmaps, uncompressed or run-length encoded.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::bmp::BmpDecoder;

use super::{DecodeError, Limits, raster};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, pixels_a_byte(bytes), bytes, limits)
}

/// Eight pixels a byte where nothing is compressed; run lengths can skip to anywhere.
fn pixels_a_byte(bytes: &[u8]) -> Option<u64> {
    let is_run_length_encoded = bytes.get(14) != Some(&12) && matches!(bytes.get(30), Some(1 | 2));
    (!is_run_length_encoded).then_some(8)
}
