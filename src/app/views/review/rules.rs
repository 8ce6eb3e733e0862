//! The dialog for marking many photos by a rule: the choice, and what it would do, before it is
//! done.

use eframe::egui::{self, Align, ComboBox, Layout, TextEdit, Ui, vec2};
use lucide_icons::Icon;

use crate::app::command::{Command, ReviewCommand};
use crate::app::review::{Review, Scope, Selection};
use crate::app::rule_dialog::{RuleDialog, RuleKind};
use crate::app::state::State;
use crate::app::theme::{size, space};
use crate::app::thumbnails::Thumbnail;
use crate::app::widgets::{self, icon_button, primary};
use crate::app::words;
use crate::photo::Format;

/// Draws the dialog.
pub(super) fn show(
    ui: &Ui,
    state: &State,
    review: &Review,
    dialog: &RuleDialog,
    commands: &mut Vec<Command>,
) {
    let modal = widgets::dialog(ui, "rules").show(ui.ctx(), |ui| {
        ui.set_width(520.0);
        ui.horizontal(|ui| {
            ui.label(widgets::strong("Mark by a rule", size::HEADING));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, Icon::X, "Close without marking").clicked() {
                    commands.push(ReviewCommand::Rules(None).into());
                }
            });
        });
        ui.add_space(space::SMALL);
        let mut wanted = dialog.clone();
        choice(ui, &mut wanted);
        if !wanted.asks_like(dialog) {
            commands.push(ReviewCommand::Rules(Some(Box::new(wanted))).into());
        }
        ui.add_space(space::SMALL);
        ui.separator();
        preview(ui, state, review, &dialog.selection, commands);
        ui.add_space(space::MEDIUM);
        ui.horizontal(|ui| {
            if ui.button("Cancel").clicked() {
                commands.push(ReviewCommand::Rules(None).into());
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let number = dialog.selection.photos;
                let text = format!("Mark {}", words::photos(number));
                ui.add_enabled_ui(!dialog.selection.is_empty(), |ui| {
                    if primary(ui, Icon::ListChecks, &text).clicked() {
                        commands.push(ReviewCommand::ApplyRule.into());
                    }
                });
            });
        });
    });
    if modal.backdrop_response.clicked() {
        commands.push(ReviewCommand::Rules(None).into());
    }
}

fn choice(ui: &mut Ui, wanted: &mut RuleDialog) {
    ComboBox::from_id_salt("rule")
        .width(420.0)
        .selected_text(wanted.kind.words())
        .show_ui(ui, |ui| {
            for kind in RuleKind::ALL {
                ui.selectable_value(&mut wanted.kind, kind, kind.words());
            }
        })
        .response
        .accessible_name("Rule");
    ui.label(widgets::caption(ui, wanted.kind.explanation()));
    match wanted.kind {
        RuleKind::Format => {
            ComboBox::from_id_salt("format")
                .selected_text(words::format_name(wanted.format))
                .show_ui(ui, |ui| {
                    for format in Format::ALL {
                        let name = words::format_name(format);
                        ui.selectable_value(&mut wanted.format, format, name);
                    }
                })
                .response
                .accessible_name("Format that stays");
        }
        RuleKind::Name => {
            ui.add(
                TextEdit::singleline(&mut wanted.name)
                    .hint_text("Letters of the name")
                    .desired_width(420.0),
            )
            .accessible_name("Letters of the name");
        }
        _ => {}
    }
    ui.horizontal(|ui| {
        ui.radio_value(&mut wanted.scope, Scope::Shots, "Among copies of one shot");
        ui.radio_value(
            &mut wanted.scope,
            Scope::Groups,
            "Among all photos of a group",
        )
        .on_hover_text("Marks other exposures as well: one photo of each group stays.");
    });
}

fn preview(
    ui: &mut Ui,
    state: &State,
    review: &Review,
    selection: &Selection,
    commands: &mut Vec<Command>,
) {
    let text = if selection.is_empty() {
        "Nothing would change in the groups that are shown.".to_owned()
    } else {
        let mut text = format!(
            "Marks {}, {}, in {} of those shown.",
            words::photos(selection.photos),
            words::bytes(selection.bytes),
            words::counted(selection.groups, "group", "groups"),
        );
        if selection.unmarked > 0 {
            text = format!("{text} {} unmarked.", words::count(selection.unmarked));
        }
        text
    };
    ui.label(widgets::strong(text, size::BODY));
    ui.label(widgets::caption(
        ui,
        "One photo of each group always stays, and photos in protected folders do.",
    ));
    ui.add_space(space::TINY);
    ui.horizontal_wrapped(|ui| {
        let examples = selection.examples.iter();
        for photo in examples.filter_map(|&photo| review.photo(photo)) {
            let (rect, response) = ui.allocate_exact_size(vec2(76.0, 58.0), egui::Sense::hover());
            response.on_hover_text(photo.path.display().to_string());
            if let Thumbnail::Ready(texture) = state.thumbnails.get(photo.content.hash, commands) {
                let fitted = widgets::fit(texture.size_vec2(), rect.size(), f32::INFINITY);
                egui::Image::from_texture((texture.id(), fitted))
                    .corner_radius(3)
                    .paint_at(ui, egui::Rect::from_center_size(rect.center(), fitted));
            }
        }
    });
}
