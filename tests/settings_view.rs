//! The settings view, as a person and a screen reader meet it: what is chosen by the names of
//! the controls holds at once and is in the file, and what goes wrong is said.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;
#[path = "common/fake_server.rs"]
mod fake_server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use twinlens::app::{App, Start};
use twinlens::matching::KeepRule;
use twinlens::settings::{Places, Settings, ThemeChoice};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Of the window: so tall that nothing needs to be scrolled to.
const HEIGHT: f32 = 4500.0;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn places(&self) -> Places {
        Places {
            settings: self.path("settings.toml"),
            cache: self.path("cache.db"),
            library: self.path("library.db"),
            models: self.path("models"),
            benchmarks: self.path("benchmarks"),
        }
    }

    fn saved(&self) -> Settings {
        Settings::load(&self.path("settings.toml")).unwrap()
    }

    /// A window with the settings in front.
    fn window(&self) -> Harness<'static, App> {
        let mut window = self.window_at_start();
        open_settings(&mut window);
        window
    }

    fn window_at_start(&self) -> Harness<'static, App> {
        let start = Start::of(self.places(), Vec::new());
        Harness::builder()
            .with_size([1280.0, HEIGHT])
            .with_max_steps(8)
            .build_eframe(move |creation| App::new(&creation.egui_ctx, start))
    }
}

/// Goes to the settings and waits until what they look for is found: what arrives moves the
/// controls below it, and a click that is pressed before and released after that is none.
fn open_settings(window: &mut Harness<'_, App>) {
    press(window, "Settings");
    wait(window, |window| {
        window.query_by_label("Looking for models…").is_none()
            && window.query_by_label("Looking at the cache…").is_none()
            && window.query_by_label("Looking for it…").is_none()
    });
}

/// Draws frames until something holds.
fn wait(window: &mut Harness<'_, App>, holds: impl Fn(&Harness<'_, App>) -> bool) {
    let begun = Instant::now();
    loop {
        window.run_ok();
        if holds(window) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came: {window:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn press(window: &mut Harness<'_, App>, name: &str) {
    let control = window.get_by_label(name);
    assert!(control.rect().bottom() < HEIGHT, "{name} is out of sight");
    control.click();
    window.run_ok();
}

/// The labels of the rules, from top to bottom of the window.
fn order(window: &Harness<'_, App>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = window
        .query_all_by_label_contains("Leave out rule: ")
        .map(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            (node.rect().top(), label.replace("Leave out rule: ", ""))
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn what_is_chosen_holds_at_once_and_is_in_the_file() {
    let home = Home::new();
    let mut window = home.window();
    press(&mut window, "Theme: Light");
    assert!(!window.ctx.global_style().visuals.dark_mode);
    press(&mut window, "Theme: Dark");
    assert!(window.ctx.global_style().visuals.dark_mode);
    assert_eq!(
        order(&window)[..2],
        ["More pixels", "Less lost to compression"]
    );
    press(&mut window, "Move up: Less lost to compression");
    press(&mut window, "Leave out rule: An older file date");
    assert_eq!(
        order(&window)[..2],
        ["Less lost to compression", "More pixels"]
    );
    let slider = window
        .query_all_by_label("Threads")
        .find(|node| node.accesskit_node().role() == eframe::egui::Role::Slider);
    slider.unwrap().increment_accesskit();
    window.run_ok();
    press(&mut window, "Engine: Built-in");
    press(&mut window, "Larger text");
    drop(window);
    let saved = home.saved();
    assert_eq!(saved.theme, ThemeChoice::Dark);
    assert_eq!(
        saved.keep_rules[..2],
        [KeepRule::Compression, KeepRule::Pixels]
    );
    assert!(!saved.keep_rules.contains(&KeepRule::Age));
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(saved.threads, cores + 1);
    assert_eq!(saved.engine.name(), "embedded");
    assert_eq!(saved.text_scale.to_string(), "1.1");
    // And they are there again.
    let mut window = home.window();
    assert_eq!(order(&window)[0], "Less lost to compression");
    press(&mut window, "Count again: An older file date");
    assert_eq!(order(&window).last().unwrap(), "An older file date");
}

#[test]
fn looking_at_the_settings_changes_nothing() {
    let home = Home::new();
    drop(home.window());
    assert!(!home.path("settings.toml").exists());
}

#[test]
fn rules_are_put_in_order_by_the_keyboard_alone() {
    use eframe::egui::Key;
    let home = Home::new();
    let mut window = home.window();
    window.get_by_label("Move down: More pixels").focus();
    window.run_ok();
    for _ in 0..2 {
        window.key_press(Key::Enter);
        window.run_ok();
    }
    // The keyboard went with the rule.
    assert_eq!(order(&window)[2], "More pixels");
    assert!(window.get_by_label("Move down: More pixels").is_focused());
}

#[test]
fn a_broken_file_is_set_aside_with_a_banner_and_the_defaults_are_in_use() {
    let home = Home::new();
    std::fs::write(home.path("settings.toml"), "text_scale = 7\n").unwrap();
    let mut window = home.window_at_start();
    window.run_ok();
    let banner = window.get_by_label_contains("The defaults are in use");
    let told = banner.value().unwrap_or_default();
    assert!(
        told.contains("from 0.8 to 2") && told.contains("settings.toml.unreadable-1"),
        "{told}"
    );
    let aside = home.path("settings.toml.unreadable-1");
    assert_eq!(std::fs::read_to_string(aside).unwrap(), "text_scale = 7\n");
    open_settings(&mut window);
    press(&mut window, "Theme: Light");
    drop(window);
    assert_eq!(home.saved().theme, ThemeChoice::Light);
}

#[test]
fn an_engine_that_is_not_there_is_greyed_and_says_where_it_was_looked_for() {
    let home = Home::new();
    let missing = home.path("nothing.so");
    let settings = Settings {
        onnxruntime_library: Some(missing.clone()),
        ..Settings::default()
    };
    settings.save(&home.path("settings.toml")).unwrap();
    let mut window = home.window();
    let engine = window.get_by_label("Engine: ONNX Runtime");
    assert!(engine.accesskit_node().is_disabled());
    let told = window.get_by_label_contains("Not there: ");
    let told = told.value().unwrap_or_default();
    assert!(
        told.contains(missing.to_str().unwrap()) && told.contains("pip install onnxruntime"),
        "{told}"
    );
    press(&mut window, "Back to the usual places");
    drop(window);
    assert_eq!(home.saved().onnxruntime_library, None);
}

#[test]
fn the_cache_is_cleared_only_after_a_question() {
    let home = Home::new();
    let folder = home.path("photos");
    std::fs::create_dir(&folder).unwrap();
    common::picture(1, 320, 240)
        .save(folder.join("a.png"))
        .unwrap();
    let scan = |home: &Home| {
        let request = twinlens::pipeline::Request::from_settings(
            &Settings::default(),
            &home.places(),
            None,
            vec![home.path("photos")],
        );
        drop(
            twinlens::pipeline::start(request.unwrap())
                .unwrap()
                .join()
                .unwrap(),
        );
    };
    scan(&home);
    let mut window = home.window();
    assert!(window.query_by_label_contains("1 photo, ").is_some());
    press(&mut window, "Clear the cache");
    press(&mut window, "Keep the cache");
    assert!(window.query_by_label_contains("1 photo, ").is_some());
    press(&mut window, "Clear the cache");
    press(&mut window, "Clear it");
    wait(&mut window, |window| {
        window.query_by_label_contains("0 photos, ").is_some()
    });
}

/// Serves one file: the first `short` answers end after half of it, and hang until they are
/// hung up on.
struct Server {
    base: String,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(body: Vec<u8>, short: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("server".into())
            .spawn(move || {
                for (number, stream) in listener.incoming().enumerate() {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    answer(stream.unwrap(), &body, number < short, &stopped);
                }
            })
            .unwrap();
        Self {
            base,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the server so that it sees the flag.
        TcpStream::connect(self.base.trim_start_matches("http://")).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn answer(mut stream: TcpStream, body: &[u8], is_short: bool, stopped: &AtomicBool) {
    let mut start = 0;
    for line in BufReader::new(&stream).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().unwrap();
        }
    }
    let (status, range) = match start {
        0 => ("200 OK", String::new()),
        _ => (
            "206 Partial Content",
            format!(
                "Content-Range: bytes {start}-{}/{}\r\n",
                body.len() - 1,
                body.len()
            ),
        ),
    };
    let rest = &body[start..];
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{range}ETag: \"v1\"\r\nConnection: close\r\n\r\n",
        rest.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    if !is_short {
        stream.write_all(rest).ok();
        return;
    }
    // Drop by drop, so that whoever stops is heard.
    for piece in rest[..rest.len() / 2].chunks(rest.len() / 100) {
        if stopped.load(Ordering::Relaxed) || stream.write_all(piece).is_err() {
            return;
        }
    }
    let hung_up = |stream: &mut TcpStream| stream.write_all(&rest[..1]).is_err();
    let mut at = rest.len() / 2;
    while at < rest.len() - 1 && !stopped.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(10));
        if hung_up(&mut stream) {
            return;
        }
        at += 1;
    }
}

fn mirror(home: &Home, base: &str) {
    let settings = Settings {
        model_mirror: Some(base.to_owned()),
        ..Settings::default()
    };
    settings.save(&home.path("settings.toml")).unwrap();
}

#[test]
fn a_model_is_fetched_stopped_gone_on_with_and_used() {
    let Some(file) = common::shared("models/clip_tiny.onnx") else {
        return;
    };
    let home = Home::new();
    let server = Server::start(std::fs::read(file).unwrap(), 1);
    mirror(&home, &server.base);
    let mut window = home.window();
    press(&mut window, "Download: clip-vit-b32");
    wait(&mut window, |window| {
        window.query_by_label_contains("B of ").is_some()
    });
    press(&mut window, "Stop the download of clip-vit-b32");
    wait(&mut window, |window| {
        window.query_by_label("Go on: clip-vit-b32").is_some()
    });
    assert!(window.query_by_label_contains(" are here").is_some());
    press(&mut window, "Go on: clip-vit-b32");
    wait(&mut window, |window| {
        window.query_by_label("Use clip-vit-b32").is_some()
    });
    press(&mut window, "Use clip-vit-b32");
    drop(window);
    assert_eq!(home.saved().model.as_deref(), Some("clip-vit-b32"));
}

#[test]
fn a_download_that_fails_says_so_at_its_row() {
    let home = Home::new();
    // Nobody listens there any more.
    let base = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("ftp://{}", listener.local_addr().unwrap())
    };
    mirror(&home, &base);
    let mut window = home.window();
    press(&mut window, "Download: clip-vit-b32");
    wait(&mut window, |window| {
        window
            .query_by_label_contains("cannot download: ")
            .is_some()
    });
    assert!(window.query_by_label("Download: clip-vit-b32").is_some());
}

#[test]
fn everything_fits_at_twice_the_size() {
    let home = Home::new();
    let settings = Settings {
        text_scale: 2.0,
        ..Settings::default()
    };
    settings.save(&home.path("settings.toml")).unwrap();
    let mut window = home.window();
    let right = window.ctx.content_rect().right();
    for name in [
        "Theme: Dark",
        "Move up: A name like an original's",
        "Download: clip-vit-b32",
    ] {
        let rect = window.get_by_label(name).rect();
        assert!(rect.right() <= right, "{name}: {rect:?} of {right}");
    }
    press(&mut window, "Smaller text");
    assert!(Path::new(&home.path("settings.toml")).exists());
}

#[test]
fn a_server_is_added_tested_turned_off_changed_and_removed() {
    let server = fake_server::FakeServer::start(fake_server::Faults::default());
    let home = Home::new();
    let mut window = home.window();
    assert!(
        window
            .get_by_label("Engine: Servers")
            .accesskit_node()
            .is_disabled()
    );
    press(&mut window, "Add a server");
    type_into(&mut window, "Address", "ftp://nowhere");
    assert!(window.query_by_label_contains("unknown scheme").is_some());
    assert!(
        window
            .get_by_label("Keep the server")
            .accesskit_node()
            .is_disabled()
    );
    press(&mut window, "Leave it");
    press(&mut window, "Add a server");
    type_into(&mut window, "Address", &server.url());
    type_into(&mut window, "Pictures a request", "4");
    press(&mut window, "Keep the server");
    press(&mut window, "Engine: Servers");
    press(&mut window, "If none answers: Wait");
    let url = server.url();
    press(&mut window, &format!("Test {url}"));
    wait(&mut window, |window| {
        window
            .query_by_label_contains("vectors: the same")
            .is_some()
    });
    for told in [
        "8-bit pixels",
        "KServe over HTTP",
        "vectors of 512 numbers",
        "round trip: ",
    ] {
        assert!(window.query_by_label_contains(told).is_some(), "{told}");
    }
    press(&mut window, &format!("Use {url}"));
    drop(window);
    let saved = home.saved();
    assert_eq!(saved.servers.len(), 1);
    assert_eq!(saved.servers[0].url, url);
    assert_eq!(saved.servers[0].batch, Some(4));
    assert!(saved.servers[0].disabled);
    assert_eq!(saved.engine.name(), "remote");
    assert_eq!(saved.failover.name(), "none");
    let mut window = home.window();
    press(&mut window, &format!("Change {url}"));
    type_into(&mut window, "Model", "bundled");
    press(&mut window, "Keep the server");
    drop(window);
    assert_eq!(home.saved().servers[0].model.as_deref(), Some("bundled"));
    let mut window = home.window();
    press(&mut window, &format!("Remove {url}"));
    drop(window);
    assert!(home.saved().servers.is_empty());
}

#[test]
fn a_token_is_used_and_is_in_no_file_and_a_server_that_wants_one_says_so() {
    let server = fake_server::FakeServer::start(fake_server::Faults {
        token: Some("very-secret"),
        ..fake_server::Faults::default()
    });
    let home = Home::new();
    let url = server.url();
    let mut window = home.window();
    press(&mut window, "Add a server");
    type_into(&mut window, "Address", &url);
    press(&mut window, "Keep the server");
    press(&mut window, &format!("Test {url}"));
    wait(&mut window, |window| {
        window
            .query_by_label_contains("the token is not known here")
            .is_some()
    });
    press(&mut window, &format!("Change {url}"));
    press(&mut window, "Log in with: A token");
    type_into(&mut window, "Secret", "very-secret");
    press(&mut window, "Keep the server");
    press(&mut window, &format!("Test {url}"));
    wait(&mut window, |window| {
        window
            .query_by_label_contains("vectors: the same")
            .is_some()
    });
    drop(window);
    let text = std::fs::read_to_string(home.path("settings.toml")).unwrap();
    assert!(!text.contains("very-secret"), "{text}");
}

fn type_into(window: &mut Harness<'_, App>, name: &str, text: &str) {
    let role = eframe::egui::Role::TextInput;
    let field = |window: &Harness<'_, App>| {
        let fields = window.query_all_by_label(name);
        let is_field = |node: &egui_kittest::Node<'_>| {
            let found = node.accesskit_node().role();
            found == role || found == eframe::egui::Role::PasswordInput
        };
        fields.into_iter().position(|node| is_field(&node)).unwrap()
    };
    let at = field(window);
    window.query_all_by_label(name).nth(at).unwrap().focus();
    window.run_ok();
    window
        .query_all_by_label(name)
        .nth(at)
        .unwrap()
        .type_text(text);
    window.run_ok();
}
