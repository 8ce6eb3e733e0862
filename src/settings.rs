//! What the user chose, in one TOML file that may be edited by hand.
//!
//! Every field has a default, so a file holds only what differs. A file that cannot be
//! understood is an error that names the line: guessing at a person's wishes about their
//! photos is worse than asking.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::embed::store;

/// The settings file's content; see the fields for defaults and ranges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Decoder threads and model threads, each; 0 (the default) means one a core.
    pub threads: usize,
    /// The cache; default `cache.db` in the system's cache folder for this program.
    pub cache: Option<PathBuf>,
    /// Where downloaded and added models lie; default `models` in the system's data folder.
    pub models_folder: Option<PathBuf>,
    /// Model name or file; default the bundled model.
    pub model: Option<String>,
    /// Base address that replaces the model hub's, for a mirror; default none.
    pub model_mirror: Option<String>,
    /// The ONNX Runtime library, if it is to be found elsewhere than in the usual places.
    pub onnxruntime_library: Option<PathBuf>,
    /// Folders to keep photos from when copies are otherwise equal, best first.
    pub preferred_folders: Vec<PathBuf>,
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_means_the_defaults_and_a_broken_one_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        assert_eq!(Settings::load(&path).unwrap(), Settings::default());
        for (text, expected) in [
            ("threads = 3\n", Ok(3)),
            ("threads = -1\n", Err("threads")),
            ("thread = 3\n", Err("thread")),
            ("threads = \n", Err("line 1")),
        ] {
            std::fs::write(&path, text).unwrap();
            match (Settings::load(&path), expected) {
                (Ok(settings), Ok(threads)) => assert_eq!(settings.threads, threads),
                (Err(error), Err(part)) => {
                    let message = error.to_string();
                    assert!(
                        message.contains(part) && message.contains("settings.toml"),
                        "{message}"
                    );
                }
                (result, _) => panic!("{text:?}: {result:?}"),
            }
        }
    }

    #[test]
    fn settings_read_back_from_what_was_written() {
        let settings = Settings {
            model: Some("clip".into()),
            preferred_folders: vec!["a".into()],
            ..Settings::default()
        };
        assert_eq!(
            toml::from_str::<Settings>(&toml::to_string(&settings).unwrap()).unwrap(),
            settings
        );
    }
}
