//! Which contents are close: by vector, exactly or through an HNSW graph, and by hash.
//!
//! All three propose pairs and decide nothing. A cosine in the result depends on its two
//! vectors alone, to the last bit, whichever way the pair was found.

mod exact;
mod hamming;
mod hnsw;

pub use hamming::{HashCandidates, hash_candidates};

use std::cmp::Ordering;
use std::sync::atomic::AtomicBool;

use half::f16;
use rayon::ThreadPool;

use super::{Cosine, Edge, MatchError};

/// Fewer vectors than this are searched exactly.
///
/// An estimate: on two cores exact search takes 0.4 s for 5,000 vectors and some 15 s for 50,000,
/// and grows with the square, while HNSW took twenty to thirty times as long wherever it was
/// measured (`cargo bench --bench neighbours`). Exact search never misses anything.
pub const HNSW_FROM: usize = 150_000;

/// Photos whose HNSW neighbours are compared with the exact ones, in every run.
const RECALL_SAMPLE: usize = 200;

/// How neighbours are to be searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexChoice {
    /// Exactly below [`HNSW_FROM`] vectors, else with HNSW.
    #[default]
    Auto,
    /// Every pair is looked at.
    Exact,
    /// A graph finds nearly all.
    Hnsw,
}

/// How neighbours were searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexUsed {
    /// Every pair was looked at.
    Exact,
    /// Through a graph.
    Hnsw,
}

/// Vectors of length 1, one a row.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    dimension: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// From half-precision rows, all of `dimension` components; a row of another length
    /// becomes zeros, which is close to nothing.
    pub fn from_f16<'a>(
        dimension: usize,
        rows: impl IntoIterator<Item = Option<&'a [f16]>>,
    ) -> Self {
        let mut values = Vec::new();
        for row in rows {
            match row.filter(|row| row.len() == dimension) {
                Some(row) => values.extend(row.iter().map(|component| component.to_f32())),
                None => values.extend(std::iter::repeat_n(0.0, dimension)),
            }
        }
        Self {
            dimension: dimension.max(1),
            values,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One vector; empty if there is no such row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        self.values
            .get(index * self.dimension..(index + 1) * self.dimension)
            .unwrap_or_default()
    }

    /// The cosine similarity of two rows, the same from both sides and in every run.
    #[must_use]
    pub fn cosine(&self, a: usize, b: usize) -> Cosine {
        let dot: f64 = self
            .row(a)
            .iter()
            .zip(self.row(b))
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum();
        #[expect(clippy::cast_possible_truncation, reason = "a cosine needs no more")]
        let cosine = dot.clamp(-1.0, 1.0) as f32;
        Cosine(cosine)
    }
}

/// The close pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// Sorted by `(a, b)`, each pair once: cosine at or above the floor, and among the best of
    /// `a` or of `b`.
    pub edges: Vec<Edge>,
    /// How they were found.
    pub index: IndexUsed,
    /// Share, 0 to 1, of the exact neighbours of a sample that HNSW found; `None` if the
    /// search was exact.
    pub recall: Option<f64>,
}

/// The pairs of a cosine of at least `floor`, for each vector the `per_vector` closest.
/// `progress` is told of finished rows.
///
/// # Errors
/// [`MatchError::Cancelled`].
pub fn neighbours(
    vectors: &Vectors,
    floor: Cosine,
    per_vector: usize,
    choice: IndexChoice,
    pool: &ThreadPool,
    cancel: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Neighbours, MatchError> {
    let use_hnsw = match choice {
        IndexChoice::Auto => vectors.len() >= HNSW_FROM,
        IndexChoice::Exact => false,
        IndexChoice::Hnsw => true,
    };
    let search = Search {
        vectors,
        floor,
        per_vector,
        cancel,
    };
    if use_hnsw {
        let lists = hnsw::search(&search, pool, progress)?;
        let rows: Vec<usize> = sample(vectors.len()).collect();
        let exact = pool.install(|| exact::search_rows(&search, &rows))?;
        let recall = recall(&exact, &rows, &lists);
        return Ok(Neighbours {
            edges: edges(lists),
            index: IndexUsed::Hnsw,
            recall: Some(recall),
        });
    }
    let lists = pool.install(|| exact::search_all(&search, progress))?;
    Ok(Neighbours {
        edges: edges(lists),
        index: IndexUsed::Exact,
        recall: None,
    })
}

/// What both ways of searching work on.
struct Search<'a> {
    vectors: &'a Vectors,
    floor: Cosine,
    per_vector: usize,
    cancel: &'a AtomicBool,
}

/// Another row and how close it is; the greater is the better, of equals the lower position.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hit {
    cosine: Cosine,
    row: u32,
}

impl Eq for Hit {}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cosine
            .0
            .total_cmp(&other.cosine.0)
            .then(other.row.cmp(&self.row))
    }
}

/// Each pair once, from every row's list of hits.
fn edges(lists: Vec<Vec<Hit>>) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    for (row, hits) in lists.into_iter().enumerate() {
        let row = super::index_u32(row);
        edges.extend(hits.into_iter().map(|hit| Edge {
            a: row.min(hit.row),
            b: row.max(hit.row),
            cosine: hit.cosine,
        }));
    }
    edges.sort_unstable_by_key(|edge| (edge.a, edge.b));
    edges.dedup_by_key(|edge| (edge.a, edge.b));
    edges
}

/// Rows spread evenly over all.
fn sample(count: usize) -> impl Iterator<Item = usize> {
    let sampled = count.min(RECALL_SAMPLE);
    (0..sampled).map(move |index| index * count / sampled.max(1))
}

/// Share of the exact hits of `rows` that the other search found as well. A hit as close as
/// the last one found is no miss: it lost a tie.
fn recall(exact: &[Vec<Hit>], rows: &[usize], found: &[Vec<Hit>]) -> f64 {
    let (mut hits, mut all) = (0_u32, 0_u32);
    for (row, exact) in rows.iter().zip(exact) {
        let Some(found) = found.get(*row) else {
            continue;
        };
        for hit in exact {
            all += 1;
            hits += u32::from(
                found
                    .iter()
                    .any(|other| other.row == hit.row || other.cosine == hit.cosine),
            );
        }
    }
    if all == 0 {
        1.0
    } else {
        f64::from(hits) / f64::from(all)
    }
}

#[cfg(test)]
mod tests;
