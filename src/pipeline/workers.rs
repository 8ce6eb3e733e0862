//! What each thread of an extraction does with what comes in: read, decode, embed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::budget::{ByteBudget, HeldBytes};
use super::extract::Known;
use super::progress::{Progress, Stage};
use super::vanished::Vanished;
use super::{Job, PipelineError};
use crate::embed::preprocess::prepare;
use crate::embed::{EmbedError, Embedder, Embedding, ModelInput, ModelKey, Preprocessing};
use crate::library::Cache;
use crate::matching::pixels;
use crate::photo::{Content, ContentHash, Problem, ProblemKind};
use crate::scan::{self, DecodeScale, FoundFile, Limits, ReadFile};

/// Whether to stop: the user cancelled, or a thread failed and the rest is in vain.
pub(super) struct Stop<'a> {
    pub job: &'a Job,
    pub failed: AtomicBool,
}

impl Stop<'_> {
    /// Whether there is to be another photo; sleeps first while the job is paused.
    pub(super) fn goes_on(&self) -> bool {
        self.job.control.goes_on() && !self.failed.load(Ordering::Relaxed)
    }

    /// Ends the other threads, and a pause with them: the user is to hear of it.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.job.link.stop();
        self.job.resume();
    }
}

/// A file's bytes on the way to a decoder.
pub(super) struct Fetched<'a> {
    file: usize,
    read: ReadFile,
    /// The content itself is known; only its vector is wanted.
    vector_only: bool,
    _held: HeldBytes<'a>,
}

/// What the collector is told.
pub(super) enum Message {
    /// The file has this content.
    File(usize, ContentHash),
    /// The file could not be read.
    FileProblem(usize, Problem),
    /// The cache knew this content, under another name.
    Recalled(Arc<Content>, Option<Embedding>),
    /// A new content with its thumbnail and its pixel record.
    Content(Box<Content>, Vec<u8>, Vec<u8>),
    /// The content cannot be used, in whichever file it lies.
    ContentProblem(ContentHash, ProblemKind, String),
    /// A new vector.
    Vector(ContentHash, Embedding),
}

/// How far a content is taken care of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Known in full, or some decoder has it.
    Taken,
    /// Its vector is still to be computed.
    NeedsVector,
}

/// Which contents are taken care of, so that equal files are decoded once; shared by readers.
pub(super) struct Claims(HashMap<ContentHash, Claim>);

impl Claims {
    pub(super) fn of(known: &Known) -> Self {
        let claim = |hash: &ContentHash| {
            if known.vectors.contains_key(hash) {
                Claim::Taken
            } else {
                Claim::NeedsVector
            }
        };
        let contents = known.contents.keys().map(|hash| (*hash, claim(hash)));
        let failures = known.failures.keys().map(|hash| (*hash, Claim::Taken));
        Self(contents.chain(failures).collect())
    }
}

/// Reads files, hashes them and decides what is to be done with them.
pub(super) struct Reader<'a> {
    pub files: &'a [FoundFile],
    pub limits: &'a Limits,
    pub vanished: &'a Vanished<'a>,
    pub cache: Option<&'a Mutex<Cache>>,
    pub key: &'a ModelKey,
    pub claims: &'a Mutex<Claims>,
    pub budget: &'a ByteBudget,
    pub progress: &'a Progress,
}

impl<'a> Reader<'a> {
    pub(super) fn run(
        &self,
        files: &Receiver<usize>,
        fetched: &Sender<Fetched<'a>>,
        messages: &Sender<Message>,
        stop: &Stop<'_>,
    ) -> Result<(), PipelineError> {
        self.progress.begin(Stage::Read);
        for file in files {
            let Some(found) = self.files.get(file) else {
                continue;
            };
            let held = self.budget.hold(found.stamp.size);
            if !stop.goes_on() {
                break;
            }
            let at_work = self.progress.at_work(Stage::Read);
            let begun = Instant::now();
            let read = scan::read(found, self.limits, Vec::new());
            let bytes = read.as_ref().map_or(0, |read| read.bytes.len() as u64);
            self.progress.add(Stage::Read, 1, bytes, begun.elapsed());
            drop(at_work);
            let read = match read {
                Ok(read) => read,
                Err(problem) => {
                    self.vanished.look_at(&problem);
                    self.skip();
                    if messages.send(Message::FileProblem(file, problem)).is_err() {
                        break;
                    }
                    continue;
                }
            };
            let Ok(()) = messages.send(Message::File(file, read.hash)) else {
                break;
            };
            match self.claim(read.hash, messages)? {
                Some(vector_only) => {
                    let Ok(()) = fetched.send(Fetched {
                        file,
                        read,
                        vector_only,
                        _held: held,
                    }) else {
                        break;
                    };
                }
                None => self.skip(),
            }
        }
        Ok(())
    }

    /// Nothing is to be decoded for one of the files.
    fn skip(&self) {
        for stage in [Stage::Decode, Stage::Fingerprint, Stage::Embed] {
            self.progress.expect_less(stage, 1);
        }
    }

    /// Claims a content for decoding: `Some(true)` if only its vector is wanted, `None` if
    /// there is nothing to do.
    fn claim(
        &self,
        hash: ContentHash,
        messages: &Sender<Message>,
    ) -> Result<Option<bool>, PipelineError> {
        // The lock is held during the look-up in the cache, so that two readers with equal
        // files do not both find nothing.
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let known = claims.0.insert(hash, Claim::Taken);
        match known {
            Some(Claim::Taken) => return Ok(None),
            Some(Claim::NeedsVector) => return Ok(Some(true)),
            None => {}
        }
        let Some(cache) = self.cache else {
            return Ok(Some(false));
        };
        let cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(content) = cache.content(hash)? else {
            return Ok(Some(false));
        };
        let vector = cache
            .embedding(hash, &self.key.0)?
            .map(Embedding::from_components);
        let wanted = if vector.is_none() { Some(true) } else { None };
        // A failed send means that the collector has failed, which it reports itself.
        messages
            .send(Message::Recalled(Arc::new(content), vector))
            .ok();
        Ok(wanted)
    }
}

/// Decodes files and makes all that is made of the pixels.
pub(super) struct Decoder<'a> {
    pub files: &'a [FoundFile],
    pub limits: &'a Limits,
    pub preprocessing: &'a Preprocessing,
    pub progress: &'a Progress,
}

impl Decoder<'_> {
    pub(super) fn run(
        &self,
        fetched: &Receiver<Fetched<'_>>,
        inputs: &Sender<(ContentHash, ModelInput)>,
        messages: &Sender<Message>,
        stop: &Stop<'_>,
    ) {
        self.progress.begin(Stage::Decode);
        for Fetched {
            file,
            read,
            vector_only,
            _held,
        } in fetched
        {
            if !stop.goes_on() {
                break;
            }
            let Some(found) = self.files.get(file) else {
                continue;
            };
            let sent = match self.decode(found, &read, vector_only) {
                Ok((examined, input, pixel_record)) => {
                    let hash = read.hash;
                    let content = |pixel_record| {
                        let content = Box::new(examined.content);
                        Message::Content(content, examined.thumbnail, pixel_record)
                    };
                    pixel_record.is_none_or(|record| messages.send(content(record)).is_ok())
                        && inputs.send((hash, input)).is_ok()
                }
                Err(problem) => {
                    self.progress.expect_less(Stage::Embed, 1);
                    messages
                        .send(Message::ContentProblem(
                            read.hash,
                            problem.kind,
                            problem.message,
                        ))
                        .is_ok()
                }
            };
            if !sent {
                break;
            }
        }
    }

    /// The content, the model's input, and the pixel record unless `vector_only`.
    fn decode(
        &self,
        found: &FoundFile,
        read: &ReadFile,
        vector_only: bool,
    ) -> Result<(scan::Examined, ModelInput, Option<Vec<u8>>), Problem> {
        let _at_work = self.progress.at_work(Stage::Decode);
        let scale = DecodeScale::for_analysis(self.preprocessing.resize_short);
        let examined = scan::examine(&found.path, read, scale, self.limits);
        let decode = examined
            .as_ref()
            .map_or(Duration::ZERO, |examined| examined.decode_time);
        self.progress
            .add(Stage::Decode, 1, read.bytes.len() as u64, decode);
        let examined = match examined {
            Ok(examined) => examined,
            Err(problem) => {
                self.progress.expect_less(Stage::Fingerprint, 1);
                return Err(problem);
            }
        };
        let begun = cpu_time::ThreadTime::now();
        let decoded = &examined.decoded;
        let full_size = (decoded.full_width, decoded.full_height);
        let input = prepare(
            &decoded.image,
            decoded.source_box,
            full_size,
            self.preprocessing,
        );
        let pixel_record = (!vector_only).then(|| pixels::prepare(&decoded.image).to_bytes());
        self.progress.add(
            Stage::Fingerprint,
            1,
            0,
            examined.fingerprint_time + begun.elapsed(),
        );
        let input = input.map_err(|error| Problem {
            path: found.path.clone(),
            kind: ProblemKind::Unsupported,
            message: error.to_string(),
        })?;
        Ok((examined, input, pixel_record))
    }
}

/// The pictures on their way to the model. One embedder at a time collects a batch: if all did,
/// each would have a part of one and wait for the rest.
pub(super) struct Pictures {
    pub receiver: Receiver<(ContentHash, ModelInput)>,
    pub collects: Mutex<()>,
}

impl Pictures {
    /// The next batch, full but for the last one; empty when there are no more.
    fn next(&self, embedder: &mut dyn Embedder, size: usize) -> Vec<(ContentHash, ModelInput)> {
        let _alone = self.collects.lock().unwrap_or_else(PoisonError::into_inner);
        // Within the lock: whoever collects has room for what it collects.
        embedder.wait_for_turn();
        self.receiver.iter().take(size).collect()
    }
}

/// Runs the model on all that comes, in full batches but for the last one.
pub(super) fn embed_all(
    embedder: &mut dyn Embedder,
    inputs: &Pictures,
    messages: &Sender<Message>,
    progress: &Progress,
    stop: &Stop<'_>,
) -> Result<(), PipelineError> {
    let size = embedder.batch_size().max(1);
    loop {
        let batch = inputs.next(embedder, size);
        if batch.is_empty() || !stop.goes_on() {
            return Ok(());
        }
        let (hashes, pictures): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let at_work = progress.at_work(Stage::Embed);
        let (begun, cpu) = (Instant::now(), embedder.cpu_time());
        let answers = match embedder.embed_each(&pictures) {
            // Another thread failed, or the user stopped: who did says why.
            Err(EmbedError::Cancelled) => return Ok(()),
            answers => answers?,
        };
        let busy = match (cpu, embedder.cpu_time()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => begun.elapsed(),
        };
        drop(at_work);
        progress.add(Stage::Embed, hashes.len() as u64, 0, busy);
        for (hash, answer) in hashes.into_iter().zip(answers) {
            let message = match answer {
                Ok(vector) => Message::Vector(hash, vector),
                Err(error) => {
                    Message::ContentProblem(hash, ProblemKind::Unsupported, error.to_string())
                }
            };
            if messages.send(message).is_err() {
                return Ok(());
            }
        }
    }
}
