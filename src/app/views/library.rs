//! The folders of the library, and the scan over them.

use eframe::egui::{self, Align, Layout, ProgressBar, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, FolderChange};
use crate::app::state::{Folder, Scan, State};
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, card, icon, icon_button, primary, toggle};
use crate::app::words;

/// Draws the library.
pub(crate) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    take_drops(ui, commands);
    if state.folders.is_empty() {
        widgets::empty(
            ui,
            Icon::FolderPlus,
            "Drop a folder of photos here",
            "Nothing leaves this computer, and nothing is removed without your word.",
            |ui| {
                if primary(ui, Icon::FolderOpen, "Choose a folder").clicked() {
                    commands.push(Command::ChooseFolders);
                }
            },
        );
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new()
            .inner_margin(egui::Margin::same(24))
            .show(ui, |ui| {
                heading(ui, state, commands);
                ui.add_space(space::MEDIUM);
                for folder in &state.folders {
                    card(ui, |ui| folder_row(ui, folder, commands));
                }
                if let Some(scan) = &state.scan {
                    ui.add_space(space::MEDIUM);
                    card(ui, |ui| progress(ui, scan));
                }
                if let Some(found) = &state.found {
                    let failures: Vec<_> = (found.problems.iter())
                        .filter(|problem| problem.kind.is_failure())
                        .collect();
                    if !failures.is_empty() {
                        ui.add_space(space::MEDIUM);
                        card(ui, |ui| problems(ui, &failures, commands));
                    }
                }
            });
    });
}

/// Folders that are dropped on the window.
fn take_drops(ui: &Ui, commands: &mut Vec<Command>) {
    let dropped = ui.input(|input| {
        (input.raw.dropped_files.iter())
            .map(|file| file.path().to_owned())
            .collect::<Vec<_>>()
    });
    if !dropped.is_empty() {
        commands.push(Command::AddFolders(dropped));
    }
}

fn heading(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(widgets::strong("Library", size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if state.scan.is_some() {
                if button(ui, Icon::CircleStop, "Stop").clicked() {
                    commands.push(Command::CancelScan);
                }
            } else if primary(ui, Icon::Search, "Find duplicates").clicked() {
                commands.push(Command::StartScan);
            }
            if button(ui, Icon::FolderPlus, "Add a folder").clicked() {
                commands.push(Command::ChooseFolders);
            }
        });
    });
}

fn folder_row(ui: &mut Ui, folder: &Folder, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(icon(Icon::Folder).color(Palette::of(ui).accent_text));
        ui.vertical(|ui| {
            ui.label(widgets::strong(words::file_name(&folder.path), size::BODY));
            ui.label(widgets::caption(ui, folder.path.display().to_string()));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::X, "Take out of the library").clicked() {
                commands.push(Command::ForgetFolder(folder.path.clone()));
            }
            let mut switch = |ui: &mut Ui, picture, text, is_on, change| {
                if toggle(ui, picture, text, is_on).clicked() {
                    commands.push(Command::SetFolder(folder.path.clone(), change));
                }
            };
            let on = folder.is_preferred;
            switch(ui, Icon::Star, "Prefer", on, FolderChange::Preferred(!on));
            let on = folder.is_protected;
            switch(ui, Icon::Lock, "Protect", on, FolderChange::Protected(!on));
            let on = folder.is_included;
            switch(ui, Icon::Eye, "Include", on, FolderChange::Included(!on));
        });
    });
}

fn progress(ui: &mut Ui, scan: &Scan) {
    for stage in &scan.stages {
        ui.horizontal(|ui| {
            ui.add_sized(
                [100.0, 20.0],
                egui::Label::new(words::capitalised(stage.stage.name())),
            );
            #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
            let share = if stage.expected > 0 {
                stage.items as f32 / stage.expected as f32
            } else {
                0.0
            };
            ui.add(ProgressBar::new(share).desired_width(320.0));
            let mut text = words::count(stage.items);
            if stage.expected > 0 {
                text = format!("{text} of {}", words::count(stage.expected));
            }
            ui.label(widgets::caption(ui, text));
        });
    }
}

fn problems(ui: &mut Ui, problems: &[&crate::photo::Problem], commands: &mut Vec<Command>) {
    let title = words::counted(
        problems.len(),
        "file could not be used",
        "files could not be used",
    );
    egui::CollapsingHeader::new(widgets::strong(title, size::BODY))
        .id_salt("problems")
        .show(ui, |ui| {
            for problem in problems {
                ui.horizontal(|ui| {
                    if icon_button(ui, Icon::FolderSearch, "Show in folder").clicked() {
                        commands.push(Command::ShowInFolder(problem.path.clone()));
                    }
                    ui.label(RichText::new(words::file_name(&problem.path)));
                    ui.label(widgets::caption(ui, problem.message.clone()));
                });
            }
        });
}
