//! One picture in every format and colour model.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the tests' own numbers are small, and exact halves and quarters are compared"
)]

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder};

use super::*;

mod jpeg_ends;
mod jpeg_reduced;
mod tiff_files;
mod whole;

/// Smooth colours with an edge, so that wrong channels, offsets and orders all show.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let ramp = |value: u32, of: u32| u8::try_from(255 * value / of.max(1)).unwrap();
        let edge = if x > width / 3 { 200 } else { 30 };
        Rgb([ramp(x, width), ramp(y, height), edge])
    })
}

fn grey(picture: &RgbImage) -> GrayImage {
    DynamicImage::ImageRgb8(picture.clone()).into_luma8()
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(picture: &RgbImage, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    set(&mut encoder);
    let [width, height] = [picture.width(), picture.height()].map(|side| side as u16);
    encoder
        .encode(picture.as_raw(), width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

fn full(bytes: &[u8], format: Format) -> Result<DecodedPhoto, DecodeError> {
    decode(
        bytes,
        format,
        Orientation::Normal,
        DecodeScale::Full,
        &Limits::default(),
    )
}

/// The largest and the mean difference of two pictures, in levels.
fn difference(a: &RgbImage, b: &RgbImage) -> (u8, f64) {
    assert_eq!(a.dimensions(), b.dimensions());
    let differences = || {
        a.as_raw()
            .iter()
            .zip(b.as_raw())
            .map(|(a, b)| a.abs_diff(*b))
    };
    let sum: f64 = differences().map(f64::from).sum();
    (differences().max().unwrap(), sum / a.as_raw().len() as f64)
}

fn assert_shows(label: &str, bytes: &[u8], format: Format, expected: &RgbImage, tolerance: u8) {
    let decoded = full(bytes, format).unwrap_or_else(|error| panic!("{label}: {error}"));
    let (largest, mean) = difference(&decoded.image, expected);
    assert!(
        largest <= tolerance,
        "{label}: differs by up to {largest}, {mean:.2} on average"
    );
    assert_eq!(decoded.format, format, "{label}");
    let (width, height) = expected.dimensions();
    assert_eq!((decoded.full_width, decoded.full_height), (width, height));
    assert_eq!(
        decoded.source_box,
        [0.0, 0.0, f64::from(width), f64::from(height)]
    );
}

#[test]
fn a_picture_is_the_same_in_every_lossless_format() {
    let picture = picture(67, 41);
    for (format, name) in [
        (Format::Png, ImageFormat::Png),
        (Format::WebP, ImageFormat::WebP),
        (Format::Tiff, ImageFormat::Tiff),
        (Format::Bmp, ImageFormat::Bmp),
        (Format::Ico, ImageFormat::Ico),
        (Format::Qoi, ImageFormat::Qoi),
        (Format::Tga, ImageFormat::Tga),
        (Format::Pnm, ImageFormat::Pnm),
    ] {
        let bytes = encoded(picture.clone(), name);
        assert_shows(format.name(), &bytes, format, &picture, 0);
    }
    // As many colours as a palette of 256 can hold.
    let mut few = picture;
    few.iter_mut().for_each(|value| *value &= 0xc0);
    let gif = encoded(few.clone(), ImageFormat::Gif);
    assert_shows("gif", &gif, Format::Gif, &few, 0);
}

#[test]
fn sixteen_bits_are_rounded_and_grey_becomes_rgb() {
    let picture = picture(40, 30);
    let grey_rgb = DynamicImage::ImageLuma8(grey(&picture)).into_rgb8();
    let colour = DynamicImage::ImageRgb8(picture.clone());
    for (format, name) in [
        (Format::Png, ImageFormat::Png),
        (Format::Tiff, ImageFormat::Tiff),
        (Format::Pnm, ImageFormat::Pnm),
    ] {
        let label = format.name();
        let rgb_16 = encoded(colour.to_rgb16(), name);
        assert_shows(&format!("{label} rgb16"), &rgb_16, format, &picture, 0);
        let grey_8 = encoded(grey(&picture), name);
        assert_shows(&format!("{label} grey"), &grey_8, format, &grey_rgb, 0);
        let grey_16 = encoded(DynamicImage::ImageLuma8(grey(&picture)).to_luma16(), name);
        assert_shows(&format!("{label} grey16"), &grey_16, format, &grey_rgb, 0);
    }
    assert_eq!(
        [0, 127, 128, 257, 65535].map(raster::to_8_bits),
        [0, 0, 0, 1, 255]
    );
    assert_eq!(raster::to_8_bits(129), 1);
}

#[test]
fn what_is_transparent_is_blended_on_white_in_every_format() {
    let picture = picture(32, 20);
    let alpha = |x: u32| u8::try_from(8 * x).unwrap();
    let with_alpha = RgbaImage::from_fn(32, 20, |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0;
        Rgba([red, green, blue, alpha(x)])
    });
    let expected = RgbImage::from_fn(32, 20, |x, y| {
        let opacity = f64::from(alpha(x)) / 255.0;
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|value| (f64::from(value) * opacity + 255.0 * (1.0 - opacity)).round() as u8))
    });
    for (format, name) in [
        (Format::Png, ImageFormat::Png),
        (Format::WebP, ImageFormat::WebP),
        (Format::Bmp, ImageFormat::Bmp),
        (Format::Ico, ImageFormat::Ico),
        (Format::Qoi, ImageFormat::Qoi),
        (Format::Tga, ImageFormat::Tga),
        (Format::Tiff, ImageFormat::Tiff),
    ] {
        let bytes = encoded(with_alpha.clone(), name);
        assert_shows(format.name(), &bytes, format, &expected, 1);
    }
    let deep = DynamicImage::ImageRgba8(with_alpha).to_rgba16();
    let bytes = encoded(deep, ImageFormat::Png);
    assert_shows("png rgba16", &bytes, Format::Png, &expected, 1);
}

/// A PNG with a palette of `2^bits` greys, of which the first is transparent.
fn palette_png(bits: u8, width: u32, height: u32) -> (Vec<u8>, RgbImage) {
    let colours = 1_u32 << bits;
    let level = |index: u32| u8::try_from(255 * index / (colours - 1)).unwrap();
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(match bits {
        1 => ::png::BitDepth::One,
        2 => ::png::BitDepth::Two,
        4 => ::png::BitDepth::Four,
        _ => ::png::BitDepth::Eight,
    });
    encoder.set_palette(
        (0..colours)
            .flat_map(|i| [level(i), 0, 9])
            .collect::<Vec<_>>(),
    );
    encoder.set_trns(&[0][..]);
    let index = |x: u32, y: u32| (x + y) % colours;
    let mut rows = Vec::new();
    for y in 0..height {
        let mut row = vec![0_u8; (width * u32::from(bits)).div_ceil(8) as usize];
        for x in 0..width {
            let bit = x * u32::from(bits);
            row[bit as usize / 8] |= (index(x, y) << (8 - u32::from(bits) - bit % 8)) as u8;
        }
        rows.extend(row);
    }
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&rows)
        .unwrap();
    let expected = RgbImage::from_fn(width, height, |x, y| match index(x, y) {
        0 => Rgb([255; 3]),
        index => Rgb([level(index), 0, 9]),
    });
    (bytes, expected)
}

#[test]
fn palettes_of_every_depth_with_a_transparent_colour_come_out_right() {
    for bits in [1, 2, 4, 8] {
        let (bytes, expected) = palette_png(bits, 21, 9);
        assert_shows(&format!("{bits} bits"), &bytes, Format::Png, &expected, 0);
    }
}

#[test]
fn jpeg_colour_models_come_out_right() {
    let picture = picture(120, 88);
    let grey_rgb = DynamicImage::ImageLuma8(grey(&picture)).into_rgb8();
    let encode = |samples: &[u8], colour: ColorType| {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 98)
            .encode(samples, 120, 88, colour)
            .unwrap();
        bytes
    };
    let cmyk: Vec<u8> = picture
        .pixels()
        .flat_map(|pixel| {
            let [red, green, blue] = pixel.0;
            [255 - red, 255 - green, 255 - blue, 0]
        })
        .collect();
    let plain = encode(picture.as_raw(), ColorType::Rgb);
    let progressive = jpeg(&picture, |encoder| encoder.set_progressive(true));
    // Adobe's RGB: no JFIF segment, APP14 with transform 0, three components as they are.
    let mut rgb = encode(picture.as_raw(), ColorType::Ycbcr);
    let jfif_length = usize::from(u16::from_be_bytes([rgb[4], rgb[5]]));
    let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0";
    rgb.splice(2..4 + jfif_length, adobe.iter().copied());
    for (label, file, expected, tolerance) in [
        ("ycbcr", plain, &picture, 40),
        ("progressive", progressive, &picture, 40),
        (
            "grey",
            encode(&grey(&picture), ColorType::Luma),
            &grey_rgb,
            8,
        ),
        ("cmyk", encode(&cmyk, ColorType::Cmyk), &picture, 24),
        ("ycck", encode(&cmyk, ColorType::CmykAsYcck), &picture, 40),
        ("adobe rgb", rgb, &picture, 24),
    ] {
        let whole = full(&file, Format::Jpeg).unwrap_or_else(|error| panic!("{label}: {error}"));
        let (largest, mean) = difference(&whole.image, expected);
        assert!(
            largest <= tolerance && mean < 3.0,
            "{label}: {largest} {mean}"
        );
        // Both decoders must agree on the colours.
        let half = DecodeScale::Reduced { min_short_side: 44 };
        let reduced = decode(
            &file,
            Format::Jpeg,
            Orientation::Normal,
            half,
            &Limits::default(),
        );
        let reduced = reduced.unwrap_or_else(|error| panic!("{label}: {error}"));
        let shrunk = shrink::shrink(whole.image, half).image;
        let (_, mean) = difference(&reduced.image, &shrunk);
        assert!(mean < 3.0, "{label} at half size: {mean}");
    }
}

#[test]
fn the_first_frame_of_an_animation_lies_at_its_place_on_white() {
    // A canvas of 6 x 4 with two colours, and a frame of 2 x 1 at (2, 1).
    let mut bytes = b"GIF89a\x06\0\x04\0\x80\0\0".to_vec();
    bytes.extend_from_slice(&[10, 20, 30, 200, 100, 50]);
    bytes.extend_from_slice(b",\x02\0\x01\0\x02\0\x01\0\0");
    // LZW of 2 bits: clear (4), 1, 1, end (5), in codes of 3 bits, lowest first.
    bytes.extend_from_slice(&[2, 2, 0b01_001_100, 0b1010, 0, 0x3b]);
    let expected = RgbImage::from_fn(6, 4, |x, y| {
        if (2..4).contains(&x) && y == 1 {
            Rgb([200, 100, 50])
        } else {
            Rgb([255; 3])
        }
    });
    assert_shows("gif", &bytes, Format::Gif, &expected, 0);
}
