//! Which photos are marked for removal: what the analysis proposes, what the user said over it,
//! and what can be undone.

use std::collections::{BTreeSet, HashMap};

use super::Pair;
use crate::library::Mark;
use crate::matching::{Group, MemberVerdict};
use crate::photo::PhotoId;

/// Why a mark is not made; the text is for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Everything else in the group is marked.
    #[error("One photo of a group always stays. Keep another one first.")]
    LastOfGroup,
    /// It lies in a protected folder.
    #[error("This photo lies in a protected folder and always stays.")]
    Protected,
    /// It is no longer there.
    #[error("This photo is gone: it was moved or deleted outside of Twinlens.")]
    Gone,
}

/// One step that can be undone.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// As the user knows it.
    pub(super) name: &'static str,
    /// What it changed.
    pub(super) kind: StepKind,
}

/// What a step changed.
#[derive(Clone, Debug)]
pub(super) enum StepKind {
    /// Each photo with what the user had said before, and says now.
    Marks(Vec<(PhotoId, Option<Mark>, Option<Mark>)>),
    /// Pairs that were declared to be no duplicates.
    Apart(Vec<Pair>),
}

/// The marks of one review.
#[derive(Debug)]
pub(super) struct Marks {
    proposed: Vec<bool>,
    user: Vec<Option<Mark>>,
    protected: Vec<bool>,
    /// What is in force; see [`Marks::enforce`].
    marked: Vec<bool>,
    done: Vec<Step>,
    undone: Vec<Step>,
    unsaved: BTreeSet<PhotoId>,
}

impl Marks {
    pub(super) fn new(photos: usize, protected: Vec<bool>) -> Self {
        Self {
            proposed: vec![false; photos],
            user: vec![None; photos],
            protected,
            marked: vec![false; photos],
            done: Vec::new(),
            undone: Vec::new(),
            unsaved: BTreeSet::new(),
        }
    }

    pub(super) fn is_marked(&self, photo: PhotoId) -> bool {
        self.marked.get(photo.index()).is_some_and(|&marked| marked)
    }

    pub(super) fn is_protected(&self, photo: PhotoId) -> bool {
        self.protected.get(photo.index()).is_some_and(|&is| is)
    }

    pub(super) fn user(&self, photo: PhotoId) -> Option<Mark> {
        self.user.get(photo.index()).copied().flatten()
    }

    /// Takes the proposals from the groups.
    pub(super) fn propose(&mut self, groups: &[Group]) {
        self.proposed.fill(false);
        for member in groups.iter().flat_map(Group::members) {
            if let Some(proposed) = self.proposed.get_mut(member.photo.index()) {
                *proposed = member.verdict == MemberVerdict::Remove;
            }
        }
    }

    pub(super) fn protect(&mut self, protected: impl Iterator<Item = bool>) {
        self.protected = protected.collect();
    }

    pub(super) fn restore(&mut self, marks: impl Iterator<Item = Option<Mark>>) {
        for (user, mark) in self.user.iter_mut().zip(marks) {
            *user = user.or(mark);
        }
    }

    /// Takes over what was said and can be undone in an earlier review.
    pub(super) fn go_on_from(&mut self, earlier: &Self, id: impl Fn(PhotoId) -> Option<PhotoId>) {
        for (index, &mark) in (0..).zip(&earlier.user) {
            if let Some(photo) = id(PhotoId(index))
                && let Some(user) = self.user.get_mut(photo.index())
            {
                *user = mark;
            }
        }
        self.unsaved
            .extend(earlier.unsaved.iter().filter_map(|&photo| id(photo)));
        let step = |step: &Step| Step {
            name: step.name,
            kind: match &step.kind {
                StepKind::Marks(changes) => StepKind::Marks(
                    (changes.iter())
                        .filter_map(|&(photo, before, after)| Some((id(photo)?, before, after)))
                        .collect(),
                ),
                StepKind::Apart(pairs) => StepKind::Apart(pairs.clone()),
            },
        };
        self.done = earlier.done.iter().map(step).collect();
        self.undone = earlier.undone.iter().map(step).collect();
    }

    /// Takes every mark out of force, before all groups are enforced anew.
    pub(super) fn begin(&mut self) {
        self.marked.fill(false);
    }

    /// Decides which marks of a group are in force: the user's word before the proposal, nothing
    /// that is protected, and never the whole group, whose first keeper stays then.
    pub(super) fn enforce(&mut self, group: &Group) {
        let mut keeps_one = false;
        for member in group.members() {
            let marked = self.wanted(member.photo, self.user(member.photo));
            keeps_one |= !marked;
            if let Some(slot) = self.marked.get_mut(member.photo.index()) {
                *slot = marked;
            }
        }
        if !keeps_one
            && let Some(first) = group.shots.first()
            && let Some(slot) = self.marked.get_mut(first.keeper.index())
        {
            *slot = false;
        }
    }

    /// Whether a photo would be marked if the user had said `user`.
    fn wanted(&self, photo: PhotoId, user: Option<Mark>) -> bool {
        let proposed = self.proposed.get(photo.index()).is_some_and(|&is| is);
        !self.is_protected(photo) && user.map_or(proposed, |mark| mark == Mark::Remove)
    }

    /// Whether a photo of the group would stay if `new` were said.
    pub(super) fn would_keep_one(&self, group: &Group, new: &HashMap<PhotoId, Mark>) -> bool {
        group.members().any(|member| {
            let user = new.get(&member.photo).copied();
            !self.wanted(member.photo, user.or_else(|| self.user(member.photo)))
        })
    }

    /// Sets marks in one step that can be undone.
    pub(super) fn set(&mut self, marks: &[(PhotoId, Mark)], name: &'static str) {
        let changes: Vec<_> = marks
            .iter()
            .map(|&(photo, mark)| (photo, self.user(photo), Some(mark)))
            .filter(|(_, before, after)| before != after)
            .collect();
        if changes.is_empty() {
            return;
        }
        for &(photo, _, after) in &changes {
            self.put(photo, after);
        }
        self.note(Step {
            name,
            kind: StepKind::Marks(changes),
        });
    }

    /// Takes note of a step that was made.
    pub(super) fn note(&mut self, step: Step) {
        self.done.push(step);
        self.undone.clear();
    }

    fn put(&mut self, photo: PhotoId, mark: Option<Mark>) {
        if let Some(user) = self.user.get_mut(photo.index()) {
            *user = mark;
            self.unsaved.insert(photo);
        }
    }

    /// Takes back the last step.
    pub(super) fn undo(&mut self) -> Option<Step> {
        let step = self.done.pop()?;
        if let StepKind::Marks(changes) = &step.kind {
            for &(photo, before, _) in changes {
                self.put(photo, before);
            }
        }
        self.undone.push(step.clone());
        Some(step)
    }

    /// Makes a step again.
    pub(super) fn redo(&mut self) -> Option<Step> {
        let step = self.undone.pop()?;
        if let StepKind::Marks(changes) = &step.kind {
            for &(photo, _, after) in changes {
                self.put(photo, after);
            }
        }
        self.done.push(step.clone());
        Some(step)
    }

    pub(super) fn take_unsaved(&mut self) -> Vec<(PhotoId, Option<Mark>)> {
        std::mem::take(&mut self.unsaved)
            .into_iter()
            .map(|photo| (photo, self.user(photo)))
            .collect()
    }
}
