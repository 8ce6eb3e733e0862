//! Numbers, sizes, dates and durations in words, in one way everywhere.
//!
//! Sizes are decimal (1 MB is 1,000,000 bytes) on macOS and Linux, whose file managers count
//! so, and binary with the same names on Windows, whose Explorer does.

use std::path::Path;
use std::time::Duration;

use jiff::civil::DateTime;

use crate::matching::Evidence;
use crate::photo::Format;

/// How many bytes the system's file manager calls a kilobyte.
const KILO: f64 = if cfg!(windows) { 1024.0 } else { 1000.0 };

/// `3.1 MB`.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "bytes";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < KILO {
            break;
        }
        value /= KILO;
        unit = next;
    }
    match unit {
        "bytes" if bytes == 1 => "1 byte".to_owned(),
        "bytes" | "kB" => format!("{value:.0} {unit}"),
        _ if value < 100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// `12,345`.
pub(crate) fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 photo`, `12,345 photos`.
pub(crate) fn photos(number: impl TryInto<u64>) -> String {
    counted(number, "photo", "photos")
}

/// A number and the noun that goes with it.
pub(crate) fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A moment of the journal, in this computer's time zone: `12 May 2021, 14:03`.
pub(crate) fn moment(milliseconds: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    date_time(jiff::tz::TimeZone::system().to_datetime(at))
}

/// `12 May 2021, 14:03`.
pub(crate) fn date_time(at: DateTime) -> String {
    at.strftime("%-d %b %Y, %H:%M").to_string()
}

/// About how long: `40 s`, `3 min`, `2 h 10 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=89 => format!("{} s", seconds.max(1)),
        90..=3569 => format!("{} min", (seconds + 30) / 60),
        _ => {
            let minutes = (seconds + 30) / 60;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// `4032 × 3024`.
pub(crate) fn dimensions(width: u32, height: u32) -> String {
    format!("{width} × {height}")
}

/// `12.2 megapixels`.
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
pub(crate) fn megapixels(pixels: u64) -> String {
    format!("{:.1} MP", pixels as f64 / 1e6)
}

/// The last part of a path, for people.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// The folder of a file, for people.
pub(crate) fn folder(path: &Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}

/// A format as people write it.
pub(crate) fn format_name(format: Format) -> String {
    format.name().to_uppercase()
}

/// The tier as a heading: `Same shot`.
pub(crate) fn evidence(evidence: Evidence) -> String {
    capitalised(evidence.words())
}

/// With a large first letter.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_sizes_rounded_to_what_matters() {
        for (number, text) in [
            (0_u64, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(bytes(1), "1 byte");
        if !cfg!(windows) {
            for (number, text) in [
                (999, "999 bytes"),
                (48_500, "48 kB"),
                (3_100_000, "3.1 MB"),
                (412_000_000, "412 MB"),
                (3_100_000_000_000, "3.1 TB"),
            ] {
                assert_eq!(bytes(number), text);
            }
        }
    }

    #[test]
    fn durations_are_as_exact_as_an_estimate_can_be() {
        for (seconds, text) in [
            (0, "1 s"),
            (40, "40 s"),
            (100, "2 min"),
            (7800, "2 h 10 min"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
