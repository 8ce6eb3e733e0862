//! The window: one owner of the state and the jobs, and views that draw the one and ask for the
//! others.
//!
//! `App::logic` takes what the jobs bring, `App::ui` draws a frame and then carries out what the
//! views asked for. Views are functions of `(&State, &mut Vec<Command>)`: none does I/O, decodes
//! or waits, so that a frame takes a few milliseconds whatever goes on.

mod act;
mod bars;
mod command;
mod jobs;
mod keys;
mod review;
mod settings;
mod state;
mod theme;
mod thumbnails;
mod views;
mod widgets;
mod words;

use std::path::PathBuf;

use eframe::egui;

use crate::settings::{Places, Settings};
use command::Command;
use jobs::Jobs;
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
            .with_inner_size([1280.0, 820.0])
            .with_min_inner_size([900.0, 600.0])
            .with_drag_and_drop(true),
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

/// The window's program.
pub struct App {
    places: Places,
    state: State,
    jobs: Jobs,
    toasts: egui_notify::Toasts,
}

impl App {
    /// A window's program that draws in `ctx`.
    #[must_use]
    pub fn new(ctx: &egui::Context, start: Start) -> Self {
        theme::install(ctx);
        let mut app = Self {
            places: start.places,
            state: State::new(start.settings),
            jobs: Jobs::new(ctx.clone()),
            toasts: egui_notify::Toasts::default(),
        };
        app.begin_settings(ctx);
        if let Some(trouble) = start.settings_trouble {
            app.state.complain(trouble);
        }
        app.act(Command::AddFolders(start.folders));
        app
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.thumbnails.next_frame();
        for answer in self.jobs.drain() {
            self.take(ctx, answer);
        }
        self.follow_scan(ctx);
        self.follow_download(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let mut commands = Vec::new();
        keys::read(ui, &self.state, &mut commands);
        views::show(ui, &self.state, &mut commands);
        for command in commands {
            self.act(command);
        }
        self.toasts.show(ui.ctx());
    }
}
