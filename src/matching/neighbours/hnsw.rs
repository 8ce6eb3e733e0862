//! Nearly all close pairs through a hierarchical navigable small world graph (Malkov and
//! Yashunin, *Efficient and Robust Approximate Nearest Neighbor Search Using Hierarchical
//! Navigable Small World Graphs*, TPAMI 2020).
//!
//! Two pitfalls. Equal vectors fill each other's neighbour lists and cut themselves off from
//! the graph, and duplicates are what this program is about: they enter it once and share the
//! hits afterwards. And an insertion by several threads gives another graph each time: the
//! graph is built in order by one thread, from the library's fixed seed, and only searched by
//! all.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use hnsw_rs::prelude::{Distance, Hnsw};
use rayon::ThreadPool;
use rayon::prelude::*;

use super::{Hit, Search};
use crate::matching::{MatchError, index_u32};

/// Neighbours kept a point and layer, and candidates looked at while building and searching:
/// recall above 0.99 on clustered vectors of 512 numbers, see `benches/neighbours.rs`.
const CONNECTIONS: usize = 24;
const LAYERS: usize = 16;
const CANDIDATES_BUILD: usize = 200;
const CANDIDATES_SEARCH: usize = 192;

/// One minus the cosine, never below zero: the graph panics on a negative distance, which
/// rounding gives for a vector and itself.
struct Dissimilarity;

impl Distance<f32> for Dissimilarity {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        // Sixteen sums at once, which the compiler turns into vector instructions; a single
        // sum has to be added up in order.
        let mut sums = [0.0_f32; 16];
        let (a_chunks, a_rest) = a.as_chunks::<16>();
        let (b_chunks, b_rest) = b.as_chunks::<16>();
        for (a, b) in a_chunks.iter().zip(b_chunks) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
        (1.0 - sums.iter().sum::<f32>() - rest).max(0.0)
    }
}

/// The best hits of every row, best first.
pub(super) fn search(
    search: &Search<'_>,
    pool: &ThreadPool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Vec<Hit>>, MatchError> {
    let Search {
        vectors,
        floor,
        per_vector,
        cancel,
    } = search;
    let twins = Twins::of(search);
    let graph = Hnsw::new(
        CONNECTIONS,
        twins.first.len().max(1),
        LAYERS,
        CANDIDATES_BUILD,
        Dissimilarity,
    );
    for (number, row) in twins.first.iter().enumerate() {
        if cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        graph.insert((vectors.row(*row as usize), number));
    }
    let wanted = per_vector + 1;
    pool.install(|| {
        (0..vectors.len())
            .into_par_iter()
            .map(|row| {
                if cancel.load(Ordering::Relaxed) {
                    return Err(MatchError::Cancelled);
                }
                let found =
                    graph.search(vectors.row(row), wanted, CANDIDATES_SEARCH.max(2 * wanted));
                let mut hits: Vec<Hit> = found
                    .iter()
                    .flat_map(|neighbour| {
                        twins
                            .of_number(neighbour.get_origin_id())
                            .iter()
                            .take(wanted)
                    })
                    .filter(|other| **other as usize != row)
                    .map(|other| Hit {
                        cosine: vectors.cosine(row, *other as usize),
                        row: *other,
                    })
                    .filter(|hit| hit.cosine >= *floor)
                    .collect();
                hits.sort_unstable_by(|a, b| b.cmp(a));
                hits.truncate(*per_vector);
                progress(1);
                Ok(hits)
            })
            .collect()
    })
}

/// Rows of equal vectors.
struct Twins {
    /// The first row of each different vector.
    first: Vec<u32>,
    /// All rows of each different vector.
    rows: Vec<Vec<u32>>,
}

impl Twins {
    fn of(search: &Search<'_>) -> Self {
        let mut numbers: HashMap<Vec<u32>, usize> = HashMap::new();
        let (mut first, mut rows) = (Vec::new(), Vec::<Vec<u32>>::new());
        for row in 0..search.vectors.len() {
            let bits = search
                .vectors
                .row(row)
                .iter()
                .map(|value| value.to_bits())
                .collect();
            let number = *numbers.entry(bits).or_insert_with(|| {
                first.push(index_u32(row));
                rows.push(Vec::new());
                rows.len() - 1
            });
            if let Some(rows) = rows.get_mut(number) {
                rows.push(index_u32(row));
            }
        }
        Self { first, rows }
    }

    fn of_number(&self, number: usize) -> &[u32] {
        self.rows.get(number).map_or(&[], Vec::as_slice)
    }
}
