//! An analysis as those see it who wait for it: its progress, its controls, what it has found so
//! far, and which engine really runs.

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use super::control::Control;
use super::found::{Found, Shelf};
use super::progress::Progress;
use super::{Analysis, PipelineError, Request, analyse};
use crate::embed::{EngineInfo, Link};

/// What an analysis and those who watch it share.
#[derive(Debug, Default)]
pub struct Job {
    /// Counters, rates, time left.
    pub progress: Progress,
    pub(super) control: Control,
    pub(super) engine: OnceLock<EngineInfo>,
    /// What an engine that works elsewhere is told, and tells.
    pub(super) link: Arc<Link>,
    pub(super) shelf: Shelf,
}

impl Job {
    /// Stops all work between two photos or pairs until [`Job::resume`]; no CPU is used
    /// meanwhile, and the clocks of the progress stand still.
    pub fn pause(&self) {
        self.control.set_paused(true, || self.progress.stop_clock());
    }

    /// Goes on after [`Job::pause`].
    pub fn resume(&self) {
        self.control
            .set_paused(false, || self.progress.start_clock());
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.control.is_paused()
    }

    /// Ends it between two photos, paused or not; what is finished is kept.
    pub fn cancel(&self) {
        self.control.cancel();
        self.link.stop();
    }

    /// What happened to the servers since the first `known` events, in sentences.
    #[must_use]
    pub fn events_after(&self, known: usize) -> Vec<String> {
        self.link.events_after(known)
    }

    /// What computes the vectors, as soon as it has started.
    #[must_use]
    pub fn engine(&self) -> Option<&EngineInfo> {
        self.engine.get()
    }

    /// The photos and groups that are known so far: what is certain, a few seconds old at most in
    /// a library of usual size. Nothing is made before the first call.
    #[must_use]
    pub fn found(&self) -> Arc<Found> {
        self.shelf.latest()
    }

    /// Sleeps while the job is paused.
    ///
    /// # Errors
    /// [`PipelineError::Cancelled`].
    pub(super) fn go_on(&self) -> Result<(), PipelineError> {
        if self.control.goes_on() {
            Ok(())
        } else {
            Err(PipelineError::Cancelled)
        }
    }
}

/// An analysis that runs in a thread of its own.
#[derive(Debug)]
pub struct Running {
    job: Arc<Job>,
    thread: JoinHandle<Result<Analysis, PipelineError>>,
}

impl Running {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.job.progress
    }

    /// Stops all work between two photos or pairs until [`Running::resume`]. Within a tenth of
    /// a second nothing computes any more, but for a photo that is large or a step that is short
    /// as a whole (opening the model, building the groups).
    pub fn pause(&self) {
        self.job.pause();
    }

    /// Goes on after [`Running::pause`].
    pub fn resume(&self) {
        self.job.resume();
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.job.is_paused()
    }

    /// Asks it to stop, paused or not; it does so between two photos, and keeps what it has.
    pub fn cancel(&self) {
        self.job.cancel();
    }

    /// What happened to the servers since the first `known` events, in sentences for the user;
    /// all of them are among the notices of the analysis too. Cheap to ask.
    #[must_use]
    pub fn events_after(&self, known: usize) -> Vec<String> {
        self.job.events_after(known)
    }

    /// What computes the vectors, as soon as it has started: the engine and the provider that
    /// really run, whatever was asked for.
    #[must_use]
    pub fn engine(&self) -> Option<&EngineInfo> {
        self.job.engine()
    }

    /// The photos and groups that are known so far: identical files as soon as they are hashed,
    /// then what the pixels have decided. It costs nothing to ask; to be asked now and then from
    /// the beginning, for nothing is made before the first call. A new state comes every two
    /// seconds, in very large libraries more rarely.
    #[must_use]
    pub fn found(&self) -> Arc<Found> {
        self.job.found()
    }

    /// Whether [`Running::join`] will return at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// What [`analyse`] returns.
    pub fn join(self) -> Result<Analysis, PipelineError> {
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Starts an analysis in the background.
///
/// # Errors
/// [`PipelineError::Thread`] if the system starts no more threads.
pub fn start(request: Request) -> Result<Running, PipelineError> {
    let job = Arc::new(Job::default());
    let thread = std::thread::Builder::new()
        .name("analysis".to_owned())
        .spawn({
            let job = Arc::clone(&job);
            move || analyse(request, &job)
        })
        .map_err(PipelineError::Thread)?;
    Ok(Running { job, thread })
}
