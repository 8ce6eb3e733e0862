//! Removing what is marked: the sheet, the act on real files, the way back, the history.

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::{Key, Modifiers};
use twinlens::library::{JournalEntry, Ledger};
use twinlens::scan::xmp::{self, Facts};
use twinlens::settings::{RemovalChoice, Settings};

use crate::support::{Home, Window};

/// The names of the photos below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap();
                found.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Opens the sheet by its key and waits for the plan.
fn open_sheet(window: &mut Window) {
    window.press(Key::Delete);
    window.wait_until("the plan is there", |w| w.shows("By folder"));
}

/// Chooses the folder to move to in the settings, as there is no dialog without a screen.
fn moving_to(home: &Home) -> PathBuf {
    let moved = home.photos().with_file_name("moved");
    let settings = home.places().settings;
    let chosen = Settings {
        removal: RemovalChoice::Folder,
        removal_folder: Some(moved.clone()),
        ..Settings::default()
    };
    chosen.save(&settings).unwrap();
    moved
}

#[test]
fn what_is_marked_moves_away_and_comes_back_by_undo() {
    let home = Home::with_album();
    let moved = moving_to(&home);
    let mut window = home.open_scanned();
    let before = names(&home.photos());
    let marked = window.marked();
    assert_eq!((marked, window.groups()), (4, 3));

    open_sheet(&mut window);
    assert!(window.shows("Move 4 photos ("), "{:#?}", window.all_text());
    assert!(window.shows("Identical file"));
    window.click("Move to the folder");
    window.wait_until("it is done", |w| w.shows("Done. 4 photos moved"));
    assert_eq!(names(&moved).len(), 4);
    assert_eq!(names(&home.photos()).len(), before.len() - 4);
    assert_eq!(window.groups(), 0, "{:#?}", window.all_text());

    window.click("Undo");
    window.wait_until("it is undone", |w| w.shows("4 files brought back"));
    window.press(Key::Escape);
    assert_eq!(names(&home.photos()), before);
    assert!(names(&moved).is_empty());
    assert_eq!((window.marked(), window.groups()), (marked, 3));
}

/// Opens the window on the album, moves everything that is marked, and closes the sheet.
fn removed(home: &Home) -> Window {
    moving_to(home);
    let mut window = home.open_scanned();
    open_sheet(&mut window);
    window.press_with(Modifiers::COMMAND, Key::Enter);
    window.wait_until("it is done", |w| w.shows("Done. 4 photos moved"));
    window
}

#[test]
fn deletion_for_good_needs_words_and_is_never_the_button_that_stands_out() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    let before = names(&home.photos());
    open_sheet(&mut window);
    window.click("Delete for good");
    window.wait_until("the plan is there", |w| w.shows("Delete 4 photos ("));
    // The keys of the way on do nothing before the words are typed.
    window.press_with(Modifiers::COMMAND, Key::Enter);
    window.click("Go on to delete…");
    assert!(window.shows("Type “delete 4 photos” to go on."));
    window.type_text("delete 3 photos");
    window.press_with(Modifiers::COMMAND, Key::Enter);
    window.click("Delete for good");
    assert_eq!(names(&home.photos()), before);
    window.click("Back");
    window.click("Go on to delete…");
    window.type_text("delete 4 photos");
    window.click("Delete for good");
    window.wait_until("it is done", |w| w.shows("4 photos deleted for good"));
    assert!(!window.has("Undo"));
    assert_eq!(names(&home.photos()).len(), before.len() - 4);
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::Num4);
    window.wait_until("it is in the history", |w| w.shows("4 removed"));
    assert!(window.shows("deleted for good") && !window.has("Bring all back"));
}

#[test]
fn escape_leaves_everything_and_nothing_marked_is_said() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    let before = names(&home.photos());
    open_sheet(&mut window);
    window.press(Key::Escape);
    assert!(!window.shows("By folder"));
    assert_eq!(names(&home.photos()), before);
    assert_eq!(window.marked(), 4);
    for _ in 0..3 {
        for photo in window.photos() {
            if let Some(name) = photo.strip_suffix(", remove") {
                let label = format!("{name}, remove");
                window.click(&label);
                window.press(Key::X);
            }
        }
        window.press(Key::J);
    }
    assert_eq!(window.marked(), 0, "{:#?}", window.all_text());
    window.press(Key::Delete);
    assert!(!window.shows("By folder"));
}

#[test]
fn a_photo_that_has_changed_stays_and_the_result_says_why() {
    let home = Home::with_album();
    let moved = moving_to(&home);
    let mut window = home.open_scanned();
    fs::write(home.photos().join("second-small.jpg"), b"edited").unwrap();
    open_sheet(&mut window);
    assert!(
        window.shows("1 marked photo is left"),
        "{:#?}",
        window.all_text()
    );
    fs::write(home.photos().join("second-medium.jpg"), b"edited too").unwrap();
    window.click("Move to the folder");
    window.wait_until("it is done", |w| w.shows("Done. 2 photos moved"));
    assert!(window.shows("1 photo left where they were"));
    assert!(window.shows("It has changed since it was scanned"));
    assert_eq!(names(&moved).len(), 2);
    window.click("Go on reviewing");
    // What stayed is still there to be decided.
    assert_eq!(window.groups(), 1);
}

#[test]
fn a_name_that_is_taken_by_now_is_asked_about_and_never_overwritten() {
    let home = Home::with_album();
    let mut window = removed(&home);
    let place = home.photos().join("first (copy).jpg");
    let is_taken = if place.exists() {
        home.photos().join("first.jpg")
    } else {
        place
    };
    fs::write(&is_taken, b"another photo").unwrap();
    window.press_with(Modifiers::COMMAND, Key::Z);
    window.wait_until("three are back", |w| w.shows("3 files brought back"));
    assert!(window.shows("There is another file of its name"));
    window.click("Bring back under new names");
    window.wait_until("it is back", |w| w.shows("1 file brought back"));
    assert_eq!(fs::read(&is_taken).unwrap(), b"another photo");
    let stem = is_taken.file_stem().unwrap().to_str().unwrap();
    let beside = is_taken.with_file_name(format!("{stem} (restored).jpg"));
    assert!(beside.exists(), "{:?}", names(&home.photos()));
}

#[test]
fn the_history_brings_back_single_files_also_on_another_day() {
    let home = Home::with_album();
    let before = names(&home.photos());
    drop(removed(&home));
    let mut window = home.open_again();
    window.wait_for_scan();
    window.press_with(Modifiers::COMMAND, Key::Num4);
    window.wait_until("the removal is there", |w| {
        w.shows("4 files can be brought back")
    });
    let show = window.names("Show the files of").first().unwrap().clone();
    window.click(&show);
    window.wait_until("its files are there", |w| {
        !w.names("Bring back ").is_empty()
    });
    assert_eq!(window.names("Bring back ").len(), 4);
    window.click("Bring back third-small.jpg");
    window.wait_until("it is back", |w| w.shows("3 files can be brought back"));
    assert!(home.photos().join("phone/third-small.jpg").exists());
    window.click("Close this result");
    window.click("Bring all back");
    window.wait_until("all are back", |w| w.shows("0 files can be brought back"));
    assert_eq!(names(&home.photos()), before);
    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.wait_until("it can be looked again", |w| w.has("Look again"));
    window.click("Look again");
    window.wait_for_scan();
    window.press_with(Modifiers::COMMAND, Key::Num2);
    window.wait_until("the groups are there", |w| {
        w.shows("3 groups decided") || w.shows("0 of 3") || w.groups() == 3
    });
}

#[test]
fn the_history_before_any_removal_says_what_it_is_for() {
    let home = Home::new();
    let mut window = home.open(&[]);
    window.press_with(Modifiers::COMMAND, Key::Num4);
    window.wait_until("it is said", |w| w.shows("Nothing was removed yet"));
    window.click("Go to the review");
    assert!(window.shows("Nothing to review yet"));
}

#[test]
fn what_only_a_copy_knows_is_offered_and_written_beside_its_keeper() {
    let home = Home::with_album();
    moving_to(&home);
    let known = Facts {
        rating: Some(5),
        keywords: ["sea".to_owned()].into(),
        ..Facts::default()
    };
    let text = xmp::with(None, &known).unwrap();
    fs::write(home.photos().join("second-small.jpg.xmp"), text).unwrap();
    let before = names(&home.photos());
    let mut window = home.open_scanned();
    open_sheet(&mut window);
    assert!(
        window.shows("1 of these has better metadata than its keeper"),
        "{:#?}",
        window.all_text()
    );
    assert!(window.shows("1 file goes along"));
    window.click("Move to the folder");
    window.wait_until("it is done", |w| w.shows("Done. 4 photos moved"));
    let sidecar = home.photos().join("second.png.xmp");
    let written = fs::read_to_string(&sidecar).unwrap();
    assert_eq!(xmp::read(&written).unwrap(), known);
    window.click("Undo");
    window.wait_until("it is undone", |w| w.shows("5 files brought back"));
    assert_eq!(names(&home.photos()), before);

    // Without the tick nothing is written.
    window.press(Key::Escape);
    open_sheet(&mut window);
    window.click("Write it beside the keepers, into XMP sidecars");
    window.click("Move to the folder");
    window.wait_until("it is done", |w| w.shows("Done. 4 photos moved"));
    assert!(!sidecar.exists());
}

#[test]
fn what_an_interrupted_removal_left_is_put_in_order_at_the_start_and_said() {
    let home = Home::with_album();
    let photo = home
        .photos()
        .join("first (copy).jpg")
        .canonicalize()
        .unwrap();
    let place = home.photos().with_file_name("away.jpg");
    let mut ledger = Ledger::open(&home.places().library).unwrap();
    let session = ledger.begin_removal("move", 0).unwrap();
    let metadata = fs::metadata(&photo).unwrap();
    // Of two files that go together one has moved when the power goes.
    let entry = |source: &Path, to: &Path| JournalEntry {
        step: 0,
        kind: "photo".to_owned(),
        source: source.to_owned(),
        destination: Some(to.to_owned()),
        info: None,
        keeper: home.photos().join("first.jpg"),
        content: None,
        bytes: metadata.len(),
        modified_ns: 0,
        mode: 0,
        evidence: "identical-file".to_owned(),
    };
    let other = home.photos().join("third.jpg").canonicalize().unwrap();
    let rows = [
        entry(&photo, &place),
        entry(&other, &place.with_extension("b")),
    ];
    ledger.journal(session, &[], &rows).unwrap();
    drop(ledger);
    fs::rename(&photo, &place).unwrap();
    let mut window = home.open(&[]);
    window.wait_until("it is said", |w| w.shows("A removal was interrupted"));
    assert!(window.shows("2 files put back"), "{:#?}", window.all_text());
    assert!(photo.exists() && !place.exists());
}
