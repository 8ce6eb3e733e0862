//! Decoding for the model and the fingerprint against decoding in full by the `image` crate, for
//! each format and size. `image` decodes JPEG with `zune-jpeg`, which stands for it here.
//!
//! `cargo bench --bench decode`; the last column is what counts on any machine. Rounds alternate,
//! so that a machine which slows down slows down both.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod synthetic;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Instant;

use common::jpeg;
use image::{DynamicImage, ImageFormat, RgbImage};
use twinlens::photo::{Format, Orientation};
use twinlens::scan::{DecodeScale, Limits, decode, fingerprint, thumbnail};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

const ROUNDS: u32 = 5;

/// What the bundled model is fed from.
const SCALE: DecodeScale = DecodeScale::Reduced {
    min_short_side: 512,
};

/// Milliseconds that `work` takes.
fn time(work: &mut dyn FnMut()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() * 1000.0
}

/// The least of some rounds of each, which alternate.
fn least<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (least, work) in least.iter_mut().zip(&mut works) {
            *least = least.min(time(*work));
        }
    }
    least
}

fn progressive(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 88);
    encoder.set_progressive(true);
    let [width, height] = [picture.width(), picture.height()].map(|side| side as u16);
    encoder
        .encode(
            picture.as_raw(),
            width,
            height,
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    bytes
}

/// A file of the picture in a format that `image` writes.
fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(picture.clone());
    // Inside an icon `image` reads a PNG of RGBA and no other.
    let picture = match format {
        ImageFormat::Ico => DynamicImage::ImageRgba8(picture.into_rgba8()),
        _ => picture,
    };
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn compare(label: &str, megapixels: f64, format: Format, bytes: &[u8], other: Option<ImageFormat>) {
    let limits = Limits::default();
    let mut ours = || {
        black_box(decode(bytes, format, Orientation::Normal, SCALE, &limits).unwrap());
    };
    let mut full = || match other {
        Some(format) => drop(black_box(
            image::load_from_memory_with_format(bytes, format).unwrap(),
        )),
        None => drop(black_box(
            JpegDecoder::new(ZCursor::new(bytes)).decode().unwrap(),
        )),
    };
    let [ours, full] = least([&mut ours, &mut full]);
    println!(
        "{label:<12} {megapixels:>5.1} {:>8.0} {ours:>10.2} {full:>10.2} {:>7.2}",
        bytes.len() as f64 / 1000.0,
        ours / full
    );
}

fn main() {
    println!(
        "{:<12} {:>5} {:>8} {:>10} {:>10} {:>7}",
        "format", "MP", "kB", "ours ms", "full ms", "ratio"
    );
    for (width, height) in [(256, 192), (640, 480), (2048, 1536), (4000, 3000)] {
        let picture = synthetic::photo(7, width, height);
        let megapixels = f64::from(width * height) / 1e6;
        compare("jpeg", megapixels, Format::Jpeg, &jpeg(&picture, 88), None);
        let bytes = progressive(&picture);
        compare("progressive", megapixels, Format::Jpeg, &bytes, None);
        for (format, image_format, largest) in [
            (Format::Png, ImageFormat::Png, u32::MAX),
            (Format::WebP, ImageFormat::WebP, u32::MAX),
            (Format::Tiff, ImageFormat::Tiff, u32::MAX),
            (Format::Bmp, ImageFormat::Bmp, u32::MAX),
            (Format::Qoi, ImageFormat::Qoi, u32::MAX),
            (Format::Tga, ImageFormat::Tga, u32::MAX),
            (Format::Pnm, ImageFormat::Pnm, u32::MAX),
            // It takes its encoder minutes to choose colours for a large one.
            (Format::Gif, ImageFormat::Gif, 640),
            // The format's limit.
            (Format::Ico, ImageFormat::Ico, 256),
        ] {
            if width <= largest {
                let bytes = encoded(&picture, image_format);
                compare(
                    format.name(),
                    megapixels,
                    format,
                    &bytes,
                    Some(image_format),
                );
            }
        }
    }
    let bytes = jpeg(&synthetic::photo(7, 4000, 3000), 88);
    let limits = Limits::default();
    let decoded = decode(&bytes, Format::Jpeg, Orientation::Normal, SCALE, &limits).unwrap();
    let [hash, small] = least([
        &mut || {
            black_box(fingerprint(&decoded));
        },
        &mut || drop(black_box(thumbnail(&decoded).unwrap())),
    ]);
    println!("of 12 MP at 1/4: fingerprint {hash:.2} ms, thumbnail {small:.2} ms");
}
