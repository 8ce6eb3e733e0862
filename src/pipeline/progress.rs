//! How far an analysis is: counters that its threads raise and anyone may read at any time.
//!
//! Reading never blocks the work, so a window can look every frame and a terminal ten times a
//! second; nobody subscribes, and a slow reader slows nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::outlook::{Bottleneck, History, Outlook, Snapshot};
use super::speeds::Parts;

/// The stages of an analysis, in the order in which a photo meets them; the names are part of
/// the report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Listing the folders.
    Walk,
    /// Reading and hashing new files.
    Read,
    /// Decoding new contents.
    Decode,
    /// Perceptual hash, thumbnail and model input of new contents.
    Fingerprint,
    /// Computing vectors.
    Embed,
    /// Finding close vectors and hashes.
    Neighbours,
    /// Deciding candidate pairs.
    Verify,
    /// Building shots and groups.
    Group,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Walk,
        Self::Read,
        Self::Decode,
        Self::Fingerprint,
        Self::Embed,
        Self::Neighbours,
        Self::Verify,
        Self::Group,
    ];

    /// What is being done, for people: `decoding`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Walk => "listing",
            Self::Read => "reading",
            Self::Decode => "decoding",
            Self::Fingerprint => "fingerprints",
            Self::Embed => "embedding",
            Self::Neighbours => "finding neighbours",
            Self::Verify => "comparing",
            Self::Group => "grouping",
        }
    }

    /// The name in reports and progress lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Fingerprint => "fingerprint",
            Self::Embed => "embed",
            Self::Neighbours => "neighbours",
            Self::Verify => "verify",
            Self::Group => "group",
        }
    }
}

/// The counters of one stage.
#[derive(Debug, Default)]
struct Counter {
    items: AtomicU64,
    expected: AtomicU64,
    bytes: AtomicU64,
    busy_ns: AtomicU64,
    /// Wall time of all threads at work, added up.
    occupied_ns: AtomicU64,
    /// Nanoseconds after the analysis' start, plus one; 0 while the stage has not begun.
    first_ns: AtomicU64,
    last_ns: AtomicU64,
}

/// The counters of one analysis.
#[derive(Debug, Default)]
pub struct Progress {
    clock: Clock,
    counters: [Counter; Stage::ALL.len()],
    foretold: OnceLock<(Parts, Threads)>,
    is_done: AtomicBool,
    history: Mutex<History>,
}

/// How many threads there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads {
    pub readers: usize,
    /// That decode, and that compare.
    pub cores: usize,
    pub embedders: usize,
}

/// A thread is at work on a stage, until this is dropped.
pub(super) struct AtWork<'a> {
    counter: &'a Counter,
    since: Instant,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let time = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counter.occupied_ns.fetch_add(time, Ordering::Relaxed);
    }
}

/// What a stage has done so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageProgress {
    /// Which stage.
    pub stage: Stage,
    /// Items done.
    pub items: u64,
    /// Items that there will be, as far as is known; 0 if it is not.
    pub expected: u64,
    /// Bytes done, for the stages that count them.
    pub bytes: u64,
    /// From the first item's begin to the last item's end.
    pub wall: Duration,
    /// CPU time in all threads, for the stages that measure it; else the wall time of the work.
    pub busy: Duration,
}

impl StageProgress {
    /// Items a second since the stage began, if it has begun.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.wall.as_secs_f64();
        (self.items > 0 && seconds > 0.0).then(|| self.items as f64 / seconds)
    }

    /// Time until the stage is done at its present rate, if that can be told.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.expected.checked_sub(self.items)? as f64;
        Duration::try_from_secs_f64(left / self.rate()?).ok()
    }
}

impl Progress {
    /// Time since the analysis began, without the pauses.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(super) fn stop_clock(&self) {
        self.clock.stop();
    }

    pub(super) fn start_clock(&self) {
        self.clock.start();
    }

    /// The counters of one stage as they are now.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> StageProgress {
        let counter = self.counter(stage);
        let read = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let (first, last) = (read(&counter.first_ns), read(&counter.last_ns));
        StageProgress {
            stage,
            items: read(&counter.items),
            expected: read(&counter.expected),
            bytes: read(&counter.bytes),
            wall: Duration::from_nanos(last.saturating_sub(first.saturating_sub(1))),
            busy: Duration::from_nanos(read(&counter.busy_ns)),
        }
    }

    /// All stages, in order.
    #[must_use]
    pub fn stages(&self) -> [StageProgress; Stage::ALL.len()] {
        Stage::ALL.map(|stage| self.stage(stage))
    }

    /// The stage that the analysis is at: the last one that has begun and is not done, else the
    /// last one that has begun.
    #[must_use]
    pub fn current(&self) -> StageProgress {
        let begun = |s: &StageProgress| self.counter(s.stage).first_ns.load(Ordering::Relaxed) > 0;
        let stages = self.stages();
        let unfinished = stages
            .iter()
            .rev()
            .find(|s| begun(s) && s.items < s.expected);
        let last = unfinished.or_else(|| stages.iter().rev().find(|s| begun(s)));
        last.copied().unwrap_or(stages[0])
    }

    /// How it goes on, from all that was seen since it was asked last: to be asked a few times a
    /// second.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.look(&self.snapshot())
    }

    /// The stage that the others wait for.
    #[must_use]
    pub fn bottleneck(&self) -> Option<Bottleneck> {
        self.outlook().bottleneck
    }

    fn snapshot(&self) -> Snapshot {
        let foretold = self.foretold.get();
        let threads = |stage| match (stage, foretold) {
            (Stage::Fingerprint, _) | (_, None) => 0,
            (Stage::Walk | Stage::Group, _) => 1,
            (Stage::Read, Some((_, threads))) => threads.readers,
            (Stage::Embed, Some((_, threads))) => threads.embedders,
            (Stage::Decode | Stage::Neighbours | Stage::Verify, Some((_, threads))) => {
                threads.cores
            }
        };
        let counter = |stage| self.counter(stage);
        let begun = |stage| {
            let first = counter(stage).first_ns.load(Ordering::Relaxed);
            first.checked_sub(1).map(Duration::from_nanos)
        };
        let occupied = |stage| counter(stage).occupied_ns.load(Ordering::Relaxed);
        Snapshot {
            at: self.elapsed(),
            stages: self.stages(),
            occupied: Stage::ALL.map(|stage| Duration::from_nanos(occupied(stage))),
            begun: Stage::ALL.map(begun),
            threads: Stage::ALL.map(threads),
            foretold: foretold.map(|(parts, _)| *parts),
            is_done: self.is_done.load(Ordering::Relaxed),
        }
    }

    /// Says how long the parts will take, and with how many threads.
    pub(super) fn foretell(&self, parts: Parts, threads: Threads) {
        // An analysis is foretold once.
        self.foretold.set((parts, threads)).ok();
    }

    /// Says that there is nothing more to do.
    pub(super) fn finish(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }

    /// Marks that this thread is at work on a stage, waiting for the disk included but not for
    /// other stages.
    pub(super) fn at_work(&self, stage: Stage) -> AtWork<'_> {
        AtWork {
            counter: self.counter(stage),
            since: Instant::now(),
        }
    }

    /// Says how many items a stage will have.
    pub(crate) fn expect(&self, stage: Stage, items: u64) {
        self.counter(stage).expected.store(items, Ordering::Relaxed);
    }

    /// Adds items to the expectation.
    pub(crate) fn expect_more(&self, stage: Stage, items: u64) {
        self.counter(stage)
            .expected
            .fetch_add(items, Ordering::Relaxed);
    }

    /// Takes items back from the expectation: they turned out to need no work.
    pub(crate) fn expect_less(&self, stage: Stage, items: u64) {
        self.counter(stage)
            .expected
            .fetch_sub(items, Ordering::Relaxed);
    }

    /// Marks that a stage has begun.
    pub(crate) fn begin(&self, stage: Stage) {
        let now = self.now_ns();
        // Only the first mark counts; a failed exchange means that there was one.
        self.counter(stage)
            .first_ns
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed)
            .ok();
    }

    /// Counts finished work.
    pub(crate) fn add(&self, stage: Stage, items: u64, bytes: u64, busy: Duration) {
        self.begin(stage);
        let counter = self.counter(stage);
        counter.items.fetch_add(items, Ordering::Relaxed);
        counter.bytes.fetch_add(bytes, Ordering::Relaxed);
        counter.busy_ns.fetch_add(
            u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
        counter.last_ns.fetch_max(self.now_ns(), Ordering::Relaxed);
    }

    fn counter(&self, stage: Stage) -> &Counter {
        &self.counters[stage as usize]
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_stage_is_the_last_unfinished_one() {
        let progress = Progress::default();
        assert_eq!(progress.current().stage, Stage::Walk);
        progress.expect(Stage::Read, 2);
        progress.add(Stage::Read, 2, 10, Duration::ZERO);
        progress.expect(Stage::Decode, 2);
        progress.begin(Stage::Decode);
        assert_eq!(progress.current().stage, Stage::Decode);
        progress.add(Stage::Decode, 2, 0, Duration::ZERO);
        assert_eq!(
            progress.current().stage,
            Stage::Decode,
            "done, and nothing later has begun"
        );
    }

    #[test]
    fn time_left_needs_a_rate_and_an_expectation() {
        let at = |items, expected, seconds| StageProgress {
            stage: Stage::Read,
            items,
            expected,
            bytes: 0,
            wall: Duration::from_secs(seconds),
            busy: Duration::ZERO,
        };
        assert_eq!(at(0, 10, 1).time_left(), None);
        assert_eq!(at(5, 15, 5).time_left(), Some(Duration::from_secs(10)));
        assert_eq!(at(5, 0, 5).time_left(), None);
    }
}
