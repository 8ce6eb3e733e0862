//! GIF: the first frame at its place on the canvas, the rest of which is white.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::gif::GifDecoder;

use super::{DecodeError, Limits, raster};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    // The canvas may be far larger than the frame: no size is impossible.
    raster::from_decoder(decoder, None, bytes, limits)
}
