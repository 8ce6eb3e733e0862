//! The runs that can be shown and compared: this session's, kept and imported ones, and the
//! reference results.

use eframe::egui::{
    self, Align, Button, CollapsingHeader, Color32, Label, Layout, RichText, Ui, vec2,
};
use lucide_icons::Icon;

use crate::app::benchmark::{BenchmarkCommand, BenchmarkFile, BenchmarkState, Shelved};
use crate::app::command::Command;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, icon_button};
use crate::app::words;
use crate::bench::history::Listed;
use crate::bench::schema::{Machine, Run};

/// Draws the list.
pub(super) fn show(ui: &mut Ui, benchmark: &BenchmarkState, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(widgets::strong("Runs", size::LARGE));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if button(ui, Icon::FileUp, "Import").clicked() {
                commands.push(BenchmarkCommand::Choose(BenchmarkFile::Import).into());
            }
        });
    });
    let shelf = &benchmark.shelf;
    for (number, run) in shelf.session.iter().enumerate() {
        let text = Text {
            title: title(run),
            origin: format!("not kept on the disk; {}", origin(run)),
        };
        entry(ui, benchmark, &Shelved::Session(number), &text, commands);
    }
    match &shelf.kept {
        None => {
            ui.label(widgets::caption(ui, "Looking for runs…"));
        }
        Some(Err(reason)) => widgets::trouble(ui, reason),
        Some(Ok(kept)) if kept.is_empty() && shelf.session.is_empty() => {
            ui.label(widgets::caption(ui, "What you measure is kept here."));
        }
        Some(Ok(kept)) => {
            for listed in kept {
                kept_run(ui, benchmark, listed, commands);
            }
        }
    }
    ui.add_space(space::TINY);
    reference(ui, benchmark, commands);
}

/// What is said of a run.
struct Text {
    title: String,
    origin: String,
}

fn kept_run(ui: &mut Ui, benchmark: &BenchmarkState, listed: &Listed, commands: &mut Vec<Command>) {
    let head = match &listed.head {
        Ok(head) => head,
        Err(reason) => {
            let name = words::file_name(&listed.file);
            widgets::trouble(ui, &format!("{name}: {reason}"));
            return;
        }
    };
    let came = if listed.is_imported { "imported; " } else { "" };
    let text = Text {
        title: words::moment(head.started.as_millisecond()),
        origin: format!("{came}{}, {}", head.program, machine(&head.machine)),
    };
    let asks = benchmark.shelf.asks_to_delete.as_ref() == Some(&listed.file);
    if asks {
        ui.label(format!("Delete the run of {}?", text.title));
        ui.horizontal(|ui| {
            if widgets::danger(ui, Icon::Trash2, "Delete the run").clicked() {
                commands.push(BenchmarkCommand::Delete(listed.file.clone()).into());
            }
            if ui.button("Keep it").clicked() {
                commands.push(BenchmarkCommand::AskToDelete(None).into());
            }
        });
        return;
    }
    let place = Shelved::Kept(listed.file.clone());
    entry(ui, benchmark, &place, &text, commands);
}

fn reference(ui: &mut Ui, benchmark: &BenchmarkState, commands: &mut Vec<Command>) {
    let runs = match &benchmark.shelf.reference {
        None => return,
        Some(Err(reason)) => {
            widgets::trouble(ui, reason);
            return;
        }
        Some(Ok(runs)) => runs,
    };
    let heading = format!("Reference results ({})", runs.len());
    CollapsingHeader::new(heading)
        .id_salt("reference-runs")
        .show(ui, |ui| {
            for (number, run) in runs.iter().enumerate() {
                let text = Text {
                    title: title(run),
                    origin: origin(run),
                };
                entry(ui, benchmark, &Shelved::Reference(number), &text, commands);
            }
        });
}

/// A run: shown by a click, compared or deleted by the buttons beside it.
fn entry(
    ui: &mut Ui,
    benchmark: &BenchmarkState,
    place: &Shelved,
    text: &Text,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui);
    let is_here = |shown: &Option<crate::app::benchmark::Shown>| {
        shown.as_ref().is_some_and(|shown| shown.place == *place)
    };
    let (is_shown, is_compared) = (is_here(&benchmark.shown), is_here(&benchmark.compared));
    let is_free = benchmark.measuring.is_none();
    ui.add_enabled_ui(is_free, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Shelved::Kept(file) = place {
                    let name = format!("Delete the run of {}", text.title);
                    if icon_button(ui, Icon::Trash2, &name).clicked() {
                        commands.push(BenchmarkCommand::AskToDelete(Some(file.clone())).into());
                    }
                }
                if benchmark.shown.is_some() && !is_shown {
                    let (picture, name, wanted) = if is_compared {
                        (Icon::X, "Do not compare with", None)
                    } else {
                        (Icon::GitCompareArrows, "Compare with", Some(place.clone()))
                    };
                    if icon_button(ui, picture, &format!("{name} {}", text.title)).clicked() {
                        commands.push(BenchmarkCommand::Compare(wanted).into());
                    }
                }
                let color = if is_shown { palette.text } else { palette.weak };
                let fill = if is_shown || is_compared {
                    palette.raised
                } else {
                    Color32::TRANSPARENT
                };
                let title = RichText::new(&text.title).color(color);
                let button = Button::selectable(false, title)
                    // So that the title is at the left.
                    .right_text("")
                    .fill(fill)
                    .truncate()
                    .min_size(vec2(ui.available_width(), 28.0));
                let response = ui.add(button);
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::Button, is_free, is_shown, &text.title)
                });
                if response.on_hover_text(&text.origin).clicked() {
                    commands.push(BenchmarkCommand::Show(place.clone()).into());
                }
            });
        });
    });
    let origin = widgets::caption(ui, &text.origin);
    ui.add(Label::new(origin).truncate());
}

/// What a run is called: its source, or when it began.
pub(super) fn title(run: &Run) -> String {
    match &run.source {
        Some(source) => format!("Section {}: {}", source.section, source.title),
        None => words::moment(run.started.as_millisecond()),
    }
}

/// Which program measured it, and on what.
pub(super) fn origin(run: &Run) -> String {
    match &run.source {
        Some(source) => format!("{}, {}, {}", run.program, source.date, source.hardware),
        None => format!("{}, {}", run.program, machine(&run.machine)),
    }
}

fn machine(machine: &Machine) -> String {
    let mut parts = Vec::new();
    parts.extend(machine.cpu.clone());
    parts.extend(
        machine
            .cores
            .map(|cores| words::counted(cores as u64, "core", "cores")),
    );
    parts.extend(machine.gpus.iter().map(|gpu| gpu.name.clone()));
    parts.extend(machine.os.clone());
    parts.join(", ")
}
