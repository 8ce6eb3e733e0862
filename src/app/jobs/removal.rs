//! Removals, restorations and the history, in threads with connections of their own.
//!
//! The ledger is opened anew for each piece of work: the thread that remembers decisions has
//! another connection, a commit takes milliseconds, and who removes holds the removals' own lock,
//! so that the command line and a second window wait or are told.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use eframe::egui::Context;

use super::Answer;
use super::errands::Errands;
use crate::app::removal::{Done, Draft, Undone};
use crate::app::review::Marked;
use crate::library::{Cache, FileState, JournalFile, JournalSession, Ledger, LibraryError, Record};
use crate::matching::Evidence;
use crate::photo::{Photo, PhotoId};
use crate::removal::{
    self, Action, OnConflict, Plan, Progress, Recovered, Reflinks, RemovalError, Selection, Stand,
    Surplus, Surveyed,
};

/// What came of such work.
pub(crate) enum RemovalAnswer {
    /// What the plan of this number would do, or why there is none.
    Drafted(u64, Result<Box<Draft>, String>),
    /// How a removal ended.
    Done(Result<Box<Done>, String>),
    /// How a restoration ended.
    Undone(Result<Undone, String>),
    /// What an interrupted removal had left.
    Recovered(Result<Recovered, String>),
    /// The removals so far.
    Sessions(Result<Vec<JournalSession>, String>),
    /// The files of one of them.
    Files(i64, Result<Vec<JournalFile>, String>),
    /// A file to write the history to.
    ExportTo(PathBuf),
    /// The history was written there, or why not.
    Exported(Result<PathBuf, String>),
}

impl From<RemovalAnswer> for Answer {
    fn from(answer: RemovalAnswer) -> Self {
        Self::Removal(answer)
    }
}

/// What a plan is made of.
pub(crate) struct PlanRequest {
    /// Tells the answer from that to an earlier request.
    pub(crate) number: u64,
    /// The photos of the review.
    pub(crate) photos: Arc<[Photo]>,
    /// What is marked among them.
    pub(crate) marked: Arc<[Marked]>,
    /// Where they lie, if that was looked at already.
    pub(crate) surveyed: Option<Arc<Vec<Surveyed>>>,
    /// Folders from which nothing is removed.
    pub(crate) protected: Vec<PathBuf>,
    /// What is to be done.
    pub(crate) action: Action,
    /// The weakest evidence that is enough.
    pub(crate) weakest: Evidence,
}

/// What a removal is made of.
pub(crate) struct RemovalRequest {
    /// The plan.
    pub(crate) draft: Box<Draft>,
    /// Whether what only a removed photo knows is written beside its keeper.
    pub(crate) rescue: bool,
    /// What was typed, for a deletion.
    pub(crate) typed: String,
    /// The photos of the review.
    pub(crate) photos: Arc<[Photo]>,
    /// What is marked among them.
    pub(crate) marked: Arc<[Marked]>,
    /// The cache that is to know.
    pub(crate) cache: PathBuf,
}

type Shown = Arc<Mutex<Option<Progress>>>;

/// The threads.
pub(crate) struct RemovalJobs {
    library: PathBuf,
    /// Plans and acts, one after the other.
    work: Option<Errands>,
    /// Reads the history, also while something is removed.
    reading: Option<Errands>,
    /// Ends what is at work.
    stop: Arc<AtomicBool>,
    progress: Shown,
}

/// Said where the system starts no more threads.
const NO_THREAD: &str = "There is too much to do at present; try again in a moment.";

impl RemovalJobs {
    /// For the journal in the file `library`.
    pub(super) fn new(library: PathBuf, ctx: &Context, answers: &Sender<Answer>) -> Self {
        let errands = |name| Errands::start(name, ctx.clone(), answers.clone());
        Self {
            library,
            work: errands("removal"),
            reading: errands("history"),
            stop: Arc::default(),
            progress: Shown::default(),
        }
    }

    /// Looks at files and plans; what was planned before is left.
    ///
    /// # Errors
    /// In words, if it cannot be begun.
    pub(crate) fn plan(&mut self, request: PlanRequest) -> Result<(), String> {
        let stop = self.begin();
        let progress = Arc::clone(&self.progress);
        self.work(move || {
            let number = request.number;
            let draft = draft(request, &progress, &stop).transpose()?;
            Some(RemovalAnswer::Drafted(number, draft.map(Box::new).map_err(told)).into())
        })
    }

    /// Removes.
    ///
    /// # Errors
    /// In words, if it cannot be begun.
    pub(crate) fn remove(&mut self, request: RemovalRequest) -> Result<(), String> {
        let stop = self.begin();
        let (library, progress) = (self.library.clone(), Arc::clone(&self.progress));
        self.work(move || {
            let done = remove(request, &library, &progress, &stop);
            Some(RemovalAnswer::Done(done.map(Box::new)).into())
        })
    }

    /// Brings back a removal, or these rows of it.
    ///
    /// # Errors
    /// In words, if it cannot be begun.
    pub(crate) fn restore(
        &mut self,
        session: i64,
        files: Option<Vec<i64>>,
        conflict: OnConflict,
        cache: PathBuf,
    ) -> Result<(), String> {
        let stop = self.begin();
        let (library, progress) = (self.library.clone(), Arc::clone(&self.progress));
        self.work(move || {
            let restored = restore(session, files, conflict, &library, &progress, &stop);
            if let Ok(undone) = &restored {
                let back = undone.restored.files.iter();
                tell_cache(&cache, back.map(|path| Record::Back { path: path.clone() }));
            }
            Some(RemovalAnswer::Undone(restored.map_err(told)).into())
        })
    }

    /// Puts in order what an interrupted removal left.
    ///
    /// # Errors
    /// In words, if it cannot be begun.
    pub(crate) fn recover(&mut self) -> Result<(), String> {
        let library = self.library.clone();
        self.work(move || {
            let recovered = match Ledger::open_existing(&library) {
                Ok(None) => Ok(Recovered::default()),
                Ok(Some(mut ledger)) => match removal::recover(&mut ledger) {
                    // Whoever is at work puts it in order.
                    Err(RemovalError::Busy) => Ok(Recovered::default()),
                    result => result.map_err(told),
                },
                Err(error) => Err(error.to_string()),
            };
            Some(RemovalAnswer::Recovered(recovered).into())
        })
    }

    /// Reads which removals there were.
    pub(crate) fn look_at_sessions(&self) {
        self.read(|ledger| RemovalAnswer::Sessions(ledger.and_then(|l| sessions(l.as_ref()))));
    }

    /// Reads the files of one.
    pub(crate) fn look_at_files(&self, session: i64) {
        self.read(move |ledger| {
            let files = ledger.and_then(|ledger| match ledger {
                Some(ledger) => ledger.removal_files(session).map_err(|e| e.to_string()),
                None => Ok(Vec::new()),
            });
            RemovalAnswer::Files(session, files)
        });
    }

    /// Writes the history to a table.
    pub(crate) fn export(&self, to: PathBuf) {
        self.read(|ledger| {
            let written = ledger.and_then(|ledger| {
                let ledger = ledger.ok_or("Nothing was removed yet.")?;
                crate::removal::export_csv(&ledger, &to).map_err(|error| error.to_string())
            });
            RemovalAnswer::Exported(written.map(|()| to))
        });
    }

    /// Ends what is at work, between two files.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// How far what is at work has come.
    pub(crate) fn progress(&self) -> Option<Progress> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.clone()
    }

    /// Ends what is planned, and makes a flag for what comes.
    fn begin(&mut self) -> Arc<AtomicBool> {
        self.stop();
        self.stop = Arc::default();
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Arc::clone(&self.stop)
    }

    fn work(&self, work: impl FnOnce() -> Option<Answer> + Send + 'static) -> Result<(), String> {
        let is_taken = self.work.as_ref().is_some_and(|all| all.add(|_| work()));
        is_taken.then_some(()).ok_or_else(|| NO_THREAD.to_owned())
    }

    /// What is refused is asked for again when the view is shown again.
    fn read(
        &self,
        work: impl FnOnce(Result<Option<Ledger>, String>) -> RemovalAnswer + Send + 'static,
    ) {
        let library = self.library.clone();
        if let Some(reading) = &self.reading {
            reading.add(move |_| {
                let ledger = Ledger::open_existing(&library).map_err(|error| error.to_string());
                Some(work(ledger).into())
            });
        }
    }
}

impl Drop for RemovalJobs {
    /// Stops between two files; the journal says what was done.
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn told(error: RemovalError) -> String {
    error.to_string()
}

fn sessions(ledger: Option<&Ledger>) -> Result<Vec<JournalSession>, String> {
    let sessions = ledger.map_or_else(|| Ok(Vec::new()), Ledger::removal_sessions);
    sessions.map_err(|error: LibraryError| error.to_string())
}

/// `None` if another plan was asked for meanwhile.
fn draft(
    request: PlanRequest,
    progress: &Shown,
    stop: &AtomicBool,
) -> Result<Option<Draft>, RemovalError> {
    let surveyed = if let Some(surveyed) = request.surveyed {
        surveyed
    } else {
        let surplus = surplus(&request.photos, &request.marked);
        match removal::survey(&surplus, &request.protected, stop) {
            Err(RemovalError::Cancelled) => return Ok(None),
            result => Arc::new(result?),
        }
    };
    let mut action = request.action;
    if let Action::Reflink(reflinks) = &mut action {
        *reflinks = Reflinks::of(&surveyed);
    }
    let mut plan = Plan::build((*surveyed).clone(), action, request.weakest);
    let of = plan.steps().len() as u64;
    let mut show = |done| {
        let now = Progress {
            done,
            of,
            bytes: 0,
            path: PathBuf::new(),
        };
        *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    };
    match plan.look_for_rescue(&mut show, stop) {
        Err(RemovalError::Cancelled) => return Ok(None),
        result => result?,
    }
    Ok(Some(Draft::of(plan, surveyed)))
}

fn surplus(photos: &[Photo], marked: &[Marked]) -> Vec<Surplus> {
    let surplus = |marked: &Marked| {
        let photo = photos.get(marked.photo.index())?;
        let stands = marked.stands.iter().filter_map(|&(stand, evidence)| {
            let photo = photos.get(stand.index())?;
            Some(Stand {
                path: photo.path.clone(),
                content: photo.content.hash,
                evidence,
            })
        });
        Some(Surplus {
            path: photo.path.clone(),
            content: photo.content.hash,
            bytes: photo.stamp.size,
            stamp: Some(photo.stamp),
            keepers: stands.collect(),
        })
    };
    marked.iter().filter_map(surplus).collect()
}

fn remove(
    request: RemovalRequest,
    library: &Path,
    progress: &Shown,
    stop: &AtomicBool,
) -> Result<Done, String> {
    let can_undo = *request.draft.plan.action() != Action::Delete;
    let places = places(&request);
    let mut plan = request.draft.plan;
    if !request.rescue {
        plan = plan.without_rescue();
    }
    let approved = if can_undo {
        plan.approve()
    } else {
        plan.approve_deletion(&request.typed)
    };
    let approved = approved.map_err(|_plan| "The words are not right.".to_owned())?;
    let mut ledger = Ledger::open(library).map_err(|error| error.to_string())?;
    let mut show = |now: &Progress| {
        *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.clone());
    };
    let outcome = removal::execute(&approved, &mut ledger, &mut show, stop).map_err(told)?;
    let files = ledger.removal_files(outcome.session);
    let files = files.map_err(|error| error.to_string())?;
    // A name that leads to the keeper's bytes is still there, and no photo of its own.
    let gone = files.iter().filter(|file| file.state == FileState::Removed);
    let gone: Vec<PathBuf> = gone.map(|file| file.entry.source.clone()).collect();
    let removed: Vec<(PathBuf, PhotoId)> = (gone.iter())
        .filter_map(|path| Some((path.clone(), *places.get(path)?)))
        .collect();
    let paths = removed.iter().filter_map(|(_, photo)| {
        let path = request.photos.get(photo.index())?.path.clone();
        Some(Record::Gone { path })
    });
    if approved.plan().action().takes_photos_away() {
        tell_cache(&request.cache, paths);
    }
    Ok(Done {
        outcome,
        removed,
        can_undo,
    })
}

/// Where each marked photo really lies, as the journal writes it.
fn places(request: &RemovalRequest) -> HashMap<PathBuf, PhotoId> {
    let by_path: HashMap<&Path, PhotoId> = (request.marked.iter())
        .filter_map(|marked| {
            let photo = request.photos.get(marked.photo.index())?;
            Some((photo.path.as_path(), marked.photo))
        })
        .collect();
    let surveyed = request.draft.surveyed.iter();
    surveyed
        .filter_map(|found| {
            let photo = *by_path.get(found.surplus.path.as_path())?;
            Some((found.file.as_ref().ok()?.path.clone(), photo))
        })
        .collect()
}

/// The next scan is not to tell as news what the user did here. Without the cache, or if it
/// cannot be written, it is told.
fn tell_cache(cache: &Path, mut records: impl Iterator<Item = Record>) {
    let Ok(Some(cache)) = Cache::open_if_there(cache) else {
        return;
    };
    let mut writer = cache.into_writer();
    let written = records
        .try_for_each(|record| writer.write(record))
        .and_then(|()| writer.finish());
    // See above: nothing is lost by it.
    written.ok();
}

fn restore(
    session: i64,
    files: Option<Vec<i64>>,
    conflict: OnConflict,
    library: &Path,
    progress: &Shown,
    stop: &AtomicBool,
) -> Result<Undone, RemovalError> {
    let mut ledger = Ledger::open(library)?;
    let what = match files {
        None => Selection::Session(session),
        Some(ids) => {
            let mut rows = ledger.removal_files(session)?;
            rows.retain(|row| ids.contains(&row.id));
            Selection::Files(rows)
        }
    };
    let mut show = |now: &Progress| {
        *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.clone());
    };
    let restored = removal::restore(&mut ledger, &what, conflict, &mut show, stop)?;
    Ok(Undone { session, restored })
}
