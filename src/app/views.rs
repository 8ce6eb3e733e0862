//! The views: functions of the state that draw it and push wishes.

mod benchmark;
mod cheat_sheet;
mod compare;
mod history;
mod library;
mod removal;
mod review;
mod settings;

use eframe::egui::{self, Frame, Ui};

use super::bars;
use super::command::Command;
use super::state::{State, View};
use super::theme::Palette;

/// Draws the whole window.
pub(crate) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if state.is_comparing() {
        compare::show(ui, state, commands);
    } else {
        window(ui, state, commands);
    }
    if let Some(sheet) = &state.removal.sheet {
        removal::show(ui, sheet, commands);
    }
    if state.cheat_sheet {
        cheat_sheet::show(ui, commands);
    }
}

/// The bars, and the view between them.
fn window(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    bars::top(ui, state, commands);
    bars::banners(ui, state, commands);
    bars::bottom(ui, state, commands);
    let ground = Frame::new().fill(Palette::of(ui).ground);
    egui::CentralPanel::default()
        .frame(ground)
        .show(ui, |ui| match state.view {
            View::Library => library::show(ui, state, commands),
            View::Review => review::show(ui, state, commands),
            View::Benchmark => benchmark::show(ui, state, commands),
            View::History => history::show(ui, state, commands),
            View::Settings => settings::show(ui, state, commands),
        });
}
