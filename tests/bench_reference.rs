//! The reference results in the program are the whole record.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use twinlens::bench::reference::{PrintedTable, Reference};

/// The tables of the record: the cells of its Markdown tables and the lines of its code blocks.
fn tables(record: &str) -> Vec<PrintedTable> {
    let plain = |cell: &str| cell.trim().replace("**", "").replace('`', "");
    let mut found: Vec<PrintedTable> = Vec::new();
    let (mut section, mut title) = (String::new(), String::new());
    let (mut in_code, mut in_table) = (false, false);
    for line in record.lines() {
        if let Some(heading) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            (section, title) = match heading.split_once(' ') {
                Some((number, title)) if number.starts_with(|c: char| c.is_ascii_digit()) => {
                    (number.trim_end_matches('.').to_owned(), title.to_owned())
                }
                _ => (String::new(), heading.to_owned()),
            };
        }
        if section.is_empty() {
            continue;
        }
        let mut begin = |columns: Vec<String>| {
            found.push(PrintedTable {
                section: section.clone(),
                title: title.clone(),
                columns,
                rows: Vec::new(),
            });
        };
        if line.starts_with("```") {
            in_code = !in_code;
            if in_code {
                begin(vec!["Output".to_owned()]);
            }
        } else if in_code {
            found.last_mut().unwrap().rows.push(vec![line.to_owned()]);
        } else if let Some(row) = line.strip_prefix('|') {
            let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split('|').collect();
            let is_rule = cells
                .iter()
                .all(|cell| cell.trim().trim_matches([':', '-']).is_empty());
            if !in_table {
                begin(cells.iter().map(|cell| plain(cell)).collect());
                in_table = true;
            } else if !is_rule {
                let row = cells.iter().map(|cell| plain(cell)).collect();
                found.last_mut().unwrap().rows.push(row);
            }
            continue;
        }
        in_table = false;
    }
    found
}

#[test]
fn every_number_of_every_table_of_the_record_is_in_the_reference_results() {
    let Some(record) = common::shared("benchmark-reference.md") else {
        return;
    };
    let expected = tables(&std::fs::read_to_string(record).unwrap());
    assert_eq!(expected.len(), 41);
    let reference = Reference::load().unwrap();
    for table in &expected {
        let kept = reference
            .tables
            .iter()
            .find(|kept| kept.section == table.section);
        assert_eq!(kept, Some(table));
    }
    assert_eq!(reference.tables.len(), expected.len());
}
