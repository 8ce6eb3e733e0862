//! What a removal would do: the warnings first, then the sums, then what stays and why.

use std::path::Path;

use eframe::egui::{Align, CollapsingHeader, Grid, Label, Layout, ScrollArea, TextEdit, Ui};
use lucide_icons::Icon;

use super::choice;
use crate::app::command::Command;
use crate::app::removal::{Choice, Draft, RemovalCommand, Sheet};
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, icon, icon_button, primary};
use crate::app::words;
use crate::removal::{Refused, Totals, deletion_phrase};

/// Folders that are listed; there may be thousands.
const FOLDERS: usize = 8;
/// The height of a row, in points, and the most that are seen at once.
const ROW: f32 = 30.0;
const ROWS: f32 = 6.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, sheet: &Sheet, draft: &Draft, commands: &mut Vec<Command>) {
    warnings(ui, sheet, draft, commands);
    choice::show(ui, sheet, commands);
    ui.separator();
    sums(ui, draft);
    refused(ui, draft.plan.refused(), commands);
}

fn warnings(ui: &mut Ui, sheet: &Sheet, draft: &Draft, commands: &mut Vec<Command>) {
    let refused = draft.plan.refused().len();
    if refused > 0 {
        let text = format!(
            "{} left where they are; see below why.",
            are(refused as u64, "marked photo", "marked photos")
        );
        widgets::warning(ui, &text);
    }
    let weak = draft.other_exposures();
    if weak > 0 || sheet.only_copies {
        let text = if sheet.only_copies {
            "Photos that are no copies, but other exposures or only alike, are left.".to_owned()
        } else {
            format!(
                "{} no copy: of another exposure, or only alike. No such picture stays.",
                are(weak, "photo", "photos")
            )
        };
        widgets::warning(ui, &text);
        let mut only = sheet.only_copies;
        if ui
            .checkbox(&mut only, "Remove only copies of one shot")
            .changed()
        {
            commands.push(RemovalCommand::OnlyCopies(only).into());
        }
    }
    rescue(ui, sheet, draft, commands);
    let companions = draft.totals.companions;
    if companions > 0 {
        let text = format!(
            "{} along: RAW files, videos and sidecars that belong to the photos.",
            if companions == 1 {
                "1 file goes".to_owned()
            } else {
                format!("{} files go", words::count(companions))
            }
        );
        widgets::warning(ui, &text);
    }
    ui.add_space(space::TINY);
}

/// What only photos know that go, and whether it is kept.
fn rescue(ui: &mut Ui, sheet: &Sheet, draft: &Draft, commands: &mut Vec<Command>) {
    let better = draft.plan.with_better_metadata();
    if better == 0 {
        return;
    }
    let have = if better == 1 {
        "1 of these has better metadata than its keeper".to_owned()
    } else {
        let number = words::count(better);
        format!("{number} of these have better metadata than their keeper")
    };
    let text = format!("{have}: a date, place, rating, keyword or album that it lacks.");
    widgets::warning(ui, &text);
    let mut wanted = sheet.rescue;
    if ui
        .checkbox(
            &mut wanted,
            "Write it beside the keepers, into XMP sidecars",
        )
        .on_hover_text("The photos themselves stay as they are. Undo takes it back.")
        .changed()
    {
        commands.push(RemovalCommand::Rescue(wanted).into());
    }
    if let Some((number, reason)) = draft.cannot_rescue() {
        let text = format!("Not of {}: {reason}", words::count(number));
        ui.add(Label::new(widgets::caption(ui, text)).wrap());
    }
}

fn are(number: u64, one: &str, many: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", words::counted(number, one, many))
}

fn sums(ui: &mut Ui, draft: &Draft) {
    if draft.totals.photos == 0 {
        ui.label(widgets::strong("There is nothing to remove.", size::BODY));
        return;
    }
    ui.label(widgets::strong(
        "By what they are of their keepers",
        size::BODY,
    ));
    Grid::new("by-evidence").num_columns(3).show(ui, |ui| {
        for (evidence, totals) in &draft.by_evidence {
            ui.label(words::evidence(*evidence));
            numbers(ui, totals);
            ui.end_row();
        }
    });
    ui.add_space(space::SMALL);
    ui.label(widgets::strong("By folder", size::BODY));
    Grid::new("by-folder").num_columns(3).show(ui, |ui| {
        for (folder, totals) in draft.by_folder.iter().take(FOLDERS) {
            ui.add(Label::new(words::file_name(folder)))
                .on_hover_text(folder.display().to_string());
            numbers(ui, totals);
            ui.end_row();
        }
    });
    let more = draft.by_folder.len().saturating_sub(FOLDERS);
    if more > 0 {
        let text = format!(
            "and {}",
            words::counted(more, "more folder", "more folders")
        );
        ui.label(widgets::caption(ui, text));
    }
}

fn numbers(ui: &mut Ui, totals: &Totals) {
    ui.label(words::photos(totals.photos));
    ui.label(words::bytes(totals.bytes));
}

fn refused(ui: &mut Ui, refused: &[Refused], commands: &mut Vec<Command>) {
    if refused.is_empty() {
        return;
    }
    ui.add_space(space::SMALL);
    let title = format!("{} will be left", words::photos(refused.len()));
    CollapsingHeader::new(widgets::strong(title, size::BODY))
        .id_salt("refused")
        .show(ui, |ui| {
            let height = ROW - ui.spacing().item_spacing.y;
            ScrollArea::vertical()
                .id_salt("refused-list")
                .auto_shrink([false, true])
                .max_height(ROW * ROWS)
                .show_rows(ui, height, refused.len(), |ui, rows| {
                    for photo in refused.get(rows).into_iter().flatten() {
                        left(ui, &photo.path, &photo.reason.to_string(), commands);
                    }
                });
        });
}

/// A photo that stays, and why.
pub(super) fn left(ui: &mut Ui, path: &Path, reason: &str, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if icon_button(ui, Icon::FolderSearch, "Show in folder")
            .on_hover_text(path.display().to_string())
            .clicked()
        {
            commands.push(Command::ShowInFolder(path.to_owned()));
        }
        ui.label(words::file_name(path));
        let reason = widgets::caption(ui, words::capitalised(reason));
        ui.add(Label::new(reason).truncate());
    });
}

/// The second question before a deletion.
pub(super) fn words(ui: &mut Ui, draft: &Draft, typed: &str, commands: &mut Vec<Command>) {
    let phrase = deletion_phrase(&draft.plan);
    ui.horizontal_wrapped(|ui| {
        ui.label(icon(Icon::TriangleAlert).color(Palette::of(ui).remove));
        ui.label(format!(
            "{} will be gone for good, {}. Nothing can bring them back.",
            words::photos(draft.totals.photos),
            words::bytes(draft.totals.bytes)
        ));
    });
    ui.add_space(space::SMALL);
    ui.label(format!("Type “{phrase}” to go on."));
    let mut text = typed.to_owned();
    let field = ui.add(TextEdit::singleline(&mut text).desired_width(260.0));
    let field = field.accessible_name("Words that allow it");
    if typed.is_empty() && !field.has_focus() {
        field.request_focus();
    }
    if text != typed {
        commands.push(RemovalCommand::Type(text).into());
    }
}

/// The buttons.
pub(super) fn foot(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    let is_asked = sheet.typed.is_some();
    let back = if is_asked { "Back" } else { "Cancel" };
    if ui.button(back).clicked() {
        commands.push(if is_asked {
            RemovalCommand::AskForWords(false).into()
        } else {
            RemovalCommand::Close.into()
        });
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if sheet.choice == Choice::Delete {
            deletion(ui, sheet, is_asked, commands);
            return;
        }
        let (picture, text) = match sheet.choice {
            Choice::Trash | Choice::Delete => (Icon::Trash2, "Move to the trash"),
            Choice::Move => (Icon::FolderInput, "Move to the folder"),
            Choice::HardLink => (Icon::Link2, "Replace by links"),
            Choice::Reflink => (Icon::CopyCheck, "Replace by reflinks"),
        };
        ui.add_enabled_ui(sheet.may_start(), |ui| {
            if primary(ui, picture, text).clicked() {
                commands.push(RemovalCommand::Start.into());
            }
        });
    });
}

/// Never the button that stands out, and never one click away.
fn deletion(ui: &mut Ui, sheet: &Sheet, is_asked: bool, commands: &mut Vec<Command>) {
    if !is_asked {
        if widgets::button(ui, Icon::ArrowRight, "Go on to delete…").clicked() {
            commands.push(RemovalCommand::AskForWords(true).into());
        }
        return;
    }
    ui.add_enabled_ui(sheet.may_start(), |ui| {
        if widgets::danger(ui, Icon::Trash2, "Delete for good").clicked() {
            commands.push(RemovalCommand::Start.into());
        }
    });
}
