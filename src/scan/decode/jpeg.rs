//! `JPEG`: baseline and progressive, grey, `YCbCr`, RGB, CMYK and YCCK, at 1/1 to 1/8 of the size.
//!
//! Three decoders share the work. Measured on 12 megapixels, baseline, one core: `reduced-jpeg` 25
//! ms at 1/2, 15 at 1/4, 10 at 1/8; `jpeg-decoder` 44, 38 and 36, and 69 in full; `zune-jpeg` 58 in
//! full, which is all it can do. So a reduced picture comes from the first, see
//! [`jpeg_reduced`](super::jpeg_reduced), and a full one from the third; where one refuses a file,
//! the second is asked, which knows the most kinds.
//!
//! Whole or damaged: left to themselves, decoders fill what is missing with grey or with what
//! zero bits happen to mean, with an end marker (a repaired file, a download that a program closed
//! properly) as well as without one (which some cameras and many web servers lose, so that its
//! absence means nothing). So the picture's data is given to them with an ending of its own: some
//! bytes of ones, then the marker. A Huffman code of ones alone does not exist (T.81, C.2), so a
//! decoder that needs another symbol fails there, and one that has all never looks.
//!
//! Pitfalls: `jpeg-decoder` gives its work to threads of its own, or to `rayon`. Here it is given
//! a `rayon` pool whose only thread is the calling one, which also makes it a fifth cheaper; a
//! thread that has decoded once runs its own later `rayon` calls in that pool of one.

use std::cell::OnceCell;
use std::io::{self, Read};

use image::RgbImage;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use rayon::{ThreadPool, ThreadPoolBuilder};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::jpeg_scans::scans;
use super::jpeg_segments::{Segments, segments};
use super::{DecodeError, DecodeScale, Limits, Stored, check_size, jpeg_reduced, raster, shrink};

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

    let scans = scans(bytes, &header);
    if !scans.has_end_marker {
        check_tail(bytes, &header)?;
    }
    let says_that_it_is_all = is_progressive && scans.has_end_marker;
    if !scans.send_all && !says_that_it_is_all {
        return Err(DecodeError::damaged(BREAKS_OFF));
    }
    if let Some(stored) = reduced(bytes, &header, scale, limits) {
        return Ok(stored);
    }
    let picture = Picture::new(bytes.get(..scans.end).unwrap_or(bytes), &header);
    picture.decode(scale).map_err(|failure| {
        if !failure.ends_early {
            return failure.error;
        }
        if scans.count > 1 || is_progressive {
            return DecodeError::damaged(BREAKS_OFF);
        }
        let share = percent(picture.rows_that_are_there(), header.size.1 as usize);
        DecodeError::damaged(&format!("its data ends after {share} % of the picture"))
    })
}

/// The picture at a reduced scale, if that is asked for and the file is one of the usual kind.
fn reduced(bytes: &[u8], header: &Segments, scale: DecodeScale, limits: &Limits) -> Option<Stored> {
    let (width, height) = header.size;
    let divisor = scale.divisor(width, height);
    let image = jpeg_reduced::decode(bytes, divisor, limits)?;
    Some(Stored {
        image,
        full_size: header.size,
        covered: covered(header, divisor),
    })
}

/// What a picture at 1/`divisor` covers of its pixels.
fn covered(header: &Segments, divisor: u32) -> (f64, f64) {
    let side = |full: u32| f64::from(full) / f64::from(divisor);
    (side(header.size.0), side(header.size.1))
}

/// Refuses what no decoder here can do, with its name.
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

/// Adobe's transform 0 says that three components are RGB, whatever their identifiers
/// (`zune-jpeg` takes them for CMYK, `jpeg-decoder` for `YCbCr`).
fn is_adobe_rgb(header: &Segments) -> bool {
    header.components.len() == 3 && header.adobe_transform == Some(0) && !header.is_jfif
}

/// What follows the picture's data instead of whatever does in the file: 96 bits of ones (a zero
/// byte behind each byte of ones keeps it from being a marker), more than a decoder reads ahead,
/// and the end marker.
const ENDING: [u8; 26] = {
    let mut ending = [0; 26];
    let mut at = 0;
    while at < ending.len() {
        ending[at] = 0xff;
        at += 2;
    }
    ending[25] = 0xd9;
    ending
};

/// Why a decoder gave no picture.
struct Failure {
    error: DecodeError,
    /// It was not the data that made no sense, but its end.
    ends_early: bool,
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self {
            error,
            ends_early: false,
        }
    }
}

/// A picture's file up to where its data ends.
struct Picture<'a> {
    data: &'a [u8],
    header: &'a Segments,
}

impl<'a> Picture<'a> {
    fn new(mut data: &'a [u8], header: &'a Segments) -> Self {
        // Half of what a cut has left of a byte of ones, or of a marker.
        while let [rest @ .., 0xff] = data {
            data = rest;
        }
        Self { data, header }
    }

    fn decode(&self, scale: DecodeScale) -> Result<Stored, Failure> {
        let (width, height) = self.header.size;
        let divisor = scale.divisor(width, height);
        if divisor == 1 {
            let image = self.full().or_else(|error| {
                self.reduced(1).map_err(|other| Failure {
                    error,
                    ends_early: other.ends_early,
                })
            })?;
            return Ok(shrink::shrink(image, DecodeScale::Full));
        }
        match self.reduced(divisor) {
            Ok(image) => Ok(Stored {
                image,
                full_size: self.header.size,
                covered: covered(self.header, divisor),
            }),
            Err(failure) if failure.ends_early => Err(failure),
            Err(failure) => self
                .full()
                .map(|image| shrink::shrink(image, scale))
                .map_err(|_same| failure),
        }
    }

    /// Decodes at 1/`divisor` with `jpeg-decoder`.
    fn reduced(&self, divisor: u32) -> Result<RgbImage, Failure> {
        on_this_thread_alone();
        let mut reader = Ended {
            now: self.data,
            ending: &ENDING,
        };
        let result = decode_reduced(Decoder::new(&mut reader), self.header, divisor);
        let image = result.map_err(|error| Failure {
            ends_early: reader.ending.is_empty() && matches!(error, DecodeError::Damaged(_)),
            error,
        })?;
        image.ok_or_else(|| not_of_its_size().into())
    }

    /// Decodes in full with `zune-jpeg`, refusing whatever is not whole.
    fn full(&self) -> Result<RgbImage, DecodeError> {
        if is_adobe_rgb(self.header) {
            return self.reduced(1).map_err(|failure| failure.error);
        }
        with_zune(&[self.data, &ENDING].concat(), self.header, true)
    }

    /// How many rows lie above those that `zune-jpeg` fills with 128 for want of data.
    fn rows_that_are_there(&self) -> usize {
        let Ok(image) = with_zune(self.data, self.header, false) else {
            return 0;
        };
        let row_bytes = image.width() as usize * 3;
        let filled = image
            .as_raw()
            .rchunks(row_bytes.max(1))
            .take_while(|row| row.iter().all(|&value| value == 128))
            .count();
        image.height() as usize - filled
    }
}

/// Reads a picture's data, then the ending.
struct Ended<'a> {
    now: &'a [u8],
    /// Empty once it is being read.
    ending: &'a [u8],
}

impl Read for Ended<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.now.is_empty() {
            self.now = std::mem::take(&mut self.ending);
        }
        self.now.read(buffer)
    }

    // The decoder reads byte by byte. Measured: with the slice first this costs 1 to 2 % of a
    // decoding at 1/4, and to copy the data no less.
    #[inline]
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        match self.now.split_at_checked(buffer.len()) {
            Some((read, rest)) => {
                buffer.copy_from_slice(read);
                self.now = rest;
                Ok(())
            }
            None => self.read_across(buffer),
        }
    }
}

impl Ended<'_> {
    /// Fills `buffer` from the rest of the data and the ending.
    #[cold]
    fn read_across(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while buffer.len() > self.now.len() && !self.ending.is_empty() {
            let count = self.read(buffer)?;
            buffer = buffer.get_mut(count..).unwrap_or_default();
        }
        self.now.read_exact(buffer)
    }
}

/// Decodes at 1/`divisor`; `None` if what comes out is not of the size that was promised.
fn decode_reduced(
    mut decoder: Decoder<impl Read>,
    header: &Segments,
    divisor: u32,
) -> Result<Option<RgbImage>, DecodeError> {
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
    Ok(match decoder.info().map(|info| info.pixel_format) {
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
    })
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
    RgbImage::from_raw(header.size.0, header.size.1, samples).ok_or_else(not_of_its_size)
}

fn not_of_its_size() -> DecodeError {
    DecodeError::damaged("it is not of the size that it promises")
}

/// What is said of a picture that is there in full height, but blurred or without colours.
const BREAKS_OFF: &str = "the file breaks off before the picture's last scan ends";

/// Refuses a file without an end marker that ends in bytes which were never written: zeros are
/// good Huffman codes.
fn check_tail(bytes: &[u8], header: &Segments) -> Result<(), DecodeError> {
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
    Ok(())
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
