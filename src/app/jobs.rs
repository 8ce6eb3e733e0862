//! Everything that takes time, in threads of its own: the scan, small pictures, dialogs.
//!
//! Rule: nothing here blocks the frame. Work goes out through bounded channels and comes back
//! through [`Jobs::drain`]; a thread that has something to say asks for a frame. All threads have
//! names and are joined when the window closes.

mod benchmark;
mod dialogs;
mod errands;
mod memory;
mod originals;
mod pictures;
mod removal;
mod settings;

pub(crate) use benchmark::{BenchmarkAnswer, BenchmarkJobs, Ended, Told, WaysRequest};
pub(crate) use removal::{PlanRequest, RemovalAnswer, RemovalJobs, RemovalRequest};
pub(crate) use settings::{Ask, SettingsAnswer, SettingsJobs};

pub(crate) use memory::{Note, Remembered, window_size};

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{ColorImage, Context};

use super::benchmark::BenchmarkFile;
use super::compare::{Made, Work, WorkKey};
use super::settings::Wanted;
use crate::library::Cache;
use crate::matching::{Cosine, Findings, Group, GroupSettings, Shots};
use crate::photo::{ContentHash, Photo, PhotoId};
use crate::pipeline::{self, Analysis, Estimate, PipelineError, Request, Running};
use crate::settings::Places;
use errands::Errands;
use memory::Memory;
use originals::Originals;
use pictures::Pictures;

/// Answers that may wait for a frame; a thread with more to say waits.
const ANSWERS: usize = 64;

/// What came of the work.
pub(crate) enum Answer {
    /// A scan ended.
    Scanned(Box<Result<Analysis, PipelineError>>),
    /// A small picture was loaded, or cannot be.
    Thumbnail(ContentHash, Option<ColorImage>),
    /// A photo was decoded at full resolution, or compared with another.
    Original(Box<Made>),
    /// Folders were chosen; none if the dialog was closed.
    Folders(Vec<PathBuf>),
    /// Shots were built anew, for the declarations with this number.
    Regrouped(u64, Shots),
    /// Groups were cut at another similarity.
    Cut {
        /// What they were cut from.
        shots: Arc<Shots>,
        /// From which cosine on photos are similar.
        similarity: Cosine,
        /// What came of it.
        groups: Vec<Group>,
        /// How long it took.
        took: Duration,
    },
    /// What a scan of a folder would find, or why it cannot be told.
    Estimated(PathBuf, Result<Box<Estimate>, String>),
    /// Whether photos are still there; of the analysis with this number.
    Looked(u64, Vec<(PhotoId, bool)>),
    /// What was remembered of earlier sessions.
    Remembered(Box<Remembered>),
    /// Something was done; nothing to tell.
    Done,
    /// For the settings view.
    Settings(SettingsAnswer),
    /// Around removals.
    Removal(RemovalAnswer),
    /// Around the benchmark.
    Benchmark(BenchmarkAnswer),
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
    originals: Option<Originals>,
    memory: Option<Memory>,
    /// What did not fit into the way to the memory yet.
    notes: VecDeque<Note>,
    /// Looks at files.
    files: Option<Errands>,
    /// Lists folders.
    lists: Option<Errands>,
    /// Computes.
    sums: Option<Errands>,
    /// The number of the cut that was asked for last.
    newest_cut: Arc<AtomicU64>,
    dialogs: Vec<JoinHandle<()>>,
    /// What the settings view waits for.
    pub(crate) settings: SettingsJobs,
    /// Removals and the history.
    pub(crate) removal: RemovalJobs,
    /// What the benchmark view waits for.
    pub(crate) benchmark: BenchmarkJobs,
}

impl Jobs {
    /// Remembers what is in the library of `places` and keeps runs in their folder; answers ask
    /// `ctx` for a frame.
    pub(crate) fn new(ctx: Context, places: &Places) -> Self {
        let library = places.library.clone();
        let (send, answers) = bounded(ANSWERS);
        let errands = |name| Errands::start(name, ctx.clone(), send.clone());
        Self {
            scan: None,
            pictures: None,
            originals: None,
            removal: RemovalJobs::new(library.clone(), &ctx, &send),
            memory: Memory::start(library, ctx.clone(), send.clone()),
            notes: VecDeque::new(),
            files: errands("look-at-files"),
            lists: errands("list-folders"),
            sums: errands("regroup"),
            newest_cut: Arc::default(),
            dialogs: Vec::new(),
            benchmark: BenchmarkJobs::new(places.benchmarks.clone(), ctx.clone(), send.clone()),
            settings: SettingsJobs::new(ctx.clone(), send.clone()),
            ctx,
            send,
            answers,
        }
    }

    /// Remembers something.
    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push_back(note);
        self.hand_over();
    }

    fn hand_over(&mut self) {
        let Some(memory) = &self.memory else {
            return;
        };
        while let Some(note) = self.notes.pop_front() {
            if let Err(note) = memory.take(note) {
                self.notes.push_front(note);
                return;
            }
        }
    }

    /// Foretells a scan of the one folder of `request`.
    pub(crate) fn estimate(&self, folder: PathBuf, request: Request) {
        let work = move |cancel: &AtomicBool| {
            let estimate = pipeline::estimate(&request, cancel, &mut |_, _| {});
            let told = estimate.map(Box::new).map_err(|error| error.to_string());
            Some(Answer::Estimated(folder, told))
        };
        // What is refused is asked again when the folders change.
        if let Some(lists) = &self.lists {
            lists.add(work);
        }
    }

    /// Builds shots anew under other declarations, which have the number `number`.
    pub(crate) fn regroup(
        &self,
        number: u64,
        photos: Arc<[Photo]>,
        findings: Arc<Findings>,
        grouping: GroupSettings,
    ) -> bool {
        let work = move |cancel: &AtomicBool| {
            let shots = Shots::build(&findings.of(&photos), &grouping, cancel);
            // It can only be cancelled: the findings are of these photos.
            shots.ok().map(|shots| Answer::Regrouped(number, shots))
        };
        self.sums.as_ref().is_some_and(|sums| sums.add(work))
    }

    /// Cuts groups at another similarity; what was asked for before and has not begun is left out.
    pub(crate) fn cut(&self, shots: Arc<Shots>, similarity: Cosine) -> bool {
        let newest = Arc::clone(&self.newest_cut);
        let number = newest.fetch_add(1, Ordering::Relaxed) + 1;
        let work = move |_: &AtomicBool| {
            if newest.load(Ordering::Relaxed) != number {
                return None;
            }
            let begun = Instant::now();
            let groups = shots.groups(similarity);
            Some(Answer::Cut {
                took: begun.elapsed(),
                shots,
                similarity,
                groups,
            })
        };
        self.sums.as_ref().is_some_and(|sums| sums.add(work))
    }

    /// Looks whether photos of the analysis `number` are still there.
    pub(crate) fn look_for(&self, number: u64, photos: Vec<(PhotoId, PathBuf)>) {
        let work = move |_: &AtomicBool| {
            let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
            let looked = (photos.iter())
                .map(|(photo, path)| (*photo, is_there(path)))
                .collect();
            Some(Answer::Looked(number, looked))
        };
        // What is refused is looked at when the user comes by again.
        if let Some(files) = &self.files {
            files.add(work);
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

    /// What asks for frames.
    pub(crate) fn context(&self) -> &Context {
        &self.ctx
    }

    /// Replaces what is to be done with photos at full resolution, the most urgent first.
    pub(crate) fn want(&mut self, works: Vec<Work>) {
        if self.originals.is_none() && works.is_empty() {
            return;
        }
        (self.originals)
            .get_or_insert_with(|| Originals::start(&self.ctx, &self.send))
            .want(works);
    }

    /// Notes that an answer to such work was taken in.
    pub(crate) fn taken(&self, key: WorkKey) {
        if let Some(originals) = &self.originals {
            originals.taken(key);
        }
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

    /// Opens the system's dialog for something that the benchmark needs.
    pub(crate) fn choose_for_benchmark(&mut self, wanted: BenchmarkFile) {
        let dialog = dialogs::choose_for_benchmark(wanted, self.ctx.clone(), self.send.clone());
        self.dialogs.extend(dialog);
    }

    /// Opens the system's dialog for the file that the history is written to.
    pub(crate) fn choose_export(&mut self) {
        let dialog = dialogs::choose_export(self.ctx.clone(), self.send.clone());
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
        self.hand_over();
        self.dialogs.retain(|thread| !thread.is_finished());
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
        if let Some(memory) = &mut self.memory {
            memory.finish(std::mem::take(&mut self.notes));
        }
    }
}

/// Waits so long at most for a thread that ends by itself.
fn join_within<T>(patience: Duration, thread: JoinHandle<T>) {
    let begun = Instant::now();
    while !thread.is_finished() && begun.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    if thread.is_finished() {
        // A panic in there was printed, and nobody is left to tell.
        thread.join().ok();
    }
}
