//! Which engine runs a model: what was asked for, and what it came to.

use std::path::PathBuf;

use super::{EmbedError, Embedder, EngineInfo, ModelKey, ModelRecord, embedded};

/// The engine that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// ONNX Runtime where it is found and works, else the embedded engine.
    #[default]
    Auto,
    /// rten, part of the program.
    Embedded,
    /// ONNX Runtime or an error.
    OnnxRuntime,
}

/// The execution provider of ONNX Runtime that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// The fastest that works.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// NVIDIA's GPUs.
    Cuda,
    /// NVIDIA's GPUs through TensorRT.
    TensorRt,
    /// Apple's GPUs and neural engine.
    CoreMl,
    /// GPUs on Windows.
    DirectMl,
    /// Intel's processors, GPUs and NPUs.
    OpenVino,
    /// GPUs through WebGPU.
    WebGpu,
}

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct EngineRequest {
    /// The engine.
    pub engine: EngineChoice,
    /// The execution provider.
    pub provider: Provider,
    /// How many threads compute on the processor, at least 1.
    pub threads: usize,
    /// Where the library of ONNX Runtime lies, if the user says so.
    pub library: Option<PathBuf>,
}

/// A model that is ready to embed.
pub struct Opened {
    /// One for each thread that is to call it.
    pub embedders: Vec<Box<dyn Embedder>>,
    /// What really runs.
    pub engine: EngineInfo,
    /// The identity of the vectors.
    pub key: ModelKey,
    /// Why `auto` did not take what would be faster, for the user.
    pub note: Option<String>,
}

/// Loads a model into the engine that was asked for.
///
/// # Errors
/// [`EmbedError`] if the engine or the model cannot be used; with [`EngineChoice::Auto`] only
/// if no engine can.
pub fn open(request: &EngineRequest, model: &ModelRecord) -> Result<Opened, EmbedError> {
    Ok(Opened {
        embedders: embedded::open(model, request.threads)?,
        engine: embedded::engine_info(),
        key: model.key(),
        note: None,
    })
}
