//! `JPEG`: baseline and progressive, grey, `YCbCr`, RGB, CMYK and YCCK, at 1/1 to 1/8 of the size.
//!
//! Two decoders share the work. Measured on 12 megapixels, baseline, one core: `jpeg-decoder`
//! 69 ms in full, 39 at 1/2, 30 at 1/4, 28 at 1/8; `zune-jpeg` 58 in full, which is all it can
//! do. So a reduced picture comes from the first and a full one from the second; where one
//! refuses a file, the other is asked.
//!
//! Whole or damaged: neither decoder tells a file that was cut off from one that lacks nothing
//! but its last two bytes (the end marker; some cameras and many web servers lose it), and both
//! fill what is missing with grey. So the end marker is looked for first. If it is missing, the
//! picture passes only if `zune-jpeg` in its strict mode reaches the last row of blocks.
//!
//! Pitfalls: `jpeg-decoder` gives its work to threads of its own, or to `rayon`. Here it is given
//! a `rayon` pool whose only thread is the calling one, which also makes it a fifth cheaper; a
//! thread that has decoded once runs its own later `rayon` calls in that pool of one.

use std::cell::OnceCell;

use image::RgbImage;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use rayon::{ThreadPool, ThreadPoolBuilder};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::jpeg_segments::{Segments, segments};
use super::{DecodeError, DecodeScale, Limits, Stored, check_size, raster, shrink};

/// A block of 64 pixels takes two bits at least (a DC and an end-of-block code of one bit each),
/// and every picture has one component that is not subsampled; four times that for pictures that
/// are subsampled in odd ways.
const BASELINE_PIXELS_A_BYTE: u64 = 4 * 64 * 8 / 2;

/// The longest side that the format can express.
const MAX_SIDE: usize = 65_535;

pub(super) fn decode(
    bytes: &[u8],
    scale: DecodeScale,
    limits: &Limits,
) -> Result<Stored, DecodeError> {
    let header = segments(bytes).ok_or_else(|| {
        DecodeError::damaged("its data ends, or makes no sense, before the picture begins")
    })?;
    check_process(&header)?;
    let is_progressive = header.process == 0xc2;
    // Progressive files need all coefficients in memory, two bytes each, beside planes and RGB.
    let samples = header.components.len() as u64;
    let bytes_a_pixel = samples + 3 + if is_progressive { 2 * samples } else { 0 };
    let pixels_a_byte = (!is_progressive).then_some(BASELINE_PIXELS_A_BYTE);
    check_size(header.size, bytes_a_pixel, pixels_a_byte, bytes, limits)?;

    if !has_end_marker(bytes, &header) {
        return without_end_marker(bytes, &header, is_progressive)
            .map(|image| shrink::shrink(image, scale));
    }
    let (width, height) = header.size;
    let divisor = scale.divisor(width, height);
    let full = || strict(bytes, &header);
    if divisor == 1 {
        let image = full().or_else(|error| reduced(bytes, &header, 1).map_err(|_same| error))?;
        Ok(shrink::shrink(image, DecodeScale::Full))
    } else {
        match reduced(bytes, &header, divisor) {
            Ok(image) => Ok(Stored {
                image,
                full_size: header.size,
                covered: (
                    f64::from(width) / f64::from(divisor),
                    f64::from(height) / f64::from(divisor),
                ),
            }),
            Err(error) => full()
                .map(|image| shrink::shrink(image, scale))
                .map_err(|_same| error),
        }
    }
}

/// Refuses what neither decoder can do, with its name.
fn check_process(header: &Segments) -> Result<(), DecodeError> {
    let what = match (header.process, header.precision) {
        (0xc0..=0xc2, 8) => match header.components.len() {
            1 | 3 | 4 => return Ok(()),
            count => format!("a JPEG of {count} components"),
        },
        (0xc0..=0xc2, bits) => format!("a JPEG of {bits} bits a sample"),
        (0xc3, _) => "a lossless JPEG".to_owned(),
        (0xc9..=0xcb, _) => "a JPEG with arithmetic coding".to_owned(),
        _ => "a hierarchical JPEG".to_owned(),
    };
    Err(DecodeError::unsupported(&what))
}

/// Whether an end-of-image marker lies behind the beginning of the first scan. In entropy-coded
/// data no 0xFF is followed by 0xD9 (T.81, B.1.1.5), so none is found there by chance.
fn has_end_marker(bytes: &[u8], header: &Segments) -> bool {
    // From the end: there it is, but for files that carry a video or a second picture behind.
    bytes
        .get(header.scan_at..)
        .is_some_and(|data| data.windows(2).rev().any(|pair| pair == [0xff, 0xd9]))
}

/// Adobe's transform 0 says that three components are RGB, whatever their identifiers
/// (`zune-jpeg` takes them for CMYK, `jpeg-decoder` for `YCbCr`).
fn is_adobe_rgb(header: &Segments) -> bool {
    header.components.len() == 3 && header.adobe_transform == Some(0) && !header.is_jfif
}

/// Decodes at 1/`divisor` with `jpeg-decoder`.
fn reduced(bytes: &[u8], header: &Segments, divisor: u32) -> Result<RgbImage, DecodeError> {
    on_this_thread_alone();
    let mut decoder = Decoder::new(bytes);
    if is_adobe_rgb(header) {
        decoder.set_color_transform(ColorTransform::RGB);
    }
    let (width, height) = header.size;
    let [width, height] = [width, height].map(|side| {
        // Both are 65,535 at most.
        u16::try_from(side.div_ceil(divisor)).unwrap_or(u16::MAX)
    });
    let (width, height) = decoder.scale(width, height).map_err(from_jpeg_decoder)?;
    let samples = decoder.decode().map_err(from_jpeg_decoder)?;
    let size = (u32::from(width), u32::from(height));
    let pixel_format = decoder.info().map(|info| info.pixel_format);
    let image = match pixel_format {
        Some(PixelFormat::L8) => raster::from_samples(size, 1, samples),
        Some(PixelFormat::RGB24) => raster::from_samples(size, 3, samples),
        Some(PixelFormat::CMYK32) => {
            let rgb = samples
                .as_chunks::<4>()
                .0
                .iter()
                .flat_map(|&cmyk| raster::cmyk_to_rgb(cmyk))
                .collect();
            raster::from_samples(size, 3, rgb)
        }
        Some(PixelFormat::L16) | None => None,
    };
    image.ok_or_else(|| DecodeError::damaged("it is not of the size that it promises"))
}

/// Decodes in full with `zune-jpeg`, refusing whatever is not whole.
fn strict(bytes: &[u8], header: &Segments) -> Result<RgbImage, DecodeError> {
    if is_adobe_rgb(header) {
        return reduced(bytes, header, 1);
    }
    with_zune(bytes, header, true)
}

fn with_zune(bytes: &[u8], header: &Segments, strict: bool) -> Result<RgbImage, DecodeError> {
    let options = DecoderOptions::new_fast()
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        .set_strict_mode(strict);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let samples = decoder
        .decode()
        .map_err(|error| DecodeError::damaged(&error))?;
    RgbImage::from_raw(header.size.0, header.size.1, samples)
        .ok_or_else(|| DecodeError::damaged("it is not of the size that it promises"))
}

/// A file without an end marker is whole if it is not progressive (there the last scans refine
/// all of the picture), does not end in bytes that were never written, and gives every row.
fn without_end_marker(
    bytes: &[u8],
    header: &Segments,
    is_progressive: bool,
) -> Result<RgbImage, DecodeError> {
    let data = bytes.get(header.scan_at..).unwrap_or_default();
    let blank = data
        .last()
        .filter(|&&last| last == 0x00 || last == 0xff)
        .map_or(0, |last| {
            data.iter().rev().take_while(|byte| *byte == last).count()
        });
    if blank >= 512 {
        return Err(DecodeError::damaged(&format!(
            "only the first {} % of the file were ever written",
            percent(bytes.len() - blank, bytes.len())
        )));
    }
    if is_progressive {
        return Err(DecodeError::damaged(
            "the file breaks off before the picture's last scan ends",
        ));
    }
    strict(bytes, header).map_err(|_ends_early| {
        let rows = with_zune(bytes, header, false).map_or(0, |image| rows_above_the_fill(&image));
        DecodeError::damaged(&format!(
            "its data ends after {} % of the picture",
            percent(rows, header.size.1 as usize)
        ))
    })
}

/// How many rows lie above those that `zune-jpeg` has filled with 128 for want of data.
fn rows_above_the_fill(image: &RgbImage) -> usize {
    let row_bytes = image.width() as usize * 3;
    let filled = image
        .as_raw()
        .rchunks(row_bytes.max(1))
        .take_while(|row| row.iter().all(|&value| value == 128))
        .count();
    image.height() as usize - filled
}

fn percent(part: usize, whole: usize) -> usize {
    part.saturating_mul(100) / whole.max(1)
}

/// Makes the calling thread the only one of a `rayon` pool, once.
fn on_this_thread_alone() {
    thread_local! {
        static POOL: OnceCell<Option<ThreadPool>> = const { OnceCell::new() };
    }
    POOL.with(|pool| {
        // It fails only on a thread that is in a pool already, and then that one serves.
        pool.get_or_init(|| {
            ThreadPoolBuilder::new()
                .num_threads(1)
                .use_current_thread()
                .build()
                .ok()
        });
    });
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "its use is as the function of a map_err"
)]
fn from_jpeg_decoder(error: jpeg_decoder::Error) -> DecodeError {
    match error {
        jpeg_decoder::Error::Unsupported(feature) => {
            DecodeError::unsupported(&format!("a JPEG with {feature:?}"))
        }
        error => DecodeError::damaged(&error),
    }
}
