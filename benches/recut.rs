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

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use twinlens::matching::pixels::PixelVerdict;
use twinlens::matching::{
    Cosine, Distinct, Edge, Evidence, Findings, GroupSettings, KeepSettings, Numbers, Shots,
    Verdict,
};
use twinlens::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, PerceptualHash, Photo,
};

const EDGES_A_PHOTO: usize = 5;

/// Cuts that a hand makes with one pull from end to end.
const CUTS: usize = 41;

fn photos(count: usize) -> Vec<Photo> {
    let mut random = synthetic::Random::new(1);
    let photo = |number: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Photo {
            path: format!("/photos/{:03}/IMG_{number:06}.jpg", number % 300).into(),
            stamp: FileStamp {
                device: 1,
                inode: number as u64,
                size: 2_000_000 + random.bits() % 2_000_000,
                modified_ns: (random.bits() >> 2).cast_signed(),
                changed_ns: 0,
            },
            content: Arc::new(Content {
                hash: ContentHash(hash),
                format: Format::Jpeg,
                width: 4000,
                height: 3000,
                metadata: Metadata::default(),
                fingerprint: Fingerprint {
                    hash: PerceptualHash([random.bits(); 4]),
                    contrast: 50.0,
                    texture: 0.5,
                    mean_rgb: [100; 3],
                },
            }),
        }
    };
    (0..count).map(photo).collect()
}

/// Photos that lie near each other are close: every tenth pair of neighbours is one shot, and a
/// photo has edges to some of the next twenty.
fn findings(photos: &[Photo]) -> Findings {
    let mut random = synthetic::Random::new(2);
    let count = photos.len() as u64;
    let mut pairs = BTreeSet::new();
    while pairs.len() < photos.len() * EDGES_A_PHOTO {
        let a = random.bits() % count;
        let b = (a + 1 + random.bits() % 20) % count;
        if a != b {
            pairs.insert((a.min(b) as u32, a.max(b) as u32));
        }
    }
    let edges: Vec<Edge> = pairs
        .into_iter()
        .map(|(a, b)| Edge {
            a,
            b,
            cosine: Cosine((random.bits() % 1000) as f32 / 1000.0),
        })
        .collect();
    let verdicts = edges.iter().filter(|edge| (edge.a + edge.b) % 10 == 0);
    Findings {
        distinct: Distinct::of(photos),
        verdicts: verdicts
            .map(|edge| {
                let verdict = Verdict {
                    evidence: Some(Evidence::SameShot),
                    numbers: Numbers {
                        cosine: edge.cosine,
                        scale: 1.0,
                        seconds_apart: None,
                    },
                    pixels: PixelVerdict::UNRELATED,
                    weakened: None,
                };
                (edge.a, edge.b, verdict)
            })
            .collect(),
        edges,
    }
}

fn milliseconds<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let value = run();
    (value, begun.elapsed().as_secs_f64() * 1e3)
}

fn main() {
    for count in synthetic::sizes(&[100_000]) {
        let photos = photos(count);
        let findings = findings(&photos);
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
