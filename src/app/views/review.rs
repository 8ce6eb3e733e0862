//! The groups: a list to walk through, the photos of one, and what is known of one photo.

mod details;
mod filters;
mod list;
mod rules;
mod shots;
mod toolbar;

use eframe::egui::{self, Frame, Margin, Ui};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::state::{State, View};
use crate::app::theme::Palette;
use crate::app::widgets;

/// Draws the review.
pub(crate) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(review) = &state.review else {
        nothing_yet(ui, state, commands);
        return;
    };
    if review.groups().is_empty() {
        if review.cutter().is_some() {
            // Else what was cut away by the slider could not be brought back.
            Frame::new()
                .inner_margin(Margin::same(16))
                .show(ui, |ui| toolbar::slider(ui, review, commands));
        }
        widgets::empty(
            ui,
            Icon::PartyPopper,
            "No duplicates",
            "Every photo in these folders is one of a kind.",
            |ui| {
                if widgets::primary(ui, Icon::FolderPlus, "Look into another folder").clicked() {
                    commands.push(Command::Show(View::Library));
                }
            },
        );
        return;
    }
    let side = |ui: &Ui| {
        let palette = Palette::of(ui);
        Frame::new()
            .fill(palette.panel)
            .inner_margin(Margin::same(8))
    };
    egui::Panel::left("groups")
        .frame(side(ui))
        .resizable(true)
        .default_size(280.0)
        .size_range(220.0..=420.0)
        .show(ui, |ui| list::show(ui, state, review, commands));
    egui::Panel::right("details")
        .frame(side(ui).inner_margin(Margin::same(16)))
        .resizable(true)
        .default_size(260.0)
        .size_range(200.0..=400.0)
        .show(ui, |ui| details::show(ui, review, commands));
    egui::CentralPanel::default()
        .frame(
            Frame::new()
                .fill(Palette::of(ui).ground)
                .inner_margin(Margin::same(16)),
        )
        .show(ui, |ui| {
            toolbar::show(ui, review, commands);
            shots::show(ui, state, review, commands);
        });
    if let Some(dialog) = &state.rules {
        rules::show(ui, state, review, dialog, commands);
    }
}

fn nothing_yet(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (title, text) = if state.scan.is_some() {
        (
            "Looking for duplicates",
            "The first groups appear here as soon as they are certain.",
        )
    } else {
        (
            "Nothing to review yet",
            "Add a folder in the library and look for duplicates.",
        )
    };
    widgets::empty(ui, Icon::Images, title, text, |ui| {
        if widgets::primary(ui, Icon::FolderOpen, "Go to the library").clicked() {
            commands.push(Command::Show(View::Library));
        }
    });
}
