//! Bounded clusters: stars that grow strongest link first and never chain.
//!
//! A cluster is a *star*: it has a centre that is linked directly to every other member. Links
//! are taken strongest first, and two stars become one as soon as one node is linked to every
//! node of both. It is agglomerative clustering with a linkage between single linkage, which
//! chains, and complete linkage, which tears real groups apart because one weak pair is
//! missing; the centre of facility-location clustering bounds it.
//!
//! Nodes that must be kept apart never share a star: a merge that would bring them together does
//! not take place.
//!
//! Three properties follow, and the tests hold them:
//! - **bounded**: whatever is cut off at a strength, every member has a link to its centre at
//!   least that strong;
//! - **nested**: a stronger cut only splits clusters, because merging never undoes anything;
//!   so one run is enough for every cut, and a cut is a replay of the [`Event`]s up to it;
//! - **one answer**: nodes are numbered by rank (0 is the best photo), so the result does not
//!   depend on the order in which photos or links came.
//!
//! A merge can only become possible through a new link, never through another merge: a node
//! that is linked to all of a merged star was linked to all of either part before. So only
//! the two ends of the new link are looked at, and with the smaller part renamed at each merge
//! (weighted union) the whole run is O(links log nodes) but for dense clusters' recentring.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::atomic::{AtomicBool, Ordering};

use super::apart::Apart;
use super::{MatchError, index_u32};

/// Two nodes that belong together, and which of them may be the centre of a star with the other
/// in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) ends: (u32, u32),
    /// Whether the first, and whether the second may lead.
    pub(super) may_lead: (bool, bool),
}

impl Link {
    /// A link whose ends may both lead.
    pub(super) fn mutual(a: u32, b: u32) -> Self {
        Self {
            ends: (a, b),
            may_lead: (true, true),
        }
    }
}

/// Two stars became one, or a star got a better centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The index of the link that made it possible.
    pub(super) link: u32,
    /// A node of either star; twice the same where only the centre changed.
    pub(super) joined: (u32, u32),
    /// The centre from now on.
    pub(super) centre: u32,
}

/// Grows stars over `nodes` nodes from `links`, which come strongest first, each pair once.
///
/// # Errors
/// [`MatchError::Cancelled`] if `cancel` is set.
pub(super) fn grow(
    nodes: usize,
    links: impl Iterator<Item = Link>,
    apart: &Apart,
    cancel: &AtomicBool,
) -> Result<Vec<Event>, MatchError> {
    let mut state = Growing::new(nodes, apart);
    for (index, link) in links.enumerate() {
        if index % 1024 == 0 && cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        state.add_link(index_u32(index), link);
    }
    Ok(state.events)
}

/// The centre of every node's star after the events of the first `links` links.
pub(super) fn centres(nodes: usize, events: &[Event], links: usize) -> Vec<u32> {
    let mut parents: Vec<u32> = (0..index_u32(nodes)).collect();
    let mut centre = parents.clone();
    for event in events {
        if event.link as usize >= links {
            break;
        }
        let a = find(&mut parents, event.joined.0);
        let b = find(&mut parents, event.joined.1);
        parents[b as usize] = a;
        centre[a as usize] = event.centre;
    }
    (0..index_u32(nodes))
        .map(|node| centre[find(&mut parents, node) as usize])
        .collect()
}

/// Parts `nodes` nodes into stars, the largest first: the centre of every node's star.
///
/// The centre of the next star is the node that may lead most of those that are left, the
/// better of several; with all of these it is set aside. That is the greedy algorithm for set
/// cover (Chvátal, *A Greedy Heuristic for the Set-Covering Problem*, 1979). Unlike [`grow`] it
/// has no order of strength and cannot be cut, but one node that has little in common with the
/// others cannot keep a large star from forming. Of two nodes that must be apart the better one
/// goes with the centre.
///
/// # Errors
/// [`MatchError::Cancelled`] if `cancel` is set.
pub(super) fn cover(
    nodes: usize,
    links: impl Iterator<Item = Link>,
    apart: &Apart,
    cancel: &AtomicBool,
) -> Result<Vec<u32>, MatchError> {
    let mut led = vec![Vec::new(); nodes];
    for link in links {
        let (u, v) = link.ends;
        for (leader, other, may_lead) in [(u, v, link.may_lead.0), (v, u, link.may_lead.1)] {
            if may_lead {
                led[leader as usize].push(other);
            }
        }
    }
    let mut centre: Vec<Option<u32>> = vec![None; nodes];
    let most = |node: u32, led: &[Vec<u32>]| (led[node as usize].len(), Reverse(node));
    let mut queue: BinaryHeap<(usize, Reverse<u32>)> =
        (0..index_u32(nodes)).map(|node| most(node, &led)).collect();
    let mut steps = 0_usize;
    while let Some((count, Reverse(node))) = queue.pop() {
        steps += 1;
        if steps.is_multiple_of(1024) && cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        if centre[node as usize].is_some() {
            continue;
        }
        // What was set aside since it was put into the queue counts no more.
        led[node as usize].retain(|&other| centre[other as usize].is_none());
        let star = if apart.is_empty() {
            Cow::Borrowed(&led[node as usize])
        } else {
            Cow::Owned(apart.compatible(node, &led[node as usize]))
        };
        if star.len() < count {
            queue.push((star.len(), Reverse(node)));
            continue;
        }
        centre[node as usize] = Some(node);
        for &other in star.iter() {
            centre[other as usize] = Some(node);
        }
    }
    Ok((0..)
        .zip(centre)
        .map(|(node, centre)| centre.unwrap_or(node))
        .collect())
}

/// The root of `node`, with its path halved on the way.
pub(super) fn find(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        let grandparent = parents[parents[node as usize] as usize];
        parents[node as usize] = grandparent;
        node = grandparent;
    }
    node
}

struct Growing {
    /// The star of each node.
    star: Vec<u32>,
    /// The nodes of each star.
    members: Vec<Vec<u32>>,
    /// The centre of each star.
    centre: Vec<u32>,
    /// The nodes that may lead each node, so far.
    leaders: Vec<Vec<u32>>,
    /// How many nodes of each star each node may lead, by star.
    links_into: Vec<Counts>,
    /// The stars that each star must be kept apart from; most have none.
    apart: BTreeMap<u32, BTreeSet<u32>>,
    events: Vec<Event>,
}

impl Growing {
    fn new(nodes: usize, apart: &Apart) -> Self {
        let mut apart_from: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (a, b) in apart.pairs() {
            apart_from.entry(a).or_default().insert(b);
        }
        let numbers: Vec<u32> = (0..index_u32(nodes)).collect();
        Self {
            star: numbers.clone(),
            members: numbers.iter().map(|&node| vec![node]).collect(),
            centre: numbers,
            leaders: vec![Vec::new(); nodes],
            links_into: vec![Counts::default(); nodes],
            apart: apart_from,
            events: Vec::new(),
        }
    }

    fn add_link(&mut self, index: u32, link: Link) {
        let (u, v) = link.ends;
        let (star_u, star_v) = (self.star[u as usize], self.star[v as usize]);
        let mut leaders = [(u, v, link.may_lead.0), (v, u, link.may_lead.1)];
        leaders.sort_unstable();
        for (node, other, _) in leaders.into_iter().filter(|&(_, _, leads)| leads) {
            self.leaders[other as usize].push(node);
            self.links_into[node as usize].add(self.star[other as usize], 1);
        }
        for (node, other, _) in leaders.into_iter().filter(|&(_, _, leads)| leads) {
            if star_u == star_v {
                self.on_link_inside(index, node);
            } else if self.may_join(node, self.star[other as usize]) {
                self.join(index, node, self.star[other as usize]);
                break;
            }
        }
    }

    /// `node` got a link into its own star: it may be a centre now, a better one, or one that
    /// reaches a whole neighbouring star.
    fn on_link_inside(&mut self, link: u32, node: u32) {
        if !self.spans(node, self.star[node as usize]) {
            return;
        }
        let star = self.star[node as usize];
        if node < self.centre[star as usize] {
            self.centre[star as usize] = node;
            self.events.push(Event {
                link,
                joined: (node, node),
                centre: node,
            });
        }
        while let Some(other) = self.links_into[node as usize]
            .0
            .iter()
            .map(|&(other, _)| other)
            .find(|&other| self.may_join(node, other))
        {
            self.join(link, node, other);
        }
    }

    /// Whether `node` may lead every other member of `star`.
    fn spans(&self, node: u32, star: u32) -> bool {
        let others =
            self.members[star as usize].len() - usize::from(self.star[node as usize] == star);
        self.links_into[node as usize].get(star) as usize == others
    }

    /// Whether `node` may be the centre of its own star and `other` together.
    fn may_join(&self, node: u32, other: u32) -> bool {
        let own = self.star[node as usize];
        own != other
            && self.spans(node, other)
            && self.spans(node, own)
            && !self
                .apart
                .get(&own)
                .is_some_and(|barred| barred.contains(&other))
    }

    /// What had to be apart from a star has to be apart from the one that it became part of.
    fn inherit_apart(&mut self, small: u32, large: u32) {
        let barred = self.apart.remove(&small).unwrap_or_default();
        for &other in &barred {
            let back = self.apart.entry(other).or_default();
            back.remove(&small);
            back.insert(large);
        }
        if !barred.is_empty() {
            self.apart.entry(large).or_default().extend(barred);
        }
    }

    fn join(&mut self, link: u32, node: u32, other: u32) {
        let own = self.star[node as usize];
        let joined = (node, self.centre[other as usize]);
        let former = [self.centre[own as usize], self.centre[other as usize]];
        let (small, large) =
            if self.members[own as usize].len() < self.members[other as usize].len() {
                (own, other)
            } else {
                (other, own)
            };
        let moving = std::mem::take(&mut self.members[small as usize]);
        for &member in &moving {
            self.star[member as usize] = large;
            for &leader in &self.leaders[member as usize] {
                let counts = &mut self.links_into[leader as usize];
                counts.remove(small, 1);
                counts.add(large, 1);
            }
        }
        self.members[large as usize].extend(moving);
        self.inherit_apart(small, large);
        let centre = former
            .into_iter()
            .filter(|&centre| self.spans(centre, large))
            .fold(node, u32::min);
        self.centre[large as usize] = centre;
        self.events.push(Event {
            link,
            joined,
            centre,
        });
    }
}

/// Small counters by star, sorted by star: most nodes are linked to a handful of stars, for
/// which a sorted list is smaller and faster than a hash map.
#[derive(Clone, Debug, Default)]
struct Counts(Vec<(u32, u32)>);

impl Counts {
    fn get(&self, star: u32) -> u32 {
        self.0
            .binary_search_by_key(&star, |&(star, _)| star)
            .map_or(0, |at| self.0[at].1)
    }

    fn add(&mut self, star: u32, count: u32) {
        match self.0.binary_search_by_key(&star, |&(star, _)| star) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (star, count)),
        }
    }

    fn remove(&mut self, star: u32, count: u32) {
        if let Ok(at) = self.0.binary_search_by_key(&star, |&(star, _)| star) {
            self.0[at].1 = self.0[at].1.saturating_sub(count);
            if self.0[at].1 == 0 {
                self.0.remove(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every node may lead.
    fn any(nodes: usize, links: &[(u32, u32)]) -> Vec<u32> {
        grown(nodes, links, |_, _| true)
    }

    /// Only the better node may lead.
    fn best(nodes: usize, links: &[(u32, u32)]) -> Vec<u32> {
        grown(nodes, links, |node, other| node < other)
    }

    fn grown(nodes: usize, links: &[(u32, u32)], may_lead: impl Fn(u32, u32) -> bool) -> Vec<u32> {
        let directed = links.iter().map(|&(a, b)| Link {
            ends: (a, b),
            may_lead: (may_lead(a, b), may_lead(b, a)),
        });
        let events = grow(nodes, directed, &Apart::default(), &AtomicBool::new(false)).unwrap();
        centres(nodes, &events, links.len())
    }

    #[test]
    fn a_chain_is_cut_where_its_ends_have_nothing_in_common() {
        // 0-1-2-3: the middle of three is a centre, four in a row have none.
        assert_eq!(any(3, &[(0, 1), (1, 2)]), [1, 1, 1]);
        assert_eq!(any(4, &[(0, 1), (1, 2), (2, 3)]), [1, 1, 1, 3]);
    }

    #[test]
    fn only_the_best_leads_where_the_best_must_lead() {
        // 1 is linked to all, but 0 is better and not linked to 2.
        assert_eq!(best(3, &[(0, 1), (1, 2)]), [0, 0, 2]);
        assert_eq!(best(3, &[(1, 2), (0, 1)]), [0, 1, 1]);
        assert_eq!(best(3, &[(1, 2), (0, 1), (0, 2)]), [0, 0, 0]);
    }

    #[test]
    fn a_worse_node_leads_if_it_may() {
        // 1 may lead the better 0, but 2 may lead nobody.
        let links = [(1, 2), (0, 1)];
        let one_leads = |node: u32, other: u32| node < other || (node, other) == (1, 0);
        assert_eq!(grown(3, &links, one_leads), [1, 1, 1]);
        assert_eq!(best(3, &links), [0, 1, 1]);
    }

    #[test]
    fn pairs_that_found_each_other_first_still_become_one_star() {
        let links = [(0, 1), (2, 3), (1, 2), (1, 3)];
        assert_eq!(any(4, &links), [1, 1, 1, 1]);
        assert_eq!(any(4, &links[..3]), [0, 0, 2, 2]);
    }

    #[test]
    fn a_better_photo_takes_the_centre_once_it_reaches_everyone() {
        let links = [(1, 2), (0, 1), (0, 2)];
        assert_eq!(any(3, &links[..2]), [1, 1, 1]);
        assert_eq!(any(3, &links), [0, 0, 0]);
    }

    #[test]
    fn a_set_cancel_flag_stops_the_growth() {
        let cancelled = AtomicBool::new(true);
        assert_eq!(
            grow(
                2,
                [Link::mutual(0, 1)].into_iter(),
                &Apart::default(),
                &cancelled
            ),
            Err(MatchError::Cancelled)
        );
    }
}
