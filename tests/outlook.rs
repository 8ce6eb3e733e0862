//! The progress that a person sees goes forward and ends at the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::thread::sleep;
use std::time::Duration;

use common::{picture, request, save};
use twinlens::pipeline::{self, Stage};

#[test]
fn the_bar_never_goes_back_and_what_holds_the_scan_up_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..160 {
        save(
            &picture(number, 500, 400),
            &folder.path().join(format!("{number}.jpg")),
        );
    }
    let running = pipeline::start(request(folder.path(), None)).unwrap();
    let (mut fraction, mut bottlenecks, mut had_a_rate) = (0.0, Vec::new(), false);
    while !running.is_finished() {
        let outlook = running.progress().outlook();
        assert!((fraction..=1.0).contains(&outlook.fraction));
        fraction = outlook.fraction;
        bottlenecks.extend(outlook.bottleneck.map(|bottleneck| bottleneck.stage));
        for stage in &outlook.stages {
            assert!(stage.busy_threads <= 2.0, "{stage:?}");
        }
        let embed = outlook.stages[Stage::Embed as usize];
        had_a_rate |= embed.rate.is_some() && outlook.time_left.is_some();
        sleep(Duration::from_millis(20));
    }
    let end = running.progress().outlook();
    running.join().unwrap();
    assert!(
        (end.fraction - 1.0).abs() < f32::EPSILON,
        "{}",
        end.fraction
    );
    assert_eq!(end.time_left, Some(Duration::ZERO));
    assert!(end.stages.iter().all(|stage| !stage.is_running));
    assert!(had_a_rate);
    assert!(!bottlenecks.is_empty());
}
