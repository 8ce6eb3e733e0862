//! Copies to shots: equal bytes, then equal pixels, then one exposure around its keeper.
//!
//! Contents of equal pixels are one *class*: equality is transitive, so nothing can drift.
//! Classes are numbered best first by the keeper's order, and become stars: a photo that the
//! keeper was not verified against is not in its shot, however close it is to another member.
//! The centre, and keeper, is the best, or one that shows nearly all of what is better: a
//! framed copy is larger, but it need not match all that match the original. What is better
//! than its keeper is left to the user.
//!
//! What the user declared to be no duplicates is kept apart first of all, even within a class: a
//! class with such a pair becomes several, each as large as it can be with the best in front.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Analysed, GroupSettings, Member, MemberVerdict};
use crate::matching::apart::Apart;
use crate::matching::keep::Standing;
use crate::matching::stars;
use crate::matching::{Cosine, Evidence, MatchError, Verdict, index_u32};
use crate::photo::PhotoId;

/// The shots, best keeper first, and where each content went.
pub(super) struct Built {
    pub(super) shots: Vec<Arc<[Member]>>,
    /// The shot of each content, by its position.
    pub(super) of_content: Vec<u32>,
}

pub(super) fn build(
    analysed: &Analysed<'_>,
    settings: &GroupSettings,
    apart: &Apart,
    cancel: &AtomicBool,
) -> Result<Built, MatchError> {
    let pixels_of = equal_pixels(analysed);
    let standings = standings(analysed, &pixels_of);
    let mut best_first: Vec<u32> = (0..index_u32(standings.len())).collect();
    best_first.sort_by(|&a, &b| {
        settings
            .keep
            .compare(&standings[a as usize], &standings[b as usize])
    });
    let class_of_pixels = kept_apart(analysed, pixels_of, &best_first, apart);
    let classes = Classes::number(analysed, &class_of_pixels, &best_first);
    let links = ClassLinks::collect(analysed, &classes, settings.weakest);
    let centre = stars::cover(
        classes.best_photo.len(),
        links.directed(),
        &apart.renamed(&classes.of_content),
        cancel,
    )?;

    // Numbered as their best classes are met, so that shots are ranked by these.
    let mut shot_of_centre = vec![None; centre.len()];
    let mut shots: Vec<Vec<u32>> = Vec::new();
    let mut shot_of_class = Vec::with_capacity(centre.len());
    for &centre in &centre {
        let shot = shot_of_centre[centre as usize].get_or_insert_with(|| {
            shots.push(Vec::new());
            index_u32(shots.len() - 1)
        });
        shot_of_class.push(*shot);
    }
    let of_content: Vec<u32> = classes
        .of_content
        .iter()
        .map(|&class| shot_of_class[class as usize])
        .collect();
    let class_of = |photo: u32| {
        let content = analysed.distinct.of_photo[photo as usize];
        classes.of_content[content as usize]
    };
    for &photo in &best_first {
        shots[shot_of_class[class_of(photo) as usize] as usize].push(photo);
    }
    // The keeper in front: the best photo of the centre, which all were compared with.
    for photos in &mut shots {
        let is_centre = |&photo: &u32| centre[class_of(photo) as usize] == class_of(photo);
        if let Some(keeper) = photos.iter().position(is_centre) {
            photos[..=keeper].rotate_right(1);
        }
    }
    let judge = Judge {
        analysed,
        settings,
        standings: &standings,
        classes: &classes,
        links: &links,
    };
    Ok(Built {
        shots: shots.iter().map(|photos| judge.members(photos)).collect(),
        of_content,
    })
}

/// For each content the representative of all with equal pixels.
fn equal_pixels(analysed: &Analysed<'_>) -> Vec<u32> {
    let contents = index_u32(analysed.distinct.contents.len());
    let mut parents: Vec<u32> = (0..contents).collect();
    for &(a, b, verdict) in analysed.verdicts {
        if verdict
            .evidence
            .is_some_and(|tier| tier <= Evidence::IdenticalPixels)
        {
            let (a, b) = (stars::find(&mut parents, a), stars::find(&mut parents, b));
            parents[b as usize] = a;
        }
    }
    (0..contents)
        .map(|content| stars::find(&mut parents, content))
        .collect()
}

/// The same without classes that hold two contents which must be apart. A content goes, best
/// first, to the first part of its class with nothing that it must be apart from; so every two
/// parts of a class hold such a pair, and never share a shot.
fn kept_apart(
    analysed: &Analysed<'_>,
    pixels_of: Vec<u32>,
    best_first: &[u32],
    apart: &Apart,
) -> Vec<u32> {
    if apart.is_empty() {
        return pixels_of;
    }
    let mut part_of: Vec<Option<u32>> = vec![None; pixels_of.len()];
    let mut parts: HashMap<u32, Vec<u32>> = HashMap::new();
    for &photo in best_first {
        let content = analysed.distinct.of_photo[photo as usize];
        if part_of[content as usize].is_some() {
            continue;
        }
        let barred: BTreeSet<u32> = apart
            .from(content)
            .filter_map(|other| part_of[other as usize])
            .collect();
        let parts = parts.entry(pixels_of[content as usize]).or_default();
        let fitting = parts.iter().copied().find(|part| !barred.contains(part));
        part_of[content as usize] = Some(fitting.unwrap_or_else(|| {
            parts.push(content);
            content
        }));
    }
    (0..)
        .zip(part_of)
        .map(|(content, part)| part.unwrap_or(content))
        .collect()
}

fn standings<'a>(analysed: &Analysed<'a>, pixels_of: &[u32]) -> Vec<Standing<'a>> {
    let mut has_lossy = vec![false; pixels_of.len()];
    for (content, &pixels) in analysed.distinct.contents.iter().zip(pixels_of) {
        has_lossy[pixels as usize] |= !content.format.is_lossless();
    }
    let of_photo = analysed.distinct.of_photo.iter();
    analysed
        .photos
        .iter()
        .zip(of_photo)
        .map(|(photo, &content)| Standing {
            photo,
            made_from_lossy: photo.content.format.is_lossless()
                && has_lossy[pixels_of[content as usize] as usize],
        })
        .collect()
}

/// Contents of equal pixels, numbered best first.
struct Classes {
    /// The class of each content.
    of_content: Vec<u32>,
    /// The best photo of each class.
    best_photo: Vec<u32>,
    /// The best photo of each content.
    best_of_content: Vec<u32>,
}

impl Classes {
    fn number(analysed: &Analysed<'_>, pixels_of: &[u32], best_first: &[u32]) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let mut class_of_pixels = vec![UNSEEN; pixels_of.len()];
        let mut best_of_content = vec![UNSEEN; pixels_of.len()];
        let mut best_photo = Vec::new();
        for &photo in best_first {
            let content = analysed.distinct.of_photo[photo as usize] as usize;
            if best_of_content[content] == UNSEEN {
                best_of_content[content] = photo;
            }
            let class = &mut class_of_pixels[pixels_of[content] as usize];
            if *class == UNSEEN {
                *class = index_u32(best_photo.len());
                best_photo.push(photo);
            }
        }
        Self {
            of_content: pixels_of
                .iter()
                .map(|&pixels| class_of_pixels[pixels as usize])
                .collect(),
            best_photo,
            best_of_content,
        }
    }
}

/// The share of a better photo, plain areas not counted, that a worse one may leave out and
/// still be kept in its place.
const MOST_LEFT_OUT: f32 = 0.2;

/// A same-shot verdict between two classes.
struct ClassLink {
    verdict: Verdict,
    /// Whether the worse one shows nearly all of the better one's picture.
    shows_all: bool,
    /// Whether the better one, and the worse one, has a border or a screen around the picture.
    surrounded: [bool; 2],
}

/// The strongest same-shot verdict between any two classes.
struct ClassLinks {
    /// (better class, worse class, verdict), by the pair.
    by_pair: Vec<(u32, u32, ClassLink)>,
    /// (lower content, higher content, cosine) of contents with equal pixels, by the pair.
    equal: Vec<(u32, u32, Cosine)>,
}

impl ClassLinks {
    fn collect(analysed: &Analysed<'_>, classes: &Classes, weakest: Evidence) -> Self {
        let mut by_pair = Vec::new();
        let mut equal = Vec::new();
        for &(a, b, verdict) in analysed.verdicts {
            let (x, y) = (
                classes.of_content[a as usize],
                classes.of_content[b as usize],
            );
            if x == y {
                equal.push((a.min(b), a.max(b), verdict.numbers.cosine));
            } else if verdict.evidence == Some(Evidence::SameShot) && weakest >= Evidence::SameShot
            {
                let [of_first, of_second] = verdict
                    .pixels
                    .alignment
                    .map_or([0.0; 2], |alignment| alignment.coverage);
                let (of_better, of_worse) = if x < y {
                    (of_first, of_second)
                } else {
                    (of_second, of_first)
                };
                let left_out = if of_better < of_worse {
                    verdict.pixels.left_out
                } else {
                    1.0 - of_better
                };
                let shows_all = left_out <= MOST_LEFT_OUT;
                let [first, second] = verdict.pixels.surrounded();
                let surrounded = if x < y {
                    [first, second]
                } else {
                    [second, first]
                };
                let link = ClassLink {
                    verdict,
                    shows_all,
                    surrounded,
                };
                by_pair.push((x.min(y), x.max(y), link));
            }
        }
        by_pair.sort_by(|(a, b, v), (c, d, w)| {
            (a, b)
                .cmp(&(c, d))
                .then(v.verdict.closest_first(&w.verdict))
        });
        by_pair.dedup_by_key(|(a, b, _)| (*a, *b));
        equal.sort_by_key(|&(a, b, _)| (a, b));
        Self { by_pair, equal }
    }

    /// The better of two leads. The worse one may, too, if it shows nearly all of the better
    /// one: a frame has pixels, and makes a picture larger, but no better.
    fn directed(&self) -> impl Iterator<Item = stars::Link> {
        self.by_pair
            .iter()
            .map(|(better, worse, link)| stars::Link {
                ends: (*better, *worse),
                may_lead: (true, link.shows_all),
            })
    }

    fn link(&self, a: u32, b: u32) -> Option<&ClassLink> {
        let pair = (a.min(b), a.max(b));
        self.by_pair
            .binary_search_by_key(&pair, |&(a, b, _)| (a, b))
            .ok()
            .map(|at| &self.by_pair[at].2)
    }

    fn between(&self, a: u32, b: u32) -> Option<&Verdict> {
        self.link(a, b).map(|link| &link.verdict)
    }

    /// Whether `a` has a border or a screen around the picture that `b` is.
    fn is_surrounded(&self, a: u32, b: u32) -> bool {
        self.link(a, b)
            .is_some_and(|link| link.surrounded[usize::from(a > b)])
    }

    fn equal_cosine(&self, a: u32, b: u32) -> Option<Cosine> {
        let pair = (a.min(b), a.max(b));
        self.equal
            .binary_search_by_key(&pair, |&(a, b, _)| (a, b))
            .ok()
            .map(|at| self.equal[at].2)
    }
}

/// Says of each photo of a shot what it is a copy of and what to do with it.
struct Judge<'a> {
    analysed: &'a Analysed<'a>,
    settings: &'a GroupSettings,
    standings: &'a [Standing<'a>],
    classes: &'a Classes,
    links: &'a ClassLinks,
}

impl Judge<'_> {
    /// The members of a shot from its photos, best first.
    fn members(&self, photos: &[u32]) -> Arc<[Member]> {
        photos
            .iter()
            .map(|&photo| match photos.first() {
                Some(&keeper) if keeper != photo => self.copy(photo, keeper),
                _ => self.keeper(photo, photos),
            })
            .collect()
    }

    fn keeper(&self, photo: u32, photos: &[u32]) -> Member {
        // Against equal pixels only name and age speak; the best of the others says more.
        let class = self.class(photo);
        let second = photos
            .iter()
            .find(|&&other| self.class(other) != class)
            .or(photos.get(1));
        Member {
            photo: PhotoId(photo),
            copy_of: None,
            evidence: None,
            cosine: None,
            verdict: MemberVerdict::Keep,
            reasons: second
                .map(|&second| self.better(photo, second))
                .into_iter()
                .collect(),
        }
    }

    fn copy(&self, photo: u32, keeper: u32) -> Member {
        let content = self.content(photo);
        let class = self.class(photo);
        let of_content = self.classes.best_of_content[content as usize];
        let of_class = self.classes.best_photo[class as usize];
        let (copy_of, evidence, cosine, words) = if of_content != photo {
            (of_content, Evidence::IdenticalFile, Some(Cosine(1.0)), None)
        } else if of_class != photo {
            let cosine = self.links.equal_cosine(content, self.content(of_class));
            (of_class, Evidence::IdenticalPixels, cosine, None)
        } else {
            let verdict = self.links.between(class, self.class(keeper));
            let cosine = verdict.map(|verdict| verdict.numbers.cosine);
            (
                keeper,
                Evidence::SameShot,
                cosine,
                verdict.map(Verdict::reason),
            )
        };
        let mut reasons = vec![words.unwrap_or_else(|| evidence.words().to_owned())];
        let (own, kept) = (self.standing(photo), self.standing(keeper));
        let mut merits = own.merits_over(kept);
        if self.links.is_surrounded(self.class(keeper), class) {
            merits.push("the picture alone, with nothing around it".to_owned());
        }
        let verdict = if self.settings.keep.is_protected(&own.photo.path) {
            reasons.push("in a protected folder".to_owned());
            MemberVerdict::Keep
        } else if self.settings.keep.compare(own, kept).is_lt()
            || evidence == Evidence::SameShot && !merits.is_empty()
        {
            MemberVerdict::Review
        } else {
            MemberVerdict::Remove
        };
        let other = self.standing(copy_of);
        reasons.push(if self.settings.keep.compare(own, other).is_lt() {
            format!(
                "all copies match the other one, but this one has {}",
                self.better(photo, copy_of)
            )
        } else {
            format!("the better one has {}", self.better(copy_of, photo))
        });
        reasons.extend(
            merits
                .into_iter()
                .map(|merit| format!("but this one has {merit}")),
        );
        Member {
            photo: PhotoId(photo),
            copy_of: Some(PhotoId(copy_of)),
            evidence: Some(evidence),
            cosine,
            verdict,
            reasons,
        }
    }

    fn better(&self, better: u32, worse: u32) -> String {
        self.settings
            .keep
            .reason(self.standing(better), self.standing(worse))
    }

    fn standing(&self, photo: u32) -> &Standing<'_> {
        &self.standings[photo as usize]
    }

    fn content(&self, photo: u32) -> u32 {
        self.analysed.distinct.of_photo[photo as usize]
    }

    fn class(&self, photo: u32) -> u32 {
        self.classes.of_content[self.content(photo) as usize]
    }
}
