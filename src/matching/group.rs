//! Verdicts to shots, shots to groups: what the user is shown.
//!
//! Two levels, in two phases with different lives:
//! - [`Shots::build`] does what depends on the photos alone: copies of one exposure become a
//!   *shot* around its keeper, and everything that relates shots is brought into order. It
//!   takes time in proportion to the edges.
//! - [`Shots::groups`] cuts groups at a similarity. It replays what `build` has ordered, takes
//!   milliseconds, and is what the window calls while the user moves the slider.
//!
//! Both levels are stars (see `stars.rs`): every member of a shot was verified against the
//! keeper, or has the very pixels of one that was; every shot of a group is related to the
//! group's first shot directly. A group at a higher similarity is always part of a group at a
//! lower one. A photo is in one shot, a shot in at most one group.
//!
//! Contents that the user declared to be no duplicates are in one group at no similarity; that is
//! all a declaration does, so that taking it back restores what was there.

mod parts;
mod relate;
mod shots;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::apart::Apart;
use super::keep::KeepSettings;
use super::{Cosine, Distinct, Edge, Evidence, MatchError, Verdict};
use crate::photo::{ContentHash, Photo, PhotoId};
pub use parts::{Part, parts};
use relate::Relations;

/// All that an analysis knows, as the grouping takes it.
#[derive(Clone, Copy, Debug)]
pub struct Analysed<'a> {
    /// The photos; [`PhotoId`]s are positions in this list.
    pub photos: &'a [Photo],
    /// Their contents; edges and verdicts name positions in its list.
    pub distinct: &'a Distinct,
    /// What the verifier says of the candidate pairs, each pair once, in any order.
    pub verdicts: &'a [(u32, u32, Verdict)],
    /// Pairs of close vectors, each pair once, in any order; they need not all be verified.
    pub edges: &'a [Edge],
}

/// What an analysis found out of its photos, kept to group them again with other settings.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The contents; as in [`Analysed`].
    pub distinct: Distinct,
    /// The verdicts; as in [`Analysed`].
    pub verdicts: Vec<(u32, u32, Verdict)>,
    /// The close pairs; as in [`Analysed`].
    pub edges: Vec<Edge>,
}

impl Findings {
    /// As the grouping takes it; `photos` are those that it was found of.
    #[must_use]
    pub fn of<'a>(&'a self, photos: &'a [Photo]) -> Analysed<'a> {
        Analysed {
            photos,
            distinct: &self.distinct,
            verdicts: &self.verdicts,
            edges: &self.edges,
        }
    }
}

/// What the user chose.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSettings {
    /// Cosine from which two shots count as similar.
    pub similarity: Cosine,
    /// Weaker evidence is left out: below [`Evidence::SameShot`] shots hold equal pixels
    /// only, below [`Evidence::Burst`] groups hold one shot only.
    pub weakest: Evidence,
    /// How the keeper of a shot is chosen.
    pub keep: KeepSettings,
    /// Pairs of contents that the user declared to be no duplicates, in any order: they are in
    /// one shot or group never. Pairs of contents that are not there count for nothing.
    pub not_duplicates: Vec<(ContentHash, ContentHash)>,
}

/// What is proposed for a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberVerdict {
    /// Keep it.
    Keep,
    /// Surplus: preselected for removal.
    Remove,
    /// A copy that is better than the keeper in some respect: the user decides.
    Review,
}

impl MemberVerdict {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Review => "review",
        }
    }
}

/// A photo in a shot.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The photo.
    pub photo: PhotoId,
    /// The better photo of the shot that it duplicates most strongly, the keeper where several
    /// are alike; `None` for the keeper itself. Following it leads to the keeper.
    pub copy_of: Option<PhotoId>,
    /// By what evidence; `None` for the keeper.
    pub evidence: Option<Evidence>,
    /// Cosine to `copy_of` (or to a photo of the same pixels), where it was computed.
    pub cosine: Option<Cosine>,
    /// What is proposed.
    pub verdict: MemberVerdict,
    /// Why, in short sentences.
    pub reasons: Vec<String>,
}

/// One exposure with all its copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    /// The best photo.
    pub keeper: PhotoId,
    /// How it relates to the group's first shot; [`Evidence::SameShot`] for the first itself.
    pub relation: Evidence,
    /// The largest cosine to the group's first shot, where known; `None` for the first.
    pub cosine: Option<Cosine>,
    /// Why it is related, in one sentence; `None` for the first shot.
    pub reason: Option<String>,
    /// The photos, best first; the keeper is the first. Shared, so that cutting again is cheap.
    pub members: Arc<[Member]>,
}

/// Shots that belong together, or one shot with copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Counted from 0 in the order of the first keepers' paths. Cutting again renumbers.
    pub id: u32,
    /// [`Evidence::SameShot`] for one shot alone, else the weakest relation of its shots.
    pub relation: Evidence,
    /// The first is the one that all others are related to; then the strongest related first.
    pub shots: Vec<Shot>,
}

impl Group {
    /// All photos of the group.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.shots.iter().flat_map(|shot| shot.members.iter())
    }
}

/// The shots of an analysis and what relates them, ready to be cut into groups.
#[derive(Clone, Debug)]
pub struct Shots {
    /// The photos of each shot, best keeper first.
    members: Vec<Arc<[Member]>>,
    /// The place of each shot's keeper among all keepers, by path.
    path_rank: Vec<u32>,
    relations: Relations,
}

impl Shots {
    /// Builds the shots and orders what relates them.
    ///
    /// # Errors
    /// [`MatchError::UnknownContent`] if an edge or a verdict does not belong to `analysed`;
    /// [`MatchError::Cancelled`] if `cancel` is set.
    pub fn build(
        analysed: &Analysed<'_>,
        settings: &GroupSettings,
        cancel: &AtomicBool,
    ) -> Result<Self, MatchError> {
        check_positions(analysed)?;
        let apart = Apart::of_contents(analysed.distinct, &settings.not_duplicates);
        let built = shots::build(analysed, settings, &apart, cancel)?;
        let relations = Relations::build(
            analysed,
            &built.of_content,
            built.shots.len(),
            settings.weakest,
            &apart,
            cancel,
        )?;
        let mut by_path: Vec<usize> = (0..built.shots.len()).collect();
        by_path.sort_by_key(|&shot| {
            built.shots[shot]
                .first()
                .map(|member| analysed.photos[member.photo.index()].path.as_os_str())
        });
        let mut path_rank = vec![0; by_path.len()];
        for (rank, &shot) in by_path.iter().enumerate() {
            path_rank[shot] = super::index_u32(rank);
        }
        Ok(Self {
            members: built.shots,
            path_rank,
            relations,
        })
    }

    /// The groups at a similarity: several related shots, or one shot with copies. Photos
    /// without company are in none.
    #[must_use]
    pub fn groups(&self, similarity: Cosine) -> Vec<Group> {
        let has_copies = |shot: u32| self.members[shot as usize].len() > 1;
        let mut groups: Vec<Group> = self
            .relations
            .cut(similarity, has_copies)
            .iter()
            .filter_map(|shots| self.group(shots))
            .collect();
        groups.sort_by_key(|group| group.id);
        for (id, group) in groups.iter_mut().enumerate() {
            group.id = super::index_u32(id);
        }
        groups
    }

    /// A group whose id is still the path rank of its first shot.
    fn group(&self, shots: &[u32]) -> Option<Group> {
        let (&first, others) = shots.split_first()?;
        let mut related: Vec<_> = others
            .iter()
            .map(|&shot| (self.relations.between(first, shot), shot))
            .collect();
        related.sort_by(|(a, x), (b, y)| a.order(b).then(x.cmp(y)));
        let shot = |index: u32| {
            let members = Arc::clone(&self.members[index as usize]);
            members
                .first()
                .map(|keeper| keeper.photo)
                .map(|keeper| Shot {
                    keeper,
                    relation: Evidence::SameShot,
                    cosine: None,
                    reason: None,
                    members,
                })
        };
        let mut all = vec![shot(first)?];
        for (relation, index) in related {
            all.push(Shot {
                relation: relation.evidence,
                cosine: relation.cosine,
                reason: Some(relation.reason()),
                ..shot(index)?
            });
        }
        Some(Group {
            id: self.path_rank[first as usize],
            relation: all.iter().map(|shot| shot.relation).max()?,
            shots: all,
        })
    }
}

/// Shots and groups in one go, for those who do not cut again.
///
/// # Errors
/// As [`Shots::build`].
pub fn group(
    analysed: &Analysed<'_>,
    settings: &GroupSettings,
    cancel: &AtomicBool,
) -> Result<Vec<Group>, MatchError> {
    Ok(Shots::build(analysed, settings, cancel)?.groups(settings.similarity))
}

fn check_positions(analysed: &Analysed<'_>) -> Result<(), MatchError> {
    let contents = analysed.distinct.contents.len();
    let of_verdicts = analysed.verdicts.iter().flat_map(|&(a, b, _)| [a, b]);
    let of_edges = analysed.edges.iter().flat_map(|edge| [edge.a, edge.b]);
    match of_verdicts
        .chain(of_edges)
        .find(|&position| position as usize >= contents)
    {
        Some(position) => Err(MatchError::UnknownContent { position, contents }),
        None => Ok(()),
    }
}
