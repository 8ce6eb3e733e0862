//! Pictures of the window's main states, compared with those in `tests/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test window snapshots` takes them anew; look at them before
//! they are kept. They are taken with a software renderer (Mesa's llvmpipe through Vulkan, or
//! OpenGL), so that no graphics card has a say.

use eframe::egui::{Key, Modifiers, Rect, Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::wgpu::WgpuTestRenderer;
use egui_kittest::{SnapshotOptions, SnapshotResults};
use twinlens::settings::ThemeChoice;

use crate::benchmark;
use crate::benchmark_plots::{self, TABS};
use crate::common;
use crate::support::{Home, Look, Window, name};

/// Small pictures that the review of the album shows, beside the texture of the letters.
const REVIEW_TEXTURES: usize = 5;
/// The list's alone: in a small window further photos are out of sight.
const LIST_TEXTURES: usize = 3;

/// Another version of the renderer, or of a processor's sine, rounds the rims of letters and
/// corners and the scaled pictures otherwise: by a step or two of 255, which the first number lets
/// pass, and a few pixels by more. A line, an icon or a word that is elsewhere is some hundred.
fn options() -> SnapshotOptions {
    SnapshotOptions::new().threshold(2.0).max_failed_pixels(60)
}

/// Whether there is a renderer; says loudly if there is none.
fn can_render() -> bool {
    let renderer = std::panic::catch_unwind(WgpuTestRenderer::new);
    if renderer.is_err() {
        common::skipped("neither Vulkan nor OpenGL is there to take pictures with");
    }
    renderer.is_ok()
}

fn look(theme: Theme) -> Look {
    Look {
        theme,
        is_rendered: true,
        ..Look::default()
    }
}

/// Takes a picture and compares it, without what is another in each run: paths of the test's folder and times.
fn take(results: &mut SnapshotResults, window: &mut Window, home: &Home, picture: &str) {
    // Notes in the corner have gone by then, and the pointer lies on nothing.
    window.harness.remove_cursor();
    window.harness.run_steps(60);
    let folder = home.photos().display().to_string();
    let differs = |text: &str| {
        text.contains(&folder)
            || text.contains(", scanned ")
            || text.contains(" looked through in ")
            // When a run was measured, in the time zone of this computer.
            || (text.contains(" Mar 2026, ") && !text.starts_with("Delete"))
            // When it was removed, and where from.
            || text.contains(": moved to")
    };
    let masked: Vec<Rect> = (window.harness.query_all_by(|_| true))
        .filter(|node| name(node).is_some_and(|text| differs(&text)))
        .map(|node| {
            let node = &node;
            // As wide as any of them, for their letters are of many widths.
            let start = node.rect().min;
            let is_aside = start.x > window.harness.ctx.content_rect().center().x;
            let is_date = name(node).is_some_and(|text| text.contains(" Mar 2026, "));
            let width = if is_aside || is_date { 200.0 } else { 600.0 };
            Rect::from_min_size(start, vec2(width, node.rect().height().round()))
        })
        .collect();
    for rect in masked {
        window.harness.mask(rect);
    }
    window.harness.snapshot_options(picture, &options());
    results.extend_harness(&mut window.harness);
}

fn open(home: &Home, look: &Look, folders: &[std::path::PathBuf]) -> Window {
    let mut start = home.start(folders);
    start.settings.theme = match look.theme {
        Theme::Dark => ThemeChoice::Dark,
        Theme::Light => ThemeChoice::Light,
    };
    Window::open(start, look)
}

/// Opens the window and scans the album.
fn open_scanned(home: &Home, look: &Look, textures: usize) -> Window {
    let mut window = open(home, look, &[home.photos()]);
    window.scan();
    window.press(Key::Home);
    window.wait_for_textures(textures);
    window
}

/// The states of one theme.
fn take_all(theme: Theme, suffix: &str) {
    if !can_render() {
        return;
    }
    let mut results = SnapshotResults::new();
    let home = Home::with_album();
    let mut window = open(&home, &look(theme), &[]);
    take(
        &mut results,
        &mut window,
        &home,
        &format!("library-empty-{suffix}"),
    );
    drop(window);

    let mut window = open_scanned(&home, &look(theme), REVIEW_TEXTURES);
    take(
        &mut results,
        &mut window,
        &home,
        &format!("review-{suffix}"),
    );
    window.press(Key::R);
    window.click_rule("Keep the smallest file");
    window.wait_for_textures(REVIEW_TEXTURES);
    take(&mut results, &mut window, &home, &format!("rules-{suffix}"));
    window.press(Key::Escape);
    window.type_text("?");
    take(&mut results, &mut window, &home, &format!("keys-{suffix}"));
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::Num1);
    window.wait_until("the folder is counted anew", |w| w.shows("nothing new"));
    take(
        &mut results,
        &mut window,
        &home,
        &format!("library-scanned-{suffix}"),
    );
}

/// The sheet before a removal, its result, and the history, in one theme.
fn take_removal(theme: Theme, suffix: &str) {
    if !can_render() {
        return;
    }
    let mut results = SnapshotResults::new();
    let home = Home::with_album();
    let known = twinlens::scan::xmp::Facts {
        rating: Some(5),
        ..Default::default()
    };
    let sidecar = twinlens::scan::xmp::with(None, &known).unwrap();
    std::fs::write(home.photos().join("second-small.jpg.xmp"), sidecar).unwrap();
    let mut start = home.start(&[home.photos()]);
    start.settings.theme = match theme {
        Theme::Dark => ThemeChoice::Dark,
        Theme::Light => ThemeChoice::Light,
    };
    start.settings.removal_folder = Some(home.photos().with_file_name("moved"));
    let mut window = Window::open(start, &look(theme));
    window.scan();
    window.press(Key::Home);
    window.wait_for_textures(REVIEW_TEXTURES);
    window.press(Key::Delete);
    window.wait_until("the plan is there", |w| w.shows("By folder"));
    let mut picture = |window: &mut Window, name: &str| {
        let name = format!("{name}-{suffix}");
        take(&mut results, window, &home, &name);
    };
    picture(&mut window, "removal");
    window.click("Move to a folder");
    window.wait_until("the plan is there", |w| w.has("Move to the folder"));
    window.click("Move to the folder");
    window.wait_until("it is done", |w| w.shows("Done. 4 photos moved"));
    picture(&mut window, "removal-done");
    window.press(Key::Escape);
    window.press_with(Modifiers::COMMAND, Key::Num4);
    window.wait_until("the removal is there", |w| w.shows("can be brought back"));
    let show = window.names("Show the files of").first().unwrap().clone();
    window.click(&show);
    window.wait_until("its files are there", |w| {
        !w.names("Bring back ").is_empty()
    });
    picture(&mut window, "history");
}

/// The benchmark before anything was measured, and a run in it, in one theme.
fn take_benchmark(theme: Theme, suffix: &str) {
    if !can_render() {
        return;
    }
    let mut results = SnapshotResults::new();
    let home = benchmark::home();
    let mut window = open(&home, &look(theme), &[home.photos()]);
    benchmark::show(&mut window);
    let name = format!("benchmark-empty-{suffix}");
    take(&mut results, &mut window, &home, &name);
    benchmark::show_fixed(&mut window, &home);
    let name = format!("benchmark-{suffix}");
    take(&mut results, &mut window, &home, &name);
}

#[test]
fn the_benchmark_looks_as_it_did_in_the_dark() {
    take_benchmark(Theme::Dark, "dark");
}

#[test]
fn the_benchmark_looks_as_it_did_in_the_light() {
    take_benchmark(Theme::Light, "light");
}

#[test]
fn the_benchmark_fits_into_a_small_window_and_at_twice_the_scale() {
    if !can_render() {
        return;
    }
    let mut results = SnapshotResults::new();
    let home = benchmark::home();
    let twice = Look {
        size: vec2(1024.0, 700.0),
        scale: 2.0,
        ..look(Theme::Dark)
    };
    let mut window = open(&home, &twice, &[home.photos()]);
    benchmark::show(&mut window);
    benchmark::show_fixed(&mut window, &home);
    take(&mut results, &mut window, &home, "benchmark-200-percent");
}

/// Some plots of a run, in a window that is tall enough; the window afterwards.
fn take_plots(
    results: &mut SnapshotResults,
    theme: Theme,
    suffix: &str,
    tabs: &[&str],
) -> Option<(Home, Window)> {
    if !can_render() {
        return None;
    }
    let home = benchmark::home();
    let tall = Look {
        size: vec2(1100.0, 1240.0),
        ..look(theme)
    };
    let mut window = open(&home, &tall, &[home.photos()]);
    benchmark::show(&mut window);
    benchmark::show_fixed(&mut window, &home);
    for tab in tabs {
        benchmark_plots::choose_tab(&mut window, tab);
        let name = tab.to_lowercase().replace(' ', "-");
        let name = format!("benchmark-plot-{name}-{suffix}");
        take(results, &mut window, &home, &name);
    }
    Some((home, window))
}

#[test]
fn the_plots_look_as_they_did_in_the_dark() {
    let mut results = SnapshotResults::new();
    take_plots(&mut results, Theme::Dark, "dark", &[TABS[0], TABS[3]]);
}

#[test]
fn the_other_plots_and_a_comparison_look_as_they_did_in_the_light() {
    let tabs = [TABS[1], TABS[2], TABS[4]];
    let mut results = SnapshotResults::new();
    let Some((home, mut window)) = take_plots(&mut results, Theme::Light, "light", &tabs) else {
        return;
    };
    window.click("Reference results (11)");
    let name = "Compare with Section 11: ONNX Model Profile";
    window.wait_until("they are listed", |w| w.has(name));
    window.scroll_and_click(name);
    window.wait_until("the comparison is there", |w| w.shows("Only in the second"));
    take(
        &mut results,
        &mut window,
        &home,
        "benchmark-comparison-light",
    );
}

#[test]
fn the_removal_looks_as_it_did_in_the_dark() {
    take_removal(Theme::Dark, "dark");
}

#[test]
fn the_removal_looks_as_it_did_in_the_light() {
    take_removal(Theme::Light, "light");
}

#[test]
fn the_window_looks_as_it_did_in_the_dark() {
    take_all(Theme::Dark, "dark");
}

#[test]
fn the_window_looks_as_it_did_in_the_light() {
    take_all(Theme::Light, "light");
}

#[test]
fn a_small_window_and_twice_the_scale_show_everything() {
    if !can_render() {
        return;
    }
    let mut results = SnapshotResults::new();
    let home = Home::with_album();
    let small = Look {
        size: vec2(1024.0, 700.0),
        ..look(Theme::Dark)
    };
    let mut window = open_scanned(&home, &small, LIST_TEXTURES);
    take(&mut results, &mut window, &home, "review-small");
    drop(window);
    // A screen of 2048 by 1400 pixels at 200 %.
    let twice = Look {
        scale: 2.0,
        ..small
    };
    let mut window = open(&home, &twice, &[]);
    window.wait_for_scan();
    window.wait_until("the review is shown", |w| w.shows("All groups"));
    window.press(Key::Home);
    window.wait_for_textures(LIST_TEXTURES);
    take(&mut results, &mut window, &home, "review-200-percent");
}
