//! All that is known of the photos, in a table; what differs stands out.

use eframe::egui::{self, Grid, Label, RichText, ScrollArea, Ui, vec2};
use lucide_icons::Icon;

use super::letter;
use crate::app::command::Command;
use crate::app::compare::{Compare, CompareCommand as C, facts};
use crate::app::theme::{self, Palette, size, space};
use crate::app::widgets;
use crate::app::words;
use crate::photo::Photo;

/// The width of a value, and of the names of facts.
const VALUE: f32 = 168.0;
const NAMES: f32 = 80.0;

/// Draws the table over the photos.
pub(super) fn show(ui: &mut Ui, compare: &Compare, commands: &mut Vec<Command>) {
    let modal = widgets::dialog(ui, "compare-table").show(ui.ctx(), |ui| {
        let room = ui.ctx().content_rect().size() - vec2(96.0, 96.0);
        #[expect(clippy::cast_precision_loss, reason = "at most six photos")]
        let columns = compare.entries().len() as f32;
        ui.set_width((NAMES + columns * (VALUE + space::SECTION)).min(room.x));
        ui.set_max_height(room.y);
        ui.horizontal(|ui| {
            ui.label(widgets::strong("All that is known", size::HEADING));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if widgets::icon_button(ui, Icon::X, "Close the table").clicked() {
                    commands.push(C::ToggleTable.into());
                }
            });
        });
        ui.add_space(space::SMALL);
        ScrollArea::both()
            .max_height(room.y - 60.0)
            .show(ui, |ui| rows(ui, compare));
    });
    if modal.backdrop_response.clicked() {
        commands.push(C::ToggleTable.into());
    }
}

fn rows(ui: &mut Ui, compare: &Compare) {
    let palette = Palette::of(ui);
    let photos: Vec<&Photo> = compare.entries().iter().map(|entry| &entry.photo).collect();
    Grid::new("all-facts")
        .num_columns(photos.len() + 1)
        .spacing([space::SECTION, space::SMALL])
        .show(ui, |ui| {
            ui.label("");
            for place in 0..photos.len() {
                ui.label(widgets::strong(letter(place).to_string(), size::LARGE));
            }
            ui.end_row();
            for fact in facts(&photos) {
                let name = widgets::caption(ui, fact.name);
                let name = if fact.differs {
                    name.color(palette.text)
                } else {
                    name
                };
                ui.label(name);
                for value in &fact.values {
                    ui.scope(|ui| {
                        ui.set_width(VALUE);
                        let color = match (value.better.is_some(), fact.differs) {
                            (true, _) => palette.keep,
                            (false, true) => palette.text,
                            (false, false) => palette.weak,
                        };
                        let text = if value.text.is_empty() {
                            "none"
                        } else {
                            value.text.as_str()
                        };
                        let mut text = RichText::new(text).color(color);
                        if value.better.is_some() {
                            text = text.font(theme::strong(size::BODY));
                        }
                        let praise = value.better.map(words::capitalised);
                        let response = ui.add(Label::new(text).wrap());
                        if let Some(praise) = praise {
                            response.on_hover_text(praise);
                        }
                    });
                }
                ui.end_row();
            }
        });
}
