//! PNG, through the `png` crate itself: it can be told to leave compressed texts and profiles
//! alone, which may unpack to gigabytes. Of an animation (APNG) the default picture counts.

use std::io::{Cursor, ErrorKind};

use image::RgbImage;
use png::{BitDepth, DecodingError, Transformations};

use super::{DecodeError, Limits, check_size, raster};

/// Deflate cannot pack more than 1,032 bytes into one (zlib's technical notes: 258 bytes in
/// two bits), and one byte holds at most eight pixels.
const PIXELS_A_BYTE: u64 = 1032 * 8;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    let max_bytes = usize::try_from(limits.max_decode_bytes).unwrap_or(usize::MAX);
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: max_bytes });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Palettes and transparent colours become RGB and alpha, 1, 2 and 4 bits become 8.
    decoder.set_transformations(Transformations::EXPAND);

    let header = decoder.read_header_info().map_err(from_png)?;
    let size = (header.width, header.height);
    // RGBA of 16 bits and the 8-bit RGB made from it.
    check_size(size, 8 + 3, Some(PIXELS_A_BYTE), bytes, limits)?;
    let mut reader = decoder.read_info().map_err(from_png)?;

    let buffer_size = reader
        .output_buffer_size()
        .ok_or_else(|| DecodeError::TooLarge("its rows do not fit into memory".to_owned()))?;
    let mut samples = vec![0; buffer_size];
    let frame = reader.next_frame(&mut samples).map_err(from_png)?;
    samples.truncate(frame.buffer_size());
    if frame.bit_depth == BitDepth::Sixteen {
        samples = samples
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&pair| raster::to_8_bits(u16::from_be_bytes(pair)))
            .collect();
    }
    raster::from_samples(size, frame.color_type.samples(), samples)
        .ok_or_else(|| DecodeError::damaged("its first picture is not of the size it promises"))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "its use is as the function of a map_err"
)]
fn from_png(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::LimitsExceeded => {
            DecodeError::TooLarge("decoding it takes more memory than the limit".to_owned())
        }
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::damaged("its data ends too early")
        }
        error => DecodeError::damaged(&error),
    }
}
