//! What is remembered from one window to the next.

use eframe::egui::{Key, Modifiers};
use twinlens::library::Mark;

use crate::support::{Home, Look, Window};

#[test]
fn marks_the_view_and_the_place_are_as_they_were_left() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("third.jpg");
    window.press(Key::L);
    window.press(Key::X);
    let left = (window.photos(), window.current_group(), window.marked());
    assert_eq!(left.0, ["third.jpg, keep", "third-small.jpg, keep"]);
    drop(window);
    assert_eq!(home.marks(), [("third-small.jpg".to_owned(), Mark::Keep)]);

    let mut window = home.open_again();
    window.wait_for_scan();
    window.wait_until("the review is shown", |w| w.shows("All groups"));
    assert_eq!(
        (window.photos(), window.current_group(), window.marked()),
        left
    );
    assert!(window.shows("third-small.jpg") && window.shows("Kept"));
    // Left in the library, it opens there.
    window.press_with(Modifiers::COMMAND, Key::Num1);
    drop(window);
    let mut window = home.open_again();
    window.wait_for_scan();
    assert!(window.has("Look again") && !window.shows("All groups"));
}

#[test]
fn a_mark_that_was_taken_back_is_not_remembered() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("third.jpg");
    window.press(Key::A);
    window.press(Key::U);
    drop(window);
    assert!(home.marks().is_empty());
}

#[test]
fn a_photo_that_was_changed_since_is_not_marked_by_an_old_decision() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("third.jpg");
    window.press(Key::Num2);
    assert_eq!(
        window.photos(),
        ["third.jpg, remove", "third-small.jpg, keep"]
    );
    drop(window);
    crate::common::save(
        &crate::common::picture(21, 1200, 900),
        &home.photos().join("third.jpg"),
    );
    let mut window = home.open_again();
    window.wait_for_scan();
    window.go_to_group_of("third.jpg");
    assert_eq!(
        window.photos(),
        ["third.jpg, keep", "third-small.jpg, keep"]
    );
}

#[test]
fn broken_settings_are_set_aside_and_the_window_says_so() {
    let home = Home::with_album();
    let settings = home.places().settings;
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, "threads = \"many\"\n").unwrap();
    let mut window = Window::open(home.start(&[]), &Look::default());
    window.settle();
    assert!(window.shows("The defaults are in use") && window.shows("settings.toml"));
    assert!(!settings.exists());
    let aside = settings.with_file_name("settings.toml.unreadable-1");
    assert_eq!(
        std::fs::read_to_string(aside).unwrap(),
        "threads = \"many\"\n"
    );
    window.click("Close this note");
    assert!(!window.shows("The defaults are in use"));
}

#[test]
fn a_library_of_decisions_that_cannot_be_read_is_said_and_left_alone() {
    let home = Home::with_album();
    let library = home.places().library;
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::write(&library, b"not a database, but somebody's file").unwrap();
    let mut window = home.open(&[home.photos()]);
    window.wait_until("it is said", |w| w.shows("Decisions cannot be remembered"));
    window.scan();
    assert_eq!(window.groups(), 3);
    drop(window);
    assert_eq!(
        std::fs::read(&library).unwrap(),
        b"not a database, but somebody's file"
    );
}
