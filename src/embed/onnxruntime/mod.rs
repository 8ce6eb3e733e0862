//! Engine `onnxruntime`: Microsoft's ONNX Runtime, found on the user's machine at run time.
//!
//! Pitfalls. A process loads one library of ONNX Runtime and keeps it. ONNX Runtime falls back
//! to the processor without a word where a provider cannot run: providers are registered so
//! that a failure is an error, and what really ran is read back from a profile of a test run.
//! Its threads spin while idle unless told not to, which takes the cores from the decoders.
//!
//! Batches are padded to a fixed size, so that a vector does not depend on its neighbours: at
//! one row the last matrix product takes another path, and on a vision transformer of CLIP's
//! width nine in ten components differ in the last bit between batch 1 and larger ones
//! (ONNX Runtime 1.32; all batches from 2 to 32 agree, and so do all thread counts).

pub mod find;
mod library;
mod look;
mod preload;
mod provider;
mod session;

pub use look::{Seen, look};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use ort::session::Session;
use ort::value::TensorRef;

use super::engine::{EngineRequest, Provider};
use super::model::{InputLayout, ModelRecord};
use super::preprocess::{normalise_nchw, stack_nhwc};
use super::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};

/// The engine's name in reports and settings.
pub const NAME: &str = "onnxruntime";

/// Pictures a run, always: enough to keep the cores busy (EfficientNet-Lite0 8: 389 pictures a
/// second, 1: 345, 32: 377).
const BATCH: usize = 8;

/// An embedder on ONNX Runtime.
///
/// # Errors
/// [`EmbedError::Engine`] if no library is found or none loads, or the provider that was
/// asked for does not run; [`EmbedError::Model`] if ONNX Runtime refuses the model.
pub fn open(
    request: &EngineRequest,
    record: &ModelRecord,
) -> Result<Box<dyn Embedder>, EmbedError> {
    open_with_batch(request, record, BATCH)
}

/// An embedder that runs `batch` pictures at once instead of the usual number, to measure what
/// that costs. Its vectors may differ from those of [`open`] in the last bits.
///
/// # Errors
/// As [`open`].
pub fn open_with_batch(
    request: &EngineRequest,
    record: &ModelRecord,
    batch: usize,
) -> Result<Box<dyn Embedder>, EmbedError> {
    record.preprocessing.check()?;
    let loaded = library::load(request.library.as_deref()).map_err(unavailable)?;
    let bytes = record.read_file()?;
    let mut refused = Vec::new();
    for &provider in provider::candidates(request.provider) {
        // Bad models and half-installed providers have made ONNX Runtime's binding panic.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            // On the processor there is nothing to prove, and a profile costs a file.
            let is_profiled = provider != Provider::Cpu;
            let session = session::start(&loaded, provider, request.threads, is_profiled, &bytes)?;
            let mut engine =
                OnnxRuntimeEngine::new(session.session, record, &loaded.runtime, provider, batch);
            if provider == Provider::Cpu && request.threads <= 1 {
                engine.cpu_time = Some(Duration::ZERO);
            }
            engine.prove(provider, session.profile.as_deref())?;
            Ok::<_, EmbedError>(engine)
        }))
        .unwrap_or_else(|_panic| Err(unavailable(format!("{} panicked", provider.name()))));
        match opened {
            Ok(engine) => return Ok(Box::new(engine)),
            Err(error) => refused.push(error),
        }
    }
    // The last is the processor, or the provider that was asked for.
    Err(refused
        .pop()
        .unwrap_or_else(|| unavailable("it has no provider".to_owned())))
}

/// Runs a model on `pictures`, in the usual batches and `times` times, and returns ONNX Runtime's
/// own profile of it: JSON, a list of events as in a Chrome trace.
///
/// # Errors
/// As [`open`] and [`Embedder::embed`].
pub fn profile(
    request: &EngineRequest,
    record: &ModelRecord,
    pictures: &[ModelInput],
    times: usize,
) -> Result<Vec<u8>, EmbedError> {
    record.preprocessing.check()?;
    let loaded = library::load(request.library.as_deref()).map_err(unavailable)?;
    let bytes = record.read_file()?;
    let provider = match request.provider {
        Provider::Auto => Provider::Cpu,
        other => other,
    };
    catch_unwind(AssertUnwindSafe(|| {
        let session = session::start(&loaded, provider, request.threads, true, &bytes)?;
        let mut engine =
            OnnxRuntimeEngine::new(session.session, record, &loaded.runtime, provider, BATCH);
        // The profile lies in it.
        let _folder = session.profile;
        for _ in 0..times {
            engine.embed(pictures)?;
        }
        let file = engine.session.end_profiling().map_err(failed)?;
        std::fs::read(&file)
            .map_err(|error| unavailable(format!("its profile cannot be read: {error}")))
    }))
    .unwrap_or_else(|_panic| Err(unavailable(format!("{} panicked", provider.name()))))
}

fn unavailable(reason: String) -> EmbedError {
    EmbedError::Engine {
        engine: NAME.to_owned(),
        reason,
    }
}

struct OnnxRuntimeEngine {
    session: Session,
    record: ModelRecord,
    engine: EngineInfo,
    batch: usize,
    /// Only where the calling thread does all the work.
    cpu_time: Option<Duration>,
    floats: Vec<f32>,
    levels: Vec<u8>,
}

impl OnnxRuntimeEngine {
    fn new(
        session: Session,
        record: &ModelRecord,
        runtime: &str,
        provider: Provider,
        batch: usize,
    ) -> Self {
        Self {
            session,
            record: record.clone(),
            engine: EngineInfo {
                name: NAME.to_owned(),
                runtime: runtime.to_owned(),
                provider: provider.name().to_owned(),
            },
            // Some models take one picture at a time.
            batch: if record.one_at_a_time {
                1
            } else {
                batch.max(1)
            },
            cpu_time: None,
            floats: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Runs a picture and reads back which provider ran.
    fn prove(&mut self, provider: Provider, profile: Option<&Path>) -> Result<(), EmbedError> {
        let picture = ModelInput::ramp(self.record.preprocessing.size);
        self.embed(std::slice::from_ref(&picture))?;
        if profile.is_some() {
            let file = self
                .session
                .end_profiling()
                .map_err(|error| unavailable(format!("it gave no profile: {error}")))?;
            provider::prove_ran(provider, Path::new(&file)).map_err(unavailable)?;
        }
        Ok(())
    }

    /// The vectors of at most one batch.
    fn run(&mut self, inputs: &[ModelInput], out: &mut Vec<Embedding>) -> Result<(), EmbedError> {
        let (batch, dimension) = (self.batch, self.record.dimension);
        let preprocessing = &self.record.preprocessing;
        let side = preprocessing.size as usize;
        let length = batch * side * side * 3;
        let outputs = match self.record.layout {
            InputLayout::NchwF32 => {
                self.floats.clear();
                normalise_nchw(inputs, preprocessing, &mut self.floats)?;
                self.floats.resize(length, 0.0);
                let shape = [batch, 3, side, side];
                let tensor =
                    TensorRef::from_array_view((shape, &self.floats[..])).map_err(failed)?;
                self.session
                    .run(ort::inputs![self.record.input.as_str() => tensor])
            }
            InputLayout::NhwcU8 => {
                self.levels.clear();
                stack_nhwc(inputs, preprocessing, &mut self.levels)?;
                self.levels.resize(length, 0);
                let shape = [batch, side, side, 3];
                let tensor =
                    TensorRef::from_array_view((shape, &self.levels[..])).map_err(failed)?;
                self.session
                    .run(ort::inputs![self.record.input.as_str() => tensor])
            }
        }
        .map_err(failed)?;
        let output = outputs.get(&self.record.output).ok_or_else(|| {
            EmbedError::BadOutput(format!("no output named {:?}", self.record.output))
        })?;
        let (shape, numbers) = output.try_extract_tensor::<f32>().map_err(failed)?;
        if numbers.len() != batch * dimension {
            return Err(EmbedError::BadOutput(format!(
                "an output of shape {shape:?} where [{batch}, {dimension}] is expected"
            )));
        }
        for vector in numbers.chunks_exact(dimension).take(inputs.len()) {
            out.push(Embedding::from_raw(vector)?);
        }
        Ok(())
    }
}

impl Embedder for OnnxRuntimeEngine {
    fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    fn batch_size(&self) -> usize {
        self.batch
    }

    fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError> {
        let start = ThreadTime::now();
        let mut vectors = Vec::with_capacity(batch.len());
        for inputs in batch.chunks(self.batch) {
            self.run(inputs, &mut vectors)?;
        }
        if let Some(used) = &mut self.cpu_time {
            *used += start.elapsed();
        }
        Ok(vectors)
    }

    fn cpu_time(&self) -> Option<Duration> {
        self.cpu_time
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands the error over"
)]
fn failed(error: ort::Error) -> EmbedError {
    EmbedError::Run {
        engine: NAME.to_owned(),
        reason: error.to_string(),
    }
}
