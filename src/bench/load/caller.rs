//! What the callers of a load do and what they share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::arrivals::Arrivals;
use super::{Outcome, Served, Service};
use crate::bench::schema::{Stages, Window};
use crate::bench::statistics::Recorder;

/// So many samples are kept one by one for the export.
const SAMPLES: usize = 2_000;

/// Not yet.
const NEVER: u64 = u64::MAX;

/// Sleeping ends late by some 60 microseconds; the last stretch before a request is due is spent
/// awake.
const AWAKE: Duration = Duration::from_micros(150);

/// A sleeping caller looks this often whether the load was stopped.
const NAP: Duration = Duration::from_millis(20);

/// Times are nanoseconds since `began`.
pub(super) struct Shared {
    began: Instant,
    /// `None`: a closed loop.
    arrivals: Option<Arrivals>,
    next: AtomicU64,
    measured_from: AtomicU64,
    stopped_at: AtomicU64,
    /// Whether a request fell due that counts.
    is_counting: AtomicBool,
    /// What is due and not yet sent is not sent any more.
    given_up: AtomicBool,
    answers: AtomicU64,
    images: AtomicU64,
    latency_ns: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) answers: u64,
    images: u64,
    latency_ns: u64,
}

impl Counts {
    /// What came since `last`, in `length`, `at` from the beginning of the measurement.
    #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
    pub(super) fn window(&self, last: &Self, length: Duration, at: Duration) -> Window {
        let answers = self.answers - last.answers;
        Window {
            at_s: at.as_secs_f64(),
            images_per_second: Some((self.images - last.images) as f64 / length.as_secs_f64()),
            latency_ms: (answers > 0)
                .then(|| (self.latency_ns - last.latency_ns) as f64 / answers as f64 / 1e6),
            ..Window::default()
        }
    }
}

/// What one caller measured.
#[derive(Default)]
pub(super) struct Tally {
    latencies: Recorder,
    /// (when answered, latency in milliseconds)
    samples: Vec<(u64, f64)>,
    requests: u64,
    errors: u64,
    first_error: Option<(u64, String)>,
    /// In answers within the measured time.
    images: u64,
    /// The first of them: when, and how many pictures.
    first_answer: Option<(u64, u64)>,
    /// The first answer after the measured time.
    next_answer: Option<(u64, u64)>,
    /// Sum and count of each stage.
    stages: [(f64, u64); 9],
}

impl Shared {
    pub(super) fn new(arrivals: Option<Arrivals>) -> Self {
        Self {
            began: Instant::now(),
            arrivals,
            next: AtomicU64::new(0),
            measured_from: AtomicU64::new(NEVER),
            stopped_at: AtomicU64::new(NEVER),
            is_counting: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            answers: AtomicU64::new(0),
            images: AtomicU64::new(0),
            latency_ns: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            answers: self.answers.load(Ordering::Relaxed),
            images: self.images.load(Ordering::Relaxed),
            latency_ns: self.latency_ns.load(Ordering::Relaxed),
        }
    }

    /// Whether a request fell due since they count.
    pub(super) fn is_counting(&self) -> bool {
        self.is_counting.load(Ordering::Relaxed)
    }

    /// From now on requests count.
    pub(super) fn measure(&self) {
        self.measured_from.store(self.now(), Ordering::Release);
    }

    /// No request falls due any more.
    pub(super) fn stop(&self) {
        self.stopped_at.store(self.now(), Ordering::Release);
    }

    /// The measured time in nanoseconds since the beginning.
    pub(super) fn measured(&self) -> (u64, u64) {
        let at = |time: &AtomicU64| time.load(Ordering::Acquire);
        (at(&self.measured_from), at(&self.stopped_at))
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    /// Waits until all that fell due is answered, but not longer than `patience` and not if
    /// `is_over`.
    pub(super) fn wait_for_late<T>(
        callers: &[ScopedJoinHandle<'_, T>],
        patience: Duration,
        is_over: &dyn Fn() -> bool,
    ) {
        let began = Instant::now();
        while began.elapsed() < patience
            && !is_over()
            && !callers.iter().all(ScopedJoinHandle::is_finished)
        {
            thread::sleep(super::TICK);
        }
    }

    /// Sends requests until the load is stopped: the life of one caller.
    pub(super) fn call(&self, service: &dyn Service) -> Tally {
        let mut tally = Tally::default();
        while let Some((index, due)) = self.next_request() {
            if due >= self.measured_from.load(Ordering::Acquire) {
                self.is_counting.store(true, Ordering::Relaxed);
            }
            if self.given_up.load(Ordering::Acquire) {
                let error = "it was due and was not sent before the time was over".to_owned();
                self.note(&mut tally, index, due, self.now(), Err(error));
                continue;
            }
            let sent = self.now();
            let answer = service.serve(index).map(|served| waited(served, due, sent));
            self.note(&mut tally, index, due, self.now(), answer);
        }
        tally
    }

    /// The next request, when it is due; `None` if the load was stopped before that.
    fn next_request(&self) -> Option<(u64, u64)> {
        let Some(arrivals) = &self.arrivals else {
            let now = self.now();
            let is_stopped = self.stopped_at.load(Ordering::Acquire) <= now;
            return (!is_stopped).then(|| (self.next.fetch_add(1, Ordering::Relaxed), now));
        };
        let (index, due) = arrivals.take();
        loop {
            if self.stopped_at.load(Ordering::Acquire) <= nanoseconds(due) {
                return None;
            }
            let left = due.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return Some((index, nanoseconds(due)));
            }
            if left > AWAKE {
                thread::sleep(left.saturating_sub(AWAKE).min(NAP));
            } else {
                std::hint::spin_loop();
            }
        }
    }

    /// Takes an answer, or why there is none, into the counters and the caller's tally.
    fn note(
        &self,
        tally: &mut Tally,
        index: u64,
        due: u64,
        answered: u64,
        answer: Result<Served, String>,
    ) {
        let latency = Duration::from_nanos(answered.saturating_sub(due));
        let served = answer.as_ref().copied().unwrap_or_default();
        self.latency_ns
            .fetch_add(nanoseconds(latency), Ordering::Relaxed);
        self.images
            .fetch_add(u64::from(served.images), Ordering::Relaxed);
        self.answers.fetch_add(1, Ordering::Relaxed);
        let from = self.measured_from.load(Ordering::Acquire);
        if answered >= from && answer.is_ok() {
            let answer = (answered, u64::from(served.images));
            if answered <= self.stopped_at.load(Ordering::Acquire) {
                tally.images += answer.1;
                tally.first_answer.get_or_insert(answer);
            } else {
                tally.next_answer.get_or_insert(answer);
            }
        }
        if due < from {
            return;
        }
        tally.requests += 1;
        tally.latencies.record(latency);
        if tally.samples.len() < SAMPLES {
            tally.samples.push((answered, latency.as_secs_f64() * 1e3));
        }
        match answer {
            Ok(_) => {
                for (sum, (_, time)) in tally.stages.iter_mut().zip(served.stages.named()) {
                    if let Some(time) = time {
                        *sum = (sum.0 + time, sum.1 + 1);
                    }
                }
            }
            Err(reason) => {
                tally.errors += 1;
                tally.first_error.get_or_insert((index, reason));
            }
        }
    }
}

/// Counts the time in which a request was due and nobody could send it as waiting.
fn waited(mut served: Served, due: u64, sent: u64) -> Served {
    if let Some(queue) = &mut served.stages.queue {
        *queue += Duration::from_nanos(sent.saturating_sub(due)).as_secs_f64() * 1e3;
    }
    served
}

/// Pictures and seconds from the first answer in the measured time to the first one after it, or
/// its end: a time that is cut anywhere else holds parts of requests, which with ten requests of
/// 100 ms makes a tenth.
fn pace(tallies: &[Tally], (from, stopped): (u64, u64)) -> (u64, f64) {
    let mut images: u64 = tallies.iter().map(|tally| tally.images).sum();
    let first = tallies.iter().filter_map(|tally| tally.first_answer).min();
    let next = tallies.iter().filter_map(|tally| tally.next_answer).min();
    let (mut begin, mut end) = (from, stopped);
    if let (Some((at, count)), Some((end_at, end_count))) = (first, next) {
        images = images + end_count - count;
        (begin, end) = (at, end_at);
    }
    let length = Duration::from_nanos(end.saturating_sub(begin));
    (images, length.as_secs_f64())
}

/// Adds up what the callers measured.
pub(super) fn sum_up(tallies: Vec<Tally>, measured: (u64, u64), outcome: &mut Outcome) {
    (outcome.images, outcome.seconds) = pace(&tallies, measured);
    let mut samples = Vec::new();
    let mut first_error: Option<(u64, String)> = None;
    let mut sums = [(0.0, 0u64); 9];
    for tally in tallies {
        outcome.latencies.merge(tally.latencies);
        outcome.requests += tally.requests;
        outcome.errors += tally.errors;
        samples.extend(tally.samples);
        for (sum, (time, count)) in sums.iter_mut().zip(tally.stages) {
            *sum = (sum.0 + time, sum.1 + count);
        }
        first_error = match (first_error, tally.first_error) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
            (a, b) => a.or(b),
        };
    }
    outcome.first_error = first_error.map(|(_, reason)| reason);
    samples.sort_by_key(|(answered, _)| *answered);
    samples.truncate(SAMPLES);
    outcome.samples_ms = samples.into_iter().map(|(_, latency)| latency).collect();
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 requests")]
    let mean = |(sum, count): (f64, u64)| (count > 0).then(|| sum / count as f64);
    let [
        read,
        decode,
        preprocess,
        encode,
        send,
        network,
        queue,
        compute,
        receive,
    ] = sums.map(mean);
    outcome.stages = Stages {
        read,
        decode,
        preprocess,
        encode,
        send,
        network,
        queue,
        compute,
        receive,
    };
}

/// 584 years fit.
#[expect(clippy::cast_possible_truncation, reason = "a measurement is shorter")]
fn nanoseconds(time: Duration) -> u64 {
    time.as_nanos() as u64
}
