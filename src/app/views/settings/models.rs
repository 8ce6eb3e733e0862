//! The models: which there are, which is in use, how to get more.

use eframe::egui::{Align, Label, Layout, ProgressBar, Ui};
use lucide_icons::Icon;

use super::parts::{self, note, trouble};
use crate::app::command::Command;
use crate::app::settings::{Change, Download, ModelRow, Models, SettingsCommand, Wanted};
use crate::app::state::State;
use crate::app::theme::{Palette, size, space, width};
use crate::app::widgets::{self, button, icon};
use crate::app::words;
use crate::embed::store::State as ModelState;

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    match &state.settings_view.models {
        None => parts::looking(ui, "Looking for models…"),
        Some(Err(reason)) => trouble(ui, reason),
        Some(Ok(models)) => list(ui, state, models, commands),
    }
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        if button(ui, Icon::FilePlus2, "Add a model file").clicked() {
            commands.push(SettingsCommand::Choose(Wanted::Model).into());
        }
        note(
            ui,
            "An ONNX file that takes pictures; a preprocessor_config.json beside it is read.",
        );
    });
    match &state.settings_view.added {
        Some(Ok(told)) => note(ui, told.clone()),
        Some(Err(reason)) => trouble(ui, reason),
        None => {}
    }
}

fn list(ui: &mut Ui, state: &State, models: &Models, commands: &mut Vec<Command>) {
    let in_use = match &models.chosen {
        Ok(model) => Some(model.name.as_str()),
        Err(reason) => {
            trouble(ui, reason);
            if button(ui, Icon::Undo2, "Use the bundled model").clicked() {
                commands.push(Change::Model(None).into());
            }
            None
        }
    };
    if let Some(file) = in_use.filter(|name| models.rows.iter().all(|row| row.listed.name != *name))
    {
        note(
            ui,
            format!(
                "In use is the file {}.",
                state.settings.model.as_deref().unwrap_or(file)
            ),
        );
    }
    for (at, row) in models.rows.iter().enumerate() {
        if at > 0 {
            ui.separator();
        }
        model(
            ui,
            state,
            row,
            in_use == Some(row.listed.name.as_str()),
            commands,
        );
    }
}

fn model(ui: &mut Ui, state: &State, row: &ModelRow, is_used: bool, commands: &mut Vec<Command>) {
    let listed = &row.listed;
    let download = (state.settings_view.download.as_ref()).filter(|it| it.name == listed.name);
    if ui.available_width() < width::NARROW {
        about(ui, row, is_used);
        ui.horizontal_wrapped(|ui| act(ui, state, row, is_used, download, commands));
    } else {
        ui.horizontal(|ui| {
            let right = width::NAMES;
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - right - space::MEDIUM);
                about(ui, row, is_used);
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                act(ui, state, row, is_used, download, commands);
            });
        });
    }
    if let Some(download) = download {
        progress(ui, download, commands);
    }
    if let ModelState::Recipe(recipe) = &listed.state {
        note(ui, format!("Not for download: {recipe}"));
    }
    if let Some(error) = state.settings_view.model_errors.get(&listed.name) {
        trouble(ui, error);
    }
}

fn about(ui: &mut Ui, row: &ModelRow, is_used: bool) {
    let palette = Palette::of(ui);
    let listed = &row.listed;
    ui.spacing_mut().item_spacing.y = space::TINY;
    ui.horizontal_wrapped(|ui| {
        let (picture, color) = if is_used {
            (Icon::CircleCheck, palette.keep)
        } else {
            (Icon::Circle, palette.line)
        };
        ui.label(icon(picture).color(color));
        ui.add(Label::new(widgets::strong(listed.title.as_str(), size::BODY)).wrap());
    });
    ui.horizontal_wrapped(|ui| {
        let licence = widgets::caption(ui, listed.licence.as_str());
        ui.label(licence.color(licence_color(palette, &listed.licence)));
        let mut facts = format!("· {} · {} numbers a photo", listed.name, listed.dimension);
        if let ModelState::Downloadable { megabytes } = listed.state {
            facts = format!(
                "{facts} · {}",
                words::bytes(u64::from(megabytes) * 1_000_000)
            );
        }
        ui.label(widgets::caption(ui, facts));
    });
}

/// What may not be used freely is marked.
fn licence_color(palette: &Palette, licence: &str) -> eframe::egui::Color32 {
    if licence == "research-only" {
        palette.review
    } else {
        palette.weak
    }
}

fn act(
    ui: &mut Ui,
    state: &State,
    row: &ModelRow,
    is_used: bool,
    download: Option<&Download>,
    commands: &mut Vec<Command>,
) {
    let name = &row.listed.name;
    match &row.listed.state {
        ModelState::Bundled | ModelState::Installed if is_used => {
            let color = Palette::of(ui).keep;
            ui.label(widgets::strong("In use", size::BODY).color(color));
        }
        ModelState::Bundled | ModelState::Installed => {
            let clicked = button(ui, Icon::Check, "Use")
                .accessible_name(format!("Use {name}"))
                .clicked();
            if clicked {
                let chosen = (row.listed.state == ModelState::Installed).then(|| name.clone());
                commands.push(Change::Model(chosen).into());
            }
        }
        ModelState::Downloadable { .. } if download.is_some() => {}
        ModelState::Downloadable { .. } => {
            let word = if row.arrived > 0 { "Go on" } else { "Download" };
            let is_free = state.settings_view.download.is_none();
            let clicked = ui
                .add_enabled_ui(is_free, |ui| button(ui, Icon::Download, word))
                .inner
                .accessible_name(format!("{word}: {name}"))
                .on_disabled_hover_text("Another model is being fetched.")
                .clicked();
            if clicked {
                commands.push(SettingsCommand::Download(name.clone()).into());
            }
            if row.arrived > 0 {
                let text = format!("{} are here", words::bytes(row.arrived));
                ui.label(widgets::caption(ui, text));
            }
        }
        ModelState::Recipe(_) => {}
    }
}

fn progress(ui: &mut Ui, download: &Download, commands: &mut Vec<Command>) {
    let (received, total) = (download.progress.received, download.progress.total);
    ui.horizontal_wrapped(|ui| {
        #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
        let share = total.map_or(0.0, |total| received as f32 / total.max(1) as f32);
        let bar = ProgressBar::new(share)
            .desired_width(width::NAMES)
            .desired_height(space::SMALL);
        ui.add(bar)
            .accessible_name(format!("Download of {}", download.name));
        let text = match (download.is_stopping, total) {
            (true, _) => "Stopping…".to_owned(),
            (false, Some(total)) => {
                format!("{} of {}", words::bytes(received), words::bytes(total))
            }
            (false, None) => "Waiting for the server…".to_owned(),
        };
        ui.label(widgets::caption(ui, text));
        let stop = ui.add_enabled_ui(!download.is_stopping, |ui| {
            button(ui, Icon::X, "Stop")
                .accessible_name(format!("Stop the download of {}", download.name))
        });
        if stop.inner.clicked() {
            commands.push(SettingsCommand::CancelDownload.into());
        }
    });
}
