//! What was removed, the latest first, and the way back.

use eframe::egui::{Align, Label, Layout, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::removal::{bar, restored};
use crate::app::command::Command;
use crate::app::removal::{History, RemovalCommand, SessionFiles, state_words};
use crate::app::state::{State, View};
use crate::app::theme::{Palette, size, space, width};
use crate::app::widgets::{self, button, card, icon, icon_button, primary};
use crate::app::words;
use crate::library::{FileState, JournalFile, JournalSession};
use crate::removal::OnConflict;

/// The height of a file's row, in points, and the most that are seen at once.
const ROW: f32 = 34.0;
const ROWS: f32 = 8.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let history = &state.removal.history;
    match &history.sessions {
        None => {
            ui.centered_and_justified(Ui::spinner);
        }
        Some(Err(reason)) => {
            widgets::empty(
                ui,
                Icon::TriangleAlert,
                "The history cannot be read",
                reason,
                |ui| {
                    if primary(ui, Icon::RotateCw, "Try again").clicked() {
                        commands.push(RemovalCommand::LookAtHistory.into());
                    }
                },
            );
        }
        Some(Ok(sessions)) if sessions.is_empty() => {
            widgets::empty(
                ui,
                Icon::History,
                "Nothing was removed yet",
                "Every removal is listed here, and can be taken back from here.",
                |ui| {
                    if primary(ui, Icon::Images, "Go to the review").clicked() {
                        commands.push(Command::Show(View::Review));
                    }
                },
            );
        }
        Some(Ok(_)) => page(ui, history, commands),
    }
}

fn page(ui: &mut Ui, history: &History, commands: &mut Vec<Command>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let side = ((ui.available_width() - width::PAGE) / 2.0).max(space::LARGE);
        let room = ui.available_width() - 2.0 * side;
        ui.add_space(space::SECTION);
        ui.horizontal_top(|ui| {
            ui.add_space(side);
            ui.vertical(|ui| {
                ui.set_width(room);
                ui.spacing_mut().item_spacing.y = space::MEDIUM;
                heading(ui, history, commands);
                result(ui, history, commands);
                for session in history.known() {
                    card(ui, |ui| session_card(ui, history, session, commands));
                }
            });
        });
        ui.add_space(space::SECTION);
    });
}

fn heading(ui: &mut Ui, history: &History, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.label(widgets::strong("History", size::HEADING));
            let kept = history.known().iter().filter(|s| can_restore(s));
            let (files, bytes) = kept.fold((0, 0), |(files, bytes), session| {
                (files + session.removed, bytes + session.removed_bytes)
            });
            let text = format!(
                "{} can be brought back, {}.",
                words::counted(files, "file", "files"),
                words::bytes(bytes)
            );
            ui.label(widgets::caption(ui, text));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if button(ui, Icon::FileDown, "Export as CSV").clicked() {
                commands.push(RemovalCommand::Export.into());
            }
        });
    });
}

/// The restoration that runs or has ended.
fn result(ui: &mut Ui, history: &History, commands: &mut Vec<Command>) {
    if history.is_restoring {
        card(ui, |ui| {
            ui.label(widgets::strong("Bringing back…", size::BODY));
            bar(ui, history.progress.as_ref());
            if button(ui, Icon::Square, "Stop").clicked() {
                commands.push(RemovalCommand::Stop.into());
            }
        });
        return;
    }
    let Some(ended) = &history.restored else {
        return;
    };
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(widgets::strong("Brought back", size::BODY));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, Icon::X, "Close this result").clicked() {
                    commands.push(RemovalCommand::CloseRestored.into());
                }
            });
        });
        match ended {
            Ok(undone) => restored(ui, &undone.restored, Some(undone.session), commands),
            Err(reason) => widgets::trouble(ui, reason),
        }
    });
}

fn can_restore(session: &JournalSession) -> bool {
    session.removed > 0 && session.action != "delete"
}

fn session_card(
    ui: &mut Ui,
    history: &History,
    session: &JournalSession,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui);
    let is_open = (history.open.as_ref()).is_some_and(|open| open.session == session.id);
    ui.horizontal(|ui| {
        ui.label(icon(picture(&session.action)).color(palette.accent_text));
        ui.vertical(|ui| {
            let title = format!(
                "{}: {}",
                words::moment(session.started_ms),
                action_words(&session.action)
            );
            ui.label(widgets::strong(title, size::BODY));
            ui.label(widgets::caption(ui, state_of(session)));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let when = words::moment(session.started_ms);
            let (sign, name) = if is_open {
                (Icon::ChevronUp, format!("Hide the files of {when}"))
            } else {
                (Icon::ChevronDown, format!("Show the files of {when}"))
            };
            if icon_button(ui, sign, &name).clicked() {
                commands.push(RemovalCommand::OpenSession(session.id).into());
            }
            if can_restore(session) {
                let is_free = !history.is_at_work();
                let restore = ui.add_enabled_ui(is_free, |ui| {
                    button(ui, Icon::ArchiveRestore, "Bring all back")
                });
                if restore.inner.clicked() {
                    commands.push(bring_back(session.id, None));
                }
            }
        });
    });
    if let Some(open) = history.open.as_ref().filter(|_| is_open) {
        ui.separator();
        files(ui, history, session, open, commands);
    }
}

fn bring_back(session: i64, files: Option<Vec<i64>>) -> Command {
    let conflict = OnConflict::Leave;
    RemovalCommand::Restore {
        session,
        files,
        conflict,
    }
    .into()
}

fn picture(action: &str) -> Icon {
    match action {
        "move" => Icon::FolderInput,
        "hard-link" => Icon::Link2,
        "reflink" => Icon::CopyCheck,
        _ => Icon::Trash2,
    }
}

fn action_words(action: &str) -> &'static str {
    match action {
        "trash" => "moved to the trash",
        "move" => "moved to a folder",
        "hard-link" => "replaced by hard links",
        "reflink" => "replaced by reflinks",
        "delete" => "deleted for good",
        _ => "removed",
    }
}

/// What became of the files of a removal.
fn state_of(session: &JournalSession) -> String {
    let parts = [
        (session.removed, "removed"),
        (session.restored, "brought back"),
        (session.skipped, "left where they were"),
        (session.missing, "missing"),
    ];
    let told: Vec<String> = (parts.iter())
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", words::count(*number)))
        .collect();
    let mut text = if told.is_empty() {
        "nothing was done".to_owned()
    } else {
        told.join(", ")
    };
    if session.removed > 0 {
        text = format!("{text}, {}", words::bytes(session.removed_bytes));
    }
    if session.finished_ms.is_none() {
        text = format!("{text}; interrupted");
    }
    words::capitalised(&text)
}

fn files(
    ui: &mut Ui,
    history: &History,
    session: &JournalSession,
    open: &SessionFiles,
    commands: &mut Vec<Command>,
) {
    let files = match &open.files {
        None => {
            ui.spinner();
            return;
        }
        Some(Err(reason)) => {
            widgets::trouble(ui, reason);
            return;
        }
        Some(Ok(files)) => files,
    };
    let can_restore = can_restore(session) && !history.is_at_work();
    let height = ROW - ui.spacing().item_spacing.y;
    ScrollArea::vertical()
        .id_salt(("files", session.id))
        .auto_shrink([false, true])
        .max_height(ROW * ROWS)
        .show_rows(ui, height, files.len(), |ui, rows| {
            for file in files.get(rows).into_iter().flatten() {
                row(ui, files, file, can_restore, commands);
            }
        });
}

fn row(
    ui: &mut Ui,
    all: &[JournalFile],
    file: &JournalFile,
    can_restore: bool,
    commands: &mut Vec<Command>,
) {
    let path = file.restored_to.as_ref().unwrap_or(&file.entry.source);
    let name = words::file_name(&file.entry.source);
    ui.horizontal(|ui| {
        if icon_button(ui, Icon::FolderSearch, "Show in folder")
            .on_hover_text(path.display().to_string())
            .clicked()
        {
            commands.push(Command::ShowInFolder(path.clone()));
        }
        if can_restore
            && file.state == FileState::Removed
            && icon_button(ui, Icon::Undo2, &format!("Bring back {name}")).clicked()
        {
            // What went together comes back together.
            let of_step = all.iter().filter(|o| o.entry.step == file.entry.step);
            let ids = of_step.map(|other| other.id).collect();
            commands.push(bring_back(file.session, Some(ids)));
        }
        ui.label(RichText::new(name));
        let mut text = format!(
            "{}, {}, {}",
            state_words(file.state),
            words::bytes(file.entry.bytes),
            words::folder(&file.entry.source)
        );
        if let Some(note) = &file.note {
            text = format!("{text}: {note}");
        }
        ui.add(Label::new(widgets::caption(ui, &text)).truncate())
            .on_hover_text(text);
    });
}
