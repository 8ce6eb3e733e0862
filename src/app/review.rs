//! What is under review: the groups of an analysis, which photos are marked, and where the
//! user is.
//!
//! Plain data and plain functions, nothing of egui: the views draw this and the commands change
//! it. Rule: a mark is in force only in a group that keeps at least one photo; however the
//! groups are cut, nothing can be marked away to the last.

mod filter;
mod marks;
mod rules;
mod summary;

pub(crate) use filter::{Filter, Order};
pub(crate) use marks::{Mark, Refusal};
pub(crate) use rules::{Rule, Scope, Selection};
pub(crate) use summary::{GroupSummary, Totals};

use std::time::{Duration, Instant};

use crate::matching::{Cosine, Evidence, Group, Member, Shots};
use crate::photo::{Photo, PhotoId};
use marks::Marks;

/// The groups of one analysis while they are decided upon.
#[derive(Debug)]
pub(crate) struct Review {
    photos: Vec<Photo>,
    shots: Shots,
    similarity: Cosine,
    groups: Vec<Group>,
    summaries: Vec<GroupSummary>,
    marks: Marks,
    filter: Filter,
    order: Order,
    /// Positions in `groups`, filtered and ordered.
    shown: Vec<u32>,
    /// A position in `shown`.
    current: usize,
    /// A position among the members of the current group.
    photo: usize,
    totals: Totals,
    /// How long the last cut took, for the note beside the slider.
    cut_took: Duration,
    /// Photos that are no longer where they were.
    gone: Vec<bool>,
}

impl Review {
    /// A review of `shots`, cut at `similarity`, with every proposal as a mark.
    pub(crate) fn new(
        photos: Vec<Photo>,
        shots: Shots,
        similarity: Cosine,
        is_protected: impl Fn(&Photo) -> bool,
    ) -> Self {
        let protected = photos.iter().map(is_protected).collect();
        let gone = vec![false; photos.len()];
        let mut review = Self {
            marks: Marks::new(photos.len(), protected),
            photos,
            shots,
            similarity,
            groups: Vec::new(),
            summaries: Vec::new(),
            filter: Filter::default(),
            order: Order::default(),
            shown: Vec::new(),
            current: 0,
            photo: 0,
            totals: Totals::default(),
            cut_took: Duration::ZERO,
            gone,
        };
        review.cut(similarity);
        review
    }

    /// All photos, in path order.
    pub(crate) fn photos(&self) -> &[Photo] {
        &self.photos
    }

    /// A photo of the analysis.
    pub(crate) fn photo(&self, id: PhotoId) -> Option<&Photo> {
        self.photos.get(id.index())
    }

    /// All groups at the present similarity.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What there is to know of a group at a glance; by its position in [`Review::groups`].
    pub(crate) fn summary(&self, group: usize) -> Option<&GroupSummary> {
        self.summaries.get(group)
    }

    /// Positions of the groups that pass the filter, in the chosen order.
    pub(crate) fn shown(&self) -> &[u32] {
        &self.shown
    }

    /// The group at a place of the list, with its position in [`Review::groups`].
    pub(crate) fn shown_group(&self, place: usize) -> Option<(usize, &Group)> {
        let position = *self.shown.get(place)? as usize;
        Some((position, self.groups.get(position)?))
    }

    /// The place in the list where the user is.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// The group where the user is.
    pub(crate) fn current_group(&self) -> Option<(usize, &Group)> {
        self.shown_group(self.current)
    }

    /// The member where the user is, and its number in the group from 0.
    pub(crate) fn current_member(&self) -> Option<(usize, &Member)> {
        let (_, group) = self.current_group()?;
        Some((self.photo, group.members().nth(self.photo)?))
    }

    /// What is marked and what there is, over all groups.
    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The cosine from which photos are similar at present.
    pub(crate) fn similarity(&self) -> Cosine {
        self.similarity
    }

    /// How long the last cut took.
    pub(crate) fn cut_took(&self) -> Duration {
        self.cut_took
    }

    /// The filter in use.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The order in use.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// Whether the photo is marked for removal.
    pub(crate) fn is_marked(&self, photo: PhotoId) -> bool {
        self.marks.is_marked(photo)
    }

    /// Whether the photo lies in a protected folder.
    pub(crate) fn is_protected(&self, photo: PhotoId) -> bool {
        self.marks.is_protected(photo)
    }

    /// Whether the photo was found missing.
    pub(crate) fn is_gone(&self, photo: PhotoId) -> bool {
        self.gone.get(photo.index()).is_some_and(|&gone| gone)
    }

    /// Says whether a photo is still there; true if that is news.
    pub(crate) fn set_gone(&mut self, photo: PhotoId, is_gone: bool) -> bool {
        match self.gone.get_mut(photo.index()) {
            Some(gone) if *gone != is_gone => {
                *gone = is_gone;
                true
            }
            _ => false,
        }
    }

    /// What a user said of the photo, if anything.
    pub(crate) fn user_mark(&self, photo: PhotoId) -> Option<Mark> {
        self.marks.user(photo)
    }

    /// Cuts the groups anew; the user stays at the same photo where it is still in a group.
    pub(crate) fn cut(&mut self, similarity: Cosine) {
        let begun = Instant::now();
        let stay_at = self.current_member().map(|(_, member)| member.photo);
        self.similarity = similarity;
        self.groups = self.shots.groups(similarity);
        self.marks.propose(&self.groups);
        self.refresh();
        self.cut_took = begun.elapsed();
        if let Some(photo) = stay_at {
            self.go_to_photo(photo);
        }
    }

    /// Takes over marks that were made in an earlier session; they cannot be undone one by one.
    pub(crate) fn restore_marks(&mut self, marks: &[(PhotoId, Mark)]) {
        self.marks.restore(marks);
        self.refresh();
    }

    /// Changes the filter; the user stays at the same group where it is still shown.
    pub(crate) fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.show_anew();
    }

    /// Changes the order.
    pub(crate) fn set_order(&mut self, order: Order) {
        self.order = order;
        self.show_anew();
    }

    /// Goes to a place of the list, its first photo.
    pub(crate) fn go_to(&mut self, place: usize) {
        self.current = place.min(self.shown.len().saturating_sub(1));
        self.photo = 0;
    }

    /// Goes `step` groups on, not beyond the ends.
    pub(crate) fn step_group(&mut self, step: isize) {
        self.go_to(self.current.saturating_add_signed(step));
    }

    /// Goes to a member of the current group.
    pub(crate) fn go_to_member(&mut self, number: usize) {
        let members = self
            .current_group()
            .map_or(0, |(_, group)| group.members().count());
        self.photo = number.min(members.saturating_sub(1));
    }

    /// Goes `step` photos on within the group, not beyond its ends.
    pub(crate) fn step_photo(&mut self, step: isize) {
        self.go_to_member(self.photo.saturating_add_signed(step));
    }

    /// Goes to the next group after this that was not decided, from the start if need be; false
    /// if there is none.
    pub(crate) fn go_to_undecided(&mut self) -> bool {
        let places = self.shown.len();
        let next = (1..=places)
            .map(|step| (self.current + step) % places)
            .find(|&place| !self.is_decided(place));
        if let Some(place) = next {
            self.go_to(place);
        }
        next.is_some()
    }

    /// Goes to where a photo is, if its group is shown.
    pub(crate) fn go_to_photo(&mut self, photo: PhotoId) -> bool {
        let found = self.shown.iter().enumerate().find_map(|(place, &group)| {
            let group = self.groups.get(group as usize)?;
            let number = group.members().position(|member| member.photo == photo)?;
            Some((place, number))
        });
        match found {
            Some((place, number)) => {
                (self.current, self.photo) = (place, number);
                true
            }
            None => {
                self.go_to(self.current);
                false
            }
        }
    }

    fn is_decided(&self, place: usize) -> bool {
        self.shown_group(place)
            .and_then(|(position, _)| self.summary(position))
            .is_some_and(|summary| summary.is_decided)
    }

    /// Marks a photo of the current group, or takes its mark away.
    ///
    /// # Errors
    /// [`Refusal`] if it is protected, gone, or the last of its group.
    pub(crate) fn set_mark(&mut self, photo: PhotoId, mark: Mark) -> Result<(), Refusal> {
        self.set_marks(&[(photo, mark)], "mark")
    }

    /// Marks a photo if it is not, and the other way round.
    ///
    /// # Errors
    /// As [`Review::set_mark`].
    pub(crate) fn toggle(&mut self, photo: PhotoId) -> Result<(), Refusal> {
        let mark = if self.is_marked(photo) {
            Mark::Keep
        } else {
            Mark::Remove
        };
        self.set_mark(photo, mark)
    }

    /// Keeps only this photo of the current group; protected photos stay as well.
    ///
    /// # Errors
    /// [`Refusal`] if the photo itself is gone.
    pub(crate) fn keep_only(&mut self, number: usize) -> Result<(), Refusal> {
        let Some((_, group)) = self.current_group() else {
            return Ok(());
        };
        let marks: Vec<_> = group
            .members()
            .enumerate()
            .map(|(at, member)| {
                let keep = at == number || self.is_protected(member.photo);
                let mark = if keep { Mark::Keep } else { Mark::Remove };
                (member.photo, mark)
            })
            .collect();
        let Some(&(keeper, _)) = marks.get(number) else {
            return Ok(());
        };
        if self.is_gone(keeper) {
            return Err(Refusal::Gone);
        }
        self.set_marks(&marks, "keep only this one")
    }

    /// Takes the marks of the current group as they stand for the user's own.
    pub(crate) fn accept(&mut self) -> Result<(), Refusal> {
        let Some((_, group)) = self.current_group() else {
            return Ok(());
        };
        let marks: Vec<_> = group
            .members()
            .map(|member| {
                let marked = self.is_marked(member.photo);
                (member.photo, if marked { Mark::Remove } else { Mark::Keep })
            })
            .collect();
        self.set_marks(&marks, "accept")
    }

    /// What a rule would change in the groups that are shown.
    pub(crate) fn select(&self, rule: &Rule, scope: Scope) -> Selection {
        rules::select(self, rule, scope)
    }

    /// Carries out what [`Review::select`] said, as one step that can be undone.
    ///
    /// # Errors
    /// As [`Review::set_mark`], for a selection of another review.
    pub(crate) fn apply(&mut self, selection: &Selection) -> Result<(), Refusal> {
        self.set_marks(&selection.marks, "select by rule")
    }

    /// Takes back the last step; its name if there was one.
    pub(crate) fn undo(&mut self) -> Option<&'static str> {
        let step = self.marks.undo();
        self.follow(step)
    }

    /// Makes the last step that was taken back again.
    pub(crate) fn redo(&mut self) -> Option<&'static str> {
        let step = self.marks.redo();
        self.follow(step)
    }

    /// Whether there is something to take back, and to make again.
    pub(crate) fn can_undo(&self) -> (bool, bool) {
        self.marks.can_undo()
    }

    /// The photos whose user marks changed since the last call, with what is to be remembered.
    pub(crate) fn take_unsaved(&mut self) -> Vec<(PhotoId, Option<Mark>)> {
        self.marks.take_unsaved()
    }

    /// Shows where something was undone.
    fn follow(&mut self, step: Option<(&'static str, Option<PhotoId>)>) -> Option<&'static str> {
        let (name, photo) = step?;
        self.refresh();
        if let Some(photo) = photo {
            self.go_to_photo(photo);
        }
        Some(name)
    }

    fn set_marks(&mut self, marks: &[(PhotoId, Mark)], name: &'static str) -> Result<(), Refusal> {
        if let &[(photo, Mark::Remove)] = marks
            && self.is_gone(photo)
        {
            return Err(Refusal::Gone);
        }
        self.marks.set(marks, &self.groups, name)?;
        self.refresh();
        Ok(())
    }

    /// Computes anew what depends on groups and marks.
    fn refresh(&mut self) {
        self.marks.enforce(&self.groups);
        self.summaries = self
            .groups
            .iter()
            .map(|group| GroupSummary::of(group, &self.photos, &self.marks))
            .collect();
        self.totals = Totals::of(&self.groups, &self.summaries, &self.photos, &self.marks);
        self.show_anew();
    }

    fn show_anew(&mut self) {
        let stay_at = self.current_member().map(|(_, member)| member.photo);
        self.shown = filter::shown(self);
        match stay_at {
            Some(photo) => {
                self.go_to_photo(photo);
            }
            None => self.go_to(self.current),
        }
    }

    /// The number of groups of each tier, over all groups.
    pub(crate) fn count_of(&self, tier: Evidence) -> usize {
        self.totals.groups_of(tier)
    }
}
