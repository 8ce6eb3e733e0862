//! One analysis end to end: folders in, photos and groups out, with progress and cancel.
//!
//! This is where the rooms are joined; the window and the command line both call [`start`].
//! All threads of an analysis are started here, have names, and are joined before it ends.

mod budget;
mod candidates;
mod changes;
mod clock;
mod collector;
mod compare;
mod control;
mod detail;
mod engine;
mod estimate;
mod extract;
mod found;
mod identical;
mod intake;
mod job;
mod originals;
mod outlook;
mod progress;
mod relate;
mod request;
mod speeds;
mod summary;
mod through;
mod vanished;
mod workers;

pub use changes::Changes;
pub use estimate::{Basis, Estimate, estimate};
pub use found::Found;
pub use job::{Job, Running, start};
pub use outlook::{Bottleneck, Outlook, StageOutlook};
pub use progress::{Progress, Stage, StageProgress};
pub use summary::report;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use jiff::Timestamp;

use changes::Difference;
use engine::Chosen;
use extract::READERS;
use progress::Threads;
use speeds::{EngineUse, Speeds};
use vanished::Vanished;

use crate::embed::{EmbedError, EngineInfo, EngineRequest, ModelRecord};
use crate::library::{Cache, LibraryError, OpenedCache};
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
    /// From which cosine on photos are similar, whatever the model.
    pub similarity: Option<f32>,
    /// The same by the model's name; the model's own default where nothing is said.
    pub similarity_of_models: BTreeMap<String, f32>,
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
    /// Bytes of files that may be read and not yet decoded, together; a larger file goes alone.
    pub read_ahead_bytes: u64,
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
    /// What is different since the folders were scanned last.
    pub changes: Changes,
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
    /// What happened to the servers of the engine meanwhile, in sentences, in order.
    pub events: Vec<String>,
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

/// Runs an analysis to its end in this thread and those that it starts.
///
/// # Errors
/// [`PipelineError`] if a folder does not exist, the engine or the cache fails, or `job` was
/// cancelled. Damaged files are no errors but problems of the analysis.
pub fn analyse(request: Request, job: &Job) -> Result<Analysis, PipelineError> {
    let progress = &job.progress;
    let Begun {
        mut walked,
        cache: OpenedCache { cache, notice },
        figures,
        chosen,
    } = begin(&request, job)?;
    let opened = chosen.opened;
    let mut notices: Vec<String> = opened.note.into_iter().chain(notice).collect();
    let difference = Difference::find(&cache, &walked, request.limit)?;
    walked.files.truncate(request.limit.unwrap_or(usize::MAX));
    let intake = intake::look_up(&walked.files, &cache, &opened.key, job)?;
    let work = intake.work(&walked.files);
    let grouping = grouping(&request, &opened.model);
    let vanished = Vanished::new(&walked.roots);
    let engine_use = EngineUse {
        embedders: opened.embedders.len(),
        is_on_cpu: opened.engine.provider == "cpu",
    };
    let speeds = Speeds::of(&figures, &opened.key);
    let threads = request.threads.max(1);
    progress.foretell(
        speeds.parts(work, threads, READERS),
        Threads {
            readers: READERS,
            cores: threads,
            embedders: engine_use.embedders,
        },
    );
    let plan = extract::Plan {
        intake,
        files: &walked.files,
        cache: cache.another()?,
        preprocessing: &opened.model.preprocessing,
        key: &opened.key,
        threads,
        limits: &request.limits,
        grouping: &grouping,
        vanished: &vanished,
        read_ahead_bytes: request.read_ahead_bytes,
    };
    let (mut extracted, mut writer) =
        extract::extract(plan, opened.embedders, cache.into_writer(), job)?;
    let files = walked.files.len() as u64;
    let changes = difference.settled(&walked.files, &extracted);
    let mut problems = walked.problems;
    problems.extend(vanished.gather(&mut extracted.problems));
    let (photos, problems) = intake::settle(walked.files, problems, &extracted);

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("match-{index}"))
        .build()
        .map_err(|error| PipelineError::Thread(std::io::Error::other(error)))?;
    let relate = relate::Relate {
        request: &request,
        model: &opened.model,
        photos: &photos,
        vectors: &extracted.known.vectors,
        grouping: &grouping,
    };
    let related = relate.run(&pool, &mut writer, job)?;
    notices.extend(related.notices());
    progress.finish();
    let (stages, elapsed) = (progress.stages().to_vec(), progress.elapsed());
    let measured = Speeds::measured(
        &stages,
        work,
        elapsed,
        threads,
        READERS,
        engine_use,
        &opened.key,
    );
    for figure in measured.into_iter().chain(chosen.figures) {
        writer.write(figure)?;
    }
    difference.remember(Timestamp::now(), &mut writer)?;
    Ok(Analysis {
        folders: request.folders,
        files,
        photos,
        groups: related.groups,
        shots: related.shots,
        grouping,
        findings: related.findings,
        parts: related.parts,
        problems,
        changes,
        engine: opened.engine,
        model: opened.model,
        index: related.index,
        recall: related.recall,
        notices,
        events: job.link.events_after(0),
        stages,
        elapsed,
        cache: writer.finish()?,
    })
}

/// What an analysis begins with.
struct Begun {
    walked: Walked,
    cache: OpenedCache,
    figures: HashMap<String, f64>,
    chosen: Chosen,
}

/// Walks the folders while the engine starts: that takes a moment, and the walk waits for the
/// disk. The cache is opened after the walk, so that folders that do not exist leave none.
fn begin(request: &Request, job: &Job) -> Result<Begun, PipelineError> {
    let (send, receive) = bounded(1);
    let open = move || {
        // Without figures the walk or the cache has failed, and that is what is told.
        let figures = || receive.recv().unwrap_or_default();
        let chosen = engine::open(&request.engine, &request.model, figures, &job.link)?;
        // A job has one engine.
        job.engine.set(chosen.opened.engine.clone()).ok();
        Ok::<_, PipelineError>(chosen)
    };
    std::thread::scope(|scope| {
        let engine = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn_scoped(scope, open)
            .map_err(PipelineError::Thread)?;
        let read = || {
            let walked = walk(request, job)?;
            let cache = match &request.cache {
                Some(path) => Cache::open(path)?,
                None => Cache::in_memory()?,
            };
            let figures = cache.cache.figures()?;
            // An engine that needs none does not wait for them.
            send.send(figures.clone()).ok();
            Ok::<_, PipelineError>((walked, cache, figures))
        };
        let read = read();
        drop(send);
        let opened = engine
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (walked, cache, figures) = read?;
        Ok(Begun {
            walked,
            cache,
            figures,
            chosen: opened?,
        })
    })
}

/// How photos are grouped, by what the user and the model say.
fn grouping(request: &Request, model: &ModelRecord) -> GroupSettings {
    let of_model = request.similarity_of_models.get(&model.name).copied();
    let similarity = request.similarity.or(of_model);
    GroupSettings {
        similarity: Cosine(similarity.unwrap_or(model.similarity_default)),
        weakest: request.weakest,
        keep: request.keep.clone(),
        not_duplicates: request.distinct.clone(),
    }
}

/// Walks the folders.
fn walk(request: &Request, job: &Job) -> Result<Walked, PipelineError> {
    let progress = &job.progress;
    progress.begin(Stage::Walk);
    let begun = Instant::now();
    let mut counted = (0, 0);
    let walked = scan::walk(&request.folders, job.control.flag(), &mut |files, bytes| {
        // Whether it goes on the walk itself asks before the next file.
        job.control.goes_on();
        progress.add(
            Stage::Walk,
            files.saturating_sub(counted.0),
            bytes.saturating_sub(counted.1),
            Duration::ZERO,
        );
        counted = (counted.0.max(files), counted.1.max(bytes));
    })?;
    progress.add(Stage::Walk, 0, 0, begun.elapsed());
    Ok(walked)
}
