//! The review: walked through, decided, narrowed and cut anew.

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::NodeT as _;

use crate::common;
use crate::support::{Home, Window, real_photos};

const SHIFT_COMMAND: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

fn marked_files(window: &Window) -> Vec<String> {
    let photos = window.photos();
    let marked = photos
        .iter()
        .filter_map(|photo| photo.strip_suffix(", remove"));
    marked.map(str::to_owned).collect()
}

#[test]
fn the_list_has_every_group_with_its_tier_and_the_bar_says_what_is_marked() {
    let home = Home::with_album();
    let window = home.open_scanned();
    assert_eq!(window.groups(), 3);
    let mut rows = window.names("Group ");
    rows.sort();
    assert_eq!(
        rows,
        [
            "Group 1: Same shot, 3 photos",
            "Group 2: Identical file, 2 photos",
            "Group 3: Same shot, 2 photos"
        ]
    );
    // Copies of one shot that are no better than their keeper are proposed.
    assert_eq!(window.marked(), 4);
    assert!(window.has("Same shot") && window.has("Identical file"));
    assert!(window.shows("second.png") && window.shows("The keeper"));
    assert!(window.shows("960 × 720") && window.shows("PNG"));
}

#[test]
fn keys_step_through_groups_and_photos_and_stop_at_the_ends() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    let is_at = |window: &Window, group: &str| window.current_group().starts_with(group);
    assert!(is_at(&window, "Group 1"));
    window.press(Key::K);
    assert!(is_at(&window, "Group 1"));
    for (key, group) in [
        (Key::J, "Group 2"),
        (Key::ArrowDown, "Group 3"),
        (Key::ArrowDown, "Group 3"),
        (Key::ArrowUp, "Group 2"),
        (Key::K, "Group 1"),
        (Key::End, "Group 3"),
        (Key::PageUp, "Group 1"),
        (Key::PageDown, "Group 3"),
        (Key::Home, "Group 1"),
    ] {
        window.press(key);
        assert!(is_at(&window, group), "{key:?}: {}", window.current_group());
    }
    // The column on the right is about the current photo.
    assert!(window.shows("The keeper"));
    for key in [Key::ArrowRight, Key::L, Key::L] {
        window.press(key);
        assert!(window.shows("Marked for removal"), "{key:?}");
    }
    for key in [Key::H, Key::ArrowLeft, Key::ArrowLeft] {
        window.press(key);
    }
    assert!(window.shows("The keeper"));
    window.click("Group 2: Identical file, 2 photos");
    assert!(is_at(&window, "Group 2"));
}

#[test]
fn marks_are_made_by_space_x_digits_and_clicks_and_undone_one_by_one() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("second.png");
    assert_eq!(
        window.photos(),
        [
            "second.png, keep",
            "second-medium.jpg, remove",
            "second-small.jpg, remove"
        ]
    );
    window.press(Key::L);
    window.press(Key::Space);
    assert_eq!(marked_files(&window), ["second-small.jpg"]);
    assert_eq!(window.marked(), 3);
    window.press(Key::L);
    window.press(Key::X);
    assert!(marked_files(&window).is_empty());
    window.press(Key::Num3);
    assert_eq!(marked_files(&window), ["second.png", "second-medium.jpg"]);
    assert_eq!(window.marked(), 4);
    window.press(Key::Num2);
    assert_eq!(marked_files(&window), ["second.png", "second-small.jpg"]);
    // A click goes to a photo, another marks it.
    window.press(Key::H);
    window.click("second-small.jpg, remove");
    assert_eq!(marked_files(&window), ["second.png", "second-small.jpg"]);
    window.click("second-small.jpg, remove");
    assert_eq!(marked_files(&window), ["second.png"]);
    window.click("Mark this photo");
    assert_eq!(marked_files(&window), ["second.png", "second-small.jpg"]);
    window.click("Keep this photo");

    let mut seen = vec![marked_files(&window)];
    for undo in 0..7 {
        match undo % 2 {
            0 => window.press(Key::U),
            _ => window.press_with(Modifiers::COMMAND, Key::Z),
        }
        seen.push(marked_files(&window));
    }
    assert_eq!(
        seen.last().unwrap(),
        &["second-medium.jpg", "second-small.jpg"],
        "all is as it was proposed: {seen:?}"
    );
    window.press(Key::U);
    assert!(window.shows("There is nothing to undo"));
    for expected in seen.iter().rev().skip(1) {
        window.press_with(SHIFT_COMMAND, Key::Z);
        assert_eq!(&marked_files(&window), expected);
    }
    window.press_with(Modifiers::COMMAND, Key::Y);
    assert!(window.shows("There is nothing to do again"));
}

#[test]
fn the_last_photo_of_a_group_is_not_marked_and_the_window_says_why() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("third.jpg");
    let before = window.photos();
    assert_eq!(before, ["third.jpg, keep", "third-small.jpg, remove"]);
    window.press(Key::X);
    assert!(window.shows("One photo of a group always stays. Keep another one first."));
    assert_eq!(window.photos(), before);
}

#[test]
fn accepting_goes_on_to_the_next_group_until_all_are_decided() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.press(Key::J);
    window.press(Key::A);
    assert!(window.current_group().starts_with("Group 3"));
    window.click("Accept");
    assert!(
        window.current_group().starts_with("Group 1"),
        "from the start again"
    );
    window.press(Key::G);
    assert!(
        window.current_group().starts_with("Group 1"),
        "the only one left"
    );
    window.press(Key::A);
    assert!(window.shows("Every group in the list is decided"));
    assert_eq!(window.marked(), 4);
}

#[test]
fn what_is_no_duplicate_leaves_and_comes_back_and_later_scans_know_it() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("third.jpg");
    window.press(Key::N);
    window.wait_until("the group is gone", |w| w.groups() == 2);
    assert_eq!(window.marked(), 3);
    window.press(Key::U);
    window.wait_until("the group is back", |w| w.groups() == 3);
    window.press_with(SHIFT_COMMAND, Key::Z);
    window.wait_until("the group is gone", |w| w.groups() == 2);

    window.go_to_group_of("second.png");
    window.press(Key::End);
    window.go_to_group_of("second.png");
    window.press(Key::L);
    window.press(Key::L);
    window.press_with(Modifiers::SHIFT, Key::N);
    window.wait_until("the photo has left", |w| {
        w.names("Group ")
            .iter()
            .all(|group| !group.contains("3 photos"))
    });
    assert_eq!(window.groups(), 2);

    // Files of equal bytes are duplicates whatever one says.
    window.go_to_group_of("first.jpg");
    window.press(Key::N);
    assert!(window.shows("These files are equal byte by byte"));
    assert_eq!(window.groups(), 2);

    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.click("Look again");
    window.wait_for_scan();
    window.press_with(Modifiers::COMMAND, Key::Num2);
    assert_eq!((window.groups(), window.marked()), (2, 2));
    drop(window);

    let mut window = home.open_again();
    window.wait_for_scan();
    assert_eq!((window.groups(), window.marked()), (2, 2));
}

#[test]
fn the_list_is_narrowed_by_tier_by_search_and_by_what_is_undecided() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.click_nth("Identical file", 0);
    assert_eq!(
        window.names("Group "),
        ["Group 1: Identical file, 2 photos"]
    );
    window.click("All groups");
    assert_eq!(window.names("Group ").len(), 3);

    window.press_with(Modifiers::COMMAND, Key::F);
    window.type_text("THIRD");
    assert_eq!(window.names("Group "), ["Group 1: Same shot, 2 photos"]);
    // While a field has the keyboard, letters are text.
    window.press(Key::N);
    assert_eq!(window.groups(), 3);
    window.type_text("x");
    assert!(window.shows("No group fits what is asked for"));
    window.click("Show all groups");
    assert_eq!(window.names("Group ").len(), 3);

    window.press(Key::Escape);
    window.click("Group 2: Identical file, 2 photos");
    window.press(Key::A);
    window.click("Filter");
    window.click("Only what is not decided yet");
    window.press(Key::Escape);
    assert_eq!(window.names("Group ").len(), 2);
    window.click("Filter");
    window.click("Show all");
    assert_eq!(window.names("Group ").len(), 3);
}

#[test]
fn groups_are_ordered_as_one_asks() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    let first = |window: &mut Window, order: &str| {
        window.click("Order");
        window.click(order);
        window.press(Key::Home);
        window.photos()[0].split(", ").next().unwrap().to_owned()
    };
    assert_eq!(first(&mut window, "Most certain first"), "first.jpg");
    assert_eq!(first(&mut window, "Most photos first"), "second.png");
    assert_eq!(first(&mut window, "By folder and name"), "first.jpg");
    let place = window.current_group();
    assert!(place.starts_with("Group 1"), "{place}");
}

#[test]
fn a_photo_that_was_deleted_outside_is_shown_as_gone_and_refuses_marks() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.go_to_group_of("second.png");
    window.press(Key::L);
    window.press(Key::X);
    window.press(Key::Home);
    window.press(Key::End);
    let away = tempfile::tempdir().unwrap();
    let gone = home.photos().join("second-medium.jpg");
    std::fs::rename(&gone, away.path().join("second-medium.jpg")).unwrap();
    window.go_to_group_of("second.png");
    window.wait_until("it is looked for", |w| w.has("second-medium.jpg, gone"));
    assert!(window.has("second.png, keep"), "the others are there");
    window.press(Key::L);
    window.press(Key::X);
    assert!(window.shows("This photo is gone"));
    std::fs::rename(away.path().join("second-medium.jpg"), &gone).unwrap();
    window.press(Key::End);
    window.go_to_group_of("second.png");
    window.wait_until("it is there again", |w| w.has("second-medium.jpg, keep"));
}

#[test]
fn photos_of_a_protected_folder_stay_whatever_is_asked() {
    let home = Home::with_album();
    // Of two folders, so that one can be protected.
    let phone = home.photos().join("phone");
    let mut window = home.open(&[phone, home.photos()]);
    window.scan();
    assert_eq!(window.marked(), 4);
    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.click_nth("Protect", 0);
    window.press_with(Modifiers::COMMAND, Key::Num2);
    assert_eq!(window.marked(), 3);
    window.go_to_group_of("third.jpg");
    assert_eq!(
        window.photos(),
        ["third.jpg, keep", "third-small.jpg, keep"]
    );
    window.press(Key::L);
    window.press(Key::X);
    assert!(window.shows("This photo lies in a protected folder and always stays"));
    window.press(Key::Num1);
    assert_eq!(
        window.photos(),
        ["third.jpg, keep", "third-small.jpg, keep"]
    );
    window.press(Key::Num2);
    assert_eq!(
        window.photos(),
        ["third.jpg, remove", "third-small.jpg, keep"]
    );
}

#[test]
fn the_cheat_sheet_opens_and_closes_by_keys_and_keeps_them_from_the_groups_below() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    window.type_text("?");
    assert!(window.shows("Keep only this photo of the group"));
    window.press(Key::J);
    window.press(Key::N);
    window.press(Key::Escape);
    assert!(!window.shows("Keep only this photo of the group"));
    assert!(window.current_group().starts_with("Group 1"));
    assert_eq!(window.groups(), 3);
    window.click("Keys");
    window.click("Close the keys");
    assert!(!window.shows("Keep only this photo of the group"));
    window.type_text("?");
    window.type_text("?");
    assert!(!window.shows("Keep only this photo of the group"));
}

#[test]
fn the_views_are_reached_by_keys_and_tab_walks_through_everything() {
    let home = Home::with_album();
    let mut window = home.open_scanned();
    for (key, text) in [
        (Key::Num5, "This computer"),
        (Key::Num1, "Look again"),
        (Key::Num2, "All groups"),
    ] {
        window.press_with(Modifiers::COMMAND, key);
        assert!(window.shows(text), "{key:?}");
    }
    window.press(Key::Home);
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..60 {
        window.press(Key::Tab);
        let all = window.harness.root().children_recursive();
        let focused = all.filter(egui_kittest::Node::is_focused);
        reached.extend(focused.filter_map(|node| crate::support::name(&node)));
    }
    for name in [
        "Library",
        "Review",
        "Settings",
        "Keys",
        "All groups",
        "Find by name or folder",
        "Filter",
        "Order",
        "Similarity",
        "Accept",
        "Not duplicates (N)",
        "Mark by a rule (R)",
        "Undo (U)",
        "Redo (Ctrl Shift Z)",
        "second.png, keep",
        "Mark this photo",
        "Show in folder",
    ] {
        assert!(reached.contains(name), "{name:?} is not among {reached:#?}");
    }
}

#[test]
fn the_similarity_slider_cuts_the_groups_anew_and_back_again() {
    let home = Home::with_album();
    for (seed, name) in [(34, "near.jpg"), (55, "nearer.jpg")] {
        let near = common::picture(seed, 960, 720);
        common::save(&near, &home.photos().join(name));
    }
    let mut window = home.open_scanned();
    let marked = window.marked();
    assert!(window.has("Similar"), "{:#?}", window.all_text());
    window.slide("Similarity", 1.0);
    window.wait_until("copies stay copies, and nothing else does", |w| {
        !w.has("Similar")
    });
    assert_eq!((window.groups(), window.marked()), (3, marked));
    window.slide("Similarity", 0.0);
    window.wait_until("the similar ones are back", |w| w.has("Similar"));
    window.slide("Similarity", 1.0);
    window.wait_until("the similar ones are gone", |w| !w.has("Similar"));
    assert_eq!((window.groups(), window.marked()), (3, marked));
}

#[test]
fn what_the_slider_cut_away_to_the_last_group_comes_back() {
    let home = Home::new();
    for (seed, name) in [(21, "a.jpg"), (34, "b.jpg"), (55, "c.jpg")] {
        common::save(&common::picture(seed, 960, 720), &home.photos().join(name));
    }
    let mut window = home.open_scanned();
    assert_eq!((window.groups(), window.marked()), (1, 0));
    window.slide("Similarity", 1.0);
    window.wait_until("no group is left", |w| w.groups() == 0);
    window.slide("Similarity", 0.0);
    window.wait_until("the group is back", |w| w.groups() == 1);
}

#[test]
fn every_group_of_real_photos_is_walked_to_and_keeps_a_photo_at_every_similarity() {
    let Some(photos) = real_photos(60) else {
        return;
    };
    let home = Home::new();
    let mut window = home.open(&[photos.path().to_owned()]);
    window.scan();
    let marked = window.marked();
    for similarity in [0.0, 0.8, 1.0] {
        window.slide("Similarity", similarity);
        window.wait_while_groups_change();
        assert_eq!(
            window.marked(),
            marked,
            "marks are of copies, which no cut changes"
        );
        window.press(Key::Home);
        for _ in 0..window.groups() {
            let photos = window.photos();
            assert!(
                photos.iter().any(|photo| photo.ends_with(", keep")),
                "{photos:?}"
            );
            window.press(Key::J);
        }
    }
}
