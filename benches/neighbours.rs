//! Exact search against HNSW on clustered vectors, as duplicates make them: time and recall.
//!
//! `cargo bench --bench neighbours` takes 5,000 and 20,000 vectors; with `-- 100000` the sizes
//! that are named. What decides `HNSW_FROM` is the size at which the ratio of the times falls
//! below 1.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod synthetic;

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use twinlens::embed::bundled;
use twinlens::matching::Cosine;
use twinlens::matching::neighbours::{IndexChoice, Vectors, neighbours};

/// As many as the pipeline asks for.
const NEIGHBOURS: usize = 32;

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let floor = Cosine(bundled::record().similarity_floor);
    for count in synthetic::sizes(&[5_000, 20_000]) {
        let rows = synthetic::clustered(count);
        let vectors = Vectors::from_f16(512, rows.iter().map(|row| Some(row.as_slice())));
        drop(rows);
        let time = |choice| {
            let begun = Instant::now();
            let cancel = AtomicBool::new(false);
            let found =
                neighbours(&vectors, floor, NEIGHBOURS, choice, &pool, &cancel, &|_| ()).unwrap();
            (begun.elapsed().as_secs_f64(), found)
        };
        let (exact, reference) = time(IndexChoice::Exact);
        let (hnsw, found) = time(IndexChoice::Hnsw);
        // Strangers above the floor are many and do not matter; copies must not be missed.
        let pairs: HashSet<_> = found.edges.iter().map(|edge| (edge.a, edge.b)).collect();
        let recall = |from: f32| {
            let wanted = reference.edges.iter().filter(|edge| edge.cosine.0 >= from);
            let (all, hit) = wanted.fold((0_u64, 0_u64), |(all, hit), edge| {
                (all + 1, hit + u64::from(pairs.contains(&(edge.a, edge.b))))
            });
            hit as f64 / all.max(1) as f64
        };
        println!(
            "{count:>7} vectors, {threads} threads: exact {exact:.2} s, HNSW {hnsw:.2} s (ratio {:.2}); of {} exact pairs HNSW finds {:.4}, of those at 0.65 or more {:.4}; on its own sample it says {:.4}",
            hnsw / exact,
            reference.edges.len(),
            recall(floor.0),
            recall(0.65),
            found.recall.unwrap(),
        );
    }
}
