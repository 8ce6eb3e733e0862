//! The program is killed at random moments of a removal and of a restoration, and calls of the
//! system fail: after the next start and `twinlens restore` all is as it was.
//!
//! `TWINLENS_CRASH_ROUNDS` sets how often (20 by default).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(unix)]

mod common;
#[path = "common/removal.rs"]
mod scene;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scene::{Scene, text};
use twinlens::library::{FileState, Ledger};
use twinlens::scan::xmp::{self, Facts};

fn rounds() -> u32 {
    std::env::var("TWINLENS_CRASH_ROUNDS").map_or(20, |text| text.parse().unwrap())
}

/// The same numbers in every run, spread over 0 to 1.
fn random(seed: u32) -> f64 {
    let hash = blake3::hash(&seed.to_le_bytes());
    f64::from(u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap())) / f64::from(u32::MAX)
}

fn library_of_copies(photos: usize) -> Scene {
    let mut scene = Scene::new();
    for i in 0..photos {
        let (keeper, copy) = (format!("k/{i}.jpg"), format!("{}/{i}.jpg", i % 7));
        scene.identical(&keeper, &[&copy]);
        if i % 5 == 0 {
            scene.write(&format!("{}/{i}.xmp", i % 7), b"sidecar");
            scene.write(&format!("{}/{i}.jpg.json", i % 7), b"more");
            // What only the copy knows; some keepers have a sidecar that it is to be added to.
            let known = |word: &str| Facts {
                keywords: [word.to_owned()].into(),
                ..Facts::default()
            };
            let text = xmp::with(None, &known("sea")).unwrap();
            scene.write(&format!("{}/{i}.jpg.xmp", i % 7), text.as_bytes());
            if i % 10 == 0 {
                let text = xmp::with(None, &known("mine")).unwrap();
                scene.write(&format!("k/{i}.xmp"), text.as_bytes());
            }
        }
    }
    scene
}

/// The ways to remove; the last goes to another file system where there is one.
fn ways(scene: &Scene, elsewhere: &Path) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let moved = scene.root.path().join("moved");
    vec![
        words(&["--trash", "--rescue-metadata"]),
        words(&["--move-to", moved.to_str().unwrap()]),
        words(&["--hard-link"]),
        words(&["--move-to", elsewhere.to_str().unwrap()]),
    ]
}

/// A folder on another file system, if there is one.
fn elsewhere() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        return tempfile::tempdir_in(memory).unwrap();
    }
    common::skipped("there is no second file system to move to");
    tempfile::tempdir().unwrap()
}

/// Runs `command` and kills it after `patience`; whether it had to be killed.
fn killed_after(mut command: Command, patience: Duration) -> bool {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while started.elapsed() < patience {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    // SIGKILL: nothing of the program runs any more.
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

fn removal(scene: &Scene, way: &[String]) -> Command {
    let mut command = scene.program();
    command.arg("remove").arg(scene.report()).args(way);
    command
}

fn ledger(scene: &Scene) -> PathBuf {
    scene.home().join("data/twinlens/library.db")
}

/// What the journal says of each file of the last session must be what is on the disk.
fn the_journal_tells_the_truth(scene: &Scene, what: &str) {
    let Some(ledger) = Ledger::open_existing(&ledger(scene)).unwrap() else {
        return;
    };
    if let Some(session) = ledger.removal_sessions().unwrap().first() {
        for file in ledger.removal_files(session.id).unwrap() {
            let is_there = file.entry.source.exists();
            let place = file.entry.destination.as_deref();
            let is_away = place.is_some_and(Path::exists);
            let expected = match file.state {
                FileState::Removed if session.action == "hard-link" => (true, false),
                FileState::Removed => (false, true),
                FileState::Skipped | FileState::Restored => (true, false),
                other => panic!("{what}: {other:?} of {}", file.entry.source.display()),
            };
            assert_eq!((is_there, is_away), expected, "{what}: {file:?}");
        }
    }
}

fn all_is_as_it_was(scene: &Scene, before: &scene::Tree, what: &str) {
    let listed = scene.restore(&["--list"]);
    assert!(listed.status.success(), "{what}: {}", text(&listed));
    the_journal_tells_the_truth(scene, what);
    let restored = scene.restore(&["--last"]);
    let said = text(&restored);
    assert!(
        restored.status.success() || said.contains("nothing to restore"),
        "{what}: {said}"
    );
    the_journal_tells_the_truth(scene, what);
    let after = scene.tree();
    let differ = |a: &scene::Tree, b: &scene::Tree| -> Vec<PathBuf> {
        let paths = a.keys().filter(|path| !b.contains_key(*path));
        paths.cloned().collect()
    };
    let (lost, left) = (differ(before, &after), differ(&after, before));
    assert!(
        lost.is_empty() && left.is_empty(),
        "{what}: lost {lost:?}, left over {left:?}"
    );
    assert!(after == *before, "{what}: a file is not what it was");
}

#[test]
fn a_killed_removal_or_restoration_loses_nothing() {
    let other = elsewhere();
    let scene = library_of_copies(500);
    let before = scene.tree();
    // How long a whole one takes here, so that the kills are spread over all of it.
    let mut took = Vec::new();
    for way in ways(&scene, other.path()) {
        let started = Instant::now();
        let output = removal(&scene, &way).output().unwrap();
        took.push(started.elapsed());
        assert!(output.status.success(), "{}", text(&output));
        all_is_as_it_was(&scene, &before, "not killed");
    }
    let mut kills = 0;
    for round in 0..rounds() {
        let number = round as usize % took.len();
        let way = &ways(&scene, other.path())[number];
        let what = format!("round {round}, {way:?}");
        let is_restoring = round % 3 == 2;
        if is_restoring {
            let output = removal(&scene, way).output().unwrap();
            assert!(output.status.success(), "{what}: {}", text(&output));
        }
        let command = if is_restoring {
            let mut command = scene.program();
            command.args(["restore", "--last"]);
            command
        } else {
            removal(&scene, way)
        };
        kills += u32::from(killed_after(command, took[number].mul_f64(random(round))));
        all_is_as_it_was(&scene, &before, &what);
    }
    assert!(
        kills * 2 > rounds(),
        "only {kills} of {} were killed",
        rounds()
    );
}

#[test]
fn calls_of_the_system_that_fail_lose_nothing() {
    if Command::new("strace").arg("-V").output().is_err() {
        common::skipped("strace is not installed");
        return;
    }
    let other = elsewhere();
    let scene = library_of_copies(60);
    let before = scene.tree();
    let every = rounds().max(20) / 20;
    for (call, error) in [
        ("renameat2", "EIO"),
        ("renameat2", "EACCES"),
        ("renameat2", "EXDEV"),
        ("renameat2", "EINVAL"),
        ("rename", "EIO"),
        ("fdatasync", "EIO"),
        ("fsync", "EIO"),
        ("pwrite64", "ENOSPC"),
        ("write", "ENOSPC"),
        ("unlink", "EACCES"),
        ("linkat", "EPERM"),
        ("openat", "EMFILE"),
    ] {
        for (number, way) in ways(&scene, other.path()).iter().enumerate() {
            for round in 0..every {
                let seed = round * 100 + u32::try_from(number).unwrap();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "1 to 61"
                )]
                let from = 1 + (random(seed) * 60.0) as u32;
                let what = format!("{call} {error} from {from}, {way:?}");
                let mut command = removal(&scene, way);
                let mut traced = Command::new("strace");
                traced
                    .args(["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e"])
                    .arg(format!("trace={call}"))
                    .arg("-e")
                    .arg(format!("inject={call}:error={error}:when={from}+7"))
                    .arg(command.get_program())
                    .args(command.get_args());
                for (name, value) in command.get_envs() {
                    traced.env(name, value.unwrap());
                }
                command.stdout(Stdio::null());
                // It may fail; what counts is what is left.
                traced.output().unwrap();
                all_is_as_it_was(&scene, &before, &what);
            }
        }
    }
    assert!(fs::read_dir(other.path()).is_ok());
}
