//! Which way of computing embeddings is best here, and why: what is measured at the left and
//! above, the measurements, their pictures and what they mean below.

use eframe::egui::Ui;

use crate::app::command::Command;
use crate::app::state::State;

/// Draws it.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label("Benchmark");
    (state, commands);
}
