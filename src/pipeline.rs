//! One analysis end to end: folders in, photos and groups out, with progress and cancel.
//!
//! This is where the rooms are joined; the window and the command line both call [`start`].
//! All threads of an analysis are started here, have names, and are joined before it ends.

mod budget;
mod candidates;
mod compare;
mod detail;
mod extract;
mod identical;
mod intake;
mod originals;
mod progress;
mod relate;
mod summary;
mod through;
mod workers;

pub use progress::{Progress, Stage, StageProgress};
pub use summary::report;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::embed::{self, EmbedError, EngineInfo, EngineRequest, ModelRecord};
use crate::library::{Cache, LibraryError};
use crate::matching::neighbours::{IndexChoice, IndexUsed};
use crate::matching::{
    Cosine, Evidence, Findings, Group, GroupSettings, KeepSettings, MatchError, Part, Shots,
};
use crate::photo::{ContentHash, Photo, Problem};
use crate::scan::{self, Limits, ScanError, Walked};

/// What is to be analysed, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folders to look into, and single files.
    pub folders: Vec<PathBuf>,
    /// Look at no more than this many files, the first in path order.
    pub limit: Option<usize>,
    /// Decoder threads and model threads, each; at least 1.
    pub threads: usize,
    /// Which engine computes the vectors.
    pub engine: EngineRequest,
    /// Which model.
    pub model: ModelRecord,
    /// From which cosine on photos are similar; the model's own default if `None`.
    pub similarity: Option<f32>,
    /// Weaker evidence than this is left out.
    pub weakest: Evidence,
    /// How close vectors are found.
    pub index: IndexChoice,
    /// The cache file; `None` keeps everything in memory and forgets it.
    pub cache: Option<PathBuf>,
    /// What makes a photo the one to keep.
    pub keep: KeepSettings,
    /// Pairs of contents that the user declared to be no duplicates, in any order: they are
    /// never in one group. Their pixels are compared all the same, and remembered, so that the
    /// declaration can be taken back without a scan.
    pub distinct: Vec<(ContentHash, ContentHash)>,
    /// Limits on files and pictures.
    pub limits: Limits,
}

/// What came out of an analysis.
#[derive(Debug)]
pub struct Analysis {
    /// The folders as they were asked for.
    pub folders: Vec<PathBuf>,
    /// Regular files that were pictures or might have been.
    pub files: u64,
    /// The readable photos, in path order; a `PhotoId` is a position here.
    pub photos: Vec<Photo>,
    /// What belongs together.
    pub groups: Vec<Group>,
    /// What the groups were cut from: [`Shots::groups`] cuts them at another similarity.
    pub shots: Shots,
    /// How the shots were built.
    pub grouping: GroupSettings,
    /// What the shots were built from.
    pub findings: Findings,
    /// Photos that are parts of collages.
    pub parts: Vec<Part>,
    /// What could not be used, and notes; in path order.
    pub problems: Vec<Problem>,
    /// What computed the vectors.
    pub engine: EngineInfo,
    /// The model that was used.
    pub model: ModelRecord,
    /// How close vectors were found.
    pub index: IndexUsed,
    /// How much of them, if not all.
    pub recall: Option<f64>,
    /// Sentences for the user: why `auto` took an engine, a cache that was set aside, ...
    pub notices: Vec<String>,
    /// The stages' counters at the end.
    pub stages: Vec<StageProgress>,
    /// Wall time of the whole.
    pub elapsed: Duration,
    /// Thumbnails and more of every content that was met.
    pub cache: Cache,
}

impl Analysis {
    /// The shots under other settings: other declarations, another keeper. No photo is looked
    /// at again; it takes a fraction of a second for 100,000 photos, so it is nothing for a
    /// frame.
    ///
    /// # Errors
    /// [`MatchError::Cancelled`] if `cancel` is set.
    pub fn shots_with(
        &self,
        settings: &GroupSettings,
        cancel: &AtomicBool,
    ) -> Result<Shots, MatchError> {
        Shots::build(&self.findings.of(&self.photos), settings, cancel)
    }
}

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The folders cannot be walked.
    #[error(transparent)]
    Scan(ScanError),
    /// The engine or the model failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The cache failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Matching failed.
    #[error(transparent)]
    Match(MatchError),
    /// The system starts no more threads.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// The user cancelled; what was finished is in the cache.
    #[error("cancelled; what was finished is kept for the next scan")]
    Cancelled,
}

impl From<ScanError> for PipelineError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Cancelled => Self::Cancelled,
            other => Self::Scan(other),
        }
    }
}

impl From<MatchError> for PipelineError {
    fn from(error: MatchError) -> Self {
        match error {
            MatchError::Cancelled => Self::Cancelled,
            other @ MatchError::UnknownContent { .. } => Self::Match(other),
        }
    }
}

/// An analysis that runs in a thread of its own.
#[derive(Debug)]
pub struct Running {
    progress: Arc<Progress>,
    cancel: Arc<AtomicBool>,
    thread: JoinHandle<Result<Analysis, PipelineError>>,
}

impl Running {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Asks it to stop; it does so between two photos, and keeps what it has.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
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
    let (progress, cancel) = (
        Arc::new(Progress::default()),
        Arc::new(AtomicBool::new(false)),
    );
    let thread = std::thread::Builder::new()
        .name("analysis".to_owned())
        .spawn({
            let (progress, cancel) = (Arc::clone(&progress), Arc::clone(&cancel));
            move || analyse(request, &progress, &cancel)
        })
        .map_err(PipelineError::Thread)?;
    Ok(Running {
        progress,
        cancel,
        thread,
    })
}

/// Runs an analysis to its end in this thread and those that it starts.
///
/// # Errors
/// [`PipelineError`] if a folder does not exist, the engine or the cache fails, or `cancel`
/// was set. Damaged files are no errors but problems of the analysis.
pub fn analyse(
    request: Request,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<Analysis, PipelineError> {
    let mut notices = Vec::new();

    // The engine takes a moment to start, and the walk waits for the disk: both at once.
    let (walked, opened) = std::thread::scope(|scope| {
        let engine = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn_scoped(scope, || embed::open(&request.engine, &request.model))
            .map_err(PipelineError::Thread)?;
        let walked = walk(&request, progress, cancel);
        let opened = engine
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok::<_, PipelineError>((walked?, opened?))
    })?;
    notices.extend(opened.note);

    let opened_cache = match &request.cache {
        Some(path) => Cache::open(path)?,
        None => Cache::in_memory()?,
    };
    notices.extend(opened_cache.notice);
    let cache = opened_cache.cache;
    let plan = extract::Plan {
        intake: intake::look_up(&walked.files, &cache, &opened.key)?,
        files: &walked.files,
        cache: cache.another()?,
        preprocessing: &request.model.preprocessing,
        key: &opened.key,
        threads: request.threads.max(1),
        limits: &request.limits,
    };
    let (extracted, mut writer) = extract::extract(
        plan,
        opened.embedders,
        cache.into_writer(),
        progress,
        cancel,
    )?;
    let files = walked.files.len() as u64;
    let (photos, problems) = intake::settle(walked.files, walked.problems, &extracted);

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(request.threads.max(1))
        .thread_name(|index| format!("match-{index}"))
        .build()
        .map_err(|error| PipelineError::Thread(std::io::Error::other(error)))?;
    let similarity = Cosine(
        request
            .similarity
            .unwrap_or(request.model.similarity_default),
    );
    let relate = relate::Relate {
        request: &request,
        photos: &photos,
        vectors: &extracted.known.vectors,
        similarity,
    };
    let related = relate.run(&pool, &mut writer, progress, cancel)?;
    if related.crowded > 0 {
        notices.push(format!(
            "{} photos look like thousands of others; not all of those were compared",
            related.crowded
        ));
    }
    if related.unreadable > 0 {
        notices.push(format!(
            "the cache has lost what it knew of the pixels of {} photos, which were not compared; \
             `twinlens cache clear` makes it learn them again",
            related.unreadable
        ));
    }
    Ok(Analysis {
        folders: request.folders,
        files,
        photos,
        groups: related.groups,
        shots: related.shots,
        grouping: related.grouping,
        findings: related.findings,
        parts: related.parts,
        problems,
        engine: opened.engine,
        model: request.model,
        index: related.index,
        recall: related.recall,
        notices,
        stages: progress.stages().to_vec(),
        elapsed: progress.elapsed(),
        cache: writer.finish()?,
    })
}

/// Walks the folders and cuts the list to the wanted length.
fn walk(
    request: &Request,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<Walked, PipelineError> {
    progress.begin(Stage::Walk);
    let begun = Instant::now();
    let mut counted = (0, 0);
    let mut walked = scan::walk(&request.folders, cancel, &mut |files, bytes| {
        progress.add(
            Stage::Walk,
            files.saturating_sub(counted.0),
            bytes.saturating_sub(counted.1),
            Duration::ZERO,
        );
        counted = (counted.0.max(files), counted.1.max(bytes));
    })?;
    walked.files.truncate(request.limit.unwrap_or(usize::MAX));
    progress.add(Stage::Walk, 0, 0, begun.elapsed());
    Ok(walked)
}
