//! Windows icons: the largest picture of the file, of those with the most colours.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::ico::IcoDecoder;

use super::{DecodeError, Limits, raster};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = IcoDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    // An entry may be a PNG of any size.
    raster::from_decoder(decoder, Some(super::png::PIXELS_A_BYTE), bytes, limits)
}
