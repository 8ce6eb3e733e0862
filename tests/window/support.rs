//! A window without a screen: opened on places of its own, driven by accessible names and keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Key, Modifiers, Shape, Theme, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use egui_kittest::{Harness, Node};
use image::{RgbImage, imageops};
use tempfile::TempDir;
use twinlens::app::{App, Start};
use twinlens::library::{Ledger, Mark};
use twinlens::settings::Places;

use crate::common;

/// How long anything may take before a test gives up. Nothing is measured with it: it is many
/// times what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(4);

/// A user's folders: settings, cache and library of decisions in `home`, photos in `photos`.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        Self { folder }
    }

    /// With the small album that most tests look at.
    pub(crate) fn with_album() -> Self {
        let home = Self::new();
        album(&home.photos());
        home
    }

    pub(crate) fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    pub(crate) fn places(&self) -> Places {
        let home = self.folder.path().join("home");
        Places {
            settings: home.join("settings.toml"),
            cache: home.join("cache.db"),
            library: home.join("library.db"),
            models: home.join("models"),
            benchmarks: home.join("benchmarks"),
        }
    }

    /// Opens the window on these folders.
    pub(crate) fn open(&self, folders: &[PathBuf]) -> Window {
        Window::open(self.start(folders), &Look::default())
    }

    /// What a window on these folders starts with, as the program does.
    pub(crate) fn start(&self, folders: &[PathBuf]) -> Start {
        let mut start = Start::of(self.places(), folders.to_vec());
        start.settings.threads = 2;
        start
    }

    /// Opens the window on the photos and waits until a scan of them is done and reviewed.
    pub(crate) fn open_scanned(&self) -> Window {
        let mut window = self.open(&[self.photos()]);
        window.scan();
        // While the scan ran, the first groups were in another order.
        window.press(Key::Home);
        window
    }

    /// Opens the window as on another day: nothing is given, all is remembered.
    pub(crate) fn open_again(&self) -> Window {
        self.open(&[])
    }

    /// What is remembered: the marks by file name.
    pub(crate) fn marks(&self) -> Vec<(String, Mark)> {
        let ledger = Ledger::open(&self.places().library).unwrap();
        let mut marks: Vec<_> = (ledger.marks().unwrap().into_iter())
            .map(|marked| (name_of(&marked.path), marked.mark))
            .collect();
        marks.sort_by(|a, b| a.0.cmp(&b.0));
        marks
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Three groups of copies, two photos that are alone, and a file that is no picture:
/// `first.jpg` twice in equal bytes, `second.png` with two smaller copies, `third.jpg` with one in
/// a folder of its own.
pub(crate) fn album(folder: &Path) {
    let large = |seed| common::picture(seed, 960, 720);
    let small = |picture: &RgbImage, width: u32| {
        let height = width * picture.height() / picture.width();
        imageops::resize(picture, width, height, imageops::FilterType::CatmullRom)
    };
    let (first, second, third) = (large(3), large(8), large(21));
    common::save(&first, &folder.join("first.jpg"));
    std::fs::copy(folder.join("first.jpg"), folder.join("first (copy).jpg")).unwrap();
    common::save(&second, &folder.join("second.png"));
    common::save(&small(&second, 640), &folder.join("second-medium.jpg"));
    common::save(&small(&second, 480), &folder.join("second-small.jpg"));
    common::save(&third, &folder.join("third.jpg"));
    common::save(&small(&third, 640), &folder.join("phone/third-small.jpg"));
    common::save(&common::page(5, &[]), &folder.join("alone.jpg"));
    let squares = RgbImage::from_fn(640, 480, |x, y| {
        let is_dark = (x / 80 + y / 80) % 2 == 0;
        image::Rgb(if is_dark {
            [30, 60, 40]
        } else {
            [240, 220, 90]
        })
    });
    common::save(&squares, &folder.join("phone/alone too.jpg"));
    std::fs::write(folder.join("broken.jpg"), b"no picture at all").unwrap();
}

/// How the window is looked at.
pub(crate) struct Look {
    pub(crate) size: Vec2,
    pub(crate) scale: f32,
    pub(crate) theme: Theme,
    /// Whether pictures of it can be taken.
    pub(crate) is_rendered: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            size: vec2(1280.0, 820.0),
            scale: 1.0,
            theme: Theme::Dark,
            is_rendered: false,
        }
    }
}

/// The program in a window that nobody sees.
pub(crate) struct Window {
    pub(crate) harness: Harness<'static, App>,
}

impl Window {
    pub(crate) fn open(start: Start, look: &Look) -> Self {
        let mut builder = Harness::builder()
            .with_size(look.size)
            .with_pixels_per_point(look.scale)
            .with_theme(look.theme)
            .with_max_steps(16);
        if look.is_rendered {
            builder = builder.wgpu();
        }
        let harness = builder.build_eframe(|creation| App::new(&creation.egui_ctx, start));
        Self { harness }
    }

    /// Draws some frames: wishes are carried out after the frame in which they were made.
    pub(crate) fn settle(&mut self) {
        for _ in 0..3 {
            self.harness.step();
        }
        // As a screen reader would find it at any time.
        self.harness.check_accessibility();
    }

    /// Draws frames until something holds.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.harness.step();
            if holds(self) {
                self.settle();
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never happens: {what}. On the screen: {:#?}",
                self.all_text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts a scan and waits for its end, in the review.
    #[track_caller]
    pub(crate) fn scan(&mut self) {
        self.wait_until("folders are counted", |w| !w.shows("Counting the photos"));
        self.click("Find duplicates");
        self.wait_for_scan();
        self.press_with(Modifiers::COMMAND, Key::Num2);
    }

    /// Waits until no scan runs.
    #[track_caller]
    pub(crate) fn wait_for_scan(&mut self) {
        self.wait_until("the scan is done", |w| {
            !w.has("Stop the scan") && w.shows("marked, ")
        });
    }

    /// Whether something has exactly this accessible name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.harness.query_all_by_label(name).next().is_some()
    }

    /// The accessible names that begin so.
    pub(crate) fn names(&self, beginning: &str) -> Vec<String> {
        let all = self.harness.root().children_recursive();
        all.filter_map(|node| name(&node))
            .filter(|name| name.starts_with(beginning))
            .collect()
    }

    /// Whether this can be read somewhere, as an accessible name or painted.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.all_text().iter().any(|shown| shown.contains(text))
    }

    /// All that can be read, for messages: what is painted, and the accessible names.
    pub(crate) fn all_text(&self) -> Vec<String> {
        let mut texts: Vec<String> = (self.harness.root().children_recursive())
            .filter_map(|node| name(&node))
            .collect();
        for clipped in &self.harness.output().shapes {
            painted(&clipped.shape, &mut texts);
        }
        texts.sort();
        texts.dedup();
        texts
    }

    /// Presses what has this name; of several, the last: the top bar's tabs come first.
    #[track_caller]
    pub(crate) fn click(&mut self, label: &str) {
        let Some(node) = self.harness.query_all_by_label(label).last() else {
            panic!("there is no {label:?} among {:#?}", self.all_text());
        };
        node.click();
        self.settle();
    }

    /// Brings what has this name into sight, and presses it.
    #[track_caller]
    pub(crate) fn scroll_and_click(&mut self, label: &str) {
        let node = self.harness.query_all_by_label(label).last();
        node.unwrap().scroll_to_me();
        self.settle();
        self.click(label);
    }

    /// Presses what has this name, among several the one of this number.
    #[track_caller]
    pub(crate) fn click_nth(&mut self, label: &str, number: usize) {
        let mut nodes = self.harness.query_all_by_label(label);
        nodes.nth(number).unwrap().click();
        drop(nodes);
        self.settle();
    }

    /// Presses the button of the rules' dialog that marks.
    #[track_caller]
    pub(crate) fn click_mark(&mut self) {
        let names = self.names("Mark ");
        let is_it = |name: &&String| name.as_bytes().get(5).is_some_and(u8::is_ascii_digit);
        let label = names.iter().find(is_it).unwrap().clone();
        self.click(&label);
    }

    /// Whether a switch of this name is on; of several, the first.
    #[track_caller]
    pub(crate) fn is_on(&self, label: &str) -> bool {
        let node = self.harness.query_all_by_label(label).next();
        let toggled = node.unwrap().accesskit_node().toggled();
        toggled == Some(egui::accesskit::Toggled::True)
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    pub(crate) fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Types into what has the keyboard.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.settle();
    }

    /// Moves a slider.
    #[track_caller]
    pub(crate) fn slide(&mut self, label: &str, value: f64) {
        let slider = by().role(egui::accesskit::Role::Slider).label(label);
        self.harness.get(slider).set_value_accesskit(value);
        self.settle();
    }

    /// Draws frames until the number of groups has been the same for a while: they are cut in
    /// another thread, and a cut may leave their number as it is.
    pub(crate) fn wait_while_groups_change(&mut self) {
        let mut groups = self.groups();
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_millis(500) {
            std::thread::sleep(Duration::from_millis(5));
            self.harness.step();
            if groups != self.groups() {
                groups = self.groups();
                since = Instant::now();
            }
        }
        self.settle();
    }

    /// Chooses a rule in the open dialog for marking.
    #[track_caller]
    pub(crate) fn click_rule(&mut self, rule: &str) {
        let choice = by().role(egui::accesskit::Role::ComboBox).label("Rule");
        self.harness.get(choice).click();
        self.settle();
        // Some are out of sight in the open list.
        let rules = self.harness.query_all_by_label(rule);
        rules.last().unwrap().scroll_to_me();
        self.settle();
        self.click(rule);
    }

    /// Waits until so many small pictures are there, and no more are on their way.
    #[track_caller]
    pub(crate) fn wait_for_textures(&mut self, number: usize) {
        // One is of the letters.
        let loaded = |window: &Self| window.harness.ctx.tex_manager().read().num_allocated() - 1;
        self.wait_until("the small pictures are loaded", |w| loaded(w) >= number);
        let (mut last, mut still) = (loaded(self), 0);
        while still < 50 {
            self.harness.step();
            let now = loaded(self);
            still = if now == last { still + 1 } else { 0 };
            last = now;
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Drops a folder on the window.
    pub(crate) fn drop_folder(&mut self, folder: &Path) {
        let dropped = Arc::new(Dropped(folder.to_owned()));
        self.harness.input_mut().dropped_files.push(dropped);
        self.settle();
    }

    /// The photos of the current group as they stand: `name, keep`.
    pub(crate) fn photos(&self) -> Vec<String> {
        let boxes = self.harness.root().children_recursive();
        boxes
            .filter(|node| node.accesskit_node().role() == egui::accesskit::Role::CheckBox)
            .filter_map(|node| name(&node))
            .filter(|name| {
                [", keep", ", remove", ", gone"]
                    .iter()
                    .any(|end| name.ends_with(end))
            })
            .collect()
    }

    /// The list's row of the current group: `Group 1: Same shot, 3 photos`.
    pub(crate) fn current_group(&self) -> String {
        let rows = self.harness.root().children_recursive();
        let on = Some(egui::accesskit::Toggled::True);
        rows.filter(|node| node.accesskit_node().toggled() == on)
            .filter_map(|node| name(&node))
            .find(|name| name.starts_with("Group "))
            .unwrap_or_else(|| panic!("no group is current: {:#?}", self.all_text()))
    }

    /// Goes through the list to the group that has this photo.
    #[track_caller]
    pub(crate) fn go_to_group_of(&mut self, file: &str) {
        self.press(Key::Home);
        for _ in 0..200 {
            if self
                .photos()
                .iter()
                .any(|photo| photo.starts_with(&format!("{file}, ")))
            {
                return;
            }
            self.press(Key::J);
        }
        panic!("{file} is in no group: {:#?}", self.all_text());
    }

    /// The number of photos that are marked, as the bottom bar says.
    #[track_caller]
    pub(crate) fn marked(&self) -> usize {
        let marked = self.number_before(" marked, ");
        marked.unwrap()
    }

    /// The number of groups, as the list says; none if it says that there are no duplicates.
    #[track_caller]
    pub(crate) fn groups(&self) -> usize {
        if self.shows("Every photo in these folders is one of a kind") {
            return 0;
        }
        let decided = self.number_before(" groups decided");
        decided.unwrap()
    }

    /// The last number in a text that ends so.
    fn number_before(&self, end: &str) -> Option<usize> {
        let texts = self.all_text();
        let mut numbers = texts.iter().filter_map(|text| {
            let before = text.split_once(end)?.0;
            let number = before.rsplit(' ').next()?;
            number.replace(',', "").parse().ok()
        });
        numbers.next_back()
    }
}

/// A folder that a file manager drops.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("a folder".to_owned())
    }
}

pub(crate) fn name(node: &Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value())
}

fn painted(shape: &Shape, texts: &mut Vec<String>) {
    match shape {
        Shape::Text(text) => texts.push(text.galley.text().to_owned()),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| painted(shape, texts)),
        _ => {}
    }
}

/// A folder with about so many of the labelled photos: whole sets of copies, and photos that are
/// near one another.
pub(crate) fn real_photos(about: usize) -> Option<TempDir> {
    let set = common::shared("photos/set")?;
    let truth = std::fs::read(common::shared("photos/truth.json")?).unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let near = truth["similar"].as_array().unwrap().iter().take(about / 8);
    let near = near.flat_map(|pair| pair.as_array().unwrap().iter().take(2));
    let copies = truth["duplicates"].as_array().unwrap().iter();
    let copies = (copies.map(|group| group.as_array().unwrap()))
        .filter(|group| group.len() <= 8)
        .flatten();
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    for name in near.chain(copies).map(|name| name.as_str().unwrap()) {
        let file = folder.path().join(name);
        if number == about || file.exists() {
            continue;
        }
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::copy(set.join(name), file).unwrap();
        number += 1;
    }
    Some(folder)
}
