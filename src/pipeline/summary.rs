//! An analysis as the report that users and scripts read.

use jiff::Timestamp;

use super::Analysis;
use crate::matching::neighbours::IndexUsed;
use crate::report::{Engine, Index, Report, ReportInputs, Stage};

/// The report of an analysis that began at `started`.
#[must_use]
pub fn report(analysis: &Analysis, started: Timestamp) -> Report {
    let model = &analysis.model;
    let preprocessing = &model.preprocessing;
    Report::new(ReportInputs {
        folders: &analysis.folders,
        started,
        elapsed: analysis.elapsed,
        engine: Engine {
            name: analysis.engine.name.clone(),
            runtime: analysis.engine.runtime.clone(),
            provider: analysis.engine.provider.clone(),
            model: model.name.clone(),
            model_sha256: model.sha256.clone(),
            dimension: model.dimension,
            preprocessing: format!(
                "short side {}, centre {}, mean {:?}, std {:?}",
                preprocessing.resize_short,
                preprocessing.size,
                preprocessing.mean,
                preprocessing.std
            ),
        },
        stages: analysis
            .stages
            .iter()
            .map(|stage| Stage {
                name: stage.stage.name().to_owned(),
                wall_s: stage.wall.as_secs_f64(),
                busy_s: stage.busy.as_secs_f64(),
                items: stage.items,
                bytes: stage.bytes,
            })
            .collect(),
        files: analysis.files,
        photos: &analysis.photos,
        groups: &analysis.groups,
        parts: &analysis.parts,
        problems: &analysis.problems,
        index: Some(Index {
            name: match analysis.index {
                IndexUsed::Exact => "exact",
                IndexUsed::Hnsw => "hnsw",
            }
            .to_owned(),
            recall: analysis.recall.unwrap_or(1.0),
        }),
        notes: [analysis.notices.as_slice(), &analysis.events].concat(),
    })
}
