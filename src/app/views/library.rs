//! The folders of the library, and the scan over them.

mod folders;
mod problems;
mod progress;

use eframe::egui::{self, Align, CornerRadius, Layout, ScrollArea, Stroke, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, LibraryCommand};
use crate::app::state::State;
use crate::app::theme::{self, Palette, RADIUS_LARGE, size, space};
use crate::app::widgets::{self, button, card, primary};
use crate::app::words;
use crate::embed::EngineChoice;

/// The widest that the cards become, in points: longer lines are hard to follow.
const WIDTH: f32 = 1100.0;

/// Draws the library.
pub(crate) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    take_drops(ui, commands);
    if state.folders.is_empty() {
        drop_area(ui, state, commands);
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let side = ((ui.available_width() - WIDTH) / 2.0).max(space::SECTION);
        egui::Frame::new()
            .inner_margin(egui::Margin::symmetric(whole(side), 24))
            .show(ui, |ui| {
                heading(ui, state, commands);
                ui.add_space(space::MEDIUM);
                if let Some(scan) = &state.scan {
                    card(ui, |ui| progress::show(ui, state, scan, commands));
                    ui.add_space(space::SMALL);
                } else if let Some(found) = &state.found {
                    card(ui, |ui| progress::done(ui, state, found, commands));
                    ui.add_space(space::SMALL);
                }
                for folder in &state.folders {
                    card(ui, |ui| folders::row(ui, state, folder, commands));
                }
                if let Some(found) = &state.found {
                    problems::show(ui, found, commands);
                }
            });
    });
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        hovering(ui);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a margin of some points")]
fn whole(points: f32) -> i8 {
    points.clamp(0.0, f32::from(i8::MAX)) as i8
}

/// Folders that are dropped on the window.
fn take_drops(ui: &Ui, commands: &mut Vec<Command>) {
    let dropped: Vec<_> = ui.input(|input| {
        let files = input.raw.dropped_files.iter();
        files.map(|file| file.path().to_owned()).collect()
    });
    if !dropped.is_empty() {
        commands.push(LibraryCommand::Add(dropped).into());
    }
}

/// The library before there is anything in it.
fn drop_area(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    let is_hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
    let area = ui.max_rect().shrink(space::HUGE);
    let color = if is_hovering {
        palette.accent_text
    } else {
        palette.line
    };
    if is_hovering {
        let ground = theme::mix(palette.ground, palette.accent, 0.12);
        ui.painter()
            .rect_filled(area, CornerRadius::same(RADIUS_LARGE), ground);
    }
    let corners = [
        area.left_top(),
        area.right_top(),
        area.right_bottom(),
        area.left_bottom(),
        area.left_top(),
    ];
    ui.painter().extend(egui::Shape::dashed_line(
        &corners,
        Stroke::new(1.5, color),
        8.0,
        6.0,
    ));
    widgets::empty(
        ui,
        Icon::FolderPlus,
        "Drop a folder of photos, or choose one",
        if state.settings.engine == EngineChoice::Remote {
            "Only pictures made small leave this computer, to your servers, and nothing is removed without your word."
        } else {
            "Nothing leaves this computer, and nothing is removed without your word."
        },
        |ui| {
            if primary(ui, Icon::FolderOpen, "Choose a folder").clicked() {
                commands.push(LibraryCommand::ChooseFolders.into());
            }
        },
    );
}

/// What is shown over the folders while more are dragged over the window.
fn hovering(ui: &Ui) {
    let palette = Palette::of(ui);
    let area = ui.max_rect();
    ui.painter()
        .rect_filled(area, 0, palette.ground.gamma_multiply(0.85));
    ui.painter().text(
        area.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to add to the library",
        theme::strong(size::DISPLAY),
        palette.text,
    );
}

fn heading(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.label(widgets::strong("Library", size::HEADING));
            ui.label(widgets::caption(ui, foretold(state)));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if state.scan.is_none() {
                // Of a finished scan the review is the way on.
                let is_free = state.benchmark.measuring.is_none();
                let start = ui.add_enabled_ui(is_free, |ui| {
                    if state.found.is_some() {
                        button(ui, Icon::Search, "Look again")
                    } else {
                        primary(ui, Icon::Search, "Find duplicates")
                    }
                });
                let why =
                    "A benchmark is running, which a scan would slow. Wait for it, or stop it.";
                if start.inner.on_disabled_hover_text(why).clicked() {
                    commands.push(LibraryCommand::StartScan.into());
                }
            }
            if button(ui, Icon::FolderPlus, "Add a folder").clicked() {
                commands.push(LibraryCommand::ChooseFolders.into());
            }
        });
    });
}

/// What a scan of the included folders would be.
fn foretold(state: &State) -> String {
    let included = state.folders.iter().filter(|folder| folder.is_included);
    let mut files = 0;
    let mut bytes = 0;
    let mut time = std::time::Duration::ZERO;
    let mut is_typical = false;
    let mut cannot = 0;
    for folder in included {
        match state.estimates.get(&folder.path) {
            None => return "Counting the photos…".to_owned(),
            Some(Err(_)) => cannot += 1,
            Some(Ok(estimate)) => {
                files += estimate.files;
                bytes += estimate.bytes;
                time += estimate.duration;
                is_typical |= estimate.basis == crate::pipeline::Basis::Typical;
            }
        }
    }
    if files == 0 {
        return match cannot {
            0 => "There are no photos in these folders.".to_owned(),
            _ => "What is wrong with a folder is said below.".to_owned(),
        };
    }
    let basis = if is_typical {
        "roughly, as nothing was measured on this computer yet"
    } else {
        "by the speed of earlier scans"
    };
    format!(
        "{} files, {}. A scan takes about {} ({basis}).",
        words::count(files),
        words::bytes(bytes),
        words::duration(time)
    )
}
