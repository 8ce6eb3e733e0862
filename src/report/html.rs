//! The report as one HTML file that needs nothing else: no network, no scripts, no other file.
//!
//! The page is written as it is rendered, and thumbnails are asked for one at a time, so that
//! ten thousand groups take no more memory than one.
//!
//! Pitfall: file names come from strangers. The template escapes all text, a content security
//! policy forbids whatever could slip through, and [`visible`] shows control and bidirectional
//! marks instead of obeying them: `photo\u{202e}gpj.exe` must not read as `photoexe.jpg`.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, is_separator};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{PathText, Report, ReportError, ReportGroup, ReportMember, ReportPhoto};
use crate::matching::{Evidence, MemberVerdict};
use crate::photo::ContentHash;

/// Gives the thumbnail of a content as an encoded JPEG, PNG, WebP or GIF, if there is one.
pub type Thumbnails<'a> = &'a dyn Fn(ContentHash) -> Option<Vec<u8>>;

/// Writes the page.
///
/// # Errors
/// [`ReportError::Output`] if `output` fails.
pub fn write_html(
    report: &Report,
    thumbnails: Thumbnails<'_>,
    output: impl Write,
) -> Result<(), ReportError> {
    let page = Page {
        report,
        to_review: members(report)
            .filter(|member| member.verdict == MemberVerdict::Review)
            .count(),
        thumbnails,
    };
    let mut output = BufWriter::new(output);
    page.write_into(&mut output)?;
    output.flush()?;
    Ok(())
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    to_review: usize,
    thumbnails: Thumbnails<'a>,
}

impl Page<'_> {
    /// The thumbnail as a data URI.
    fn thumbnail(&self, photo: &ReportPhoto) -> Option<String> {
        // A report that was edited may have no hash here; then there is no thumbnail either.
        let bytes = (self.thumbnails)(photo.blake3.parse().ok()?)?;
        let kind = match bytes.get(..4)? {
            [0xff, 0xd8, ..] => "jpeg",
            [0x89, b'P', b'N', b'G'] => "png",
            b"RIFF" => "webp",
            b"GIF8" => "gif",
            _ => return None,
        };
        Some(format!(
            "data:image/{kind};base64,{}",
            STANDARD.encode(bytes)
        ))
    }

    /// The photo that this one is a copy of.
    fn better(&self, member: &ReportMember) -> Option<&ReportPhoto> {
        self.report.photo(member.copy_of?)
    }
}

fn members(report: &Report) -> impl Iterator<Item = &ReportMember> {
    let shots = report.groups.iter().flat_map(|group| &group.shots);
    shots.flat_map(|shot| &shot.photos)
}

fn summary(group: &ReportGroup) -> String {
    let count = |verdict| {
        let photos = group.shots.iter().flat_map(|shot| &shot.photos);
        photos.filter(|member| member.verdict == verdict).count() as u64
    };
    let photos = group
        .shots
        .iter()
        .map(|shot| shot.photos.len() as u64)
        .sum();
    let mut summary = counted(photos, "photo", "photos");
    if group.shots.len() > 1 {
        summary.push_str(", ");
        summary.push_str(&counted(group.shots.len() as u64, "shot", "shots"));
    }
    for (count, one, many) in [
        (
            count(MemberVerdict::Remove),
            "surplus copy",
            "surplus copies",
        ),
        (count(MemberVerdict::Review), "to review", "to review"),
    ] {
        if count > 0 {
            summary.push_str(", ");
            summary.push_str(&counted(count, one, many));
        }
    }
    summary
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn mark(member: &ReportMember) -> &'static str {
    match member.verdict {
        MemberVerdict::Keep => "Keep",
        MemberVerdict::Remove => "Surplus",
        MemberVerdict::Review => "Review",
    }
}

/// What the photo is to the one that it is a copy of.
fn relation(member: &ReportMember) -> Option<&'static str> {
    member.evidence.map(|evidence| match evidence {
        Evidence::IdenticalFile => "Identical file to",
        Evidence::IdenticalPixels => "Identical pixels to",
        Evidence::SameShot => "Same shot as",
        Evidence::Burst => "Same burst as",
        Evidence::Similar => "Similar to",
    })
}

/// The reasons without the words for the evidence, which the page has said already.
fn further_reasons(member: &ReportMember) -> impl Iterator<Item = &str> {
    let words = member.evidence.map_or("", Evidence::words);
    member
        .reasons
        .iter()
        .map(move |reason| reason.strip_prefix(words).unwrap_or(reason))
        .map(|reason| reason.trim_start_matches([':', ' ']))
        .filter(|reason| !reason.is_empty())
}

/// Bytes in decimal units, as file managers show them: `3.4 MB`.
fn size(bytes: u64) -> String {
    let mut unit = 1;
    for name in ["bytes", "KB", "MB", "GB"] {
        if bytes < unit * 1000 {
            return in_unit(bytes, unit, name);
        }
        unit *= 1000;
    }
    in_unit(bytes, unit, "TB")
}

fn in_unit(bytes: u64, unit: u64, name: &str) -> String {
    let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
    if unit == 1 || whole >= 100 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{tenth} {name}")
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(is_separator).next().unwrap_or(path)
}

fn folder_name(path: &str) -> &str {
    path.strip_suffix(file_name(path))
        .map_or("", |folder| folder.trim_end_matches(is_separator))
}

/// The text with marks that are invisible or change the direction of others made visible.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if hidden {
            // Writing to a String cannot fail.
            write!(shown, "⟨U+{:04X}⟩", u32::from(c)).ok();
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A link to the file, for absolute paths (RFC 8089). What is not unreserved is escaped, so
/// nothing of the path can be read as another part of the URL.
fn file_url(path: &PathText) -> Option<String> {
    let path = path.to_path_buf()?;
    if !Path::new(&path).is_absolute() {
        return None;
    }
    let text = path.as_os_str().as_encoded_bytes();
    let mut url = "file://".to_owned();
    if cfg!(windows) {
        url.push('/');
    }
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => url.push('/'),
            b':' if cfg!(windows) => url.push(':'),
            _ => {
                // Writing to a String cannot fail.
                write!(url, "%{byte:02X}").ok();
            }
        }
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_decimal_units() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 KB"),
            (3_449_000, "3.4 MB"),
            (345_000_000, "345 MB"),
            (5_000_000_000, "5.0 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn marks_that_would_change_how_a_name_reads_are_shown() {
        assert_eq!(visible("a\u{202e}gpj.exe\n"), "a⟨U+202E⟩gpj.exe⟨U+000A⟩");
        assert_eq!(visible("Übung 照片.jpg"), "Übung 照片.jpg");
    }

    #[cfg(unix)]
    #[test]
    fn links_escape_everything_that_could_end_the_path() {
        for (path, expected) in [
            ("/a b/ü#?%.jpg", Some("file:///a%20b/%C3%BC%23%3F%25.jpg")),
            ("/\"><script>", Some("file:///%22%3E%3Cscript%3E")),
            ("relative.jpg", None),
        ] {
            assert_eq!(
                file_url(&PathText::new(Path::new(path))).as_deref(),
                expected
            );
        }
    }
}
