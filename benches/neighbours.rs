//! Exact search against HNSW on clustered vectors, as duplicates make them: time and recall.
//!
//! `cargo bench --bench neighbours` takes 5,000 and 20,000 vectors; with `-- 100000` the sizes
//! that are named.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench reports and fails loudly"
)]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use half::f16;
use twinlens::matching::Cosine;
use twinlens::matching::neighbours::{IndexChoice, Vectors, neighbours};

/// Groups of one to six near-equal vectors of 512 numbers around a common direction, so that
/// strangers have a cosine of about 0.1.
fn clustered(count: usize) -> Vectors {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let mut rows: Vec<Vec<f16>> = Vec::with_capacity(count);
    let (mut centre, mut left) = (Vec::new(), 0_u32);
    while rows.len() < count {
        if left == 0 {
            centre = (0..512).map(|_| next() + 0.2).collect::<Vec<f32>>();
            left = 1 + (next().abs() * 6.0) as u32;
        }
        left -= 1;
        let row: Vec<f32> = centre.iter().map(|x| x + 0.25 * next()).collect();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        rows.push(row.iter().map(|x| f16::from_f32(x / length)).collect());
    }
    Vectors::from_f16(512, rows.iter().map(|row| Some(row.as_slice())))
}

fn main() {
    let named: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    for count in if named.is_empty() {
        vec![5_000, 20_000]
    } else {
        named
    } {
        let vectors = clustered(count);
        let time = |choice| {
            let begun = Instant::now();
            let found = neighbours(
                &vectors,
                Cosine(0.18),
                32,
                choice,
                &pool,
                &AtomicBool::new(false),
                &|_| (),
            )
            .unwrap();
            (begun.elapsed().as_secs_f64(), found)
        };
        let (exact, reference) = time(IndexChoice::Exact);
        let (hnsw, found) = time(IndexChoice::Hnsw);
        println!(
            "{count:>7} vectors, {threads} threads: exact {exact:.2} s, HNSW {hnsw:.2} s ({:.1} times), recall {:.4}, {} edges",
            hnsw / exact,
            found.recall.unwrap(),
            reference.edges.len()
        );
    }
}
