//! What the settings view shows beside the settings: what was found on this computer, and what
//! is on its way.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ServerForm, Tested};
use crate::embed::download::Progress;
use crate::embed::onnxruntime::Seen;
use crate::embed::store::Listed;
use crate::library::CacheInfo;

/// The state of the settings view. `None` is not looked at yet; what was seen stays until the
/// next look has ended.
#[derive(Debug, Default)]
pub(crate) struct SettingsView {
    /// Whether anybody looked yet.
    pub(crate) has_looked: bool,
    /// The settings file.
    pub(crate) file: PathBuf,
    /// Threads that run at once on this computer.
    pub(crate) cores: usize,
    /// ONNX Runtime, or why there is none.
    pub(crate) runtime: Option<Result<Seen, String>>,
    /// The models.
    pub(crate) models: Option<Result<Models, String>>,
    /// The cache.
    pub(crate) cache: Option<CacheSeen>,
    /// Whether the question whether to empty it is shown.
    pub(crate) asks_to_clear: bool,
    /// The model that is being fetched.
    pub(crate) download: Option<Download>,
    /// What went wrong with a model, by its name.
    pub(crate) model_errors: BTreeMap<String, String>,
    /// The server that is being added or changed.
    pub(crate) server_form: Option<Box<ServerForm>>,
    /// What came of the tests of servers, by their addresses.
    pub(crate) tested: BTreeMap<String, Tested>,
    /// What came of the file that was added last: good news or bad.
    pub(crate) added: Option<Result<String, String>>,
}

/// The models that there are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Models {
    /// One a model, in the store's order.
    pub(crate) rows: Vec<ModelRow>,
    /// The one in use, or why it cannot be used.
    pub(crate) chosen: Result<ChosenModel, String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelRow {
    /// What is known of it.
    pub(crate) listed: Listed,
    /// Bytes that an unfinished download has left.
    pub(crate) arrived: u64,
}

/// The model that the next scan uses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChosenModel {
    /// Its name, which is not in the list for a file.
    pub(crate) name: String,
    /// Pairs below are not looked at.
    pub(crate) similarity_floor: f32,
    /// What its record says.
    pub(crate) similarity_default: f32,
}

/// The cache's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheSeen {
    /// Where it lies.
    pub(crate) file: PathBuf,
    /// What it holds; `None` if there is none yet; or why that cannot be told.
    pub(crate) info: Result<Option<CacheInfo>, String>,
}

/// A download while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Download {
    /// The model.
    pub(crate) name: String,
    /// How far it is.
    pub(crate) progress: Progress,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}
