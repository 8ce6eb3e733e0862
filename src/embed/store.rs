//! The models folder: what is installed, and how it gets there.
//!
//! An installed model is two files, `NAME.onnx` and `NAME.toml`, its record; the record is
//! written last, so that a name in the list means a whole file. The commands `twinlens models
//! list | download | add | check` print what is returned here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use etcetera::BaseStrategy as _;

use super::catalog::{Catalog, Entry};
pub use super::describe::Added;
use super::describe::{describe, name_of};
use super::download::{Policy, Progress, Wanted, download};
use super::model::ModelRecord;
use super::{EmbedError, bundled};

/// Where the program keeps what it must not lose and what it downloads; `None` without a home.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.data_dir().join("twinlens"))
}

/// One line of the list of models.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The name for commands.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Whether it can be used now.
    pub state: State,
    /// Length of a vector.
    pub dimension: usize,
    /// SPDX expression, or `research-only`.
    pub licence: String,
}

/// Whether a model can be used.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// In the program.
    Bundled,
    /// In the models folder.
    Installed,
    /// `download` fetches about so many millions of bytes.
    Downloadable {
        /// Size.
        megabytes: u32,
    },
    /// To be made by the user.
    Recipe(String),
}

/// What `check` found of one installed model.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The model.
    pub name: String,
    /// What is wrong with it, if anything.
    pub fault: Option<String>,
}

/// The models folder and the catalogue.
#[derive(Clone, Debug)]
pub struct ModelStore {
    folder: PathBuf,
    catalog: Catalog,
}

impl ModelStore {
    /// The models in this folder, which need not exist.
    ///
    /// # Errors
    /// As [`Catalog::load`].
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self, EmbedError> {
        Ok(Self {
            folder: folder.into(),
            catalog: Catalog::load()?,
        })
    }

    /// Every model: the bundled one, the installed ones by name, the rest of the catalogue in
    /// its order.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if the folder or a record cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, EmbedError> {
        let bundled = bundled::record();
        let mut listed = vec![Listed {
            name: bundled.name,
            title: "EfficientNet-Lite0 with a head for finding copies".to_owned(),
            state: State::Bundled,
            dimension: bundled.dimension,
            licence: bundled.licence,
        }];
        let installed = self.installed()?;
        listed.extend(installed.iter().map(|record| Listed {
            name: record.name.clone(),
            title: match self.catalog.find(&record.name) {
                Some(entry) => entry.title.clone(),
                None => "added from a file".to_owned(),
            },
            state: State::Installed,
            dimension: record.dimension,
            licence: record.licence.clone(),
        }));
        let is_installed =
            |entry: &&Entry| installed.iter().any(|record| record.name == entry.name);
        let rest = self
            .catalog
            .models
            .iter()
            .filter(|entry| !is_installed(entry));
        listed.extend(rest.map(|entry| Listed {
            name: entry.name.clone(),
            title: entry.title.clone(),
            state: match &entry.recipe {
                Some(recipe) => State::Recipe(recipe.clone()),
                None => State::Downloadable {
                    megabytes: entry.megabytes,
                },
            },
            dimension: entry.dimension,
            licence: entry.licence.clone(),
        }));
        Ok(listed)
    }

    /// The model of this name, or of this file.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if there is none, with how to get it if the catalogue knows it.
    pub fn find(&self, name_or_file: &str) -> Result<ModelRecord, EmbedError> {
        if name_or_file == bundled::NAME {
            return Ok(bundled::record());
        }
        if is_name(name_or_file) {
            let record = self.record_path(name_or_file);
            if record.is_file() {
                return read_record(&record);
            }
        }
        let path = Path::new(name_or_file);
        if path.is_file() {
            return Ok(self.describe(path, &name_of(path))?.record);
        }
        let reason = match self.catalog.find(name_or_file) {
            Some(Entry {
                recipe: Some(recipe),
                ..
            }) => format!("it is not installed; {recipe}"),
            Some(_) => {
                format!("it is not installed; `twinlens models download {name_or_file}` fetches it")
            }
            None => {
                "there is no model of this name and no such file; `twinlens models list` names them"
                    .to_owned()
            }
        };
        Err(EmbedError::Model {
            reason,
            path: name_or_file.to_owned(),
        })
    }

    /// Fetches a model of the catalogue and installs it.
    ///
    /// # Errors
    /// As [`download`], and [`EmbedError::Model`] if the name has no download or the file is
    /// not what the catalogue says.
    pub fn download(
        &self,
        name: &str,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
        cancel: &AtomicBool,
    ) -> Result<Added, EmbedError> {
        let refuse = |reason: String| EmbedError::Model {
            reason,
            path: name.to_owned(),
        };
        let entry = self
            .catalog
            .find(name)
            .ok_or_else(|| refuse("the catalogue has no model of this name".to_owned()))?;
        let Some(url) = &entry.url else {
            let recipe = entry.recipe.as_deref().unwrap_or_default();
            return Err(refuse(format!("it cannot be downloaded; {recipe}")));
        };
        let target = self.model_path(name);
        self.prepare_folder()?;
        let wanted = Wanted {
            url,
            sha256: entry.sha256.as_deref(),
            bytes: entry.bytes,
        };
        let downloaded = download(wanted, &target, policy, progress, cancel)?;
        let mut added = self.describe(&target, name)?;
        if !downloaded.is_verified {
            added
                .notes
                .push("no checksum was known to compare the file with".to_owned());
        }
        self.write_record(&added.record)?;
        Ok(added)
    }

    /// Bytes of the model's file that an unfinished download has left, which the next one goes
    /// on from.
    #[must_use]
    pub fn arrived(&self, name: &str) -> u64 {
        super::download::arrived(&self.model_path(name))
    }

    /// Installs a copy of an ONNX file under a name made from its own.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if it is no model for pictures, with the reason, or the name is
    /// taken by another file.
    pub fn add(&self, file: &Path) -> Result<Added, EmbedError> {
        let name = name_of(file);
        let mut added = self.describe(file, &name)?;
        let taken = |reason: &str| EmbedError::Model {
            reason: format!("{reason}; rename the file"),
            path: file.display().to_string(),
        };
        if name == bundled::NAME {
            return Err(taken("the bundled model has this name"));
        }
        let record = self.record_path(&name);
        if record.is_file() && read_record(&record)?.sha256 != added.record.sha256 {
            return Err(taken(&format!("another model named {name:?} is installed")));
        }
        let target = self.model_path(&name);
        self.prepare_folder()?;
        copy(file, &target).map_err(|error| on_disk(&error, &target))?;
        added.record.file = Some(target);
        self.write_record(&added.record)?;
        Ok(added)
    }

    /// Reads every installed model again and compares it with its record.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if the folder or a record cannot be read.
    pub fn check(&self) -> Result<Vec<Checked>, EmbedError> {
        let installed = self.installed()?.into_iter();
        Ok(installed
            .map(|record| Checked {
                fault: record.read_file().err().map(|error| error.to_string()),
                name: record.name,
            })
            .collect())
    }

    fn installed(&self) -> Result<Vec<ModelRecord>, EmbedError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(on_disk(&error, &self.folder)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| on_disk(&error, &self.folder))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| read_record(path)).collect()
    }

    fn describe(&self, file: &Path, name: &str) -> Result<Added, EmbedError> {
        describe(file, name, self.catalog.find(name))
    }

    fn prepare_folder(&self) -> Result<(), EmbedError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| on_disk(&error, &self.folder))
    }

    fn model_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.onnx"))
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.toml"))
    }

    fn write_record(&self, record: &ModelRecord) -> Result<(), EmbedError> {
        let path = self.record_path(&record.name);
        let failed = |reason: String| EmbedError::Model {
            reason: format!("its record cannot be written ({reason})"),
            path: path.display().to_string(),
        };
        let mut stored = record.clone();
        // Beside the record, wherever the folder is moved to.
        stored.file = None;
        let text = toml::to_string(&stored).map_err(|error| failed(error.to_string()))?;
        let write = || -> io::Result<()> {
            let temporary = tempfile::NamedTempFile::new_in(&self.folder)?;
            std::fs::write(temporary.path(), text)?;
            temporary.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| failed(error.to_string()))
    }
}

fn read_record(path: &Path) -> Result<ModelRecord, EmbedError> {
    let broken = |reason: String| EmbedError::Model {
        reason: format!("its record cannot be read ({reason}); add or download it again"),
        path: path.display().to_string(),
    };
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    let mut record: ModelRecord =
        toml::from_str(&text).map_err(|error| broken(error.to_string()))?;
    record.preprocessing.check()?;
    record.file = Some(path.with_extension("onnx"));
    Ok(record)
}

/// Copies through a temporary name, so that a killed copy is not taken for the file.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize())
        && from == to
    {
        return Ok(());
    }
    let mut temporary = tempfile::NamedTempFile::new_in(to.parent().unwrap_or(Path::new(".")))?;
    io::copy(&mut std::fs::File::open(from)?, &mut temporary)?;
    temporary.as_file().sync_all()?;
    temporary.persist(to)?;
    Ok(())
}

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.bytes().all(is_plain)
}

fn on_disk(error: &io::Error, path: &Path) -> EmbedError {
    EmbedError::Model {
        reason: error.to_string(),
        path: path.display().to_string(),
    }
}
