//! What a person is told before a scan and of what has changed since the last one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "the files that are removed are the test's own"
)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use common::{jpeg, picture, request, save, twinlens};
use twinlens::pipeline::{self, Analysis, Basis, Changes, Estimate, PipelineError, estimate};

fn analyse(folder: &Path, cache: &Path) -> Analysis {
    let running = pipeline::start(request(folder, Some(cache))).unwrap();
    running.join().unwrap()
}

fn foretell(folder: &Path, cache: &Path) -> Estimate {
    let request = request(folder, Some(cache));
    estimate(&request, &AtomicBool::new(false), &mut |_, _| ()).unwrap()
}

/// New, changed, moved, gone, unchanged.
fn counts(changes: &Changes) -> [u64; 5] {
    [
        changes.new,
        changes.changed,
        changes.moved,
        changes.gone,
        changes.unchanged,
    ]
}

#[test]
fn a_rescan_says_what_is_new_changed_moved_and_gone_and_says_it_once() {
    let home = tempfile::tempdir().unwrap();
    let (folder, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    let file = |name: &str| folder.join(name);
    for number in 0..6 {
        save(&picture(number, 90, 60), &file(&format!("{number}.jpg")));
    }
    fs::write(file("notes"), "no picture, and no name of one").unwrap();
    fs::write(file("torn.jpg"), &jpeg(&picture(9, 90, 60), 80)[..300]).unwrap();

    let first = analyse(&folder, &cache);
    assert_eq!(counts(&first.changes), [7, 0, 0, 0, 0]);
    assert_eq!(first.changes.last_scan, None);
    let again = analyse(&folder, &cache);
    assert_eq!(counts(&again.changes), [0, 0, 0, 0, 7]);
    assert!(again.changes.last_scan.is_some());

    save(&picture(20, 90, 60), &file("a/new.jpg"));
    save(&picture(21, 90, 60), &file("1.jpg"));
    fs::rename(file("2.jpg"), file("a/renamed.jpg")).unwrap();
    fs::remove_file(file("3.jpg")).unwrap();
    let foretold = foretell(&folder, &cache);
    assert_eq!(counts(&foretold.changes), [1, 1, 1, 1, 4]);
    let third = analyse(&folder, &cache);
    assert_eq!(counts(&third.changes), [1, 1, 1, 1, 4]);
    assert_eq!(third.changes.new_paths, [file("a/new.jpg")]);
    assert_eq!(third.changes.gone_paths, [file("3.jpg")]);
    let moved = [(file("2.jpg"), file("a/renamed.jpg"))];
    assert_eq!(third.changes.moved_paths, moved);
    let fourth = analyse(&folder, &cache);
    assert_eq!(counts(&fourth.changes), [0, 0, 0, 0, 7]);

    save(&picture(3, 90, 60), &file("3.jpg"));
    assert_eq!(counts(&analyse(&folder, &cache).changes), [1, 0, 0, 0, 7]);
    assert_eq!(counts(&analyse(&folder, &cache).changes), [0, 0, 0, 0, 8]);
}

#[test]
fn a_part_of_the_folders_is_compared_with_that_part_only() {
    let home = tempfile::tempdir().unwrap();
    let (folder, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    for name in ["a/1.jpg", "a-b/2.jpg", "a/b/3.jpg", "c/4.jpg"] {
        let seed = u32::try_from(name.len()).unwrap() + u32::from(name.as_bytes()[0]);
        save(&picture(seed, 90, 60), &folder.join(name));
    }
    analyse(&folder, &cache);
    let part = analyse(&folder.join("a"), &cache);
    assert_eq!(counts(&part.changes), [0, 0, 0, 0, 2]);
    assert!(
        part.changes.last_scan.is_some(),
        "it lay in what was scanned"
    );

    // A scan that looks at some files only says nothing of the others.
    save(&picture(77, 90, 60), &folder.join("z.jpg"));
    fs::remove_file(folder.join("c/4.jpg")).unwrap();
    let mut some = request(&folder, Some(&cache));
    some.limit = Some(2);
    let some = pipeline::start(some).unwrap().join().unwrap();
    assert_eq!(counts(&some.changes), [0, 0, 0, 1, 2]);
    assert_eq!(counts(&analyse(&folder, &cache).changes), [1, 0, 0, 0, 3]);
}

#[test]
fn an_estimate_reads_nothing_and_learns_from_scans() {
    let home = tempfile::tempdir().unwrap();
    let (folder, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    for number in 0..20 {
        save(
            &picture(number, 200, 150),
            &folder.join(format!("{number}.jpg")),
        );
    }
    let before = foretell(&folder, &cache);
    assert!(!cache.exists(), "to look makes no cache");
    assert_eq!((before.files, before.to_read), (20, 20));
    assert_eq!(before.bytes, before.bytes_to_read);
    assert_eq!(before.basis, Basis::Typical);
    assert!(before.duration > Duration::ZERO);

    analyse(&folder, &cache);
    let after = foretell(&folder, &cache);
    assert_eq!(
        (after.files, after.to_read, after.bytes_to_read),
        (20, 0, 0)
    );
    assert_eq!(counts(&after.changes), [0, 0, 0, 0, 20]);
    assert_eq!(after.basis, Basis::Measured);

    let mut other_model = request(&folder, Some(&cache));
    other_model.model.preprocessing.size -= 1;
    let other = estimate(&other_model, &AtomicBool::new(false), &mut |_, _| ()).unwrap();
    assert_eq!(
        (other.to_read, other.basis),
        (20, Basis::Typical),
        "its vectors are not known"
    );

    let cancelled = estimate(&other_model, &AtomicBool::new(true), &mut |_, _| ());
    assert!(matches!(cancelled, Err(PipelineError::Cancelled)));
}

#[test]
fn the_command_line_tells_the_changes_in_a_line_from_the_second_scan_on() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("photos");
    save(&picture(1, 90, 60), &folder.join("1.jpg"));
    let scan = || {
        let mut command = twinlens(home.path());
        command.args(["scan", "--engine", "embedded"]).arg(&folder);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(!scan().contains("since the last scan"));
    assert!(scan().contains("): nothing new, 1 unchanged\n"));
    save(&picture(2, 90, 60), &folder.join("2.jpg"));
    assert!(scan().contains("): 1 new, 1 unchanged\n"));
}
