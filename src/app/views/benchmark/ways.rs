//! The candidates: what can be measured on this machine, and why the rest cannot.

use eframe::egui::{CollapsingHeader, Label, RichText, Ui};
use lucide_icons::Icon;

use crate::app::benchmark::BenchmarkCommand;
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, icon, icon_button};
use crate::bench::candidates::Choice;

/// Draws them.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let benchmark = &state.benchmark;
    let is_free = benchmark.measuring.is_none();
    ui.horizontal(|ui| {
        ui.label(widgets::strong("Candidates", size::LARGE));
        ui.add_enabled_ui(is_free, |ui| {
            if icon_button(ui, Icon::RefreshCw, "Look for candidates again").clicked() {
                commands.push(BenchmarkCommand::Look.into());
            }
        });
    });
    match &benchmark.local {
        None => {
            ui.label(widgets::caption(ui, "Looking for engines and models…"));
        }
        Some(Err(reason)) => widgets::trouble(ui, reason),
        Some(Ok(_)) => {}
    }
    let (there, missing): (Vec<&Choice>, Vec<&Choice>) =
        benchmark.ways().partition(|way| way.obstacle.is_none());
    for way in there {
        let id = way.id();
        let mut is_in = !benchmark.left_out.contains(&id);
        let ticked = ui.add_enabled_ui(is_free, |ui| ui.checkbox(&mut is_in, id.as_str()));
        if ticked.inner.changed() {
            commands.push(BenchmarkCommand::Include(id, is_in).into());
        }
    }
    if benchmark.servers.is_none() {
        ui.label(widgets::caption(ui, "Asking the servers what they offer…"));
    }
    if missing.is_empty() {
        return;
    }
    ui.add_space(space::TINY);
    let text = widgets::caption(ui, format!("{} not available", missing.len()));
    CollapsingHeader::new(text)
        .id_salt("missing-ways")
        .show(ui, |ui| {
            for way in missing {
                unavailable(ui, way);
            }
        });
}

fn unavailable(ui: &mut Ui, way: &Choice) {
    let palette = Palette::of(ui);
    ui.horizontal_top(|ui| {
        ui.label(icon(Icon::CircleSlash).size(size::BODY).color(palette.weak));
        ui.vertical(|ui| {
            let name = RichText::new(way.id())
                .size(size::SMALL)
                .color(palette.weak);
            ui.add(Label::new(name).wrap());
            let reason = way.obstacle.as_deref().unwrap_or_default();
            let reason = widgets::caption(ui, reason);
            ui.add(Label::new(reason).wrap());
        });
    });
}
