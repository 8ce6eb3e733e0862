//! Each table of the record, made again from its runs, has the numbers that were printed; and
//! each has its shape with the numbers of another run.

use super::*;
use crate::bench::reference::Reference;
use crate::bench::schema::{
    Candidate, Encoding, Latency, Operator, Scenario, ScenarioKind, Stages,
};

/// The first number of a cell and how many decimals it was printed with.
fn number(cell: &str) -> Option<(f64, usize)> {
    let start = cell.find(|c: char| c.is_ascii_digit())?;
    let digits: String = cell[start..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        .filter(|c| *c != ',')
        .collect();
    let digits = digits.trim_end_matches('.');
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    Some((digits.parse().unwrap(), decimals))
}

/// Whether two cells say the same as far as they were rounded.
fn agree(printed: &str, made: &str) -> bool {
    match (number(printed), number(made)) {
        (Some((a, first)), Some((b, second))) => {
            let half = |decimals: usize| 0.5 * 0.1f64.powi(i32::try_from(decimals).unwrap());
            (a - b).abs() <= half(first) + half(second) + 1e-9
        }
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn made(section: &str, runs: &[&Run]) -> Table {
    match super::section(section, runs) {
        Some(Section::Table(table)) => table,
        other => panic!("{section}: {other:?}"),
    }
}

/// Cells of the record that are no figure of a run: section, row, column (-1: all of the row or
/// column), and why.
const EXCEPTIONS: [(&str, i32, i32, &str); 13] = [
    (
        "3.1",
        -1,
        5,
        "the ratio was made of times that were not rounded yet",
    ),
    ("5.1", 4, 1, "an estimate"),
    ("4.3", 2, 2, "an estimate"),
    ("4.3", 0, 2, "the base itself"),
    ("7.2", 0, 5, "rounded to a tenth of a cent"),
    ("7.2", 1, 3, "made of a factor that was rounded to 1.8"),
    ("7.5", 4, 1, "a sum of numbers that were not rounded yet"),
    ("10.4", 0, 2, "at batch 32, an estimate"),
    ("10.4", -1, 3, "names"),
    (
        "11.2",
        4,
        3,
        "cut off and not rounded: 585.0 / 29.9 is 19.57",
    ),
    (
        "12.2",
        -1,
        2,
        "the change is in the note, the run has what it led to",
    ),
    ("12.2", 5, 3, "counted from the end of the load"),
    (
        "12.1",
        5,
        -1,
        "set against about 30 img/s, where 8.4 has 30.5",
    ),
];

fn is_excepted(section: &str, row: usize, column: usize) -> bool {
    EXCEPTIONS.iter().any(|(name, r, c, _)| {
        let is = |wanted: i32, at: usize| wanted == -1 || usize::try_from(wanted) == Ok(at);
        *name == section && is(*r, row) && is(*c, column)
    })
}

/// Tables of the record that list a choice of the rows: the column with the figure.
const CHOICES: [(&str, usize); 3] = [("10.1", 4), ("10.2", 3), ("10.3", 2)];

#[test]
fn every_table_of_the_record_is_made_again_from_its_runs() {
    let reference = Reference::load().unwrap();
    let mut wrong = Vec::new();
    let mut cells = 0;
    for printed in &reference.tables {
        let section = printed.section.as_str();
        let runs = reference.runs_of(section);
        if ["1", "12.3", "12.4", "12.5"].contains(&section) {
            continue;
        }
        let table = made(section, &runs);
        if let Some((_, column)) = CHOICES.iter().find(|(name, _)| *name == section) {
            for row in &printed.rows {
                cells += 1;
                if !table
                    .rows
                    .iter()
                    .any(|made| agree(&row[*column], &made[*column]))
                {
                    wrong.push(format!("{section}: {row:?} is not among the rows"));
                }
            }
            continue;
        }
        assert_eq!(
            table.rows.len(),
            printed.rows.len(),
            "{section}: {table:#?}"
        );
        for (r, (row, again)) in printed.rows.iter().zip(&table.rows).enumerate() {
            for (c, cell) in row.iter().enumerate().skip(1) {
                if is_excepted(section, r, c) {
                    continue;
                }
                cells += usize::from(number(cell).is_some());
                let Some(again) = again.get(c) else {
                    wrong.push(format!("{section}, row {r}: no column {c} for {cell}"));
                    continue;
                };
                if !agree(cell, again) {
                    wrong.push(format!(
                        "{section}, row {r}, column {c}: {cell} became {again}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cells > 350, "{cells}");
}

/// A run as this machine gives one, with other numbers.
fn local_run() -> Run {
    let mut run = Reference::load().unwrap().runs[0].clone();
    let scenario = |kind, batch: usize, callers: usize| {
        let time = 10.0 * f64::from(u32::try_from(batch * callers).unwrap());
        let mut scenario = Scenario::new(kind, batch);
        scenario.concurrency = Some(callers);
        scenario.latency_ms = Some(Latency {
            mean: Some(time),
            p50: Some(time * 0.9),
            min: Some(time * 0.5),
            p75: Some(time),
            p90: Some(time),
            p95: Some(time * 1.5),
            p99: Some(time * 2.0),
            ..Latency::default()
        });
        scenario.images_per_second = Some(100.0);
        scenario.stages_ms = Stages {
            queue: Some(time * 0.4),
            compute: Some(time * 0.6),
            ..Stages::default()
        };
        scenario.payload_bytes_per_image = Some(150_528.0);
        scenario.windows = vec![crate::bench::schema::Window {
            at_s: 0.5,
            images_per_second: Some(100.0),
            cpu_percent: Some(150.0),
            replicas: Some(2),
            ..Default::default()
        }];
        scenario
    };
    let candidate = |id: &str| Candidate {
        id: id.to_owned(),
        engine: id.to_owned(),
        payload: Some("rgb8".to_owned()),
        available: true,
        scenarios: std::iter::once(scenario(ScenarioKind::SingleStream, 1, 1))
            .chain(BATCHES.map(|batch| scenario(ScenarioKind::Offline, batch, 1)))
            .chain(CALLERS.map(|callers| scenario(ScenarioKind::ServerClosed, 1, callers)))
            .collect(),
        operators: vec![Operator {
            operator: "Conv".to_owned(),
            total_ms: 1.0,
            share: 1.0,
            calls: 3,
        }],
        cold_start_ms: crate::bench::schema::ColdStart {
            session: Some(100.0),
            first_batch: Some(20.0),
            sessions: Some(Latency {
                mean: Some(90.0),
                min: Some(80.0),
                max: Some(100.0),
                ..Latency::default()
            }),
        },
        ..Candidate::default()
    };
    run.source = None;
    run.machine.gpus.clear();
    run.machine.cpu = Some("A processor".to_owned());
    run.candidates = vec![candidate("embedded"), candidate("onnxruntime")];
    run.encodings = ["json-f32", "binary-f32"]
        .map(|format| Encoding {
            format: format.to_owned(),
            batch: 1,
            encode_ms: 2.0,
            bytes: 600_000,
        })
        .to_vec();
    run
}

/// What a run on one machine without a GPU and without servers cannot fill.
const EMPTY_HERE: [&str; 4] = ["7.4", "7.5", "8.3", "9.2"];

#[test]
fn every_table_has_its_shape_with_the_numbers_of_a_run_of_this_machine() {
    let reference = Reference::load().unwrap();
    let run = local_run();
    for section in SECTIONS {
        let runs = if reference.runs_of(section).len() > 1 {
            vec![&run, &run]
        } else {
            vec![&run]
        };
        let table = match super::section(section, &runs).unwrap() {
            Section::Table(table) => table,
            Section::Other(words) => {
                assert!(words.len() > 40, "{section}");
                continue;
            }
        };
        assert!(!table.title.is_empty(), "{section}");
        assert!(
            table
                .rows
                .iter()
                .all(|row| row.len() == table.columns.len()),
            "{table:#?}"
        );
        assert_eq!(
            table.rows.is_empty(),
            EMPTY_HERE.contains(&section),
            "{table:#?}"
        );
    }
    assert_eq!(super::section("2", &[]), None);
    assert_eq!(super::section("13", &[&run]), None);
    let table = made("2", &[&run]);
    assert_eq!(table.rows[1][1..], ["9.00ms", "9.00ms", "1.00×"]);
    let table = made("5.4", &[&run]);
    assert_eq!(table.rows[0], ["Compute", "6.00ms", "60.0%"]);
    assert_eq!(
        table.rows[1],
        ["Server overhead and queue", "4.00ms", "40.0%"]
    );
    let table = made("12.2", &[&run]);
    assert_eq!(table.rows[0], ["100.0 img/s", "150%", "2", "0.5s"]);
}
