//! The window: one owner of the state and the jobs, and views that draw the one and ask for the
//! others.
//!
//! `App::logic` takes what the jobs bring, `App::ui` draws a frame and then carries out what the
//! views asked for. Views are functions of `(&State, &mut Vec<Command>)`: none does I/O, decodes
//! or waits, so that a frame takes a few milliseconds whatever goes on.

mod act;
mod bars;
mod benchmark;
mod command;
mod compare;
mod jobs;
mod keys;
mod removal;
mod review;
mod rule_dialog;
mod settings;
mod state;
mod theme;
mod thumbnails;
mod views;
mod widgets;
mod words;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use eframe::egui;

use crate::embed::remote::vault::Session;
use crate::library::Mark;
use crate::photo::{ContentHash, PhotoId};
use crate::pipeline;
use crate::settings::{Places, Settings};
use command::LibraryCommand;
use jobs::{Jobs, Note};
use review::Pair;
use state::State;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display, no OpenGL, or a driver that fails.
    #[error(
        "cannot open a window ({reason}); photos can be looked through without one: twinlens scan FOLDER"
    )]
    NoWindow {
        /// The system's reason.
        reason: String,
    },
}

/// What the window starts with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where the program keeps its files.
    pub places: Places,
    /// What the user chose.
    pub settings: Settings,
    /// Why the user's settings are not in use, if they are not.
    pub settings_trouble: Option<String>,
    /// Folders that are added to the library at once.
    pub folders: Vec<PathBuf>,
}

impl Start {
    /// The settings of this user. Settings that cannot be understood are set aside and said in
    /// the window, for a window that does not open cannot say what is wrong.
    #[must_use]
    pub fn of(places: Places, folders: Vec<PathBuf>) -> Self {
        let (settings, settings_trouble) = match Settings::load(&places.settings) {
            Ok(settings) => (settings, None),
            Err(error) => {
                let aside = Settings::set_aside(&places.settings);
                let what = match aside {
                    Ok(aside) => format!("The file was renamed to {}.", aside.display()),
                    Err(error) => format!("It cannot be renamed either ({error})."),
                };
                (
                    Settings::default(),
                    Some(format!("The defaults are in use: {error} {what}")),
                )
            }
        };
        Self {
            places,
            settings,
            settings_trouble,
            folders,
        }
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// [`WindowError`] if the system gives no window.
pub fn run(start: Start) -> Result<(), WindowError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Twinlens")
            .with_app_id("twinlens")
            .with_inner_size(jobs::window_size(&start.places.library).unwrap_or([1280.0, 820.0]))
            .with_min_inner_size([900.0, 600.0])
            .with_drag_and_drop(true)
            .with_icon(icon()),
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "twinlens",
        options,
        Box::new(move |creation| Ok(Box::new(App::new(&creation.egui_ctx, start)))),
    )
    .map_err(|error| WindowError::NoWindow {
        reason: error.to_string(),
    })
}

/// The picture in the title bar and the task list.
fn icon() -> egui::IconData {
    // Without it the window has the system's own picture.
    eframe::icon_data::from_png_bytes(include_bytes!("../assets/icon-256.png")).unwrap_or_default()
}

/// The window's program.
pub struct App {
    places: Places,
    state: State,
    jobs: Jobs,
    toasts: egui_notify::Toasts,
    /// What the user said of photos in all sessions.
    marks: HashMap<(PathBuf, ContentHash), Mark>,
    /// What the user declared to be no duplicates in all sessions, sorted.
    not_duplicates: Vec<Pair>,
    /// Where the user was in the last session, until that is shown.
    position: Option<String>,
    /// Counts the reviews, so that an answer about an older one is known as such.
    number: u64,
    /// Counts the wishes for other shots.
    grouped: u64,
    /// Secrets of servers that were typed in this session. Not in the state: no view needs them.
    session: Session,
    /// Events of the scan's servers that were shown.
    told_events: usize,
    /// The first photo of the group whose files were looked at last.
    looked_for: Option<PhotoId>,
    /// When the first results of the scan were looked at last.
    looked_live: Option<Instant>,
    /// How large the window is, once it was shown.
    window_size: Option<[f32; 2]>,
    /// Whether a scan begins when what an interrupted removal left is in order.
    scan_after_recovery: bool,
    /// The first results that are shown.
    shown_live: Option<Arc<pipeline::Found>>,
}

impl App {
    /// A window's program that draws in `ctx`.
    #[must_use]
    pub fn new(ctx: &egui::Context, start: Start) -> Self {
        theme::install(ctx);
        let mut app = Self {
            jobs: Jobs::new(ctx.clone(), &start.places),
            places: start.places,
            state: State::new(start.settings),
            toasts: egui_notify::Toasts::default(),
            marks: HashMap::new(),
            not_duplicates: Vec::new(),
            position: None,
            number: 0,
            grouped: 0,
            session: Session::default(),
            told_events: 0,
            looked_for: None,
            looked_live: None,
            shown_live: None,
            scan_after_recovery: false,
            window_size: None,
        };
        app.begin_settings(ctx);
        if let Some(trouble) = start.settings_trouble {
            app.state.complain(trouble);
        }
        app.act(LibraryCommand::Add(start.folders).into());
        app
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.thumbnails.next_frame();
        // In the points of a text of usual size, as a window is made.
        let scale = ctx.zoom_factor();
        let inner = ctx.input(|input| input.viewport().inner_rect);
        let size = inner.map(|inner| (inner.size() * scale).into());
        self.window_size = size.or(self.window_size);
        for answer in self.jobs.drain() {
            self.take(ctx, answer);
        }
        self.follow_scan(ctx);
        self.look_for_current();
        self.follow_comparison();
        self.follow_download(ctx);
        self.follow_removal(ctx);
        self.follow_benchmark(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let mut commands = Vec::new();
        keys::read(ui, &self.state, &mut commands);
        views::show(ui, &self.state, &mut commands);
        self.state.focus_search = false;
        for command in commands {
            self.act(command);
        }
        self.toasts.show(ui.ctx());
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some([width, height]) = self.window_size {
            let size = format!("{width:.0} {height:.0}");
            self.jobs.note(Note::WindowSize(size));
        }
        let position = self.position_now();
        self.jobs.note(Note::Position(position));
    }
}
