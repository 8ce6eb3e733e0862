//! What could not be used, and why.

use eframe::egui::{self, Label, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, LibraryCommand};
use crate::app::state::Found;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, card, icon, icon_button};
use crate::app::words;
use crate::photo::Problem;

/// The height of a row, in points.
const ROW: f32 = 34.0;
/// The most rows that are shown at once.
const ROWS: f32 = 10.0;

/// Draws them, folded, if there are any.
pub(super) fn show(ui: &mut Ui, found: &Found, commands: &mut Vec<Command>) {
    let problems: Vec<&Problem> = (found.problems.iter())
        .filter(|problem| problem.kind.is_failure())
        .collect();
    if problems.is_empty() {
        return;
    }
    ui.add_space(space::SMALL);
    card(ui, |ui| {
        let title = words::counted(
            problems.len(),
            "file could not be used",
            "files could not be used",
        );
        egui::CollapsingHeader::new(widgets::strong(title, size::BODY))
            .id_salt("problems")
            .show(ui, |ui| {
                if button(ui, Icon::RotateCw, "Try again").clicked() {
                    commands.push(LibraryCommand::StartScan.into());
                }
                ScrollArea::vertical()
                    .id_salt("problem-list")
                    .max_height(ROW * ROWS)
                    .show_rows(
                        ui,
                        ROW - ui.spacing().item_spacing.y,
                        problems.len(),
                        |ui, rows| {
                            for problem in problems.get(rows).into_iter().flatten() {
                                row(ui, problem, commands);
                            }
                        },
                    );
            });
    });
}

fn row(ui: &mut Ui, problem: &Problem, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let name = words::file_name(&problem.path);
        if icon_button(ui, Icon::FolderSearch, "Show in folder")
            .on_hover_text(problem.path.display().to_string())
            .clicked()
        {
            commands.push(Command::ShowInFolder(problem.path.clone()));
        }
        ui.label(icon(Icon::TriangleAlert).color(Palette::of(ui).review));
        ui.label(RichText::new(name));
        let message = widgets::caption(ui, words::capitalised(&problem.message));
        ui.add(Label::new(message).truncate())
            .on_hover_text(&problem.message);
    });
}
