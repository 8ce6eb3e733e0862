//! Measuring in the window: a real run of the built-in engine on real files, what is seen of it,
//! what it changes, and what is there on the next day.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use twinlens::bench::reference::Reference;
use twinlens::bench::{history, schema};
use twinlens::embed::EngineChoice;
use twinlens::settings::Settings;

use crate::support::{Home, Window, name};

/// The only candidate where there is no ONNX Runtime.
const BUILT_IN: &str = "embedded/cpu/lite0-copies/f32";

/// A home where ONNX Runtime is not found, whatever is installed.
fn home() -> Home {
    let home = Home::with_album();
    let settings = Settings {
        onnxruntime_library: Some(home.photos().with_file_name("no-such-library")),
        ..Settings::default()
    };
    settings.save(&home.places().settings).unwrap();
    home
}

/// Opens the benchmark on the album, once nothing else runs.
fn open(home: &Home) -> Window {
    let mut window = home.open(&[home.photos()]);
    show(&mut window);
    window
}

fn show(window: &mut Window) {
    window.press_with(Modifiers::COMMAND, Key::Num3);
    window.wait_until("candidates and runs are there", |w| {
        w.has(BUILT_IN) && w.shows("Reference results (11)")
    });
}

/// Types a number into a field, as a person does.
fn choose(window: &mut Window, field: &str, value: f64) {
    let field = by().role(Role::SpinButton).label(field);
    window.harness.get(field).set_value_accesskit(value);
    window.settle();
}

/// Few photos, a second a candidate, and without the loads of a server.
fn be_quick(window: &mut Window) {
    choose(window, "Photos", 4.0);
    choose(window, "Seconds a candidate", 1.0);
    window.click("Measurements of a candidate");
    for size in [
        "Batch 8",
        "Batch 16",
        "Batch 32",
        "Callers 1",
        "Callers 8",
        "Callers 16",
    ] {
        window.click(size);
    }
    window.press(Key::Escape);
    assert!(window.shows("4 measurements"), "{:#?}", window.all_text());
}

/// The rows of the table from top to bottom, as a screen reader says them.
fn rows(window: &Window) -> Vec<String> {
    let rows = window.harness.query_all(by().role(Role::Row));
    rows.filter_map(|node| name(&node)).collect()
}

fn wait_for_finding(window: &mut Window) {
    window.wait_until("the finding is there", |w| {
        w.shows("The fastest way here is embedded")
    });
}

fn kept(home: &Home) -> Vec<PathBuf> {
    let listed = history::list(&home.places().benchmarks)
        .unwrap()
        .into_iter();
    listed.map(|listed| listed.file).collect()
}

#[test]
fn a_run_fills_the_table_says_what_is_best_and_is_there_on_the_next_day() {
    let home = home();
    let mut window = open(&home);
    assert!(window.shows("Which way of computing is the fastest here?"));
    assert!(window.shows("7 not available"), "{:#?}", window.all_text());
    be_quick(&mut window);
    window.click("Start measuring");
    assert!(window.has("Stop the benchmark"), "{:#?}", window.all_text());
    window.wait_until("the first row is there", |w| !rows(w).is_empty());
    wait_for_finding(&mut window);
    assert!(!window.has("Stop the benchmark"));
    let measured = rows(&window);
    assert_eq!(measured.len(), 4, "{measured:#?}");
    assert!(measured.iter().all(|row| row.starts_with(BUILT_IN)));
    assert!(measured[0].contains("single-stream"), "{measured:#?}");
    assert!(measured.iter().any(|row| row.contains("(best)")));
    assert!(
        window.shows("Your library, 10 photos: about"),
        "{:#?}",
        window.all_text()
    );

    let files = kept(&home);
    assert_eq!(files.len(), 1);
    let run = history::load(&files[0]).unwrap();
    assert_eq!(run.candidates[0].scenarios.len(), 4);
    assert_eq!(run.workload.photos, Some(4));
    drop(window);

    let mut window = home.open_again();
    show(&mut window);
    window.wait_until("no scan is in the way", |w| !w.has("Stop the scan"));
    assert!(rows(&window).is_empty());
    let delete = window.names("Delete the run of ").pop().unwrap();
    let title = delete.replace("Delete the run of ", "");
    window.click(&title);
    window.wait_until("the run is shown", |w| !rows(w).is_empty());
    assert_eq!(rows(&window), measured);

    // It is deleted only when that was said twice.
    window.click(&delete);
    window.click("Keep it");
    assert_eq!(kept(&home), files);
    window.click(&delete);
    window.click("Delete the run");
    window.wait_until("the run is gone", |w| {
        w.shows("What you measure is kept here")
    });
    assert!(kept(&home).is_empty() && rows(&window).is_empty());
}
