//! The program itself, in a real window on a screen that nobody sees (Xvfb), walked by the keys of
//! a real keyboard (xdotool); and what it says where there is no window to be had.
//!
//! Pictures of the screen lie in `$TWINLENS_TEST_LOGS`, by default `target/window-logs`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use common::{shared, skipped, twinlens};
use image::RgbImage;
use tempfile::TempDir;
use twinlens::library::{Ledger, Mark};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask};

/// How long anything may take before a test gives up; many times what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until something is there.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it never happens: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A screen of its own, gone with the value.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    /// `None`, loudly, where a program is missing that this needs.
    fn start(more: &[&str]) -> Option<Self> {
        for program in ["Xvfb", "xdotool", "import"] {
            let there = Command::new("which").arg(program).output();
            if !there.is_ok_and(|output| output.status.success()) {
                skipped(&format!("{program} is not installed"));
                return None;
            }
        }
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x820x24"])
            .args(["-nolisten", "tcp", "-noreset"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It chooses a free number and says it when it is ready.
        let mut number = String::new();
        let said = server.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        Some(Self { server, display })
    }

    /// A command that knows of this screen and of no other.
    fn with(&self, mut command: Command) -> Command {
        command
            .env("DISPLAY", &self.display)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET");
        command
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        let mut command = self.with(Command::new("xdotool"));
        let output = command.args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Presses keys one after the other, as a person would.
    fn press(&self, keys: &[&str]) {
        for key in keys {
            self.xdotool(&["key", "--clearmodifiers", key]);
            std::thread::sleep(Duration::from_millis(120));
        }
    }

    /// What is on the screen; kept under this name for those who look at the run.
    fn picture(&self, name: &str) -> RgbImage {
        let file = logs().join(format!("{name}.png"));
        let mut command = self.with(Command::new("import"));
        let status = command.args(["-window", "root"]).arg(&file).status();
        assert!(status.unwrap().success());
        image::open(&file).unwrap().to_rgb8()
    }

    /// Asks the window to close as a window manager does.
    fn close(&self, window: u32) {
        let (connection, _) = x11rb::connect(Some(&self.display)).unwrap();
        let atom = |name: &[u8]| {
            let asked = connection.intern_atom(false, name).unwrap();
            asked.reply().unwrap().atom
        };
        let data = [atom(b"WM_DELETE_WINDOW"), 0, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom(b"WM_PROTOCOLS"), data);
        let sent = connection.send_event(false, window, EventMask::NO_EVENT, message);
        sent.unwrap().check().unwrap();
        connection.flush().unwrap();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn logs() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/window-logs");
    let folder = std::env::var_os("TWINLENS_TEST_LOGS").map_or_else(default, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The running program and its window.
struct Program<'a> {
    screen: &'a Screen,
    process: Child,
    window: u32,
}

impl<'a> Program<'a> {
    fn start(screen: &'a Screen, home: &Path, arguments: &[&Path]) -> Self {
        let mut command = screen.with(twinlens(home));
        let log = std::fs::File::create(logs().join("program.log")).unwrap();
        let mut process = command
            .arg("window")
            .args(arguments)
            .stderr(log)
            .spawn()
            .unwrap();
        let window = wait_for("the window opens", || {
            assert!(process.try_wait().unwrap().is_none(), "it has ended");
            let found = screen.xdotool(&["search", "--onlyvisible", "--name", "^Twinlens$"]);
            found.lines().next()?.parse().ok()
        });
        // There is no window manager that would give it the keyboard.
        screen.xdotool(&["windowfocus", "--sync", &u32::to_string(&window)]);
        screen.xdotool(&["mousemove", "640", "815"]);
        std::thread::sleep(Duration::from_secs(2));
        Self {
            screen,
            process,
            window,
        }
    }

    fn close(mut self) -> ExitStatus {
        self.screen.close(self.window);
        wait_for("the program ends", || self.process.try_wait().unwrap())
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // It has ended where the test went well.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// When the only folder was scanned last.
fn last_scan(library: &Path) -> Option<jiff::Timestamp> {
    let folders = Ledger::open_existing(library).ok()??.folders().ok()?;
    Some(folders.first()?.last_scan?.ended)
}

fn marks(library: &Path) -> Vec<(PathBuf, Mark)> {
    let ledger = Ledger::open(library).unwrap();
    let marks = ledger.marks().unwrap().into_iter();
    marks.map(|marked| (marked.path, marked.mark)).collect()
}

/// How many pixels differ visibly.
fn difference(a: &RgbImage, b: &RgbImage) -> usize {
    let differ = |(a, b): (&image::Rgb<u8>, &image::Rgb<u8>)| {
        a.0.iter().zip(b.0).any(|(&a, b)| a.abs_diff(b) > 24)
    };
    a.pixels()
        .zip(b.pixels())
        .filter(|&pair| differ(pair))
        .count()
}

/// A folder with every sixth of the labelled photos.
fn photos() -> Option<TempDir> {
    let set = shared("photos/set")?;
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for album in ["camera", "chats", "backup/phone"] {
        let files = std::fs::read_dir(set.join(album)).unwrap();
        names.extend(
            files
                .map(|file| file.unwrap().path())
                .filter(|file| file.is_file()),
        );
    }
    names.sort();
    for (number, file) in names.iter().step_by(3).enumerate() {
        let extension = file.extension().unwrap().to_string_lossy();
        let copy = folder.path().join(format!("{number:03}.{extension}"));
        std::fs::copy(file, copy).unwrap();
    }
    Some(folder)
}

#[test]
fn photos_are_scanned_walked_and_marked_by_keys_and_the_marks_are_there_on_the_next_day() {
    let (Some(photos), Some(screen)) = (photos(), Screen::start(&[])) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let library = home.path().join("data/twinlens/library.db");

    let program = Program::start(&screen, home.path(), &[photos.path()]);
    screen.picture("1-library");
    // Past the five views and the keys to the button that leads on.
    screen.press(&["Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "space"]);
    std::thread::sleep(Duration::from_secs(2));
    screen.picture("2-scan");
    let first = wait_for("the scan ends", || last_scan(&library));
    std::thread::sleep(Duration::from_secs(3));
    screen.press(&["question"]);
    std::thread::sleep(Duration::from_secs(1));
    screen.picture("3-keys");
    screen.press(&["Escape", "j", "j", "l"]);
    std::thread::sleep(Duration::from_secs(2));
    let before = screen.picture("4-review");
    assert!(marks(&library).is_empty());
    screen.press(&["x"]);
    let marked = wait_for("the decision is kept", || {
        Some(marks(&library)).filter(|marks| !marks.is_empty())
    });
    assert_eq!(marked.len(), 1, "{marked:?}");
    std::thread::sleep(Duration::from_secs(1));
    let after = screen.picture("5-marked");
    let seen = difference(&before, &after);
    assert!(seen > 2_000, "a mark is seen: {seen} pixels");
    let status = program.close();
    assert!(status.success(), "{status}");
    assert_eq!(marks(&library), marked);

    let program = Program::start(&screen, home.path(), &[]);
    wait_for("the folder is looked into again", || {
        last_scan(&library).filter(|&ended| ended > first)
    });
    let mut least = usize::MAX;
    wait_for("the screen is as it was left", || {
        least = least.min(difference(&after, &screen.picture("6-next-day")));
        (least < seen / 2).then_some(())
    });
    assert_eq!(marks(&library), marked);
    // And it can be taken back, by the same keys.
    screen.press(&["x"]);
    wait_for("the other decision is kept", || {
        (marks(&library) != marked).then_some(())
    });
    let status = program.close();
    assert!(status.success(), "{status}");
}

/// What the program says where there is no window for it.
#[track_caller]
fn assert_refuses(mut command: Command) {
    let output = command.arg("window").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("cannot open a window"), "{errors}");
    assert!(errors.contains("twinlens scan FOLDER"), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    assert_eq!(errors.trim().lines().count(), 1, "{errors}");
}

#[test]
fn without_a_display_the_program_says_so_and_names_the_command_that_needs_none() {
    let home = tempfile::tempdir().unwrap();
    let mut command = twinlens(home.path());
    for name in [
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "WAYLAND_SOCKET",
        "XDG_RUNTIME_DIR",
    ] {
        command.env_remove(name);
    }
    assert_refuses(command);
}

#[test]
fn on_a_screen_without_opengl_the_program_says_so_too() {
    let Some(screen) = Screen::start(&["-extension", "GLX"]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let mut command = screen.with(twinlens(home.path()));
    // No other way to OpenGL either.
    command
        .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere.json")
        .env("LIBGL_DRIVERS_PATH", "/nowhere");
    assert_refuses(command);
}
