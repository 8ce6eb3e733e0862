//! What is proposed to be done with marked photos.

use eframe::egui::{Label, Ui};
use lucide_icons::Icon;

use super::parts::{self, Choice, choose, note, row};
use crate::app::command::Command;
use crate::app::settings::{Change, SettingsCommand, Wanted};
use crate::app::state::State;
use crate::app::widgets::button;
use crate::settings::RemovalChoice;

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    row(ui, "Propose to", |ui| {
        let choices = [
            Choice::free(RemovalChoice::Trash, "Move to the trash"),
            Choice::free(RemovalChoice::Folder, "Move to a folder"),
            Choice::free(RemovalChoice::HardLink, "Replace by hard links"),
        ];
        if let Some(choice) = choose(ui, "Propose to", state.settings.removal, &choices) {
            commands.push(Change::Removal(choice).into());
        }
        note(
            ui,
            "Nothing is removed before you have seen what would be done.",
        );
    });
    row(ui, "Folder for removed photos", |ui| {
        if let Some(folder) = &state.settings.removal_folder {
            ui.add(Label::new(folder.display().to_string()).truncate());
        } else {
            parts::text(ui, "Asked for each time");
        }
        ui.horizontal_wrapped(|ui| {
            if button(ui, Icon::FolderOpen, "Choose the folder for removed photos").clicked() {
                commands.push(SettingsCommand::Choose(Wanted::RemovalFolder).into());
            }
            if state.settings.removal_folder.is_some() && parts::back(ui, "Ask each time") {
                commands.push(Change::RemovalFolder(None).into());
            }
        });
    });
}
