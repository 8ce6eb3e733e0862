//! What a file says about its photo: capture time, orientation, camera, position.
//!
//! The source is Exif 2.32 (CIPA DC-008-2019), read with `kamadak-exif` from where each
//! container keeps it. The rule: a guess is worse than nothing, for "taken at the same moment"
//! is later used as evidence. So a time has no offset unless the camera wrote the one that
//! belongs to it, and a position without its hemispheres is no position.

use std::panic::{AssertUnwindSafe, catch_unwind};

use exif::{Field, In, Rational, Reader, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::photo::{Format, GpsPosition, Metadata, Orientation, TakenAt};

use super::decode::jpeg_segments::segments;

/// Reads the metadata of `bytes`, which are of `format`. What is missing, broken or absurd is
/// left at its default.
#[must_use]
pub fn metadata(bytes: &[u8], format: Format) -> Metadata {
    let Some(exif) = exif_data(bytes, format) else {
        return Metadata::default();
    };
    // The parser is third-party code on outside data.
    catch_unwind(AssertUnwindSafe(|| from_exif(exif))).unwrap_or_default()
}

/// The TIFF structure that holds the EXIF data.
fn exif_data(bytes: &[u8], format: Format) -> Option<&[u8]> {
    match format {
        Format::Jpeg => bytes.get(segments(bytes)?.exif?),
        Format::Png => png_chunk(bytes),
        Format::WebP => {
            let chunk = webp_chunk(bytes)?;
            // Some writers put the JPEG segment's name in front.
            Some(chunk.strip_prefix(b"Exif\0\0").unwrap_or(chunk))
        }
        Format::Tiff => Some(bytes),
        Format::Gif | Format::Bmp | Format::Ico | Format::Qoi | Format::Tga | Format::Pnm => None,
    }
}

/// The body of the chunk `eXIf` (PNG 1.5 extensions).
fn png_chunk(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let body_end = length.checked_add(8)?;
        match rest.get(4..8)? {
            b"eXIf" => return rest.get(8..body_end),
            b"IEND" => return None,
            _ => rest = rest.get(body_end.checked_add(4)?..)?,
        }
    }
}

/// The body of the chunk `EXIF` of a RIFF container.
fn webp_chunk(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(12..)?;
    loop {
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let body_end = length.checked_add(8)?;
        if rest.starts_with(b"EXIF") {
            return rest.get(8..body_end);
        }
        // Chunks are padded to an even length.
        rest = rest.get(body_end.checked_add(length % 2)?..)?;
    }
}

/// EXIF in its own chunk is smaller; a longer TIFF file that cannot be parsed is not worth a
/// copy.
const LARGEST_COPY: usize = 1 << 20;

fn from_exif(data: &[u8]) -> Metadata {
    if let Ok((fields, _)) = exif::parse_exif(data) {
        return from_fields(&fields);
    }
    // The second reader goes on behind errors but wants a copy.
    if data.len() > LARGEST_COPY {
        return Metadata::default();
    }
    Reader::new()
        .continue_on_error(true)
        .read_raw(data.to_vec())
        .or_else(|error| error.distill_partial_result(|_skipped| ()))
        .map(|exif| {
            let fields: Vec<Field> = exif.fields().cloned().collect();
            from_fields(&fields)
        })
        .unwrap_or_default()
}

fn from_fields(fields: &[Field]) -> Metadata {
    let camera = camera(&text(fields, Tag::Make), &text(fields, Tag::Model));
    Metadata {
        taken_at: taken_at(fields, camera.is_some()),
        orientation: value(fields, Tag::Orientation)
            .and_then(|value| value.get_uint(0))
            .map(Orientation::from_exif)
            .unwrap_or_default(),
        camera,
        gps: gps(fields),
    }
}

fn value(fields: &[Field], tag: Tag) -> Option<&Value> {
    fields
        .iter()
        .find(|field| field.tag == tag && field.ifd_num == In::PRIMARY)
        .map(|field| &field.value)
}

fn bytes(fields: &[Field], tag: Tag) -> Option<&[u8]> {
    match value(fields, tag)? {
        Value::Ascii(parts) => parts.first().map(Vec::as_slice),
        _ => None,
    }
}

/// A text field without control characters and surrounding space; empty if there is none.
fn text(fields: &[Field], tag: Tag) -> String {
    let raw = bytes(fields, tag).unwrap_or_default();
    let text: String = String::from_utf8_lossy(raw)
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The capture time: original, else digitised; the time of last change only where a camera is
/// named, for otherwise an editing program may have written it.
fn taken_at(fields: &[Field], has_camera: bool) -> Option<TakenAt> {
    let original = (
        Tag::DateTimeOriginal,
        Tag::SubSecTimeOriginal,
        Tag::OffsetTimeOriginal,
    );
    let digitised = (
        Tag::DateTimeDigitized,
        Tag::SubSecTimeDigitized,
        Tag::OffsetTimeDigitized,
    );
    let changed = (Tag::DateTime, Tag::SubSecTime, Tag::OffsetTime);
    [original, digitised, changed]
        .into_iter()
        .take(if has_camera { 3 } else { 2 })
        .find_map(|(time, fraction, offset)| {
            Some(TakenAt {
                local: date_time(bytes(fields, time)?, bytes(fields, fraction))?,
                offset: bytes(fields, offset).and_then(parse_offset),
            })
        })
}

/// `YYYY:MM:DD HH:MM:SS` and the digits of the fraction. The epoch to the second is what a
/// program writes that does not know the time.
fn date_time(raw: &[u8], fraction: Option<&[u8]>) -> Option<DateTime> {
    let mut parsed = exif::DateTime::from_ascii(raw).ok()?;
    if let Some(fraction) = fraction {
        // A broken fraction leaves the whole seconds.
        parsed.parse_subsec(fraction.trim_ascii()).ok();
    }
    let narrow = |value: u8| i8::try_from(value).ok();
    let time = DateTime::new(
        i16::try_from(parsed.year).ok()?,
        narrow(parsed.month)?,
        narrow(parsed.day)?,
        narrow(parsed.hour)?,
        narrow(parsed.minute)?,
        narrow(parsed.second)?,
        i32::try_from(parsed.nanosecond.unwrap_or_default()).ok()?,
    )
    .ok()?;
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    (time != epoch && time.year() >= 1800).then_some(time)
}

fn parse_offset(raw: &[u8]) -> Option<Offset> {
    let text = std::str::from_utf8(raw).ok()?.trim();
    if text == "Z" {
        return Some(Offset::UTC);
    }
    crate::photo::parse_offset(text)
}

/// Maker and model, without saying the maker twice: `Canon` + `Canon EOS 5D`, `NIKON
/// CORPORATION` + `NIKON D90`, but `Apple` + `iPhone 12`.
fn camera(maker: &str, model: &str) -> Option<String> {
    let first_word = |text: &str| {
        text.split([' ', '-', '_'])
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    let name = if model.is_empty() {
        maker.to_owned()
    } else if maker.is_empty() || first_word(model) == first_word(maker) {
        model.to_owned()
    } else {
        format!("{maker} {model}")
    };
    (!name.is_empty()).then_some(name)
}

/// The position; none at 0° 0', which receivers without a fix write.
fn gps(fields: &[Field]) -> Option<GpsPosition> {
    let latitude = angle(fields, Tag::GPSLatitude, Tag::GPSLatitudeRef, [b'N', b'S'])?;
    let longitude = angle(
        fields,
        Tag::GPSLongitude,
        Tag::GPSLongitudeRef,
        [b'E', b'W'],
    )?;
    let is_on_the_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let is_origin = latitude == 0.0 && longitude == 0.0;
    (is_on_the_globe && !is_origin).then_some(GpsPosition {
        latitude,
        longitude,
    })
}

/// Degrees, minutes and seconds, with the sign of the hemisphere.
fn angle(fields: &[Field], tag: Tag, hemisphere: Tag, [plus, minus]: [u8; 2]) -> Option<f64> {
    let Value::Rational(parts) = value(fields, tag)? else {
        return None;
    };
    let sign = match bytes(fields, hemisphere)?.first()?.to_ascii_uppercase() {
        letter if letter == plus => 1.0,
        letter if letter == minus => -1.0,
        _ => return None,
    };
    let part = |index: usize| match parts.get(index) {
        // Many writers leave out the seconds, or write them as 0/0.
        None | Some(Rational { num: 0, denom: 0 }) if index > 0 => Some(0.0),
        Some(rational) if rational.denom != 0 => Some(rational.to_f64()),
        _ => None,
    };
    let degrees = part(0)? + part(1)? / 60.0 + part(2)? / 3600.0;
    degrees.is_finite().then_some(sign * degrees)
}

#[cfg(test)]
mod tests;
