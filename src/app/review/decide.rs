//! What the user decides: marks, rules, what are no duplicates; and how it is taken back.
//!
//! Only what depends on the groups that were touched is computed anew: a mark in a library of
//! 100,000 groups costs as little as in one of ten.

use std::collections::HashMap;

use super::marks::{Step, StepKind};
use super::{ALONE, GroupSummary, Pair, Refusal, Review, Rule, Scope, Selection, rules};
use crate::library::Mark;
use crate::matching::Member;
use crate::photo::{ContentHash, PhotoId};

/// What became of a step that was taken back or made again.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Moved {
    /// What the step is called.
    pub(crate) name: &'static str,
    /// Declarations that are to be made.
    pub(crate) declare: Vec<Pair>,
    /// Declarations that are to be taken back.
    pub(crate) withdraw: Vec<Pair>,
}

impl Review {
    /// Marks a photo, or takes its mark away.
    ///
    /// # Errors
    /// [`Refusal`] if it is protected, gone, or the last of its group.
    pub(crate) fn set_mark(&mut self, photo: PhotoId, mark: Mark) -> Result<(), Refusal> {
        let name = match mark {
            Mark::Keep => "keep",
            Mark::Remove => "mark",
        };
        self.set_marks(&[(photo, mark)], name)
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

    /// Keeps only this photo of its group; protected photos stay as well.
    ///
    /// # Errors
    /// [`Refusal`] if the photo itself is gone.
    pub(crate) fn keep_only(&mut self, photo: PhotoId) -> Result<(), Refusal> {
        if self.is_gone(photo) {
            return Err(Refusal::Gone);
        }
        let Some(group) = self.group_of(photo) else {
            return Ok(());
        };
        let marks: Vec<_> = group
            .members()
            .map(|member| {
                let keep = member.photo == photo || self.is_protected(member.photo);
                let mark = if keep { Mark::Keep } else { Mark::Remove };
                (member.photo, mark)
            })
            .collect();
        self.set_marks(&marks, "keep only this one")
    }

    /// Takes the marks of the current group as they stand for the user's own.
    ///
    /// # Errors
    /// As [`Review::set_mark`].
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
        self.set_marks(&marks, "accept the group")
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
        self.set_marks(&selection.marks, "mark by a rule")
    }

    /// Declares that the current group, or only the current photo in it, has no duplicates: the
    /// pairs that are to be kept apart from now on. Of a group of several shots each shot stays
    /// together.
    pub(crate) fn declare_apart(&mut self, only_this: bool) -> Vec<Pair> {
        let Some((_, group)) = self.current_group() else {
            return Vec::new();
        };
        let hash = |member: &Member| self.photo(member.photo).map(|p| p.content.hash);
        let here = self.current_member().and_then(|(_, member)| hash(member));
        let several = group.shots.len() > 1 && !only_this;
        let members: Vec<(usize, ContentHash)> = (group.shots.iter().enumerate())
            .flat_map(|(shot, of)| of.members.iter().map(move |member| (shot, member)))
            .filter_map(|(shot, member)| Some((shot, hash(member)?)))
            .collect();
        let mut pairs = Vec::new();
        for (at, &(shot, a)) in members.iter().enumerate() {
            for &(other, b) in members.iter().skip(at + 1) {
                let is_meant = if only_this {
                    here.is_some_and(|here| a == here || b == here)
                } else {
                    !several || shot != other
                };
                if is_meant && a != b {
                    pairs.push((a.min(b), a.max(b)));
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        if !pairs.is_empty() {
            self.marks.note(Step {
                name: "not duplicates",
                kind: StepKind::Apart(pairs.clone()),
            });
            self.set_apart(&pairs, &[]);
        }
        pairs
    }

    /// Changes what is declared; the shots are to be built anew with [`Review::set_shots`].
    fn set_apart(&mut self, declare: &[Pair], withdraw: &[Pair]) {
        if let Some(cutter) = &mut self.cutter {
            let declared = &mut cutter.grouping.not_duplicates;
            declared.extend_from_slice(declare);
            declared.sort_unstable();
            declared.dedup();
            declared.retain(|pair| !withdraw.contains(pair));
        }
    }

    /// Takes back the last step.
    pub(crate) fn undo(&mut self) -> Option<Moved> {
        let step = self.marks.undo()?;
        Some(self.follow(&step, true))
    }

    /// Makes the last step that was taken back again.
    pub(crate) fn redo(&mut self) -> Option<Moved> {
        let step = self.marks.redo()?;
        Some(self.follow(&step, false))
    }

    /// The photos whose user marks changed since the last call, with what is to be remembered.
    pub(crate) fn take_unsaved(&mut self) -> Vec<(PhotoId, Option<Mark>)> {
        self.marks.take_unsaved()
    }

    /// Goes where something was undone.
    fn follow(&mut self, step: &Step, is_undo: bool) -> Moved {
        let mut moved = Moved {
            name: step.name,
            ..Moved::default()
        };
        match &step.kind {
            StepKind::Marks(changes) => {
                let photos: Vec<PhotoId> = changes.iter().map(|change| change.0).collect();
                self.refresh(&photos);
                if let Some(&first) = photos.first() {
                    self.go_to_photo(first);
                }
            }
            StepKind::Apart(pairs) if is_undo => moved.withdraw.clone_from(pairs),
            StepKind::Apart(pairs) => moved.declare.clone_from(pairs),
        }
        self.set_apart(&moved.declare, &moved.withdraw);
        moved
    }

    fn set_marks(&mut self, marks: &[(PhotoId, Mark)], name: &'static str) -> Result<(), Refusal> {
        if let &[(photo, Mark::Remove)] = marks {
            if self.is_gone(photo) {
                return Err(Refusal::Gone);
            }
            if self.is_protected(photo) {
                return Err(Refusal::Protected);
            }
        }
        let new: HashMap<PhotoId, Mark> = marks.iter().copied().collect();
        let photos: Vec<PhotoId> = marks.iter().map(|&(photo, _)| photo).collect();
        let keeps_one = |&position: &u32| {
            let group = self.groups.get(position as usize);
            group.is_none_or(|group| self.marks.would_keep_one(group, &new))
        };
        if !self.positions_of(&photos).iter().all(keeps_one) {
            return Err(Refusal::LastOfGroup);
        }
        self.marks.set(marks, name);
        self.refresh(&photos);
        Ok(())
    }

    /// The positions of the groups of these photos, each once.
    fn positions_of(&self, photos: &[PhotoId]) -> Vec<u32> {
        let mut positions: Vec<u32> = photos
            .iter()
            .filter_map(|photo| self.group_of.get(photo.index()).copied())
            .filter(|&position| position != ALONE)
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Computes anew what depends on the marks of these photos.
    fn refresh(&mut self, photos: &[PhotoId]) {
        for position in self.positions_of(photos) {
            let position = position as usize;
            let (Some(group), Some(summary)) =
                (self.groups.get(position), self.summaries.get_mut(position))
            else {
                continue;
            };
            self.marks.enforce(group);
            self.totals.leave_out(summary);
            *summary = GroupSummary::of(group, &self.photos, &self.marks);
            self.totals.take_in(summary);
        }
    }
}
