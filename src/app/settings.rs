//! Carries out what the settings view asks for. A choice holds at once, and is written to the
//! disk by a thread; what an analysis depends on counts from the next scan on.

mod command;
mod seen;
mod servers;

pub(crate) use command::{Change, SettingsCommand, Wanted};
pub(crate) use servers::{Login, ServerForm, ServersCommand, Tested};

pub(crate) use seen::{CacheSeen, ChosenModel, Download, ModelRow, Models, SettingsView};

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{self, ThemePreference, gui_zoom::kb_shortcuts};

use super::App;
use super::command::Command;
use super::jobs::{Ask, SettingsAnswer};
use crate::embed::download::Policy;
use crate::embed::{EmbedError, bundled};
use crate::settings::ThemeChoice;

/// The sizes that text can have.
pub(crate) const TEXT_SCALES: [f32; 8] = [0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0];
/// The cache's name in a folder that the user chose; no other program calls its file so.
const CACHE_NAME: &str = "twinlens-cache.db";
/// How often a download asks for a frame.
const DOWNLOAD_FRAME: Duration = Duration::from_millis(100);

impl From<SettingsCommand> for Command {
    fn from(command: SettingsCommand) -> Self {
        Self::Settings(command)
    }
}

impl From<Change> for Command {
    fn from(change: Change) -> Self {
        Self::Settings(SettingsCommand::Change(change))
    }
}

/// Larger and smaller text by the keys that browsers have for it.
pub(crate) fn text_size_keys(ctx: &egui::Context, scale: f32, commands: &mut Vec<Command>) {
    let pressed = |shortcut| ctx.input_mut(|input| input.consume_shortcut(shortcut));
    let wanted = if pressed(&kb_shortcuts::ZOOM_RESET) {
        Some(1.0)
    } else if pressed(&kb_shortcuts::ZOOM_IN) || pressed(&kb_shortcuts::ZOOM_IN_SECONDARY) {
        larger(scale)
    } else if pressed(&kb_shortcuts::ZOOM_OUT) {
        smaller(scale)
    } else {
        None
    };
    commands.extend(wanted.map(|scale| Change::TextScale(scale).into()));
}

/// The next larger text; `None` if it is as large as can be.
pub(crate) fn larger(scale: f32) -> Option<f32> {
    TEXT_SCALES.into_iter().find(|&step| step > scale + 0.01)
}

/// The next smaller text; `None` if it is as small as can be.
pub(crate) fn smaller(scale: f32) -> Option<f32> {
    (TEXT_SCALES.into_iter().rev()).find(|&step| step < scale - 0.01)
}

impl App {
    /// Makes the window look as it was chosen.
    pub(super) fn begin_settings(&mut self, ctx: &egui::Context) {
        // Their own keys would change the size without its being kept.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        self.state.settings_view.file = self.places.settings.clone();
        self.state.settings_view.cores =
            std::thread::available_parallelism().map_or(1, usize::from);
        self.apply_look(ctx);
    }

    fn apply_look(&self, ctx: &egui::Context) {
        let settings = &self.state.settings;
        ctx.set_theme(match settings.theme {
            ThemeChoice::System => ThemePreference::System,
            ThemeChoice::Light => ThemePreference::Light,
            ThemeChoice::Dark => ThemePreference::Dark,
        });
        ctx.set_zoom_factor(settings.text_scale);
    }

    /// Carries out one wish of the settings view.
    pub(super) fn settings(&mut self, command: SettingsCommand) {
        match command {
            SettingsCommand::Look => self.look(),
            SettingsCommand::Change(change) => self.change(change),
            SettingsCommand::Choose(wanted) => self.jobs.choose(wanted),
            SettingsCommand::Download(name) => self.download(name),
            SettingsCommand::CancelDownload => self.jobs.settings.cancel_download(),
            SettingsCommand::Servers(command) => self.act_on_servers(command),
            SettingsCommand::AskToClear(asks) => self.state.settings_view.asks_to_clear = asks,
            SettingsCommand::ClearCache => {
                self.state.settings_view.asks_to_clear = false;
                let file = self.state.settings.cache_file(&self.places);
                self.ask(Ask::ClearCache(file));
            }
        }
    }

    /// Looks anew at what this computer has.
    pub(super) fn look(&mut self) {
        self.state.settings_view.has_looked = true;
        self.look_for_runtime();
        self.look_at_models();
        self.look_at_cache();
    }

    fn look_for_runtime(&mut self) {
        self.ask(Ask::Runtime(
            self.state.settings.onnxruntime_library.clone(),
        ));
    }

    fn look_at_models(&mut self) {
        let chosen = self.state.settings.model.as_deref();
        self.ask(Ask::Models {
            folder: self.models_folder(),
            chosen: chosen.unwrap_or(bundled::NAME).to_owned(),
        });
    }

    fn look_at_cache(&mut self) {
        self.ask(Ask::Cache(self.state.settings.cache_file(&self.places)));
    }

    fn ask(&mut self, ask: Ask) {
        self.jobs.settings.ask(ask);
    }

    fn models_folder(&self) -> PathBuf {
        self.state.settings.models_folder(&self.places)
    }

    fn change(&mut self, change: Change) {
        let (runtime, model, cache, look) = (
            matches!(change, Change::OnnxRuntime(_)),
            matches!(change, Change::Model(_)),
            matches!(change, Change::Cache(_)),
            matches!(change, Change::Theme(_) | Change::TextScale(_)),
        );
        change.apply(&mut self.state.settings);
        self.jobs
            .settings
            .save(self.places.settings.clone(), self.state.settings.clone());
        if look {
            let ctx = self.jobs.ctx().clone();
            self.apply_look(&ctx);
        }
        if runtime {
            self.look_for_runtime();
        }
        if model {
            self.look_at_models();
        }
        if cache {
            self.look_at_cache();
        }
    }

    fn download(&mut self, name: String) {
        self.state.settings_view.model_errors.remove(&name);
        let policy = Policy::with_mirror(self.state.settings.model_mirror.as_deref());
        let folder = self.models_folder();
        if let Err(error) = self.jobs.settings.download(folder, name.clone(), policy) {
            self.state.settings_view.model_errors.insert(name, error);
        }
    }

    /// Shows how far the download is, and takes in what it brought.
    pub(super) fn follow_download(&mut self, ctx: &egui::Context) {
        if let Some((name, result)) = self.jobs.settings.take_download() {
            match result {
                Ok(added) => {
                    self.tell(format!("{} is ready.", added.record.name));
                }
                // The row offers to go on with what has arrived.
                Err(EmbedError::Cancelled) => {}
                Err(error) => {
                    let errors = &mut self.state.settings_view.model_errors;
                    errors.insert(name, error.to_string());
                }
            }
            self.look_at_models();
        }
        self.state.settings_view.download = self.jobs.settings.current_download();
        if self.state.settings_view.download.is_some() {
            ctx.request_repaint_after(DOWNLOAD_FRAME);
        }
    }

    /// Takes in what a look or a dialog brought.
    pub(super) fn take_settings(&mut self, answer: SettingsAnswer) {
        let view = &mut self.state.settings_view;
        match answer {
            SettingsAnswer::Runtime(seen) => view.runtime = Some(seen),
            SettingsAnswer::Models(models) => view.models = Some(models),
            SettingsAnswer::Cache(cache) => view.cache = Some(cache),
            SettingsAnswer::Cleared(Ok(())) => {
                self.tell("The cache is empty.");
                self.look_at_cache();
            }
            SettingsAnswer::Cleared(Err(error)) | SettingsAnswer::SecretKept(Err(error)) => {
                self.state.complain(error);
            }
            SettingsAnswer::Added(added) => {
                view.added = Some(added);
                self.look_at_models();
            }
            SettingsAnswer::Chosen(wanted, path) => self.take_chosen(wanted, path),
            SettingsAnswer::Tested(url, tried) => {
                let tested = match tried {
                    Ok(trial) => Tested::Done(trial),
                    Err(error) => Tested::Failed(error),
                };
                view.tested.insert(url, tested);
            }
            SettingsAnswer::SecretKept(Ok(told)) => self.tell(told),
        }
    }

    fn take_chosen(&mut self, wanted: Wanted, path: PathBuf) {
        match wanted {
            Wanted::OnnxRuntime => self.change(Change::OnnxRuntime(Some(path))),
            Wanted::Model => {
                self.state.settings_view.added = None;
                self.ask(Ask::AddModel {
                    folder: self.models_folder(),
                    file: path,
                });
            }
            Wanted::ServerAuthority | Wanted::ClientCertificate | Wanted::ClientKey => {
                self.take_server_file(wanted, path);
            }
            Wanted::CacheFolder => self.change(Change::Cache(Some(path.join(CACHE_NAME)))),
            Wanted::RemovalFolder => self.take_removal_folder(path),
            Wanted::PreferredFolder => {
                let mut folders = self.state.settings.preferred_folders.clone();
                if !folders.contains(&path) {
                    folders.push(path);
                    self.change(Change::PreferredFolders(folders));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::TEXT_SCALE;

    #[test]
    fn text_grows_and_shrinks_by_steps_within_the_range_of_the_settings() {
        assert_eq!(TEXT_SCALES.first(), Some(TEXT_SCALE.start()));
        assert_eq!(TEXT_SCALES.last(), Some(TEXT_SCALE.end()));
        assert_eq!(larger(1.0), Some(1.1));
        assert_eq!(smaller(1.0), Some(0.9));
        // A size that was written by hand.
        assert_eq!((larger(1.3), smaller(1.3)), (Some(1.5), Some(1.25)));
        assert_eq!((larger(2.0), smaller(0.8)), (None, None));
    }
}
