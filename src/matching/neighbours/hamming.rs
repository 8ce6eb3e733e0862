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

/// The contents by the value of each quarter of their low frequencies: one list of positions,
/// sorted by quarter and value, and where each value begins. Lists of their own for 262,144
/// values would scatter the look-ups, some 544 a content, over the memory.
struct Index {
    begins: Vec<u32>,
    positions: Vec<u32>,
    /// The low frequencies of every content, which are too dear to gather for each comparison.
    low: Vec<u64>,
}

/// Values of a quarter.
const VALUES: usize = 1 << 16;

/// The four values of a hash, as numbers of lists in [`Index`].
fn quarters(hash: u64) -> [usize; 4] {
    std::array::from_fn(|quarter| {
        quarter * VALUES + usize::try_from(hash >> (16 * quarter) & 0xffff).unwrap_or(0)
    })
}

impl Index {
    fn of(fingerprints: &[Fingerprint]) -> Self {
        let low: Vec<u64> = fingerprints
            .iter()
            .map(|fingerprint| fingerprint.hash.low_frequencies())
            .collect();
        let mut entries: Vec<(u32, u32)> = fingerprints
            .iter()
            .zip(&low)
            .enumerate()
            .filter(|(_, (fingerprint, _))| fingerprint.contrast >= LEAST_CONTRAST)
            .flat_map(|(row, (_, low))| {
                quarters(*low).map(|value| (index_u32(value), index_u32(row)))
            })
            .collect();
        entries.sort_unstable();
        let mut begins = Vec::with_capacity(4 * VALUES + 1);
        let mut position = 0;
        for value in 0..=index_u32(4 * VALUES) {
            while entries.get(position).is_some_and(|entry| entry.0 < value) {
                position += 1;
            }
            begins.push(index_u32(position));
        }
        Self {
            begins,
            positions: entries.into_iter().map(|(_, row)| row).collect(),
            low,
        }
    }

    /// The contents that have this value in this quarter.
    fn with(&self, value: usize) -> &[u32] {
        match self.begins.get(value..value + 2) {
            Some(&[begin, end]) => self
                .positions
                .get(begin as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
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
        let row = index_u32(row);
        let turned = Orientation::ALL.map(|orientation| {
            let hash = own.hash.oriented(orientation);
            (hash.low_frequencies(), hash)
        });
        let (mut hits, mut compared) = (Vec::new(), 0);
        let near_values = turned
            .iter()
            .flat_map(|(low, _)| quarters(*low))
            .flat_map(|value| {
                std::iter::once(value).chain((0..16).map(move |bit| value ^ 1 << bit))
            });
        for other in near_values.flat_map(|value| self.with(value)) {
            let position = *other as usize;
            let (Some(last), Some(low), Some(theirs)) = (
                seen.get_mut(position),
                self.low.get(position),
                fingerprints.get(position),
            ) else {
                continue;
            };
            if *last == row || *other == row {
                continue;
            }
            *last = row;
            compared += 1;
            if compared > COMPARISONS {
                return (closest(hits, per_content), true);
            }
            hits.extend(
                near_distance(&turned, *low, theirs.hash)
                    .filter(|distance| *distance <= most)
                    .map(|distance| (distance, *other)),
            );
        }
        (closest(hits, per_content), false)
    }
}

fn closest(mut hits: Vec<(u32, u32)>, count: usize) -> Vec<u32> {
    if hits.len() > count {
        hits.select_nth_unstable(count);
        hits.truncate(count);
    }
    hits.sort_unstable();
    hits.into_iter().map(|(_, other)| other).collect()
}

/// The least distance over the orientations, given with their low frequencies, in which the
/// low frequencies are within the radius.
fn near_distance(
    turned: &[(u64, PerceptualHash); 8],
    low: u64,
    other: PerceptualHash,
) -> Option<u32> {
    turned
        .iter()
        .filter(|(own, _)| (own ^ low).count_ones() <= RADIUS)
        .map(|(_, hash)| hash.distance(other))
        .min()
}

/// The definition of the search, for tests.
#[cfg(test)]
pub(super) fn brute_force(fingerprints: &[Fingerprint], most: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for (b, theirs) in fingerprints.iter().enumerate() {
        for (a, own) in fingerprints.iter().enumerate().take(b) {
            let turned = Orientation::ALL.map(|orientation| {
                let hash = own.hash.oriented(orientation);
                (hash.low_frequencies(), hash)
            });
            let low = theirs.hash.low_frequencies();
            let textured = own.contrast >= LEAST_CONTRAST && theirs.contrast >= LEAST_CONTRAST;
            if textured
                && near_distance(&turned, low, theirs.hash).is_some_and(|distance| distance <= most)
            {
                pairs.push((index_u32(a), index_u32(b)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}
