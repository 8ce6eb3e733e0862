//! When a photo was taken, as far as its file tells.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Local wall-clock time of the exposure, with the offset from UTC where the camera wrote it.
///
/// Most cameras write none: two photos can then be compared by wall clock only, which is why
/// the offset is not guessed. The text is RFC 3339 with an offset, and the same without the
/// offset where it is unknown: `2021-05-12T14:03:07.25+02:00`, `2021-05-12T14:03:07`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TakenAt {
    /// Wall-clock time at the camera, to the fraction of a second that was written.
    pub local: DateTime,
    /// Offset from UTC, if the file says it (EXIF 2.31 `OffsetTimeOriginal`).
    pub offset: Option<Offset>,
}

impl TakenAt {
    /// Seconds between two exposures; in UTC where both offsets are known, else by wall clock.
    #[must_use]
    pub fn seconds_apart(self, other: Self) -> f64 {
        let wall = self.local.duration_since(other.local).as_secs_f64();
        let offsets = match (self.offset, other.offset) {
            (Some(a), Some(b)) => f64::from(a.seconds() - b.seconds()),
            _ => 0.0,
        };
        (wall - offsets).abs()
    }
}

impl fmt::Display for TakenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)?;
        let Some(offset) = self.offset else {
            return Ok(());
        };
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        write!(
            f,
            "{sign}{:02}:{:02}",
            minutes.abs() / 60,
            minutes.abs() % 60
        )
    }
}

/// The text is not a time as [`TakenAt`] writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a capture time: {0:?}")]
pub struct InvalidTakenAt(String);

impl FromStr for TakenAt {
    type Err = InvalidTakenAt;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidTakenAt(text.to_owned());
        // The offset, `+hh:mm`, is the last six bytes where there is one; the date's own minus
        // signs lie before the `T`.
        let time_at = text.find('T').ok_or_else(invalid)?;
        let offset_at = text
            .get(time_at..)
            .and_then(|rest| rest.find(['+', '-']))
            .map(|at| time_at + at);
        let (local, offset) = text.split_at(offset_at.unwrap_or(text.len()));
        Ok(Self {
            local: local.parse().map_err(|_unparsable| invalid())?,
            offset: if offset.is_empty() {
                None
            } else {
                Some(parse_offset(offset).ok_or_else(invalid)?)
            },
        })
    }
}

/// Reads `+hh:mm` or `-hh:mm`.
pub(crate) fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 25 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_time_reads_back_from_its_text() {
        for text in [
            "2021-05-12T14:03:07",
            "2021-05-12T14:03:07.25+02:00",
            "1999-12-31T23:59:59-09:30",
        ] {
            assert_eq!(text.parse::<TakenAt>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "2021-05-12",
            "2021-05-12T14:03:07+99:00",
            "2021-13-12T14:03:07",
            "T+",
        ] {
            assert!(wrong.parse::<TakenAt>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn offsets_count_only_where_both_are_known() {
        let at = |text: &str| text.parse::<TakenAt>().unwrap();
        for (a, b, expected) in [
            (
                "2021-05-12T14:00:00+02:00",
                "2021-05-12T12:00:01+00:00",
                1.0,
            ),
            ("2021-05-12T14:00:00+02:00", "2021-05-12T14:00:01", 1.0),
            ("2021-05-12T14:00:00", "2021-05-12T14:00:00.5", 0.5),
        ] {
            assert!(
                (at(a).seconds_apart(at(b)) - expected).abs() < 1e-3,
                "{a} {b}"
            );
        }
    }
}
