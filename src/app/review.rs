//! What is under review: the groups of an analysis, which photos are marked, and where the
//! user is.
//!
//! Plain data and plain functions, nothing of egui: the views draw this and the commands change
//! it. Rule: a mark is in force only in a group that keeps at least one photo; however the
//! groups are cut, nothing can be marked away to the last.

mod decide;
mod filter;
mod marks;
mod removal;
mod rules;
mod summary;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use decide::Moved;
pub(crate) use filter::{Filter, Order};
pub(crate) use marks::Refusal;
pub(crate) use removal::Marked;
pub(crate) use rules::{Rule, Scope, Selection};
pub(crate) use summary::{GroupSummary, Totals};

use std::sync::Arc;
use std::time::Duration;

use crate::library::Mark;
use crate::matching::{Cosine, Evidence, Findings, Group, GroupSettings, Member, Shots};
use crate::photo::{ContentHash, Photo, PhotoId};
use marks::Marks;

/// In no group.
const ALONE: u32 = u32::MAX;

/// What the groups are cut from; only a finished analysis has it.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    /// The shots and what relates them; shared with the thread that cuts.
    pub(crate) shots: Arc<Shots>,
    /// What the shots are built from.
    pub(crate) findings: Arc<Findings>,
    /// How they are built.
    pub(crate) grouping: GroupSettings,
    /// The lowest cosine that was looked for.
    pub(crate) floor: Cosine,
}

/// Two contents that are no duplicates, the lower first.
pub(crate) type Pair = (ContentHash, ContentHash);

/// The groups of one analysis while they are decided upon.
#[derive(Debug)]
pub(crate) struct Review {
    photos: Arc<[Photo]>,
    cutter: Option<Cutter>,
    similarity: Cosine,
    groups: Vec<Group>,
    /// For each photo the position of its group.
    group_of: Vec<u32>,
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
    /// How long the last cut took.
    cut_took: Duration,
    /// Photos that are no longer where they were.
    gone: Vec<bool>,
    /// Photos that were removed from here, and are in no group until they are back.
    removed: Vec<bool>,
}

impl Review {
    /// A review of a finished analysis, with every proposal as a mark.
    pub(crate) fn new(
        photos: Arc<[Photo]>,
        cutter: Cutter,
        is_protected: impl Fn(&Photo) -> bool,
    ) -> Self {
        let similarity = cutter.grouping.similarity;
        let groups = cutter.shots.groups(similarity);
        let mut review = Self::of_groups(photos, groups, is_protected);
        review.similarity = similarity;
        review.cutter = Some(cutter);
        review
    }

    /// A review of what is known while an analysis still runs: it cannot be cut at another
    /// similarity.
    pub(crate) fn of_groups(
        photos: Arc<[Photo]>,
        groups: Vec<Group>,
        is_protected: impl Fn(&Photo) -> bool,
    ) -> Self {
        let protected = photos.iter().map(is_protected).collect();
        let mut review = Self {
            marks: Marks::new(photos.len(), protected),
            gone: vec![false; photos.len()],
            removed: vec![false; photos.len()],
            group_of: Vec::new(),
            photos,
            cutter: None,
            similarity: Cosine(1.0),
            groups: Vec::new(),
            summaries: Vec::new(),
            filter: Filter::default(),
            order: Order::default(),
            shown: Vec::new(),
            current: 0,
            photo: 0,
            totals: Totals::default(),
            cut_took: Duration::ZERO,
        };
        review.marks.propose(&groups);
        review.take_groups(groups);
        review
    }

    /// Takes over where the user was in an earlier review of the same library: the filter, the
    /// order, the place, what can be undone, and which photos were found missing.
    pub(crate) fn go_on_from(&mut self, earlier: &Review) {
        let mut at = 0;
        // Both are in path order.
        let new_id: Vec<Option<PhotoId>> = (earlier.photos.iter())
            .map(|photo| {
                while self.photos.get(at).is_some_and(|new| new.path < photo.path) {
                    at += 1;
                }
                let new = self.photos.get(at)?;
                let same = new.path == photo.path && new.content.hash == photo.content.hash;
                same.then(|| u32::try_from(at).ok().map(PhotoId))?
            })
            .collect();
        let new_id = |photo: PhotoId| new_id.get(photo.index()).copied().flatten();
        self.marks.go_on_from(&earlier.marks, new_id);
        for (index, _) in earlier.gone.iter().enumerate().filter(|&(_, &gone)| gone) {
            let photo = u32::try_from(index).ok().and_then(|id| new_id(PhotoId(id)));
            if let Some(gone) = photo.and_then(|photo| self.gone.get_mut(photo.index())) {
                *gone = true;
            }
        }
        self.filter = earlier.filter.clone();
        self.order = earlier.order;
        let stay_at = (earlier.current_member()).and_then(|(_, member)| new_id(member.photo));
        self.summarise();
        self.show_anew(stay_at);
    }

    /// All photos, in path order.
    pub(crate) fn photos(&self) -> &Arc<[Photo]> {
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

    /// The group of a photo.
    pub(crate) fn group_of(&self, photo: PhotoId) -> Option<&Group> {
        let position = *self.group_of.get(photo.index())?;
        self.groups.get(position as usize)
    }

    /// What the groups are cut from, once the analysis has ended.
    pub(crate) fn cutter(&self) -> Option<&Cutter> {
        self.cutter.as_ref()
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

    /// Says whether a photo is still there.
    pub(crate) fn set_gone(&mut self, photo: PhotoId, is_gone: bool) {
        if let Some(gone) = self.gone.get_mut(photo.index()) {
            *gone = is_gone;
        }
    }

    /// Photos are to be similar from `similarity` on. The groups stay until those that are cut
    /// from what is returned are brought to [`Review::take_cut`]; `None` if there is nothing to
    /// cut.
    pub(crate) fn ask_cut(&mut self, similarity: Cosine) -> Option<Arc<Shots>> {
        let cutter = self.cutter.as_ref()?;
        self.similarity = similarity;
        Some(Arc::clone(&cutter.shots))
    }

    /// Takes groups that were cut from `shots` at `similarity`, unless others were asked for
    /// since; the user stays at the same photo where it is still in a group.
    pub(crate) fn take_cut(
        &mut self,
        shots: &Arc<Shots>,
        similarity: Cosine,
        groups: Vec<Group>,
        took: Duration,
    ) {
        let is_of_these = self
            .cutter
            .as_ref()
            .is_some_and(|cutter| Arc::ptr_eq(&cutter.shots, shots));
        if is_of_these && similarity == self.similarity {
            self.take_groups(groups);
            self.cut_took = took;
        }
    }

    /// Takes shots that were built anew, of the same photos.
    pub(crate) fn set_shots(&mut self, shots: Arc<Shots>) {
        let Some(cutter) = &mut self.cutter else {
            return;
        };
        cutter.shots = shots;
        let groups = cutter.shots.groups(self.similarity);
        self.marks.propose(&groups);
        self.take_groups(groups);
    }

    /// Puts other groups in the place of the present ones.
    fn take_groups(&mut self, groups: Vec<Group>) {
        let stay_at = self.current_member().map(|(_, member)| member.photo);
        self.groups = self.left_of(groups);
        self.group_of.clear();
        self.group_of.resize(self.photos.len(), ALONE);
        for (position, group) in (0..).zip(&self.groups) {
            for member in group.members() {
                if let Some(slot) = self.group_of.get_mut(member.photo.index()) {
                    *slot = position;
                }
            }
        }
        self.summarise();
        self.show_anew(stay_at);
    }

    /// Takes over marks that were made earlier; they are not steps that can be undone.
    pub(crate) fn restore_marks(&mut self, mark: impl Fn(&Photo) -> Option<Mark>) {
        self.marks.restore(self.photos.iter().map(mark));
        self.summarise();
    }

    /// Says anew which photos lie in protected folders.
    pub(crate) fn protect(&mut self, is_protected: impl Fn(&Photo) -> bool) {
        self.marks.protect(self.photos.iter().map(is_protected));
        self.summarise();
    }

    /// Changes the filter; the user stays at the same group where it is still shown.
    pub(crate) fn set_filter(&mut self, filter: Filter) {
        let stay_at = self.current_member().map(|(_, member)| member.photo);
        self.filter = filter;
        self.show_anew(stay_at);
    }

    /// Changes the order.
    pub(crate) fn set_order(&mut self, order: Order) {
        let stay_at = self.current_member().map(|(_, member)| member.photo);
        self.order = order;
        self.show_anew(stay_at);
    }

    /// Computes anew what depends on groups and marks.
    fn summarise(&mut self) {
        self.marks.begin();
        self.totals = Totals::default();
        self.summaries.clear();
        for group in &self.groups {
            self.marks.enforce(group);
            let summary = GroupSummary::of(group, &self.photos, &self.marks);
            self.totals.take_in(&summary);
            self.summaries.push(summary);
        }
    }

    fn show_anew(&mut self, stay_at: Option<PhotoId>) {
        self.shown = filter::shown(self);
        if !stay_at.is_some_and(|photo| self.go_to_photo(photo)) {
            self.go_to(self.current);
        }
    }

    /// The number of groups of each tier, over all groups.
    pub(crate) fn count_of(&self, tier: Evidence) -> usize {
        self.totals.groups_of(tier)
    }
}
