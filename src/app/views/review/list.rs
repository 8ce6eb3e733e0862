//! The list of groups: tiers, search, order, and one row a group.
//!
//! Only the rows in sight are drawn, so that 100,000 groups scroll like ten.

use eframe::egui::{
    self, Align2, CornerRadius, ProgressBar, RichText, ScrollArea, Sense, Stroke, TextEdit, Ui,
    pos2, vec2,
};
use lucide_icons::Icon;

use super::filters;
use crate::app::command::{Command, ReviewCommand};
use crate::app::review::{Filter, GroupSummary, Order, Review};
use crate::app::state::State;
use crate::app::theme::{self, Palette, RADIUS, size, space};
use crate::app::thumbnails::Thumbnail;
use crate::app::widgets::{self, icon};
use crate::app::words;
use crate::matching::{Evidence, Group};

/// The height of a row, in points.
const ROW: f32 = 64.0;

/// Draws the list and what narrows it.
pub(super) fn show(ui: &mut Ui, state: &State, review: &Review, commands: &mut Vec<Command>) {
    tiers(ui, review, commands);
    ui.separator();
    search(ui, state, review, commands);
    progress(ui, review);
    rows(ui, state, review, commands);
}

fn tiers(ui: &mut Ui, review: &Review, commands: &mut Vec<Command>) {
    let chosen = review.filter().tier;
    let mut row = |ui: &mut Ui, tier: Option<Evidence>, name: &str, count: usize| {
        let palette = Palette::of(ui);
        let is_here = chosen == tier;
        let color = if is_here { palette.text } else { palette.weak };
        let button = egui::Button::selectable(false, RichText::new(name).color(color))
            .right_text(RichText::new(words::count(count)).color(color))
            .fill(if is_here {
                palette.raised
            } else {
                egui::Color32::TRANSPARENT
            })
            .min_size(vec2(ui.available_width(), 26.0));
        let response = ui.add(button);
        response
            .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_here, name));
        if response.clicked() {
            let filter = Filter {
                tier,
                ..review.filter().clone()
            };
            commands.push(ReviewCommand::SetFilter(filter).into());
        }
    };
    ui.spacing_mut().item_spacing.y = 2.0;
    row(ui, None, "All groups", review.groups().len());
    for tier in Evidence::ALL {
        let count = review.count_of(tier);
        if count > 0 || chosen == Some(tier) {
            row(ui, Some(tier), &words::evidence(tier), count);
        }
    }
    ui.spacing_mut().item_spacing.y = space::SMALL;
}

fn search(ui: &mut Ui, state: &State, review: &Review, commands: &mut Vec<Command>) {
    let filter = review.filter();
    ui.horizontal(|ui| {
        let mut text = filter.text.clone();
        let field = TextEdit::singleline(&mut text)
            .hint_text("Find")
            .desired_width(ui.available_width() - 108.0)
            .min_size(vec2(0.0, 28.0));
        let response = ui.add(field).accessible_name("Find by name or folder");
        if state.focus_search {
            response.request_focus();
        }
        if response.changed() {
            let filter = Filter {
                text,
                ..filter.clone()
            };
            commands.push(ReviewCommand::SetFilter(filter).into());
        }
        filters::button(ui, state, review, commands);
        let menu = egui::containers::menu::MenuButton::from_button(
            egui::Button::new(icon(Icon::ArrowUpDown)).min_size(theme::ICON_BUTTON),
        );
        let (response, _) = menu.ui(ui, |ui| {
            for order in Order::ALL {
                if ui
                    .selectable_label(order == review.order(), order.words())
                    .clicked()
                {
                    commands.push(ReviewCommand::SetOrder(order).into());
                    ui.close();
                }
            }
        });
        response.accessible_name("Order").on_hover_text("Order");
    });
}

/// How far the user is.
fn progress(ui: &mut Ui, review: &Review) {
    let (decided, all) = (review.totals().decided, review.groups().len());
    #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
    let share = decided as f32 / all.max(1) as f32;
    let bar = ProgressBar::new(share)
        .desired_height(3.0)
        .corner_radius(2)
        .fill(Palette::of(ui).keep);
    ui.add(bar).on_hover_text(format!(
        "{} of {} groups decided",
        words::count(decided),
        words::count(all)
    ));
}

fn rows(ui: &mut Ui, state: &State, review: &Review, commands: &mut Vec<Command>) {
    let places = review.shown().len();
    if places == 0 {
        nothing(ui, commands);
        return;
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut area = ScrollArea::vertical()
        .id_salt("group-list")
        .auto_shrink(false);
    if let Some(offset) = offset_to_show(ui, review, places) {
        area = area.vertical_scroll_offset(offset);
    }
    area.show_rows(ui, ROW, places, |ui, range| {
        for place in range {
            if let Some((position, group)) = review.shown_group(place)
                && let Some(summary) = review.summary(position)
            {
                row(ui, state, review, place, group, summary, commands);
            }
        }
    });
}

/// Where to scroll so that the current group is in sight, if it has just become another.
fn offset_to_show(ui: &Ui, review: &Review, places: usize) -> Option<f32> {
    let id = ui.scope_id().with("current-group");
    let now = (review.current(), places);
    let before = ui.data_mut(|data| data.get_temp::<(usize, usize)>(id));
    if before == Some(now) {
        return None;
    }
    ui.data_mut(|data| data.insert_temp(id, now));
    let height = ui.available_height();
    let step = ROW + ui.spacing().item_spacing.y;
    #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
    let top = review.current() as f32 * step;
    let area = ui.make_persistent_id("group-list");
    let offset =
        egui::scroll_area::State::load(ui.ctx(), area).map_or(0.0, |s| s.clamped_offset().y);
    if top < offset {
        Some(top)
    } else if top + step > offset + height {
        Some(top + step - height)
    } else {
        None
    }
}

fn nothing(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.vertical_centered(|ui| {
        ui.add_space(space::HUGE);
        ui.label(widgets::caption(ui, "No group fits what is asked for."));
        if ui.button("Show all groups").clicked() {
            commands.push(ReviewCommand::SetFilter(Filter::default()).into());
        }
    });
}

fn row(
    ui: &mut Ui,
    state: &State,
    review: &Review,
    place: usize,
    group: &Group,
    summary: &GroupSummary,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let is_here = place == review.current();
    let title = words::evidence(summary.tier);
    let photos = words::photos(summary.photos as usize);
    response.widget_info(|| {
        egui::WidgetInfo::selected(
            egui::Role::Button,
            true,
            is_here,
            format!("Group {}: {title}, {photos}", place + 1),
        )
    });
    if response.clicked() {
        commands.push(ReviewCommand::GoTo(place).into());
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let ground = match (is_here, response.hovered()) {
        (true, _) => palette.raised,
        (false, true) => theme::mix(palette.panel, palette.raised, 0.6),
        (false, false) => egui::Color32::TRANSPARENT,
    };
    ui.painter()
        .rect_filled(rect, CornerRadius::same(RADIUS), ground);
    if is_here {
        ui.painter().rect_stroke(
            rect,
            CornerRadius::same(RADIUS),
            Stroke::new(1.5, palette.accent_text),
            egui::StrokeKind::Inside,
        );
    }
    let picture = egui::Rect::from_min_size(rect.min + vec2(8.0, 8.0), vec2(64.0, ROW - 16.0));
    if let Some(photo) = group.shots.first().and_then(|s| review.photo(s.keeper)) {
        match state.thumbnails.get(photo.content.hash, commands) {
            Thumbnail::Ready(texture) => {
                let fitted = widgets::fit(texture.size_vec2(), picture.size(), f32::INFINITY);
                let place = egui::Rect::from_center_size(picture.center(), fitted);
                egui::Image::from_texture((texture.id(), fitted))
                    .corner_radius(3)
                    .paint_at(ui, place);
            }
            Thumbnail::Loading | Thumbnail::Missing => {
                ui.painter()
                    .rect_filled(picture, CornerRadius::same(3), palette.photo_ground);
            }
        }
    }
    let left = picture.right() + space::MEDIUM;
    let text = |at: f32, text: String, font: egui::FontId, color| {
        ui.painter().text(
            pos2(left, rect.top() + at),
            Align2::LEFT_TOP,
            text,
            font,
            color,
        );
    };
    text(11.0, title, theme::strong(size::BODY), palette.text);
    let small = egui::FontId::proportional(size::SMALL);
    let line = match summary.surplus_bytes {
        0 => photos,
        bytes => format!("{photos}, {}", words::bytes(bytes)),
    };
    text(34.0, line, small.clone(), palette.weak);
    let right = pos2(rect.right() - 10.0, rect.center().y);
    if summary.is_decided {
        ui.painter().text(
            right,
            Align2::RIGHT_CENTER,
            char::from(Icon::Check),
            theme::icons(size::LARGE),
            palette.keep,
        );
    } else if summary.marked > 0 {
        let marked = format!("{} {}", char::from(Icon::Trash2), summary.marked);
        ui.painter()
            .text(right, Align2::RIGHT_CENTER, marked, small, palette.remove);
    }
}
