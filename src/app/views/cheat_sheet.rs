//! All keys at a glance.

use eframe::egui::{self, Grid, ScrollArea, Ui, vec2};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::keys::SHEET;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets;

/// The height of a row, in points.
const ROW: f32 = 20.0;
/// What is left of the window's height around the list, for the heading and the window below.
const AROUND: f32 = 140.0;
/// What the list needs to be seen whole, in points.
const WIDTH: f32 = 860.0;
const HEIGHT: f32 = 560.0;

/// Draws the keys over everything.
pub(crate) fn show(ui: &mut Ui, commands: &mut Vec<Command>) {
    let modal = widgets::dialog(ui, "cheat-sheet").show(ui.ctx(), |ui| {
        ui.horizontal(|ui| {
            ui.label(widgets::strong("Keys", size::HEADING));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if widgets::icon_button(ui, Icon::X, "Close the keys").clicked() {
                    commands.push(Command::ToggleCheatSheet);
                }
            });
        });
        ui.add_space(space::MEDIUM);
        // Side by side, and scrolled where even that is too high: a sheet that is cut off at the
        // top and bottom cannot be read or closed by its button.
        let (left, right) = SHEET.split_at(SHEET.len() - SHEET.len() / 2);
        let room = ui.ctx().content_rect().size() - vec2(AROUND, AROUND);
        ui.set_width(room.x.min(WIDTH));
        let area = ScrollArea::both().max_height(room.y);
        area.min_scrolled_height(room.y.min(HEIGHT)).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| sections(ui, left));
                ui.add_space(space::HUGE);
                ui.vertical(|ui| sections(ui, right));
            });
        });
    });
    if modal.backdrop_response.clicked() {
        commands.push(Command::ToggleCheatSheet);
    }
}

/// Lists the keys of some places.
fn sections(ui: &mut Ui, sections: &[(&str, &[(&str, &str)])]) {
    for (title, keys) in sections {
        ui.label(widgets::strong(*title, size::LARGE));
        Grid::new(title)
            .num_columns(2)
            .min_row_height(ROW)
            .spacing([space::SECTION, space::TINY])
            .show(ui, |ui| {
                for (key, what) in *keys {
                    ui.label(widgets::strong(*key, size::BODY).color(Palette::of(ui).accent_text));
                    ui.label(*what);
                    ui.end_row();
                }
            });
        ui.add_space(space::MEDIUM);
    }
}
