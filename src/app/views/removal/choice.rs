//! What is to be done with the photos, from the safest on.

use eframe::egui::{Label, RichText, Ui};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::removal::{Choice, RemovalCommand, Sheet};
use crate::app::theme::{Palette, space};
use crate::app::widgets::{self, button};

/// Draws it.
pub(super) fn show(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    for choice in Choice::ALL {
        let is_chosen = sheet.choice == choice;
        let name = match choice {
            Choice::Delete => RichText::new(choice.name()).color(Palette::of(ui).remove),
            _ => RichText::new(choice.name()),
        };
        if ui.radio(is_chosen, name).clicked() && !is_chosen {
            commands.push(RemovalCommand::Choose(choice).into());
        }
        if is_chosen {
            ui.indent(choice, |ui| {
                let text = widgets::caption(ui, choice.explanation());
                ui.add(Label::new(text).wrap());
                if choice == Choice::Move {
                    folder(ui, sheet, commands);
                }
            });
        }
    }
    ui.add_space(space::SMALL);
}

fn folder(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if button(ui, Icon::FolderOpen, "Choose the folder").clicked() {
            commands.push(RemovalCommand::ChooseFolder.into());
        }
        if let Some(folder) = &sheet.folder {
            ui.add(Label::new(folder.display().to_string()).truncate());
        }
    });
}
