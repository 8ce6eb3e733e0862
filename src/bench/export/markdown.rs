//! A run as Markdown: the finding, all measurements, and the tables of the reference record with
//! this run's numbers.

use std::io::{self, BufWriter, Write};

use super::{SUMMARY, machine, summary};
use crate::bench::schema::Run;
use crate::bench::tables::{self, Section};

/// Writes the page.
///
/// # Errors
/// That of `output`.
pub fn write_markdown(run: &Run, output: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(output);
    writeln!(
        out,
        "# Benchmark of {}\n",
        run.started.strftime("%Y-%m-%d %H:%M UTC")
    )?;
    writeln!(out, "{}  \n{}\n", cell(&run.program), cell(&machine(run)))?;
    writeln!(out, "{}\n", cell(&run.finding))?;
    writeln!(out, "## Measurements\n")?;
    let rows: Vec<Vec<String>> = summary(run).into_iter().map(Vec::from).collect();
    table(&mut out, &SUMMARY, &rows)?;
    let unavailable: Vec<Vec<String>> = run
        .candidates
        .iter()
        .filter(|candidate| !candidate.available)
        .map(|candidate| {
            vec![
                candidate.id.clone(),
                candidate.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    if !unavailable.is_empty() {
        writeln!(out, "## Not available\n")?;
        table(&mut out, &["candidate", "reason"], &unavailable)?;
    }
    writeln!(out, "## In the form of the reference results\n")?;
    for number in tables::SECTIONS {
        let Some(Section::Table(made)) = tables::section(number, &[run]) else {
            continue;
        };
        if made.rows.is_empty() {
            continue;
        }
        writeln!(out, "### {} {}\n", made.section, made.title)?;
        let head: Vec<&str> = made.columns.iter().map(String::as_str).collect();
        table(&mut out, &head, &made.rows)?;
    }
    if !run.missing.is_empty() {
        writeln!(out, "## Not known\n")?;
        for missing in &run.missing {
            writeln!(out, "- `{}`: {}", missing.figure, cell(&missing.reason))?;
        }
    }
    out.flush()
}

fn table(out: &mut impl Write, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|name| cell(name)).collect();
    writeln!(out, "{}", line(&head))?;
    writeln!(out, "{}", line(&vec!["---".to_owned(); head.len()]))?;
    for row in rows {
        let row: Vec<String> = row.iter().map(|text| cell(text)).collect();
        writeln!(out, "{}", line(&row))?;
    }
    writeln!(out)
}

/// What would end a cell or be taken for markup.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}
