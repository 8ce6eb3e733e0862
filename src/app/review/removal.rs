//! What is marked, with what stands for each photo; and the groups without what was removed.

use std::collections::HashSet;

use super::Review;
use crate::matching::{Evidence, Group, Member, Shot};
use crate::photo::{ContentHash, PhotoId};

/// A removal needs one photo that stands for another; a few more are for the case that it is gone.
const STANDS: usize = 8;

/// A photo that is marked, as a removal takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Marked {
    /// The photo.
    pub(crate) photo: PhotoId,
    /// What stays and may stand for it, the strongest evidence first.
    pub(crate) stands: Vec<(PhotoId, Evidence)>,
}

impl Review {
    /// What is marked, group by group.
    pub(crate) fn marked(&self) -> Vec<Marked> {
        let mut all = Vec::new();
        for group in &self.groups {
            for (at, shot) in group.shots.iter().enumerate() {
                let marked = shot.members.iter().filter(|m| self.is_marked(m.photo));
                all.extend(marked.map(|member| Marked {
                    photo: member.photo,
                    stands: self.stands(group, at, shot, member),
                }));
            }
        }
        all
    }

    /// The photos that stay in the photo's shot, and where none does, in the group's others.
    fn stands(
        &self,
        group: &Group,
        at: usize,
        shot: &Shot,
        marked: &Member,
    ) -> Vec<(PhotoId, Evidence)> {
        let stays = |member: &&Member| !self.is_marked(member.photo) && !self.is_gone(member.photo);
        let content = |photo: PhotoId| self.photo(photo).map(|photo| photo.content.hash);
        let own = content(marked.photo);
        let fellows = shot.members.iter().filter(stays);
        let mut stands: Vec<(PhotoId, Evidence)> = fellows
            .filter_map(|member| {
                let evidence = if own.is_some() && content(member.photo) == own {
                    Evidence::IdenticalFile
                } else {
                    between(shot, marked.photo, member.photo)?
                };
                Some((member.photo, evidence))
            })
            .collect();
        if stands.is_empty() {
            let others = group.shots.iter().enumerate().filter(|(i, _)| *i != at);
            stands = others
                .flat_map(|(i, other)| {
                    let evidence = relation(group, at).max(relation(group, i));
                    let members = other.members.iter().filter(stays);
                    members.map(move |member| (member.photo, evidence))
                })
                .collect();
        }
        // Stable: of equal evidence the better photo stays first.
        stands.sort_by_key(|&(_, evidence)| evidence);
        stands.truncate(STANDS);
        stands
    }

    /// Takes photos out of the groups: they were removed.
    pub(crate) fn take_away(&mut self, photos: &[PhotoId]) {
        self.set_removed(photos, true);
    }

    /// Puts photos back into the groups that they were taken out of.
    pub(crate) fn bring_back(&mut self, photos: &[PhotoId]) {
        self.set_removed(photos, false);
    }

    fn set_removed(&mut self, photos: &[PhotoId], is_removed: bool) {
        for photo in photos {
            if let Some(removed) = self.removed.get_mut(photo.index()) {
                *removed = is_removed;
            }
        }
        let Some(cutter) = &self.cutter else {
            return;
        };
        let groups = cutter.shots.groups(self.similarity);
        self.take_groups(groups);
    }

    /// The groups without what was removed.
    pub(super) fn left_of(&self, groups: Vec<Group>) -> Vec<Group> {
        let is_removed = |photo: PhotoId| self.removed.get(photo.index()).is_some_and(|&is| is);
        if !self.removed.contains(&true) {
            return groups;
        }
        let content = |photo: PhotoId| self.photo(photo).map(|photo| photo.content.hash);
        without(groups, &is_removed, &content)
    }
}

/// How a shot relates to the group's first, which no evidence is weaker than a burst for.
fn relation(group: &Group, shot: usize) -> Evidence {
    let relation = group.shots.get(shot).map(|shot| shot.relation);
    if shot == 0 {
        Evidence::Burst
    } else {
        relation.unwrap_or(Evidence::Similar).max(Evidence::Burst)
    }
}

/// The weakest evidence on the way from one photo of a shot to another along what they are
/// copies of.
fn between(shot: &Shot, a: PhotoId, b: PhotoId) -> Option<Evidence> {
    let (up_a, up_b) = (ancestors(shot, a), ancestors(shot, b));
    up_a.iter().find_map(|&(at, from_a)| {
        let (_, from_b) = up_b.iter().find(|(other, _)| *other == at)?;
        Some(from_a.max(*from_b))
    })
}

/// A photo and what it is a copy of, up to the keeper; by the weakest evidence on the way.
fn ancestors(shot: &Shot, photo: PhotoId) -> Vec<(PhotoId, Evidence)> {
    let mut found = vec![(photo, Evidence::IdenticalFile)];
    let mut weakest = Evidence::IdenticalFile;
    let mut at = photo;
    while found.len() <= shot.members.len()
        && let Some(member) = shot.members.iter().find(|member| member.photo == at)
        && let (Some(better), Some(evidence)) = (member.copy_of, member.evidence)
    {
        weakest = weakest.max(evidence);
        found.push((better, weakest));
        at = better;
    }
    found
}

/// The groups without the photos that are removed. Who was a copy of a removed photo becomes one
/// of what that was a copy of, and where the keeper itself is gone the best that is left is it.
fn without(
    groups: Vec<Group>,
    is_removed: &impl Fn(PhotoId) -> bool,
    content: &impl Fn(PhotoId) -> Option<ContentHash>,
) -> Vec<Group> {
    let mut left = Vec::with_capacity(groups.len());
    for mut group in groups {
        if group.members().any(|member| is_removed(member.photo)) {
            let lost_first = group
                .shots
                .first()
                .is_some_and(|shot| shot.members.iter().all(|member| is_removed(member.photo)));
            for shot in &mut group.shots {
                shot_without(shot, is_removed, content);
            }
            group.shots.retain(|shot| !shot.members.is_empty());
            if group.members().count() < 2 {
                continue;
            }
            if lost_first && let Some(first) = group.shots.first_mut() {
                first.relation = Evidence::SameShot;
                first.cosine = None;
                first.reason = None;
            }
            let relations = group.shots.iter().map(|shot| shot.relation);
            group.relation = relations.max().unwrap_or(Evidence::SameShot);
        }
        left.push(group);
    }
    for (id, group) in (0..).zip(&mut left) {
        group.id = id;
    }
    left
}

fn shot_without(
    shot: &mut Shot,
    is_removed: &impl Fn(PhotoId) -> bool,
    content: &impl Fn(PhotoId) -> Option<ContentHash>,
) {
    let mut left: Vec<Member> = (shot.members.iter())
        .filter(|member| !is_removed(member.photo))
        .cloned()
        .collect();
    if left.len() == shot.members.len() {
        return;
    }
    let Some(keeper) = left.first().map(|member| member.photo) else {
        shot.members = left.into();
        return;
    };
    let is_left: HashSet<PhotoId> = left.iter().map(|member| member.photo).collect();
    for member in &mut left {
        if member.photo == keeper {
            if member.copy_of.is_some() {
                member.copy_of = None;
                member.evidence = None;
                member.cosine = None;
                member.reasons = vec!["the better copy of it was removed".to_owned()];
            }
            continue;
        }
        let up = ancestors(shot, member.photo);
        let direct = up.get(1).is_some_and(|(of, _)| is_left.contains(of));
        if direct {
            continue;
        }
        let next = up.iter().skip(1).find(|(of, _)| is_left.contains(of));
        let (of, mut evidence) = next.copied().unwrap_or_else(|| {
            let evidence = between(shot, member.photo, keeper);
            (keeper, evidence.unwrap_or(Evidence::SameShot))
        });
        if content(of).is_some() && content(of) == content(member.photo) {
            evidence = Evidence::IdenticalFile;
        }
        member.copy_of = Some(of);
        member.evidence = Some(evidence);
        member.cosine = None;
        member.reasons = vec!["the photo that it is a copy of was removed".to_owned()];
    }
    shot.keeper = keeper;
    shot.members = left.into();
}
