//! What the user chose, in one TOML file that may be edited by hand.
//!
//! Every field has a default, so a file holds only what differs. A file that cannot be
//! understood is an error that names the line: guessing at a person's wishes about their
//! photos is worse than asking.

mod choices;
mod ranges;

pub use choices::{Language, RemovalChoice, ThemeChoice};
pub use ranges::{READ_AHEAD_MEGABYTES, TEXT_SCALE, THREADS};

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::embed::remote::{Failover, Server};
use crate::embed::{EngineChoice, EngineRequest, Provider, store};
use crate::matching::KeepRule;

/// Written above the fields, for whoever opens the file.
const HEADER: &str = "# Written by Twinlens. A field that is not here has its default.\n\n";

/// The settings file's content; see the fields for defaults and ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Decoder threads and model threads, each; 0 (the default) means one a core, at most
    /// 1,024.
    #[serde(
        deserialize_with = "ranges::threads",
        skip_serializing_if = "is_default"
    )]
    pub threads: usize,
    /// Files that are read and wait to be decoded may take so many millions of bytes together;
    /// default 512, from 64 to 65,536. A file beyond the limit goes alone.
    #[serde(
        deserialize_with = "ranges::read_ahead",
        skip_serializing_if = "ranges::is_usual_read_ahead"
    )]
    pub read_ahead_megabytes: u32,
    /// What computes the vectors; default `auto`.
    #[serde(skip_serializing_if = "is_default")]
    pub engine: EngineChoice,
    /// What ONNX Runtime computes on; default `auto`.
    #[serde(skip_serializing_if = "is_default")]
    pub provider: Provider,
    /// The cache; default `cache.db` in the system's cache folder for this program.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: Option<PathBuf>,
    /// Where downloaded and added models lie; default `models` in the system's data folder.
    #[serde(skip_serializing_if = "is_default")]
    pub models_folder: Option<PathBuf>,
    /// Model name or file; default the bundled model.
    #[serde(skip_serializing_if = "is_default")]
    pub model: Option<String>,
    /// Base address that replaces the model hub's, for a mirror; default none.
    #[serde(skip_serializing_if = "is_default")]
    pub model_mirror: Option<String>,
    /// What happens when no server answers; default `local`.
    #[serde(skip_serializing_if = "is_default")]
    pub failover: Failover,
    /// How long a server that does not answer is waited for, where nothing takes its place;
    /// default 120, at most 86,400.
    #[serde(
        deserialize_with = "ranges::patience",
        skip_serializing_if = "ranges::is_usual_patience"
    )]
    pub server_patience_seconds: u64,
    /// The ONNX Runtime library, if it is to be found elsewhere than in the usual places.
    #[serde(skip_serializing_if = "is_default")]
    pub onnxruntime_library: Option<PathBuf>,
    /// What makes a copy the one to keep, most important first: each rule at most once, and one
    /// that is left out does not count. Default all, in the order of [`KeepRule::ALL`].
    #[serde(
        deserialize_with = "ranges::keep_rules",
        skip_serializing_if = "ranges::is_usual_order"
    )]
    pub keep_rules: Vec<KeepRule>,
    /// Folders to keep photos from when copies are otherwise equal, best first.
    #[serde(skip_serializing_if = "is_default")]
    pub preferred_folders: Vec<PathBuf>,
    /// What the window proposes to do with marked photos; default `trash`. Deletion for good is
    /// never proposed.
    #[serde(skip_serializing_if = "is_default")]
    pub removal: RemovalChoice,
    /// The folder that marked photos are moved to; default none, and then it is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub removal_folder: Option<PathBuf>,
    /// Dark, light, or as the system has it (the default).
    #[serde(skip_serializing_if = "is_default")]
    pub theme: ThemeChoice,
    /// How much larger than usual the window is drawn; default 1, from 0.8 to 2.
    #[serde(
        deserialize_with = "ranges::text_scale",
        skip_serializing_if = "ranges::is_usual_scale"
    )]
    pub text_scale: f32,
    /// The window's language; default `system`.
    #[serde(skip_serializing_if = "is_default")]
    pub language: Language,
    /// From which cosine photos are similar, 0 to 1, by the name of the model; default what the
    /// model's record says.
    #[serde(
        deserialize_with = "ranges::similarity",
        skip_serializing_if = "is_default"
    )]
    pub similarity: BTreeMap<String, f32>,
    /// The servers of the engine `remote`, in the order in which they are asked; without their
    /// secrets, which are in the keyring of the system.
    #[serde(skip_serializing_if = "is_default")]
    pub servers: Vec<Server>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 0,
            read_ahead_megabytes: 512,
            engine: EngineChoice::default(),
            provider: Provider::default(),
            cache: None,
            models_folder: None,
            model: None,
            model_mirror: None,
            failover: Failover::default(),
            server_patience_seconds: EngineRequest::USUAL_PATIENCE.as_secs(),
            onnxruntime_library: None,
            keep_rules: KeepRule::ALL.to_vec(),
            preferred_folders: Vec::new(),
            removal: RemovalChoice::default(),
            removal_folder: None,
            theme: ThemeChoice::default(),
            text_scale: 1.0,
            language: Language::default(),
            similarity: BTreeMap::new(),
            servers: Vec::new(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is there and cannot be read.
    #[error("cannot read the settings ({source}): {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error(
        "cannot understand the settings; correct the file or remove it to get the defaults: {path}\n{source}"
    )]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        source: Box<toml::de::Error>,
    },
    /// The file cannot be written.
    #[error("cannot keep the settings ({reason}); they last until the program ends: {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The system has no home folder for this user.
    #[error("cannot find the user's home folder; name the files with --cache and --model")]
    NoHome,
}

impl Settings {
    /// Reads `path`; the defaults where there is no such file.
    ///
    /// # Errors
    /// [`SettingsError`] if the file is there but cannot be read or understood.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => {
                return Err(SettingsError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        toml::from_str(&text).map_err(|source| SettingsError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Writes what differs from the defaults to `path`, in one step: a reader finds the old file
    /// or the new one. A link is followed, so that the file it leads to is the one that changes.
    /// What was in the file beside fields, such as comments, is lost.
    ///
    /// # Errors
    /// [`SettingsError::Write`]; then the file is as it was.
    pub fn save(&self, path: &Path) -> Result<(), SettingsError> {
        let failed = |reason: String| SettingsError::Write {
            path: path.to_owned(),
            reason,
        };
        let fields = toml::to_string(self).map_err(|error| failed(error.to_string()))?;
        let write = || -> std::io::Result<()> {
            let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let folder = target.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
            temporary.write_all(HEADER.as_bytes())?;
            temporary.write_all(fields.as_bytes())?;
            temporary.as_file().sync_all()?;
            temporary.persist(&target)?;
            Ok(())
        };
        write().map_err(|error| failed(error.to_string()))
    }

    /// Renames a file that cannot be understood, so that it is not lost when new settings are
    /// written; the new name.
    ///
    /// # Errors
    /// The system's reason why it cannot be renamed.
    pub fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
        let free = |number: u32| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".unreadable-{number}"));
            PathBuf::from(name)
        };
        let aside = (1..u32::MAX)
            .map(free)
            .find(|name| !name.exists())
            .unwrap_or_else(|| free(0));
        std::fs::rename(path, &aside)?;
        Ok(aside)
    }

    /// The cache: the user's choice, else the system's place for it.
    #[must_use]
    pub fn cache_file(&self, places: &Places) -> PathBuf {
        self.cache.clone().unwrap_or_else(|| places.cache.clone())
    }

    /// The folder of models: the user's choice, else the system's place for them.
    #[must_use]
    pub fn models_folder(&self, places: &Places) -> PathBuf {
        let chosen = self.models_folder.clone();
        chosen.unwrap_or_else(|| places.models.clone())
    }

    /// Bytes of files that may be read and not yet decoded.
    #[must_use]
    pub fn read_ahead_bytes(&self) -> u64 {
        u64::from(self.read_ahead_megabytes) * 1_000_000
    }

    /// The number of threads to use, at least 1.
    #[must_use]
    pub fn effective_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// Where the program keeps its own files on this system, following its conventions (XDG,
/// macOS' Library, Windows' `AppData`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The settings file.
    pub settings: PathBuf,
    /// The default cache.
    pub cache: PathBuf,
    /// The default library of decisions.
    pub library: PathBuf,
    /// The default models folder.
    pub models: PathBuf,
    /// The folder of benchmark runs.
    pub benchmarks: PathBuf,
}

impl Places {
    /// The places of the current user; nothing is created.
    ///
    /// # Errors
    /// [`SettingsError::NoHome`] if the user has no home folder.
    pub fn of_this_user() -> Result<Self, SettingsError> {
        use etcetera::BaseStrategy;
        let base = etcetera::choose_base_strategy().map_err(|_no_home| SettingsError::NoHome)?;
        let data = store::data_folder().ok_or(SettingsError::NoHome)?;
        Ok(Self {
            settings: base.config_dir().join("twinlens/settings.toml"),
            cache: base.cache_dir().join("twinlens/cache.db"),
            library: data.join("library.db"),
            models: data.join("models"),
            benchmarks: data.join("benchmarks"),
        })
    }
}

#[cfg(test)]
mod tests;
