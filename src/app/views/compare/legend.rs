//! The line above a pair that lies over each other: what is seen, and what its colours mean.

use eframe::egui::{Align, Layout, Rect, Sense, Ui, vec2};
use lucide_icons::Icon;

use super::letter;
use crate::app::command::Command;
use crate::app::compare::{Compare, CompareCommand as C, Mode, keys};
use crate::app::theme::{self, Palette, size, space};
use crate::app::widgets::{self, icon, icon_button};
use crate::app::words;

/// Its height.
const HEIGHT: f32 = 32.0;

/// Draws the line.
pub(super) fn show(ui: &mut Ui, compare: &Compare, commands: &mut Vec<Command>) {
    let size = vec2(ui.available_width(), HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.add_space(space::TINY);
        match compare.mode() {
            Mode::SideBySide => side_by_side(ui, compare, commands),
            Mode::Flicker => {
                names(ui, compare, "and");
                matched(ui, compare);
                right(ui, "Space shows the other at the same place");
            }
            Mode::Slider => {
                names(ui, compare, "left, right");
                matched(ui, compare);
                right(ui, "Drag the divider, or move it with the arrows");
            }
            Mode::Difference => difference(ui, compare, commands),
        }
    });
}

fn side_by_side(ui: &mut Ui, compare: &Compare, commands: &mut Vec<Command>) {
    let is_on = compare.is_lined_up();
    let response = widgets::toggle(ui, Icon::Layers2, "Line up", is_on);
    let hint = "Shows the photos as they lie over the reference by their pixels: crops at their \
                place, turned ones upright (M)";
    if response.on_hover_text(hint).clicked() {
        commands.push(C::ToggleLinedUp.into());
    }
    right(ui, "Wheel to zoom, drag to move: all photos together");
}

fn right(ui: &mut Ui, text: &str) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(space::TINY);
        ui.label(widgets::caption(ui, text));
    });
}

/// Which two.
fn names(ui: &mut Ui, compare: &Compare, between: &str) {
    let [under, over] = compare.pair().map(|place| {
        let entry = compare.entries().get(place);
        let name = entry.map_or_else(String::new, |entry| words::file_name(&entry.photo.path));
        format!("{} {name}", letter(place))
    });
    let text = match between.split_once(", ") {
        Some((left, right)) => format!("{under} {left}, {over} {right}"),
        None => format!("{under} {between} {over}"),
    };
    ui.label(text);
}

/// How they lie over each other.
fn matched(ui: &mut Ui, compare: &Compare) {
    let palette = Palette::of(ui);
    let (picture, color, text) = match compare.is_matched() {
        None => (Icon::LoaderCircle, palette.weak, "lining up"),
        Some(true) => (Icon::Check, palette.keep, "lined up by their pixels"),
        Some(false) => (Icon::Info, palette.review, "their pixels do not match"),
    };
    ui.add_space(space::SMALL);
    ui.label(icon(picture).color(color));
    ui.label(widgets::caption(ui, text));
}

fn difference(ui: &mut Ui, compare: &Compare, commands: &mut Vec<Command>) {
    let [under, over] = compare.pair().map(letter);
    ui.label(widgets::strong(format!("{under} and {over}"), size::BODY));
    ui.add_space(space::SMALL);
    ui.label(widgets::caption(ui, "equal"));
    scale(ui, compare.amplify());
    ui.label(widgets::caption(ui, "different"));
    ui.add_space(space::SMALL);
    let times = compare.amplify();
    if icon_button(ui, Icon::Minus, "Enlarge differences less ([)").clicked() {
        commands.push(C::Amplify(keys::amplified(times, false)).into());
    }
    ui.label(format!("× {times}"));
    if icon_button(ui, Icon::Plus, "Enlarge differences more (])").clicked() {
        commands.push(C::Amplify(keys::amplified(times, true)).into());
    }
    let key = compare.difference_key();
    let found = key.and_then(|key| compare.originals().difference(&key));
    if let Some(found) = found {
        let mut text = match found.largest {
            0 => "No pixel differs".to_owned(),
            largest => format!(
                "{} of the pixels differ visibly, by {largest} of 255 at most",
                share(found.share)
            ),
        };
        if found.covered < 0.995 {
            text = format!("{text}; {} is in both", share(found.covered));
        }
        ui.add_space(space::SMALL);
        ui.label(text);
    }
    matched(ui, compare);
}

/// The colours, from no difference to the largest that can be told apart.
fn scale(ui: &mut Ui, times: u32) {
    const STEPS: u8 = 48;
    let (rect, response) = ui.allocate_exact_size(vec2(144.0, 12.0), Sense::hover());
    let width = rect.width() / f32::from(STEPS);
    for step in 0..STEPS {
        let left = rect.left() + width * f32::from(step);
        let strip = Rect::from_min_size(
            eframe::egui::pos2(left, rect.top()),
            vec2(width + 0.5, rect.height()),
        );
        let color = theme::heat(f32::from(step) / f32::from(STEPS - 1));
        ui.painter().rect_filled(strip, 0, color);
    }
    let most = 255 / times.max(1);
    response.on_hover_text(format!(
        "The brightest colour is a difference of {most} of 255 or more"
    ));
}

/// `2.1 %`.
fn share(share: f64) -> String {
    match share * 100.0 {
        0.0 => "None".to_owned(),
        percent if percent < 0.1 => "Less than 0.1 %".to_owned(),
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}
