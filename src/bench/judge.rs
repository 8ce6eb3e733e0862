//! Which vectors each candidate's are compared with.

use super::candidates::{Choice, Way};
use super::measure::Measured;
use super::quality::quality;
use super::schema::Missing;
use super::workload::Workload;
use crate::embed::{self, Embedding, EngineChoice, EngineRequest, ModelRecord, Precision};

/// What a run's candidates are judged with.
pub(super) struct Judge<'a> {
    pub(super) choices: &'a [Choice],
    pub(super) workload: &'a Workload,
}

/// The vectors that are taken as true, and whose they are.
type Truth = (String, Vec<Embedding>);

impl Judge<'_> {
    /// Compares each candidate's vectors with those of its family's reference: single precision on
    /// the processor of this machine, by the built-in engine if that was measured. Where a server
    /// alone was measured, they are computed for it.
    pub(super) fn judge(&self, measured: &mut [Measured], missing: &mut Vec<Missing>) {
        let truths: Vec<Result<Truth, String>> = (self.choices.iter())
            .zip(measured.iter())
            .map(|(choice, found)| {
                if found.vectors.is_empty() {
                    return Err("nothing was embedded".to_owned());
                }
                self.truth(choice, measured)
            })
            .collect();
        for ((choice, found), truth) in self.choices.iter().zip(measured).zip(truths) {
            if found.vectors.is_empty() {
                continue;
            }
            match truth.and_then(|truth| compare(&choice.model, &truth, &found.vectors)) {
                Ok(quality) => found.candidate.quality = Some(quality),
                Err(reason) => missing.push(Missing {
                    figure: format!("{}: quality", found.candidate.id),
                    reason,
                }),
            }
        }
    }

    fn truth(&self, choice: &Choice, measured: &[Measured]) -> Result<Truth, String> {
        let reference = self.choices.iter().zip(measured).find(|(other, found)| {
            other.is_reference() && other.family() == choice.family() && !found.vectors.is_empty()
        });
        if let Some((other, found)) = reference {
            return Ok((other.id(), found.vectors.clone()));
        }
        match (&choice.way, choice.model.precision) {
            (Way::Server(_), Precision::F32) => self.compute(&choice.model),
            _ => Err("its model was not measured in single precision on the processor".to_owned()),
        }
    }

    /// The vectors of the built-in engine.
    fn compute(&self, model: &ModelRecord) -> Result<Truth, String> {
        let request = EngineRequest {
            engine: EngineChoice::Embedded,
            ..EngineRequest::default()
        };
        let cannot = |reason: String| format!("its model cannot be computed here: {reason}");
        let mut opened = embed::open(&request, model).map_err(|error| cannot(error.to_string()))?;
        let engine = opened.embedders.first_mut();
        let embedder = engine.ok_or_else(|| cannot("no engine has started".to_owned()))?;
        let mut vectors = Vec::new();
        for batch in (self.workload.inputs(&model.preprocessing)).chunks(embedder.batch_size()) {
            let some = embedder.embed(batch);
            vectors.extend(some.map_err(|error| cannot(error.to_string()))?);
        }
        let id = format!(
            "{}/cpu/{}/{}",
            EngineChoice::Embedded.name(),
            model.name,
            model.precision.name()
        );
        Ok((id, vectors))
    }
}

fn compare(
    model: &ModelRecord,
    (id, truth): &Truth,
    found: &[Embedding],
) -> Result<super::schema::Quality, String> {
    let length = |vectors: &[Embedding]| vectors.first().map_or(0, |v| v.components().len());
    quality(id, truth, found, model.similarity_default).ok_or_else(|| {
        format!(
            "it is another model: its vectors have {} numbers, those of {id} {}",
            length(found),
            length(truth)
        )
    })
}
