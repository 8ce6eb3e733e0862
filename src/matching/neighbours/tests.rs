//! The searches against their definitions.

use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::*;
use crate::photo::{Fingerprint, Orientation, PerceptualHash};

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
}

/// Clusters of near-equal and some equal vectors, as duplicates make them.
fn clustered(seed: u64, count: usize, dimension: usize) -> Vectors {
    let mut state = seed | 1;
    let mut next = move || {
        // Marsaglia's xorshift: reproducible, and good enough to spread points.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1 << 23) - 1.0
    };
    let mut rows: Vec<Vec<f16>> = Vec::new();
    for row in 0..count {
        let spread = if row % 7 == 3 { 0.0 } else { 0.3 };
        let raw: Vec<f64> = match rows.last().filter(|_| row % 5 != 0) {
            Some(last) => last
                .iter()
                .map(|value| value.to_f64() + spread * next() / 4.0)
                .collect(),
            None => (0..dimension).map(|_| next() + 0.2).collect(),
        };
        let length = raw.iter().map(|value| value * value).sum::<f64>().sqrt();
        rows.push(
            raw.iter()
                .map(|value| f16::from_f64(value / length))
                .collect(),
        );
    }
    Vectors::from_f16(dimension, rows.iter().map(|row| Some(row.as_slice())))
}

fn search(vectors: &Vectors, choice: IndexChoice, threads: usize, per_vector: usize) -> Neighbours {
    let cancel = AtomicBool::new(false);
    neighbours(
        vectors,
        Cosine(0.3),
        per_vector,
        choice,
        &pool(threads),
        &cancel,
        &|_| (),
    )
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn exact_search_is_what_its_definition_says(seed in 1_u64.., count in 0_usize..180, per_vector in 1_usize..9) {
        let vectors = clustered(seed, count, 19);
        let lists = (0..count).map(|row| exact::brute_force(&vectors, row, Cosine(0.3), per_vector)).collect();
        prop_assert_eq!(search(&vectors, IndexChoice::Exact, 2, per_vector).edges, edges(lists));
    }

    #[test]
    fn hash_search_is_what_its_definition_says(seeds in prop::collection::vec(any::<[u64; 4]>(), 1..12), flips in prop::collection::vec((0_usize..12, 0_usize..8, 0_u32..256, 0_u32..256), 0..40)) {
        let mut fingerprints: Vec<Fingerprint> = seeds.into_iter().map(fingerprint).collect();
        for (of, orientation, first, second) in flips {
            let of = fingerprints[of % fingerprints.len()].hash.oriented(Orientation::ALL[orientation]);
            let mut words = of.0;
            for bit in [first, second] {
                words[bit as usize / 64] ^= 1 << (bit % 64);
            }
            fingerprints.push(fingerprint(words));
        }
        let found = hash_candidates(&fingerprints, 32, usize::MAX, &pool(2), &AtomicBool::new(false)).unwrap();
        prop_assert_eq!(found.pairs, hamming::brute_force(&fingerprints, 32));
    }
}

fn fingerprint(mut words: [u64; 4]) -> Fingerprint {
    words[0] &= !1;
    Fingerprint {
        hash: PerceptualHash(words),
        contrast: 40.0,
        texture: 0.9,
        mean_rgb: [90; 3],
    }
}

#[test]
fn exact_search_joins_its_tiles_without_a_gap() {
    // Three tiles, the last one ragged.
    let (count, per_vector) = (1_100, 6);
    let vectors = clustered(9, count, 19);
    let lists = (0..count)
        .map(|row| exact::brute_force(&vectors, row, Cosine(0.3), per_vector))
        .collect();
    let found = search(&vectors, IndexChoice::Exact, 2, per_vector);
    assert_eq!(found.edges, edges(lists));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let vectors = clustered(5, 700, 64);
    for choice in [IndexChoice::Exact, IndexChoice::Hnsw] {
        assert_eq!(
            search(&vectors, choice, 1, 8),
            search(&vectors, choice, 8, 8),
            "{choice:?}"
        );
    }
}

#[test]
fn hnsw_finds_nearly_all_and_says_how_many() {
    let vectors = clustered(9, 3000, 64);
    let found = search(&vectors, IndexChoice::Hnsw, 2, 16);
    let exact = search(&vectors, IndexChoice::Exact, 2, 16);
    let missed = exact
        .edges
        .iter()
        .filter(|edge| !found.edges.contains(edge))
        .count();
    let recall = found.recall.unwrap();
    assert!(recall > 0.98, "{recall}");
    assert!(
        missed * 50 < exact.edges.len(),
        "{missed} of {}",
        exact.edges.len()
    );
    assert_eq!(exact.recall, None);
}

#[test]
fn thousands_of_equal_vectors_and_hashes_stay_bounded() {
    let row = [f16::from_f32(0.6), f16::from_f32(0.8)];
    let vectors = Vectors::from_f16(2, (0..5000).map(|_| Some(&row[..])));
    for choice in [IndexChoice::Exact, IndexChoice::Hnsw] {
        let edges = search(&vectors, choice, 2, 8).edges;
        assert!(
            edges.len() <= 8 * 5000 && edges.len() >= 4999,
            "{}",
            edges.len()
        );
    }
    let hashes = vec![fingerprint([7; 4]); 5000];
    let pairs = hash_candidates(&hashes, 32, 8, &pool(2), &AtomicBool::new(false))
        .unwrap()
        .pairs;
    assert!(pairs.len() <= 8 * 5000, "{}", pairs.len());
}

#[test]
fn a_missing_vector_is_close_to_nothing() {
    let row = [f16::from_f32(1.0), f16::from_f32(0.0)];
    let vectors = Vectors::from_f16(2, [Some(&row[..]), None, Some(&row[..1]), Some(&row[..])]);
    let edges = search(&vectors, IndexChoice::Exact, 1, 8).edges;
    assert_eq!(
        edges,
        [Edge {
            a: 0,
            b: 3,
            cosine: Cosine(1.0)
        }]
    );
}

#[test]
fn a_cancelled_search_says_so() {
    let vectors = clustered(5, 100, 8);
    for choice in [IndexChoice::Exact, IndexChoice::Hnsw] {
        let result = neighbours(
            &vectors,
            Cosine(0.3),
            8,
            choice,
            &pool(1),
            &AtomicBool::new(true),
            &|_| (),
        );
        assert_eq!(result, Err(MatchError::Cancelled));
    }
}
