//! How an analysis goes on, for people: what runs, how fast just now, what holds it up, and when
//! it will be done.
//!
//! Rates are those of the last seconds of working time. Time left is what remains of each part
//! at that rate, or, before it has begun, at the speeds that were measured in earlier scans; it
//! is smoothed, and the fraction never falls, for a bar that goes back is not believed.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::progress::{Stage, StageProgress};
use super::speeds::Parts;

/// Rates are taken over this long.
const WINDOW: Duration = Duration::from_secs(5);

/// How often the counters are noted, at most.
const INTERVAL: Duration = Duration::from_millis(250);

/// A rate over less than this is chance.
const LEAST: Duration = Duration::from_millis(500);

/// The time in which the expected end follows new knowledge.
const SMOOTHING_S: f64 = 3.0;

/// Where an analysis stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// All stages, in order.
    pub stages: [StageOutlook; Stage::ALL.len()],
    /// How much of the expected time is over: 0 to 1, never less than before. 0 until the
    /// folders are listed, 1 when all is done.
    pub fraction: f32,
    /// Working time until all is done; none until the folders are listed.
    pub time_left: Option<Duration>,
    /// What the others wait for.
    pub bottleneck: Option<Bottleneck>,
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageOutlook {
    /// What it has done.
    pub progress: StageProgress,
    /// Whether it has begun and has work left.
    pub is_running: bool,
    /// Items a second in the last seconds; none where it does not run or nothing came out.
    pub rate: Option<f64>,
    /// Time until the stage is done at that rate.
    pub time_left: Option<Duration>,
    /// How many of its threads were at work in the last seconds, on average. A fingerprint is
    /// made by the thread that decodes and counts there.
    pub busy_threads: f64,
    /// How many threads it has.
    pub threads: usize,
}

/// The stage that sets the pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bottleneck {
    /// Which.
    pub stage: Stage,
    /// How many of its threads were at work, on average.
    pub busy_threads: f64,
    /// How many it has.
    pub threads: usize,
}

impl fmt::Display for Bottleneck {
    /// `decoding: 2 of 2 threads busy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (busy, threads) = (self.busy_threads, self.threads);
        write!(
            f,
            "{}: {busy:.0} of {threads} threads busy",
            self.stage.words()
        )
    }
}

/// All counters at one moment.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// Working time.
    pub at: Duration,
    pub stages: [StageProgress; Stage::ALL.len()],
    /// Thread time spent in each stage, waiting for the disk included.
    pub occupied: [Duration; Stage::ALL.len()],
    /// When each stage began.
    pub begun: [Option<Duration>; Stage::ALL.len()],
    pub threads: [usize; Stage::ALL.len()],
    pub foretold: Option<Parts>,
    pub is_done: bool,
}

impl Snapshot {
    /// Whether a stage has begun and is not over. Those that take turns are over when the next
    /// begins; the others when all that is expected is done.
    fn is_running(&self, stage: Stage) -> bool {
        let has_begun = |stage: Stage| self.begun[stage as usize].is_some();
        let progress = &self.stages[stage as usize];
        let is_over = match stage {
            Stage::Walk => self.foretold.is_some(),
            Stage::Neighbours => has_begun(Stage::Verify),
            Stage::Verify => has_begun(Stage::Group),
            Stage::Read | Stage::Decode | Stage::Fingerprint | Stage::Embed | Stage::Group => {
                progress.items >= progress.expected
            }
        };
        has_begun(stage) && !is_over && !self.is_done
    }
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub(super) struct History {
    noted: VecDeque<(
        Duration,
        [u64; Stage::ALL.len()],
        [Duration; Stage::ALL.len()],
    )>,
    fraction: f64,
    /// The expected working time of the whole, when it was worked out last.
    expected: Option<(Duration, f64)>,
}

impl History {
    /// Takes note of the counters, and says what they mean.
    pub(super) fn look(&mut self, now: &Snapshot) -> Outlook {
        self.note(now);
        let stages = Stage::ALL.map(|stage| self.stage(stage, now));
        let bottleneck = bottleneck(&stages);
        let elapsed = now.at.as_secs_f64();
        let time_left = match now.foretold {
            Some(_) if now.is_done => Some(0.0),
            Some(foretold) => {
                Some(self.smoothed(elapsed + seconds_left(&stages, &foretold), now.at) - elapsed)
            }
            None => None,
        }
        .map(|seconds| seconds.max(0.0));
        let fraction = match time_left {
            _ if now.is_done => 1.0,
            // Only the end itself is the end.
            Some(left) if elapsed + left > 0.0 => (elapsed / (elapsed + left)).min(0.999),
            _ => 0.0,
        };
        self.fraction = self.fraction.max(fraction);
        Outlook {
            stages,
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
            fraction: self.fraction as f32,
            time_left: time_left.and_then(|left| Duration::try_from_secs_f64(left).ok()),
            bottleneck: bottleneck.filter(|_| !now.is_done),
        }
    }

    fn note(&mut self, now: &Snapshot) {
        let is_due = self
            .noted
            .back()
            .is_none_or(|(at, ..)| now.at.saturating_sub(*at) >= INTERVAL);
        if is_due {
            let items = now.stages.map(|stage| stage.items);
            self.noted.push_back((now.at, items, now.occupied));
        }
        // The first that is older than the window is its beginning.
        while self
            .noted
            .get(1)
            .is_some_and(|(at, ..)| now.at.saturating_sub(*at) >= WINDOW)
        {
            self.noted.pop_front();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    fn stage(&self, stage: Stage, now: &Snapshot) -> StageOutlook {
        let index = stage as usize;
        let progress = now.stages[index];
        let threads = now.threads[index];
        let is_running = now.is_running(stage);
        let mut outlook = StageOutlook {
            progress,
            is_running,
            rate: None,
            time_left: None,
            busy_threads: 0.0,
            threads,
        };
        let Some((since, items, occupied)) = self.noted.front().filter(|_| is_running) else {
            return outlook;
        };
        // A stage that has just begun was not slow before.
        let since = now.begun[index].map_or(*since, |begun| begun.max(*since));
        let window = now.at.saturating_sub(since);
        if window >= LEAST {
            let seconds = window.as_secs_f64();
            let done = progress.items.saturating_sub(items[index]);
            outlook.rate = (done > 0).then(|| done as f64 / seconds);
            let occupied = now.occupied[index].saturating_sub(occupied[index]);
            outlook.busy_threads = match stage {
                // They do nothing but compute.
                Stage::Walk | Stage::Neighbours | Stage::Group => threads as f64,
                _ => (occupied.as_secs_f64() / seconds).min(threads as f64),
            };
        }
        let left = progress.expected.checked_sub(progress.items);
        let rate = outlook.rate.or_else(|| progress.rate());
        outlook.time_left = left
            .zip(rate)
            .and_then(|(left, rate)| Duration::try_from_secs_f64(left as f64 / rate).ok());
        outlook
    }

    /// The expected time of the whole, following `expected` slowly.
    fn smoothed(&mut self, expected: f64, now: Duration) -> f64 {
        let smoothed = match self.expected {
            None => expected,
            Some((then, before)) => {
                let passed = now.saturating_sub(then).as_secs_f64();
                before + (expected - before) * (1.0 - (-passed / SMOOTHING_S).exp())
            }
        };
        self.expected = Some((now, smoothed));
        smoothed
    }
}

/// What remains of each part, one after the other.
fn seconds_left(stages: &[StageOutlook; Stage::ALL.len()], foretold: &Parts) -> f64 {
    let of = |stage: Stage| &stages[stage as usize];
    let side_by_side = [Stage::Read, Stage::Decode, Stage::Embed];
    let extraction = side_by_side
        .map(|stage| left(of(stage), foretold.extraction))
        .into_iter()
        .fold(0.0, f64::max);
    // Each part is over when the next one has begun.
    let mut seconds = if has_begun(of(Stage::Neighbours)) {
        0.0
    } else {
        extraction
    };
    for (stage, next, foretold) in [
        (Stage::Neighbours, Stage::Verify, foretold.neighbours),
        (Stage::Verify, Stage::Group, foretold.verify),
    ] {
        if !has_begun(of(next)) {
            seconds += left(of(stage), foretold);
        }
    }
    seconds + left(of(Stage::Group), foretold.rest)
}

fn has_begun(stage: &StageOutlook) -> bool {
    stage.is_running || stage.progress.items > 0
}

/// At the rate of now, else the share that is not done of what was foretold.
#[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
fn left(stage: &StageOutlook, foretold: f64) -> f64 {
    let StageProgress {
        items, expected, ..
    } = stage.progress;
    match stage.time_left.filter(|_| stage.rate.is_some()) {
        Some(left) => left.as_secs_f64(),
        None if expected > 0 => foretold * (1.0 - items.min(expected) as f64 / expected as f64),
        None => foretold,
    }
}

/// The running stage whose threads are at work most: those before it wait until it takes
/// something, those behind it until it gives something.
#[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
fn bottleneck(stages: &[StageOutlook; Stage::ALL.len()]) -> Option<Bottleneck> {
    let share = |stage: &StageOutlook| stage.busy_threads / (stage.threads.max(1)) as f64;
    let running = stages.iter().filter(|s| s.is_running && s.threads > 0);
    let busiest = running.max_by(|a, b| share(a).total_cmp(&share(b)))?;
    Some(Bottleneck {
        stage: busiest.progress.stage,
        busy_threads: busiest.busy_threads,
        threads: busiest.threads,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scan of 100 photos that embeds ten a second, after a walk of one second.
    fn at(second: f64) -> Snapshot {
        let embedded = ((second - 1.0).max(0.0) * 10.0).min(100.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100"
        )]
        let embedded = embedded as u64;
        let is_listed = second >= 1.0;
        let working = Duration::from_secs_f64((second - 1.0).max(0.0));
        let progress = |stage| StageProgress {
            stage,
            items: match stage {
                Stage::Walk => 100,
                Stage::Read | Stage::Decode | Stage::Fingerprint => (embedded + 5).min(100),
                Stage::Embed => embedded,
                _ => 0,
            },
            expected: match stage {
                Stage::Read | Stage::Decode | Stage::Fingerprint | Stage::Embed => 100,
                _ => 0,
            },
            bytes: 0,
            wall: working,
            busy: Duration::ZERO,
        };
        let early = |stage| stage == Stage::Walk || is_listed && stage <= Stage::Embed;
        Snapshot {
            at: Duration::from_secs_f64(second),
            stages: Stage::ALL.map(progress),
            occupied: Stage::ALL.map(|stage| match stage {
                Stage::Read => working / 10,
                Stage::Decode => working * 19 / 10,
                Stage::Embed => working * 12 / 10,
                _ => Duration::ZERO,
            }),
            begun: Stage::ALL.map(|stage| match stage {
                Stage::Walk => Some(Duration::ZERO),
                _ => early(stage).then_some(Duration::from_secs(1)),
            }),
            threads: [1, 2, 2, 0, 2, 2, 2, 1],
            foretold: is_listed.then_some(Parts {
                // Wrong by half: another machine's.
                extraction: 5.0,
                neighbours: 0.5,
                verify: 0.4,
                rest: 0.1,
            }),
            is_done: false,
        }
    }

    #[test]
    fn a_bar_moves_forward_and_time_left_comes_true() {
        let mut history = History::default();
        let first = history.look(&at(0.2));
        assert_eq!((first.fraction, first.time_left), (0.0, None));
        assert!(first.stages[Stage::Walk as usize].is_running);
        let mut fraction = 0.0;
        for step in 0..100 {
            let second = 1.0 + f64::from(step) / 10.0;
            let outlook = history.look(&at(second));
            assert!(outlook.fraction >= fraction, "{second} s");
            fraction = outlook.fraction;
            if second > 4.0 {
                let left = outlook.time_left.unwrap().as_secs_f64();
                let true_left = 12.0 - second;
                assert!(
                    (left - true_left).abs() < 2.5,
                    "{left} of {true_left} at {second} s"
                );
            }
        }
        let paused = history.look(&at(10.9));
        assert_eq!(history.look(&at(10.9)), paused, "no time passes in a pause");
        let done = Snapshot {
            is_done: true,
            ..at(12.0)
        };
        let done = history.look(&done);
        assert!((done.fraction - 1.0).abs() < f32::EPSILON);
        assert_eq!(
            (done.time_left, done.bottleneck),
            (Some(Duration::ZERO), None)
        );
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds_and_the_busiest_stage_sets_the_pace() {
        let mut history = History::default();
        for step in 0..60 {
            history.look(&at(f64::from(step) / 10.0));
        }
        let outlook = history.look(&at(6.0));
        let embed = outlook.stages[Stage::Embed as usize];
        assert!(embed.is_running);
        assert!((embed.rate.unwrap() - 10.0).abs() < 0.5, "{:?}", embed.rate);
        assert!(
            (embed.busy_threads - 1.2).abs() < 0.1,
            "{}",
            embed.busy_threads
        );
        assert!(!outlook.stages[Stage::Walk as usize].is_running);
        let bottleneck = outlook.bottleneck.unwrap();
        assert_eq!(bottleneck.to_string(), "decoding: 2 of 2 threads busy");
    }
}
