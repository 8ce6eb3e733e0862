//! What this computer gives: threads, memory, and the place of the cache.

use eframe::egui::{Align, Label, Layout, Ui};
use lucide_icons::Icon;

use super::parts::{self, note, row, slide};
use crate::app::command::Command;
use crate::app::settings::{CacheSeen, Change, SettingsCommand, Wanted};
use crate::app::state::State;
use crate::app::theme::{size, space, width};
use crate::app::widgets::{self, button, primary};
use crate::app::words;
use crate::settings::{READ_AHEAD_MEGABYTES, Settings};

/// Where the slider for memory ends; a larger number can be written into the file.
const MOST_MEGABYTES: u32 = 8192;

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    row(ui, "Threads", |ui| threads(ui, state, commands));
    row(ui, "Memory for waiting files", |ui| {
        memory(ui, state, commands);
    });
    row(ui, "Cache", |ui| cache(ui, state, commands));
}

fn threads(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (cores, chosen) = (state.settings_view.cores.max(1), state.settings.threads);
    let value = if chosen == 0 { cores } else { chosen };
    let words = match chosen {
        0 => format!("{cores}, one for each core"),
        _ => chosen.to_string(),
    };
    ui.horizontal_wrapped(|ui| {
        let range = 1..=(2 * cores).max(value);
        if let Some(threads) = slide(ui, "Threads", value, range, 1.0, &words) {
            commands.push(Change::Threads(threads).into());
        }
        if chosen != 0 && parts::back(ui, "One for each core") {
            commands.push(Change::Threads(0).into());
        }
    });
    note(
        ui,
        "As many decode, and as many run the model. Fewer leave room for other work.",
    );
}

fn memory(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let value = state.settings.read_ahead_megabytes;
    let usual = Settings::default().read_ahead_megabytes;
    ui.horizontal_wrapped(|ui| {
        let words = words::bytes(state.settings.read_ahead_bytes());
        let range = *READ_AHEAD_MEGABYTES.start()..=MOST_MEGABYTES.max(value);
        let step = f64::from(*READ_AHEAD_MEGABYTES.start());
        if let Some(megabytes) = slide(ui, "Memory for waiting files", value, range, step, &words) {
            commands.push(Change::ReadAhead(megabytes).into());
        }
        if value != usual && parts::back(ui, "Back to the usual memory") {
            commands.push(Change::ReadAhead(usual).into());
        }
    });
    note(
        ui,
        "Files that are read and wait to be decoded. What is being decoded comes on top.",
    );
}

fn cache(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(cache) = &state.settings_view.cache else {
        parts::looking(ui, "Looking at the cache…");
        return;
    };
    match &cache.info {
        Ok(Some(info)) => {
            let text = format!("{}, {}", photos(info.contents), words::bytes(info.bytes));
            parts::text(ui, text);
        }
        Ok(None) => {
            parts::text(ui, "Empty; the next scan fills it.");
        }
        Err(reason) => parts::trouble(ui, reason),
    }
    ui.add(Label::new(widgets::caption(ui, cache.file.display().to_string())).wrap());
    let is_scanning = state.scan.is_some();
    ui.horizontal_wrapped(|ui| {
        if button(ui, Icon::FolderInput, "Choose another place").clicked() {
            commands.push(SettingsCommand::Choose(Wanted::CacheFolder).into());
        }
        let can_clear = matches!(cache.info, Ok(Some(_))) && !is_scanning;
        let clear = ui.add_enabled_ui(can_clear, |ui| button(ui, Icon::Eraser, "Clear…"));
        if clear.inner.accessible_name("Clear the cache").clicked() {
            commands.push(SettingsCommand::AskToClear(true).into());
        }
        if state.settings.cache.is_some() && parts::back(ui, "Back to the usual place") {
            commands.push(Change::Cache(None).into());
        }
    });
    note(
        ui,
        if is_scanning {
            "It cannot be cleared while a scan writes to it."
        } else {
            "What was learned of each photo, so that no scan reads it twice. It may be cleared at any time and costs time only."
        },
    );
}

fn photos(contents: u64) -> String {
    words::photos(usize::try_from(contents).unwrap_or(usize::MAX))
}

/// Asks whether the cache is to be emptied.
pub(super) fn question(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let view = &state.settings_view;
    let Some(CacheSeen {
        info: Ok(Some(info)),
        ..
    }) = view.cache.as_ref().filter(|_| view.asks_to_clear)
    else {
        return;
    };
    let modal = widgets::dialog(ui, "clear-cache").show(ui.ctx(), |ui| {
        ui.set_max_width(width::NAMES * 2.0);
        ui.label(widgets::strong("Clear the cache?", size::HEADING));
        ui.add_space(space::SMALL);
        let text = format!(
            "Twinlens forgets what it learned of {} ({}). The next scan reads every photo again. Your photos and your decisions stay as they are.",
            photos(info.contents),
            words::bytes(info.bytes)
        );
        ui.add(Label::new(text).wrap());
        ui.add_space(space::MEDIUM);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if primary(ui, Icon::Undo2, "Keep the cache").clicked() {
                commands.push(SettingsCommand::AskToClear(false).into());
            }
            if button(ui, Icon::Eraser, "Clear it").clicked() {
                commands.push(SettingsCommand::ClearCache.into());
            }
        });
    });
    if modal.should_close() {
        commands.push(SettingsCommand::AskToClear(false).into());
    }
}
