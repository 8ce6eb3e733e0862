//! Carries out what the comparison is asked for, and keeps its threads supplied with what is
//! wanted next.

use std::sync::Arc;

use eframe::egui::ViewportCommand;

use super::originals::{self, BUDGET_BYTES};
use super::{Compare, CompareCommand, Entry, Made, Map, Mode, Source, Tile, Trouble, Work, choice};
use crate::app::App;
use crate::app::review::Review;
use crate::photo::{Photo, PhotoId};

/// How many photos of the group before are decoded ahead; of the next, all.
const BEHIND: usize = 2;

impl App {
    /// Carries out one wish.
    pub(in crate::app) fn compare(&mut self, command: CompareCommand) {
        let state = &mut self.state;
        if command == CompareCommand::Open {
            state.compare = state.review.as_ref().and_then(Compare::open);
            if state.compare.is_none() {
                self.tell("There is nothing to compare it with.");
            }
            return;
        }
        let Some(compare) = &mut state.compare else {
            return;
        };
        match command {
            CompareCommand::Open => {}
            CompareCommand::Close => {
                let (entry, was_full) = (compare.chosen_entry(), compare.is_full_screen);
                if let (Some(review), Some(entry)) = (&mut state.review, entry) {
                    review.go_to_photo(entry.id);
                }
                state.compare = None;
                self.jobs.want(Vec::new());
                if was_full {
                    self.full_screen(false);
                }
            }
            CompareCommand::StepGroup(step) => {
                if let Some(review) = &mut state.review {
                    let before = review.current();
                    review.step_group(step);
                    if review.current() == before {
                        self.tell("There are no more groups this way.");
                    } else if !compare.show_current(review) {
                        state.compare = None;
                    }
                }
            }
            CompareCommand::ToggleFullScreen => {
                compare.is_full_screen = !compare.is_full_screen;
                let is_full = compare.is_full_screen;
                self.full_screen(is_full);
            }
            CompareCommand::Upload(tile) => {
                let ctx = self.jobs.context();
                if !compare.upload(ctx, tile) {
                    ctx.request_repaint();
                }
            }
            CompareCommand::Choose(_) | CompareCommand::Step(_) => {
                compare.change(&command);
                // Marks are undone, and the review is found again, at the photo one looks at.
                let chosen = compare.chosen_entry().map(|entry| entry.id);
                if let (Some(review), Some(id)) = (&mut state.review, chosen) {
                    review.go_to_photo(id);
                }
            }
            other => compare.change(&other),
        }
    }

    fn full_screen(&self, is_full: bool) {
        let ctx = self.jobs.context();
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(is_full));
    }

    /// Takes in what the threads made.
    pub(in crate::app) fn take_original(&mut self, made: Made) {
        self.jobs.taken(made.key());
        let state = &mut self.state;
        if let (Made::Decoded(id, _, result), Some(review)) = (&made, &mut state.review) {
            let is_gone = matches!(result, Err(Trouble::Gone));
            review.set_gone(*id, is_gone);
        }
        if let Some(compare) = &mut state.compare {
            let shown = compare.hashes();
            compare.originals.take(made, &shown);
        }
    }

    /// Begins a frame: asks for what is to be decoded next.
    pub(in crate::app) fn follow_comparison(&mut self) {
        let (Some(compare), Some(review)) = (&mut self.state.compare, &self.state.review) else {
            return;
        };
        compare.textures.next_frame();
        // What is wanted soon is let go last but one.
        let soon: Vec<_> = (neighbours(review).iter())
            .map(|(_, photo)| photo.content.hash)
            .collect();
        compare.originals.touch(&soon);
        let shown = compare.hashes();
        compare.originals.touch(&shown);
        self.jobs.want(compare.works(review));
    }

    /// Finds the photos that are compared in the review of a new scan.
    pub(in crate::app) fn compare_after_scan(&mut self) {
        if let (Some(compare), Some(review)) = (&mut self.state.compare, &mut self.state.review) {
            let chosen = compare.follow(review).then(|| compare.chosen_entry());
            match chosen.flatten() {
                Some(entry) if review.go_to_photo(entry.id) => {}
                _ => self.compare(CompareCommand::Close),
            }
        }
    }
}

impl Compare {
    /// Changes what is seen.
    fn change(&mut self, command: &CompareCommand) {
        let lead = self.lead();
        match *command {
            CompareCommand::Show(mode) => self.mode = mode,
            CompareCommand::Flicker => {
                if self.mode == Mode::Flicker {
                    self.is_other_chosen = !self.is_other_chosen;
                }
                self.mode = Mode::Flicker;
            }
            CompareCommand::Choose(place) => self.choose(place),
            CompareCommand::Step(step) => self.step(step),
            CompareCommand::TakeAsReference => self.take_as_reference(),
            CompareCommand::Fit => self.viewport.fit(),
            CompareCommand::Scale(scale) => {
                let shown = self.scale_of(self.chosen());
                let scale = scale * self.viewport.scale(lead) / shown;
                self.viewport.set_scale(scale, lead);
            }
            CompareCommand::Zoom { factor, at, photo } => {
                let size = self.size_on_screen(photo);
                self.viewport.zoom_by(factor, at, size, lead);
            }
            CompareCommand::Pan(delta, photo) => {
                let size = self.size_on_screen(photo);
                self.viewport.pan_by(delta, size, lead);
            }
            CompareCommand::Divide(divider) => self.divider = divider.clamp(0.0, 1.0),
            CompareCommand::Amplify(times) => self.amplify = times,
            CompareCommand::ToggleLinedUp => self.is_lined_up = !self.is_lined_up,
            CompareCommand::ToggleTable => self.has_table = !self.has_table,
            CompareCommand::Frame(frame) => self.viewport.set_frame(frame, lead),
            CompareCommand::Open
            | CompareCommand::Close
            | CompareCommand::ToggleFullScreen
            | CompareCommand::StepGroup(_)
            | CompareCommand::Upload(_) => {}
        }
    }

    /// The size that zoom and pan of a photo are counted in: of what lies over the reference,
    /// the reference's.
    fn size_on_screen(&self, place: usize) -> super::Size {
        match (self.map(place), self.entries.get(place)) {
            (None, Some(entry)) => entry.size(),
            _ => self.lead(),
        }
    }

    /// Makes a tile; false if it is to be asked for again.
    fn upload(&mut self, ctx: &eframe::egui::Context, tile: Tile) -> bool {
        match tile.source {
            Source::Picture(hash) => match self.originals.picture(hash) {
                Some(original) => self.textures.make(ctx, tile, &original.pyramid),
                None => true,
            },
            Source::Difference(key) => match self.originals.difference(&key) {
                Some(difference) => self.textures.make(ctx, tile, &difference.picture),
                None => true,
            },
        }
    }

    /// All that is to be done, the most urgent first.
    fn works(&self, review: &Review) -> Vec<Work> {
        let share = BUDGET_BYTES / self.entries.len().max(1);
        let [under, over] = self.pair();
        let urgency = |&(place, _): &(usize, &Entry)| place != under && place != over;
        let mut by_urgency: Vec<_> = self.entries.iter().enumerate().collect();
        by_urgency.sort_by_key(urgency);
        let shown = by_urgency.iter().map(|(_, entry)| (entry.id, &entry.photo));
        let mut works: Vec<Work> = self.originals.missing(shown, share).collect();
        works.extend(self.works_on_pairs(&by_urgency));
        let bytes = |entry: &Entry| originals::bytes_of(&entry.photo).min(share);
        let mut room = BUDGET_BYTES.saturating_sub(self.entries.iter().map(bytes).sum());
        let ahead = neighbours(review).into_iter().take_while(|(_, photo)| {
            let bytes = originals::bytes_of(photo);
            let fits = bytes <= room;
            room = room.saturating_sub(bytes);
            fits
        });
        works.extend(self.originals.missing(ahead, BUDGET_BYTES));
        works
    }

    fn works_on_pairs(&self, by_urgency: &[(usize, &Entry)]) -> Vec<Work> {
        let [under, over] = self.pair();
        let Some(lower) = self.entries.get(under) else {
            return Vec::new();
        };
        let Some(below) = self.originals.picture(lower.hash()) else {
            return Vec::new();
        };
        let mut works = Vec::new();
        for &(place, upper) in by_urgency {
            let is_wanted = place == over || self.is_lined_up;
            if place == under || !is_wanted {
                continue;
            }
            let Some(above) = self.originals.picture(upper.hash()) else {
                continue;
            };
            let both = || [Arc::clone(below), Arc::clone(above)];
            match self.originals.map(lower.hash(), upper.hash()) {
                None => works.push(Work::LineUp([lower.hash(), upper.hash()], both())),
                Some(known) if place == over && self.mode == Mode::Difference => {
                    let map = known.unwrap_or_else(|| Map::contain(upper.size(), lower.size()));
                    if let Some(key) = self.difference_key()
                        && self.originals.difference(&key).is_none()
                    {
                        works.push(Work::Differ(key, both(), map));
                    }
                }
                Some(_) => {}
            }
        }
        works
    }
}

/// The photos that are likely to be compared next: of the next group, and of the one before.
fn neighbours(review: &Review) -> Vec<(PhotoId, &Photo)> {
    let of = |place: Option<usize>, most: usize| {
        let group = place.and_then(|place| review.shown_group(place));
        let photos = group.map_or_else(Vec::new, |(_, group)| choice::choose(group, None).photos);
        photos.into_iter().take(most)
    };
    let here = review.current();
    of(here.checked_add(1), choice::MOST)
        .chain(of(here.checked_sub(1), BEHIND))
        .filter_map(|id| Some((id, review.photo(id)?)))
        .collect()
}
