//! The comparison of photos at full resolution, as a person uses it: through the window, by its
//! keys and by the names that a screen reader tells.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{page, picture, save};
use eframe::App as _;
use eframe::egui::{Key, Modifiers, Theme, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use image::imageops::{self, FilterType};
use tempfile::TempDir;
use twinlens::app::{App, Start};
use twinlens::settings::{Places, Settings};

/// A window on some generated photos, scanned, in the review of their one group of three.
struct Window {
    harness: Harness<'static, Option<App>>,
    home: TempDir,
}

impl Window {
    fn open(theme: Theme) -> Self {
        let home = TempDir::new().unwrap();
        let photos = home.path().join("photos");
        write_photos(&photos);
        let places = Places {
            settings: home.path().join("settings.toml"),
            cache: home.path().join("cache.db"),
            library: home.path().join("library.db"),
            models: home.path().join("models"),
            benchmarks: home.path().join("benchmarks"),
        };
        let start = Start {
            places,
            settings: Settings::default(),
            settings_trouble: None,
            folders: vec![photos],
        };
        let mut frame = eframe::Frame::_new_kittest();
        let mut start = Some(start);
        // Fonts are there from the second frame on, so the first is left empty.
        let draw = move |ui: &mut Ui, app: &mut Option<App>| match (app, start.take()) {
            (app, Some(start)) => *app = Some(App::new(ui.ctx(), start)),
            (Some(app), None) => {
                app.logic(ui.ctx(), &mut frame);
                app.ui(ui, &mut frame);
            }
            (None, None) => {}
        };
        let harness = Harness::builder()
            .with_size([1040.0, 716.0])
            .with_theme(theme)
            // Toasts take a sign from the fonts of the system, of which there are none here.
            .allow_missing_glyphs()
            .build_ui_state(draw, None);
        let mut window = Self { harness, home };
        window.harness.step();
        window.harness.get_by_label("Find duplicates").click();
        window.until("the review", |window| {
            window.has("Review") && window.sees(".png, keep")
        });
        window
    }

    /// Steps until something holds; fails after a minute.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(3);
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "waited for {what} in vain:\n{}",
                self.names().join("\n")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.step();
        self.harness.step();
    }

    /// All that a screen reader tells.
    fn names(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive();
        let name = |node: egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            node.label().or_else(|| node.value())
        };
        nodes.filter_map(name).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    fn sees(&self, part: &str) -> bool {
        self.names().iter().any(|known| known.contains(part))
    }

    /// Whether the control of this name is chosen.
    fn is_on(&self, name: &str) -> bool {
        let nodes = self.harness.root().children_recursive();
        let mut nodes = nodes.filter(|node| node.accesskit_node().label().as_deref() == Some(name));
        nodes.any(|node| {
            let node = node.accesskit_node();
            node.is_selected() == Some(true) || format!("{:?}", node.toggled()) == "Some(True)"
        })
    }
}

/// A scene, a smaller and a cropped copy of it, and a page of a book with a copy.
fn write_photos(folder: &Path) {
    let scene = picture(3, 1200, 900);
    save(&scene, &folder.join("scene.png"));
    save(
        &imageops::resize(&scene, 600, 450, FilterType::Lanczos3),
        &folder.join("small.jpg"),
    );
    let crop = imageops::crop_imm(&scene, 100, 60, 1000, 760).to_image();
    save(&crop, &folder.join("crop.jpg"));
    let other = page(8, &[]);
    save(&other, &folder.join("other.png"));
    save(&other, &folder.join("twin.jpg"));
}

fn comparing(theme: Theme) -> Window {
    let mut window = Window::open(theme);
    // The group of three is the first or the second.
    if !window.sees("crop.jpg, ") {
        window.press(Key::J);
    }
    window.press(Key::Enter);
    window.until("the comparison", |window| window.sees("Photo A, scene.png"));
    window
}

#[test]
fn enter_compares_the_group_and_escape_goes_back_to_the_same_photo() {
    let mut window = comparing(Theme::Dark);
    for photo in ["Photo A, scene.png, keep", "Photo B, ", "Photo C, "] {
        assert!(window.sees(photo), "{photo}");
    }
    assert!(window.is_on("Side by side"));
    assert!(!window.has("Library"), "the bars make room");
    window.press(Key::L);
    let chosen = window
        .names()
        .into_iter()
        .find(|name| name.starts_with("Photo B, "))
        .unwrap();
    assert!(window.is_on(&chosen));
    window.press(Key::Escape);
    assert!(window.has("Library") && !window.sees("Photo A"));
    let file = chosen.split(", ").nth(1).unwrap().to_owned();
    assert!(
        window.sees(&file),
        "the details show the photo that was looked at"
    );
}

#[test]
fn keys_choose_how_the_photos_are_laid_out() {
    let mut window = comparing(Theme::Light);
    window.press(Key::Space);
    assert!(window.is_on("Flicker"));
    window.until("the pair to be lined up", |window| {
        window.has("lined up by their pixels")
    });
    let shown = |window: &Window| {
        let names = window.names();
        names
            .into_iter()
            .find(|name| name.starts_with("Photo "))
            .unwrap()
    };
    let first = shown(&window);
    window.press(Key::Space);
    assert_ne!(shown(&window), first, "the other one");
    window.press(Key::Space);
    assert_eq!(shown(&window), first);
    window.press(Key::S);
    assert!(window.is_on("Slider") && window.has("Divider between the photos"));
    window.press(Key::D);
    assert!(window.is_on("Difference"));
    window.until("the differences", |window| window.sees("of 255 at most"));
    assert!(window.has("× 4"));
    window.press(Key::CloseBracket);
    assert!(window.has("× 16"));
    window.press(Key::G);
    assert!(window.is_on("Side by side"));
}

#[test]
fn zoom_is_counted_in_pixels_of_the_photo() {
    let mut window = comparing(Theme::Dark);
    let zoom = |window: &Window| {
        let names = window.names();
        let name = names
            .into_iter()
            .find(|name| name.starts_with("Zoom ") && name.ends_with('%'));
        name.unwrap()
    };
    let whole = zoom(&window);
    assert_ne!(whole, "Zoom 100 %");
    window.press(Key::Num1);
    assert_eq!(zoom(&window), "Zoom 100 %");
    window.press(Key::ArrowRight);
    assert!(
        window.is_on("Photo A, scene.png, keep"),
        "arrows move what is zoomed"
    );
    window.press(Key::Plus);
    window.press(Key::Plus);
    assert_eq!(zoom(&window), "Zoom 200 %");
    window.press(Key::Num0);
    assert_eq!(zoom(&window), whole);
    let frame = window
        .harness
        .get_by_label_contains("Photo A, scene.png")
        .rect();
    window.harness.hover_at(frame.center());
    window.harness.event(eframe::egui::Event::MouseWheel {
        unit: eframe::egui::MouseWheelUnit::Line,
        delta: eframe::egui::vec2(0.0, 3.0),
        source: eframe::egui::MouseWheelSource::Wheel,
        phase: eframe::egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    window.harness.run_steps(20);
    assert_ne!(zoom(&window), whole, "the wheel zooms in");
}

#[test]
fn photos_are_marked_and_kept_without_leaving() {
    let mut window = comparing(Theme::Dark);
    window.press(Key::L);
    let fate = |window: &Window| {
        let names = window.names();
        let name = names
            .into_iter()
            .find(|name| name.starts_with("Photo B, "))
            .unwrap();
        name.rsplit(", ").next().unwrap().to_owned()
    };
    let before = fate(&window);
    window.press(Key::X);
    assert_ne!(fate(&window), before);
    window.press(Key::U);
    assert_eq!(fate(&window), before, "undone");
    window.press(Key::K);
    assert_eq!(fate(&window), "keep");
    assert!(window.sees("Photo A, scene.png, remove"));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.harness.step();
    assert!(window.sees("Photo A, scene.png, keep"));
}

#[test]
fn the_next_group_comes_without_leaving() {
    let mut window = comparing(Theme::Dark);
    let other = |window: &Window| window.sees("Photo A, other.png");
    window.press(Key::PageDown);
    if !other(&window) {
        window.press(Key::PageUp);
        window.press(Key::PageUp);
    }
    assert!(other(&window));
    assert!(!window.sees("Photo C"));
}

#[test]
fn what_is_known_of_the_photos_is_told_and_what_differs_first() {
    let mut window = comparing(Theme::Light);
    for fact in ["Pixels", "File", "Format"] {
        assert!(window.has(fact), "{fact}");
    }
    assert!(window.sees("1200 × 900") && window.sees("600 × 450"));
    assert!(!window.has("Folder"), "they lie in one folder");
    window.press(Key::I);
    assert!(window.has("All that is known") && window.has("Folder"));
    window.press(Key::Escape);
    assert!(!window.has("Folder"));
    assert!(window.sees("Photo A"), "one thing at a time is closed");
}

#[test]
fn a_photo_that_is_gone_is_said_to_be_and_nothing_breaks() {
    let mut window = Window::open(Theme::Dark);
    if !window.sees("crop.jpg, ") {
        window.press(Key::J);
    }
    let photos = window.home.path().join("photos");
    std::fs::rename(photos.join("small.jpg"), photos.join("moved")).unwrap();
    std::fs::write(photos.join("crop.jpg"), b"no picture any more").unwrap();
    window.press(Key::Enter);
    window.until("the news", |window| {
        window.sees("This photo is gone") && window.sees("This file was changed")
    });
    for key in [
        Key::Space,
        Key::S,
        Key::D,
        Key::G,
        Key::M,
        Key::Num1,
        Key::L,
        Key::X,
    ] {
        window.press(key);
    }
    window.press(Key::Escape);
    assert!(window.has("Library"));
}
