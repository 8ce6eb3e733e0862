//! The sheet: before a removal what it would do, then how far it is, then what was done.

mod before;
mod choice;
mod ended;

pub(super) use ended::restored;

use eframe::egui::{self, Align, Layout, ProgressBar, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::removal::{Choice, RemovalCommand, Sheet, Stage};
use crate::app::theme::{size, space, width};
use crate::app::widgets::{self, button, icon_button};
use crate::app::words;
use crate::removal::Progress;

/// What is left of the window's height around the content: title, buttons, the window itself.
const AROUND: f32 = 240.0;

/// The most that the content takes, in points.
const HEIGHT: f32 = 580.0;

/// Draws it over everything.
pub(crate) fn show(ui: &Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    let modal = widgets::dialog(ui, "removal").show(ui.ctx(), |ui| {
        let room = ui.ctx().content_rect().size();
        ui.set_width(width::SHEET.min(room.x - 2.0 * space::HUGE));
        heading(ui, sheet, commands);
        ui.add_space(space::SMALL);
        // Of one height while something is chosen: nothing moves under the pointer. (An area
        // grows with its scrolled content over several frames only.)
        let height = (room.y - AROUND).clamp(120.0, HEIGHT);
        let is_before = matches!(
            sheet.stage,
            Stage::Looking(_) | Stage::Ready(_) | Stage::Failed(_)
        );
        ScrollArea::vertical()
            .max_height(height)
            .min_scrolled_height(height)
            .auto_shrink([false, !is_before])
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                content(ui, sheet, commands);
            });
        ui.add_space(space::MEDIUM);
        foot(ui, sheet, commands);
    });
    // Who has read a result may click it away; what is chosen or at work stays.
    let is_read = matches!(sheet.stage, Stage::Undone(_));
    if modal.backdrop_response.clicked() && is_read {
        commands.push(RemovalCommand::Close.into());
    }
}

fn heading(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_at_work = matches!(sheet.stage, Stage::Acting(_) | Stage::Undoing(_));
            let close = ui.add_enabled_ui(!is_at_work, |ui| {
                icon_button(ui, Icon::X, "Close without removing")
            });
            if close.inner.clicked() {
                commands.push(RemovalCommand::Close.into());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let title = widgets::strong(title(sheet), size::HEADING);
                ui.add(egui::Label::new(title).wrap());
            });
        });
    });
}

/// The sheet in a sentence.
fn title(sheet: &Sheet) -> String {
    match &sheet.stage {
        Stage::Looking(_) | Stage::Failed(_) => match sheet.choice {
            Choice::Trash => "Move to the trash",
            Choice::Move => "Move to a folder",
            Choice::HardLink => "Replace by hard links",
            Choice::Reflink => "Replace by reflinks",
            Choice::Delete => "Delete for good",
        }
        .to_owned(),
        Stage::Ready(draft) => {
            let what = format!(
                "{} ({})",
                words::photos(draft.totals.photos),
                words::bytes(draft.totals.bytes)
            );
            match sheet.choice {
                Choice::Trash => format!("Move {what} to the trash"),
                Choice::Move => format!("Move {what} to a folder"),
                Choice::HardLink => format!("Replace {what} by hard links"),
                Choice::Reflink => format!("Replace {what} by reflinks"),
                Choice::Delete => format!("Delete {what} for good"),
            }
        }
        Stage::Acting(_) => "Removing…".to_owned(),
        Stage::Undoing(_) => "Bringing back…".to_owned(),
        Stage::Done(done) => ended::title(sheet.choice, done),
        Stage::Undone(undone) => ended::undone_title(&undone.restored),
    }
}

fn content(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    match &sheet.stage {
        Stage::Looking(progress) => {
            choice::show(ui, sheet, commands);
            if sheet.choice != Choice::Move || sheet.folder.is_some() {
                ui.horizontal(|ui| {
                    ui.add(egui::Spinner::new().size(size::LARGE));
                    let text = match progress {
                        Some(now) => format!(
                            "Looking for what only the copies know: {} of {}",
                            words::count(now.done),
                            words::count(now.of)
                        ),
                        None => "Looking at the files…".to_owned(),
                    };
                    ui.label(widgets::caption(ui, text));
                });
            }
        }
        Stage::Ready(draft) => match &sheet.typed {
            Some(typed) => before::words(ui, draft, typed, commands),
            None => before::show(ui, sheet, draft, commands),
        },
        Stage::Acting(progress) | Stage::Undoing(progress) => bar(ui, progress.as_ref()),
        Stage::Done(done) => ended::done(ui, done, commands),
        Stage::Undone(undone) => {
            ended::restored(ui, &undone.restored, Some(undone.session), commands);
        }
        Stage::Failed(reason) => {
            widgets::trouble(ui, reason);
            ui.add_space(space::SMALL);
            choice::show(ui, sheet, commands);
        }
    }
}

/// How far something is.
#[expect(clippy::cast_precision_loss, reason = "a bar of some hundred points")]
pub(super) fn bar(ui: &mut Ui, progress: Option<&Progress>) {
    let Some(progress) = progress else {
        ui.add(ProgressBar::new(0.0)).accessible_name("Progress");
        ui.label(widgets::caption(ui, "Beginning…"));
        return;
    };
    let share = progress.done as f32 / progress.of.max(1) as f32;
    ui.add(ProgressBar::new(share).show_percentage())
        .accessible_name("Progress");
    let text = format!(
        "{} of {}, {}",
        words::count(progress.done),
        words::count(progress.of),
        words::bytes(progress.bytes)
    );
    ui.label(text);
    let name = widgets::caption(ui, words::file_name(&progress.path));
    ui.add(egui::Label::new(name).truncate());
}

/// The buttons: the way back on the left, the way on on the right.
fn foot(ui: &mut Ui, sheet: &Sheet, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| match &sheet.stage {
        Stage::Looking(_) | Stage::Failed(_) => {
            if ui.button("Cancel").clicked() {
                commands.push(RemovalCommand::Close.into());
            }
        }
        Stage::Ready(_) => before::foot(ui, sheet, commands),
        Stage::Acting(_) | Stage::Undoing(_) => {
            if button(ui, Icon::Square, "Stop")
                .on_hover_text(
                    "Ends between two files; what was done stays done and can be undone.",
                )
                .clicked()
            {
                commands.push(RemovalCommand::Stop.into());
            }
        }
        Stage::Done(done) => ended::foot(ui, done, commands),
        Stage::Undone(_) => {
            if ui.button("Close").clicked() {
                commands.push(RemovalCommand::Close.into());
            }
        }
    });
}
