//! Speed against the agreement of the vectors with the reference.

use super::{Nothing, digits, positive};
use crate::bench::schema::Run;

/// Worst cosine and recall over the best images a second.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedQuality {
    /// The candidates with both.
    pub candidates: Vec<Faithful>,
}

/// How fast a candidate is, and how faithful.
#[derive(Clone, Debug, PartialEq)]
pub struct Faithful {
    /// The candidate.
    pub name: String,
    /// Its place among the run's candidates, from 0.
    pub number: usize,
    /// The most images a second of its measurements.
    pub rate: f64,
    /// The smallest cosine of a photo's vector and the reference's.
    pub worst_cosine: f64,
    /// Share of the reference's ten nearest photos that it finds too.
    pub recall: Option<f64>,
}

/// The plot of a run.
///
/// # Errors
/// [`Nothing`] where the vectors of no candidate were compared.
pub fn speed_quality(run: &Run) -> Result<SpeedQuality, Nothing> {
    let candidates: Vec<Faithful> = (run.candidates.iter().enumerate())
        .filter_map(|(number, candidate)| {
            let quality = candidate.quality.as_ref()?;
            let rates = candidate.scenarios.iter();
            let rate = rates
                .filter_map(|scenario| positive(scenario.images_per_second))
                .reduce(f64::max)?;
            quality.cosine_min.is_finite().then(|| Faithful {
                name: candidate.id.clone(),
                number,
                rate,
                worst_cosine: quality.cosine_min,
                recall: quality.recall_at_10.filter(|recall| recall.is_finite()),
            })
        })
        .collect();
    if candidates.is_empty() {
        let text = "No candidate's vectors were compared with the reference.";
        return Err(Nothing::of(run, &["quality"], text));
    }
    Ok(SpeedQuality { candidates })
}

impl Faithful {
    /// Its figures in words.
    #[must_use]
    pub fn words(&self) -> String {
        let recall = self.recall.map_or_else(
            || "recall not known".to_owned(),
            |recall| format!("recall of ten neighbours {:.0} %", recall * 100.0),
        );
        format!(
            "{}: {} images a second, worst cosine {:.4}, {recall}",
            self.name,
            digits(self.rate),
            self.worst_cosine
        )
    }
}

impl SpeedQuality {
    /// The smallest figure of agreement, at most 1.
    #[must_use]
    pub fn lowest(&self) -> f64 {
        let figures = (self.candidates.iter())
            .flat_map(|each| std::iter::once(each.worst_cosine).chain(each.recall));
        figures.fold(1.0, f64::min)
    }

    /// The fastest candidate, and the one that strays the farthest.
    #[must_use]
    pub fn statement(&self) -> String {
        let all = || self.candidates.iter();
        let fastest = all().max_by(|a, b| a.rate.total_cmp(&b.rate));
        let farthest = all().min_by(|a, b| a.worst_cosine.total_cmp(&b.worst_cosine));
        let told = [("Fastest", fastest), ("Least faithful", farthest)];
        let told = told
            .into_iter()
            .filter_map(|(which, of)| Some(format!("{which}: {}.", of?.words())));
        told.collect::<Vec<_>>().join(" ")
    }
}
