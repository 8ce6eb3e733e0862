//! Small things that several views draw: buttons, badges, cards, empty states.

use eframe::egui::{
    self, Align2, Button, Color32, CornerRadius, Frame, Margin, Response, RichText, Stroke, Ui,
    Vec2, WidgetText, vec2,
};
use lucide_icons::Icon;

use super::theme::{self, Palette, RADIUS, RADIUS_LARGE, size, space};

/// An icon as text.
pub(crate) fn icon(icon: Icon) -> RichText {
    RichText::new(char::from(icon)).font(theme::icons(size::LARGE))
}

/// Text of the heavier cut.
pub(crate) fn strong(text: impl Into<String>, points: f32) -> RichText {
    RichText::new(text).font(theme::strong(points))
}

/// Small text of less weight.
pub(crate) fn caption(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text)
        .size(size::SMALL)
        .color(Palette::of(ui).weak)
}

/// The one button of a view that leads on.
pub(crate) fn primary(ui: &mut Ui, picture: Icon, text: &str) -> Response {
    let palette = Palette::of(ui);
    let button = Button::new((
        icon(picture).color(palette.on_accent),
        strong(text, size::BODY).color(palette.on_accent),
    ))
    .fill(palette.accent)
    .stroke(Stroke::NONE)
    .min_size(vec2(0.0, 36.0));
    ui.add(button).accessible_name(text)
}

/// A button with an icon and a word.
pub(crate) fn button(ui: &mut Ui, picture: Icon, text: &str) -> Response {
    ui.add(Button::new((icon(picture), text)))
        .accessible_name(text)
}

/// A button that is an icon alone; `name` is shown on hover and read out.
pub(crate) fn icon_button(ui: &mut Ui, picture: Icon, name: &str) -> Response {
    let button = Button::new(icon(picture))
        .frame_when_inactive(false)
        .min_size(theme::ICON_BUTTON);
    ui.add(button).accessible_name(name).on_hover_text(name)
}

/// A switch with a word, drawn as a button that stays pressed.
pub(crate) fn toggle(ui: &mut Ui, picture: Icon, text: &str, is_on: bool) -> Response {
    let palette = Palette::of(ui);
    let color = if is_on {
        palette.accent_text
    } else {
        palette.weak
    };
    let stroke = if is_on {
        Stroke::new(1.0, palette.accent_text)
    } else {
        Stroke::new(1.0, palette.line)
    };
    let content = (icon(picture).color(color), RichText::new(text).color(color));
    let response = ui.add(Button::new(content).stroke(stroke).selected(false));
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::CheckBox, ui.is_enabled(), is_on, text)
    });
    response
}

/// A word on a ground of its colour.
pub(crate) fn badge(ui: &mut Ui, text: &str, color: Color32) -> Response {
    Frame::new()
        .fill(theme::mix(Palette::of(ui).panel, color, 0.14))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(8, 2))
        .show(ui, |ui| {
            ui.label(RichText::new(text).size(size::SMALL).color(color))
        })
        .inner
}

/// A raised box.
pub(crate) fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = Palette::of(ui);
    Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(RADIUS_LARGE))
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui)
        })
        .inner
}

/// What a view shows when there is nothing in it: what it would be, and the way on.
pub(crate) fn empty(
    ui: &mut Ui,
    picture: Icon,
    title: &str,
    text: &str,
    below: impl FnOnce(&mut Ui),
) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.24).max(space::SECTION));
        ui.label(
            RichText::new(char::from(picture))
                .font(theme::icons(56.0))
                .color(Palette::of(ui).weak),
        );
        ui.add_space(space::MEDIUM);
        ui.label(strong(title, size::DISPLAY));
        ui.add_space(space::TINY);
        ui.label(RichText::new(text).color(Palette::of(ui).weak));
        ui.add_space(space::SECTION);
        below(ui);
    });
}

/// A dialog over everything, with room around its content.
pub(crate) fn dialog(ui: &Ui, id: &'static str) -> egui::Modal {
    let frame = Frame::popup(ui.style())
        .fill(Palette::of(ui).panel)
        .corner_radius(CornerRadius::same(RADIUS_LARGE))
        .inner_margin(Margin::same(24));
    egui::Modal::new(egui::Id::unique(id)).frame(frame)
}

/// The largest size with the proportions of `picture` that fits into `room`, never enlarged
/// beyond `most` times.
pub(crate) fn fit(picture: Vec2, room: Vec2, most: f32) -> Vec2 {
    if picture.x <= 0.0 || picture.y <= 0.0 {
        return Vec2::ZERO;
    }
    picture * (room.x / picture.x).min(room.y / picture.y).min(most)
}

/// Text painted into a corner on a ground of its own, over a picture.
pub(crate) fn tag(
    ui: &Ui,
    at: egui::Pos2,
    align: Align2,
    text: impl Into<WidgetText>,
    ground: Color32,
) {
    let galley = text.into().into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Small,
    );
    let rect = align.anchor_size(at, galley.size() + vec2(12.0, 6.0));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(RADIUS), ground);
    ui.painter()
        .galley(rect.min + vec2(6.0, 3.0), galley, Color32::WHITE);
}

/// A button for what cannot be undone.
pub(crate) fn danger(ui: &mut Ui, picture: Icon, text: &str) -> Response {
    let palette = Palette::of(ui);
    let button = Button::new((
        icon(picture).color(palette.remove),
        strong(text, size::BODY).color(palette.remove),
    ))
    .stroke(Stroke::new(1.0, palette.remove));
    ui.add(button).accessible_name(text)
}

/// Something to be thought of before going on.
pub(crate) fn warning(ui: &mut Ui, text: &str) {
    said(ui, Icon::TriangleAlert, Palette::of(ui).review, text);
}

/// What went wrong.
pub(crate) fn trouble(ui: &mut Ui, text: &str) {
    said(ui, Icon::TriangleAlert, Palette::of(ui).remove, text);
}

fn said(ui: &mut Ui, picture: Icon, color: Color32, text: &str) {
    Frame::new()
        .fill(theme::mix(Palette::of(ui).panel, color, 0.1))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(8, 6))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_width(ui.available_width());
                ui.label(icon(picture).color(color));
                ui.add(egui::Label::new(text).wrap());
            });
        });
}
