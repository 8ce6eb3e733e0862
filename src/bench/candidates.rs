//! The ways of computing embeddings on this machine: engine x provider x model.

use std::path::Path;

use crate::embed::{EngineChoice, ModelRecord, Precision, Provider, embedded, onnxruntime};

/// One way, whether it is available or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Which engine.
    pub engine: Engine,
    /// What it computes on.
    pub provider: Provider,
    /// The model.
    pub model: ModelRecord,
    /// Why it cannot run, as far as is seen without running it.
    pub obstacle: Option<String>,
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
    /// `onnxruntime/cpu/lite0-copies/f32`.
    #[must_use]
    pub fn id(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.engine.name(),
            self.provider.name(),
            self.model.name,
            self.model.precision.name()
        )
    }

    /// Whether its vectors are what others of the family are compared with.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.provider == Provider::Cpu && self.model.precision == Precision::F32
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

/// Which ways are looked for; an empty list stands for all.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Engines.
    pub engines: Vec<Engine>,
    /// Providers.
    pub providers: Vec<Provider>,
    /// The library of ONNX Runtime, if the user named it.
    pub library: Option<&'a Path>,
}

/// Every way with these models, the built-in engine first. ONNX Runtime is not loaded for it.
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
                engine,
                provider,
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
