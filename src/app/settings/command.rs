//! What the settings view may ask for.

use std::path::PathBuf;

use super::ServersCommand;
use crate::embed::remote::{Failover, Server};
use crate::embed::{EngineChoice, Provider};
use crate::matching::KeepRule;
use crate::settings::{RemovalChoice, Settings, ThemeChoice};

/// What is done in the settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SettingsCommand {
    /// Look anew at what this computer has: ONNX Runtime, models, the cache.
    Look,
    /// Choose something else, and keep it.
    Change(Change),
    /// Ask for a file or folder in a dialog of the system.
    Choose(Wanted),
    /// Fetch a model of the catalogue.
    Download(String),
    /// Stop fetching; what has arrived is kept.
    CancelDownload,
    /// Something about servers.
    Servers(ServersCommand),
    /// Show or hide the question whether the cache is to be emptied.
    AskToClear(bool),
    /// Empty the cache.
    ClearCache,
}

/// What a dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The library of ONNX Runtime.
    OnnxRuntime,
    /// An ONNX file that becomes a model.
    Model,
    /// The folder of the cache.
    CacheFolder,
    /// A folder whose photos are kept first.
    PreferredFolder,
    /// A certificate authority that a server is proven by.
    ServerAuthority,
    /// The certificate that this computer proves itself with.
    ClientCertificate,
    /// Its private key.
    ClientKey,
    /// The folder that marked photos are moved to.
    RemovalFolder,
}

/// One choice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// What computes the vectors.
    Engine(EngineChoice),
    /// What ONNX Runtime computes on.
    Provider(Provider),
    /// Where ONNX Runtime lies, or in the usual places.
    OnnxRuntime(Option<PathBuf>),
    /// The model, or the bundled one.
    Model(Option<String>),
    /// From which cosine photos are similar with this model, or as its record says.
    Similarity(String, Option<f32>),
    /// What makes a copy the one to keep.
    KeepRules(Vec<KeepRule>),
    /// Folders to keep from.
    PreferredFolders(Vec<PathBuf>),
    /// The servers.
    Servers(Vec<Server>),
    /// What happens when no server answers.
    Failover(Failover),
    /// Threads; 0 is one a core.
    Threads(usize),
    /// Memory for files that wait to be decoded.
    ReadAhead(u32),
    /// Where the cache lies, or in the usual place.
    Cache(Option<PathBuf>),
    /// What is proposed to be done with marked photos.
    Removal(RemovalChoice),
    /// The folder that they are moved to, or ask each time.
    RemovalFolder(Option<PathBuf>),
    /// Light or dark.
    Theme(ThemeChoice),
    /// How large the window is drawn.
    TextScale(f32),
}

impl Change {
    /// Makes it.
    pub(in crate::app) fn apply(self, settings: &mut Settings) {
        match self {
            Self::Engine(engine) => {
                settings.engine = engine;
                if engine == EngineChoice::Embedded {
                    // It has no other provider, and asking for one would be an error.
                    settings.provider = Provider::Auto;
                }
            }
            Self::Provider(provider) => settings.provider = provider,
            Self::OnnxRuntime(path) => settings.onnxruntime_library = path,
            Self::Model(name) => settings.model = name,
            Self::Similarity(model, Some(similarity)) => {
                settings.similarity.insert(model, similarity);
            }
            Self::Similarity(model, None) => {
                settings.similarity.remove(&model);
            }
            Self::KeepRules(rules) => settings.keep_rules = rules,
            Self::PreferredFolders(folders) => settings.preferred_folders = folders,
            Self::Servers(servers) => settings.servers = servers,
            Self::Failover(failover) => settings.failover = failover,
            Self::Threads(threads) => settings.threads = threads,
            Self::ReadAhead(megabytes) => settings.read_ahead_megabytes = megabytes,
            Self::Cache(file) => settings.cache = file,
            Self::Removal(choice) => settings.removal = choice,
            Self::RemovalFolder(folder) => settings.removal_folder = folder,
            Self::Theme(theme) => settings.theme = theme,
            Self::TextScale(scale) => settings.text_scale = scale,
        }
    }
}
