//! A folder goes away under a scan: the scan ends well, says so once, and nothing is forgotten.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use common::{at_home, items, picture, request, save};
use serde_json::Value;
use twinlens::library::Cache;
use twinlens::photo::ProblemKind;
use twinlens::pipeline::{self, Stage};

fn photos(folder: &Path, numbers: std::ops::Range<u32>) {
    for number in numbers {
        save(
            &picture(number, 120, 90),
            &folder.join(format!("{number:03}.jpg")),
        );
    }
}

#[test]
fn a_folder_that_goes_away_is_one_problem_and_is_not_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let (folder, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    photos(&folder.join("a"), 0..4);
    photos(&folder.join("b/c"), 4..60);
    let again = |moved: bool, home: &Path| {
        let (here, there) = (home.join("photos/b"), home.join("elsewhere"));
        let (from, to) = if moved { (there, here) } else { (here, there) };
        fs::rename(from, to).unwrap();
    };

    let running = pipeline::start(request(&folder, Some(&cache))).unwrap();
    while running.progress().stage(Stage::Embed).items < 8 && !running.is_finished() {
        sleep(Duration::from_millis(2));
    }
    running.pause();
    again(false, home.path());
    running.resume();
    let analysis = running.join().unwrap();
    let read = analysis.photos.len();
    assert!((8..60).contains(&read), "{read} photos were read before");
    assert_eq!(analysis.problems.len(), 1, "{:?}", analysis.problems);
    let problem = &analysis.problems[0];
    assert_eq!(
        (problem.kind, problem.path.as_path()),
        (ProblemKind::Vanished, folder.join("b").as_path())
    );
    let told = format!("{} files in it were not read", 60 - read);
    assert!(problem.message.contains(&told), "{}", problem.message);

    again(true, home.path());
    let later = pipeline::start(request(&folder, Some(&cache))).unwrap();
    let later = later.join().unwrap();
    assert_eq!((later.photos.len(), later.problems.len()), (60, 0));
    assert_eq!(later.changes.gone, 0, "it was away and was not forgotten");
    assert_eq!(later.changes.unchanged, read as u64);
    assert_eq!(later.stages[Stage::Decode as usize].items, 60 - read as u64);
}

#[test]
fn the_program_ends_well_when_all_of_its_photos_are_unplugged() {
    let home = tempfile::tempdir().unwrap();
    let (folder, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    photos(&folder.join("2021"), 0..300);
    let arguments = ["scan", "--engine", "embedded", "--quiet", "--threads", "1"];
    let child = at_home(
        std::process::Command::new(env!("CARGO_BIN_EXE_twinlens")),
        home.path(),
    )
    .args(arguments)
    .args(["--json", "-", "--cache"])
    .args([&cache, &folder])
    .stdout(std::process::Stdio::piped())
    .spawn()
    .unwrap();
    let is_at_work = || {
        let cache = Cache::open_if_there(&cache).ok().flatten();
        cache.is_some_and(|cache| cache.info().is_ok_and(|info| info.contents > 0))
    };
    while !is_at_work() {
        sleep(Duration::from_millis(10));
    }
    // A mount point stays when its drive goes: the folder is there and has nothing in it.
    fs::rename(folder.join("2021"), home.path().join("unplugged")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["kind"], "vanished");
    assert_eq!(problems[0]["path"], folder.to_str().unwrap());
    let message = problems[0]["message"].as_str().unwrap();
    assert!(message.contains("was emptied during the scan"), "{message}");
    assert!(items(&report, "embed") < 300);
    assert_eq!(report["totals"]["photos"], items(&report, "embed"));
}
