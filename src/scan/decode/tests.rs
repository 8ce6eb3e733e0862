//! One picture in every format and colour model, and pictures that are not whole.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the tests' own numbers are small, and exact halves and quarters are compared"
)]

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;

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

/// An uncompressed little-endian TIFF of one strip.
fn tiff(
    (width, height): (u16, u16),
    photometric: u16,
    bits: &[u16],
    planar: u16,
    more: &[(u16, Vec<u16>)],
    data: &[u8],
) -> Vec<u8> {
    let mut tags: Vec<(u16, Vec<u16>)> = vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, bits.to_vec()),
        (259, vec![1]),
        (262, vec![photometric]),
        (277, vec![bits.len() as u16]),
        (278, vec![height]),
        (284, vec![planar]),
    ];
    tags.extend_from_slice(more);
    // Planar pictures have one strip a plane.
    let strips = if planar == 2 { bits.len() } else { 1 };
    let strip_bytes = data.len() / strips;
    let data_at = 8;
    let long = |values: Vec<usize>| values.iter().map(|&v| v as u32).collect::<Vec<u32>>();
    let offsets = long((0..strips).map(|i| data_at + i * strip_bytes).collect());
    let counts = long(vec![strip_bytes; strips]);

    let mut bytes = b"II\x2a\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(data);
    let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = tags
        .into_iter()
        .map(|(tag, values)| {
            let raw = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            (tag, 3, values.len() as u32, raw)
        })
        .collect();
    for (tag, values) in [(273, offsets), (279, counts)] {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        entries.push((tag, 4, values.len() as u32, raw));
    }
    entries.sort_by_key(|entry| entry.0);
    for entry in &mut entries {
        if entry.3.len() > 4 {
            let at = bytes.len() as u32;
            bytes.extend_from_slice(&entry.3);
            entry.3 = at.to_le_bytes().to_vec();
        }
        entry.3.resize(4, 0);
    }
    let directory_at = (bytes.len() as u32).to_le_bytes();
    bytes[4..8].copy_from_slice(&directory_at);
    bytes.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for (tag, field_type, count, value) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&field_type.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&value);
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

#[test]
fn tiff_colour_models_come_out_right() {
    let row =
        |pixels: &[[u8; 3]]| RgbImage::from_raw(pixels.len() as u32, 1, pixels.concat()).unwrap();
    let bit_palette = [0, 0xffff, 0, 0x8080, 0xffff, 0];
    let mut byte_palette = vec![0; 768];
    byte_palette[7] = 0x1111;
    byte_palette[256 + 7] = 0x2222;
    byte_palette[512 + 7] = 0x3333;
    let none: &[(u16, Vec<u16>)] = &[];
    for (label, file, expected) in [
        (
            "cmyk",
            tiff((2, 1), 5, &[8; 4], 1, none, &[255, 0, 0, 0, 0, 0, 0, 128]),
            row(&[[0, 255, 255], [127; 3]]),
        ),
        (
            "cmyk, plane by plane",
            tiff((2, 1), 5, &[8; 4], 2, none, &[255, 0, 0, 0, 0, 0, 0, 128]),
            row(&[[0, 255, 255], [127; 3]]),
        ),
        (
            "rgb, plane by plane",
            tiff((2, 1), 2, &[8; 3], 2, none, &[1, 4, 2, 5, 3, 6]),
            row(&[[1, 2, 3], [4, 5, 6]]),
        ),
        (
            "palette of 2",
            tiff(
                (3, 1),
                3,
                &[1],
                1,
                &[(320, bit_palette.to_vec())],
                &[0b0100_0000],
            ),
            row(&[[0, 0, 255], [255, 128, 0], [0, 0, 255]]),
        ),
        (
            "palette of 256",
            tiff((2, 1), 3, &[8], 1, &[(320, byte_palette)], &[7, 6]),
            row(&[[0x11, 0x22, 0x33], [0; 3]]),
        ),
        (
            "grey of 4 bits",
            tiff((3, 1), 1, &[4], 1, none, &[0x0f, 0x80]),
            row(&[[0; 3], [255; 3], [136; 3]]),
        ),
        (
            "white is zero",
            tiff((2, 1), 0, &[8], 1, none, &[0, 200]),
            row(&[[255; 3], [55; 3]]),
        ),
        (
            "opacity beside the colours",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![2])], &[100, 0, 0, 51]),
            row(&[[224, 204, 204]]),
        ),
        (
            "opacity multiplied in",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![1])], &[20, 0, 0, 51]),
            row(&[[224, 204, 204]]),
        ),
        (
            "a fourth sample that means nothing",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![0])], &[1, 2, 3, 0]),
            row(&[[1, 2, 3]]),
        ),
        (
            "grey with opacity",
            tiff((1, 1), 1, &[8; 2], 1, &[(338, vec![2])], &[100, 51]),
            row(&[[224; 3]]),
        ),
    ] {
        assert_shows(label, &file, Format::Tiff, &expected, 0);
    }
}

#[test]
fn tiff_of_floating_point_numbers_is_unsupported_and_not_damaged() {
    let file = tiff((1, 1), 1, &[32], 1, &[(339, vec![3])], &[0; 4]);
    let error = full(&file, Format::Tiff).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
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
fn the_reduced_scale_is_the_smallest_that_keeps_the_short_side() {
    let scale = DecodeScale::FOR_ANALYSIS;
    for (size, divisor) in [
        ((4032, 3024), 4),
        ((3024, 4032), 4),
        ((6000, 4000), 4),
        ((8000, 6000), 8),
        ((2400, 1600), 2),
        ((1024, 1024), 2),
        ((1023, 2000), 1),
        ((100, 10_000), 1),
    ] {
        assert_eq!(scale.divisor(size.0, size.1), divisor, "{size:?}");
    }
    assert_eq!(DecodeScale::Full.divisor(8000, 6000), 1);
}

#[test]
fn a_reduced_picture_says_where_the_photo_lies_in_it() {
    let picture = picture(1101, 1030);
    let jpeg = jpeg(&picture, |_| {});
    let png = encoded(picture, ImageFormat::Png);
    for (bytes, format) in [(jpeg, Format::Jpeg), (png, Format::Png)] {
        for orientation in Orientation::ALL {
            let scale = DecodeScale::FOR_ANALYSIS;
            let photo = decode(&bytes, format, orientation, scale, &Limits::default()).unwrap();
            let full = orientation.apply_to_size((1101, 1030));
            assert_eq!((photo.full_width, photo.full_height), full);
            assert_eq!(
                photo.image.dimensions(),
                orientation.apply_to_size((551, 515))
            );
            let [x, y, width, height] = photo.source_box;
            assert_eq!(
                [width, height],
                [full.0, full.1].map(|side| f64::from(side) / 2.0)
            );
            assert!(x + width <= f64::from(photo.image.width()));
            assert!(y + height <= f64::from(photo.image.height()));
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_damaged_in_every_format() {
    let picture = picture(200, 150);
    for (format, name) in [
        (Format::Png, ImageFormat::Png),
        (Format::WebP, ImageFormat::WebP),
        (Format::Gif, ImageFormat::Gif),
        (Format::Tiff, ImageFormat::Tiff),
        (Format::Bmp, ImageFormat::Bmp),
        (Format::Ico, ImageFormat::Ico),
        (Format::Qoi, ImageFormat::Qoi),
        (Format::Tga, ImageFormat::Tga),
        (Format::Pnm, ImageFormat::Pnm),
    ] {
        let bytes = encoded(picture.clone(), name);
        for share in [5, 50, 90] {
            let cut = &bytes[..bytes.len() * share / 100];
            let error = full(cut, format)
                .map(|photo| photo.image.dimensions())
                .expect_err(&format!("{} cut at {share} %", format.name()));
            assert!(
                matches!(error, DecodeError::Damaged(_)),
                "{format:?}: {error}"
            );
        }
    }
}

#[test]
fn a_jpeg_that_was_cut_off_is_damaged_at_every_scale_and_says_where() {
    let picture = picture(1200, 1100);
    let baseline = jpeg(&picture, |_| {});
    let progressive = jpeg(&picture, |encoder| encoder.set_progressive(true));
    for (label, file) in [("baseline", &baseline), ("progressive", &progressive)] {
        for scale in [DecodeScale::Full, DecodeScale::FOR_ANALYSIS] {
            for share in [1, 30, 60, 95] {
                let cut = &file[..file.len() * share / 100];
                let limits = Limits::default();
                let result = decode(cut, Format::Jpeg, Orientation::Normal, scale, &limits);
                let error = result.expect_err(&format!("{label} cut at {share} %"));
                assert!(matches!(error, DecodeError::Damaged(_)), "{label}: {error}");
                if label == "baseline" && share == 60 {
                    assert!(
                        error.to_string().contains("its data ends after "),
                        "{error}"
                    );
                }
            }
            // The end was never written: what recovery from a broken card gives.
            let mut blank = file.clone();
            let half = blank.len() / 2;
            blank[half..].fill(0);
            let limits = Limits::default();
            let result = decode(&blank, Format::Jpeg, Orientation::Normal, scale, &limits);
            assert!(matches!(result, Err(DecodeError::Damaged(_))), "{label}");
        }
    }
}

#[test]
fn a_jpeg_that_lacks_only_its_end_marker_or_has_bytes_behind_it_is_good() {
    let picture = picture(1200, 1100);
    let file = jpeg(&picture, |encoder| {
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
    });
    let whole = full(&file, Format::Jpeg).unwrap();
    let without_end = file[..file.len() - 2].to_vec();
    let with_more = [&file[..], b"some bytes of a video"].concat();
    // A multi-picture file: the first counts.
    let second = jpeg(&RgbImage::new(40, 30), |_| {});
    let two_pictures = [file, second].concat();
    for bytes in [without_end, with_more, two_pictures] {
        assert_eq!(full(&bytes, Format::Jpeg).unwrap(), whole);
        let scale = DecodeScale::FOR_ANALYSIS;
        let limits = Limits::default();
        let reduced = decode(&bytes, Format::Jpeg, Orientation::Normal, scale, &limits).unwrap();
        assert_eq!(reduced.image.dimensions(), (600, 550));
    }
}

#[test]
fn headers_that_promise_too_much_are_refused_before_memory_is_taken() {
    let mut png = encoded(RgbImage::new(1, 1), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    let gif = [&b"GIF89a\xff\xff\xff\xff\0\0\0"[..], &[0x3b]].concat();
    let qoi = b"qoif\0\0\xc3\x50\0\0\xc3\x50\x03\0".to_vec();
    let pnm = b"P6 50000 50000 255\n".to_vec();
    let mut jpeg = jpeg(&RgbImage::new(16, 16), |_| {});
    let frame_at = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    jpeg[frame_at + 5..frame_at + 9].copy_from_slice(&[0xff; 4]);
    let tiff = tiff((50_000, 50_000), 2, &[8; 3], 1, &[], &[0; 6]);
    for (format, bytes) in [
        (Format::Png, png),
        (Format::Gif, gif),
        (Format::Qoi, qoi),
        (Format::Pnm, pnm),
        (Format::Jpeg, jpeg),
        (Format::Tiff, tiff),
    ] {
        let error = full(&bytes, format).unwrap_err();
        assert!(
            matches!(error, DecodeError::TooLarge(_)),
            "{format:?}: {error}"
        );
    }
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[test]
fn a_small_file_that_unpacks_to_gigabytes_is_refused() {
    // 16,000 x 16,000 black pixels are 768 million bytes in a megabyte or less.
    let mut bomb = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bomb, 16_000, 16_000);
    encoder.set_depth(::png::BitDepth::One);
    encoder.set_compression(::png::Compression::Balanced);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![0; 2_000 * 16_000]).unwrap();
    drop(writer);
    assert!(bomb.len() < 1 << 20);
    let limits = Limits {
        max_decode_bytes: 500_000_000,
        ..Limits::default()
    };
    let error = decode(
        &bomb,
        Format::Png,
        Orientation::Normal,
        DecodeScale::Full,
        &limits,
    );
    assert!(matches!(error, Err(DecodeError::TooLarge(_))), "{error:?}");

    // A text chunk that unpacks to a gigabyte does no harm: it is not unpacked.
    let mut text = encoded(RgbImage::new(3, 2), ImageFormat::Png);
    let packed = {
        let mut chunk = b"zTXtbomb\0\0".to_vec();
        chunk.extend_from_slice(&bomb);
        chunk
    };
    let mut chunk = ((packed.len() - 4) as u32).to_be_bytes().to_vec();
    chunk.extend_from_slice(&packed);
    chunk.extend_from_slice(&crc32(&packed).to_be_bytes());
    text.splice(33..33, chunk);
    assert_eq!(full(&text, Format::Png).unwrap().image, RgbImage::new(3, 2));
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
