//! What the settings say about an analysis, in one place for the window and the command line.

use std::path::PathBuf;
use std::time::Duration;

use super::Request;
use crate::embed::remote::vault::Session;
use crate::embed::store::ModelStore;
use crate::embed::{EmbedError, EngineRequest, bundled};
use crate::library::{Ledger, LibraryError, LibraryFolder};
use crate::matching::neighbours::IndexChoice;
use crate::matching::{Evidence, KeepSettings};
use crate::scan::Limits;
use crate::settings::{Places, Settings};

impl Request {
    /// An analysis of `folders` as the user's settings have it. `model` is a name of the
    /// catalogue or a file, and goes before the one of the settings.
    ///
    /// # Errors
    /// [`EmbedError`] if the model is not there or is not what it should be.
    pub fn from_settings(
        settings: &Settings,
        places: &Places,
        model: Option<&str>,
        folders: Vec<PathBuf>,
    ) -> Result<Self, EmbedError> {
        let threads = settings.effective_threads();
        let model = model.or(settings.model.as_deref()).unwrap_or(bundled::NAME);
        let model = ModelStore::new(settings.models_folder(places))?.find(model)?;
        Ok(Self {
            folders,
            limit: None,
            threads,
            engine: EngineRequest {
                engine: settings.engine,
                provider: settings.provider,
                threads,
                library: settings.onnxruntime_library.clone(),
                servers: settings.servers.clone(),
                session: Session::default(),
                failover: settings.failover,
                patience: Duration::from_secs(settings.server_patience_seconds),
            },
            similarity: None,
            similarity_of_models: settings.similarity.clone(),
            model,
            weakest: Evidence::Similar,
            index: IndexChoice::Auto,
            cache: Some(settings.cache_file(places)),
            keep: KeepSettings {
                rules: settings.keep_rules.clone(),
                preferred_folders: settings.preferred_folders.clone(),
                ..KeepSettings::default()
            },
            distinct: Vec::new(),
            limits: Limits::default(),
            read_ahead_bytes: settings.read_ahead_bytes(),
        })
    }

    /// Takes in what the user decided earlier: which photos are no duplicates, which folders are
    /// preferred and which are protected.
    ///
    /// # Errors
    /// [`LibraryError`] if the ledger cannot be read.
    pub fn follow(&mut self, ledger: &Ledger) -> Result<(), LibraryError> {
        let declared = ledger.not_duplicates()?;
        self.distinct = declared.iter().map(|declared| declared.pair).collect();
        self.treat(&ledger.folders()?);
        Ok(())
    }

    /// Keeps from folders that are preferred, and never removes from those that are protected.
    pub fn treat(&mut self, folders: &[LibraryFolder]) {
        for folder in folders {
            if folder.is_preferred {
                self.keep.preferred_folders.push(folder.path.clone());
            }
            if folder.is_protected {
                self.keep.protected_folders.push(folder.path.clone());
            }
        }
    }
}
