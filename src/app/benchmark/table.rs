//! The table of measurements: its columns, and the order of its rows.

use std::cmp::Ordering;

use crate::bench::schema::{Candidate, Run, Scenario};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    /// The way.
    Candidate,
    /// What was measured of it.
    Scenario,
    /// Pictures a second.
    Rate,
    /// Median latency.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// Requests that failed.
    Errors,
    /// Whether the last windows agreed.
    Stable,
    /// Joules for 1,000 pictures.
    Energy,
    /// Price of 1,000 pictures.
    Cost,
}

impl Column {
    /// All, from left to right.
    pub(crate) const ALL: [Self; 10] = [
        Self::Candidate,
        Self::Scenario,
        Self::Rate,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Errors,
        Self::Stable,
        Self::Energy,
        Self::Cost,
    ];

    /// Its heading.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Candidate => "Candidate",
            Self::Scenario => "Scenario",
            Self::Rate => "Images/s",
            Self::P50 => "p50 ms",
            Self::P95 => "p95 ms",
            Self::P99 => "p99 ms",
            Self::Errors => "Errors",
            Self::Stable => "Stable",
            Self::Energy => "J/1,000",
            Self::Cost => "Cost/1,000",
        }
    }

    /// Its figure in a measurement; none for words and where it is not known.
    pub(crate) fn figure(self, scenario: &Scenario) -> Option<f64> {
        let latency = scenario.latency_ms.as_ref();
        match self {
            Self::Candidate | Self::Scenario => None,
            Self::Rate => scenario.images_per_second,
            Self::P50 => latency?.p50,
            Self::P95 => latency?.p95,
            Self::P99 => latency?.p99,
            #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
            Self::Errors => scenario.errors.map(|errors| errors as f64),
            Self::Stable => scenario.stable.map(|stable| f64::from(u8::from(stable))),
            Self::Energy => scenario.energy_j_per_1000,
            Self::Cost => scenario.cost_per_1000,
        }
    }

    /// Whether the largest figure is the best; none where none is better than another.
    pub(crate) fn is_more_better(self) -> Option<bool> {
        match self {
            Self::Rate => Some(true),
            Self::P50 | Self::P95 | Self::P99 | Self::Energy | Self::Cost => Some(false),
            Self::Candidate | Self::Scenario | Self::Errors | Self::Stable => None,
        }
    }
}

/// How the rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// By which column; none is as they were measured.
    pub(crate) by: Option<Column>,
    /// Whether the last comes first.
    pub(crate) reversed: bool,
}

impl Order {
    /// The order after a click on a heading: first what one looks for there (the most pictures,
    /// the shortest times), then the other way round, then as measured.
    pub(crate) fn clicked(self, column: Column) -> Self {
        let first = column.is_more_better() == Some(true);
        match self {
            Self { by: Some(by), .. } if by != column => Self::first(column, first),
            Self { by: None, .. } => Self::first(column, first),
            Self { reversed, .. } if reversed == first => Self::first(column, !first),
            _ => Self::default(),
        }
    }

    fn first(column: Column, reversed: bool) -> Self {
        Self {
            by: Some(column),
            reversed,
        }
    }
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// The way.
    pub(crate) candidate: &'a Candidate,
    /// What was measured of it.
    pub(crate) scenario: &'a Scenario,
}

/// All measurements of a run in this order. What has no figure comes last either way.
pub(crate) fn rows(run: &Run, order: Order) -> Vec<Row<'_>> {
    let of = |candidate| {
        move |scenario| Row {
            candidate,
            scenario,
        }
    };
    let mut rows: Vec<Row<'_>> = (run.candidates.iter())
        .flat_map(|candidate| candidate.scenarios.iter().map(of(candidate)))
        .collect();
    let Some(column) = order.by else {
        return rows;
    };
    let turned = |ordering: Ordering| {
        if order.reversed {
            ordering.reverse()
        } else {
            ordering
        }
    };
    match column {
        Column::Candidate => rows.sort_by(|a, b| turned(a.candidate.id.cmp(&b.candidate.id))),
        Column::Scenario => rows.sort_by(|a, b| {
            let key = |row: &Row<'_>| {
                let scenario = row.scenario;
                (scenario.scenario, scenario.batch, scenario.concurrency)
            };
            turned(key(a).cmp(&key(b)))
        }),
        _ => rows.sort_by(
            |a, b| match (column.figure(a.scenario), column.figure(b.scenario)) {
                (Some(a), Some(b)) => turned(a.total_cmp(&b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
        ),
    }
    rows
}

/// The best figure of a column, and the largest, by which bars are drawn; none where none is
/// better than another or none is known.
pub(crate) fn best(rows: &[Row<'_>], column: Column) -> Option<(f64, f64)> {
    let more = column.is_more_better()?;
    let figures = || {
        rows.iter()
            .filter_map(|row| column.figure(row.scenario))
            .filter(|figure| figure.is_finite())
    };
    let largest = figures().reduce(f64::max)?;
    let best = if more {
        largest
    } else {
        figures().reduce(f64::min)?
    };
    Some((best, largest))
}
