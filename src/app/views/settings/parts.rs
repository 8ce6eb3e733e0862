//! What the cards of the settings are made of.

use std::ops::RangeInclusive;

use eframe::egui::{self, Align, Button, Label, Layout, RichText, Slider, Stroke, Ui};
use lucide_icons::Icon;

use crate::app::theme::{Palette, size, space, width};
use crate::app::widgets::{self, icon};

/// A card with a heading, and when its choices count.
pub(super) fn section(
    ui: &mut Ui,
    picture: Icon,
    title: &str,
    counts: &str,
    content: impl FnOnce(&mut Ui),
) {
    widgets::card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::SMALL;
        ui.horizontal(|ui| {
            ui.label(icon(picture).color(Palette::of(ui).accent_text));
            ui.label(widgets::strong(title, size::LARGE));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(widgets::caption(ui, counts));
            });
        });
        ui.add_space(space::TINY);
        content(ui);
    });
}

/// A name and its control, side by side where there is room.
pub(super) fn row<R>(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    let shown = if ui.available_width() < width::NARROW {
        ui.vertical(|ui| {
            ui.label(name);
            content(ui)
        })
        .inner
    } else {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(width::NAMES);
                // In line with the text of the buttons beside it.
                ui.add_space(ui.spacing().button_padding.y);
                ui.add(Label::new(name).wrap());
            });
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                content(ui)
            })
            .inner
        })
        .inner
    };
    ui.add_space(space::TINY);
    shown
}

/// Small text below a control.
pub(super) fn note(ui: &mut Ui, text: impl Into<String>) {
    let text = widgets::caption(ui, text);
    ui.add(Label::new(text).wrap());
}

/// Text in line with the name of its row.
pub(super) fn text(ui: &mut Ui, text: impl Into<String>) {
    ui.add_space(ui.spacing().button_padding.y);
    ui.add(Label::new(text.into()).wrap());
}

/// Small text about what went wrong.
pub(super) fn trouble(ui: &mut Ui, text: &str) {
    let palette = Palette::of(ui);
    ui.horizontal_top(|ui| {
        ui.label(icon(Icon::TriangleAlert).color(palette.remove));
        let text = RichText::new(text).size(size::SMALL).color(palette.remove);
        ui.add(Label::new(text).wrap());
    });
}

/// What can be chosen from a few.
pub(super) struct Choice<T> {
    /// What it stands for.
    pub(super) value: T,
    /// As people read it.
    pub(super) name: &'static str,
    /// Why it cannot be chosen.
    pub(super) obstacle: Option<String>,
}

impl<T> Choice<T> {
    /// One that can be chosen.
    pub(super) fn free(value: T, name: &'static str) -> Self {
        Self {
            value,
            name,
            obstacle: None,
        }
    }
}

/// Buttons of which one is chosen; the one that was clicked. Screen readers hear
/// `GROUP: NAME`.
pub(super) fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    group: &str,
    chosen: T,
    choices: &[Choice<T>],
) -> Option<T> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        for choice in choices {
            let is_chosen = choice.value == chosen;
            // What was chosen on another day stays visible and can be left.
            let is_free = choice.obstacle.is_none() || is_chosen;
            let label = format!("{group}: {}", choice.name);
            let response = ui.add_enabled(is_free, chip(ui, choice.name, is_chosen));
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::RadioButton, is_free, is_chosen, &label)
            });
            let response = match &choice.obstacle {
                Some(obstacle) => response.on_disabled_hover_text(obstacle),
                None => response,
            };
            if response.clicked() && !is_chosen {
                clicked = Some(choice.value);
            }
        }
    });
    clicked
}

fn chip<'a>(ui: &Ui, name: &'a str, is_chosen: bool) -> Button<'a> {
    let palette = Palette::of(ui);
    if is_chosen {
        let text = widgets::strong(name, size::BODY).color(palette.on_accent);
        Button::new(text).fill(palette.accent).stroke(Stroke::NONE)
    } else {
        Button::new(name)
    }
}

/// A slider with its value in words; the value that it was moved to.
pub(super) fn slide<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    value: N,
    range: RangeInclusive<N>,
    step: f64,
    words: &str,
) -> Option<N> {
    let mut moved = value;
    let slider = Slider::new(&mut moved, range)
        .step_by(step)
        .show_value(false);
    let changed = ui.add(slider).accessible_name(name).changed();
    ui.label(words);
    // A slider rounds to its steps what it is given, which is no move: nothing may change by
    // being looked at.
    let is_moved = (moved.to_f64() - value.to_f64()).abs() > step / 2.0;
    (changed && is_moved).then_some(moved)
}

/// A quiet button of small text, for the way back to what is usual.
pub(super) fn back(ui: &mut Ui, text: &str) -> bool {
    let button = Button::new(widgets::caption(ui, text)).frame_when_inactive(false);
    ui.add(button).accessible_name(text).clicked()
}

/// Something that is being looked at.
pub(super) fn looking(ui: &mut Ui, text: &str) {
    ui.horizontal(|ui| {
        ui.add(egui::Spinner::new().size(size::LARGE));
        ui.label(widgets::caption(ui, text));
    });
}
