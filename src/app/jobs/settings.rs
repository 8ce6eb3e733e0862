//! What the settings view waits for: looks at the disk, a download, and the settings file.
//!
//! A few threads, each started when it is first needed: one looks and answers in the order in
//! which it was asked, one writes the newest settings, one fetches a model, one tries each server
//! that is tested.

mod download;
mod look;
mod save;
mod servers;

pub(crate) use look::{Ask, SettingsAnswer};

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use eframe::egui::Context;

use super::Answer;
use crate::app::settings::Download;
use crate::embed::download::Policy;
use crate::embed::remote::Server;
use crate::embed::store::Added;
use crate::embed::{EmbedError, EngineRequest, ModelRecord};
use crate::settings::Settings;
use download::Downloading;
use look::Looks;
use save::Saver;
use servers::Tests;

/// How long the program waits for a thread that cannot be hurried: one that a server or a disk
/// keeps waiting. It leaves nothing half done behind, whenever it ends.
const PATIENCE: Duration = Duration::from_secs(2);

/// The threads of the settings view.
pub(crate) struct SettingsJobs {
    ctx: Context,
    answers: Sender<Answer>,
    looks: Option<Looks>,
    saver: Option<Saver>,
    download: Option<Downloading>,
    tests: Tests,
}

impl SettingsJobs {
    /// None runs yet.
    pub(super) fn new(ctx: Context, answers: Sender<Answer>) -> Self {
        Self {
            ctx,
            answers,
            looks: None,
            saver: None,
            download: None,
            tests: Tests::default(),
        }
    }

    /// Asks for a look; what cannot be asked now is asked when the view is opened again.
    pub(crate) fn ask(&mut self, ask: Ask) {
        if self.looks.is_none() {
            self.looks = Looks::start(self.ctx.clone(), self.answers.clone());
        }
        if let Some(looks) = &self.looks {
            looks.ask(ask);
        }
    }

    /// Writes the settings soon; of several in a row the last.
    pub(crate) fn save(&mut self, file: PathBuf, settings: Settings) {
        if self.saver.is_none() {
            self.saver = Saver::start(self.ctx.clone(), self.answers.clone());
        }
        if let Some(saver) = &self.saver {
            saver.save(file, settings);
        }
    }

    /// Fetches a model; one at a time.
    ///
    /// # Errors
    /// In words, if another one is on its way or the system starts no more threads.
    pub(crate) fn download(
        &mut self,
        folder: PathBuf,
        name: String,
        policy: Policy,
    ) -> Result<(), String> {
        if self.download.is_some() {
            return Err(
                "another model is being fetched; this one can be fetched after it".to_owned(),
            );
        }
        self.download = Some(Downloading::start(folder, name, policy, self.ctx.clone())?);
        Ok(())
    }

    /// Tries a server.
    ///
    /// # Errors
    /// In words, if the system starts no more threads.
    pub(crate) fn test_server(
        &mut self,
        server: Server,
        request: EngineRequest,
        model: ModelRecord,
    ) -> Result<(), String> {
        let (ctx, answers) = (self.ctx.clone(), self.answers.clone());
        self.tests.start(server, request, model, ctx, answers)
    }

    /// Stops fetching; what has arrived is kept.
    pub(crate) fn cancel_download(&self) {
        if let Some(download) = &self.download {
            download.cancel();
        }
    }

    /// The download that runs.
    pub(crate) fn current_download(&self) -> Option<Download> {
        self.download.as_ref().map(Downloading::seen)
    }

    /// The download that has ended since the last call: the model's name, and what came of it.
    pub(crate) fn take_download(&mut self) -> Option<(String, Result<Added, EmbedError>)> {
        if !self.download.as_ref()?.is_finished() {
            return None;
        }
        self.download.take().map(Downloading::join)
    }
}

impl Drop for SettingsJobs {
    fn drop(&mut self) {
        if let Some(download) = self.download.take() {
            download.cancel();
            download.leave();
        }
    }
}

/// Waits for a thread that ends by itself, but not for long.
fn join_soon<T>(thread: JoinHandle<T>) {
    super::join_within(PATIENCE, thread);
}
