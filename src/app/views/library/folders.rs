//! One folder of the library: what is known of it, and how it is treated.

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, FolderChange, LibraryCommand};
use crate::app::state::State;
use crate::app::theme::{Palette, size};
use crate::app::widgets::{self, icon, icon_button, toggle};
use crate::app::words;
use crate::library::LibraryFolder;

/// Draws its row.
pub(super) fn row(ui: &mut Ui, state: &State, folder: &LibraryFolder, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    ui.horizontal(|ui| {
        ui.label(icon(Icon::Folder).color(palette.accent_text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::X, "Take out of the library")
                .on_hover_text("Nothing on the disk changes.")
                .clicked()
            {
                commands.push(LibraryCommand::Forget(folder.path.clone()).into());
            }
            switches(ui, folder, commands);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                let name = widgets::strong(words::file_name(&folder.path), size::BODY);
                ui.add(Label::new(name).truncate());
                let path = widgets::caption(ui, folder.path.display().to_string());
                ui.add(Label::new(path).truncate());
                let (text, is_trouble) = known(state, folder);
                let color = if is_trouble {
                    palette.remove
                } else {
                    palette.weak
                };
                ui.add(Label::new(RichText::new(text).size(size::SMALL).color(color)).truncate());
            });
        });
    });
}

fn switches(ui: &mut Ui, folder: &LibraryFolder, commands: &mut Vec<Command>) {
    let mut switch = |ui: &mut Ui, picture, text, hint, is_on, change| {
        let response = toggle(ui, picture, text, is_on).on_hover_text(hint);
        if response.clicked() {
            commands.push(LibraryCommand::Set(folder.path.clone(), change).into());
        }
    };
    // From right to left.
    let on = folder.is_preferred;
    switch(
        ui,
        Icon::Star,
        "Prefer",
        "Of two copies that are otherwise alike, the one in here is kept.",
        on,
        FolderChange::Preferred(!on),
    );
    let on = folder.is_protected;
    switch(
        ui,
        Icon::Lock,
        "Protect",
        "Nothing is ever removed from here.",
        on,
        FolderChange::Protected(!on),
    );
    let on = folder.is_included;
    switch(
        ui,
        Icon::Eye,
        "Include",
        "Scans look into this folder.",
        on,
        FolderChange::Included(!on),
    );
}

/// What is known of a folder, in a line, and whether it is trouble.
fn known(state: &State, folder: &LibraryFolder) -> (String, bool) {
    let last = folder.last_scan.map(|scan| {
        let ended = jiff::ZonedDateTime::new(scan.ended, jiff::tz::TimeZone::system());
        format!(
            "{}, {}, scanned {}",
            words::photos(usize::try_from(scan.photos).unwrap_or(usize::MAX)),
            words::bytes(scan.bytes),
            words::date_time(ended.datetime())
        )
    });
    match state.estimates.get(&folder.path) {
        None => (last.unwrap_or_else(|| "Counting…".to_owned()), false),
        Some(Err(error)) => (error.clone(), true),
        Some(Ok(estimate)) => {
            let Some(last) = last else {
                let text = format!(
                    "{} files, {}, not scanned yet",
                    words::count(estimate.files),
                    words::bytes(estimate.bytes)
                );
                return (text, false);
            };
            match estimate.changes.told(words::count) {
                None => (format!("{last}, nothing new"), false),
                Some(told) => (format!("{last}. Since then: {told}"), false),
            }
        }
    }
}
