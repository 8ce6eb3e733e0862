//! A run as one page that needs nothing else: finding, plots, tables. Names come from files and
//! folders of the user: the template escapes all text, and so do the plots.

use std::io::{self, Write};

use askama::Template;

use super::plots::{self, Drawn};
use super::{SUMMARY, machine, summary};
use crate::bench::schema::{Candidate, Run};
use crate::bench::tables::{self, Section, Table};

#[derive(Template)]
#[template(path = "benchmark.html")]
struct Page<'a> {
    run: &'a Run,
    machine: String,
    plots: Vec<Drawn>,
    head: [&'static str; SUMMARY.len()],
    rows: Vec<[String; SUMMARY.len()]>,
    unavailable: Vec<&'a Candidate>,
    tables: Vec<Table>,
}

/// Writes the page.
///
/// # Errors
/// That of `output`.
pub fn write_html(run: &Run, mut output: impl Write) -> io::Result<()> {
    let tables = tables::SECTIONS
        .into_iter()
        .filter_map(|number| match tables::section(number, &[run]) {
            Some(Section::Table(table)) if !table.rows.is_empty() => Some(table),
            _ => None,
        })
        .collect();
    let page = Page {
        run,
        machine: machine(run),
        plots: plots::all(run),
        head: SUMMARY,
        rows: summary(run),
        unavailable: run
            .candidates
            .iter()
            .filter(|candidate| !candidate.available)
            .collect(),
        tables,
    };
    page.write_into(&mut output)?;
    output.flush()
}
