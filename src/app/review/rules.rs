//! Marking many photos by a rule, looked at before it is done.

use std::cmp::Ordering;
use std::path::PathBuf;

use super::Review;
use crate::library::Mark;
use crate::matching::{Evidence, Member};
use crate::photo::{Format, Photo, PhotoId};

/// Which photos of a set stay; the others are marked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// Marks what the evidence shows to be a copy, of at least this strength.
    Copies(Evidence),
    /// The earliest capture time stays, else the earliest change of the file.
    KeepOldest,
    /// The latest stays.
    KeepNewest,
    /// The most bytes stay.
    KeepLargest,
    /// The fewest bytes stay.
    KeepSmallest,
    /// The most pixels stay.
    KeepHighestResolution,
    /// What lies in the first of these folders stays, else in the second, and so on.
    KeepFromFolders(Vec<PathBuf>),
    /// This format stays.
    KeepFormat(Format),
    /// Marks what has this text in its name, in any case of letters.
    MarkNamed(String),
}

/// Among what one photo is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One photo of each shot stays: only copies are marked.
    #[default]
    Shots,
    /// One photo of each group stays: other shots of the same moment are marked as well.
    Groups,
}

/// What a rule would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// Each photo whose mark changes.
    pub(super) marks: Vec<(PhotoId, Mark)>,
    /// Number of photos that will be marked and are not yet.
    pub(crate) photos: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Number of photos that are marked and will not be.
    pub(crate) unmarked: usize,
    /// Number of groups with a change.
    pub(crate) groups: usize,
    /// The first photos that will be marked, to be shown.
    pub(crate) examples: Vec<PhotoId>,
}

impl Selection {
    /// Whether nothing would change.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}

/// How many examples are shown.
const EXAMPLES: usize = 12;

/// What `rule` would change in the groups that are shown.
pub(super) fn select(review: &Review, rule: &Rule, scope: Scope) -> Selection {
    let mut selection = Selection::default();
    for place in 0..review.shown().len() {
        let Some((_, group)) = review.shown_group(place) else {
            continue;
        };
        let before = selection.marks.len();
        match scope {
            Scope::Shots => {
                for shot in &group.shots {
                    let members: Vec<&Member> = shot.members.iter().collect();
                    choose(review, rule, &members, &mut selection);
                }
            }
            Scope::Groups => {
                let members: Vec<&Member> = group.members().collect();
                choose(review, rule, &members, &mut selection);
            }
        }
        selection.groups += usize::from(selection.marks.len() > before);
    }
    selection
}

/// Decides on one set of photos, of which at least one stays.
fn choose(review: &Review, rule: &Rule, members: &[&Member], selection: &mut Selection) {
    let photos: Vec<(&Member, &Photo)> = members
        .iter()
        .filter(|member| !review.is_gone(member.photo))
        .filter_map(|&member| Some((member, review.photo(member.photo)?)))
        .collect();
    if photos.len() < 2 {
        return;
    }
    let marks: Vec<bool> = match rule {
        Rule::Copies(weakest) => photos
            .iter()
            .map(|(member, _)| member.evidence.is_some_and(|evidence| evidence <= *weakest))
            .collect(),
        Rule::MarkNamed(text) if text.is_empty() => return,
        Rule::MarkNamed(text) => {
            let text = text.to_lowercase();
            photos
                .iter()
                .map(|(_, photo)| {
                    let name = photo.path.file_name().unwrap_or_default();
                    name.to_string_lossy().to_lowercase().contains(&text)
                })
                .collect()
        }
        rule => {
            // The first of equals is the better photo: members come best first.
            let best = (0..photos.len()).reduce(|best, next| {
                match prefer(rule, photos[next].1, photos[best].1) {
                    Ordering::Less => next,
                    Ordering::Equal | Ordering::Greater => best,
                }
            });
            (0..photos.len()).map(|at| Some(at) != best).collect()
        }
    };
    // A rule that would take everything, or that finds nothing to take, says nothing here.
    if marks.iter().all(|&marked| marked) || !marks.contains(&true) {
        return;
    }
    // What only says which photos go says nothing of the others.
    let is_choice = !matches!(rule, Rule::Copies(_) | Rule::MarkNamed(_));
    for (&(member, photo), &marked) in photos.iter().zip(&marks) {
        let marked = marked && !review.is_protected(member.photo);
        if marked == review.is_marked(member.photo) || !(marked || is_choice) {
            continue;
        }
        if marked {
            selection.photos += 1;
            selection.bytes += photo.stamp.size;
            selection.marks.push((member.photo, Mark::Remove));
            if selection.examples.len() < EXAMPLES {
                selection.examples.push(member.photo);
            }
        } else {
            selection.unmarked += 1;
            selection.marks.push((member.photo, Mark::Keep));
        }
    }
}

/// Whether `a` stays rather than `b`: `Less` if so.
fn prefer(rule: &Rule, a: &Photo, b: &Photo) -> Ordering {
    let taken = |photo: &Photo| {
        let at = photo.content.metadata.taken_at.map(|at| at.local);
        (at.is_none(), at, photo.stamp.modified_ns)
    };
    match rule {
        Rule::KeepOldest => taken(a).cmp(&taken(b)),
        Rule::KeepNewest => match (taken(a), taken(b)) {
            // Unknown times are last here as well.
            (a, b) if a.0 != b.0 => a.0.cmp(&b.0),
            (a, b) => (b.1, b.2).cmp(&(a.1, a.2)),
        },
        Rule::KeepLargest => b.stamp.size.cmp(&a.stamp.size),
        Rule::KeepSmallest => a.stamp.size.cmp(&b.stamp.size),
        Rule::KeepHighestResolution => b.content.pixels().cmp(&a.content.pixels()),
        Rule::KeepFromFolders(folders) => {
            let rank = |photo: &Photo| {
                folders
                    .iter()
                    .position(|folder| photo.path.starts_with(folder))
                    .unwrap_or(folders.len())
            };
            rank(a).cmp(&rank(b))
        }
        Rule::KeepFormat(format) => {
            (a.content.format != *format).cmp(&(b.content.format != *format))
        }
        Rule::Copies(_) | Rule::MarkNamed(_) => Ordering::Equal,
    }
}
