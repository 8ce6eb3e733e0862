//! Where the time of a photo goes, from the file to the vector.

use super::{Nothing, digits, positive};
use crate::bench::schema::{Run, ScenarioKind, Stages};

/// A bar for each candidate, stacked of the stages.
#[derive(Clone, Debug, PartialEq)]
pub struct StageBars {
    /// The stages that any candidate has, in the order of the way, with their place among all.
    pub stages: Vec<(usize, &'static str)>,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// A photo's way with one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The candidate.
    pub name: String,
    /// Milliseconds of each of the plot's stages; none where it is not known.
    pub parts: Vec<Option<f64>>,
}

/// The plot of a run, of the single photos.
///
/// # Errors
/// [`Nothing`] where no stage of a single photo was measured.
pub fn stages(run: &Run) -> Result<StageBars, Nothing> {
    let known: Vec<(&str, Vec<Option<f64>>)> = (run.candidates.iter())
        .filter_map(|candidate| {
            let mut scenarios = candidate.scenarios.iter();
            let times = scenarios.find_map(|scenario| {
                let is_single = scenario.scenario == ScenarioKind::SingleStream;
                let times = scenario.stages_ms.named().map(|(_, time)| positive(time));
                (is_single && times.iter().any(Option::is_some)).then_some(times)
            })?;
            Some((candidate.id.as_str(), times.to_vec()))
        })
        .collect();
    if known.is_empty() {
        let text = "The stages of single photos were not measured.";
        return Err(Nothing::of(run, &["single-stream"], text));
    }
    let at = |times: &[Option<f64>], number: usize| times.get(number).copied().flatten();
    let stages: Vec<(usize, &'static str)> = (Stages::default().named().into_iter().enumerate())
        .map(|(number, (name, _))| (number, name))
        .filter(|(number, _)| known.iter().any(|(_, times)| at(times, *number).is_some()))
        .collect();
    let bars = known.into_iter().map(|(name, times)| Bar {
        name: name.to_owned(),
        parts: (stages.iter())
            .map(|(number, _)| at(&times, *number))
            .collect(),
    });
    Ok(StageBars {
        bars: bars.collect(),
        stages,
    })
}

impl Bar {
    /// Milliseconds in all.
    #[must_use]
    pub fn whole(&self) -> f64 {
        self.parts.iter().flatten().sum()
    }
}

impl StageBars {
    /// A bar's stages in words.
    #[must_use]
    pub fn words(&self, bar: &Bar) -> String {
        let parts = self.stages.iter().zip(&bar.parts);
        let parts: Vec<String> = parts
            .filter_map(|((_, stage), time)| Some(format!("{stage} {} ms", digits((*time)?))))
            .collect();
        format!(
            "{}: {} ms a photo ({})",
            bar.name,
            digits(bar.whole()),
            parts.join(", ")
        )
    }

    /// What takes the most time of each candidate's photos.
    #[must_use]
    pub fn statement(&self) -> String {
        let told = self.bars.iter().filter_map(|bar| {
            let parts = self.stages.iter().zip(&bar.parts);
            let (stage, time) = parts
                .filter_map(|((_, stage), time)| Some((*stage, (*time)?)))
                .max_by(|a, b| a.1.total_cmp(&b.1))?;
            let share = time / bar.whole() * 100.0;
            Some(format!(
                "{}: {stage} takes the most, {} of {} ms ({share:.0} %)",
                bar.name,
                digits(time),
                digits(bar.whole())
            ))
        });
        format!("{}.", told.collect::<Vec<_>>().join("; "))
    }
}
