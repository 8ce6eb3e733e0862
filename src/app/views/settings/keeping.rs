//! Which copy is kept: the order of the rules, and the folders that are preferred.

use std::fmt::Debug;
use std::hash::Hash;
use std::path::PathBuf;

use eframe::egui::{Align, Id, Label, Layout, Ui, UiBuilder};
use lucide_icons::Icon;

use super::parts::{self, note, row};
use crate::app::command::Command;
use crate::app::settings::{Change, SettingsCommand, Wanted};
use crate::app::state::State;
use crate::app::theme::{Palette, size};
use crate::app::widgets::{self, button, icon_button};
use crate::matching::KeepRule;

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    row(ui, "Keep the copy with", |ui| rules(ui, state, commands));
    row(ui, "Preferred folders", |ui| folders(ui, state, commands));
}

fn rules(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let rules = &state.settings.keep_rules;
    let mut wanted = None;
    for (at, rule) in rules.iter().enumerate() {
        scope_of(ui, rule, |ui| {
            ordered(ui, at, rules.len(), words(*rule), "rule", |step| {
                wanted = Some(moved(rules, at, step));
            });
        });
    }
    let absent = KeepRule::ALL
        .into_iter()
        .filter(|rule| !rules.contains(rule));
    for rule in absent {
        scope_of(ui, &rule, |ui| {
            ui.horizontal(|ui| {
                ui.label(widgets::caption(ui, "–"));
                ui.label(widgets::caption(
                    ui,
                    format!("{} (does not count)", words(rule)),
                ));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = format!("Count again: {}", words(rule));
                    if icon_button(ui, Icon::Plus, &name).clicked() {
                        wanted = Some(rules.iter().copied().chain([rule]).collect());
                    }
                });
            });
        });
    }
    ui.horizontal_wrapped(|ui| {
        note(ui, "The first rule that tells two copies apart decides.");
        if rules != &KeepRule::ALL && parts::back(ui, "Back to the usual order") {
            wanted = Some(KeepRule::ALL.to_vec());
        }
    });
    commands.extend(wanted.map(|rules| Change::KeepRules(rules).into()));
}

fn folders(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let folders = &state.settings.preferred_folders;
    let mut wanted: Option<Vec<PathBuf>> = None;
    for (at, folder) in folders.iter().enumerate() {
        scope_of(ui, folder, |ui| {
            let name = folder.display().to_string();
            ordered(ui, at, folders.len(), &name, "folder", |step| {
                wanted = Some(moved(folders, at, step));
            });
        });
    }
    if button(ui, Icon::FolderPlus, "Add a preferred folder").clicked() {
        commands.push(SettingsCommand::Choose(Wanted::PreferredFolder).into());
    }
    note(
        ui,
        "Best first. Folders that the library prefers come after these.",
    );
    commands.extend(wanted.map(|folders| Change::PreferredFolders(folders).into()));
}

/// Draws a line under the identity of what is in it and not of its place: the keyboard stays on
/// what it moves.
fn scope_of(ui: &mut Ui, what: &(impl Hash + Debug), content: impl FnOnce(&mut Ui)) {
    let id = Id::unique(("settings-line", what));
    ui.scope_builder(UiBuilder::new().scope_id(id), content);
}

/// Where something of a list goes.
#[derive(Clone, Copy)]
enum Step {
    Up,
    Down,
    Out,
}

/// A line of a list that has an order.
fn ordered(
    ui: &mut Ui,
    at: usize,
    count: usize,
    name: &str,
    kind: &str,
    mut step: impl FnMut(Step),
) {
    ui.horizontal(|ui| {
        let number = widgets::strong(format!("{}", at + 1), size::BODY);
        ui.label(number.color(Palette::of(ui).weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::X, &format!("Leave out {kind}: {name}")).clicked() {
                step(Step::Out);
            }
            let mut arrow = |ui: &mut Ui, is_free, picture, name: String, to| {
                let arrow = ui.add_enabled_ui(is_free, |ui| icon_button(ui, picture, &name));
                if arrow.inner.clicked() {
                    step(to);
                }
            };
            arrow(
                ui,
                at + 1 < count,
                Icon::ChevronDown,
                format!("Move down: {name}"),
                Step::Down,
            );
            arrow(
                ui,
                at > 0,
                Icon::ChevronUp,
                format!("Move up: {name}"),
                Step::Up,
            );
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(name).truncate());
            });
        });
    });
}

/// The list after what stands at `at` made its step.
fn moved<T: Clone>(list: &[T], at: usize, step: Step) -> Vec<T> {
    let mut list = list.to_vec();
    match step {
        Step::Up if at > 0 && at < list.len() => list.swap(at, at - 1),
        Step::Down if at + 1 < list.len() => list.swap(at, at + 1),
        Step::Out if at < list.len() => {
            list.remove(at);
        }
        Step::Up | Step::Down | Step::Out => {}
    }
    list
}

fn words(rule: KeepRule) -> &'static str {
    match rule {
        KeepRule::Pixels => "More pixels",
        KeepRule::Compression => "Less lost to compression",
        KeepRule::Metadata => "Capture date, position and camera",
        KeepRule::Detail => "More detail",
        KeepRule::Folder => "A preferred folder",
        KeepRule::Age => "An older file date",
        KeepRule::Name => "A name like an original's",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_moved_changes_places_with_its_neighbour_and_ends_stay() {
        let list = ['a', 'b', 'c'];
        for (at, step, expected) in [
            (0, Step::Down, "bac"),
            (2, Step::Up, "acb"),
            (0, Step::Up, "abc"),
            (2, Step::Down, "abc"),
            (1, Step::Out, "ac"),
            (9, Step::Out, "abc"),
        ] {
            let moved: String = moved(&list, at, step).into_iter().collect();
            assert_eq!(moved, expected);
        }
    }
}
