//! Pairs whose perceptual hashes are close in any of the eight orientations: what turning and
//! mirroring take away from an embedding, the hash still sees.
//!
//! The index is multi-index hashing (Norouzi, Punjani and Fleet, *Fast Search in Hamming Space
//! with Multi-Index Hashing*, CVPR 2012) on the 64 lowest frequencies: of two hashes within
//! [`RADIUS`] bits at least one quarter of 16 bits differs in no more than one.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::matching::{MatchError, index_u32};
use crate::photo::{Fingerprint, Orientation, PerceptualHash};

/// Hashes that differ in at most this many of their 64 lowest frequencies are found, all of
/// them: four quarters of at most one differing bit each, and three more bits to place.
const RADIUS: u32 = 7;

/// Below this contrast a picture is flat and its hash is noise.
const LEAST_CONTRAST: f32 = 4.0;

/// No more hashes are compared for one content: only thousands of look-alikes (blank scans,
/// screens) reach it, and no answer about those is worth hours.
const COMPARISONS: usize = 20_000;

/// Pairs proposed by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashCandidates {
    /// Positions `(a, b)`, `a < b`, sorted.
    pub pairs: Vec<(u32, u32)>,
    /// Contents that had too many look-alikes to compare them all.
    pub crowded: usize,
}

/// The pairs whose 255-bit hashes differ in at most `most` bits in some orientation, for each
/// content the `per_content` closest.
///
/// # Errors
/// [`MatchError::Cancelled`].
pub fn hash_candidates(
    fingerprints: &[Fingerprint],
    most: u32,
    per_content: usize,
    pool: &ThreadPool,
    cancel: &AtomicBool,
) -> Result<HashCandidates, MatchError> {
    let index = Index::of(fingerprints);
    let found: Result<Vec<_>, _> = pool.install(|| {
        (0..fingerprints.len())
            .into_par_iter()
            .map_init(
                || vec![u32::MAX; fingerprints.len()],
                |seen, row| {
                    if cancel.load(Ordering::Relaxed) {
                        return Err(MatchError::Cancelled);
                    }
                    Ok(index.search(fingerprints, row, most, per_content, seen))
                },
            )
            .collect()
    });
    let mut candidates = HashCandidates::default();
    for (row, (others, crowded)) in found?.into_iter().enumerate() {
        let row = index_u32(row);
        candidates.pairs.extend(
            others
                .into_iter()
                .map(|other| (row.min(other), row.max(other))),
        );
        candidates.crowded += usize::from(crowded);
    }
    candidates.pairs.sort_unstable();
    candidates.pairs.dedup();
    Ok(candidates)
}

/// For each quarter and value the contents that have it.
struct Index {
    buckets: Vec<Vec<u32>>,
}

fn quarters(hash: u64) -> [usize; 4] {
    [0, 16, 32, 48].map(|shift| usize::try_from(hash >> shift & 0xffff).unwrap_or(0))
}

impl Index {
    fn of(fingerprints: &[Fingerprint]) -> Self {
        let mut buckets = vec![Vec::new(); 4 << 16];
        for (row, fingerprint) in fingerprints
            .iter()
            .enumerate()
            .filter(|(_, f)| f.contrast >= LEAST_CONTRAST)
        {
            for (quarter, value) in quarters(fingerprint.hash.low_frequencies())
                .into_iter()
                .enumerate()
            {
                if let Some(bucket) = buckets.get_mut((quarter << 16) + value) {
                    bucket.push(index_u32(row));
                }
            }
        }
        Self { buckets }
    }

    /// The closest contents to that of `row`, and whether some were left out. `seen` holds the
    /// row that a content was last compared with.
    fn search(
        &self,
        fingerprints: &[Fingerprint],
        row: usize,
        most: u32,
        per_content: usize,
        seen: &mut [u32],
    ) -> (Vec<u32>, bool) {
        let Some(own) = fingerprints
            .get(row)
            .filter(|own| own.contrast >= LEAST_CONTRAST)
        else {
            return (Vec::new(), false);
        };
        let turned = Orientation::ALL.map(|orientation| own.hash.oriented(orientation));
        let (mut hits, mut compared) = (Vec::new(), 0);
        for hash in turned {
            for (quarter, value) in quarters(hash.low_frequencies()).into_iter().enumerate() {
                for near in std::iter::once(value).chain((0..16).map(|bit| value ^ 1 << bit)) {
                    for other in self
                        .buckets
                        .get((quarter << 16) + near)
                        .into_iter()
                        .flatten()
                    {
                        let Some(last) = seen.get_mut(*other as usize) else {
                            continue;
                        };
                        if *last == index_u32(row) || *other == index_u32(row) {
                            continue;
                        }
                        *last = index_u32(row);
                        compared += 1;
                        if compared > COMPARISONS {
                            return (closest(hits, per_content), true);
                        }
                        let Some(theirs) = fingerprints.get(*other as usize) else {
                            continue;
                        };
                        if let Some(distance) =
                            near_distance(&turned, theirs.hash).filter(|d| *d <= most)
                        {
                            hits.push((distance, *other));
                        }
                    }
                }
            }
        }
        (closest(hits, per_content), false)
    }
}

fn closest(mut hits: Vec<(u32, u32)>, count: usize) -> Vec<u32> {
    hits.sort_unstable();
    hits.truncate(count);
    hits.into_iter().map(|(_, other)| other).collect()
}

/// The least distance over the orientations in which the low frequencies are within the radius.
fn near_distance(turned: &[PerceptualHash; 8], other: PerceptualHash) -> Option<u32> {
    let low = other.low_frequencies();
    turned
        .iter()
        .filter(|hash| (hash.low_frequencies() ^ low).count_ones() <= RADIUS)
        .map(|hash| hash.distance(other))
        .min()
}

/// The definition of the search, for tests.
#[cfg(test)]
pub(super) fn brute_force(fingerprints: &[Fingerprint], most: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for (b, theirs) in fingerprints.iter().enumerate() {
        for (a, own) in fingerprints.iter().enumerate().take(b) {
            let turned = Orientation::ALL.map(|orientation| own.hash.oriented(orientation));
            let textured = own.contrast >= LEAST_CONTRAST && theirs.contrast >= LEAST_CONTRAST;
            if textured
                && near_distance(&turned, theirs.hash).is_some_and(|distance| distance <= most)
            {
                pairs.push((index_u32(a), index_u32(b)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}
