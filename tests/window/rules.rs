//! Marking many photos by a rule.

use eframe::egui::{self, Key};
use egui_kittest::kittest::{Queryable as _, by};

use crate::support::Home;

#[test]
fn a_rule_says_what_it_would_mark_and_only_then_does() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    // Unmark everything first, by keeping what is proposed.
    for file in ["second.png", "third.jpg", "first.jpg"] {
        window.go_to_group_of(file);
        for _ in 0..2 {
            window.press(Key::L);
            if window.shows("Marked for removal") {
                window.press(Key::X);
            }
        }
        window.press(Key::H);
        if window.shows("Marked for removal") {
            window.press(Key::X);
        }
    }
    assert_eq!(window.marked(), 0);

    window.press(Key::R);
    assert!(window.shows("Marks 1 photo, ") && window.shows("in 1 group of those shown"));
    window.click_rule("Mark all copies of a shot");
    assert!(window.shows("Marks 4 photos, ") && window.shows("in 3 groups of those shown"));
    assert_eq!(window.marked(), 0, "nothing is done yet");
    window.press(Key::Escape);
    assert!(!window.has("Mark by a rule"));
    assert_eq!(window.marked(), 0);

    window.click("Mark by a rule (R)");
    window.click_rule("Mark all copies of a shot");
    window.click("Mark 4 photos");
    assert_eq!(window.marked(), 4);
    window.press(Key::U);
    assert_eq!(window.marked(), 0, "one step");
}

#[test]
fn no_rule_marks_a_whole_group() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    let mut carried_out = 0;
    for (rule, letters) in [
        ("Mark by name", "second"),
        ("Mark by name", "."),
        ("Keep the smallest file", ""),
        ("Keep the oldest", ""),
        ("Keep the newest", ""),
        ("Keep the largest file", ""),
        ("Keep the most pixels", ""),
        ("Keep by the order of folders", ""),
        ("Keep one format", ""),
    ] {
        window.press(Key::R);
        window.click_rule(rule);
        window.click("Among all photos of a group");
        if !letters.is_empty() {
            let field = by()
                .role(egui::accesskit::Role::TextInput)
                .label("Letters of the name");
            window.harness.get(field).focus();
            window.settle();
            window.type_text(letters);
        }
        window.click_mark();
        if window.shows("Among all photos of a group") {
            // Nothing to mark: the button is off.
            window.click("Cancel");
        } else {
            carried_out += 1;
        }
        for file in ["first.jpg", "second.png", "third.jpg"] {
            window.go_to_group_of(file);
            let photos = window.photos();
            assert!(
                photos.iter().any(|photo| photo.ends_with(", keep")),
                "{rule} {letters:?}: {photos:?}"
            );
        }
    }
    assert!(
        carried_out >= 4,
        "only {carried_out} rules had something to mark"
    );
}

#[test]
fn a_rule_acts_on_the_groups_that_are_shown_alone() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.click_nth("Identical file", 0);
    window.press(Key::R);
    window.click_rule("Keep the smallest file");
    assert!(window.shows("Nothing would change in the groups that are shown"));
    window.click("Cancel");
    window.click("All groups");
    window.press(Key::R);
    window.click_rule("Keep the smallest file");
    assert!(
        window.shows("Marks 2 photos, ") && window.shows("2 unmarked"),
        "{:#?}",
        window.all_text()
    );
    window.click_mark();
    window.go_to_group_of("second.png");
    assert_eq!(
        window.photos(),
        [
            "second.png, remove",
            "second-medium.jpg, remove",
            "second-small.jpg, keep"
        ]
    );
}
