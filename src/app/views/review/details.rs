//! What is known of the current photo, and why it is kept or not.

use eframe::egui::{Grid, Label, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, ReviewCommand};
use crate::app::compare::CompareCommand;
use crate::app::review::Review;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button};
use crate::app::words;
use crate::photo::Photo;

/// Draws the column.
pub(super) fn show(ui: &mut Ui, review: &Review, commands: &mut Vec<Command>) {
    let Some((_, member)) = review.current_member() else {
        return;
    };
    let Some(photo) = review.photo(member.photo) else {
        return;
    };
    ScrollArea::vertical().id_salt("details").show(ui, |ui| {
        ui.add(Label::new(widgets::strong(words::file_name(&photo.path), size::LARGE)).wrap());
        ui.add(Label::new(widgets::caption(ui, words::folder(&photo.path))).wrap());
        ui.add_space(space::SMALL);
        facts(ui, photo);
        ui.add_space(space::MEDIUM);
        ui.separator();
        let title = match (review.is_marked(member.photo), member.copy_of.is_none()) {
            (true, _) => "Marked for removal",
            (false, true) => "The keeper",
            (false, false) => "Kept",
        };
        ui.label(widgets::strong(title, size::BODY));
        if let Some(evidence) = member.evidence {
            let palette = Palette::of(ui);
            widgets::badge(ui, &words::evidence(evidence), palette.accent_text);
        }
        for reason in &member.reasons {
            ui.add(Label::new(words::capitalised(reason)).wrap());
        }
        ui.add_space(space::MEDIUM);
        let (picture, text) = if review.is_marked(member.photo) {
            (Icon::Check, "Keep this photo")
        } else {
            (Icon::Trash2, "Mark this photo")
        };
        if button(ui, picture, text).clicked() {
            commands.push(ReviewCommand::Toggle(member.photo).into());
        }
        if button(ui, Icon::Columns2, "Compare").clicked() {
            commands.push(CompareCommand::Open.into());
        }
        if button(ui, Icon::FolderSearch, "Show in folder").clicked() {
            commands.push(Command::ShowInFolder(photo.path.clone()));
        }
    });
}

fn facts(ui: &mut Ui, photo: &Photo) {
    let content = &photo.content;
    let metadata = &content.metadata;
    let mut rows = vec![
        (
            "Size",
            format!(
                "{}, {}",
                words::dimensions(content.width, content.height),
                words::megapixels(content.pixels())
            ),
        ),
        (
            "File",
            format!(
                "{}, {}",
                words::bytes(photo.stamp.size),
                words::format_name(content.format)
            ),
        ),
    ];
    if let Some(taken) = metadata.taken_at {
        rows.push(("Taken", words::date_time(taken.local)));
    }
    if let Some(camera) = &metadata.camera {
        rows.push(("Camera", camera.clone()));
    }
    if let Some(gps) = metadata.gps {
        rows.push((
            "Place",
            format!("{:.4}, {:.4}", gps.latitude, gps.longitude),
        ));
    }
    Grid::new("facts").num_columns(2).show(ui, |ui| {
        for (name, value) in rows {
            ui.label(widgets::caption(ui, name));
            ui.add(Label::new(value).wrap());
            ui.end_row();
        }
    });
}
