//! The photos of the current group, shot by shot.

use eframe::egui::{
    self, Align2, Color32, CornerRadius, Rect, RichText, ScrollArea, Sense, Stroke, Ui, vec2,
};
use lucide_icons::Icon;

use crate::app::command::{Command, ReviewCommand};
use crate::app::review::Review;
use crate::app::state::State;
use crate::app::theme::{self, Palette, RADIUS, size, space};
use crate::app::thumbnails::Thumbnail;
use crate::app::widgets;
use crate::app::words;
use crate::matching::{Member, Shot};
use crate::photo::Photo;

/// The frame of a photo, in points; the picture in it is whole.
const FRAME: egui::Vec2 = vec2(232.0, 200.0);
/// The lines below it.
const LINES: f32 = 44.0;

/// Draws the current group.
pub(super) fn show(ui: &mut Ui, state: &State, review: &Review, commands: &mut Vec<Command>) {
    let Some((_, group)) = review.current_group() else {
        return;
    };
    ScrollArea::vertical()
        .id_salt("shots")
        .auto_shrink(false)
        .show(ui, |ui| {
            let mut number = 0;
            for (at, shot) in group.shots.iter().enumerate() {
                heading(ui, review, at, group.shots.len(), shot);
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing = vec2(space::MEDIUM, space::MEDIUM);
                    for member in shot.members.iter() {
                        frame(ui, state, review, member, number, commands);
                        number += 1;
                    }
                });
                ui.add_space(space::LARGE);
            }
        });
}

fn heading(ui: &mut Ui, review: &Review, at: usize, shots: usize, shot: &Shot) {
    ui.horizontal(|ui| {
        let title = if shots == 1 {
            "One shot".to_owned()
        } else {
            format!("Shot {} of {shots}", at + 1)
        };
        ui.label(widgets::strong(title, size::LARGE));
        let copies = shot.members.len() - 1;
        let bytes: u64 = (shot.members.iter().skip(1))
            .filter_map(|member| review.photo(member.photo))
            .map(|photo| photo.stamp.size)
            .sum();
        let text = match copies {
            0 => "no copies".to_owned(),
            _ => format!(
                "{}, {}",
                words::counted(copies, "copy", "copies"),
                words::bytes(bytes)
            ),
        };
        ui.label(widgets::caption(ui, text));
        if let Some(reason) = &shot.reason {
            let palette = Palette::of(ui);
            widgets::badge(ui, &words::capitalised(&reason.to_string()), palette.review);
        }
    });
}

fn frame(
    ui: &mut Ui,
    state: &State,
    review: &Review,
    member: &Member,
    number: usize,
    commands: &mut Vec<Command>,
) {
    let Some(photo) = review.photo(member.photo) else {
        return;
    };
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(FRAME + vec2(0.0, LINES), Sense::click());
    let is_here = review
        .current_member()
        .is_some_and(|(_, current)| current.photo == member.photo);
    let is_marked = review.is_marked(member.photo);
    let is_gone = review.is_gone(member.photo);
    let word = match (is_gone, is_marked) {
        (true, _) => "gone",
        (false, true) => "remove",
        (false, false) => "keep",
    };
    response.widget_info(|| {
        egui::WidgetInfo::selected(
            egui::Role::CheckBox,
            true,
            is_marked,
            format!("{}, {word}", words::file_name(&photo.path)),
        )
    });
    // Another photo than in the last frame is brought into sight.
    let shown = egui::Id::unique("shown-photo");
    if is_here && ui.data(|data| data.get_temp(shown)) != Some(member.photo) {
        ui.data_mut(|data| data.insert_temp(shown, member.photo));
        response.scroll_to_me(None);
    }
    if response.clicked() {
        commands.push(ReviewCommand::GoToMember(number).into());
        if is_here {
            commands.push(ReviewCommand::Toggle(member.photo).into());
        }
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let ground = Rect::from_min_size(rect.min, FRAME);
    paint_picture(ui, state, photo, ground, is_marked || is_gone, commands);
    let rim = match (is_gone, is_marked) {
        (true, _) => palette.line,
        (false, true) => palette.remove,
        (false, false) => palette.keep,
    };
    let (width, around) = if is_here { (2.0, 3.0) } else { (1.5, 0.0) };
    ui.painter().rect_stroke(
        ground,
        CornerRadius::same(RADIUS),
        Stroke::new(width, rim),
        egui::StrokeKind::Inside,
    );
    if is_here {
        ui.painter().rect_stroke(
            ground.expand(around),
            CornerRadius::same(RADIUS + 2),
            Stroke::new(2.0, palette.accent_text),
            egui::StrokeKind::Outside,
        );
    }
    let picture = match (is_gone, is_marked, member.copy_of.is_none()) {
        (true, ..) => Icon::FileX,
        (_, true, _) => Icon::Trash2,
        (_, _, true) => Icon::Star,
        (_, _, false) => Icon::Check,
    };
    let tag = format!("{} {word}", char::from(picture));
    let ground_of_tag = if is_gone {
        Color32::from_rgb(0x55, 0x5B, 0x66)
    } else if is_marked {
        Color32::from_rgb(0xB0, 0x2F, 0x27)
    } else {
        Color32::from_rgb(0x1C, 0x7A, 0x4B)
    };
    widgets::tag(
        ui,
        ground.left_top() + vec2(8.0, 8.0),
        Align2::LEFT_TOP,
        RichText::new(tag).size(size::SMALL),
        ground_of_tag,
    );
    if number < 9 {
        widgets::tag(
            ui,
            ground.right_top() + vec2(-8.0, 8.0),
            Align2::RIGHT_TOP,
            RichText::new((number + 1).to_string()).size(size::SMALL),
            Color32::from_black_alpha(170),
        );
    }
    lines(ui, photo, member, rect);
}

fn paint_picture(
    ui: &Ui,
    state: &State,
    photo: &Photo,
    ground: Rect,
    is_dimmed: bool,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui);
    ui.painter()
        .rect_filled(ground, CornerRadius::same(RADIUS), palette.photo_ground);
    #[expect(clippy::cast_precision_loss, reason = "a picture's sides")]
    let picture = vec2(photo.content.width as f32, photo.content.height as f32);
    let fitted = widgets::fit(picture, ground.size() - vec2(8.0, 8.0), f32::INFINITY);
    let place = Rect::from_center_size(ground.center(), fitted);
    match state.thumbnails.get(photo.content.hash, commands) {
        Thumbnail::Ready(texture) => {
            let tint = if is_dimmed {
                Color32::from_gray(110)
            } else {
                Color32::WHITE
            };
            egui::Image::from_texture((texture.id(), fitted))
                .corner_radius(3)
                .tint(tint)
                .paint_at(ui, place);
        }
        Thumbnail::Loading => {}
        Thumbnail::Missing => {
            ui.painter().text(
                ground.center(),
                Align2::CENTER_CENTER,
                char::from(Icon::ImageOff),
                theme::icons(32.0),
                palette.weak,
            );
        }
    }
}

fn lines(ui: &Ui, photo: &Photo, member: &Member, rect: Rect) {
    let palette = Palette::of(ui);
    let small = egui::TextStyle::Small;
    let mut at = rect.left_top() + vec2(2.0, FRAME.y + 6.0);
    let name = words::file_name(&photo.path);
    let facts = format!(
        "{} · {} · {}",
        member
            .evidence
            .map_or("keeper", crate::matching::Evidence::words),
        words::dimensions(photo.content.width, photo.content.height),
        words::bytes(photo.stamp.size),
    );
    for (text, color) in [(name, palette.text), (facts, palette.weak)] {
        let galley = egui::WidgetText::from(RichText::new(text).color(color)).into_galley(
            ui,
            Some(egui::TextWrapMode::Truncate),
            FRAME.x - 4.0,
            small.clone(),
        );
        ui.painter().galley(at, galley, color);
        at.y += 18.0;
    }
}
