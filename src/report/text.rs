//! The report as plain text: one block a group, for a person at a terminal.

use std::collections::HashMap;
use std::io::{BufWriter, Write};

use super::{Report, ReportError};

/// Writes the groups and the problems, a photo or file a line.
///
/// # Errors
/// [`ReportError::Output`] if `output` fails.
pub fn write_text(report: &Report, output: impl Write) -> Result<(), ReportError> {
    let mut output = BufWriter::new(output);
    let paths: HashMap<u32, &str> = report
        .photos
        .iter()
        .map(|photo| (photo.id, photo.path.text.as_str()))
        .collect();
    let path = |id: u32| paths.get(&id).copied().unwrap_or_default();
    for group in &report.groups {
        writeln!(output, "group {} ({})", group.id, group.relation.name())?;
        for shot in &group.shots {
            for member in &shot.photos {
                let evidence = member.evidence.map_or("", super::Evidence::name);
                writeln!(
                    output,
                    "  {:<6} {:<16} {}",
                    member.verdict.name(),
                    evidence,
                    shown(path(member.id))
                )?;
            }
        }
        writeln!(output)?;
    }
    for problem in &report.problems {
        writeln!(
            output,
            "{}: {}: {}",
            problem.kind,
            problem.message,
            shown(&problem.path.text)
        )?;
    }
    output.flush()?;
    Ok(())
}

/// Control characters in a name must not reach the terminal.
fn shown(path: &str) -> String {
    path.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_debug().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_in_names_do_not_reach_the_terminal() {
        assert_eq!(shown("a\x1b[2J\nb ü.jpg"), "a\\u{1b}[2J\\nb ü.jpg");
    }
}
