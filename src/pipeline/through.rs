//! Copies of a copy: where two contents are each a copy of a third, the two are compared along
//! the alignments to it.
//!
//! A frame around a crop of a turned picture may have too little in common with the original to
//! be laid over it, while each step of the way has. Only a hypothesis is borrowed from the
//! third: the pixels of the two have to agree as any other pair's, so nothing drifts. What is
//! found may lead further, until nothing new is found.
//!
//! Each way is gone once: a verdict that was known before, and settled, has led to all that it
//! can lead to, and what it led to is asked for in the cache.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::PipelineError;
use super::compare::{Compare, Compared, Pair, recall};
use crate::library::CacheWriter;
use crate::matching::neighbours::Vectors;
use crate::matching::pixels::{self, Alignment, PixelVerdict};
use crate::matching::{Edge, Verdict};

/// Of a content with more copies than this, only the closest are looked at: they have been
/// proposed to each other already.
const MOST_COPIES: usize = 48;

/// Ways that are tried for one pair in one round.
const MOST_WAYS: usize = 3;

/// Adds to `compared` the copies that are found through others.
pub(super) fn run(
    compare: &Compare<'_>,
    vectors: &Vectors,
    compared: &mut Compared,
    writer: &mut CacheWriter,
) -> Result<(), PipelineError> {
    let mut positions: HashMap<(u32, u32), usize> = compared
        .verdicts
        .iter()
        .enumerate()
        .map(|(at, &(a, b, _))| ((a, b), at))
        .collect();
    let mut fresh = std::mem::take(&mut compared.unsettled);
    let mut followed: BTreeSet<usize> = BTreeSet::new();
    loop {
        followed.extend(&fresh);
        let ways = ways(&compared.verdicts, &positions, &fresh);
        fresh.clear();
        let pairs: Vec<Pair<'_>> = ways
            .iter()
            .filter_map(|way| {
                let cosine = vectors.cosine(way.a as usize, way.b as usize);
                let (a, b) = (way.a, way.b);
                Pair::new(compare.distinct, Edge { a, b, cosine })
            })
            .collect();
        let by_pair: HashMap<(u32, u32), &Way> =
            ways.iter().map(|way| ((way.a, way.b), way)).collect();
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for (pair, known) in pairs.iter().zip(recall(&pairs, writer)?) {
            let way = by_pair.get(&(pair.edge.a, pair.edge.b));
            // A closer look may have made less of what was found: that is known all the same.
            let is_new = !positions.contains_key(&(pair.edge.a, pair.edge.b));
            match known {
                Some((pixels, settled))
                    if pixels.is_same_shot() || is_new && pixels.alignment.is_some() =>
                {
                    found.push((pair, pixels, settled));
                }
                _ if way.is_some_and(|way| !way.through.is_empty()) => unknown.push(pair),
                _ => {}
            }
        }
        let along = |pair: &Pair<'_>, low: &_, high: &_| {
            let is_turned = pair.positions()[0] != pair.edge.a;
            let ways = by_pair.get(&(pair.edge.a, pair.edge.b));
            let routes = ways.into_iter().flat_map(|way| &way.through);
            let verdicts = routes.map(|&(there, on)| {
                let (there, on) = if is_turned {
                    (on.reversed(), there.reversed())
                } else {
                    (there, on)
                };
                pixels::compare_through(low, high, &there, &on)
            });
            verdicts.into_iter().find(PixelVerdict::is_same_shot)
        };
        compare.expect(unknown.len());
        let verdicts = compare.compare(&unknown, along, &mut compared.unreadable, writer)?;
        for (pair, pixels) in unknown.into_iter().zip(verdicts) {
            found.extend(pixels.map(|pixels| (pair, pixels, false)));
        }
        if found.is_empty() {
            break;
        }
        for (pair, pixels, settled) in found {
            let verdict = pair.verdict(pixels, compare.settings);
            let entry = (pair.edge.a, pair.edge.b, verdict);
            let at = *positions
                .entry((pair.edge.a, pair.edge.b))
                .or_insert(compared.verdicts.len());
            match compared.verdicts.get_mut(at) {
                Some(known) => *known = entry,
                None => compared.verdicts.push(entry),
            }
            if !settled && pixels.is_same_shot() {
                fresh.insert(at);
            }
        }
    }
    // Those of other folders in the cache, whose scan was interrupted, stay as they are.
    for at in followed {
        let Some(&(a, b, verdict)) = compared.verdicts.get(at) else {
            continue;
        };
        let cosine = verdict.numbers.cosine;
        if let Some(pair) = Pair::new(compare.distinct, Edge { a, b, cosine }) {
            writer.write(pair.settled())?;
        }
    }
    writer.commit()?;
    Ok(())
}

/// Two contents that are no copies of each other as far as is known here, and the alignments from
/// the first to a third and from there to the second, where one of the two is fresh.
struct Way {
    a: u32,
    b: u32,
    through: Vec<(Alignment, Alignment)>,
}

/// All pairs that are copies of a third, in order.
fn ways(
    verdicts: &[(u32, u32, Verdict)],
    positions: &HashMap<(u32, u32), usize>,
    fresh: &HashSet<usize>,
) -> Vec<Way> {
    let is_copy = |verdict: &Verdict| verdict.pixels.is_same_shot();
    let mut copies: HashMap<u32, Vec<(u32, usize)>> = HashMap::new();
    for (at, &(a, b, verdict)) in verdicts.iter().enumerate() {
        if is_copy(&verdict) {
            copies.entry(a).or_default().push((b, at));
            copies.entry(b).or_default().push((a, at));
        }
    }
    let mut middles: Vec<_> = copies.into_iter().collect();
    middles.sort_unstable_by_key(|&(middle, _)| middle);
    // From a content to the middle, as far as the verdict at `at` aligns them.
    let alignment = |from: u32, at: usize| {
        let &(a, _, verdict) = verdicts.get(at)?;
        let alignment = verdict.pixels.alignment?;
        Some(if a == from {
            alignment
        } else {
            alignment.reversed()
        })
    };
    let mut ways: HashMap<(u32, u32), Vec<(Alignment, Alignment)>> = HashMap::new();
    for (_, mut ends) in middles {
        let closeness = |at: usize| {
            verdicts
                .get(at)
                .map_or(0.0, |verdict| verdict.2.closeness())
        };
        ends.sort_by(|x, y| {
            closeness(y.1)
                .total_cmp(&closeness(x.1))
                .then(x.0.cmp(&y.0))
        });
        ends.truncate(MOST_COPIES);
        ends.sort_unstable();
        for (i, &(a, to_middle)) in ends.iter().enumerate() {
            for &(b, from_middle) in ends.iter().skip(i + 1) {
                let known = positions.get(&(a, b)).and_then(|&at| verdicts.get(at));
                if known.is_some_and(|(_, _, verdict)| is_copy(verdict)) {
                    continue;
                }
                let is_fresh = fresh.contains(&to_middle) || fresh.contains(&from_middle);
                let through = ways.entry((a, b)).or_default();
                if is_fresh
                    && through.len() < MOST_WAYS
                    && let Some(there) = alignment(a, to_middle)
                    && let Some(on) = alignment(b, from_middle)
                {
                    through.push((there, on.reversed()));
                }
            }
        }
    }
    let mut ways: Vec<Way> = ways
        .into_iter()
        .map(|((a, b), through)| Way { a, b, through })
        .collect();
    ways.sort_unstable_by_key(|way| (way.a, way.b));
    ways
}
