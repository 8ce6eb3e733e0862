//! What a first scan costs beside the work that it cannot avoid, and what a rescan costs.
//!
//! `cargo bench --bench pipeline` makes its own photos: 200 JPEG files of 12 megapixels and
//! 20,000 small files. The figures are ratios within one run, for machines are noisy.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::{jpeg, picture};
use twinlens::embed::{EngineChoice, EngineRequest, Provider, bundled};
use twinlens::matching::neighbours::IndexChoice;
use twinlens::matching::{Evidence, KeepSettings};
use twinlens::pipeline::{Analysis, Progress, Request, analyse};
use twinlens::scan::Limits;

fn request(folder: &Path, cache: Option<&Path>, threads: usize) -> Request {
    Request {
        folders: vec![folder.to_owned()],
        limit: None,
        threads,
        engine: EngineRequest {
            engine: EngineChoice::Embedded,
            provider: Provider::Cpu,
            threads,
            library: None,
        },
        model: bundled::record(),
        similarity: None,
        weakest: Evidence::Similar,
        index: IndexChoice::Auto,
        cache: cache.map(Path::to_owned),
        keep: KeepSettings::default(),
        limits: Limits::default(),
    }
}

fn run(request: Request) -> (Analysis, Duration) {
    let begun = Instant::now();
    let analysis = analyse(request, &Progress::default(), &AtomicBool::new(false)).unwrap();
    (analysis, begun.elapsed())
}

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = tempfile::tempdir().unwrap();
    // Ten different pictures are enough: what is timed does not depend on what they show.
    let pictures: Vec<Vec<u8>> = (0..10)
        .map(|seed| jpeg(&picture(seed, 4000, 3000), 88))
        .collect();
    for number in 0..200_usize {
        let mut bytes = pictures[number % pictures.len()].clone();
        // Bytes after the end marker make another content of the same picture.
        bytes.extend(number.to_le_bytes());
        fs::write(folder.path().join(format!("{number:03}.jpg")), bytes).unwrap();
    }
    let (analysis, wall) = run(request(folder.path(), None, threads));
    let busy = |name: &str| {
        analysis
            .stages
            .iter()
            .find(|s| s.stage.name() == name)
            .unwrap()
            .busy
            .as_secs_f64()
    };
    println!(
        "200 JPEG files of 12 megapixels, {threads} threads: {:.2} s, {:.1} a second",
        wall.as_secs_f64(),
        200.0 / wall.as_secs_f64()
    );
    for stage in &analysis.stages {
        println!(
            "  {:<12} {:6.2} ms a photo busy, {:6.2} s wall",
            stage.stage.name(),
            stage.busy.as_secs_f64() * 5.0,
            stage.wall.as_secs_f64()
        );
    }
    let unavoidable = (busy("decode") + busy("embed")) / threads as f64;
    println!(
        "wall over (decode + model CPU) / cores: {:.3}",
        wall.as_secs_f64() / unavoidable
    );
    println!(
        "wall over decode CPU / cores:           {:.3}",
        wall.as_secs_f64() / (busy("decode") / threads as f64)
    );

    let small = tempfile::tempdir().unwrap();
    let tiny = jpeg(&picture(1, 64, 48), 70);
    for number in 0..20_000_usize {
        let mut bytes = tiny.clone();
        bytes.extend((number % 500).to_le_bytes());
        let sub = small.path().join(format!("{:03}", number / 200));
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join(format!("{number}.jpg")), bytes).unwrap();
    }
    let cache = small.path().join("cache.db");
    let (_, first) = run(request(small.path(), Some(&cache), threads));
    let (again, second) = run(request(small.path(), Some(&cache), threads));
    let read = again
        .stages
        .iter()
        .find(|s| s.stage.name() == "read")
        .unwrap()
        .items;
    println!(
        "20,000 files of 500 contents: first scan {:.2} s, unchanged {:.3} s ({read} read)",
        first.as_secs_f64(),
        second.as_secs_f64()
    );
}
