//! The built-in engine for networks like the bundled one: mbconv, a crate of this repository.
//!
//! The weights are laid out once for the processor's best instructions and shared; every embedder
//! has working memory of its own. Pictures go through in fours, which load the last blocks' weights
//! once; a vector is the same in every batch, to the bit.

use std::sync::Arc;
use std::time::Duration;

use ::mbconv::{InstructionSet, Network, Normalisation, Runner};
use cpu_time::ThreadTime;

use super::failed;
use crate::embed::model::{InputLayout, ModelRecord, Preprocessing};
use crate::embed::preprocess::check_input;
use crate::embed::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};

/// Pictures a run.
const BATCH: usize = 4;

/// The crate's version, and the instructions that this processor runs it with.
pub(super) fn runtime() -> String {
    let instructions = InstructionSet::best().name();
    format!("mbconv {} {instructions}", ::mbconv::VERSION)
}

/// Embedders that share one model, one a thread; `None` if it is a model for rten, which also
/// says what is wrong with a damaged one.
pub(super) fn open(
    record: &ModelRecord,
    bytes: &[u8],
    threads: usize,
) -> Option<Vec<Box<dyn Embedder>>> {
    let network = Network::from_onnx(bytes).ok()??;
    let side = record.preprocessing.size as usize;
    let is_the_record = record.layout == InputLayout::NchwF32
        && network.input_name() == record.input
        && network.output_name() == record.output
        && (network.input_side(), network.dimension()) == (side, record.dimension);
    if !is_the_record {
        return None;
    }
    let packed = Arc::new(network.pack(InstructionSet::best()).ok()?);
    let embedder = |_| {
        Box::new(MbconvEngine {
            runner: Runner::new(Arc::clone(&packed)),
            preprocessing: record.preprocessing.clone(),
            normalisation: normalisation(&record.preprocessing),
            engine: super::engine_info(runtime()),
            out: Vec::new(),
            cpu_time: Duration::ZERO,
        }) as Box<dyn Embedder>
    };
    Some((0..threads).map(embedder).collect())
}

/// `(x / 255 - mean) / std` as one product and one sum.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded once, from double precision"
)]
fn normalisation(preprocessing: &Preprocessing) -> Normalisation {
    let (mean, std) = (preprocessing.mean, preprocessing.std);
    Normalisation {
        scale: std.map(|std| (1.0 / (255.0 * f64::from(std))) as f32),
        offset: std::array::from_fn(|c| (-f64::from(mean[c]) / f64::from(std[c])) as f32),
    }
}

struct MbconvEngine {
    runner: Runner,
    preprocessing: Preprocessing,
    normalisation: Normalisation,
    engine: EngineInfo,
    out: Vec<f32>,
    cpu_time: Duration,
}

impl Embedder for MbconvEngine {
    fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    fn batch_size(&self) -> usize {
        BATCH
    }

    fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError> {
        let start = ThreadTime::now();
        for input in batch {
            check_input(input, &self.preprocessing)?;
        }
        let dimension = self.runner.packed().dimension();
        self.out.resize(batch.len() * dimension, 0.0);
        self.runner
            .run_rgb8(batch, &self.normalisation, &mut self.out)
            .map_err(|error| failed(error.to_string()))?;
        let vectors = self.out.chunks_exact(dimension).map(Embedding::from_raw);
        let vectors = vectors.collect();
        self.cpu_time += start.elapsed();
        vectors
    }

    fn cpu_time(&self) -> Option<Duration> {
        Some(self.cpu_time)
    }
}
