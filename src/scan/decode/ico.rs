//! Windows icons: the largest picture of the file, and of equally large ones the one of most
//! colours.
//!
//! Pitfall: the `image` crate reads icons but refuses pictures that are PNG without opacity,
//! which exist. So the directory is read here, PNG goes to the PNG decoder, and only bitmaps,
//! with their masks, are left to the crate, as an icon of one picture.

use std::io::Cursor;

use image::RgbImage;
use image::codecs::ico::IcoDecoder;

use super::{DecodeError, Limits, png, raster};

const HEADER_BYTES: usize = 6;
const ENTRY_BYTES: usize = 16;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let entry = largest_entry(bytes)
        .ok_or_else(|| DecodeError::damaged("its directory names no picture"))?;
    let number = |at: usize| {
        entry
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |&bytes| u32::from_le_bytes(bytes) as usize)
    };
    let (length, offset) = (number(8), number(12));
    let picture = offset
        .checked_add(length)
        .and_then(|end| bytes.get(offset..end))
        .ok_or_else(|| DecodeError::damaged("its data ends too early"))?;
    if picture.starts_with(b"\x89PNG") {
        return png::decode(picture, limits);
    }
    // An icon of this one picture.
    let mut alone = vec![0, 0, 1, 0, 1, 0];
    alone.extend_from_slice(entry.get(..12).unwrap_or_default());
    alone.extend_from_slice(&22_u32.to_le_bytes());
    alone.extend_from_slice(picture);
    let decoder = IcoDecoder::new(Cursor::new(&alone)).map_err(raster::from_image)?;
    // Nothing is compressed.
    raster::from_decoder(decoder, Some(8), &alone, limits)
}

/// The directory's entry of most pixels, then of most bits a pixel.
fn largest_entry(bytes: &[u8]) -> Option<&[u8]> {
    let count = usize::from(u16::from_le_bytes(*bytes.get(4..)?.first_chunk()?));
    let entries = bytes.get(HEADER_BYTES..)?.chunks_exact(ENTRY_BYTES);
    entries.take(count).max_by_key(|entry| {
        let byte = |at: usize| entry.get(at).copied().map_or(0, u32::from);
        // A side of 256 is written as 0.
        let side = |at: usize| match byte(at) {
            0 => 256,
            side => side,
        };
        (side(0) * side(1), byte(6) + 256 * byte(7))
    })
}
