//! Images a second by batch and by requests at once, a field a candidate.

use super::{Nothing, digits, positive};
use crate::bench::schema::{Candidate, Run, Scenario, ScenarioKind};

/// A field of cells for each candidate; all have the same columns and rows.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Requests at once, ascending: the columns.
    pub callers: Vec<usize>,
    /// Pictures a request, ascending: the rows.
    pub batches: Vec<usize>,
    /// The candidates with any measurement.
    pub fields: Vec<Field>,
    /// The largest figure of all.
    pub largest: f64,
}

/// What was measured of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The candidate.
    pub name: String,
    /// Images a second, a row a batch and a column a number of callers; none was not measured.
    pub cells: Vec<Vec<Option<f64>>>,
}

/// The plot of a run: loads of callers that wait for their answers. One picture at a time counts
/// as one caller with batch 1, unless a batch sweep or a server load has that cell too.
///
/// # Errors
/// [`Nothing`] where there is no such load.
pub fn heat_map(run: &Run) -> Result<HeatMap, Nothing> {
    let measured = || {
        let all = run.candidates.iter().flat_map(|each| &each.scenarios);
        all.filter_map(place)
    };
    let sorted = |mut numbers: Vec<usize>| {
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    let callers = sorted(measured().map(|place| place.1).collect());
    let batches = sorted(measured().map(|place| place.0).collect());
    let fields: Vec<Field> = (run.candidates.iter())
        .filter(|candidate| candidate.scenarios.iter().any(|each| place(each).is_some()))
        .map(|candidate| Field {
            name: candidate.id.clone(),
            cells: (batches.iter())
                .map(|batch| {
                    let cell = |callers| rate(candidate, (*batch, callers));
                    callers.iter().copied().map(cell).collect()
                })
                .collect(),
        })
        .collect();
    let cells = || fields.iter().flat_map(|field| field.cells.iter().flatten());
    let Some(largest) = cells().flatten().copied().reduce(f64::max) else {
        let text = "No load with a known batch and number of callers was measured.";
        return Err(Nothing::of(
            run,
            &["offline", "server-closed", "single-stream"],
            text,
        ));
    };
    Ok(HeatMap {
        callers,
        batches,
        fields,
        largest,
    })
}

/// Batch and callers of a measurement that has a throughput.
fn place(scenario: &Scenario) -> Option<(usize, usize)> {
    positive(scenario.images_per_second)?;
    match scenario.scenario {
        ScenarioKind::Offline | ScenarioKind::ServerClosed => {
            Some((scenario.batch, scenario.concurrency?))
        }
        ScenarioKind::SingleStream => Some((1, 1)),
        ScenarioKind::MultiStream | ScenarioKind::ServerOpen => None,
    }
}

fn rate(candidate: &Candidate, wanted: (usize, usize)) -> Option<f64> {
    let order = [
        ScenarioKind::Offline,
        ScenarioKind::ServerClosed,
        ScenarioKind::SingleStream,
    ];
    order.into_iter().find_map(|kind| {
        let mut scenarios = candidate.scenarios.iter();
        scenarios
            .find(|scenario| scenario.scenario == kind && place(scenario) == Some(wanted))?
            .images_per_second
    })
}

impl HeatMap {
    /// Where the highest throughput of a field is: batch, callers, images a second.
    #[must_use]
    pub fn best(&self, field: &Field) -> Option<(usize, usize, f64)> {
        let cells = self.batches.iter().zip(&field.cells);
        cells
            .flat_map(|(batch, row)| {
                let row = self.callers.iter().zip(row);
                row.filter_map(|(callers, rate)| Some((*batch, *callers, (*rate)?)))
            })
            .max_by(|a, b| a.2.total_cmp(&b.2))
    }

    /// The field with the highest throughput, from 0.
    #[must_use]
    pub fn fastest(&self) -> usize {
        let rate = |field| self.best(field).map_or(0.0, |best| best.2);
        let fields = self.fields.iter().enumerate();
        fields
            .max_by(|a, b| rate(a.1).total_cmp(&rate(b.1)))
            .map_or(0, |(number, _)| number)
    }

    /// Where a candidate does the most.
    #[must_use]
    pub fn statement(&self, field: &Field) -> String {
        let Some((batch, callers, rate)) = self.best(field) else {
            return String::new();
        };
        let requests = if callers == 1 { "request" } else { "requests" };
        format!(
            "{}: the most are {} images a second, with batch {batch} and {callers} {requests} at once.",
            field.name,
            digits(rate)
        )
    }
}
