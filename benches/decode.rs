//! Decoding for the model and the fingerprint against decoding in full by the `image` crate
//! (JPEG: the `jpeg-decoder` crate), for each format and size.
//!
//! `cargo bench --bench decode`; the last column is what counts on any machine.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Instant;

use common::{jpeg, picture};
use image::{DynamicImage, ImageFormat};
use twinlens::photo::{Format, Orientation};
use twinlens::scan::{DecodeScale, Limits, decode, fingerprint, thumbnail};

const ROUNDS: u32 = 5;

/// The least of some rounds, in milliseconds.
fn least(mut work: impl FnMut()) -> f64 {
    let mut round = || {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64() * 1000.0
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let (limits, scale) = (
        Limits::default(),
        DecodeScale::Reduced {
            min_short_side: 512,
        },
    );
    println!(
        "{:<6} {:>5} {:>10} {:>10} {:>7}",
        "format", "MP", "ours ms", "full ms", "ratio"
    );
    for (width, height) in [(640, 480), (2048, 1536), (4000, 3000)] {
        let picture = picture(7, width, height);
        let megapixels = f64::from(width * height) / 1e6;
        for (format, image_format) in [
            (Format::Jpeg, None),
            (Format::Png, Some(ImageFormat::Png)),
            (Format::WebP, Some(ImageFormat::WebP)),
            (Format::Tiff, Some(ImageFormat::Tiff)),
            (Format::Bmp, Some(ImageFormat::Bmp)),
            (Format::Qoi, Some(ImageFormat::Qoi)),
        ] {
            let bytes = image_format.map_or_else(
                || jpeg(&picture, 88),
                |image_format| {
                    let mut bytes = Cursor::new(Vec::new());
                    DynamicImage::ImageRgb8(picture.clone())
                        .write_to(&mut bytes, image_format)
                        .unwrap();
                    bytes.into_inner()
                },
            );
            let ours = least(|| {
                black_box(decode(&bytes, format, Orientation::Normal, scale, &limits).unwrap());
            });
            let full = least(|| match image_format {
                Some(format) => drop(black_box(
                    image::load_from_memory_with_format(&bytes, format).unwrap(),
                )),
                None => drop(black_box(
                    jpeg_decoder::Decoder::new(bytes.as_slice())
                        .decode()
                        .unwrap(),
                )),
            });
            println!(
                "{:<6} {megapixels:>5.1} {ours:>10.2} {full:>10.2} {:>7.2}",
                format.name(),
                ours / full
            );
        }
    }
    let bytes = jpeg(&picture(7, 4000, 3000), 88);
    let decoded = decode(&bytes, Format::Jpeg, Orientation::Normal, scale, &limits).unwrap();
    println!(
        "fingerprint of 12 MP at 1/4: {:.2} ms",
        least(|| {
            black_box(fingerprint(&decoded));
        })
    );
    println!(
        "thumbnail of 12 MP at 1/4:   {:.2} ms",
        least(|| drop(black_box(thumbnail(&decoded).unwrap())))
    );
}
