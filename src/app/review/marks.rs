//! Which photos are marked for removal: what the analysis proposes, what the user said over it,
//! and what can be undone.

use std::collections::{BTreeSet, HashMap};

use crate::matching::{Group, MemberVerdict};
use crate::photo::PhotoId;

/// What the user said of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// It stays.
    Keep,
    /// It is surplus.
    Remove,
}

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
struct Step {
    name: &'static str,
    /// Each photo with what the user had said before, and says now.
    changes: Vec<(PhotoId, Option<Mark>, Option<Mark>)>,
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

    pub(super) fn restore(&mut self, marks: &[(PhotoId, Mark)]) {
        for &(photo, mark) in marks {
            if let Some(user) = self.user.get_mut(photo.index()) {
                *user = Some(mark);
            }
        }
    }

    /// Decides which marks are in force: the user's word before the proposal, nothing that is
    /// protected, and never a whole group, whose first keeper stays then.
    pub(super) fn enforce(&mut self, groups: &[Group]) {
        self.marked.fill(false);
        for group in groups {
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
    }

    /// Whether a photo would be marked if the user had said `user`.
    fn wanted(&self, photo: PhotoId, user: Option<Mark>) -> bool {
        let proposed = self.proposed.get(photo.index()).is_some_and(|&is| is);
        !self.is_protected(photo) && user.map_or(proposed, |mark| mark == Mark::Remove)
    }

    /// Sets marks in one step that can be undone.
    pub(super) fn set(
        &mut self,
        marks: &[(PhotoId, Mark)],
        groups: &[Group],
        name: &'static str,
    ) -> Result<(), Refusal> {
        let new: HashMap<PhotoId, Mark> = marks.iter().copied().collect();
        if let Some((&photo, _)) = new.iter().find(|&(_, &mark)| mark == Mark::Remove)
            && new.len() == 1
            && self.is_protected(photo)
        {
            return Err(Refusal::Protected);
        }
        let touched = |group: &&Group| group.members().any(|m| new.contains_key(&m.photo));
        let keeps_one = |group: &Group| {
            group.members().any(|member| {
                let user = new.get(&member.photo).copied();
                !self.wanted(member.photo, user.or_else(|| self.user(member.photo)))
            })
        };
        if !groups.iter().filter(touched).all(keeps_one) {
            return Err(Refusal::LastOfGroup);
        }
        let changes: Vec<_> = marks
            .iter()
            .map(|&(photo, mark)| (photo, self.user(photo), Some(mark)))
            .filter(|(_, before, after)| before != after)
            .collect();
        if !changes.is_empty() {
            for &(photo, _, after) in &changes {
                self.put(photo, after);
            }
            self.done.push(Step { name, changes });
            self.undone.clear();
        }
        Ok(())
    }

    fn put(&mut self, photo: PhotoId, mark: Option<Mark>) {
        if let Some(user) = self.user.get_mut(photo.index()) {
            *user = mark;
            self.unsaved.insert(photo);
        }
    }

    /// Takes back the last step: its name, and a photo of it.
    pub(super) fn undo(&mut self) -> Option<(&'static str, Option<PhotoId>)> {
        let step = self.done.pop()?;
        for &(photo, before, _) in &step.changes {
            self.put(photo, before);
        }
        let told = (step.name, step.changes.first().map(|change| change.0));
        self.undone.push(step);
        Some(told)
    }

    /// Makes a step again.
    pub(super) fn redo(&mut self) -> Option<(&'static str, Option<PhotoId>)> {
        let step = self.undone.pop()?;
        for &(photo, _, after) in &step.changes {
            self.put(photo, after);
        }
        let told = (step.name, step.changes.first().map(|change| change.0));
        self.done.push(step);
        Some(told)
    }

    pub(super) fn can_undo(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    pub(super) fn take_unsaved(&mut self) -> Vec<(PhotoId, Option<Mark>)> {
        std::mem::take(&mut self.unsaved)
            .into_iter()
            .map(|photo| (photo, self.user(photo)))
            .collect()
    }
}
