//! Decisions in library.db as a scan of the command line takes account of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::{jpeg, picture, save, scan, timeless, twinlens};
use serde_json::Value;
use twinlens::library::{Ledger, LibraryFolder};
use twinlens::photo::ContentHash;

/// The default place of the library of a user whose home is `home`, on this system.
fn library_file(home: &Path) -> PathBuf {
    if cfg!(windows) {
        home.join("twinlens/library.db")
    } else {
        home.join("data/twinlens/library.db")
    }
}

fn hash_of(report: &Value, name: &str) -> ContentHash {
    let photos = report["photos"].as_array().unwrap();
    let path = |photo: &&Value| photo["path"].as_str().unwrap().ends_with(name);
    photos.iter().find(path).unwrap()["blake3"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The file names of each group, and the verdict on each.
fn groups(report: &Value) -> BTreeSet<Vec<(String, String)>> {
    let name = |id: &Value| {
        let mut photos = report["photos"].as_array().unwrap().iter();
        let photo = photos.find(|photo| photo["id"] == *id).unwrap();
        let path = Path::new(photo["path"].as_str().unwrap());
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    let groups = report["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            let shots = group["shots"].as_array().unwrap().iter();
            let members = shots.flat_map(|shot| shot["photos"].as_array().unwrap());
            let mut members: Vec<_> = members
                .map(|member| {
                    let verdict = member["verdict"].as_str().unwrap().to_owned();
                    (name(&member["id"]), verdict)
                })
                .collect();
            members.sort();
            members
        })
        .collect()
}

fn group(members: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(name, verdict): &(&str, &str)| (name.to_owned(), verdict.to_owned());
    members.iter().map(owned).collect()
}

/// A photo in three qualities.
fn three_copies(folder: &Path) {
    let original = picture(31, 800, 600);
    save(&original, &folder.join("fine.png"));
    for (name, quality) in [("good.jpg", 92), ("poor.jpg", 50)] {
        fs::write(folder.join(name), jpeg(&original, quality)).unwrap();
    }
}

#[test]
fn photos_that_were_declared_to_be_no_duplicates_are_apart_in_every_later_scan() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three_copies(folder.path());
    let library = library_file(home.path());
    let before = scan(home.path(), folder.path(), &[]);
    assert!(!library.exists(), "a scan decides nothing");
    let all = group(&[
        ("fine.png", "keep"),
        ("good.jpg", "remove"),
        ("poor.jpg", "remove"),
    ]);
    assert_eq!(groups(&before), BTreeSet::from([all.clone()]));

    let pair = (hash_of(&before, "fine.png"), hash_of(&before, "poor.jpg"));
    let mut ledger = Ledger::open(&library).unwrap();
    ledger.declare_not_duplicates(&[pair]).unwrap();
    drop(ledger);
    let apart = group(&[("fine.png", "keep"), ("good.jpg", "remove")]);
    let declared = scan(home.path(), folder.path(), &[]);
    assert_eq!(groups(&declared), BTreeSet::from([apart.clone()]));
    // From nothing and from the cache it is the same.
    let anew = scan(home.path(), folder.path(), &["--no-cache"]);
    assert_eq!(groups(&anew), groups(&declared));

    // By content: moved and renamed.
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    let moved = folder.path().join("elsewhere/other.jpg");
    fs::rename(folder.path().join("poor.jpg"), &moved).unwrap();
    let after = scan(home.path(), folder.path(), &[]);
    assert_eq!(groups(&after), BTreeSet::from([apart]));
    fs::rename(&moved, folder.path().join("poor.jpg")).unwrap();

    // Another library and none know nothing of it.
    let ignored = scan(home.path(), folder.path(), &["--no-library"]);
    assert_eq!(groups(&ignored), BTreeSet::from([all.clone()]));
    let missing = home.path().join("missing.db");
    let elsewhere = ["--library", missing.to_str().unwrap()];
    let ignored = scan(home.path(), folder.path(), &elsewhere);
    assert_eq!(groups(&ignored), BTreeSet::from([all]));
    assert!(!missing.exists());

    // Taken back, all is as before.
    let mut ledger = Ledger::open(&library).unwrap();
    ledger.withdraw_not_duplicates(&[pair]).unwrap();
    drop(ledger);
    let restored = scan(home.path(), folder.path(), &[]);
    assert_eq!(timeless(restored)["groups"], timeless(before)["groups"]);
}

#[test]
fn nothing_in_a_protected_folder_of_the_library_is_proposed_for_removal() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path().canonicalize().unwrap();
    three_copies(&root.join("safe"));
    fs::copy(root.join("safe/poor.jpg"), root.join("loose.jpg")).unwrap();
    let mut ledger = Ledger::open(&library_file(home.path())).unwrap();
    ledger
        .put_folder(&LibraryFolder {
            path: root.join("safe"),
            is_included: true,
            is_protected: true,
            is_preferred: true,
            last_scan: None,
        })
        .unwrap();
    drop(ledger);
    let expected = group(&[
        ("fine.png", "keep"),
        ("good.jpg", "keep"),
        ("loose.jpg", "remove"),
        ("poor.jpg", "keep"),
    ]);
    let report = scan(home.path(), &root, &[]);
    assert_eq!(groups(&report), BTreeSet::from([expected]));
}

#[test]
fn a_scan_stops_at_a_damaged_library_says_what_to_do_and_leaves_it() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(&picture(31, 80, 60), &folder.path().join("a.png"));
    let library = library_file(home.path());
    fs::create_dir_all(library.parent().unwrap()).unwrap();
    let damaged = b"not a database at all".repeat(300);
    fs::write(&library, &damaged).unwrap();
    let output = twinlens(home.path())
        .args(["scan", "--engine", "embedded"])
        .arg(folder.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("damaged"), "{message}");
    assert!(message.contains("left as it is"), "{message}");
    assert_eq!(fs::read(&library).unwrap(), damaged);
    scan(home.path(), folder.path(), &["--no-library"]);
}
