//! A run: what it is, what it means, its measurements and their pictures.

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{Align, Button, CollapsingHeader, Label, Layout, Ui};
use lucide_icons::Icon;

use super::{comparison, plots, runs, table};
use crate::app::benchmark::{BenchmarkCommand, BenchmarkFile, BenchmarkState, Format, Shown, way};
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, card, icon};
use crate::app::words;
use crate::bench::schema::Run;

/// Draws a run that is done.
pub(super) fn show(ui: &mut Ui, state: &State, shown: &Shown, commands: &mut Vec<Command>) {
    let run = shown.run.as_ref();
    card(ui, |ui| {
        heading(ui, run, commands);
        finding(ui, state, run, commands);
    });
    if let Some(comparing) = &state.benchmark.comparing {
        comparison::show(ui, comparing, commands);
    }
    measurements(ui, &state.benchmark, run, 0, commands);
    missing(ui, run);
}

/// The table, which has room for so many rows from the beginning, and the plots.
pub(super) fn measurements(
    ui: &mut Ui,
    benchmark: &BenchmarkState,
    run: &Run,
    expected: usize,
    commands: &mut Vec<Command>,
) {
    table::show(ui, run, benchmark.order, expected, commands);
    plots::show(ui, run, benchmark.plot, commands);
}

fn heading(ui: &mut Ui, run: &Run, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            export(ui, commands);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.label(widgets::strong(runs::title(run), size::LARGE));
                let text = widgets::caption(ui, runs::origin(run));
                ui.add(Label::new(text).wrap());
            });
        });
    });
}

fn export(ui: &mut Ui, commands: &mut Vec<Command>) {
    let label = Button::new((icon(Icon::FileDown), "Export"));
    let (response, _) = MenuButton::from_button(label).ui(ui, |ui| {
        for format in Format::ALL {
            if ui.button(format.name()).clicked() {
                let wanted = BenchmarkFile::Export(format);
                commands.push(BenchmarkCommand::Choose(wanted).into());
                ui.close();
            }
        }
    });
    response.accessible_name("Export");
}

/// What it means, and the button that follows it.
fn finding(ui: &mut Ui, state: &State, run: &Run, commands: &mut Vec<Command>) {
    ui.add_space(space::TINY);
    let text = if run.finding.is_empty() {
        "No conclusion was drawn from these results."
    } else {
        &run.finding
    };
    ui.add(Label::new(text).wrap());
    if let Some(told) = way::prediction(state) {
        ui.add(Label::new(told).wrap());
    }
    ui.add_space(space::TINY);
    ui.horizontal_wrapped(|ui| use_it(ui, state, commands));
}

fn use_it(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(used) = &state.benchmark.used {
        ui.label(icon(Icon::CircleCheck).color(Palette::of(ui).keep));
        ui.label(&used.told);
        if button(ui, Icon::Undo2, "Undo").clicked() {
            commands.push(BenchmarkCommand::UndoUse.into());
        }
        return;
    }
    let recommended = way::recommended(state);
    let (is_free, said) = match &recommended {
        Ok(choice) if way::is_in_use(choice, &state.settings) => {
            (false, format!("{} is in use already.", way::name(choice)))
        }
        Ok(choice) => (
            true,
            format!("{}, from the next scan on.", way::name(choice)),
        ),
        Err(reason) => (false, reason.clone()),
    };
    let pressed = ui.add_enabled_ui(is_free, |ui| button(ui, Icon::Check, "Use this setting"));
    ui.label(widgets::caption(ui, said));
    if pressed.inner.clicked() {
        commands.push(BenchmarkCommand::Use.into());
    }
}

/// What the run could not tell, with the reasons.
fn missing(ui: &mut Ui, run: &Run) {
    if run.missing.is_empty() {
        return;
    }
    let number = words::counted(run.missing.len(), "figure", "figures");
    let text = widgets::caption(ui, format!("{number} could not be measured"));
    CollapsingHeader::new(text)
        .id_salt("missing-figures")
        .show(ui, |ui| {
            for missing in &run.missing {
                let text = format!("{}: {}", missing.figure, missing.reason);
                let text = widgets::caption(ui, text);
                ui.add(Label::new(text).wrap());
            }
        });
}
