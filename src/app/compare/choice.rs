//! Which photos of a group are compared.

use crate::matching::{Group, Shot};
use crate::photo::PhotoId;

/// Photos that are compared at once.
pub(crate) const MOST: usize = 6;

/// Photos of a group to compare, and which of them to turn to first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// At most [`MOST`]; the first is the one that the others are compared with.
    pub(crate) photos: Vec<PhotoId>,
    /// A position in `photos`.
    pub(crate) first: usize,
    /// How many photos of the group are left out.
    pub(crate) left_out: usize,
}

/// The keeper of the current photo's shot, the current photo, the rest of its shot, then the
/// best of the other shots and all else, in the group's order.
pub(crate) fn choose(group: &Group, current: Option<PhotoId>) -> Choice {
    let of_shot = current.and_then(|photo| {
        let has = |shot: &&Shot| shot.members.iter().any(|m| m.photo == photo);
        group.shots.iter().find(has)
    });
    let shot = of_shot.or(group.shots.first());
    let keeper = shot.map(|shot| shot.keeper);
    let members = shot.into_iter().flat_map(|shot| shot.members.iter());
    let wishes = (keeper.into_iter())
        .chain(current)
        .chain(members.map(|member| member.photo))
        .chain(group.shots.iter().map(|shot| shot.keeper))
        .chain(group.members().map(|member| member.photo));
    let mut all = Vec::new();
    for photo in wishes {
        if !all.contains(&photo) {
            all.push(photo);
        }
    }
    let left_out = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let first = all.iter().position(|&photo| Some(photo) == current);
    Choice {
        photos: all,
        first: first.unwrap_or(0),
        left_out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Evidence, Member, MemberVerdict};

    fn group(shots: &[&[u32]]) -> Group {
        let member = |&photo: &u32| Member {
            photo: PhotoId(photo),
            copy_of: None,
            evidence: None,
            cosine: None,
            verdict: MemberVerdict::Review,
            reasons: Vec::new(),
        };
        let shots = shots.iter().map(|members| Shot {
            keeper: PhotoId(members[0]),
            relation: Evidence::SameShot,
            cosine: None,
            reason: None,
            members: members.iter().map(member).collect(),
        });
        Group {
            id: 0,
            relation: Evidence::Burst,
            shots: shots.collect(),
        }
    }

    fn ids(choice: &Choice) -> Vec<u32> {
        choice.photos.iter().map(|photo| photo.0).collect()
    }

    #[test]
    fn the_keeper_of_the_shot_and_the_current_photo_come_first() {
        let group = group(&[&[1, 2], &[3, 4, 5], &[6, 7]]);
        let choice = choose(&group, Some(PhotoId(5)));
        assert_eq!(ids(&choice), [3, 5, 4, 1, 6, 2]);
        assert_eq!((choice.first, choice.left_out), (1, 1));
    }

    #[test]
    fn a_keeper_is_compared_with_its_copies() {
        let choice = choose(&group(&[&[1, 2, 3]]), Some(PhotoId(1)));
        assert_eq!(ids(&choice), [1, 2, 3]);
        assert_eq!((choice.first, choice.left_out), (0, 0));
    }

    #[test]
    fn nothing_to_turn_to_means_the_first_shot() {
        assert_eq!(ids(&choose(&group(&[&[8, 9], &[2]]), None)), [8, 9, 2]);
        assert_eq!(ids(&choose(&group(&[]), None)), [] as [u32; 0]);
    }
}
