//! GIF: the first frame at its place on the canvas, the rest of which is white.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::gif::GifDecoder;

use super::{DecodeError, Limits, check_size, raster};

/// The frame and the canvas as RGBA, and the RGB made from it.
const BYTES_A_PIXEL: u64 = 4 + 4 + 3;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    // The crate looks for the first frame before it gives the canvas' size (GIF89a, 18).
    if let Some(&[w0, w1, h0, h1]) = bytes.get(6..10) {
        let side = |bytes| u32::from(u16::from_le_bytes(bytes));
        let canvas = (side([w0, w1]), side([h0, h1]));
        // The canvas may be far larger than the frame: no size is impossible.
        check_size(canvas, BYTES_A_PIXEL, None, bytes, limits)?;
    }
    let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, None, bytes, limits)
}
