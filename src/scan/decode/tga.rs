//! Truevision Targa, with or without run lengths. It has no magic number: see
//! [`sniff`](crate::scan::sniff()).

use std::io::Cursor;

use image::RgbImage;
use image::codecs::tga::TgaDecoder;

use super::{DecodeError, Limits, raster};

/// A run says 128 pixels in two bytes.
const PIXELS_A_BYTE: u64 = 64;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = TgaDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, Some(PIXELS_A_BYTE), bytes, limits)
}
