//! The load generator against services whose true times are known.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts of some hundred requests"
)]

use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex};

use super::*;
use crate::bench::statistics::{percentile, summary};

/// A service that takes a known time for each request and writes down how long it really took,
/// as sleeping is never exact; with one worker behind a queue, or as many as are asked.
struct KnownService {
    delay: Box<dyn Fn(u64) -> Duration + Sync>,
    /// (number, service time, when answered)
    took: Mutex<Vec<(u64, Duration, Instant)>>,
    one_at_a_time: bool,
    /// Whose turn it is, and since when.
    turn: Mutex<(u64, Instant)>,
    next: Condvar,
}

impl KnownService {
    fn new(one_at_a_time: bool, delay: impl Fn(u64) -> Duration + Sync + 'static) -> Self {
        Self {
            delay: Box::new(delay),
            took: Mutex::default(),
            one_at_a_time,
            turn: Mutex::new((0, Instant::now())),
            next: Condvar::new(),
        }
    }

    /// In the order of the requests, with what passing the turn on costs.
    fn take_turn(&self, index: u64) -> Duration {
        let asked = Instant::now();
        let turn = self.turn.lock().unwrap();
        let mut turn = self.next.wait_while(turn, |turn| turn.0 != index).unwrap();
        thread::sleep((self.delay)(index));
        let end = Instant::now();
        let took = end - asked.max(turn.1);
        *turn = (index + 1, end);
        self.next.notify_all();
        took
    }
}

impl Service for KnownService {
    fn serve(&self, index: u64) -> Result<Served, String> {
        let took = if self.one_at_a_time {
            self.take_turn(index)
        } else {
            let began = Instant::now();
            thread::sleep((self.delay)(index));
            began.elapsed()
        };
        let answered = Instant::now();
        self.took.lock().unwrap().push((index, took, answered));
        Ok(Served {
            images: 1,
            stages: Stages {
                queue: Some(0.0),
                compute: Some(took.as_secs_f64() * 1e3),
                ..Stages::default()
            },
        })
    }
}

fn timing(longest_ms: u64) -> Timing {
    Timing {
        warm_up: Duration::ZERO,
        window: Duration::from_millis(50),
        window_requests: 5,
        shortest: Duration::from_millis(longest_ms),
        longest: Duration::from_millis(longest_ms),
    }
}

fn go(service: &dyn Service, pacing: Pacing, timing: &Timing) -> Outcome {
    run(
        service,
        pacing,
        timing,
        &AtomicBool::new(false),
        &mut |_| (),
    )
    .unwrap()
}

fn close(measured: Option<f64>, truth: f64, what: &str) -> Result<(), String> {
    match measured {
        Some(measured) if (measured - truth).abs() <= 0.05 * truth => Ok(()),
        _ => Err(format!(
            "{what}: {measured:?} ms measured, {truth} ms in truth"
        )),
    }
}

/// A busy machine wakes a caller late now and then, whatever it does; a generator that is wrong
/// is wrong every time.
fn in_one_of_five(attempt: impl Fn() -> Result<(), String>) {
    let failures: Vec<String> = (0..5).map_while(|_| attempt().err()).collect();
    assert!(failures.len() < 5, "{}", failures.join("\n"));
}

#[test]
fn closed_loop_percentiles_are_the_true_ones() {
    for (delay_ms, longest_ms) in [(1, 700), (10, 800), (100, 2_000)] {
        in_one_of_five(|| closed_loop(delay_ms, longest_ms));
    }
}

fn closed_loop(delay_ms: u64, longest_ms: u64) -> Result<(), String> {
    let service = KnownService::new(false, move |_| Duration::from_millis(delay_ms));
    let pacing = Pacing::Closed { callers: 1 };
    let outcome = go(&service, pacing, &timing(longest_ms));
    let found = outcome.latencies.summary();
    let took = service.took.into_inner().unwrap();
    let skipped = took.len() - usize::try_from(outcome.requests).unwrap();
    let times: Vec<f64> = took[skipped..]
        .iter()
        .map(|(_, took, _)| took.as_secs_f64() * 1e3)
        .collect();
    let truth = summary(&times);
    for (measured, true_time, what) in [
        (found.mean, truth.mean, "mean"),
        (found.p50, truth.p50, "p50"),
        (found.p90, truth.p90, "p90"),
        (found.p99, truth.p99, "p99"),
    ] {
        close(measured, true_time.unwrap(), what)?;
    }
    // The stages add up to the whole, and so do the answers to the rate.
    close(outcome.stages.compute, found.mean.unwrap(), "stages")?;
    let rate = outcome.images_per_second().unwrap();
    close(Some(1e3 / rate), found.mean.unwrap(), "throughput")?;
    assert_eq!(outcome.errors, 0);
    Ok(())
}

#[test]
fn callers_of_a_closed_loop_load_a_service_at_once() {
    let service = KnownService::new(false, |_| Duration::from_millis(10));
    let one = go(&service, Pacing::Closed { callers: 1 }, &timing(400));
    let eight = go(&service, Pacing::Closed { callers: 8 }, &timing(400));
    let gain = eight.images_per_second().unwrap() / one.images_per_second().unwrap();
    assert!((5.0..9.0).contains(&gain), "{gain}");
    // One worker gives no more to eight callers, who wait for one another.
    let queue = KnownService::new(true, |_| Duration::from_millis(10));
    let eight = go(&queue, Pacing::Closed { callers: 8 }, &timing(600));
    let mean = eight.latencies.summary().mean.unwrap();
    assert!((60.0..110.0).contains(&mean), "{mean}");
}

/// The latencies of a queue with one worker, from when requests are due and how long each takes:
/// Lindley's recursion.
fn queue(requests: &[(Duration, Duration)]) -> Vec<f64> {
    let mut free = Duration::ZERO;
    requests
        .iter()
        .map(|(due, takes)| {
            free = free.max(*due) + *takes;
            free.saturating_sub(*due).as_secs_f64() * 1e3
        })
        .collect()
}

/// Runs an open loop against one worker and gives its latencies, those of the queue, and those
/// by the worker's own clock, of the measured requests.
fn open(
    rate: f64,
    seed: u64,
    longest_ms: u64,
    service: &KnownService,
) -> (Outcome, Vec<f64>, Vec<f64>) {
    let pacing = Pacing::Open {
        rate,
        callers: 64,
        seed,
    };
    let began = Instant::now();
    let outcome = go(service, pacing, &timing(longest_ms));
    let mut took = service.took.lock().unwrap().clone();
    took.sort_unstable();
    let arrivals = Arrivals::new(rate, seed);
    let dues: Vec<Duration> = took.iter().map(|_| arrivals.take().1).collect();
    let requests: Vec<(Duration, Duration)> = dues
        .iter()
        .zip(&took)
        .map(|(due, (_, takes, _))| (*due, *takes))
        .collect();
    let queued = queue(&requests);
    let by_clock: Vec<f64> = dues
        .iter()
        .zip(&took)
        .map(|(due, (_, _, answered))| (*answered - (began + *due)).as_secs_f64() * 1e3)
        .collect();
    let skipped = took.len() - usize::try_from(outcome.requests).unwrap();
    let measured = |all: Vec<f64>| all[skipped..].to_vec();
    (outcome, measured(queued), measured(by_clock))
}

#[test]
fn open_loop_percentiles_are_those_of_the_queue() {
    for (delay_ms, rate, longest_ms) in [(1, 200.0, 1_000), (10, 50.0, 1_500), (100, 5.0, 3_000)] {
        in_one_of_five(|| {
            let service = KnownService::new(true, move |_| Duration::from_millis(delay_ms));
            let (outcome, queued, by_clock) = open(rate, 5, longest_ms, &service);
            // A busy machine wakes a caller some 0.1 ms late, which is more than a twentieth of
            // 1 ms: the queue knows nothing of it, the worker's clock does.
            let mut truth = if delay_ms == 1 { by_clock } else { queued };
            truth.sort_by(f64::total_cmp);
            let found = outcome.latencies.summary();
            assert_eq!(outcome.errors, 0);
            for (measured, p) in [(found.p50, 50.0), (found.p75, 75.0), (found.p90, 90.0)] {
                let what = format!("{delay_ms} ms, p{p}");
                close(measured, percentile(&truth, p).unwrap(), &what)?;
            }
            Ok(())
        });
    }
}

/// While the service stalls nobody asks it in a closed loop, and one slow request is all that is
/// seen of it; in an open loop all requests are late that fell due meanwhile.
#[test]
fn a_stall_of_a_second_is_seen_in_an_open_loop_by_all_who_wait() {
    in_one_of_five(stall);
}

fn stall() -> Result<(), String> {
    let stalling = || {
        KnownService::new(true, |index| {
            Duration::from_millis(if index == 40 { 1_000 } else { 1 })
        })
    };
    let service = stalling();
    let (outcome, truth, _) = open(100.0, 9, 2_400, &service);
    let late = truth.iter().filter(|latency| **latency > 200.0).count();
    let found = outcome.latencies.summary();
    let seen = outcome.requests - outcome.latencies.within(Duration::from_millis(200));
    assert!(late > 50, "{late} requests are late in truth");
    close(Some(seen as f64), late as f64, "late requests")?;
    let mut ascending = truth;
    ascending.sort_by(f64::total_cmp);
    for (measured, p) in [(found.p90, 90.0), (found.p95, 95.0), (found.p99, 99.0)] {
        close(
            measured,
            percentile(&ascending, p).unwrap(),
            &format!("p{p}"),
        )?;
    }
    let service = stalling();
    let closed = go(&service, Pacing::Closed { callers: 1 }, &timing(1_600));
    assert_eq!(
        closed.requests - closed.latencies.within(Duration::from_millis(200)),
        1
    );
    Ok(())
}

/// A service that does nothing, so that what is left is the generator's own cost. The aim is 50
/// microseconds a request; it is some hundred times less, so that no busy machine makes this fail.
#[test]
fn a_request_costs_less_than_50_microseconds_at_concurrency_1() {
    struct Nothing(AtomicU64);
    impl Service for Nothing {
        fn serve(&self, index: u64) -> Result<Served, String> {
            self.0.store(index + 1, Ordering::Relaxed);
            Ok(Served::default())
        }
    }
    let service = Nothing(AtomicU64::new(0));
    let outcome = go(&service, Pacing::Closed { callers: 1 }, &timing(200));
    // The callers' own cost is in the gaps between requests too, not only in the latency.
    let each = outcome.seconds / outcome.requests as f64 * 1e6;
    assert!(each < 50.0, "{each} us a request");
    assert!(outcome.latencies.summary().p50.unwrap() < 0.05);
    assert!(outcome.requests <= service.0.into_inner());
}

#[test]
fn failures_are_counted_with_their_reason_and_do_not_end_the_load() {
    struct Flaky;
    impl Service for Flaky {
        fn serve(&self, index: u64) -> Result<Served, String> {
            thread::sleep(Duration::from_millis(1));
            if index.is_multiple_of(4) {
                return Err(format!("request {index} was refused"));
            }
            Ok(Served {
                images: 2,
                ..Served::default()
            })
        }
    }
    let outcome = go(&Flaky, Pacing::Closed { callers: 2 }, &timing(200));
    let share = outcome.errors as f64 / outcome.requests as f64;
    assert!((0.2..0.3).contains(&share), "{share}");
    assert!(outcome.first_error.unwrap().contains("was refused"));
    assert!(outcome.images >= outcome.requests);
}

#[test]
fn a_load_beyond_what_can_be_served_ends_and_tells_what_was_given_up() {
    let service = KnownService::new(true, |_| Duration::from_millis(20));
    let pacing = Pacing::Open {
        rate: 500.0,
        callers: 4,
        seed: 1,
    };
    let outcome = go(&service, pacing, &timing(300));
    // 150 fall due, some 30 can be answered in twice the time.
    assert!(outcome.errors > 60, "{} errors", outcome.errors);
    assert!(outcome.requests > outcome.errors);
    assert!(!outcome.stable, "latency grows all the while");
    assert!(outcome.latencies.summary().p50.unwrap() > 100.0);
}

#[test]
fn what_was_measured_before_a_cancel_is_kept() {
    let service = KnownService::new(false, |_| Duration::from_millis(2));
    let cancel = AtomicBool::new(false);
    let endless = Timing {
        shortest: Duration::from_mins(10),
        longest: Duration::from_mins(10),
        ..timing(0)
    };
    let pacing = Pacing::Closed { callers: 2 };
    let mut windows = 0;
    let outcome = run(&service, pacing, &endless, &cancel, &mut |window| {
        windows += 1;
        window.replicas = Some(2);
        cancel.store(windows == 2, Ordering::Relaxed);
    })
    .unwrap();
    assert!(outcome.cancelled && outcome.requests >= 10, "{outcome:?}");
    assert_eq!(outcome.windows.len(), 2);
    assert!(
        outcome
            .windows
            .iter()
            .all(|window| window.replicas == Some(2))
    );
}

#[test]
fn a_request_that_takes_longer_than_is_measured_is_measured_all_the_same() {
    let service = KnownService::new(false, |_| Duration::from_millis(150));
    let outcome = go(&service, Pacing::Closed { callers: 1 }, &timing(20));
    assert_eq!((outcome.requests, outcome.errors), (1, 0));
    assert!(outcome.latencies.summary().mean.unwrap() >= 150.0);
}

#[test]
fn the_warm_up_is_kept_apart() {
    // The first ten requests are slow, as they are while caches are cold.
    let service = KnownService::new(false, |index| {
        Duration::from_millis(if index < 10 { 30 } else { 1 })
    });
    let timing = Timing {
        warm_up: Duration::from_millis(400),
        ..timing(200)
    };
    let outcome = go(&service, Pacing::Closed { callers: 1 }, &timing);
    assert!(outcome.latencies.summary().p90.unwrap() < 20.0);
}
