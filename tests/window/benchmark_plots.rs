//! The plots of a run and the comparison of two, as a user and a screen reader meet them.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{Queryable as _, by};
use twinlens::bench::history;

use crate::benchmark::{fixed, home, open, show_fixed};
use crate::support::{Home, Window, name};

pub(crate) const TABS: [&str; 5] = [
    "Throughput and latency",
    "Batch and concurrency",
    "Latency",
    "Stages",
    "Speed and quality",
];

/// The plot that is shown, by its accessible name.
fn plots(window: &Window) -> Vec<String> {
    let images = window.harness.query_all(by().role(Role::Image));
    images.filter_map(|node| name(&node)).collect()
}

pub(crate) fn choose_tab(window: &mut Window, tab: &str) {
    let tab = by().role(Role::Tab).label(tab);
    window.harness.get(tab).click_accesskit();
    window.settle();
}

/// Shows the newest run on the disk.
fn show_newest(window: &mut Window, home: &Home, began: &str) -> String {
    let mut run = fixed();
    run.started = began.parse().unwrap();
    if began.starts_with("2026-04") {
        for scenario in &mut run.candidates[0].scenarios {
            for sample in &mut scenario.samples_ms {
                *sample /= 2.0;
            }
            scenario.images_per_second = scenario.images_per_second.map(|rate| rate * 2.0);
        }
    } else {
        for candidate in &mut run.candidates {
            candidate.scenarios.clear();
            candidate.quality = None;
        }
    }
    let listed = window.names("Delete the run of ").len();
    history::save(&home.places().benchmarks, &run).unwrap();
    window.click("Look for candidates again");
    window.wait_until("the run is listed", |w| {
        w.names("Delete the run of ").len() > listed
    });
    let newest = window.names("Delete the run of ").remove(0);
    let title = newest.replace("Delete the run of ", "");
    window.click(&title);
    title
}

#[test]
fn each_plot_is_behind_its_tab_and_says_its_main_statement() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    let statements = [
        "Fastest: embedded/cpu/lite0-copies/f32, offline, batch 8: 312 images a second at ",
        "embedded/cpu/lite0-copies/f32: the most are 312 images a second, with batch 8 and 2 \
         requests at once.",
        "embedded/cpu/lite0-copies/f32: half of 200 photos within ",
        "embedded/cpu/lite0-copies/f32: decode takes the most, 12.0 of ",
        "Fastest: embedded/cpu/lite0-copies/f32: 312 images a second, worst cosine 0.9998, \
         recall of ten neighbours 100 %.",
    ];
    for (tab, statement) in TABS.into_iter().zip(statements) {
        choose_tab(&mut window, tab);
        let shown = plots(&window);
        assert_eq!(shown.len(), 1, "{tab}: {shown:#?}");
        assert!(shown[0].starts_with(statement), "{tab}: {shown:#?}");
        assert!(window.shows(statement), "it can be read, too");
        // The legend, or the choice of a candidate, names both.
        assert!(window.shows("onnxruntime/cpu/lite0-copies/f32"), "{tab}");
    }
}

#[test]
fn a_plot_without_figures_says_why() {
    let home = home();
    let mut window = open(&home);
    show_newest(&mut window, &home, "2026-05-01T10:00:00Z");
    window.wait_until("the run is shown", |w| w.has("Export"));
    let reasons = [
        "No measurement has both a latency and a throughput.",
        "No load with a known batch and number of callers was measured.",
        "The times of single photos were not kept.",
        "The stages of single photos were not measured.",
        "No candidate's vectors were compared with the reference.",
    ];
    for (tab, reason) in TABS.into_iter().zip(reasons) {
        choose_tab(&mut window, tab);
        assert_eq!(plots(&window), Vec::<String>::new(), "{tab}");
        assert!(window.shows(reason), "{tab}: {:#?}", window.all_text());
    }
}

#[test]
fn two_runs_stand_beside_each_other_with_the_difference_and_a_word_for_it() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    let earlier = window.names("Delete the run of ").remove(0);
    let earlier = earlier.replace("Delete the run of ", "");
    show_newest(&mut window, &home, "2026-04-01T10:00:00Z");
    window.wait_until("the newer run is shown", |w| {
        w.has(&format!("Compare with {earlier}"))
    });
    window.click(&format!("Compare with {earlier}"));
    window.wait_until("the comparison is there", |w| {
        !w.names("offline, batch 8, images/s: 312, then 624; faster (+100.0 %")
            .is_empty()
    });
    let other = window.names("single-stream, p50 (ms): ");
    assert_eq!(other.len(), 2, "{other:#?}");
    assert!(
        other[0].contains("; faster (-50.0 %, 99 % interval -5"),
        "{other:#?}"
    );
    assert!(other[1].contains("; no difference ("), "{other:#?}");
    assert!(window.shows("Example CPU") && window.shows("twinlens 0.1.0"));

    window.click("End the comparison");
    assert!(!window.has("End the comparison"));
}

#[test]
fn a_reference_result_stands_beside_the_nearest_candidate_and_it_is_said_what_differs() {
    let home = home();
    let mut window = open(&home);
    show_fixed(&mut window, &home);
    window.click("Reference results (11)");
    window.wait_until("they are listed", |w| {
        w.has("Compare with Section 11: ONNX Model Profile")
    });
    window.scroll_and_click("Compare with Section 11: ONNX Model Profile");
    let title = "onnxruntime/cpu/lite0-copies/f32 beside ONNX Runtime CPU: another model";
    window.wait_until("the comparison is there", |w| w.shows(title));
    assert!(window.shows("Another model is other work"));
    assert!(window.shows("Only in the second: embedded/cpu/lite0-copies/f32"));
    assert!(window.shows("CPU of the client (MacBook Pro)"));
    let rows = window.names("offline, batch 8, 2 at once beside 1, ");
    assert!(!rows.is_empty(), "{:#?}", window.all_text());
    assert!(
        rows.iter()
            .all(|row| row.ends_with("too few samples to tell")),
        "{rows:#?}"
    );

    window.scroll_and_click("Compare with Section 7: Step 6B: Multi-GPU Scaling (4× RTX 4080)");
    window.wait_until("the other one is there", |w| {
        w.shows("4× RTX 4080, PCIe Gen4") && !w.shows("Comparing the single times")
    });
    assert!(window.shows("Triton ONNX"));
}
