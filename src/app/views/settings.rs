//! What the user can choose, in cards. Each says when a choice counts, and what cannot be chosen
//! says why.

mod computer;
mod finding;
mod keeping;
mod look;
mod models;
mod parts;
mod removing;
mod servers;

use eframe::egui::{self, Margin, ScrollArea, Ui, vec2};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::settings::SettingsCommand;
use crate::app::state::State;
use crate::app::theme::{size, space, width};
use crate::app::widgets;

/// Draws the settings.
pub(crate) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if !state.settings_view.has_looked {
        commands.push(SettingsCommand::Look.into());
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let side = ((ui.available_width() - width::PAGE) / 2.0).max(space::LARGE);
        let page = vec2(ui.available_width() - 2.0 * side, 0.0);
        ui.add_space(space::SECTION);
        ui.horizontal_top(|ui| {
            ui.add_space(side);
            ui.allocate_ui(page, |ui| {
                ui.vertical(|ui| {
                    ui.set_width(page.x);
                    ui.spacing_mut().item_spacing.y = space::MEDIUM;
                    cards(ui, state, commands);
                });
            });
        });
        ui.add_space(space::SECTION);
    });
    computer::question(ui, state, commands);
}

fn cards(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label(widgets::strong("Settings", size::HEADING));
    let next_scan = "From the next scan on";
    let at_once = "At once";
    parts::section(ui, Icon::ScanSearch, "Finding", next_scan, |ui| {
        finding::show(ui, state, commands);
    });
    parts::section(ui, Icon::Boxes, "Models", next_scan, |ui| {
        models::show(ui, state, commands);
    });
    parts::section(ui, Icon::Server, "Servers", next_scan, |ui| {
        servers::show(ui, state, commands);
    });
    parts::section(ui, Icon::Star, "Keeping", next_scan, |ui| {
        keeping::show(ui, state, commands);
    });
    parts::section(ui, Icon::Trash2, "Removing", at_once, |ui| {
        removing::show(ui, state, commands);
    });
    parts::section(ui, Icon::Cpu, "This computer", next_scan, |ui| {
        computer::show(ui, state, commands);
    });
    parts::section(ui, Icon::Palette, "Look", at_once, |ui| {
        look::show(ui, state, commands);
    });
    file(ui, state, commands);
}

/// Where all of this is kept.
fn file(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    egui::Frame::new()
        .inner_margin(Margin::symmetric(16, 0))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let file = &state.settings_view.file;
                let text = format!("Kept in {}", file.display());
                ui.label(widgets::caption(ui, text));
                if widgets::icon_button(ui, Icon::FolderOpen, "Show the settings file").clicked() {
                    commands.push(Command::ShowInFolder(file.clone()));
                }
            });
        });
}
