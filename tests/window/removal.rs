//! Removing what is marked: the sheet, the act on real files, the way back, the history.

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::Key;

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
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let text = format!("removal = \"folder\"\nremoval_folder = {moved:?}\n");
    fs::write(settings, text).unwrap();
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
