//! Shots to groups: what relates two shots, in the order of strength, cut anywhere.
//!
//! Between two shots the strongest relation of any two of their photos counts: a verified
//! burst, then a same-shot verdict that did not make one shot of them (their keepers differ),
//! then one scene seen in the pixels, then the cosine. All but the last hold at every
//! similarity.

use std::cmp::Ordering;
use std::sync::atomic::AtomicBool;

use super::Analysed;
use crate::matching::apart::Apart;
use crate::matching::stars::{self, Event};
use crate::matching::{Cosine, Evidence, MatchError, Verdict, index_u32};

/// What relates shots, strongest first, and the groups that grow from it.
#[derive(Clone, Debug)]
pub(super) struct Relations {
    shots: usize,
    /// By the pair of shots.
    links: Vec<Link>,
    /// Positions in `links`, the strongest first.
    strongest_first: Vec<u32>,
    /// The verdicts that links of kinds other than cosine rest on.
    verdicts: Vec<Verdict>,
    events: Vec<Event>,
}

/// The strongest relation of two shots.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// The better shot.
    a: u32,
    /// The other.
    b: u32,
    kind: Kind,
    cosine: f32,
}

/// Ordered by strength; verdicts by their position.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Burst(u32),
    SameShot(u32),
    Scene(u32),
    Cosine,
}

impl Kind {
    fn strength(self) -> u8 {
        match self {
            Self::Burst(_) => 0,
            Self::SameShot(_) => 1,
            Self::Scene(_) => 2,
            Self::Cosine => 3,
        }
    }
}

impl Link {
    /// Both shots in one number, which sorts faster than two.
    fn pair(&self) -> u64 {
        u64::from(self.a) << 32 | u64::from(self.b)
    }

    /// Smaller for the stronger: by kind, then by cosine downwards.
    fn weakness(&self) -> u64 {
        // The bits of floats order like `f32::total_cmp` once the sign is taken care of.
        let bits = self.cosine.to_bits();
        let ascending = if bits >> 31 == 1 {
            !bits
        } else {
            bits | 1 << 31
        };
        u64::from(self.kind.strength()) << 32 | u64::from(!ascending)
    }

    fn verdict<'a>(&self, verdicts: &'a [Verdict]) -> Option<&'a Verdict> {
        match self.kind {
            Kind::Burst(at) | Kind::SameShot(at) | Kind::Scene(at) => verdicts.get(at as usize),
            Kind::Cosine => None,
        }
    }
}

/// How a shot is related to its group's first.
pub(super) struct Relation<'a> {
    pub(super) evidence: Evidence,
    pub(super) cosine: Option<Cosine>,
    verdict: Option<&'a Verdict>,
}

impl Relation<'_> {
    /// Stronger first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let cosine = |relation: &Self| relation.cosine.map_or(-1.0, |cosine| cosine.0);
        self.evidence
            .cmp(&other.evidence)
            .then(cosine(other).total_cmp(&cosine(self)))
    }

    /// One sentence for a person.
    pub(super) fn reason(&self) -> String {
        match (self.verdict, self.cosine) {
            (Some(verdict), _) if verdict.evidence == Some(self.evidence) => verdict.reason(),
            (Some(verdict), _) => format!(
                "similar: copies of both look like one shot, but not the kept ones ({})",
                verdict.reason()
            ),
            (None, Some(cosine)) => format!("similar: embedding {:.2}", cosine.0),
            (None, None) => "similar".to_owned(),
        }
    }
}

impl Relations {
    pub(super) fn build(
        analysed: &Analysed<'_>,
        shot_of_content: &[u32],
        shots: usize,
        weakest: Evidence,
        apart: &Apart,
        cancel: &AtomicBool,
    ) -> Result<Self, MatchError> {
        let mut verdicts = Vec::new();
        let mut links = collect(analysed, shot_of_content, weakest, &mut verdicts);
        let closest = |x: &Link, y: &Link| match (x.verdict(&verdicts), y.verdict(&verdicts)) {
            (Some(x), Some(y)) => x.closest_first(y),
            _ => Ordering::Equal,
        };
        links.sort_unstable_by(|x, y| {
            let pair = x.pair().cmp(&y.pair());
            pair.then_with(|| x.weakness().cmp(&y.weakness()))
                .then_with(|| closest(x, y))
        });
        links.dedup_by_key(|link| link.pair());
        // Equally strong links stay in the order of their pairs, which is that of the ranks.
        let mut by_strength: Vec<(u64, u32)> = (0..)
            .zip(&links)
            .map(|(at, link)| (link.weakness(), at))
            .collect();
        by_strength.sort_unstable();
        let strongest_first: Vec<u32> = by_strength.into_iter().map(|(_, at)| at).collect();
        let pairs = strongest_first.iter().map(|&at| {
            let link = &links[at as usize];
            stars::Link::mutual(link.a, link.b)
        });
        let events = stars::grow(shots, pairs, &apart.renamed(shot_of_content), cancel)?;
        Ok(Self {
            shots,
            links,
            strongest_first,
            verdicts,
            events,
        })
    }

    /// The shots of each group at a similarity, its first shot in front, the others in order
    /// of rank. A shot alone is a group only if it `has_copies`.
    pub(super) fn cut(
        &self,
        similarity: Cosine,
        has_copies: impl Fn(u32) -> bool,
    ) -> Vec<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        let strong = self.strongest_first.partition_point(|&at| {
            let link = &self.links[at as usize];
            !matches!(link.kind, Kind::Cosine) || link.cosine >= similarity.0
        });
        let centres = stars::centres(self.shots, &self.events, strong);
        let mut group_of_centre = vec![NONE; self.shots];
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for (shot, &centre) in (0..).zip(&centres) {
            if shot == centre && !has_copies(shot) {
                continue;
            }
            let group = &mut group_of_centre[centre as usize];
            if *group == NONE {
                *group = index_u32(groups.len());
                groups.push(vec![centre]);
            }
            if shot != centre {
                groups[*group as usize].push(shot);
            }
        }
        groups
    }

    /// What relates two shots, of which one is the first of the other's group.
    pub(super) fn between(&self, a: u32, b: u32) -> Relation<'_> {
        let pair = u64::from(a.min(b)) << 32 | u64::from(a.max(b));
        let link = self
            .links
            .binary_search_by_key(&pair, Link::pair)
            .ok()
            .map(|at| self.links[at]);
        Relation {
            evidence: match link.map(|link| link.kind) {
                Some(Kind::Burst(_)) => Evidence::Burst,
                _ => Evidence::Similar,
            },
            cosine: link.map(|link| Cosine(link.cosine)),
            verdict: link.and_then(|link| link.verdict(&self.verdicts)),
        }
    }
}

/// The relations of photos in different shots that are not weaker than `weakest` and that no
/// verdict vetoes.
fn collect(
    analysed: &Analysed<'_>,
    shot_of_content: &[u32],
    weakest: Evidence,
    kept: &mut Vec<Verdict>,
) -> Vec<Link> {
    let link = |a: u32, b: u32, kind, cosine: Cosine| {
        let (a, b) = (shot_of_content[a as usize], shot_of_content[b as usize]);
        (a != b).then_some(Link {
            a: a.min(b),
            b: a.max(b),
            kind,
            cosine: cosine.0,
        })
    };
    let mut links = Vec::new();
    let mut vetoes = Vec::new();
    for &(a, b, verdict) in analysed.verdicts {
        let kind = match verdict.evidence {
            Some(Evidence::Burst) if weakest >= Evidence::Burst => {
                Kind::Burst(index_u32(kept.len()))
            }
            Some(Evidence::SameShot) if weakest >= Evidence::Similar => {
                Kind::SameShot(index_u32(kept.len()))
            }
            Some(Evidence::Similar) if weakest < Evidence::Similar => continue,
            Some(Evidence::Similar) if verdict.is_seen() => Kind::Scene(index_u32(kept.len())),
            Some(Evidence::Similar) => Kind::Cosine,
            Some(_) => continue,
            None => {
                vetoes.push((a.min(b), a.max(b)));
                continue;
            }
        };
        if let Some(link) = link(a, b, kind, verdict.numbers.cosine) {
            if !matches!(kind, Kind::Cosine) {
                kept.push(verdict);
            }
            links.push(link);
        }
    }
    if weakest >= Evidence::Similar {
        vetoes.sort_unstable();
        links.extend(
            analysed
                .edges
                .iter()
                .filter(|edge| {
                    let pair = (edge.a.min(edge.b), edge.a.max(edge.b));
                    vetoes.binary_search(&pair).is_err()
                })
                .filter_map(|edge| link(edge.a, edge.b, Kind::Cosine, edge.cosine)),
        );
    }
    links
}
