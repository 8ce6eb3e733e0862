//! Below the photos: what becomes of each, and what they differ in.

use eframe::egui::{
    Align, Button, Label, Layout, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    WidgetInfo, vec2,
};
use lucide_icons::Icon;

use super::{fate, letter};
use crate::app::command::{Command, ReviewCommand};
use crate::app::compare::{Compare, CompareCommand as C, Fact, facts};
use crate::app::review::Review;
use crate::app::theme::{self, Palette, size, space};
use crate::app::widgets::{self, icon};
use crate::app::words;
use crate::photo::Photo;

/// The width of the names of facts.
const NAMES: f32 = 64.0;
/// The height of the names of photos.
const HEAD: f32 = 30.0;
/// The height of a fact.
const ROW: f32 = 20.0;
/// Facts that are shown without scrolling.
const ROWS: f32 = 5.0;

/// The height of the strip, without a margin.
pub(super) fn height(compare: &Compare) -> f32 {
    let facts = all_facts(compare);
    let told = facts.iter().filter(|fact| is_told(fact)).count();
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let rows = (told.max(1) as f32).min(ROWS);
    HEAD + space::TINY + rows * ROW
}

/// Draws the strip.
pub(super) fn show(ui: &mut Ui, compare: &Compare, review: &Review, commands: &mut Vec<Command>) {
    let entries = compare.entries();
    #[expect(clippy::cast_precision_loss, reason = "at most six photos")]
    let width = (ui.available_width() - NAMES) / entries.len().max(1) as f32;
    ui.spacing_mut().item_spacing = vec2(0.0, space::TINY);
    ui.horizontal(|ui| {
        ui.add_space(NAMES);
        for place in 0..entries.len() {
            cell(ui, width, HEAD, |ui| {
                head(ui, compare, review, place, commands);
            });
        }
    });
    let facts = all_facts(compare);
    let differing: Vec<&Fact> = facts.iter().filter(|fact| is_told(fact)).collect();
    if differing.is_empty() {
        ui.label(widgets::caption(
            ui,
            "Nothing that is known of the files differs.",
        ));
        return;
    }
    ScrollArea::vertical()
        .id_salt("differing-facts")
        .max_height(ROW * ROWS)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            ui.spacing_mut().interact_size.y = ROW;
            for fact in differing {
                ui.horizontal(|ui| {
                    cell(ui, NAMES, ROW, |ui| {
                        ui.label(widgets::caption(ui, fact.name));
                    });
                    for value in &fact.values {
                        cell(ui, width, ROW, |ui| self::value(ui, value));
                    }
                });
            }
        });
}

fn all_facts(compare: &Compare) -> Vec<Fact> {
    let photos: Vec<&Photo> = compare.entries().iter().map(|entry| &entry.photo).collect();
    facts(&photos)
}

/// Names stand above.
fn is_told(fact: &Fact) -> bool {
    fact.differs && fact.name != "Name"
}

/// A place of exactly this size, so that columns stand in line whatever is in them.
fn cell(ui: &mut Ui, width: f32, height: f32, content: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let builder = UiBuilder::new()
        .max_rect(rect.with_max_x(rect.right() - space::MEDIUM))
        .layout(Layout::left_to_right(Align::Center));
    let mut ui = ui.new_child(builder);
    ui.shrink_clip_rect(rect.expand(2.0));
    content(&mut ui);
}

/// The letter and the name, and the button that decides.
fn head(
    ui: &mut Ui,
    compare: &Compare,
    review: &Review,
    place: usize,
    commands: &mut Vec<Command>,
) {
    let Some(entry) = compare.entries().get(place) else {
        return;
    };
    let palette = Palette::of(ui);
    let (word, is_marked) = fate(review, entry);
    let name = words::file_name(&entry.photo.path);
    let (picture, color) = if is_marked {
        (Icon::Trash2, palette.remove)
    } else {
        (Icon::Check, palette.keep)
    };
    let button = Button::new((
        icon(picture).color(color),
        RichText::new(words::capitalised(word)).color(color),
    ))
    .stroke(Stroke::new(1.0, color))
    .min_size(vec2(0.0, 26.0));
    let response = ui.add(button);
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, is_marked, format!("Remove {name}"))
    });
    if response
        .on_hover_text("Mark for removal, or keep (X)")
        .clicked()
    {
        commands.push(ReviewCommand::Toggle(entry.id).into());
    }
    ui.add_space(space::SMALL);
    let is_chosen = place == compare.chosen();
    let color = if is_chosen {
        palette.accent_text
    } else {
        palette.text
    };
    let text = format!("{}  {name}", letter(place));
    let text = RichText::new(text)
        .font(theme::strong(size::BODY))
        .color(color);
    let label = Label::new(text).truncate().sense(Sense::click());
    let response = ui.add(label);
    let told = format!("Choose {}, {name}", letter(place));
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &told));
    if response
        .on_hover_text(entry.photo.path.display().to_string())
        .clicked()
    {
        commands.push(C::Choose(place).into());
    }
    ui.add_space(space::SMALL);
}

fn value(ui: &mut Ui, value: &crate::app::compare::Value) {
    let palette = Palette::of(ui);
    let (text, color) = match (value.text.as_str(), value.better) {
        ("", _) => ("none", palette.weak),
        (text, Some(_)) => (text, palette.keep),
        (text, None) => (text, palette.text),
    };
    if value.better.is_some() {
        let better = RichText::new(char::from(Icon::CircleCheck)).font(theme::icons(size::BODY));
        ui.label(better.color(palette.keep));
        ui.add_space(space::TINY);
    }
    let text = RichText::new(text).size(size::SMALL).color(color);
    let response = ui.add(Label::new(text).truncate());
    if let Some(better) = value.better {
        response.on_hover_text(words::capitalised(better));
    }
}
