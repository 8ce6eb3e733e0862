//! Looks at what this computer has: ONNX Runtime, models, the cache. In the order in which it was
//! asked, so that the last answer is the newest.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::Context;

use super::{Answer, join_soon};
use crate::app::settings::{CacheSeen, ChosenModel, ModelRow, Models, Wanted};
use crate::embed::EmbedError;
use crate::embed::onnxruntime::{self, Seen};
use crate::embed::remote::Credentials;
use crate::embed::remote::trial::Trial;
use crate::embed::remote::vault;
use crate::embed::store::{ModelStore, State};
use crate::library::{Cache, CacheInfo, LibraryError};

/// Questions that may wait.
const ASKED: usize = 32;
/// How long an answer waits for a frame; a window that is gone takes none.
const WAIT: Duration = Duration::from_secs(5);

/// A question, or a wish that takes its time.
pub(crate) enum Ask {
    /// Where is ONNX Runtime, with the path that the user set?
    Runtime(Option<PathBuf>),
    /// Which models are there?
    Models {
        /// The models folder.
        folder: PathBuf,
        /// The name or file of the one in use.
        chosen: String,
    },
    /// What does this cache hold?
    Cache(PathBuf),
    /// Forget everything in it.
    ClearCache(PathBuf),
    /// Put a server's secret into the keyring.
    KeepSecret(String, Credentials),
    /// Take it out.
    ForgetSecret(String),
    /// Take in a model's file.
    AddModel {
        /// The models folder.
        folder: PathBuf,
        /// The file.
        file: PathBuf,
    },
}

/// What came of it. Errors are sentences.
pub(crate) enum SettingsAnswer {
    /// Of [`Ask::Runtime`].
    Runtime(Result<Seen, String>),
    /// Of [`Ask::Models`].
    Models(Result<Models, String>),
    /// Of [`Ask::Cache`].
    Cache(CacheSeen),
    /// Of [`Ask::ClearCache`].
    Cleared(Result<(), String>),
    /// Of [`Ask::AddModel`]: what to know of the new model.
    Added(Result<String, String>),
    /// Of [`Ask::KeepSecret`] and [`Ask::ForgetSecret`].
    SecretKept(Result<String, String>),
    /// Of a server's test, by its address.
    Tested(String, Result<Box<Trial>, String>),
    /// Of a dialog of the system.
    Chosen(Wanted, PathBuf),
}

/// The thread that looks.
pub(super) struct Looks {
    asks: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Looks {
    /// Starts the thread; `None` if the system starts no more.
    pub(super) fn start(ctx: Context, answers: Sender<Answer>) -> Option<Self> {
        let (asks, asked) = bounded(ASKED);
        let thread = std::thread::Builder::new()
            .name("settings-look".to_owned())
            .spawn(move || answer_all(&asked, &ctx, &answers))
            .ok()?;
        Some(Self {
            asks: Some(asks),
            thread: Some(thread),
        })
    }

    /// Asks; a question too many is dropped.
    pub(super) fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            asks.try_send(ask).ok();
        }
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.asks = None;
        self.thread.take().map(join_soon).unwrap_or_default();
    }
}

fn answer_all(asked: &Receiver<Ask>, ctx: &Context, answers: &Sender<Answer>) {
    for ask in asked {
        let answer = match ask {
            Ask::Runtime(set) => SettingsAnswer::Runtime(onnxruntime::look(set.as_deref())),
            Ask::Models { folder, chosen } => {
                SettingsAnswer::Models(models(folder, &chosen).map_err(|error| error.to_string()))
            }
            Ask::Cache(file) => SettingsAnswer::Cache(CacheSeen {
                info: cache(&file).map_err(|error| error.to_string()),
                file,
            }),
            Ask::ClearCache(file) => {
                SettingsAnswer::Cleared(clear(&file).map_err(|error| error.to_string()))
            }
            Ask::KeepSecret(url, credentials) => SettingsAnswer::SecretKept(
                vault::keep(&url, &credentials)
                    .map(|()| format!("The keyring holds the secret of {url}."))
                    .map_err(|error| format!("{error}. It lasts until Twinlens is closed: {url}")),
            ),
            Ask::ForgetSecret(url) => SettingsAnswer::SecretKept(
                vault::forget(&url)
                    .map(|()| format!("The keyring holds nothing for {url}."))
                    .map_err(|error| error.to_string()),
            ),
            Ask::AddModel { folder, file } => {
                SettingsAnswer::Added(add(folder, &file).map_err(|error| error.to_string()))
            }
        };
        if answers
            .send_timeout(Answer::Settings(answer), WAIT)
            .is_err()
        {
            return;
        }
        ctx.request_repaint();
    }
}

fn models(folder: PathBuf, chosen: &str) -> Result<Models, EmbedError> {
    let store = ModelStore::new(folder)?;
    let rows = store.list()?.into_iter().map(|listed| ModelRow {
        arrived: match listed.state {
            State::Downloadable { .. } => store.arrived(&listed.name),
            State::Bundled | State::Installed | State::Recipe(_) => 0,
        },
        listed,
    });
    Ok(Models {
        rows: rows.collect(),
        chosen: match store.find(chosen) {
            Ok(record) => Ok(ChosenModel {
                name: record.name,
                similarity_floor: record.similarity_floor,
                similarity_default: record.similarity_default,
            }),
            Err(error) => Err(error.to_string()),
        },
    })
}

/// What a cache holds; a look makes none.
fn cache(file: &Path) -> Result<Option<CacheInfo>, LibraryError> {
    if !file.exists() {
        return Ok(None);
    }
    Cache::open(file)?.cache.info().map(Some)
}

fn clear(file: &Path) -> Result<(), LibraryError> {
    if !file.exists() {
        return Ok(());
    }
    Cache::open(file)?.cache.clear()
}

fn add(folder: PathBuf, file: &Path) -> Result<String, EmbedError> {
    let added = ModelStore::new(folder)?.add(file)?;
    let mut told = format!("{} is ready", added.record.name);
    for note in added.notes {
        told.push_str("; ");
        told.push_str(&note);
    }
    told.push('.');
    Ok(told)
}
