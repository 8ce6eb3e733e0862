//! Which engine runs a model: what was asked for, and what it came to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::remote::vault::Session;
use super::remote::{self, Failover, Server};
use super::{EmbedError, Embedder, EngineInfo, Link, ModelKey, ModelRecord, embedded, onnxruntime};

/// The engine that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// ONNX Runtime where it is found and works, else the embedded engine; the pipeline opens
    /// both once and keeps the faster one.
    #[default]
    Auto,
    /// The one that is part of the program.
    Embedded,
    /// ONNX Runtime or an error.
    OnnxRuntime,
    /// Servers.
    Remote,
}

impl EngineChoice {
    /// All choices.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Embedded, Self::OnnxRuntime, Self::Remote];

    /// The name in commands and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Embedded => embedded::NAME,
            Self::OnnxRuntime => onnxruntime::NAME,
            Self::Remote => remote::NAME,
        }
    }

    /// The choice of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// The execution provider of ONNX Runtime that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The fastest that works and keeps single precision.
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

impl Provider {
    /// All providers.
    pub const ALL: [Self; 8] = [
        Self::Auto,
        Self::Cpu,
        Self::Cuda,
        Self::TensorRt,
        Self::CoreMl,
        Self::DirectMl,
        Self::OpenVino,
        Self::WebGpu,
    ];

    /// The name in commands, settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::CoreMl => "coreml",
            Self::DirectMl => "directml",
            Self::OpenVino => "openvino",
            Self::WebGpu => "webgpu",
        }
    }

    /// The provider of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }

    /// Whether only ONNX Runtime has it.
    fn is_an_accelerator(self) -> bool {
        !matches!(self, Self::Auto | Self::Cpu)
    }
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
    /// Where the library of ONNX Runtime lies (the file or its folder), if the user says so.
    pub library: Option<PathBuf>,
    /// The servers, for [`EngineChoice::Remote`].
    pub servers: Vec<Server>,
    /// Their secrets that are not in the keyring.
    pub session: Session,
    /// What happens when no server answers.
    pub failover: Failover,
    /// How long a server that does not answer is waited for, where nothing takes its place.
    pub patience: Duration,
}

impl EngineRequest {
    /// How long a server is waited for if nobody says anything else.
    pub const USUAL_PATIENCE: Duration = Duration::from_mins(2);
}

impl Default for EngineRequest {
    fn default() -> Self {
        Self {
            engine: EngineChoice::default(),
            provider: Provider::default(),
            threads: 1,
            library: None,
            servers: Vec::new(),
            session: Session::default(),
            failover: Failover::default(),
            patience: Self::USUAL_PATIENCE,
        }
    }
}

/// A model that is ready to embed.
pub struct Opened {
    /// One for each thread that is to call it: `threads` of the embedded engine, one of ONNX
    /// Runtime, which has threads of its own, and as many of servers as requests may be on their
    /// way to them.
    pub embedders: Vec<Box<dyn Embedder>>,
    /// What really runs.
    pub engine: EngineInfo,
    /// The identity of the vectors.
    pub key: ModelKey,
    /// The model that really runs: the one that was asked for, or a server's own; and how photos
    /// are prepared for it.
    pub model: ModelRecord,
    /// Why `auto` did not take an ONNX Runtime that is there, for the user. Where there is none,
    /// nothing is amiss.
    pub note: Option<String>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("embedders", &self.embedders.len())
            .field("engine", &self.engine)
            .field("key", &self.key)
            .field("model", &self.model.name)
            .field("note", &self.note)
            .finish()
    }
}

/// Loads a model into the engine that was asked for.
///
/// # Errors
/// [`EmbedError`] if the engine, the provider or the model cannot be used. With
/// [`EngineChoice::Auto`] a broken ONNX Runtime is no error but a note, and a missing one not
/// even that, unless a provider was asked for that only ONNX Runtime has.
pub fn open(request: &EngineRequest, model: &ModelRecord) -> Result<Opened, EmbedError> {
    open_with(request, model, &Arc::default())
}

/// As [`open`]; servers tell through `link` what becomes of them, and stop when it says so.
///
/// # Errors
/// As [`open`], and [`EmbedError::Cancelled`].
pub fn open_with(
    request: &EngineRequest,
    model: &ModelRecord,
    link: &Arc<Link>,
) -> Result<Opened, EmbedError> {
    match request.engine {
        EngineChoice::Remote => remote::open(request, model, link),
        EngineChoice::Embedded if request.provider.is_an_accelerator() => Err(EmbedError::Engine {
            engine: embedded::NAME.to_owned(),
            reason: format!(
                "it runs on the processor only; the provider {} belongs to the engine {}",
                request.provider.name(),
                onnxruntime::NAME
            ),
        }),
        EngineChoice::Embedded => open_embedded(request, model, None),
        EngineChoice::OnnxRuntime => open_onnxruntime(request, model),
        EngineChoice::Auto if request.provider.is_an_accelerator() => {
            open_onnxruntime(request, model)
        }
        EngineChoice::Auto if !onnxruntime::find::is_there(request.library.as_deref()) => {
            open_embedded(request, model, None)
        }
        EngineChoice::Auto => open_onnxruntime(request, model).or_else(|error| {
            let note =
                format!("the built-in engine was used, for ONNX Runtime did not run: {error}");
            open_embedded(request, model, Some(note))
        }),
    }
}

fn open_embedded(
    request: &EngineRequest,
    model: &ModelRecord,
    note: Option<String>,
) -> Result<Opened, EmbedError> {
    let embedders = embedded::open(model, request.threads)?;
    let engine = embedders.first().map(|embedder| embedder.engine().clone());
    Ok(Opened {
        embedders,
        engine: engine.ok_or_else(|| model.error("the engine has no thread"))?,
        key: model.key(),
        model: model.clone(),
        note,
    })
}

fn open_onnxruntime(request: &EngineRequest, model: &ModelRecord) -> Result<Opened, EmbedError> {
    let embedder = onnxruntime::open(request, model)?;
    Ok(Opened {
        engine: embedder.engine().clone(),
        embedders: vec![embedder],
        key: model.key(),
        model: model.clone(),
        note: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_a_broken_library(
        engine: EngineChoice,
        provider: Provider,
    ) -> Result<Opened, EmbedError> {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so");
        std::fs::write(&library, "not a library").unwrap();
        let request = EngineRequest {
            engine,
            provider,
            threads: 2,
            library: Some(library),
            ..EngineRequest::default()
        };
        open(&request, &super::super::bundled::record())
    }

    #[test]
    fn auto_falls_back_to_the_embedded_engine_and_says_why() {
        for provider in [Provider::Auto, Provider::Cpu] {
            let opened = with_a_broken_library(EngineChoice::Auto, provider).unwrap();
            assert_eq!(opened.engine.name, "embedded");
            assert_eq!(opened.embedders.len(), 2);
            let note = opened.note.unwrap();
            assert!(note.starts_with("the built-in engine was used"), "{note}");
            assert!(note.contains("libonnxruntime.so"), "{note}");
        }
    }

    #[test]
    fn what_was_asked_for_and_cannot_run_is_an_error() {
        for (engine, provider) in [
            (EngineChoice::OnnxRuntime, Provider::Auto),
            (EngineChoice::OnnxRuntime, Provider::Cpu),
            (EngineChoice::Auto, Provider::Cuda),
            (EngineChoice::Embedded, Provider::CoreMl),
        ] {
            let error = with_a_broken_library(engine, provider).unwrap_err();
            assert!(matches!(error, EmbedError::Engine { .. }), "{error}");
        }
    }

    #[test]
    fn names_read_back() {
        for choice in EngineChoice::ALL {
            assert_eq!(EngineChoice::from_name(choice.name()), Some(choice));
        }
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.name()), Some(provider));
        }
        assert_eq!(Provider::from_name("gpu"), None);
    }
}
