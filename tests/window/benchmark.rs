//! Measuring in the window: a real run of the built-in engine on real files, what is seen of it,
//! what it changes, and what is there on the next day.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use twinlens::bench::reference::Reference;
use twinlens::bench::schema::{
    Candidate, Latency, Machine, Missing, Quality, Run, Scenario, ScenarioKind, Stages,
};
use twinlens::bench::{history, schema};
use twinlens::embed::EngineChoice;
use twinlens::settings::Settings;

use crate::support::{Home, Window, name};

/// The only candidate where there is no ONNX Runtime.
const BUILT_IN: &str = "embedded/cpu/lite0-copies/f32";

/// A home where ONNX Runtime is not found, whatever is installed.
pub(crate) fn home() -> Home {
    let home = Home::with_album();
    let settings = Settings {
        onnxruntime_library: Some(home.photos().with_file_name("no-such-library")),
        ..Settings::default()
    };
    settings.save(&home.places().settings).unwrap();
    home
}

/// Opens the benchmark on the album, once nothing else runs.
pub(crate) fn open(home: &Home) -> Window {
    let mut window = home.open(&[home.photos()]);
    show(&mut window);
    window
}

pub(crate) fn show(window: &mut Window) {
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
    // More than the four measurements take on a slow machine.
    choose(window, "Seconds a candidate", 4.0);
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

/// A run as this computer might have measured it: the built-in engine, ONNX Runtime, and a way
/// that is not here.
pub(crate) fn fixed() -> Run {
    let mut run = Reference::load().unwrap().runs[0].clone();
    run.source = None;
    run.program = "twinlens 0.1.0".into();
    run.started = "2026-03-01T10:00:00Z".parse().unwrap();
    run.machine = Machine {
        cpu: Some("Example CPU".into()),
        cores: Some(8),
        memory_bytes: Some(16_000_000_000),
        gpus: Vec::new(),
        os: Some("Linux".into()),
    };
    run.workload.library_photos = Some(1000);
    run.price_per_hour = Some(0.5);
    run.candidates = vec![
        candidate(BUILT_IN, 2.0, 240.0),
        candidate("onnxruntime/cpu/lite0-copies/f32", 3.0, 160.0),
        Candidate {
            id: "onnxruntime/cuda/lite0-copies/f32".into(),
            reason: Some("no NVIDIA driver".into()),
            ..Candidate::default()
        },
    ];
    run.missing = vec![Missing {
        figure: "gpus".into(),
        reason: "there is no NVIDIA driver".into(),
    }];
    run.finding = format!("The fastest way here is {BUILT_IN}. That is 1.5 times as fast.");
    run
}

/// A way with times around `base` milliseconds a picture and about `rate` pictures a second.
fn candidate(id: &str, base: f64, rate: f64) -> Candidate {
    let (engine, _) = id.split_once('/').unwrap();
    let measured = |kind, batch: u16, concurrency: u16, times: f64| {
        let mut scenario = Scenario::new(kind, batch.into());
        scenario.concurrency = Some(concurrency.into());
        scenario.images_per_second = Some(rate * times);
        scenario.samples_ms = (0..200_u32)
            .map(|number| {
                let turn = f64::from(number * 37 % 200) / 200.0;
                base * f64::from(batch) * f64::from(concurrency) / times * (0.9 + 0.3 * turn * turn)
            })
            .collect();
        let mut sorted = scenario.samples_ms.clone();
        sorted.sort_by(f64::total_cmp);
        scenario.latency_ms = Some(Latency {
            mean: Some(sorted.iter().sum::<f64>() / 200.0),
            p50: Some(sorted[100]),
            p95: Some(sorted[190]),
            p99: Some(sorted[198]),
            ..Latency::default()
        });
        scenario.stages_ms = Stages {
            read: Some(1.0),
            decode: Some(12.0),
            preprocess: Some(1.5),
            queue: Some(sorted[100] * 0.2),
            compute: Some(sorted[100] * 0.8),
            ..Stages::default()
        };
        scenario.errors = Some(0);
        scenario.stable = Some(batch != 16);
        scenario.cost_per_1000 = Some(0.5 / 3.6 / (rate * times));
        scenario
    };
    Candidate {
        id: id.into(),
        engine: engine.into(),
        provider: Some("cpu".into()),
        model: Some("lite0-copies".into()),
        precision: Some("f32".into()),
        available: true,
        scenarios: vec![
            measured(ScenarioKind::SingleStream, 1, 1, 0.6),
            measured(ScenarioKind::Offline, 1, 2, 1.0),
            measured(ScenarioKind::Offline, 8, 2, 1.3),
            measured(ScenarioKind::Offline, 16, 2, 1.2),
            measured(ScenarioKind::ServerClosed, 1, 8, 1.1),
        ],
        quality: Some(Quality {
            reference: BUILT_IN.into(),
            cosine_mean: 0.9999,
            cosine_min: 0.9998,
            recall_at_10: Some(1.0),
            groups_changed: None,
        }),
        ..Candidate::default()
    }
}

/// Puts the fixed run among those of this computer and shows it.
pub(crate) fn show_fixed(window: &mut Window, home: &Home) {
    history::save(&home.places().benchmarks, &fixed()).unwrap();
    window.click("Look for candidates again");
    window.wait_until("the run is listed", |w| {
        !w.names("Delete the run of ").is_empty()
    });
    let delete = window.names("Delete the run of ").pop().unwrap();
    window.click(&delete.replace("Delete the run of ", ""));
    window.wait_until("the run is shown", |w| !rows(w).is_empty());
}

fn is_disabled(window: &Window, label: &str) -> bool {
    let node = window.harness.query_all_by_label(label).last().unwrap();
    node.accesskit_node().is_disabled()
}

fn saved(home: &Home) -> Settings {
    Settings::load(&home.places().settings).unwrap()
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

#[test]
fn what_is_measured_is_kept_when_it_is_stopped_and_when_the_window_is_closed() {
    let home = home();
    let mut window = open(&home);
    choose(&mut window, "Photos", 4.0);
    choose(&mut window, "Seconds a candidate", 60.0);
    window.click("Start measuring");
    // A scan would slow it, and says so.
    window.press_with(Modifiers::COMMAND, Key::Num1);
    assert!(is_disabled(&window, "Find duplicates"));
    window.press_with(Modifiers::COMMAND, Key::Num3);
    window.wait_until("the first row is there", |w| !rows(w).is_empty());
    window.click("Stop the benchmark");
    window.wait_until("it has ended", |w| w.has("Export"));
    let stopped = rows(&window).len();
    assert!((1..13).contains(&stopped), "{stopped}");
    let measured = |file: &Path| history::load(file).unwrap().candidates[0].scenarios.len();
    assert_eq!(measured(&kept(&home)[0]), stopped);

    window.click("Start measuring");
    window.wait_until("the first row is there", |w| {
        w.has("Stop the benchmark") && !rows(w).is_empty()
    });
    drop(window);
    let files = kept(&home);
    assert_eq!(files.len(), 2);
    assert!(measured(&files[0]) > 0);
}

#[test]
fn while_a_scan_runs_nothing_is_measured_and_it_is_said_why() {
    let home = home();
    let mut window = open(&home);
    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.wait_until("folders are counted", |w| !w.shows("Counting the photos"));
    window.click("Find duplicates");
    window.press_with(Modifiers::COMMAND, Key::Num3);
    if window.has("Stop the scan") {
        assert!(is_disabled(&window, "Start measuring"));
        assert!(window.shows("A scan is running; it would slow what is measured."));
    }
    window.wait_for_scan();
    assert!(!is_disabled(&window, "Start measuring"));
}

#[test]
fn the_table_is_sorted_by_its_headings() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    let measured = rows(&window);
    assert_eq!(measured.len(), 10);
    window.click("Sort by Images/s");
    let best = format!("{BUILT_IN}, offline, batch 8, Images/s 312 (best)");
    assert!(rows(&window)[0].starts_with(&best), "{:#?}", rows(&window));
    window.click("Sort by Images/s");
    let slowest = "onnxruntime/cpu/lite0-copies/f32, single-stream, Images/s 96.0";
    assert!(
        rows(&window)[0].starts_with(slowest),
        "{:#?}",
        rows(&window)
    );
    window.click("Sort by Images/s");
    assert_eq!(rows(&window), measured);
    window.click("Sort by p99 ms");
    assert!(
        rows(&window)[0].contains("single-stream"),
        "{:#?}",
        rows(&window)
    );
    window.click("Sort by Candidate");
    window.click("Sort by Candidate");
    assert!(
        rows(&window)[0].starts_with("onnxruntime/"),
        "{:#?}",
        rows(&window)
    );
}

#[test]
fn the_recommended_setting_holds_at_once_and_is_taken_back_by_undo() {
    let home = home();
    let mut window = open(&home);
    let before = saved(&home);
    assert_eq!(before.engine, EngineChoice::Auto);
    show_fixed(&mut window, &home);
    window.click("Use this setting");
    let told = "The built-in engine with lite0-copies computes from the next scan on.";
    assert!(window.shows(told), "{:#?}", window.all_text());
    window.wait_until("it is written", |_| {
        saved(&home).engine == EngineChoice::Embedded
    });
    window.click("Undo");
    window.wait_until("it is written", |_| saved(&home).engine == before.engine);
    window.click("Use this setting");
    window.wait_until("it is written", |_| {
        saved(&home).engine == EngineChoice::Embedded
    });
    drop(window);

    let mut window = home.open_again();
    show(&mut window);
    window.wait_until("no scan is in the way", |w| !w.has("Stop the scan"));
    let run = window.names("Delete the run of ").pop().unwrap();
    window.click(&run.replace("Delete the run of ", ""));
    window.wait_until("the run is shown", |w| !rows(w).is_empty());
    assert!(is_disabled(&window, "Use this setting"));
    assert!(window.shows("The built-in engine with lite0-copies is in use already."));
}

#[test]
fn the_results_of_another_computer_are_dropped_on_the_window_and_compared_with() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    let mut theirs = fixed();
    theirs.started = "2026-03-05T10:00:00Z".parse().unwrap();
    theirs.machine.cpu = Some("Their CPU".into());
    for scenario in &mut theirs.candidates[0].scenarios {
        for sample in &mut scenario.samples_ms {
            *sample /= 2.0;
        }
        let rate = scenario.images_per_second.unwrap();
        scenario.images_per_second = Some(rate * 2.0);
    }
    let file = home.photos().with_file_name("theirs.json");
    schema::write_json(&theirs, std::fs::File::create(&file).unwrap()).unwrap();
    window.drop_folder(&file);
    window.wait_until("it is shown", |w| {
        w.shows("Their CPU") && w.shows("imported; ")
    });
    assert!(is_disabled(&window, "Use this setting"));
    assert!(window.shows("This was measured on another computer"));
    assert_eq!(kept(&home).len(), 2);

    // What is no run is said, and nothing is kept of it.
    let nonsense = home.photos().with_file_name("nonsense.json");
    std::fs::write(&nonsense, "{}").unwrap();
    window.drop_folder(&nonsense);
    window.wait_until("it is said", |w| w.shows("these are no benchmark results"));
    assert_eq!(kept(&home).len(), 2);
}

#[test]
fn everything_is_reached_by_the_keyboard() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..80 {
        window.press(Key::Tab);
        let all = window.harness.root().children_recursive();
        let focused = all.filter(egui_kittest::Node::is_focused);
        reached.extend(focused.filter_map(|node| name(&node)));
    }
    for control in [
        BUILT_IN,
        "Import",
        "Start measuring",
        "Photos to measure with",
        "Measurements of a candidate",
        "Export",
        "Use this setting",
        "Sort by p99 ms",
        "Reference results (11)",
    ] {
        assert!(
            reached.contains(control),
            "{control} is not among {reached:#?}"
        );
    }
}

#[test]
fn a_folder_without_photos_is_said_and_another_one_can_be_measured() {
    let home = home();
    let mut window = open(&home);
    be_quick(&mut window);
    let empty = home.photos().with_file_name("empty");
    std::fs::create_dir(&empty).unwrap();
    window.drop_folder(&empty);
    assert!(window.shows("empty"));
    window.click("Start measuring");
    window.wait_until("it is said", |w| {
        w.shows("there is no photo that can be decoded; name a folder with photos")
    });
    assert!(!window.has("Stop the benchmark") && kept(&home).is_empty());
    window.drop_folder(&home.photos());
    window.click("Start measuring");
    wait_for_finding(&mut window);
    assert!(!window.shows("there is no photo that can be decoded"));
}
