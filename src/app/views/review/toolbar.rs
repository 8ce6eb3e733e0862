//! Above the photos: the similarity, and what is done with the group as a whole.

use eframe::egui::{Align, Layout, Slider, Ui};
use lucide_icons::Icon;

use crate::app::command::{Command, ReviewCommand};
use crate::app::review::Review;
use crate::app::rule_dialog::RuleDialog;
use crate::app::theme::space;
use crate::app::widgets::{self, button, icon_button};
use crate::app::words;

/// The width from which everything stands in one row, in points.
const ONE_ROW: f32 = 620.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, review: &Review, commands: &mut Vec<Command>) {
    if ui.available_width() < ONE_ROW {
        // In a small window the buttons would lie over the slider.
        ui.horizontal(|ui| similarity(ui, review, commands));
        ui.horizontal(|ui| actions(ui, commands));
    } else {
        ui.horizontal(|ui| {
            similarity(ui, review, commands);
            actions(ui, commands);
        });
    }
    ui.add_space(space::SMALL);
}

/// Only what cuts the groups, where there are none.
pub(super) fn slider(ui: &mut Ui, review: &Review, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| similarity(ui, review, commands));
}

fn similarity(ui: &mut Ui, review: &Review, commands: &mut Vec<Command>) {
    ui.label(widgets::caption(ui, "Similarity"));
    let cutter = review.cutter();
    let floor = cutter.map_or(0.5, |cutter| cutter.floor.0);
    let mut similarity = review.similarity().0;
    let response = ui
        .add_enabled(
            cutter.is_some(),
            Slider::new(&mut similarity, floor..=1.0).fixed_decimals(2),
        )
        .accessible_name("Similarity")
        .on_hover_text(format!(
            "From here on, photos are shown as similar. Copies stay copies. Now: {}, cut in \
             {:.1} ms.",
            words::counted(review.groups().len(), "group", "groups"),
            review.cut_took().as_secs_f64() * 1000.0
        ))
        .on_disabled_hover_text("When the scan is done.");
    if response.changed() {
        commands.push(ReviewCommand::Cut(similarity).into());
    }
}

fn actions(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if button(ui, Icon::Check, "Accept")
            .on_hover_text("The marks of this group are right; go on to the next (A)")
            .clicked()
        {
            commands.push(ReviewCommand::Accept.into());
        }
        if icon_button(ui, Icon::Unlink, "Not duplicates (N)").clicked() {
            commands.push(ReviewCommand::NotDuplicates { only_this: false }.into());
        }
        if icon_button(ui, Icon::ListChecks, "Mark by a rule (R)").clicked() {
            let dialog = Some(Box::new(RuleDialog::new()));
            commands.push(ReviewCommand::Rules(dialog).into());
        }
        if icon_button(ui, Icon::Redo2, "Redo (Ctrl Shift Z)").clicked() {
            commands.push(ReviewCommand::Redo.into());
        }
        if icon_button(ui, Icon::Undo2, "Undo (U)").clicked() {
            commands.push(ReviewCommand::Undo.into());
        }
    });
}
