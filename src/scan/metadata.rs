//! What the file says of the photo: EXIF from JPEG, PNG, WebP and TIFF.
//!
//! Cameras and programs write what they like, so nothing here is an error: a field that makes
//! no sense is a field that is not there.

use std::io::Cursor;
use std::panic::catch_unwind;

use exif::{Exif, Field, In, Reader, Tag, Value};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::photo::{Format, GpsPosition, Metadata, Orientation, TakenAt};

/// Reads the metadata of a whole file; the default where there is none.
#[must_use]
pub fn metadata(bytes: &[u8], format: Format) -> Metadata {
    if !matches!(
        format,
        Format::Jpeg | Format::Png | Format::WebP | Format::Tiff
    ) {
        return Metadata::default();
    }
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = catch_unwind(move || {
        // What could be read of a broken block is worth having.
        let exif = reader.read_from_container(&mut Cursor::new(bytes));
        exif.or_else(|error| error.distill_partial_result(|_errors| ()))
            .ok()
            .map(|exif| interpret(&exif))
    });
    read.ok().flatten().unwrap_or_default()
}

fn interpret(exif: &Exif) -> Metadata {
    let field = |tag| exif.get_field(tag, In::PRIMARY);
    let orientation = field(Tag::Orientation).and_then(|field| field.value.get_uint(0));
    Metadata {
        taken_at: taken_at(exif),
        orientation: orientation.map(Orientation::from_exif).unwrap_or_default(),
        camera: camera(
            field(Tag::Make).and_then(text),
            field(Tag::Model).and_then(text),
        ),
        gps: gps(exif),
    }
}

/// The field's text without padding; `None` if nothing is left.
fn text(field: &Field) -> Option<String> {
    let Value::Ascii(lines) = &field.value else {
        return None;
    };
    let text = String::from_utf8_lossy(lines.first()?);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    // A maker's note of several kilobytes is no camera name.
    (!text.is_empty() && text.len() <= 200).then(|| text.to_owned())
}

/// The time of the exposure: original, else digitised. `DateTime` alone is the last edit in
/// many programs' files, so it counts only where the file names no other and no software.
fn taken_at(exif: &Exif) -> Option<TakenAt> {
    let field = |tag| exif.get_field(tag, In::PRIMARY).and_then(text);
    let choices = [
        (
            Tag::DateTimeOriginal,
            Tag::SubSecTimeOriginal,
            Tag::OffsetTimeOriginal,
        ),
        (
            Tag::DateTimeDigitized,
            Tag::SubSecTimeDigitized,
            Tag::OffsetTimeDigitized,
        ),
    ];
    for (time, fraction, offset) in choices {
        if let Some(local) =
            field(time).and_then(|text| date_time(&text, field(fraction).as_deref()))
        {
            return Some(TakenAt {
                local,
                offset: field(offset).and_then(|text| parse_offset(&text)),
            });
        }
    }
    if exif.get_field(Tag::Software, In::PRIMARY).is_some() {
        return None;
    }
    let local = field(Tag::DateTime).and_then(|text| date_time(&text, None))?;
    Some(TakenAt {
        local,
        offset: field(Tag::OffsetTime).and_then(|text| parse_offset(&text)),
    })
}

/// Reads `YYYY:MM:DD HH:MM:SS` (Exif 2.32, 4.6.5 D) and a fraction's digits.
fn date_time(text: &str, fraction: Option<&str>) -> Option<DateTime> {
    let mut numbers = text
        .split([':', ' ', '-', '/', 'T'])
        .filter(|part| !part.is_empty());
    let mut next = || numbers.next()?.parse::<i16>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let small = |number: i16| i8::try_from(number).ok();
    // Cameras without a set clock write zeros or their first day.
    if year < 1900 {
        return None;
    }
    let date = Date::new(year, small(month)?, small(day)?).ok()?;
    let nanosecond = fraction.and_then(nanoseconds).unwrap_or(0);
    let time = Time::new(
        small(hour)?,
        small(minute)?,
        small(second)?.min(59),
        nanosecond,
    )
    .ok()?;
    Some(DateTime::from_parts(date, time))
}

/// `25` means 25 hundredths: the digits after the decimal point.
fn nanoseconds(digits: &str) -> Option<i32> {
    let digits = digits.trim();
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

fn parse_offset(text: &str) -> Option<Offset> {
    // The same form as in a report: `+02:00`.
    let as_time = format!("2000-01-01T00:00:00{}", text.trim());
    as_time.parse::<TakenAt>().ok()?.offset
}

/// Maker and model; most models repeat the maker already.
fn camera(make: Option<String>, model: Option<String>) -> Option<String> {
    let (Some(make), Some(model)) = (&make, &model) else {
        return model.or(make);
    };
    let first_word = |text: &str| {
        text.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    if first_word(make) == first_word(model) {
        Some(model.clone())
    } else {
        Some(format!("{make} {model}"))
    }
}

fn gps(exif: &Exif) -> Option<GpsPosition> {
    let degrees = |value: Tag, reference: Tag, negative: u8, limit: f64| {
        let Value::Rational(parts) = &exif.get_field(value, In::PRIMARY)?.value else {
            return None;
        };
        let part = |index: usize| parts.get(index).map_or(0.0, exif::Rational::to_f64);
        let degrees = part(0) + part(1) / 60.0 + part(2) / 3600.0;
        let Value::Ascii(reference) = &exif.get_field(reference, In::PRIMARY)?.value else {
            return None;
        };
        let sign = if reference.first()?.first()?.eq_ignore_ascii_case(&negative) {
            -1.0
        } else {
            1.0
        };
        (degrees.is_finite() && degrees <= limit).then_some(sign * degrees)
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S', 90.0)?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W', 180.0)?;
    // Exactly (0, 0) is what a receiver without a fix writes.
    (latitude != 0.0 || longitude != 0.0).then_some(GpsPosition {
        latitude,
        longitude,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use exif::Rational;
    use exif::experimental::Writer;

    fn field(tag: Tag, value: Value) -> Field {
        Field {
            tag,
            ifd_num: In::PRIMARY,
            value,
        }
    }

    fn ascii(tag: Tag, text: &str) -> Field {
        field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
    }

    /// A JPEG file of nothing but these fields.
    fn jpeg(fields: &[Field]) -> Vec<u8> {
        let mut writer = Writer::new();
        for field in fields {
            writer.push_field(field);
        }
        let mut tiff = Cursor::new(Vec::new());
        writer.write(&mut tiff, false).unwrap();
        let tiff = tiff.into_inner();
        let length = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
        [
            b"\xff\xd8\xff\xe1",
            &length[..],
            b"Exif\0\0",
            &tiff,
            b"\xff\xd9",
        ]
        .concat()
    }

    #[test]
    fn a_full_record_is_read() {
        let triple =
            |a, b, c| Value::Rational([a, b, c].map(|num| Rational { num, denom: 1 }).to_vec());
        let fields = [
            ascii(Tag::Make, "Apple"),
            ascii(Tag::Model, "iPhone 12"),
            field(Tag::Orientation, Value::Short(vec![6])),
            ascii(Tag::DateTimeOriginal, "2021:05:12 14:03:07"),
            ascii(Tag::SubSecTimeOriginal, "25"),
            ascii(Tag::OffsetTimeOriginal, "+02:00"),
            field(Tag::GPSLatitude, triple(48, 30, 0)),
            ascii(Tag::GPSLatitudeRef, "S"),
            field(Tag::GPSLongitude, triple(11, 0, 36)),
            ascii(Tag::GPSLongitudeRef, "E"),
        ];
        let read = metadata(&jpeg(&fields), Format::Jpeg);
        assert_eq!(read.camera.as_deref(), Some("Apple iPhone 12"));
        assert_eq!(read.orientation, Orientation::Rotate90);
        assert_eq!(
            read.taken_at.unwrap().to_string(),
            "2021-05-12T14:03:07.25+02:00"
        );
        assert_eq!(
            read.gps,
            Some(GpsPosition {
                latitude: -48.5,
                longitude: 11.01
            })
        );
        assert_eq!(metadata(&jpeg(&fields), Format::Bmp), Metadata::default());
    }

    #[test]
    fn what_makes_no_sense_is_not_there() {
        for (tag, text) in [
            (Tag::DateTimeOriginal, "0000:00:00 00:00:00"),
            (Tag::DateTimeOriginal, "2021:13:40 25:00:00"),
            (Tag::DateTimeOriginal, "    :  :     :  :  "),
            (Tag::Model, "   "),
        ] {
            assert_eq!(
                metadata(&jpeg(&[ascii(tag, text)]), Format::Jpeg),
                Metadata::default(),
                "{text:?}"
            );
        }
        for bytes in [
            &b""[..],
            b"\xff\xd8\xff\xe1\x00\x10Exif\0\0II*\0\xff\xff\xff\xff",
        ] {
            assert_eq!(metadata(bytes, Format::Jpeg), Metadata::default());
        }
    }

    #[test]
    fn a_camera_names_its_maker_once() {
        for (make, model, expected) in [
            (
                Some("NIKON CORPORATION"),
                Some("NIKON D750"),
                Some("NIKON D750"),
            ),
            (Some("Canon"), Some("Canon EOS 5D"), Some("Canon EOS 5D")),
            (Some("SONY"), Some("ILCE-7M3"), Some("SONY ILCE-7M3")),
            (None, Some("x"), Some("x")),
            (Some("y"), None, Some("y")),
            (None, None, None),
        ] {
            assert_eq!(
                camera(make.map(str::to_owned), model.map(str::to_owned)).as_deref(),
                expected
            );
        }
    }
}
