//! The photos in their frames, and what the pointer does there.

use eframe::egui::{
    Align, Align2, Color32, CornerRadius, CursorIcon, Id, Label, Layout, Rect, Response, RichText,
    Role, Sense, Spinner, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::bar::percent;
use super::{fate, legend, letter, picture, spoken};
use crate::app::command::Command;
use crate::app::compare::{
    Compare, CompareCommand as C, Condition, Entry, Mode, Size, Source, Trouble,
};
use crate::app::review::Review;
use crate::app::state::State;
use crate::app::theme::{self, Palette, RADIUS, size, space};
use crate::app::widgets;
use crate::app::words;

/// Between frames.
const GAP: f32 = space::SMALL;
/// A turn of the wheel by so many points doubles the zoom.
const WHEEL: f32 = 180.0;
/// The width in which the divider can be grasped.
const GRIP: f32 = 28.0;

/// What an empty place costs: photos may be as much smaller to avoid it.
const HOLE: f32 = 0.04;

/// What all frames are drawn with.
struct Stage<'a> {
    state: &'a State,
    compare: &'a Compare,
    review: &'a Review,
}

/// Draws the photos.
pub(super) fn show(
    ui: &mut Ui,
    state: &State,
    compare: &Compare,
    review: &Review,
    commands: &mut Vec<Command>,
) {
    let drawn = Stage {
        state,
        compare,
        review,
    };
    legend::show(ui, compare, commands);
    let room = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(room);
    let places: Vec<usize> = match compare.mode() {
        Mode::SideBySide => (0..compare.entries().len()).collect(),
        Mode::Flicker | Mode::Slider | Mode::Difference => vec![compare.chosen()],
    };
    let frames = grid(room, places.len(), compare.lead());
    if let Some(first) = frames.first() {
        let frame = pixels(ui, first.size());
        let known = compare.viewport().frame();
        if (0..2).any(|axis| (frame[axis] - known[axis]).abs() > 0.5) {
            commands.push(C::Frame(frame).into());
            ui.ctx().request_repaint();
        }
    }
    for (&place, &frame) in places.iter().zip(&frames) {
        drawn.frame(ui, place, frame, commands);
    }
}

/// A size on the screen in its physical pixels.
fn pixels(ui: &Ui, size: Vec2) -> Size {
    let ratio = ui.pixels_per_point();
    [f64::from(size.x * ratio), f64::from(size.y * ratio)]
}

/// Equal frames in rows, in the arrangement that shows the photos largest.
fn grid(room: Rect, frames: usize, lead: Size) -> Vec<Rect> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "at most six frames, and sides of pictures"
    )]
    let cell = |columns: usize| {
        let rows = frames.div_ceil(columns);
        let room = room.size() - vec2((columns - 1) as f32, (rows - 1) as f32) * GAP;
        let cell = (room / vec2(columns as f32, rows as f32)).max(vec2(1.0, 1.0));
        let shown = (cell.x / lead[0] as f32).min(cell.y / lead[1] as f32);
        // Where it makes no difference, no holes.
        let shown = shown * (1.0 - HOLE * (columns * rows - frames) as f32);
        (cell, shown)
    };
    let best = (1..=frames).max_by(|&a, &b| cell(a).1.total_cmp(&cell(b).1));
    let columns = best.unwrap_or(1);
    let (cell, _) = cell(columns);
    #[expect(clippy::cast_precision_loss, reason = "at most six frames")]
    let frame = |at: usize| {
        let step = cell + vec2(GAP, GAP);
        let corner = vec2((at % columns) as f32, (at / columns) as f32) * step;
        Rect::from_min_size(room.min + corner, cell)
    };
    (0..frames).map(frame).collect()
}

impl Stage<'_> {
    fn frame(&self, ui: &mut Ui, place: usize, frame: Rect, commands: &mut Vec<Command>) {
        let compare = self.compare;
        let Some(entry) = compare.entries().get(place) else {
            return;
        };
        let palette = Palette::of(ui);
        ui.painter()
            .rect_filled(frame, CornerRadius::same(RADIUS), palette.photo_ground);
        let response = self.pointer(ui, place, entry, frame, commands);
        match compare.mode() {
            Mode::SideBySide | Mode::Flicker => {
                self.photo(ui, place, frame, frame, commands);
                self.labels(ui, place, entry, frame, Align2::LEFT_TOP);
            }
            Mode::Slider => self.slider(ui, frame, &response, commands),
            Mode::Difference => self.difference(ui, frame, commands),
        }
        if compare.mode() == Mode::SideBySide {
            let is_chosen = place == compare.chosen();
            let (width, color) = match (is_chosen, fate(self.review, entry).1) {
                (true, _) => (2.0, palette.accent_text),
                (false, true) => (1.0, palette.remove),
                (false, false) => (1.0, palette.line),
            };
            ui.painter().rect_stroke(
                frame,
                CornerRadius::same(RADIUS),
                Stroke::new(width, color),
                StrokeKind::Inside,
            );
        }
    }

    /// A photo within `clip`, or why there is none.
    fn photo(
        &self,
        ui: &mut Ui,
        place: usize,
        frame: Rect,
        clip: Rect,
        commands: &mut Vec<Command>,
    ) {
        let compare = self.compare;
        let Some(entry) = compare.entries().get(place) else {
            return;
        };
        let spread = picture::Spread::of_photo(ui, compare, place, entry, frame, clip);
        match compare.originals().condition(entry.id, &entry.photo) {
            Condition::Ready(original) => {
                spread.thumbnail(ui, self.state, entry, commands);
                let source = Source::Picture(entry.hash());
                let picture = (&original.pyramid, original.divisor);
                spread.pyramid(ui, compare, source, picture, commands);
                if original.divisor > 1 {
                    let text = format!(
                        "shown at 1/{} of its resolution, to save memory",
                        original.divisor
                    );
                    note(ui, clip, &text);
                }
            }
            Condition::Loading => {
                spread.thumbnail(ui, self.state, entry, commands);
                let corner =
                    Rect::from_min_size(clip.right_top() + vec2(-32.0, 12.0), vec2(20.0, 20.0));
                ui.put(corner, Spinner::new().size(18.0));
            }
            Condition::Failed(trouble) => failure(ui, clip, trouble),
        }
    }

    fn labels(&self, ui: &Ui, place: usize, entry: &Entry, clip: Rect, side: Align2) {
        let (word, is_marked) = fate(self.review, entry);
        let picture = match (is_marked, self.is_keeper(entry)) {
            (true, _) => Icon::Trash2,
            (false, true) => Icon::Star,
            (false, false) => Icon::Check,
        };
        let name = words::file_name(&entry.photo.path);
        let name = shortened(&name, clip.width());
        let text = format!("{}  {name}   {} {word}", letter(place), char::from(picture));
        let text = RichText::new(text).size(size::SMALL);
        let corner = side.pos_in_rect(&clip.shrink(10.0));
        widgets::tag(ui, corner, side, text, theme::OVER_PHOTO);
        let percent = percent(self.compare.scale_of(place));
        let text = RichText::new(percent).size(size::SMALL);
        let below = Align2([side.x(), Align::Max]);
        let corner = below.pos_in_rect(&clip.shrink(10.0));
        widgets::tag(ui, corner, below, text, theme::OVER_PHOTO);
    }

    fn is_keeper(&self, entry: &Entry) -> bool {
        let group = self.review.current_group();
        group.is_some_and(|(_, group)| group.shots.iter().any(|shot| shot.keeper == entry.id))
    }

    fn slider(&self, ui: &mut Ui, frame: Rect, whole: &Response, commands: &mut Vec<Command>) {
        let compare = self.compare;
        let at = frame.left() + frame.width() * compare.divider();
        let left = Rect::from_min_max(frame.min, pos2(at, frame.bottom()));
        let right = Rect::from_min_max(pos2(at, frame.top()), frame.max);
        let sides = [left, right]
            .into_iter()
            .zip([Align2::LEFT_TOP, Align2::RIGHT_TOP]);
        for (place, (clip, align)) in compare.pair().into_iter().zip(sides) {
            self.photo(ui, place, frame, clip, commands);
            if let Some(entry) = compare.entries().get(place)
                && clip.width() > 160.0
            {
                self.labels(ui, place, entry, clip, align);
            }
        }
        let grip = Rect::from_center_size(pos2(at, frame.center().y), vec2(GRIP, frame.height()));
        let response = ui.interact(grip, Id::unique("compare-divider"), Sense::drag());
        let percent = f64::from(compare.divider()) * 100.0;
        response.widget_info(|| WidgetInfo::slider(true, percent, "Divider between the photos"));
        if response.hovered() || response.dragged() {
            ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if let Some(pointer) = response.interact_pointer_pos()
            && response.dragged()
        {
            let share = (pointer.x - frame.left()) / frame.width().max(1.0);
            commands.push(C::Divide(share).into());
        }
        let is_held = response.hovered() || response.dragged() || whole.has_focus();
        divider(ui, frame, at, is_held);
    }

    fn difference(&self, ui: &mut Ui, frame: Rect, commands: &mut Vec<Command>) {
        let compare = self.compare;
        let [under, over] = compare.pair();
        let failed = [under, over].into_iter().find_map(|place| {
            let entry = compare.entries().get(place)?;
            match compare.originals().condition(entry.id, &entry.photo) {
                Condition::Failed(trouble) => Some(trouble),
                Condition::Ready(_) | Condition::Loading => None,
            }
        });
        if let Some(trouble) = failed {
            failure(ui, frame, trouble);
            return;
        }
        let (Some(key), Some(entry)) = (compare.difference_key(), compare.entries().get(under))
        else {
            return;
        };
        let spread = picture::Spread::of_photo(ui, compare, under, entry, frame, frame);
        if let Some(found) = compare.originals().difference(&key) {
            let source = Source::Difference(key);
            spread.pyramid(ui, compare, source, (&found.picture, 1), commands);
        } else {
            spread.thumbnail(ui, self.state, entry, commands);
            ui.put(
                Rect::from_center_size(frame.center(), vec2(32.0, 32.0)),
                Spinner::new().size(28.0),
            );
        }
    }

    /// Wheel, pinch, drag and clicks.
    fn pointer(
        &self,
        ui: &Ui,
        place: usize,
        entry: &Entry,
        frame: Rect,
        commands: &mut Vec<Command>,
    ) -> Response {
        let compare = self.compare;
        let id = Id::unique(("compare-frame", place));
        let response = ui.interact(frame, id, Sense::click_and_drag());
        let is_chosen = place == compare.chosen();
        response.widget_info(|| {
            let name = format!("Photo {}", spoken(self.review, place, entry));
            WidgetInfo::selected(Role::RadioButton, true, is_chosen, name)
        });
        let offset = |ui: &Ui, at: eframe::egui::Pos2| pixels(ui, at - frame.center());
        if let Some(pointer) = response.hover_pos() {
            let (scroll, pinch) =
                ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = f64::from((scroll / WHEEL).exp2() * pinch);
            if (factor - 1.0).abs() > 1e-4 {
                let at = offset(ui, pointer);
                let zoom = C::Zoom {
                    factor,
                    at,
                    photo: place,
                };
                commands.push(zoom.into());
            }
        }
        if response.dragged() {
            ui.set_cursor_icon(CursorIcon::Grabbing);
            let delta = pixels(ui, response.drag_delta());
            commands.push(C::Pan(delta, place).into());
        } else if response.hovered() && !compare.viewport().is_fit() {
            ui.set_cursor_icon(CursorIcon::Grab);
        }
        if response.double_clicked() {
            let command = match response.interact_pointer_pos() {
                Some(pointer) if compare.viewport().is_fit() => C::Zoom {
                    factor: compare.scale_of(place).recip(),
                    at: offset(ui, pointer),
                    photo: place,
                },
                _ => C::Fit,
            };
            commands.push(command.into());
        } else if response.clicked() && compare.mode() == Mode::SideBySide {
            commands.push(C::Choose(place).into());
        }
        response
    }
}

fn divider(ui: &Ui, frame: Rect, at: f32, is_held: bool) {
    let palette = Palette::of(ui);
    let painter = ui.painter();
    painter.vline(at, frame.y_range(), Stroke::new(4.0, theme::OVER_PHOTO));
    painter.vline(at, frame.y_range(), Stroke::new(2.0, Color32::WHITE));
    let handle = pos2(at, frame.center().y);
    let fill = if is_held {
        palette.accent
    } else {
        theme::OVER_PHOTO
    };
    painter.circle(handle, 16.0, fill, Stroke::new(2.0, Color32::WHITE));
    let arrows = char::from(Icon::ChevronsLeftRight);
    let font = theme::icons(size::LARGE);
    painter.text(handle, Align2::CENTER_CENTER, arrows, font, Color32::WHITE);
}

/// Says why there is no photo, in its frame.
fn failure(ui: &mut Ui, frame: Rect, trouble: &Trouble) {
    let palette = Palette::of(ui);
    let picture = match trouble {
        Trouble::Gone => Icon::FileX,
        Trouble::Changed => Icon::FileClock,
        Trouble::Unreadable(_) => Icon::ImageOff,
    };
    let width = (frame.width() - 2.0 * space::SECTION).clamp(40.0, 420.0);
    let room = Rect::from_center_size(frame.center(), vec2(width, 120.0));
    let builder = UiBuilder::new()
        .max_rect(room)
        .layout(Layout::top_down(Align::Center));
    let mut ui = ui.new_child(builder);
    ui.shrink_clip_rect(frame);
    let picture = RichText::new(char::from(picture)).font(theme::icons(40.0));
    ui.label(picture.color(palette.weak));
    ui.add(Label::new(trouble.to_string()).wrap());
}

/// A remark at the lower edge.
fn note(ui: &Ui, clip: Rect, text: &str) {
    let corner = clip.center_bottom() - vec2(0.0, 10.0);
    let text = RichText::new(text).size(size::SMALL);
    widgets::tag(ui, corner, Align2::CENTER_BOTTOM, text, theme::OVER_PHOTO);
}

/// A name cut in its middle where the frame is narrow: its end tells copies apart.
fn shortened(name: &str, width: f32) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number"
    )]
    let most = ((width - 150.0) / 7.0).clamp(8.0, 60.0) as usize;
    let letters = name.chars().count();
    if letters <= most {
        return name.to_owned();
    }
    let (start, end) = (most / 2, most.div_ceil(2).saturating_sub(1));
    let head: String = name.chars().take(start).collect();
    let tail: String = name.chars().skip(letters - end).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_stand_so_that_photos_are_largest() {
        let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(1000.0, 600.0));
        let columns = |frames, lead| {
            let frames = grid(room, frames, lead);
            frames.iter().filter(|frame| frame.top() < 1.0).count()
        };
        assert_eq!(columns(2, [3000.0, 4000.0]), 2);
        assert_eq!(
            columns(2, [8000.0, 1000.0]),
            1,
            "panoramas lie over each other"
        );
        assert_eq!(columns(4, [4000.0, 3000.0]), 2);
        assert_eq!(columns(6, [4000.0, 3000.0]), 3);
        let frames = grid(room, 6, [4000.0, 3000.0]);
        assert!(
            frames
                .iter()
                .all(|frame| room.expand(0.1).contains_rect(*frame))
        );
    }

    #[test]
    fn long_names_keep_their_beginning_and_their_end() {
        assert_eq!(shortened("IMG_2041.jpg", 400.0), "IMG_2041.jpg");
        let short = shortened("a_very_long_name_of_a_photo (copy 3).jpg", 290.0);
        assert!(
            short.starts_with("a_very") && short.ends_with("3).jpg"),
            "{short}"
        );
    }
}
