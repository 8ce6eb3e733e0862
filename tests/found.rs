//! What is shown while an analysis runs is certain, and changes nothing of the report.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use common::{picture, request, save, timeless_report};
use twinlens::matching::{Evidence, Group};
use twinlens::photo::Photo;
use twinlens::pipeline::{self, Found, Stage};

/// The photos of each shot with copies.
fn shots(photos: &[Photo], groups: &[Group]) -> BTreeSet<BTreeSet<PathBuf>> {
    let path = |index: usize| photos[index].path.clone();
    let all = groups.iter().flat_map(|group| &group.shots);
    let with_copies = all.filter(|shot| shot.members.len() > 1);
    with_copies
        .map(|shot| shot.members.iter().map(|m| path(m.photo.index())).collect())
        .collect()
}

fn library(folder: &Path) {
    for number in 0..24 {
        let original = picture(number, 400, 300);
        save(&original, &folder.join(format!("{number:02}.jpg")));
        // A copy, byte by byte, and one that only the pixels tell.
        let copy = folder.join(format!("{number:02} copy.jpg"));
        std::fs::copy(folder.join(format!("{number:02}.jpg")), copy).unwrap();
        if number % 3 == 0 {
            save(&original, &folder.join(format!("{number:02}.png")));
        }
    }
}

#[test]
fn identical_files_are_shown_early_and_looking_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    library(folder.path());
    let unseen = pipeline::start(request(folder.path(), None)).unwrap();
    let unseen = unseen.join().unwrap();

    let running = pipeline::start(request(folder.path(), None)).unwrap();
    assert!(running.found().photos.is_empty());
    let mut states: Vec<Arc<Found>> = Vec::new();
    // In the middle there is time to look: what was found before a pause is shown in it.
    while running.progress().stage(Stage::Embed).items < 12 {
        assert!(!running.is_finished());
        sleep(Duration::from_millis(2));
    }
    running.pause();
    while running.found().groups.is_empty() {
        assert!(!running.is_finished());
        sleep(Duration::from_millis(20));
    }
    let embedding = running.progress().stage(Stage::Embed);
    assert!(embedding.items < embedding.expected, "it is not the end");
    states.push(running.found());
    running.resume();
    while !running.is_finished() {
        let found = running.found();
        if states.last().is_none_or(|last| !Arc::ptr_eq(last, &found)) {
            states.push(found);
        }
        sleep(Duration::from_millis(5));
    }
    states.push(running.found());
    let analysis = running.join().unwrap();
    assert_eq!(timeless_report(&analysis), timeless_report(&unseen));
    let expected = shots(&analysis.photos, &analysis.groups);
    assert_eq!(expected.len(), 24);
    for found in &states {
        assert!(found.photos.is_sorted_by(|a, b| a.path < b.path));
        for shot in shots(&found.photos, &found.groups) {
            let is_true = expected.iter().any(|whole| shot.is_subset(whole));
            assert!(is_true, "{shot:?} is no shot in the end");
        }
        for member in found.groups.iter().flat_map(Group::members) {
            let is_certain = member.evidence.is_none_or(|e| e <= Evidence::SameShot);
            assert!(is_certain, "{member:?}");
        }
    }
}
