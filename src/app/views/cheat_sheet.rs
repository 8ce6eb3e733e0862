//! All keys at a glance.

use eframe::egui::{self, Grid, Ui};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::keys::SHEET;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets;

/// Draws the keys over everything.
pub(crate) fn show(ui: &mut Ui, commands: &mut Vec<Command>) {
    let modal = egui::Modal::new(egui::Id::unique("cheat-sheet")).show(ui.ctx(), |ui| {
        ui.horizontal(|ui| {
            ui.label(widgets::strong("Keys", size::HEADING));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if widgets::icon_button(ui, Icon::X, "Close the keys").clicked() {
                    commands.push(Command::ToggleCheatSheet);
                }
            });
        });
        for (title, keys) in SHEET {
            ui.add_space(space::MEDIUM);
            ui.label(widgets::strong(*title, size::LARGE));
            Grid::new(title)
                .num_columns(2)
                .spacing([space::SECTION, space::TINY])
                .show(ui, |ui| {
                    for (key, what) in *keys {
                        ui.label(
                            widgets::strong(*key, size::BODY).color(Palette::of(ui).accent_text),
                        );
                        ui.label(*what);
                        ui.end_row();
                    }
                });
        }
    });
    if modal.backdrop_response.clicked() {
        commands.push(Command::ToggleCheatSheet);
    }
}
