//! Which pairs are worth comparing by their pixels: whatever proposes a pair decides nothing.
//!
//! - **Close vectors**, up to a number a content.
//! - **Faint neighbours**: below the model's floor nothing can be said from a cosine, but the
//!   nearest few are often the next frame of a burst, which a model made for copies tells apart
//!   all too well.
//! - **Near hashes**, in any orientation: models know turned and tiny copies badly.
//! - **Moments**: photos that one camera took within seconds.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::matching::neighbours::Vectors;
use crate::matching::{Cosine, Distinct, Edge};
use crate::photo::TakenAt;

/// Neighbours a content: the bundled model needs 22 to hold 99 % of the copies of pictures
/// that it never saw.
pub(super) const NEIGHBOURS: usize = 32;

/// Neighbours below the model's floor are looked at if they are among so many nearest ones of
/// either end: three quarters of the bursts that the bundled model puts there are among 3.
const FAINT_NEIGHBOURS: usize = 8;

/// How far below the floor, as a share of the way from the floor to 1: nine of ten bursts have
/// a pair of photos above.
const FAINT: f32 = 0.12;

/// Photos of one camera are proposed to each other if taken within so many seconds...
const MOMENT_SECONDS: f64 = 10.0;

/// ...and to so many that came after.
const MOMENT_NEIGHBOURS: usize = 4;

/// The least cosine at which neighbours are worth looking for, `floor` being the model's.
pub(super) fn faint_floor(floor: Cosine) -> Cosine {
    Cosine(floor.0 - FAINT * (1.0 - floor.0))
}

/// Every proposed pair once, in order, with its cosine. `edges` reach down to the
/// [`faint_floor`] of `floor`.
pub(super) fn candidates(
    distinct: &Distinct,
    edges: &[Edge],
    floor: Cosine,
    hashed: &[(u32, u32)],
    vectors: &Vectors,
) -> Vec<Edge> {
    let mut known: HashSet<(u32, u32)> = HashSet::new();
    let mut all = Vec::new();
    for edge in without_far_faint(edges, floor) {
        if known.insert((edge.a, edge.b)) {
            all.push(edge);
        }
    }
    for (a, b) in hashed.iter().copied().chain(moments(distinct)) {
        let (a, b) = (a.min(b), a.max(b));
        if known.insert((a, b)) {
            let cosine = vectors.cosine(a as usize, b as usize);
            all.push(Edge { a, b, cosine });
        }
    }
    all.sort_unstable_by_key(|candidate| (candidate.a, candidate.b));
    all
}

/// The edges above the floor, and those below it that lead to one of the nearest few.
fn without_far_faint(edges: &[Edge], floor: Cosine) -> Vec<Edge> {
    let mut nearest_first: Vec<Edge> = edges.to_vec();
    nearest_first.sort_unstable_by(|x, y| {
        let nearer = y.cosine.0.total_cmp(&x.cosine.0);
        nearer.then((x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut met: HashMap<u32, usize> = HashMap::new();
    nearest_first.retain(|edge| {
        let mut is_near = edge.cosine >= floor;
        for end in [edge.a, edge.b] {
            let count = met.entry(end).or_default();
            is_near |= *count < FAINT_NEIGHBOURS;
            *count += 1;
        }
        is_near
    });
    nearest_first
}

/// Pairs that one camera took within [`MOMENT_SECONDS`].
fn moments(distinct: &Distinct) -> Vec<(u32, u32)> {
    let mut cameras: BTreeMap<&str, Vec<(TakenAt, u32)>> = BTreeMap::new();
    for (position, content) in (0..).zip(&distinct.contents) {
        let metadata = &content.metadata;
        if let (Some(camera), Some(taken_at)) = (metadata.camera.as_deref(), metadata.taken_at) {
            cameras
                .entry(camera)
                .or_default()
                .push((taken_at, position));
        }
    }
    let mut pairs = Vec::new();
    for photos in cameras.values_mut() {
        // By wall clock: nobody crosses a time zone within seconds.
        photos.sort_unstable_by_key(|&(taken_at, position)| (taken_at.local, position));
        for (i, &(taken_at, position)) in photos.iter().enumerate() {
            let next = photos.iter().skip(i + 1).take(MOMENT_NEIGHBOURS);
            let close = next.filter(|(other, _)| taken_at.seconds_apart(*other) <= MOMENT_SECONDS);
            pairs.extend(close.map(|&(_, other)| (position, other)));
        }
    }
    pairs
}
