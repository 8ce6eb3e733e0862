//! What a frame of the window costs the processor, without a graphics card: state, layout and
//! triangles; how long the first one takes, how long until pictures are seen, and the memory of a
//! large library.
//!
//! `cargo bench --bench window`; with `-- 20000` everything with so many groups and photos. The
//! aims are 8 ms at the 99th percentile while scrolling and stepping through 100,000 groups,
//! 16 ms for a cut at another similarity with 100,000 photos and 500,000 close pairs, 300 ms to
//! the first frame, 1 GB with 100,000 photos open. The peak memory is what the system says of the
//! process (`VmHWM`), on Linux alone; it is told before larger things are opened.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod synthetic;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui::{
    self, Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, Rect,
    Shape, TextureId, TouchPhase, pos2, vec2,
};
use twinlens::app::{App, Start};
use twinlens::embed::{EngineInfo, bundled};
use twinlens::library::{Cache, Record};
use twinlens::matching::neighbours::IndexUsed;
use twinlens::matching::pixels::PixelVerdict;
use twinlens::matching::{
    Cosine, Distinct, Evidence, Findings, GroupSettings, KeepSettings, Numbers, Shots, Verdict,
};
use twinlens::photo::Photo;
use twinlens::pipeline::{Analysis, Changes};
use twinlens::scan::THUMBNAIL_SIDE;
use twinlens::settings::{Places, Settings};

const SIZE: egui::Vec2 = vec2(1280.0, 820.0);
/// Frames of one kind that are measured.
const FRAMES: usize = 600;
/// Contents whose small pictures the cache has.
const PICTURES: usize = 400;

/// The window's program, and what a window would give it.
struct Window {
    ctx: egui::Context,
    app: App,
    frame: eframe::Frame,
    begun: Instant,
}

/// What a frame cost and drew.
struct Drawn {
    milliseconds: f64,
    shapes: Vec<egui::epaint::ClippedShape>,
}

impl Window {
    fn open(places: Places) -> Self {
        let begun = Instant::now();
        let ctx = egui::Context::default();
        let start = Start {
            places,
            settings: Settings::default(),
            settings_trouble: None,
            folders: Vec::new(),
        };
        let app = App::new(&ctx, start);
        Self {
            ctx,
            app,
            frame: eframe::Frame::_new_kittest(),
            begun,
        }
    }

    fn draw(&mut self, events: Vec<Event>) -> Drawn {
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.begun.elapsed().as_secs_f64()),
            events,
            ..egui::RawInput::default()
        };
        let begun = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| {
            self.app.logic(ui, &mut self.frame);
            self.app.ui(ui, &mut self.frame);
        });
        let shapes = output.shapes.clone();
        let copied = begun.elapsed();
        let tessellating = Instant::now();
        drop(self.ctx.tessellate(output.shapes, output.pixels_per_point));
        let spent = copied + tessellating.elapsed();
        // There is no graphics card that would take them.
        output.textures_delta.clear();
        Drawn {
            milliseconds: spent.as_secs_f64() * 1e3,
            shapes,
        }
    }

    /// Draws until nothing that was asked for is on its way.
    fn settle(&mut self) {
        for _ in 0..50 {
            self.draw(Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn press(&mut self, key: Key) -> Drawn {
        self.draw(vec![Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::NONE,
        }])
    }
}

/// Median, 99th percentile and worst.
fn told(mut milliseconds: Vec<f64>) -> String {
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    format!(
        "{:.2} ms at the median, {:.2} at the 99th percentile, {:.2} at worst",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

/// The largest resident memory of this process so far.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.map_or("not told here".to_owned(), |kibibytes| {
        format!("{:.0} MB", kibibytes as f64 * 1024.0 / 1e6)
    })
}

fn places(home: &Path) -> Places {
    Places {
        settings: home.join("settings.toml"),
        cache: home.join("cache.db"),
        library: home.join("library.db"),
        models: home.join("models"),
        benchmarks: home.join("benchmarks"),
    }
}

/// A cache with small pictures of the first photos.
fn cache(path: &Path, photos: &[Photo]) -> Cache {
    let small = synthetic::photo(1, THUMBNAIL_SIDE, THUMBNAIL_SIDE * 3 / 4);
    let thumbnail = common::jpeg(&small, 80);
    let mut writer = Cache::open(path).unwrap().cache.into_writer();
    for photo in photos.iter().take(PICTURES) {
        let record = Record::Content {
            content: (*photo.content).clone(),
            thumbnail: thumbnail.clone(),
            pixel_record: Vec::new(),
        };
        writer.write(record).unwrap();
    }
    writer.finish().unwrap()
}

/// What a scan would have given.
fn analysis(photos: Vec<Photo>, findings: Findings, cache: Cache) -> Analysis {
    let grouping = GroupSettings {
        similarity: Cosine(0.5),
        weakest: Evidence::Similar,
        keep: KeepSettings::default(),
        not_duplicates: Vec::new(),
    };
    let cancel = AtomicBool::new(false);
    let shots = Shots::build(&findings.of(&photos), &grouping, &cancel).unwrap();
    let mut model = bundled::record();
    model.similarity_floor = 0.0;
    Analysis {
        folders: vec![PathBuf::from("/photos")],
        files: photos.len() as u64,
        groups: shots.groups(grouping.similarity),
        photos,
        shots,
        grouping,
        findings,
        parts: Vec::new(),
        problems: Vec::new(),
        changes: Changes::default(),
        engine: EngineInfo {
            name: "embedded".to_owned(),
            runtime: "rten".to_owned(),
            provider: "cpu".to_owned(),
        },
        model,
        index: IndexUsed::Exact,
        recall: None,
        notices: Vec::new(),
        events: Vec::new(),
        stages: Vec::new(),
        elapsed: Duration::from_mins(1),
        cache,
    }
}

/// Pairs of copies: as many groups as half of the photos.
fn pairs(photos: &[Photo]) -> Findings {
    let verdict = Verdict {
        evidence: Some(Evidence::SameShot),
        numbers: Numbers {
            cosine: Cosine(0.95),
            scale: 1.0,
            seconds_apart: None,
        },
        pixels: PixelVerdict::UNRELATED,
        weakened: None,
    };
    let first = (0..photos.len() as u32 / 2).map(|pair| pair * 2);
    Findings {
        distinct: Distinct::of(photos),
        edges: Vec::new(),
        verdicts: first.map(|a| (a, a + 1, verdict)).collect(),
    }
}

/// Where the first letters of this text were painted.
fn place_of(shapes: &[egui::epaint::ClippedShape], text: &str) -> Pos2 {
    let mut texts = shapes.iter().filter_map(|clipped| match &clipped.shape {
        Shape::Text(shape) if shape.galley.text() == text => Some(shape.visual_bounding_rect()),
        _ => None,
    });
    texts.next_back().unwrap().right_center()
}

/// Small pictures on the screen.
fn pictures(shapes: &[egui::epaint::ClippedShape]) -> usize {
    let letters = TextureId::default();
    let shapes = shapes.iter().map(|clipped| &clipped.shape);
    shapes
        .filter(|shape| match shape {
            Shape::Rect(rect) => {
                (rect.brush.as_ref()).is_some_and(|brush| brush.fill_texture_id != letters)
            }
            Shape::Mesh(mesh) => mesh.texture_id != letters,
            _ => false,
        })
        .count()
}

fn first_frame(home: &Path) {
    let mut milliseconds: Vec<f64> = (0..9)
        .map(|number| {
            let mut window = Window::open(places(&home.join(format!("first-{number}"))));
            window.draw(Vec::new());
            window.begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "first frame: {:.0} ms at the median of 9, {:.0} the first time",
        milliseconds[4], milliseconds[8]
    );
}

/// A library of close pairs: memory, and the slider.
fn cutting(home: &Path, count: usize) {
    let photos = synthetic::photos(count);
    let findings = synthetic::findings(&photos);
    let edges = findings.edges.len();
    let cache = cache(&home.join("cutting.db"), &photos);
    let mut window = Window::open(places(&home.join("cutting")));
    window.settle();
    window.app.show_analysis(analysis(photos, findings, cache));
    window.settle();
    println!("{count} photos open: peak memory {}", peak());

    let drawn = window.draw(Vec::new());
    let begins = place_of(&drawn.shapes, "Similarity") + vec2(12.0, 0.0);
    let button = |pressed, pos| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.draw(vec![Event::PointerMoved(begins), button(true, begins)]);
    let pulled = (0..FRAMES / 3).map(|step| {
        let share = step as f32 / (FRAMES / 3) as f32;
        let at = begins + vec2(170.0 * share, 0.0);
        window.draw(vec![Event::PointerMoved(at)]).milliseconds
    });
    let pulled = pulled.collect();
    println!(
        "{count} photos, {edges} close pairs, the slider pulled: a frame {}",
        told(pulled)
    );
}

/// A list of many groups: scrolled, stepped through, and the first small pictures.
fn walking(home: &Path, groups: usize) {
    let mut photos = synthetic::photos(groups * 2);
    // What wins back most comes first in the list.
    for photo in photos.iter_mut().take(PICTURES) {
        photo.stamp.size += 10_000_000;
    }
    let findings = pairs(&photos);
    let cache = cache(&home.join("walking.db"), &photos);
    let mut window = Window::open(places(&home.join("walking")));
    window.settle();
    window.app.show_analysis(analysis(photos, findings, cache));

    let shown = Instant::now();
    let mut first = None;
    let mut most = 0;
    let mut whole = Duration::ZERO;
    while shown.elapsed() < Duration::from_secs(2) {
        let drawn = window.draw(Vec::new());
        let now = pictures(&drawn.shapes);
        if now > most {
            (most, whole) = (now, shown.elapsed());
            first.get_or_insert(whole);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    println!(
        "small pictures: the first after {:.0} ms, all {most} after {:.0} ms",
        first.unwrap_or_default().as_secs_f64() * 1e3,
        whole.as_secs_f64() * 1e3
    );

    let still = (0..FRAMES).map(|_| window.draw(Vec::new()).milliseconds);
    println!(
        "{groups} groups, nothing moves: a frame {}",
        told(still.collect())
    );
    let over_the_list = pos2(140.0, 560.0);
    window.draw(vec![Event::PointerMoved(over_the_list)]);
    let scrolled = (0..FRAMES).map(|_| {
        let wheel = Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -400.0),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        };
        window.draw(vec![wheel]).milliseconds
    });
    println!(
        "{groups} groups, scrolled: a frame {}",
        told(scrolled.collect())
    );
    let stepped = (0..FRAMES).map(|_| window.press(Key::J).milliseconds);
    println!(
        "{groups} groups, stepped through: a frame {}",
        told(stepped.collect())
    );
    let marked = (0..FRAMES).map(|step| {
        let key = [Key::L, Key::X, Key::J][step % 3];
        window.press(key).milliseconds
    });
    println!(
        "{groups} groups, marked: a frame {}",
        told(marked.collect())
    );
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    first_frame(home.path());
    for count in synthetic::sizes(&[100_000]) {
        cutting(home.path(), count);
        walking(home.path(), count);
    }
}
