//! How a removal or a restoration ended: what was done, what was left and why, the way back.

use eframe::egui::{Align, Label, Layout, ScrollArea, Ui};
use lucide_icons::Icon;

use super::before::left;
use crate::app::command::Command;
use crate::app::removal::{Choice, Done, RemovalCommand};
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, icon, primary};
use crate::app::words;
use crate::removal::{OnConflict, Restored};

/// The height of a row, in points, and the most that are seen at once.
const ROW: f32 = 30.0;
const ROWS: f32 = 8.0;

/// What was done, in a sentence.
pub(super) fn title(choice: Choice, done: &Done) -> String {
    let photos = words::photos(done.outcome.photos);
    let begin = if done.outcome.is_cancelled {
        "Stopped."
    } else {
        "Done."
    };
    match choice {
        _ if done.outcome.photos == 0 => format!("{begin} Nothing was removed."),
        Choice::Trash => format!("{begin} {photos} in the trash."),
        Choice::Move => format!("{begin} {photos} moved to the folder."),
        Choice::HardLink => format!("{begin} {photos} replaced by hard links."),
        Choice::Reflink => format!("{begin} {photos} replaced by reflinks."),
        Choice::Delete => format!("{begin} {photos} deleted for good."),
    }
}

/// What came back, in a sentence.
pub(super) fn undone_title(restored: &Restored) -> String {
    format!(
        "{} brought back",
        words::counted(restored.files.len(), "file", "files")
    )
}

/// Draws what a removal has done.
pub(super) fn done(ui: &mut Ui, done: &Done, commands: &mut Vec<Command>) {
    let outcome = &done.outcome;
    let mut text = words::bytes(outcome.bytes);
    if outcome.companions > 0 {
        text = format!(
            "{text}, with {}",
            words::counted(
                outcome.companions,
                "file that belongs to them",
                "files that belong to them"
            )
        );
    }
    ui.horizontal(|ui| {
        ui.label(icon(Icon::CircleCheck).color(Palette::of(ui).keep));
        ui.label(text);
    });
    if outcome.rescued > 0 {
        let text = format!(
            "What only {} knew is in sidecars beside the keepers.",
            words::photos(outcome.rescued)
        );
        ui.label(text);
    }
    if outcome.is_cancelled {
        ui.label("Stopped before the end. The photos that were not reached are where they were.");
    }
    let without = done.without_trash();
    if without > 0 {
        ui.add_space(space::SMALL);
        let text = format!(
            "{} on a disk without a trash.",
            if without == 1 {
                "1 photo lies".to_owned()
            } else {
                format!("{} photos lie", words::count(without))
            }
        );
        widgets::warning(ui, &text);
        if button(ui, Icon::FolderInput, "Move these to a folder instead").clicked() {
            commands.push(RemovalCommand::MoveInstead.into());
        }
    }
    let skipped = &outcome.skipped;
    if !skipped.is_empty() {
        ui.add_space(space::SMALL);
        let title = format!("{} left where they were", words::photos(skipped.len()));
        ui.label(widgets::strong(title, size::BODY));
        let height = ROW - ui.spacing().item_spacing.y;
        ScrollArea::vertical()
            .id_salt("skipped")
            .auto_shrink([false, true])
            .max_height(ROW * ROWS)
            .show_rows(ui, height, skipped.len(), |ui, rows| {
                for photo in skipped.get(rows).into_iter().flatten() {
                    left(ui, &photo.path, &photo.reason.to_string(), commands);
                }
            });
    }
}

/// The buttons below that.
pub(super) fn foot(ui: &mut Ui, done: &Done, commands: &mut Vec<Command>) {
    if done.can_undo && done.outcome.photos > 0 && button(ui, Icon::Undo2, "Undo").clicked() {
        commands.push(RemovalCommand::Undo.into());
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if primary(ui, Icon::Check, "Go on reviewing").clicked() {
            commands.push(RemovalCommand::Close.into());
        }
    });
}

/// Draws what a restoration has brought back; what was left because of its name can be brought
/// back under another.
pub(in crate::app::views) fn restored(
    ui: &mut Ui,
    restored: &Restored,
    session: Option<i64>,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.label(icon(Icon::ArchiveRestore).color(Palette::of(ui).keep));
        ui.label(format!(
            "{}, {}",
            words::counted(restored.files.len(), "file", "files"),
            words::bytes(restored.bytes)
        ));
    });
    for (old, new) in restored.renamed.iter().take(3) {
        let text = format!("{} is now {}", words::file_name(old), words::file_name(new));
        ui.add(Label::new(widgets::caption(ui, text)).wrap());
    }
    if restored.failed.is_empty() {
        return;
    }
    ui.add_space(space::SMALL);
    let title = words::counted(
        restored.failed.len(),
        "file was not brought back",
        "files were not brought back",
    );
    ui.label(widgets::strong(title, size::BODY));
    let height = ROW - ui.spacing().item_spacing.y;
    ScrollArea::vertical()
        .id_salt("not-restored")
        .auto_shrink([false, true])
        .max_height(ROW * ROWS)
        .show_rows(ui, height, restored.failed.len(), |ui, rows| {
            for file in restored.failed.get(rows).into_iter().flatten() {
                left(ui, &file.path, &file.reason, commands);
            }
        });
    let taken = restored.failed.iter().filter(|file| file.is_name_taken);
    if taken.count() > 0
        && let Some(session) = session
    {
        ui.add_space(space::TINY);
        if button(ui, Icon::FilePlus, "Bring back under new names")
            .on_hover_text("Each gets “(restored)” behind its name; nothing is overwritten.")
            .clicked()
        {
            let command = RemovalCommand::Restore {
                session,
                files: None,
                conflict: OnConflict::Rename,
            };
            commands.push(command.into());
        }
    }
}
