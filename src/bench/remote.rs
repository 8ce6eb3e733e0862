//! A server as a service: open connections, each for one request at a time, and what the server
//! counts meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::load::{self, Served, Service};
use super::schema::Stages;
use super::{BenchError, milliseconds};
use crate::embed::ModelInput;
use crate::embed::remote::{
    Answer, CallError, CallErrorKind, Connection, Credentials, Endpoint, Statistics,
};

/// How long an answer is waited for under load. A server that takes longer is of no use to a
/// scan, which would have given up.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long the first request of a kind may take: models are loaded and compiled then.
const FIRST_DEADLINE: Duration = Duration::from_mins(2);

/// How long a connection may take, and the server's own figures.
pub(super) const QUESTION: Duration = Duration::from_secs(10);

/// Connections that are opened at once.
const OPENERS: usize = 16;

/// So many requests in a row that fail, for each that is on its way, are the end.
const FAILURES: u64 = 2;

/// A request that is not measured is sent so often again.
const TRIES: u32 = 4;

/// A server that asks for patience is not asked again at once.
const PATIENCE: Duration = Duration::from_millis(50);

/// Connections to one server until this value is dropped.
pub struct RemoteService {
    endpoint: Endpoint,
    credentials: Option<Credentials>,
    /// Open lines that nobody uses, the last used one on top.
    lines: Mutex<Vec<Connection>>,
    /// All that were made.
    made: usize,
    ring: Vec<ModelInput>,
    pictures: usize,
    /// Batches of which one has gone through.
    proven: Vec<usize>,
    /// Failures in a row at which the server is lost.
    patience: u64,
    counts: Counts,
    account: Mutex<Account>,
}

/// What happened since the service got ready.
#[derive(Default)]
struct Counts {
    sent_bytes: AtomicU64,
    images: AtomicU64,
    answers: AtomicU64,
    failures_in_a_row: AtomicU64,
    is_lost: AtomicBool,
}

/// The server's figures at the two ends of the measured time.
#[derive(Default)]
struct Account {
    begin: Option<Reading>,
    end: Option<Reading>,
    lost: Option<String>,
}

struct Reading {
    /// `None` inside: the server counts nothing.
    statistics: Result<Option<Statistics>, CallError>,
    /// Answers to this program.
    answers: u64,
}

/// What the server counted between the ends of the measured time.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Its sums.
    pub statistics: Statistics,
    /// Answers to this program meanwhile.
    pub answers: u64,
}

impl RemoteService {
    /// Requests take the pictures one after the other, again from the first when all were taken;
    /// `most` is the largest batch. Nothing is opened yet.
    ///
    /// # Errors
    /// [`BenchError::NoPhotos`] without pictures.
    pub fn new(
        endpoint: Endpoint,
        credentials: Option<Credentials>,
        pictures: &[ModelInput],
        most: usize,
    ) -> Result<Self, BenchError> {
        if pictures.is_empty() {
            return Err(BenchError::NoPhotos);
        }
        let ring = pictures.iter().cycle().take(pictures.len() + most);
        Ok(Self {
            endpoint,
            credentials,
            lines: Mutex::default(),
            made: 0,
            ring: ring.cloned().collect(),
            pictures: pictures.len(),
            proven: Vec::new(),
            patience: FAILURES,
            counts: Counts::default(),
            account: Mutex::default(),
        })
    }

    /// Opens lines for so many callers, sends one batch if none of this size was sent yet, and
    /// begins to count anew.
    ///
    /// # Errors
    /// [`NotReady::Server`] if the server is not there or does not take such a batch,
    /// [`NotReady::Thread`] if a thread cannot be started.
    pub fn get_ready(&mut self, callers: usize, batch: usize) -> Result<(), NotReady> {
        let was_lost = self.lost().is_some();
        if was_lost {
            // What was open is broken, and what it could it may not be able to do any more.
            lock(&self.lines).clear();
            self.made = 0;
            self.proven.clear();
        }
        self.open(callers)?;
        if !self.proven.contains(&batch) {
            let pictures = self.ring.get(..batch).unwrap_or(&self.ring);
            let mut line = self.take()?;
            let answer = insist(&mut line, pictures);
            lock(&self.lines).push(line);
            answer?;
            self.proven.push(batch);
        }
        self.patience = FAILURES * (callers as u64 + 1);
        self.counts = Counts::default();
        *lock(&self.account) = Account::default();
        Ok(())
    }

    /// Opens the lines that are missing.
    fn open(&mut self, callers: usize) -> Result<(), NotReady> {
        let missing = callers.saturating_sub(self.made);
        let mut closed = Vec::with_capacity(missing);
        for _ in 0..missing {
            closed.push(Connection::new(&self.endpoint, self.credentials.as_ref())?);
        }
        let (closed, failed) = (Mutex::new(closed), Mutex::new(None));
        let work = || {
            loop {
                let Some(mut line) = lock(&closed).pop() else {
                    return;
                };
                if lock(&failed).is_some() {
                    return;
                }
                match line.open(QUESTION) {
                    Ok(()) => lock(&self.lines).push(line),
                    Err(error) => *lock(&failed) = Some(error),
                }
            }
        };
        load::at_once(missing.min(OPENERS), "bench-opener", &work).map_err(NotReady::Thread)?;
        self.made = lock(&self.lines).len();
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(NotReady::Server(error)),
            None => Ok(()),
        }
    }

    /// Requests of so many pictures.
    #[must_use]
    pub fn requests(&self, batch: usize) -> RemoteRequests<'_> {
        RemoteRequests {
            service: self,
            batch: batch.max(1),
        }
    }

    /// Bytes that were really sent for a picture since the service got ready.
    #[must_use]
    pub fn bytes_per_image(&self) -> Option<f64> {
        let images = self.counts.images.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 bytes")]
        let bytes = self.counts.sent_bytes.load(Ordering::Relaxed) as f64 / images as f64;
        (images > 0).then_some(bytes)
    }

    /// What the server counted while was measured; `None` if it counts nothing.
    ///
    /// # Errors
    /// Why that is not known, though it counts.
    pub fn counted(&self) -> Result<Option<Counted>, String> {
        let account = lock(&self.account);
        let (Some(begin), Some(end)) = (&account.begin, &account.end) else {
            return Err("nothing was measured".to_owned());
        };
        let read = |reading: &Reading| match &reading.statistics {
            Ok(statistics) => Ok(*statistics),
            Err(error) => Err(error.to_string()),
        };
        let (Some(first), Some(last)) = (read(begin)?, read(end)?) else {
            return Ok(None);
        };
        Ok(Some(Counted {
            statistics: last.since(&first),
            answers: end.answers - begin.answers,
        }))
    }

    /// Why the load was broken off, if it was.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        lock(&self.account).lost.clone()
    }

    fn take(&self) -> Result<Connection, CallError> {
        match lock(&self.lines).pop() {
            Some(line) => Ok(line),
            None => Connection::new(&self.endpoint, self.credentials.as_ref()),
        }
    }

    fn read(&self) -> Reading {
        let statistics = Statistics::read(&self.endpoint, self.credentials.as_ref(), QUESTION);
        Reading {
            statistics,
            answers: self.counts.answers.load(Ordering::Relaxed),
        }
    }

    /// Whether a failure is one too many.
    fn failed(&self, error: &CallError) {
        let row = self
            .counts
            .failures_in_a_row
            .fetch_add(1, Ordering::Relaxed)
            + 1;
        let is_lost = match error.kind {
            // It is there, and says when it will do better.
            CallErrorKind::Busy(_) => false,
            CallErrorKind::TimedOut | CallErrorKind::Denied | CallErrorKind::Refused => true,
            _ => row >= self.patience,
        };
        if is_lost {
            let mut account = lock(&self.account);
            account.lost.get_or_insert_with(|| error.to_string());
            self.counts.is_lost.store(true, Ordering::Relaxed);
        }
    }
}

/// Sends a batch before anything is measured: what may go better the next time is tried again.
///
/// # Errors
/// That of the last try.
pub(super) fn insist(line: &mut Connection, batch: &[ModelInput]) -> Result<Answer, CallError> {
    for attempt in 0..TRIES {
        match line.embed(batch, FIRST_DEADLINE) {
            Err(error) if matches!(error.kind, CallErrorKind::Failed | CallErrorKind::Busy(_)) => {
                thread::sleep(PATIENCE * 2_u32.pow(attempt));
            }
            answer => return answer,
        }
    }
    line.embed(batch, FIRST_DEADLINE)
}

/// Why a server cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It says so, or cannot be reached.
    #[error(transparent)]
    Server(#[from] CallError),
    /// The system gives no more threads.
    #[error("cannot start a thread to open connections: {0}; choose fewer callers")]
    Thread(std::io::Error),
}

/// Requests of one size.
pub struct RemoteRequests<'a> {
    service: &'a RemoteService,
    batch: usize,
}

impl Service for RemoteRequests<'_> {
    /// Waiting for the answer is all under `network`; the server's part of it is known when the
    /// load has ended. `queue` is where an open loop counts what waited for a caller.
    fn serve(&self, index: u64) -> Result<Served, String> {
        let begun = Instant::now();
        let service = self.service;
        let mut line = service.take().map_err(|error| error.to_string())?;
        let first = index.wrapping_mul(self.batch as u64) % service.pictures as u64;
        let start = usize::try_from(first).unwrap_or(0);
        let batch = service.ring.get(start..start + self.batch);
        let answer = line.embed(batch.unwrap_or_default(), DEADLINE);
        lock(&service.lines).push(line);
        let counts = &service.counts;
        match answer {
            Ok(answer) => {
                let images = answer.vectors.len() as u64;
                counts.failures_in_a_row.store(0, Ordering::Relaxed);
                counts
                    .sent_bytes
                    .fetch_add(answer.sent_bytes, Ordering::Relaxed);
                counts.images.fetch_add(images, Ordering::Relaxed);
                counts.answers.fetch_add(1, Ordering::Relaxed);
                let (encode, wait) = (answer.timing.encode, answer.timing.wait);
                // All that is left, so that nothing is lost between the parts.
                let receive = begun.elapsed().saturating_sub(encode + wait);
                Ok(Served {
                    images: u32::try_from(images).unwrap_or(u32::MAX),
                    stages: Stages {
                        encode: Some(milliseconds(encode)),
                        network: Some(milliseconds(wait)),
                        queue: Some(0.0),
                        receive: Some(milliseconds(receive)),
                        ..Stages::default()
                    },
                })
            }
            Err(error) => {
                service.failed(&error);
                if let CallErrorKind::Busy(_) = error.kind {
                    thread::sleep(PATIENCE);
                }
                Err(error.to_string())
            }
        }
    }

    fn begin(&self) {
        lock(&self.service.account).begin = Some(self.service.read());
    }

    fn end(&self) {
        lock(&self.service.account).end = Some(self.service.read());
    }

    fn is_lost(&self) -> bool {
        self.service.counts.is_lost.load(Ordering::Relaxed)
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
