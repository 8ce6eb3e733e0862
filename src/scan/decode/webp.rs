//! WebP, lossy and lossless; of an animation the first frame, on the animation's canvas.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::webp::WebPDecoder;

use super::{DecodeError, Limits, raster};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    // Lossless WebP can say "all pixels are equal" in a few bits: no size is impossible.
    raster::from_decoder(decoder, None, bytes, limits)
}
