//! How the window looks: theme, size of text, language.

use eframe::egui::Ui;
use lucide_icons::Icon;

use super::parts::{self, Choice, choose, note, row};
use crate::app::command::Command;
use crate::app::settings::{Change, larger, smaller};
use crate::app::state::State;
use crate::app::widgets::icon_button;
use crate::settings::ThemeChoice;

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    row(ui, "Theme", |ui| {
        let choices = [
            Choice::free(ThemeChoice::System, "As the system"),
            Choice::free(ThemeChoice::Light, "Light"),
            Choice::free(ThemeChoice::Dark, "Dark"),
        ];
        if let Some(theme) = choose(ui, "Theme", state.settings.theme, &choices) {
            commands.push(Change::Theme(theme).into());
        }
    });
    row(ui, "Text size", |ui| text_size(ui, state, commands));
    row(ui, "Language", |ui| {
        parts::text(ui, state.settings.language.spoken());
        note(ui, "The only one so far.");
    });
}

fn text_size(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let scale = state.settings.text_scale;
    ui.horizontal_wrapped(|ui| {
        let mut step = |ui: &mut Ui, picture, name, to: Option<f32>| {
            let pressed = ui.add_enabled_ui(to.is_some(), |ui| icon_button(ui, picture, name));
            if pressed.inner.clicked() {
                commands.extend(to.map(|scale| Change::TextScale(scale).into()));
            }
        };
        step(ui, Icon::Minus, "Smaller text", smaller(scale));
        ui.label(format!("{:.0} %", scale * 100.0));
        step(ui, Icon::Plus, "Larger text", larger(scale));
        if (scale - 1.0).abs() > f32::EPSILON && parts::back(ui, "Usual size") {
            commands.push(Change::TextScale(1.0).into());
        }
    });
}
