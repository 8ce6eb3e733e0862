//! Load on anything that serves requests, and honest times of it.
//!
//! In a closed loop each of several callers sends its next request when it has the answer to the
//! last. In an open loop requests fall due by chance (a Poisson process) whether others wait or
//! not, and the latency counts from the moment at which a request was due: a service that stalls
//! for a second makes all requests late that fell due meanwhile, although it was never asked
//! (*coordinated omission*, G. Tene, "How NOT to measure latency", 2013).
//!
//! Rules:
//! - Requests that fall due during the warm-up count for nothing. Of those that fall due while
//!   is measured, every one counts, also if its answer comes later: leaving out what is still
//!   under way at the end would leave out the slow ones.
//! - Throughput counts the answers within the measured time.
//! - The callers are threads with names that end before [`run`] does. They share nothing but
//!   counters while they measure.

mod arrivals;
mod caller;
mod search;
mod stability;

pub use search::{Attempt, highest_rate};
pub use stability::{TOLERANCE, is_stable};

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::schema::{Stages, Window};
use super::statistics::Recorder;
use arrivals::Arrivals;
use caller::{Shared, Tally};

/// How often the measurement is looked at.
const TICK: Duration = Duration::from_millis(5);

/// Something that serves requests.
pub trait Service: Sync {
    /// Serves request number `index` and returns when it is answered. Called from many threads.
    ///
    /// # Errors
    /// A sentence; the request counts as failed and the load goes on.
    fn serve(&self, index: u64) -> Result<Served, String>;

    /// From now on requests count.
    fn begin(&self) {}

    /// No request falls due any more.
    fn end(&self) {}

    /// Whether there is no use in going on: the load ends, and what was measured is kept.
    fn is_lost(&self) -> bool {
        false
    }
}

/// What an answer says of its request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    /// Pictures.
    pub images: u32,
    /// Where the time went, in milliseconds, as far as the service knows.
    pub stages: Stages,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// So many callers, each of which waits for its answer.
    Closed {
        /// At least 1.
        callers: usize,
    },
    /// Arrivals at random.
    Open {
        /// Requests a second, above 0.
        rate: f64,
        /// Requests that may be under way at once. Those that are due beyond wait, and their
        /// latency counts from when they were due.
        callers: usize,
        /// Of the arrivals.
        seed: u64,
    },
}

impl Pacing {
    fn callers(self) -> usize {
        match self {
            Self::Closed { callers } | Self::Open { callers, .. } => callers.max(1),
        }
    }
}

/// How long is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// At least so long, and until the first answer, nothing counts.
    pub warm_up: Duration,
    /// A window is at least so long ...
    pub window: Duration,
    /// ... and has at least so many answers.
    pub window_requests: u64,
    /// Measuring ends when the windows are stable, but not before this ...
    pub shortest: Duration,
    /// ... and after this in any case, if a request fell due by then. As much again is waited for late answers.
    pub longest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            warm_up: Duration::from_millis(300),
            window: Duration::from_millis(500),
            window_requests: 10,
            shortest: Duration::from_millis(1500),
            longest: Duration::from_secs(10),
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Latencies of all measured requests. For one that was given up it is the time until then.
    pub latencies: Recorder,
    /// The first of them in the order of the answers, milliseconds.
    pub samples_ms: Vec<f64>,
    /// Measured requests, failed ones too.
    pub requests: u64,
    /// Requests that failed or were given up.
    pub errors: u64,
    /// Why the first of them failed.
    pub first_error: Option<String>,
    /// Pictures in the answers within `seconds`.
    pub images: u64,
    /// Measured time, from one answer to another.
    pub seconds: f64,
    /// Mean time a request by stage.
    pub stages: Stages,
    /// The course.
    pub windows: Vec<Window>,
    /// Whether the last three windows agreed.
    pub stable: bool,
    /// Whether the user stopped it.
    pub cancelled: bool,
}

impl Outcome {
    /// Pictures a second.
    #[must_use]
    pub fn images_per_second(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 pictures")]
        let rate = self.images as f64 / self.seconds;
        rate.is_finite().then_some(rate)
    }
}

/// Loads a service until the windows are stable, the time is over or `cancel` is set; what was
/// measured by then is kept. `watch` is told of each window as it ends, and may add to it.
///
/// # Errors
/// If a thread cannot be started.
pub fn run(
    service: &dyn Service,
    pacing: Pacing,
    timing: &Timing,
    cancel: &AtomicBool,
    watch: &mut dyn FnMut(&mut Window),
) -> io::Result<Outcome> {
    let arrivals = match pacing {
        Pacing::Closed { .. } => None,
        Pacing::Open { rate, seed, .. } => Some(Arrivals::new(rate, seed)),
    };
    let shared = Shared::new(arrivals);
    let (tallies, mut outcome) = thread::scope(|scope| {
        let mut callers = Vec::new();
        let mut failed = None;
        for number in 0..pacing.callers() {
            let caller = thread::Builder::new()
                .name(format!("bench-caller-{number}"))
                // A caller holds little, a TLS handshake at most, and there may be many.
                .stack_size(1 << 20)
                .spawn_scoped(scope, || shared.call(service));
            match caller {
                Ok(caller) => callers.push(caller),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let outcome = match failed {
            None => Ok(direct(&shared, service, timing, cancel, watch)),
            Some(error) => {
                shared.stop();
                Err(error)
            }
        };
        if outcome.is_ok() {
            Shared::wait_for_late(&callers, timing.longest, &|| {
                cancel.load(Ordering::Relaxed) || service.is_lost()
            });
        }
        shared.give_up();
        let tallies: Vec<Tally> = callers
            .into_iter()
            // A service that panics ends its caller; the others' measurements are kept.
            .filter_map(|caller| caller.join().ok())
            .collect();
        outcome.map(|outcome| (tallies, outcome))
    })?;
    caller::sum_up(tallies, shared.measured(), &mut outcome);
    Ok(outcome)
}

/// Lets the load warm up, measures, and ends it.
fn direct(
    shared: &Shared,
    service: &dyn Service,
    timing: &Timing,
    cancel: &AtomicBool,
    watch: &mut dyn FnMut(&mut Window),
) -> Outcome {
    let mut outcome = Outcome::default();
    let is_cancelled = || cancel.load(Ordering::Relaxed);
    let began = Instant::now();
    while !is_cancelled()
        && !service.is_lost()
        && (began.elapsed() < timing.warm_up || shared.counts().answers == 0)
    {
        thread::sleep(TICK);
    }
    service.begin();
    shared.measure();
    let measured_from = Instant::now();
    let (mut last, mut last_at) = (shared.counts(), measured_from);
    loop {
        thread::sleep(TICK);
        let (now, counts) = (Instant::now(), shared.counts());
        let length = now - last_at;
        if length >= timing.window && counts.answers - last.answers >= timing.window_requests {
            let mut window = counts.window(&last, length, now - measured_from);
            watch(&mut window);
            outcome.windows.push(window);
            (last, last_at) = (counts, now);
        }
        outcome.stable = is_stable(&outcome.windows);
        outcome.cancelled = is_cancelled();
        let measured = measured_from.elapsed();
        if outcome.cancelled
            || service.is_lost()
            // A request that takes longer than that is measured all the same.
            || (measured >= timing.longest && shared.is_counting())
            || (outcome.stable && measured >= timing.shortest)
        {
            break;
        }
    }
    shared.stop();
    service.end();
    outcome
}

/// Does `work` in so many threads with this name at once, and waits for all of them.
///
/// # Errors
/// If a thread cannot be started; those that were are waited for.
pub(super) fn at_once(threads: usize, name: &str, work: &(dyn Fn() + Sync)) -> io::Result<()> {
    thread::scope(|scope| {
        for number in 0..threads {
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn_scoped(scope, work)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
