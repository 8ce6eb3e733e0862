//! An analysis that is paused stands still, and goes on as if nothing had been.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use common::{picture, request, save, timeless_report};
use cpu_time::ProcessTime;
use twinlens::pipeline::{self, PipelineError, Running, Stage};

const PHOTOS: u32 = 40;

fn photos(folder: &Path) {
    for number in 0..PHOTOS {
        // Some are copies of others, so that there is something to compare and to group.
        let side = 700 + number % 3;
        save(
            &picture(number / 2, side, 500),
            &folder.join(format!("{number:02}.jpg")),
        );
    }
}

/// Waits until some photos went through a stage.
fn wait_for(running: &Running, stage: Stage, items: u64) {
    while running.progress().stage(stage).items < items && !running.is_finished() {
        sleep(Duration::from_millis(2));
    }
}

/// The counters, once they have stopped.
fn standstill(running: &Running) -> Vec<(Stage, u64, Duration)> {
    let counters = || {
        let stages = running.progress().stages();
        let of = stages.map(|stage| (stage.stage, stage.items, stage.wall));
        of.to_vec()
    };
    let mut now = counters();
    // Whoever has a photo in hand puts it down first, however slow the machine is.
    for _ in 0..100 {
        sleep(Duration::from_millis(200));
        let before = std::mem::replace(&mut now, counters());
        if before == now {
            return now;
        }
    }
    panic!("it does not stand still: {now:?}");
}

/// One test, for it looks at the CPU time of the whole process.
#[test]
fn a_paused_analysis_uses_no_cpu_and_counts_no_time_and_ends_as_any_other() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(folder.path());
    let whole = pipeline::start(request(folder.path(), None)).unwrap();
    let whole = timeless_report(&whole.join().unwrap());

    let running = pipeline::start(request(folder.path(), None)).unwrap();
    wait_for(&running, Stage::Embed, 5);
    running.pause();
    assert!(running.is_paused());
    let counters = standstill(&running);
    assert!(
        counters[Stage::Embed as usize].1 < u64::from(PHOTOS),
        "in the middle"
    );
    // What was finished is committed a moment later; then there is nothing to do at all.
    sleep(Duration::from_millis(1800));
    let (cpu, elapsed) = (ProcessTime::now(), running.progress().elapsed());
    sleep(Duration::from_secs(1));
    let used = cpu.elapsed();
    assert!(
        used < Duration::from_millis(20),
        "{used:?} of CPU in a second's pause"
    );
    assert_eq!(running.progress().elapsed(), elapsed, "pauses do not count");
    assert_eq!(standstill(&running), counters);
    assert!(!running.is_finished());
    assert_eq!(running.engine().unwrap().name, "embedded");
    running.resume();
    assert!(!running.is_paused());

    // Once more, while pairs are compared.
    wait_for(&running, Stage::Verify, 1);
    running.pause();
    if !running.is_finished() {
        let counters = standstill(&running);
        assert_eq!(standstill(&running), counters);
    }
    running.resume();
    assert_eq!(timeless_report(&running.join().unwrap()), whole);

    let cache = home.path().join("cache.db");
    let running = pipeline::start(request(folder.path(), Some(&cache))).unwrap();
    wait_for(&running, Stage::Embed, 5);
    running.pause();
    running.pause();
    standstill(&running);
    running.cancel();
    assert!(matches!(running.join(), Err(PipelineError::Cancelled)));
    let running = pipeline::start(request(folder.path(), Some(&cache))).unwrap();
    let analysis = running.join().unwrap();
    let embedded = analysis.stages[Stage::Embed as usize].items;
    assert!(
        embedded <= u64::from(PHOTOS) - 5,
        "{embedded} were not kept"
    );
}
