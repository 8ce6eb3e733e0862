//! Engine `embedded`: rten, an ONNX runtime in pure Rust, with nothing to install.
//!
//! The weights are loaded and prepacked once (10 ms for the bundled model) and shared; every
//! embedder has a pool of one thread of its own. Measured on two cores with
//! EfficientNet-Lite0: two embedders of one thread make 84 pictures a second, one of two
//! threads 75, without prepacked weights 58.
//!
//! Pictures run one by one, so that a vector cannot depend on its neighbours: at one row the
//! last matrix product takes another path (vector times matrix), and nine in ten components
//! differ in the last bits between batch 1 and batches of 2, 4 and 8. One thread, pictures a
//! second at batch 1, 4, 8: EfficientNet-Lite0 25, 23, 23; a vision transformer of CLIP's
//! width 18, 20, 21.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::model::{InputLayout, ModelRecord};
use super::preprocess::{normalise_nchw, stack_nhwc};
use super::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};

/// The engine's name in reports and settings.
pub const NAME: &str = "embedded";

/// The version of rten that the program is built with.
const RUNTIME: &str = "rten 0.27";

/// Embedders that share one model, one a thread.
///
/// # Errors
/// [`EmbedError::Model`] if the model cannot be loaded or has not the record's input or
/// output.
pub fn open(record: &ModelRecord, threads: usize) -> Result<Vec<Box<dyn Embedder>>, EmbedError> {
    let shared = Arc::new(load(record)?);
    Ok((0..threads.max(1))
        .map(|_| {
            Box::new(EmbeddedEngine {
                shared: Arc::clone(&shared),
                pool: Arc::new(ThreadPool::with_num_threads(1)),
                engine: engine_info(),
                cpu_time: Duration::ZERO,
            }) as Box<dyn Embedder>
        })
        .collect())
}

/// Loads a model and runs a picture, to learn whether this engine can.
///
/// # Errors
/// As [`open`] and [`Embedder::embed`].
pub(super) fn prove(record: &ModelRecord) -> Result<(), EmbedError> {
    let picture = ModelInput::ramp(record.preprocessing.size);
    for mut embedder in open(record, 1)? {
        embedder.embed(std::slice::from_ref(&picture))?;
    }
    Ok(())
}

/// What the report says of this engine.
#[must_use]
pub fn engine_info() -> EngineInfo {
    EngineInfo {
        name: NAME.to_owned(),
        runtime: RUNTIME.to_owned(),
        provider: "cpu".to_owned(),
    }
}

/// A loaded model with what is needed to run it.
struct Loaded {
    model: Model,
    input: NodeId,
    output: NodeId,
    record: ModelRecord,
}

fn load(record: &ModelRecord) -> Result<Loaded, EmbedError> {
    record.preprocessing.check()?;
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    // rten is trusted with files of any origin, but a panic in it must not end a scan.
    let bytes = record.read_file()?;
    let model = catch_unwind(AssertUnwindSafe(|| match bytes {
        Cow::Borrowed(bytes) => options.load_static_slice(bytes),
        Cow::Owned(bytes) => options.load(bytes),
    }))
    .map_err(|_panic| record.error("the embedded engine cannot load it (it panicked)"))?
    .map_err(|error| record.error(format!("the embedded engine cannot load it: {error}")))?;
    let node = |what: &str, name: &str| {
        model
            .find_node(name)
            .ok_or_else(|| record.error(format!("it has no {what} named {name:?}")))
    };
    Ok(Loaded {
        input: node("input", &record.input)?,
        output: node("output", &record.output)?,
        model,
        record: record.clone(),
    })
}

struct EmbeddedEngine {
    shared: Arc<Loaded>,
    pool: Arc<ThreadPool>,
    engine: EngineInfo,
    cpu_time: Duration,
}

impl Embedder for EmbeddedEngine {
    fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    fn batch_size(&self) -> usize {
        1
    }

    fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError> {
        let (shared, pool) = (&self.shared, &self.pool);
        let (vectors, used) = catch_unwind(AssertUnwindSafe(|| {
            pool.run(|| {
                let start = ThreadTime::now();
                let vectors = batch
                    .iter()
                    .map(|input| shared.vector(input, pool))
                    .collect::<Result<Vec<_>, _>>();
                (vectors, start.elapsed())
            })
        }))
        .map_err(|_panic| failed("the engine panicked"))?;
        self.cpu_time += used;
        vectors
    }

    fn cpu_time(&self) -> Option<Duration> {
        Some(self.cpu_time)
    }
}

impl Loaded {
    fn vector(&self, input: &ModelInput, pool: &Arc<ThreadPool>) -> Result<Embedding, EmbedError> {
        let side = self.record.preprocessing.size as usize;
        let input = std::slice::from_ref(input);
        let tensor: Value = match self.record.layout {
            InputLayout::NchwF32 => {
                let mut numbers = Vec::with_capacity(3 * side * side);
                normalise_nchw(input, &self.record.preprocessing, &mut numbers)?;
                Tensor::from_data(&[1, 3, side, side], numbers).into()
            }
            InputLayout::NhwcU8 => {
                let mut levels = Vec::with_capacity(3 * side * side);
                stack_nhwc(input, &self.record.preprocessing, &mut levels)?;
                Tensor::from_data(&[1, side, side, 3], levels).into()
            }
        };
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let [output] = self
            .model
            .run_n(
                vec![(self.input, ValueOrView::Value(tensor))],
                [self.output],
                Some(options),
            )
            .map_err(|error| failed(error.to_string()))?;
        let output: Tensor<f32> = output
            .try_into()
            .map_err(|error| failed(format!("the output is not a tensor of f32: {error}")))?;
        if output.shape() != [1, self.record.dimension] {
            return Err(EmbedError::BadOutput(format!(
                "an output of shape {:?} where [1, {}] is expected",
                output.shape(),
                self.record.dimension
            )));
        }
        Embedding::from_raw(&output.to_vec())
    }
}

fn failed(reason: impl Into<String>) -> EmbedError {
    EmbedError::Run {
        engine: NAME.to_owned(),
        reason: reason.into(),
    }
}
