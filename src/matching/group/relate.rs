//! Shots to groups: what relates two shots, in the order of strength, cut anywhere.
//!
//! Between two shots the strongest relation of any two of their photos counts: a verified
//! burst, then a same-shot verdict that did not make one shot of them (their keepers differ),
//! then the cosine. The first two hold at every similarity.

use std::cmp::Ordering;
use std::sync::atomic::AtomicBool;

use super::Analysed;
use crate::matching::stars::{self, Centre, Event};
use crate::matching::{Cosine, Evidence, MatchError, Verdict, index_u32};

/// What relates shots, strongest first, and the groups that grow from it.
#[derive(Clone, Debug)]
pub(super) struct Relations {
    shots: usize,
    /// Strongest first.
    links: Vec<Link>,
    /// Positions in `links`, by the pair of shots.
    by_pair: Vec<u32>,
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
    Cosine,
}

impl Kind {
    fn strength(self) -> u8 {
        match self {
            Self::Burst(_) => 0,
            Self::SameShot(_) => 1,
            Self::Cosine => 2,
        }
    }
}

impl Link {
    fn order(&self, other: &Self) -> Ordering {
        self.kind
            .strength()
            .cmp(&other.kind.strength())
            .then(other.cosine.total_cmp(&self.cosine))
    }

    fn verdict<'a>(&self, verdicts: &'a [Verdict]) -> Option<&'a Verdict> {
        match self.kind {
            Kind::Burst(at) | Kind::SameShot(at) => verdicts.get(at as usize),
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
            (Some(verdict), _) if self.evidence == Evidence::Burst => verdict.reason(),
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
        cancel: &AtomicBool,
    ) -> Result<Self, MatchError> {
        let mut verdicts = Vec::new();
        let mut links = collect(analysed, shot_of_content, weakest, &mut verdicts);
        let closest = |x: &Link, y: &Link| match (x.verdict(&verdicts), y.verdict(&verdicts)) {
            (Some(x), Some(y)) => x.closest_first(y),
            _ => Ordering::Equal,
        };
        links.sort_unstable_by(|x, y| {
            let pair = (x.a, x.b).cmp(&(y.a, y.b));
            pair.then(x.order(y)).then_with(|| closest(x, y))
        });
        links.dedup_by_key(|link| (link.a, link.b));
        links.sort_by(Link::order);
        let mut by_pair: Vec<u32> = (0..index_u32(links.len())).collect();
        by_pair.sort_unstable_by_key(|&at| (links[at as usize].a, links[at as usize].b));
        let pairs = links.iter().map(|link| (link.a, link.b));
        let events = stars::grow(shots, pairs, Centre::Any, cancel)?;
        Ok(Self {
            shots,
            links,
            by_pair,
            verdicts,
            events,
        })
    }

    /// The shots of each group at a similarity, its first shot in front, the others in order
    /// of rank.
    pub(super) fn cut(&self, similarity: Cosine) -> Vec<Vec<u32>> {
        let strong = self.links.partition_point(|link| {
            !matches!(link.kind, Kind::Cosine) || link.cosine >= similarity.0
        });
        let centres = stars::centres(self.shots, &self.events, strong);
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); self.shots];
        for (shot, &centre) in centres.iter().enumerate() {
            if shot == centre as usize {
                groups[shot].insert(0, centre);
            } else {
                groups[centre as usize].push(index_u32(shot));
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// What relates two shots, of which one is the first of the other's group.
    pub(super) fn between(&self, a: u32, b: u32) -> Relation<'_> {
        let pair = (a.min(b), a.max(b));
        let link = self
            .by_pair
            .binary_search_by_key(&pair, |&at| {
                let link = &self.links[at as usize];
                (link.a, link.b)
            })
            .ok()
            .map(|at| self.links[self.by_pair[at] as usize]);
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
            Some(Evidence::Similar) if weakest >= Evidence::Similar => Kind::Cosine,
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
