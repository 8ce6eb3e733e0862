//! Photos at full resolution, over the whole window: a bar, the photos, and what they differ in.

mod bar;
mod frames;
mod legend;
mod picture;
mod strip;
mod table;

use eframe::egui::{self, Frame, Margin, Ui};

use crate::app::command::Command;
use crate::app::compare::Entry;
use crate::app::review::Review;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::words;

/// Draws the comparison.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(compare), Some(review)) = (&state.compare, &state.review) else {
        return;
    };
    let palette = Palette::of(ui);
    let panel = Frame::new().fill(palette.panel);
    egui::Panel::top("compare-bar")
        .frame(panel.inner_margin(Margin::symmetric(12, 8)))
        .show(ui, |ui| bar::show(ui, compare, review, commands));
    egui::Panel::bottom("compare-strip")
        .frame(panel.inner_margin(Margin::symmetric(12, 8)))
        .resizable(false)
        .exact_size(strip::height(compare) + 16.0)
        .show(ui, |ui| strip::show(ui, compare, review, commands));
    egui::CentralPanel::default()
        .frame(
            Frame::new()
                .fill(palette.ground)
                .inner_margin(Margin::same(8)),
        )
        .show(ui, |ui| frames::show(ui, state, compare, review, commands));
    if compare.has_table() {
        table::show(ui, compare, commands);
    }
}

/// The letter that stands for a photo everywhere in the comparison.
fn letter(place: usize) -> char {
    // There are at most six.
    ('A'..='Z').nth(place).unwrap_or('?')
}

/// `A, IMG_2041.jpg, keep`.
fn spoken(review: &Review, place: usize, entry: &Entry) -> String {
    let name = words::file_name(&entry.photo.path);
    format!("{}, {name}, {}", letter(place), fate(review, entry).0)
}

/// What becomes of a photo: in a word, and whether that is to go.
fn fate(review: &Review, entry: &Entry) -> (&'static str, bool) {
    let is_marked = review.is_marked(entry.id);
    (if is_marked { "remove" } else { "keep" }, is_marked)
}
