//! The report as CSV: one row for each photo of a group, for spreadsheets.
//!
//! RFC 4180 with CRLF line ends and a UTF-8 byte order mark, without which Excel takes the
//! text for the system's old code page. A cell that a spreadsheet would take for a formula
//! gets an apostrophe in front (OWASP, *CSV Injection*): file names come from strangers.
//! Whoever needs paths to the byte reads the JSON.

use std::borrow::Cow;
use std::io::Write;

use ::csv::{Terminator, WriterBuilder};

use super::{Report, ReportError};

const BYTE_ORDER_MARK: &str = "\u{feff}";

const HEADER: [&str; 17] = [
    "group",
    "group_relation",
    "shot",
    "shot_relation",
    "photo",
    "path",
    "verdict",
    "copy_of",
    "evidence",
    "cosine",
    "bytes",
    "width",
    "height",
    "format",
    "taken_at",
    "blake3",
    "reasons",
];

/// Writes the rows, in the order of groups, shots and photos.
///
/// # Errors
/// [`ReportError::Csv`] or [`ReportError::Output`] if `output` fails.
pub fn write_csv(report: &Report, mut output: impl Write) -> Result<(), ReportError> {
    output.write_all(BYTE_ORDER_MARK.as_bytes())?;
    let mut rows = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(output);
    rows.write_record(HEADER)?;
    for group in &report.groups {
        for (shot_number, shot) in group.shots.iter().enumerate() {
            for member in &shot.photos {
                let Some(photo) = report.photo(member.id) else {
                    continue;
                };
                let optional = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
                rows.write_record(
                    [
                        group.id.to_string(),
                        group.relation.to_string(),
                        shot_number.to_string(),
                        shot.relation.to_string(),
                        photo.id.to_string(),
                        photo.path.text.clone(),
                        member.verdict.name().to_owned(),
                        optional(member.copy_of),
                        member
                            .evidence
                            .map(|tier| tier.to_string())
                            .unwrap_or_default(),
                        member
                            .cosine
                            .map(|cosine| format!("{cosine:.4}"))
                            .unwrap_or_default(),
                        photo.bytes.to_string(),
                        photo.width.to_string(),
                        photo.height.to_string(),
                        photo.format.clone(),
                        photo.taken_at.clone().unwrap_or_default(),
                        photo.blake3.clone(),
                        member.reasons.join("; "),
                    ]
                    .map(|cell| harmless(&cell).into_owned()),
                )?;
            }
        }
    }
    rows.flush()?;
    Ok(())
}

/// The cell so that no spreadsheet computes with it. Negative numbers stay numbers.
fn harmless(cell: &str) -> Cow<'_, str> {
    let starts_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if starts_formula && cell.parse::<f64>().is_err() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_look_like_formulas_are_quoted_and_numbers_are_not() {
        for (cell, expected) in [
            ("/home/a.jpg", "/home/a.jpg"),
            ("=cmd|' /C calc'!A0.jpg", "'=cmd|' /C calc'!A0.jpg"),
            ("+1.jpg", "'+1.jpg"),
            ("-1.jpg", "'-1.jpg"),
            ("@SUM(A1).jpg", "'@SUM(A1).jpg"),
            ("\t=1.jpg", "'\t=1.jpg"),
            ("-0.1200", "-0.1200"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), expected, "{cell:?}");
        }
    }
}
