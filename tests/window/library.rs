//! The library: folders and scans.

use std::path::Path;

use eframe::egui::{Key, Modifiers};
use twinlens::library::Ledger;

use crate::common;
use crate::support::{Home, Window, real_photos};

fn folders(home: &Home) -> Vec<twinlens::library::LibraryFolder> {
    let ledger = Ledger::open(&home.places().library).unwrap();
    ledger.folders().unwrap()
}

#[test]
fn an_empty_library_says_what_to_do_and_promises_what_it_does_not() {
    let home = Home::new();
    let mut window = home.open(&[]);
    window.settle();
    assert!(window.shows("Drop a folder of photos, or choose one"));
    assert!(window.shows("nothing is removed without your word"));
    assert!(window.has("Choose a folder"));
    window.click("Review");
    assert!(window.shows("Nothing to review yet"));
    window.click("Go to the library");
    assert!(window.has("Choose a folder"));
}

#[test]
fn a_folder_that_is_dropped_is_counted_and_one_inside_of_it_is_not_added_twice() {
    let home = Home::with_album();
    let mut window = home.open(&[]);
    window.drop_folder(&home.photos());
    window.wait_until("the files are counted", |w| w.shows("10 files"));
    assert!(window.shows("A scan takes about"));
    assert!(window.shows("nothing was measured on this computer yet"));
    assert!(window.shows("not scanned yet"));
    window.drop_folder(&home.photos().join("phone"));
    assert!(window.shows("is already part of the library"));
    assert_eq!(window.names("Take out of the library").len(), 1);
}

#[test]
fn how_a_folder_is_treated_is_switched_and_remembered_and_it_can_be_forgotten() {
    let home = Home::with_album();
    let other = home.photos().join("phone");
    let mut window = home.open(std::slice::from_ref(&other));
    window.wait_until("the files are counted", |w| w.shows("2 files"));
    assert!(window.is_on("Include") && !window.is_on("Protect") && !window.is_on("Prefer"));
    for switch in ["Include", "Protect", "Prefer"] {
        window.click(switch);
    }
    assert!(!window.is_on("Include") && window.is_on("Protect") && window.is_on("Prefer"));
    // Nothing is left to look into.
    window.click("Find duplicates");
    assert!(window.shows("There is no folder to look into"));
    window.click("Close this note");
    assert!(!window.shows("There is no folder to look into"));
    drop(window);
    let remembered = folders(&home);
    assert_eq!(remembered.len(), 1);
    assert!(!remembered[0].is_included);
    assert!(remembered[0].is_protected && remembered[0].is_preferred);

    let mut window = home.open_again();
    window.wait_until("the folder is remembered", |w| w.has("Protect"));
    assert!(!window.is_on("Include") && window.is_on("Protect") && window.is_on("Prefer"));
    window.click("Take out of the library");
    assert!(window.has("Choose a folder"));
    drop(window);
    assert!(folders(&home).is_empty());
    assert!(
        other.join("third-small.jpg").exists(),
        "nothing on the disk changes"
    );
}

#[test]
fn a_scan_is_paused_resumed_stopped_and_started_again() {
    let home = Home::with_album();
    let mut window = home.open(&[home.photos()]);
    window.wait_until("the files are counted", |w| w.shows("10 files"));
    window.click("Find duplicates");
    window.wait_until("the scan runs", |w| w.has("Pause the scan"));
    window.click("Pause the scan");
    window.wait_until("it rests", |w| w.has("Resume the scan"));
    assert!(window.shows("Paused") && window.shows("paused"));
    assert!(window.has("Stop") && window.has("Resume"));
    // What the last photo in work needed is done; from then on nothing moves.
    window.click("Resume");
    window.wait_until("it goes on", |w| !w.has("Resume"));
    if window.has("Stop the scan") {
        window.click("Stop the scan");
    }
    window.wait_until("it has ended", |w| !w.has("Stop the scan"));
    window.click("Library");
    if window.has("Find duplicates") {
        assert!(window.shows("Stopped. What was finished is kept"));
        window.scan();
    }
    assert_eq!(window.groups(), 3);
}

#[test]
fn the_end_of_a_scan_tells_what_was_found_and_which_files_could_not_be_used() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.press_with(Modifiers::COMMAND, Key::Num1);
    assert!(window.shows("surplus copies"), "{:#?}", window.all_text());
    assert!(window.shows("9 photos") && window.shows("3 groups"));
    window.click("1 file could not be used");
    window.wait_until("the list is open", |w| w.shows("broken.jpg"));
    assert!(window.has("Show in folder") && window.has("Try again"));
    // What really ran.
    assert!(window.shows("on CPU"), "{:#?}", window.all_text());
}

#[test]
fn looking_again_tells_what_is_new_changed_moved_and_gone() {
    let home = Home::with_album();
    let photos = home.photos();
    let mut window = home.open_scanned();
    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.wait_until("the folder is counted anew", |w| w.shows("nothing new"));
    window.click("Look again");
    window.wait_for_scan();
    window.wait_until("it has ended", |w| {
        w.shows("Nothing has changed since the last scan")
    });

    common::save(&common::picture(77, 640, 480), &photos.join("new.jpg"));
    std::fs::rename(photos.join("alone.jpg"), photos.join("phone/moved.jpg")).unwrap();
    let away = tempfile::tempdir().unwrap();
    std::fs::rename(photos.join("second-small.jpg"), away.path().join("x.jpg")).unwrap();
    window.click("Look again");
    window.wait_until("it has ended", |w| {
        w.shows("Since the last scan: 1 new, 1 moved, 1 gone")
    });
    assert_eq!(window.marked(), 3);
}

#[test]
fn a_folder_that_is_not_there_says_so_and_nothing_is_scanned() {
    let home = Home::new();
    let mut window = home.open(&[home.photos().join("gone")]);
    window.wait_until("it is looked for", |w| !w.shows("Counting"));
    window.click("Find duplicates");
    window.wait_until("it is said", |w| w.shows("there is no such folder or file"));
    window.wait_until("one can try again", |w| w.has("Find duplicates"));
}

#[test]
fn a_folder_that_vanishes_in_the_middle_of_a_scan_ends_it_with_words() {
    let home = Home::with_album();
    let photos = home.photos();
    let mut window = home.open(std::slice::from_ref(&photos));
    window.wait_until("the files are counted", |w| w.shows("10 files"));
    window.click("Find duplicates");
    window.wait_until("the scan runs", |w| w.has("Pause the scan"));
    window.click("Pause the scan");
    let away = tempfile::tempdir().unwrap();
    std::fs::rename(&photos, away.path().join("photos")).unwrap();
    window.click("Resume the scan");
    window.wait_until("it has ended", |w| !w.has("Stop the scan"));
    window.click("Library");
    let said = |w: &Window| w.all_text().iter().any(|text| is_about(text, &photos));
    assert!(said(&window), "{:#?}", window.all_text());
}

/// Whether a sentence is about a folder: more than its name.
fn is_about(text: &str, folder: &Path) -> bool {
    let folder = folder.display().to_string();
    text.contains(&folder) && text.len() > folder.len() + 10 || text.contains("could not be used")
}

#[test]
fn the_first_groups_can_be_reviewed_while_the_scan_of_real_photos_runs() {
    let Some(photos) = real_photos(240) else {
        return;
    };
    let home = Home::new();
    let mut start = home.start(&[photos.path().to_owned()]);
    start.settings.threads = 1;
    let mut window = Window::open(start, &crate::support::Look::default());
    window.wait_until("the files are counted", |w| !w.shows("Counting the photos"));
    window.click("Find duplicates");
    window.wait_until("the first groups are certain", |w| {
        assert!(
            w.has("Stop the scan"),
            "the scan ended before it was looked at"
        );
        w.shows(" so far")
    });
    window.click("Pause the scan");
    window.press_with(Modifiers::COMMAND, Key::Num2);
    assert!(window.shows("All groups") && !window.photos().is_empty());
    // What is decided now holds when the scan has ended: a copy is kept as well.
    let before = window.photos();
    let file = before[1].split(", ").next().unwrap().to_owned();
    window.press(Key::L);
    window.press(Key::X);
    let decided = window.photos()[1].clone();
    assert_ne!(decided, before[1]);
    window.click("Resume the scan");
    window.wait_for_scan();
    window.go_to_group_of(&file);
    assert!(
        window.photos().contains(&decided),
        "{decided:?} in {:?}",
        window.photos()
    );
    assert!(window.groups() > 3);
}
