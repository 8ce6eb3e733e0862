//! TIFF: the first page, in strips or tiles, chunky or planar, of 1 to 16 bits.
//!
//! Through the `tiff` crate itself, which can do more than `image` passes on: palettes, 2 and
//! 4 bits, `YCbCr`, and planar CMYK. Palettes the crate does not read as such; but an index is
//! a grey value by another name, so the tag that says "palette" is changed in a copy of the
//! file and the colours are looked up here.

use std::io::{Cursor, ErrorKind};

use image::RgbImage;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult};
use tiff::tags::PhotometricInterpretation;
use tiff::{ColorType, TiffError};

use super::tiff_tags::Directory;
use super::{DecodeError, Limits, check_size, raster};

const PHOTOMETRIC: u16 = 262;
const COLOUR_MAP: u16 = 320;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    if let Some((as_grey, colours)) = without_palette(bytes) {
        let Page {
            size,
            colour,
            samples,
        } = decode_samples(&as_grey, limits)?;
        let ColorType::Gray(depth) = colour else {
            return Err(DecodeError::unsupported(
                "a palette of more than one sample",
            ));
        };
        let rgb = samples
            .iter()
            .flat_map(|&value| colours.rgb(value, depth))
            .collect();
        return RgbImage::from_raw(size.0, size.1, rgb)
            .ok_or_else(|| DecodeError::damaged("it is not of the size that it promises"));
    }
    let Page {
        size,
        colour,
        mut samples,
    } = decode_samples(bytes, limits)?;
    let channels = match colour {
        ColorType::Gray(_) => 1,
        ColorType::GrayA(_) | ColorType::Multiband { num_samples: 2, .. } => 2,
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        ColorType::CMYK(_) => {
            samples = convert::<4>(&samples, raster::cmyk_to_rgb);
            3
        }
        ColorType::YCbCr(_) => {
            samples = convert::<3>(&samples, ycbcr_to_rgb);
            3
        }
        other => return Err(DecodeError::unsupported(&format!("a TIFF of {other:?}"))),
    };
    if channels % 2 == 0 {
        match alpha(bytes, &samples, channels) {
            Alpha::Unassociated => {}
            Alpha::Associated => unmultiply_on_white(&mut samples, channels),
            Alpha::None => make_opaque(&mut samples, channels),
        }
    }
    raster::from_samples(size, channels, samples)
        .ok_or_else(|| DecodeError::damaged("it is not of the size that it promises"))
}

/// What is on the first page.
struct Page {
    size: (u32, u32),
    colour: ColorType,
    /// Pixel by pixel, 8 bits a sample.
    samples: Vec<u8>,
}

/// Decodes the first page. Samples of less than 8 bits are spread over 0 to 255.
fn decode_samples(bytes: &[u8], limits: &Limits) -> Result<Page, DecodeError> {
    let max_bytes = usize::try_from(limits.max_decode_bytes).unwrap_or(usize::MAX);
    let mut decoder_limits = tiff::decoder::Limits::default();
    decoder_limits.decoding_buffer_size = max_bytes;
    decoder_limits.intermediate_buffer_size = max_bytes / 2;
    let mut decoder = Decoder::new(Cursor::new(bytes))
        .map_err(from_tiff)?
        .with_limits(decoder_limits);
    let size = decoder.dimensions().map_err(from_tiff)?;
    let colour = decoder.colortype().map_err(from_tiff)?;
    let channels = u64::from(colour.num_samples());
    // What the crate decodes into, the same as 8 bits, and the RGB.
    let bytes_a_pixel = channels * u64::from(colour.bit_depth().div_ceil(8)) + channels + 3;
    // Fax codes say a white row in one bit: no size is impossible.
    check_size(size, bytes_a_pixel, None, bytes, limits)?;

    let mut pixels = DecodingResult::U8(Vec::new());
    let layout = decoder
        .read_image_to_buffer(&mut pixels)
        .map_err(from_tiff)?;
    let channels = usize::from(colour.num_samples());
    let samples = match &pixels {
        DecodingResult::U8(values) if colour.bit_depth() < 8 => {
            unpack(values, size, channels, colour.bit_depth())
        }
        DecodingResult::U8(values) => interleave(values, &layout, channels),
        DecodingResult::U16(values) if colour.bit_depth() == 16 => {
            let values: Vec<u8> = values
                .iter()
                .map(|&value| raster::to_8_bits(value))
                .collect();
            interleave(&values, &layout, channels)
        }
        _ => {
            return Err(DecodeError::unsupported(&format!(
                "a TIFF of {} bits a sample, {:?}",
                colour.bit_depth(),
                layout.sample_format
            )));
        }
    };
    Ok(Page {
        size,
        colour,
        samples,
    })
}

/// Samples plane by plane (`PlanarConfiguration` 2) to pixel by pixel.
fn interleave(values: &[u8], layout: &BufferLayoutPreference, channels: usize) -> Vec<u8> {
    if layout.planes <= 1 || channels == 0 {
        return values.to_vec();
    }
    let plane_length = values.len() / layout.planes;
    let mut samples = vec![0; plane_length * channels];
    let planes = values.chunks_exact(plane_length.max(1)).take(channels);
    for (channel, plane) in planes.enumerate() {
        let targets = samples.iter_mut().skip(channel).step_by(channels);
        targets.zip(plane).for_each(|(to, &from)| *to = from);
    }
    samples
}

/// Samples of 1 to 7 bits, each row beginning at a byte, to 8 bits.
fn unpack(values: &[u8], (width, height): (u32, u32), channels: usize, depth: u8) -> Vec<u8> {
    let row_samples = width as usize * channels;
    let row_bytes = (row_samples * usize::from(depth)).div_ceil(8);
    let highest = (1_u32 << depth) - 1;
    let mut samples = Vec::with_capacity(row_samples * height as usize);
    for row in values.chunks_exact(row_bytes.max(1)).take(height as usize) {
        let bits = |index: usize| {
            let byte = row.get(index / 8).copied().unwrap_or_default();
            u32::from(byte >> (7 - index % 8) & 1)
        };
        samples.extend((0..row_samples).map(|sample| {
            let first = sample * usize::from(depth);
            let value =
                (0..usize::from(depth)).fold(0, |value, bit| value << 1 | bits(first + bit));
            u8::try_from(value * 255 / highest).unwrap_or(u8::MAX)
        }));
    }
    samples
}

fn convert<const N: usize>(samples: &[u8], to_rgb: impl Fn([u8; N]) -> [u8; 3]) -> Vec<u8> {
    samples
        .as_chunks::<N>()
        .0
        .iter()
        .flat_map(|&pixel| to_rgb(pixel))
        .collect()
}

/// ITU-R BT.601 with the full range of values, as JFIF has it.
fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(to_byte)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to 0..=255 first"
)]
fn to_byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

enum Alpha {
    /// The last sample is no opacity.
    None,
    /// Colours are multiplied by it already.
    Associated,
    /// Colours are as without it.
    Unassociated,
}

/// What the last sample of a pixel is, by the tag `ExtraSamples` (TIFF 6.0, section 18).
///
/// Writers that leave the tag out, against the specification, mean opacity; unless it is zero
/// everywhere, for nobody keeps a picture of nothing.
fn alpha(bytes: &[u8], samples: &[u8], channels: usize) -> Alpha {
    const EXTRA_SAMPLES: u16 = 338;
    match Directory::first(bytes).and_then(|directory| directory.number(EXTRA_SAMPLES)) {
        Some(1) => Alpha::Associated,
        Some(2) => Alpha::Unassociated,
        Some(_) => Alpha::None,
        None => {
            let mut opacities = samples.iter().skip(channels - 1).step_by(channels);
            if opacities.all(|&opacity| opacity == 0) {
                Alpha::None
            } else {
                Alpha::Unassociated
            }
        }
    }
}

fn make_opaque(samples: &mut [u8], channels: usize) {
    for opacity in samples.iter_mut().skip(channels - 1).step_by(channels) {
        *opacity = u8::MAX;
    }
}

/// Blends colours that are multiplied by their opacity on white, and makes them opaque.
fn unmultiply_on_white(samples: &mut [u8], channels: usize) {
    for pixel in samples.chunks_exact_mut(channels) {
        if let Some((alpha, colours)) = pixel.split_last_mut() {
            for value in colours {
                *value = value.saturating_add(255 - *alpha);
            }
            *alpha = u8::MAX;
        }
    }
}

/// A palette: all reds, then all greens, then all blues.
struct Palette(Vec<u16>);

impl Palette {
    /// The colour of an index that [`unpack`] has spread over 0 to 255.
    fn rgb(&self, spread: u8, depth: u8) -> [u8; 3] {
        let count = self.0.len() / 3;
        let highest = (1_usize << depth.min(8)) - 1;
        let index = (usize::from(spread) * highest).div_ceil(255);
        // Some writers put 8-bit values into the 16-bit table.
        let is_8_bit = self.0.iter().all(|&value| value < 256);
        [0, 1, 2].map(|channel| {
            let value = self.0.get(channel * count + index).copied().unwrap_or(0);
            if is_8_bit {
                u8::try_from(value).unwrap_or(u8::MAX)
            } else {
                raster::to_8_bits(value)
            }
        })
    }
}

/// If the first page has a palette: the file with that page called grey, and the palette.
fn without_palette(bytes: &[u8]) -> Option<(Vec<u8>, Palette)> {
    let directory = Directory::first(bytes)?;
    if directory.number(PHOTOMETRIC)? != u32::from(PhotometricInterpretation::RGBPalette.to_u16()) {
        return None;
    }
    let palette = Palette(directory.shorts(COLOUR_MAP)?);
    let entry = directory.entry(PHOTOMETRIC)?;
    let grey = PhotometricInterpretation::BlackIsZero.to_u16();
    let mut copy = bytes.to_vec();
    let value = copy.get_mut(entry.value_at..entry.value_at.checked_add(2)?)?;
    value.copy_from_slice(&if directory.is_little_endian() {
        grey.to_le_bytes()
    } else {
        grey.to_be_bytes()
    });
    Some((copy, palette))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "its use is as the function of a map_err"
)]
fn from_tiff(error: TiffError) -> DecodeError {
    match error {
        TiffError::UnsupportedError(what) => DecodeError::unsupported(&format!("a TIFF, {what}")),
        TiffError::LimitsExceeded => {
            DecodeError::TooLarge("decoding it takes more memory than the limit".to_owned())
        }
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::damaged("its data ends too early")
        }
        error => DecodeError::damaged(&error),
    }
}
