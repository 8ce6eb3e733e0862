//! How long the window waits when the similarity slider moves, when two photos are declared to be
//! no duplicates, and how often: 100,000 photos with 500,000 close pairs.
//!
//! `cargo bench --bench recut`; with `-- 20000` a library of that size, with five edges a photo.
//! The aim is 16 ms a cut; building the shots anew is done off the frame.

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

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use twinlens::matching::{Cosine, Evidence, GroupSettings, KeepSettings, Shots};

/// Cuts that a hand makes with one pull from end to end.
const CUTS: usize = 41;

fn milliseconds<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let value = run();
    (value, begun.elapsed().as_secs_f64() * 1e3)
}

fn main() {
    for count in synthetic::sizes(&[100_000]) {
        let photos = synthetic::photos(count);
        let findings = synthetic::findings(&photos);
        let cancel = AtomicBool::new(false);
        let mut settings = GroupSettings {
            similarity: Cosine(0.5),
            weakest: Evidence::Similar,
            keep: KeepSettings::default(),
            not_duplicates: Vec::new(),
        };
        let build = |settings: &GroupSettings| {
            milliseconds(|| Shots::build(&findings.of(&photos), settings, &cancel).unwrap())
        };
        let (shots, first) = build(&settings);
        let declared = findings.verdicts.iter().take(100).map(|&(a, b, _)| {
            let hash = |content: u32| findings.distinct.contents[content as usize].hash;
            (hash(a), hash(b))
        });
        settings.not_duplicates = declared.collect();
        let (_, again) = build(&settings);
        let mut cuts: Vec<f64> = (0..CUTS)
            .map(|step| {
                let similarity = Cosine(step as f32 / (CUTS - 1) as f32);
                milliseconds(|| shots.groups(similarity)).1
            })
            .collect();
        cuts.sort_by(f64::total_cmp);
        println!(
            "{count} photos, {} edges, {} verdicts: a cut {:.1} ms at the median, {:.1} at worst; \
             building the shots {first:.0} ms, {again:.0} with 100 declarations; {} groups at 0.5",
            findings.edges.len(),
            findings.verdicts.len(),
            cuts[CUTS / 2],
            cuts[CUTS - 1],
            shots.groups(Cosine(0.5)).len(),
        );
    }
}
