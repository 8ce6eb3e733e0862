//! Every pair, by blocks of a matrix product that stay in the processor's caches.
//!
//! The product in single precision only proposes: a pair that may belong to a row's best is
//! computed again in a fixed order, so that the result does not depend on how the rows were
//! cut into blocks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

#[cfg(test)]
use super::Vectors;
use super::{Hit, Search};
use crate::matching::{Cosine, MatchError, index_u32};

/// Rows of a block: its products with one tile's columns stay in the second-level cache.
const ROWS: usize = 64;
/// Columns of a block, and vectors of a tile.
const COLUMNS: usize = 512;
/// More than the product's rounding error: 512 products of numbers up to 1 in single precision.
const SLACK: f32 = 1e-4;

/// The best hits of every vector, best first. Runs in the current pool.
///
/// A product belongs to both of its rows, so only the tiles on and above the diagonal are
/// computed. Those next to the diagonal come first: photos of one folder resemble each other, and
/// once the lists are full of close ones, nearly everything else is passed over.
pub(super) fn search_all(
    search: &Search<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Vec<Hit>>, MatchError> {
    let count = search.vectors.len();
    let tiles = count.div_ceil(COLUMNS);
    let lists: Vec<Mutex<Vec<Best>>> = (0..tiles)
        .map(|tile| {
            let rows = COLUMNS.min(count - tile * COLUMNS);
            Mutex::new((0..rows).map(|_| Best::new(search)).collect())
        })
        .collect();
    let pairs: Vec<(usize, usize)> = (0..tiles)
        .flat_map(|apart| (0..tiles - apart).map(move |tile| (tile, tile + apart)))
        .collect();
    let done = AtomicUsize::new(0);
    pairs.par_iter().try_for_each(|&(upper, lower)| {
        search_tile(search, &lists, upper, lower)?;
        let before = done.fetch_add(1, Ordering::Relaxed);
        let rows = |done: usize| (count * done / pairs.len()) as u64;
        progress(rows(before + 1) - rows(before));
        Ok(())
    })?;
    Ok(lists
        .into_iter()
        .flat_map(|tile| tile.into_inner().unwrap_or_else(PoisonError::into_inner))
        .map(Best::into_sorted)
        .collect())
}

/// Offers the products of two tiles of vectors to the lists of both.
fn search_tile(
    search: &Search<'_>,
    lists: &[Mutex<Vec<Best>>],
    upper: usize,
    lower: usize,
) -> Result<(), MatchError> {
    let vectors = search.vectors;
    let dimension = vectors.dimension;
    let range = |tile: usize| tile * COLUMNS..vectors.len().min((tile + 1) * COLUMNS);
    let columns = range(lower);
    let column_values = &vectors.values[columns.start * dimension..columns.end * dimension];
    let mut products = vec![0.0_f32; ROWS * columns.len()];
    for first in range(upper).step_by(ROWS) {
        if search.cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        let rows = first..range(upper).end.min(first + ROWS);
        let products = &mut products[..rows.len() * columns.len()];
        let row_values = &vectors.values[rows.start * dimension..rows.end * dimension];
        multiply(row_values, column_values, dimension, products);
        // Locked in the order of the tiles, and for a small part of the time of the product.
        let mut of_rows = lists[upper].lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_columns =
            (upper != lower).then(|| lists[lower].lock().unwrap_or_else(PoisonError::into_inner));
        for (row, products) in rows.zip(products.chunks_exact(columns.len())) {
            // On the diagonal each pair is met twice; the first time will do.
            let skipped = if upper == lower {
                row + 1 - columns.start
            } else {
                0
            };
            for (at, &product) in products.iter().enumerate().skip(skipped) {
                let own = row - upper * COLUMNS;
                let other = match &of_columns {
                    Some(of_columns) => &of_columns[at],
                    None => &of_rows[at],
                };
                if product < of_rows[own].least && product < other.least {
                    continue;
                }
                let column = columns.start + at;
                let cosine = vectors.cosine(row, column);
                of_rows[own].offer(search, cosine, column);
                match &mut of_columns {
                    Some(of_columns) => of_columns[at].offer(search, cosine, row),
                    None => of_rows[at].offer(search, cosine, row),
                }
            }
        }
    }
    Ok(())
}

/// The best hits of each of `rows` among all vectors, best first. Runs in the current pool.
pub(super) fn search_rows(
    search: &Search<'_>,
    rows: &[usize],
) -> Result<Vec<Vec<Hit>>, MatchError> {
    let blocks: Result<Vec<_>, _> = rows
        .par_chunks(ROWS)
        .map(|block| search_block(search, block))
        .collect();
    Ok(blocks?.into_iter().flatten().collect())
}

fn search_block(search: &Search<'_>, rows: &[usize]) -> Result<Vec<Vec<Hit>>, MatchError> {
    let vectors = search.vectors;
    let dimension = vectors.dimension;
    let gathered: Vec<f32> = rows
        .iter()
        .flat_map(|row| vectors.row(*row))
        .copied()
        .collect();
    let mut lists: Vec<Best> = rows.iter().map(|_| Best::new(search)).collect();
    let mut products = vec![0.0_f32; rows.len() * COLUMNS];
    for first in (0..vectors.len()).step_by(COLUMNS) {
        if search.cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        let columns = COLUMNS.min(vectors.len() - first);
        let column_values = &vectors.values[first * dimension..(first + columns) * dimension];
        let products = &mut products[..rows.len() * columns];
        multiply(&gathered, column_values, dimension, products);
        let products = products.chunks_exact(columns);
        for ((&row, list), products) in rows.iter().zip(&mut lists).zip(products) {
            for (column, &product) in (first..).zip(products) {
                if product >= list.least && column != row {
                    list.offer(search, vectors.cosine(row, column), column);
                }
            }
        }
    }
    Ok(lists.into_iter().map(Best::into_sorted).collect())
}

/// The best hits of a row so far.
struct Best {
    heap: BinaryHeap<Reverse<Hit>>,
    /// The lowest product that is worth a second look.
    least: f32,
}

impl Best {
    fn new(search: &Search<'_>) -> Self {
        Self {
            heap: BinaryHeap::new(),
            least: search.floor.0 - SLACK,
        }
    }

    fn offer(&mut self, search: &Search<'_>, cosine: Cosine, other: usize) {
        if cosine < search.floor {
            return;
        }
        self.heap.push(Reverse(Hit {
            cosine,
            row: index_u32(other),
        }));
        if self.heap.len() > search.per_vector {
            self.heap.pop();
        }
        if self.heap.len() >= search.per_vector
            && let Some(Reverse(worst)) = self.heap.peek()
        {
            self.least = worst.cosine.0.max(search.floor.0) - SLACK;
        }
    }

    fn into_sorted(self) -> Vec<Hit> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Reverse(hit)| hit).collect()
    }
}

/// `products[r][c] = rows[r] . columns[c]`.
#[expect(unsafe_code, reason = "the matrix product's interface is raw pointers")]
fn multiply(rows: &[f32], columns: &[f32], dimension: usize, products: &mut [f32]) {
    let (row_count, column_count) = (rows.len() / dimension, columns.len() / dimension);
    assert!(rows.len() == row_count * dimension && columns.len() == column_count * dimension);
    assert!(products.len() == row_count * column_count);
    let stride = |length: usize| isize::try_from(length).unwrap_or(isize::MAX);
    // SAFETY: the three buffers are as long as the asserted shapes say, with rows `dimension`
    // (the columns transposed by swapping their strides) and `column_count` apart, and only
    // `products`, which nothing else borrows, is written to.
    unsafe {
        matrixmultiply::sgemm(
            row_count,
            dimension,
            column_count,
            1.0,
            rows.as_ptr(),
            stride(dimension),
            1,
            columns.as_ptr(),
            1,
            stride(dimension),
            0.0,
            products.as_mut_ptr(),
            stride(column_count),
            1,
        );
    }
}

/// The definition of the search, for tests.
#[cfg(test)]
pub(super) fn brute_force(
    vectors: &Vectors,
    row: usize,
    floor: Cosine,
    per_vector: usize,
) -> Vec<Hit> {
    let mut hits: Vec<Hit> = (0..vectors.len())
        .filter(|other| *other != row)
        .map(|other| Hit {
            cosine: vectors.cosine(row, other),
            row: index_u32(other),
        })
        .filter(|hit| hit.cosine >= floor)
        .collect();
    hits.sort_unstable_by(|a, b| b.cmp(a));
    hits.truncate(per_vector);
    hits
}
