//! Everything that takes time, in threads of its own: the scan, small pictures, dialogs.
//!
//! Rule: nothing here blocks the frame. Work goes out through bounded channels and comes back
//! through [`Jobs::drain`]; a thread that has something to say asks for a frame. All threads have
//! names and are joined when the window closes.

mod dialogs;
mod pictures;
mod settings;

pub(crate) use settings::{Ask, SettingsAnswer, SettingsJobs};

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{ColorImage, Context};

use crate::library::Cache;
use crate::photo::ContentHash;
use crate::pipeline::{Analysis, PipelineError, Request, Running};
use super::settings::Wanted;
use pictures::Pictures;

/// Answers that may wait for a frame; a thread with more to say waits.
const ANSWERS: usize = 64;

/// What came of the work.
pub(crate) enum Answer {
    /// A scan ended.
    Scanned(Box<Result<Analysis, PipelineError>>),
    /// A small picture was loaded, or cannot be.
    Thumbnail(ContentHash, Option<ColorImage>),
    /// Folders were chosen; none if the dialog was closed.
    Folders(Vec<PathBuf>),
    /// For the settings view.
    Settings(SettingsAnswer),
    /// Something failed, in words.
    Failed(String),
}

/// The threads, and the way back.
pub(crate) struct Jobs {
    ctx: Context,
    send: Sender<Answer>,
    answers: Receiver<Answer>,
    scan: Option<Running>,
    pictures: Option<Pictures>,
    dialogs: Vec<std::thread::JoinHandle<()>>,
    /// What the settings view waits for.
    pub(crate) settings: SettingsJobs,
}

impl Jobs {
    /// No work yet; answers ask `ctx` for a frame.
    pub(crate) fn new(ctx: Context) -> Self {
        let (send, answers) = bounded(ANSWERS);
        Self {
            settings: SettingsJobs::new(ctx.clone(), send.clone()),
            ctx,
            send,
            answers,
            scan: None,
            pictures: None,
            dialogs: Vec::new(),
        }
    }

    /// The scan that runs.
    pub(crate) fn scan(&self) -> Option<&Running> {
        self.scan.as_ref()
    }

    /// Starts a scan; there is one at a time.
    ///
    /// # Errors
    /// [`PipelineError::Thread`] if the system starts no more threads.
    pub(crate) fn start_scan(&mut self, request: Request) -> Result<(), PipelineError> {
        if self.scan.is_none() {
            self.scan = Some(crate::pipeline::start(request)?);
        }
        Ok(())
    }

    /// Loads small pictures from this cache from now on.
    pub(crate) fn show_pictures_of(&mut self, cache: Cache) {
        self.pictures = Pictures::start(cache, self.ctx.clone(), self.send.clone());
    }

    /// Asks for a small picture; false if there are too many wishes already.
    pub(crate) fn load_thumbnail(&self, hash: ContentHash) -> bool {
        self.pictures
            .as_ref()
            .is_some_and(|pictures| pictures.load(hash))
    }

    /// Opens the system's dialog for folders.
    pub(crate) fn choose_folders(&mut self) {
        let dialog = dialogs::choose_folders(self.ctx.clone(), self.send.clone());
        self.dialogs.extend(dialog);
    }

    /// Opens the system's dialog for something that the settings need.
    pub(crate) fn choose(&mut self, wanted: Wanted) {
        let dialog = dialogs::choose(wanted, self.ctx.clone(), self.send.clone());
        self.dialogs.extend(dialog);
    }

    /// Where answers are drawn.
    pub(crate) fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// Shows a file in the system's file manager.
    pub(crate) fn show_in_folder(&mut self, path: PathBuf) {
        let shown = dialogs::show_in_folder(path, self.ctx.clone(), self.send.clone());
        self.dialogs.extend(shown);
    }

    /// What came back since the last frame.
    pub(crate) fn drain(&mut self) -> Vec<Answer> {
        let mut answers: Vec<Answer> = self.answers.try_iter().collect();
        if self.scan.as_ref().is_some_and(Running::is_finished)
            && let Some(scan) = self.scan.take()
        {
            answers.push(Answer::Scanned(Box::new(scan.join())));
        }
        answers
    }
}

impl Drop for Jobs {
    /// Ends the scan between two photos; what it has is kept. An open dialog of the system ends
    /// with the program.
    fn drop(&mut self) {
        if let Some(scan) = self.scan.take() {
            scan.cancel();
            // The window is gone: whatever it found or failed at is told at the next start.
            drop(scan.join());
        }
    }
}
