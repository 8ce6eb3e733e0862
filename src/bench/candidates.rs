//! The ways of computing embeddings: engine x provider x model on this machine, and
//! server x protocol x payload.

mod servers;

use std::path::Path;
use std::sync::atomic::AtomicBool;

pub use servers::{Remote, servers};

use crate::embed::remote::Server;
use crate::embed::remote::vault::Session;
use crate::embed::{
    EngineChoice, ModelRecord, Precision, Preprocessing, Provider, embedded, onnxruntime,
};

/// One way, whether it is available or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What computes.
    pub way: Way,
    /// The model: what runs on this machine, or what a server's model is compared with.
    pub model: ModelRecord,
    /// Why it cannot run, as far as is seen without running it.
    pub obstacle: Option<String>,
}

/// What computes the vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// This machine.
    Local {
        /// Which engine.
        engine: Engine,
        /// What it computes on.
        provider: Provider,
    },
    /// A server, in one of its protocols and payloads.
    Server(Box<Remote>),
}

/// An engine on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The one that is built in.
    Embedded,
    /// ONNX Runtime.
    OnnxRuntime,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 2] = [Self::Embedded, Self::OnnxRuntime];

    /// The name in commands and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => embedded::NAME,
            Self::OnnxRuntime => onnxruntime::NAME,
        }
    }

    /// The engine of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// As a request for exactly this engine.
    #[must_use]
    pub fn choice(self) -> EngineChoice {
        match self {
            Self::Embedded => EngineChoice::Embedded,
            Self::OnnxRuntime => EngineChoice::OnnxRuntime,
        }
    }
}

impl Choice {
    /// `onnxruntime/cpu/lite0-copies/f32`, `remote/grpc/gpu-box:8001/clip_vit_b32_u8/uint8`.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.way {
            Way::Local { engine, provider } => format!(
                "{}/{}/{}/{}",
                engine.name(),
                provider.name(),
                self.model.name,
                self.model.precision.name()
            ),
            Way::Server(remote) => remote.id(),
        }
    }

    /// The server as settings have it, with this protocol, model and payload; `None` for an engine
    /// of this machine.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match &self.way {
            Way::Local { .. } => None,
            Way::Server(remote) => Some(&remote.server),
        }
    }

    /// How a photo is brought to what this way takes.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        match &self.way {
            Way::Server(remote) => remote
                .endpoint
                .as_ref()
                .map_or(&self.model.preprocessing, |endpoint| {
                    &endpoint.preprocessing
                }),
            Way::Local { .. } => &self.model.preprocessing,
        }
    }

    /// Whether its vectors are what others of the family are compared with.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        let is_local_cpu = matches!(
            self.way,
            Way::Local {
                provider: Provider::Cpu,
                ..
            }
        );
        is_local_cpu && self.model.precision == Precision::F32
    }

    /// The model without its precision: `clip-vit-b32` of `clip-vit-b32-int8`.
    #[must_use]
    pub fn family(&self) -> &str {
        let name = self.model.name.as_str();
        let precision = self.model.precision.name();
        match name.strip_suffix(precision) {
            Some(family) => family.trim_end_matches(['-', '_']),
            None => name,
        }
    }
}

/// Which ways are looked for; an empty list of engines or providers stands for all.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Engines of this machine.
    pub engines: Vec<Engine>,
    /// Providers.
    pub providers: Vec<Provider>,
    /// The library of ONNX Runtime, if the user named it.
    pub library: Option<&'a Path>,
    /// Servers; those that are switched off too, for whoever names one wants it.
    pub servers: Vec<Server>,
    /// Their secrets that are not in the keyring.
    pub session: Session,
}

/// Every way with these models: those of this machine, then the servers'. Asks the servers, which
/// takes time; see [`servers`].
#[must_use]
pub fn all(models: &[ModelRecord], wanted: &Wanted<'_>, cancel: &AtomicBool) -> Vec<Choice> {
    let mut choices = local(models, wanted);
    choices.extend(servers(models, wanted, cancel));
    choices
}

/// Every way of this machine with these models, the built-in engine first. ONNX Runtime is not
/// loaded for it.
#[must_use]
pub fn local(models: &[ModelRecord], wanted: &Wanted<'_>) -> Vec<Choice> {
    let seen = onnxruntime::look(wanted.library);
    let mut choices = Vec::new();
    for engine in Engine::ALL {
        for provider in Provider::ALL {
            let is_wanted = (wanted.engines.is_empty() || wanted.engines.contains(&engine))
                && (wanted.providers.is_empty() || wanted.providers.contains(&provider));
            let exists = match engine {
                Engine::Embedded => provider == Provider::Cpu,
                Engine::OnnxRuntime => provider != Provider::Auto,
            };
            if !is_wanted || !exists {
                continue;
            }
            let obstacle = match (engine, &seen) {
                (Engine::Embedded, _) => None,
                (Engine::OnnxRuntime, Ok(seen)) => seen.obstacle(provider),
                (Engine::OnnxRuntime, Err(reason)) => Some(reason.clone()),
            };
            choices.extend(models.iter().map(|model| Choice {
                way: Way::Local { engine, provider },
                model: model.clone(),
                obstacle: obstacle.clone(),
            }));
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::bundled;

    #[test]
    fn every_engine_and_provider_is_listed_with_what_is_in_its_way() {
        let nowhere = Path::new("/nowhere/at/all");
        let mut wanted = Wanted {
            library: Some(nowhere),
            ..Wanted::default()
        };
        let mut int8 = bundled::record();
        int8.name = "lite0-copies-int8".into();
        int8.precision = Precision::Int8;
        let all = local(&[bundled::record(), int8], &wanted);
        assert_eq!(all.len(), 2 + 2 * 7);
        assert_eq!(all[0].id(), "embedded/cpu/lite0-copies/f32");
        assert_eq!(
            (all[0].family(), all[1].family()),
            ("lite0-copies", "lite0-copies")
        );
        assert!(all[0].is_reference() && !all[1].is_reference());
        assert_eq!(all[0].obstacle, None);
        for choice in &all[2..] {
            let obstacle = choice.obstacle.as_ref().unwrap();
            assert!(obstacle.contains("pip install onnxruntime"), "{obstacle}");
        }
        wanted.engines = vec![Engine::OnnxRuntime];
        wanted.providers = vec![Provider::Cuda, Provider::Cpu];
        let ids: Vec<String> = local(&[bundled::record()], &wanted)
            .iter()
            .map(Choice::id)
            .collect();
        assert_eq!(
            ids,
            [
                "onnxruntime/cpu/lite0-copies/f32",
                "onnxruntime/cuda/lite0-copies/f32"
            ]
        );
        for engine in Engine::ALL {
            assert_eq!(Engine::from_name(engine.name()), Some(engine));
        }
    }
}
