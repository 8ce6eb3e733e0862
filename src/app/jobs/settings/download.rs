//! Fetches one model.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use eframe::egui::Context;

use super::join_soon;
use crate::app::settings::Download;
use crate::embed::EmbedError;
use crate::embed::download::{Policy, Progress};
use crate::embed::store::{Added, ModelStore};

/// A download that runs.
pub(super) struct Downloading {
    name: String,
    cancel: Arc<AtomicBool>,
    progress: Arc<Mutex<Progress>>,
    thread: JoinHandle<Result<Added, EmbedError>>,
}

impl Downloading {
    /// Starts to fetch the model `name` of the catalogue into `folder`.
    ///
    /// # Errors
    /// The system's words if it starts no more threads.
    pub(super) fn start(
        folder: PathBuf,
        name: String,
        policy: Policy,
        ctx: Context,
    ) -> Result<Self, String> {
        let cancel = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Mutex::new(Progress {
            received: 0,
            total: None,
        }));
        let thread = std::thread::Builder::new()
            .name("download".to_owned())
            .spawn({
                let (name, cancel, progress) =
                    (name.clone(), Arc::clone(&cancel), Arc::clone(&progress));
                move || {
                    let mut follow = |now: Progress| {
                        *progress.lock().unwrap_or_else(PoisonError::into_inner) = now;
                    };
                    let result = ModelStore::new(folder)
                        .and_then(|store| store.download(&name, &policy, &mut follow, &cancel));
                    ctx.request_repaint();
                    result
                }
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Self {
            name,
            cancel,
            progress,
            thread,
        })
    }

    /// Asks it to stop.
    pub(super) fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// How far it is.
    pub(super) fn seen(&self) -> Download {
        Download {
            name: self.name.clone(),
            progress: *self.progress.lock().unwrap_or_else(PoisonError::into_inner),
            is_stopping: self.cancel.load(Ordering::Relaxed),
        }
    }

    /// Whether [`Downloading::join`] will return at once.
    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// The model's name and what came of it.
    pub(super) fn join(self) -> (String, Result<Added, EmbedError>) {
        let result = (self.thread.join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (self.name, result)
    }

    /// The window closes: a server that says nothing must not hold it up. What has arrived is
    /// whole at any moment.
    pub(super) fn leave(self) {
        join_soon(self.thread);
    }
}
