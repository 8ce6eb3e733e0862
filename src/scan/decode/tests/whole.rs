//! Whole pictures at a reduced scale, and pictures that are not whole or too large.

use jpeg_encoder::SamplingFactor;

use super::tiff_files::tiff;
use super::*;

#[test]
fn the_reduced_scale_is_the_smallest_that_keeps_the_short_side() {
    let scale = DecodeScale::for_analysis(224);
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
            let scale = DecodeScale::for_analysis(224);
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
        for scale in [DecodeScale::Full, DecodeScale::for_analysis(224)] {
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
        let scale = DecodeScale::for_analysis(224);
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
