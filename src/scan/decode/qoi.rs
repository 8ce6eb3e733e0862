//! Quite OK Image (qoiformat.org).

use std::io::Cursor;

use image::RgbImage;
use image::codecs::qoi::QoiDecoder;

use super::{DecodeError, Limits, check_size, raster};

/// The longest run that one byte can say (QOI specification, `QOI_OP_RUN`).
const PIXELS_A_BYTE: u64 = 62;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    // The crate has a limit of its own and calls what is beyond it invalid.
    if let Some(&[w3, w2, w1, w0, h3, h2, h1, h0]) = bytes.get(4..12) {
        let size = (
            u32::from_be_bytes([w3, w2, w1, w0]),
            u32::from_be_bytes([h3, h2, h1, h0]),
        );
        check_size(size, 4 + 3, Some(PIXELS_A_BYTE), bytes, limits)?;
    }
    let decoder = QoiDecoder::new(Cursor::new(bytes)).map_err(raster::from_image)?;
    raster::from_decoder(decoder, Some(PIXELS_A_BYTE), bytes, limits)
}
