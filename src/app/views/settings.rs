//! What the user can choose.

use eframe::egui::{ScrollArea, Ui};

use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::size;
use crate::app::widgets;

/// Draws the settings.
pub(crate) fn show(ui: &mut Ui, state: &State, _commands: &mut Vec<Command>) {
    ScrollArea::vertical().show(ui, |ui| {
        ui.label(widgets::strong("Settings", size::HEADING));
        ui.label(format!("{} threads", state.settings.effective_threads()));
    });
}
