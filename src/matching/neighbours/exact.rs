//! Every pair, by blocks of a matrix product that stay in the processor's caches.
//!
//! The product in single precision only proposes: a pair that may belong to a row's best is
//! computed again in a fixed order, so that the result does not depend on how the rows were
//! cut into blocks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

#[cfg(test)]
use super::Vectors;
use super::{Hit, Search};
use crate::matching::{Cosine, MatchError, index_u32};

/// Rows of a block: its products with one block of columns stay in the second-level cache.
const ROWS: usize = 64;
/// Columns of a block.
const COLUMNS: usize = 512;
/// More than the product's rounding error: 512 products of numbers up to 1 in single precision.
const SLACK: f32 = 1e-4;

/// The best hits of each of `rows` among all vectors, best first. Runs in the current pool.
pub(super) fn search_rows(
    search: &Search<'_>,
    rows: &[usize],
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Vec<Hit>>, MatchError> {
    let blocks: Result<Vec<_>, _> = rows
        .par_chunks(ROWS)
        .map(|block| {
            let lists = search_block(search, block)?;
            progress(block.len() as u64);
            Ok(lists)
        })
        .collect();
    Ok(blocks?.into_iter().flatten().collect())
}

fn search_block(search: &Search<'_>, rows: &[usize]) -> Result<Vec<Vec<Hit>>, MatchError> {
    let Search {
        vectors,
        floor,
        per_vector,
        cancel,
    } = search;
    let dimension = vectors.dimension;
    let gathered: Vec<f32> = rows
        .iter()
        .flat_map(|row| vectors.row(*row))
        .copied()
        .collect();
    let mut best: Vec<BinaryHeap<Reverse<Hit>>> = rows.iter().map(|_| BinaryHeap::new()).collect();
    let mut products = vec![0.0_f32; rows.len() * COLUMNS];
    for first in (0..vectors.len()).step_by(COLUMNS) {
        if cancel.load(Ordering::Relaxed) {
            return Err(MatchError::Cancelled);
        }
        let columns = COLUMNS.min(vectors.len() - first);
        let column_values = &vectors.values[first * dimension..(first + columns) * dimension];
        multiply(
            &gathered,
            column_values,
            dimension,
            &mut products[..rows.len() * columns],
        );
        for ((row, heap), products) in rows
            .iter()
            .zip(&mut best)
            .zip(products.chunks_exact(columns))
        {
            let mut least = least_wanted(heap, *floor, *per_vector);
            for (column, product) in products.iter().enumerate() {
                if *product < least || first + column == *row {
                    continue;
                }
                let hit = Hit {
                    cosine: vectors.cosine(*row, first + column),
                    row: index_u32(first + column),
                };
                if hit.cosine >= *floor {
                    heap.push(Reverse(hit));
                    if heap.len() > *per_vector {
                        heap.pop();
                    }
                    least = least_wanted(heap, *floor, *per_vector);
                }
            }
        }
    }
    Ok(best
        .into_iter()
        .map(|heap| {
            heap.into_sorted_vec()
                .into_iter()
                .map(|Reverse(hit)| hit)
                .collect()
        })
        .collect())
}

/// The lowest product that is worth a second look.
fn least_wanted(heap: &BinaryHeap<Reverse<Hit>>, floor: Cosine, per_vector: usize) -> f32 {
    match heap.peek() {
        Some(Reverse(worst)) if heap.len() >= per_vector => worst.cosine.0.max(floor.0) - SLACK,
        _ => floor.0 - SLACK,
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
