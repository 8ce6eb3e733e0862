//! From files to what the cache can remember of them: the part of an analysis that reads,
//! decodes and runs the model, with all its threads.
//!
//! ```text
//! readers --files--> decoders --model inputs--> embedders
//!     \                  |                         /
//!      `---------------> collector (cache) <------'
//! ```
//!
//! Every channel is bounded, so the slowest stage sets the pace and memory stays flat. There
//! are as many decoders, and as many embedders of a CPU engine, as threads were asked for:
//! whoever has nothing to do sleeps, and the system shares the cores between the rest. A
//! content is claimed by the first file that has it; the others only refer to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use crossbeam_channel::bounded;

use super::budget::ByteBudget;
use super::collector::Collector;
use super::intake::Intake;
use super::progress::Stage;
use super::vanished::Vanished;
use super::workers::{Claims, Decoder, Fetched, Message, Pictures, Reader, Stop, embed_all};
use super::{Job, PipelineError};
use crate::embed::{Embedder, Embedding, ModelInput, ModelKey, Preprocessing};
use crate::library::{Cache, CacheWriter};
use crate::matching::GroupSettings;
use crate::photo::{Content, ContentHash, Problem, ProblemKind};
use crate::scan::{FoundFile, Limits};

/// Two readers keep one disk busy while the other's hash is computed; more only make a
/// rotating disk seek.
pub(super) const READERS: usize = 2;

/// What extraction works with.
pub(super) struct Plan<'a> {
    /// All files of the analysis.
    pub files: &'a [FoundFile],
    /// What is known at the beginning, and what must be read.
    pub intake: Intake,
    /// The cache to ask about contents that turn up under new names, if it is on disk.
    pub cache: Option<Cache>,
    /// Preprocessing of the model.
    pub preprocessing: &'a Preprocessing,
    /// Identity of the model's vectors.
    pub key: &'a ModelKey,
    /// Decoder threads.
    pub threads: usize,
    /// Limits on files and pictures.
    pub limits: &'a Limits,
    /// How what is found so far is grouped.
    pub grouping: &'a GroupSettings,
    /// The folders that go away meanwhile.
    pub vanished: &'a Vanished<'a>,
    /// Bytes of files that are read and not yet decoded, together.
    pub read_ahead_bytes: u64,
}

/// Contents and vectors that need not be computed again.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What each content is.
    pub contents: HashMap<ContentHash, Arc<Content>>,
    /// The vector of each content.
    pub vectors: HashMap<ContentHash, Embedding>,
    /// Contents that cannot be decoded or embedded, and why.
    pub failures: HashMap<ContentHash, (ProblemKind, String)>,
}

/// What is known of the files in the end.
#[derive(Debug, Default)]
pub(super) struct Extracted {
    /// Content of each file that can be used.
    pub files: BTreeMap<usize, ContentHash>,
    /// Files that cannot be used.
    pub problems: BTreeMap<usize, Problem>,
    /// What was known, and all that was added to it.
    pub known: Known,
}

/// Reads, decodes and embeds whatever is not known.
///
/// # Errors
/// [`PipelineError`] if the engine or the cache fails or the analysis is cancelled. What was
/// finished before is in the cache all the same.
#[expect(
    clippy::too_many_lines,
    reason = "who sends what to whom is read in one piece"
)]
pub(super) fn extract(
    plan: Plan<'_>,
    embedders: Vec<Box<dyn Embedder>>,
    writer: CacheWriter,
    job: &Job,
) -> Result<(Extracted, CacheWriter), PipelineError> {
    let Plan {
        files,
        intake,
        cache,
        preprocessing,
        key,
        threads,
        limits,
        grouping,
        vanished,
        read_ahead_bytes,
    } = plan;
    let Intake {
        to_read,
        files: known_files,
        problems,
        known,
    } = intake;
    let cache = cache.map(Mutex::new);
    let progress = &job.progress;
    let stop = Stop {
        job,
        failed: AtomicBool::new(false),
    };
    let budget = ByteBudget::new(read_ahead_bytes);
    let claims = Mutex::new(Claims::of(&known));
    let batch = embedders.iter().map(|e| e.batch_size()).max().unwrap_or(1);

    let (file_sender, file_receiver) = bounded::<usize>(READERS);
    let (fetched_sender, fetched_receiver) = bounded::<Fetched<'_>>(threads);
    // Room for the batch that is being collected and the next one; small ones for all.
    let (input_sender, receiver) =
        bounded::<(ContentHash, ModelInput)>((2 * batch).max(embedders.len() + 1));
    let inputs = Arc::new(Pictures {
        receiver,
        collects: Mutex::new(()),
    });
    let (message_sender, message_receiver) = bounded::<Message>(256);
    for stage in [Stage::Read, Stage::Decode, Stage::Fingerprint, Stage::Embed] {
        progress.expect(stage, to_read.len() as u64);
    }

    std::thread::scope(|scope| {
        let mut readers = Vec::new();
        for reader in 0..READERS {
            let room = Reader {
                files,
                limits,
                vanished,
                cache: cache.as_ref(),
                key,
                claims: &claims,
                budget: &budget,
                progress,
            };
            let (jobs, out, messages) = (
                file_receiver.clone(),
                fetched_sender.clone(),
                message_sender.clone(),
            );
            let stop = &stop;
            readers.push(named(scope, format!("read-{reader}"), move || {
                let result = room.run(&jobs, &out, &messages, stop);
                if result.is_err() {
                    stop.fail();
                }
                result
            })?);
        }
        for decoder in 0..threads {
            let room = Decoder {
                files,
                limits,
                preprocessing,
                progress,
            };
            let (jobs, out, messages) = (
                fetched_receiver.clone(),
                input_sender.clone(),
                message_sender.clone(),
            );
            let stop = &stop;
            named(scope, format!("decode-{decoder}"), move || {
                room.run(&jobs, &out, &messages, stop);
            })?;
        }
        let mut engines = Vec::new();
        for (index, mut embedder) in embedders.into_iter().enumerate() {
            let messages = message_sender.clone();
            let (inputs, stop) = (Arc::clone(&inputs), &stop);
            engines.push(named(scope, format!("embed-{index}"), move || {
                let result = embed_all(embedder.as_mut(), &inputs, &messages, progress, stop);
                if result.is_err() {
                    stop.fail();
                }
                result
            })?);
        }
        let extracted = Extracted {
            files: known_files.into_iter().collect(),
            problems: problems.into_iter().collect(),
            known,
        };
        let collector = Collector {
            files,
            key,
            writer,
            extracted,
            grouping,
            job,
            has_news: true,
        };
        let stop_collector = &stop;
        let collector = named(scope, "cache".to_owned(), move || {
            let result = collector.run(&message_receiver);
            if result.is_err() {
                stop_collector.fail();
            }
            result
        })?;
        // Only the threads hold the channels now: each ends when those before it have ended.
        drop((
            file_receiver,
            fetched_sender,
            fetched_receiver,
            input_sender,
            inputs,
            message_sender,
        ));

        for file in to_read {
            if !stop.goes_on() || file_sender.send(file).is_err() {
                break;
            }
        }
        drop(file_sender);

        let extracted = join(collector);
        for thread in readers.into_iter().chain(engines) {
            join(thread)?;
        }
        let extracted = extracted?;
        job.go_on()?;
        Ok(extracted)
    })
}

/// Starts a thread with a name; all are joined at the end of the scope.
fn named<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: String,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<std::thread::ScopedJoinHandle<'scope, T>, PipelineError> {
    std::thread::Builder::new()
        .name(name)
        .spawn_scoped(scope, work)
        .map_err(PipelineError::Thread)
}

/// The thread's result; a panic in it is a defect of this program and goes on in the caller.
fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> T {
    handle
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
