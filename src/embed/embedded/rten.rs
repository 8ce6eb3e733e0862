//! The built-in engine for models of every kind: rten, an ONNX runtime in pure Rust.
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

use super::failed;
use crate::embed::model::{InputLayout, ModelRecord};
use crate::embed::preprocess::{normalise_nchw, stack_nhwc};
use crate::embed::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};

/// The version of rten that the program is built with.
pub(super) const RUNTIME: &str = "rten 0.27";

/// Embedders that share one model, one a thread.
///
/// # Errors
/// [`EmbedError::Model`] if the model cannot be loaded or has not the record's input or
/// output.
pub(super) fn open(
    record: &ModelRecord,
    bytes: Cow<'static, [u8]>,
    threads: usize,
) -> Result<Vec<Box<dyn Embedder>>, EmbedError> {
    let shared = Arc::new(load(record, bytes)?);
    let embedder = |_| {
        Box::new(RtenEngine {
            shared: Arc::clone(&shared),
            pool: Arc::new(ThreadPool::with_num_threads(1)),
            engine: super::engine_info(RUNTIME.to_owned()),
            cpu_time: Duration::ZERO,
        }) as Box<dyn Embedder>
    };
    Ok((0..threads).map(embedder).collect())
}

/// A loaded model with what is needed to run it.
struct Loaded {
    model: Model,
    input: NodeId,
    output: NodeId,
    record: ModelRecord,
}

fn load(record: &ModelRecord, bytes: Cow<'static, [u8]>) -> Result<Loaded, EmbedError> {
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    // rten is trusted with files of any origin, but a panic in it must not end a scan.
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

struct RtenEngine {
    shared: Arc<Loaded>,
    pool: Arc<ThreadPool>,
    engine: EngineInfo,
    cpu_time: Duration,
}

impl Embedder for RtenEngine {
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
