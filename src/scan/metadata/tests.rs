//! EXIF as cameras and programs write it, in each container, and as they should not.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the tests' own numbers are small, and exact halves and quarters are compared"
)]

use exif::experimental::Writer;

use super::*;

fn ascii(tag: Tag, text: &str) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    }
}

fn rationals(tag: Tag, parts: &[(u32, u32)]) -> Field {
    let parts = parts.iter().map(|&(num, denom)| Rational { num, denom });
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Rational(parts.collect()),
    }
}

fn orientation(value: u16) -> Field {
    Field {
        tag: Tag::Orientation,
        ifd_num: In::PRIMARY,
        value: Value::Short(vec![value]),
    }
}

/// The fields as a TIFF structure.
fn exif(fields: &[Field]) -> Vec<u8> {
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, false).unwrap();
    bytes.into_inner()
}

fn in_jpeg(exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.add_exif_metadata(exif).unwrap();
    let pixels = [0; 8 * 8 * 3];
    encoder
        .encode(&pixels, 8, 8, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

fn read(fields: &[Field]) -> Metadata {
    metadata(&in_jpeg(&exif(fields)), Format::Jpeg)
}

fn holiday() -> Vec<Field> {
    vec![
        ascii(Tag::Make, "Apple"),
        ascii(Tag::Model, "iPhone 12"),
        orientation(6),
        ascii(Tag::DateTimeOriginal, "2021:05:12 14:03:07"),
        ascii(Tag::SubSecTimeOriginal, "25"),
        ascii(Tag::OffsetTimeOriginal, "+02:00"),
        ascii(Tag::GPSLatitudeRef, "S"),
        rationals(Tag::GPSLatitude, &[(33, 1), (30, 1), (3600, 100)]),
        ascii(Tag::GPSLongitudeRef, "E"),
        rationals(Tag::GPSLongitude, &[(151, 1), (12, 1), (0, 1)]),
    ]
}

fn assert_holiday(metadata: &Metadata, label: &str) {
    let taken_at = metadata.taken_at.map(|taken| taken.to_string());
    assert_eq!(
        taken_at.as_deref(),
        Some("2021-05-12T14:03:07.25+02:00"),
        "{label}"
    );
    assert_eq!(metadata.orientation, Orientation::Rotate90, "{label}");
    assert_eq!(
        metadata.camera.as_deref(),
        Some("Apple iPhone 12"),
        "{label}"
    );
    let gps = metadata.gps.unwrap();
    assert!((gps.latitude + 33.51).abs() < 1e-9, "{label}: {gps:?}");
    assert!((gps.longitude - 151.2).abs() < 1e-9, "{label}: {gps:?}");
}

#[test]
fn all_is_read_from_jpeg_png_webp_and_tiff() {
    let exif = exif(&holiday());
    assert_holiday(&metadata(&in_jpeg(&exif), Format::Jpeg), "jpeg");
    assert_holiday(&metadata(&exif, Format::Tiff), "tiff");

    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\0junk\0\0\0\0".to_vec();
    png.extend_from_slice(&(exif.len() as u32).to_be_bytes());
    png.extend_from_slice(b"eXIf");
    png.extend_from_slice(&exif);
    assert_holiday(&metadata(&png, Format::Png), "png");

    for prefix in [&b""[..], b"Exif\0\0"] {
        let body = [prefix, &exif].concat();
        let mut webp = b"RIFF\0\0\0\0WEBPVP8 \x03\0\0\0odd\0EXIF".to_vec();
        webp.extend_from_slice(&(body.len() as u32).to_le_bytes());
        webp.extend_from_slice(&body);
        assert_holiday(&metadata(&webp, Format::WebP), "webp");
    }
}

#[test]
fn the_capture_time_is_that_of_the_exposure_and_never_a_guess() {
    let original = |text| vec![ascii(Tag::DateTimeOriginal, text)];
    let camera = ascii(Tag::Model, "X100");
    for (label, fields, expected) in [
        (
            "plain",
            original("2020:02:29 23:59:59"),
            Some("2020-02-29T23:59:59"),
        ),
        ("blank", original("    :  :     :  :  "), None),
        ("zeros", original("0000:00:00 00:00:00"), None),
        ("no such day", original("2021:02:29 12:00:00"), None),
        ("month 13", original("2021:13:01 12:00:00"), None),
        ("the epoch", original("1970:01:01 00:00:00"), None),
        ("text", original("yesterday evening.."), None),
        (
            "digitised only",
            vec![ascii(Tag::DateTimeDigitized, "2001:01:02 03:04:05")],
            Some("2001-01-02T03:04:05"),
        ),
        (
            "last change, no camera",
            vec![ascii(Tag::DateTime, "2022:01:01 10:00:00")],
            None,
        ),
        (
            "last change by a camera",
            vec![camera, ascii(Tag::DateTime, "2022:01:01 10:00:00")],
            Some("2022-01-01T10:00:00"),
        ),
        (
            "the offset of another time",
            vec![
                ascii(Tag::DateTimeOriginal, "2022:01:01 10:00:00"),
                ascii(Tag::OffsetTime, "+05:00"),
            ],
            Some("2022-01-01T10:00:00"),
        ),
        (
            "a broken fraction and a broken offset",
            vec![
                ascii(Tag::DateTimeOriginal, "2022:01:01 10:00:00"),
                ascii(Tag::SubSecTimeOriginal, "x"),
                ascii(Tag::OffsetTimeOriginal, "   :  "),
            ],
            Some("2022-01-01T10:00:00"),
        ),
    ] {
        let taken_at = read(&fields).taken_at.map(|taken| taken.to_string());
        assert_eq!(taken_at.as_deref(), expected, "{label}");
    }
}

#[test]
fn the_maker_is_not_said_twice() {
    for (maker, model, expected) in [
        ("Apple", "iPhone 12", Some("Apple iPhone 12")),
        ("Canon", "Canon EOS 5D", Some("Canon EOS 5D")),
        ("NIKON CORPORATION", "NIKON D90", Some("NIKON D90")),
        ("samsung", "SM-G991B", Some("samsung SM-G991B")),
        (" FUJIFILM  ", "X-T4 ", Some("FUJIFILM X-T4")),
        ("", "X-T4", Some("X-T4")),
        ("LG", "", Some("LG")),
        ("", " ", None),
    ] {
        let fields = [ascii(Tag::Make, maker), ascii(Tag::Model, model)];
        assert_eq!(read(&fields).camera.as_deref(), expected, "{maker} {model}");
    }
}

#[test]
fn positions_that_cannot_be_are_none() {
    let position = |north: &str, latitude: &[(u32, u32)], longitude: &[(u32, u32)]| {
        vec![
            ascii(Tag::GPSLatitudeRef, north),
            rationals(Tag::GPSLatitude, latitude),
            ascii(Tag::GPSLongitudeRef, "W"),
            rationals(Tag::GPSLongitude, longitude),
        ]
    };
    let degrees = |value: u32| [(value, 1), (0, 1), (0, 1)];
    let gps = |fields: Vec<Field>| read(&fields).gps.map(|gps| (gps.latitude, gps.longitude));
    assert_eq!(
        gps(position("N", &degrees(52), &degrees(4))),
        Some((52.0, -4.0))
    );
    // No seconds, as many phones write it.
    let without_seconds = [(52, 1), (3000, 100), (0, 0)];
    assert_eq!(
        gps(position("N", &without_seconds, &degrees(4))),
        Some((52.5, -4.0))
    );
    for (label, fields) in [
        ("no fix", position("N", &degrees(0), &degrees(0))),
        ("0/0", position("N", &[(0, 0), (0, 0), (0, 0)], &degrees(4))),
        ("beyond the pole", position("N", &degrees(91), &degrees(4))),
        (
            "beyond the date line",
            position("N", &degrees(1), &degrees(181)),
        ),
        ("no hemisphere", position("", &degrees(52), &degrees(4))),
        ("no longitude", position("N", &degrees(52), &[])),
    ] {
        assert_eq!(gps(fields), None, "{label}");
    }
}

#[test]
fn broken_exif_gives_defaults_or_what_can_be_read_and_never_fails() {
    let whole = exif(&holiday());
    for length in 0..whole.len() {
        for format in [Format::Jpeg, Format::Tiff] {
            let cut = &whole[..length];
            let file = if format == Format::Jpeg {
                in_jpeg(cut)
            } else {
                cut.to_vec()
            };
            let metadata = metadata(&file, format);
            assert!(metadata.gps.is_none() || metadata.gps.unwrap().latitude < 0.0);
        }
    }
    assert_eq!(metadata(b"", Format::Jpeg), Metadata::default());
    assert_eq!(metadata(&whole, Format::Bmp), Metadata::default());
}
