//! Which way of computing embeddings is best here, and why: candidates and runs at the left, what
//! is measured above, and below it what it means, the measurements and their pictures.
//!
//! A run that is measured is drawn as one that is done, by the same code; only the card above the
//! table is another.

mod comparison;
mod form;
mod plots;
mod progress;
mod results;
mod runs;
mod table;
mod ways;

use eframe::egui::{self, Frame, Margin, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::app::benchmark::BenchmarkCommand;
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::{Palette, space};
use crate::app::widgets::{self, card};

/// Draws it.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    take_drops(ui, commands);
    if !state.benchmark.has_looked {
        commands.push(BenchmarkCommand::Look.into());
    }
    let palette = Palette::of(ui);
    egui::Panel::left("benchmark-side")
        .frame(
            Frame::new()
                .fill(palette.panel)
                .inner_margin(Margin::same(12)),
        )
        .resizable(true)
        .default_size(272.0)
        .size_range(230.0..=420.0)
        .show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::TINY;
                ways::show(ui, state, commands);
                ui.add_space(space::LARGE);
                runs::show(ui, &state.benchmark, commands);
            });
        });
    let ground = Frame::new().fill(palette.ground);
    egui::CentralPanel::default()
        .frame(ground.inner_margin(Margin::same(16)))
        .show(ui, |ui| {
            form::show(ui, state, commands);
            ui.add_space(space::SMALL);
            below(ui, state, commands);
        });
}

/// What is below the choices.
fn below(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let benchmark = &state.benchmark;
    let content = |ui: &mut Ui, commands: &mut Vec<Command>| {
        if let Some(reason) = &benchmark.trouble {
            widgets::trouble(ui, reason);
        }
        if let Some(measuring) = &benchmark.measuring {
            card(ui, |ui| progress::show(ui, measuring));
            results::measurements(
                ui,
                benchmark,
                &measuring.run,
                measuring.expected(),
                commands,
            );
        } else if let Some(shown) = &benchmark.shown {
            results::show(ui, state, shown, commands);
        }
    };
    if benchmark.measuring.is_none() && benchmark.shown.is_none() && benchmark.trouble.is_none() {
        widgets::empty(
            ui,
            Icon::Gauge,
            "Which way of computing is the fastest here?",
            "Start measures the candidates at the left with your photos, and says what to use.",
            |_| {},
        );
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::MEDIUM;
        content(ui, commands);
    });
}

/// Runs and folders that are dropped on the window.
fn take_drops(ui: &Ui, commands: &mut Vec<Command>) {
    let dropped: Vec<_> = ui.input(|input| {
        let files = input.raw.dropped_files.iter();
        files.map(|file| file.path().to_owned()).collect()
    });
    if !dropped.is_empty() {
        commands.push(BenchmarkCommand::Take(dropped).into());
    }
}
