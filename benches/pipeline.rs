//! What a first scan costs beside the work that it cannot avoid, and what a rescan costs.
//!
//! `cargo bench --bench pipeline` makes its own photos: 200 JPEG files of 12 megapixels, all
//! different, and 20,000 files that a cache knows already. `-- 40` takes so many photos instead.
//! The figures are ratios within one run, for machines are noisy, and the least of some rounds.
//!
//! CPU time is that of the threads that work: a model thread that waits costs nothing, and wall
//! time over (decoding + model) / cores shows what is lost by waiting and by everything else. If
//! the cores were busy by much less than 100 %, another program had them, and the round is void.

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

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::jpeg;
use cpu_time::ProcessTime;
use rayon::prelude::*;
use twinlens::embed::{EngineChoice, EngineRequest, Provider, bundled};
use twinlens::matching::neighbours::IndexChoice;
use twinlens::matching::{Evidence, KeepSettings};
use twinlens::photo::{Format, Orientation};
use twinlens::pipeline::{Analysis, Job, Request, Stage, StageProgress, analyse, estimate, start};
use twinlens::scan::{DecodeScale, Limits, decode};

const ROUNDS: usize = 3;

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
            ..EngineRequest::default()
        },
        model: bundled::record(),
        similarity: None,
        similarity_of_models: std::collections::BTreeMap::new(),
        weakest: Evidence::Similar,
        index: IndexChoice::Auto,
        cache: cache.map(Path::to_owned),
        distinct: Vec::new(),
        keep: KeepSettings::default(),
        limits: Limits::default(),
        read_ahead_bytes: 512_000_000,
    }
}

fn run(request: Request) -> (Analysis, Duration) {
    let begun = Instant::now();
    let analysis = analyse(request, &Job::default()).unwrap();
    (analysis, begun.elapsed())
}

/// The same with somebody who looks at what is found so far, as a window does; wall time.
fn run_looked_at(request: Request) -> Duration {
    let begun = Instant::now();
    let running = start(request).unwrap();
    while !running.is_finished() {
        std::hint::black_box(running.found());
        std::hint::black_box(running.progress().outlook());
        std::thread::sleep(Duration::from_millis(100));
    }
    running.join().unwrap();
    begun.elapsed()
}

fn stage(analysis: &Analysis, stage: Stage) -> &StageProgress {
    let mut stages = analysis.stages.iter();
    stages.find(|of| of.stage == stage).unwrap()
}

/// Reads and decodes the files and does nothing else; wall time.
fn decode_alone(files: &[PathBuf], pool: &rayon::ThreadPool) -> Duration {
    let scale = DecodeScale::Reduced {
        min_short_side: 2 * bundled::record().preprocessing.resize_short,
    };
    let begun = Instant::now();
    pool.install(|| {
        files.par_iter().for_each(|file| {
            let bytes = fs::read(file).unwrap();
            let limits = Limits::default();
            let decoded = decode(&bytes, Format::Jpeg, Orientation::Normal, scale, &limits);
            std::hint::black_box(decoded.unwrap());
        });
    });
    begun.elapsed()
}

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    for count in synthetic::sizes(&[200]) {
        first_scan(count, threads, &pool);
    }
    rescan(20_000, threads);
}

fn first_scan(count: usize, threads: usize, pool: &rayon::ThreadPool) {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (0..count)
        .map(|number| folder.path().join(format!("{number:03}.jpg")))
        .collect();
    pool.install(|| {
        files.par_iter().enumerate().for_each(|(number, file)| {
            // Different ones: equal pixels would be decoded once more, in full, to be compared.
            let photo = synthetic::photo(number as u32, 4000, 3000);
            fs::write(file, jpeg(&photo, 88)).unwrap();
        });
    });
    let bytes: u64 = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    println!(
        "{count} JPEG files of 12 megapixels and {:.1} MB, {threads} threads",
        bytes as f64 / 1e6 / count as f64
    );
    let (mut best, mut over_decoding) = (f64::INFINITY, f64::INFINITY);
    let mut looking = f64::INFINITY;
    for round in 0..ROUNDS {
        let alone = decode_alone(&files, pool).as_secs_f64();
        let cpu = ProcessTime::now();
        let (analysis, wall) = run(request(folder.path(), None, threads));
        let (cpu, wall) = (cpu.elapsed().as_secs_f64(), wall.as_secs_f64());
        assert_eq!(analysis.photos.len(), count);
        let busy = |of| stage(&analysis, of).busy.as_secs_f64();
        let unavoidable = (busy(Stage::Decode) + busy(Stage::Embed)) / threads as f64;
        let looked_at = run_looked_at(request(folder.path(), None, threads)).as_secs_f64();
        looking = looking.min(looked_at / wall);
        best = best.min(wall / unavoidable);
        over_decoding = over_decoding.min(wall / alone);
        println!(
            "round {}: wall {wall:.2} s, {:.1} a second, cores busy {:.0} %; over (decoding + model CPU) / cores {:.3}; over decoding alone ({alone:.2} s) {:.3}",
            round + 1,
            count as f64 / wall,
            100.0 * cpu / (wall * threads as f64),
            wall / unavoidable,
            wall / alone
        );
        if round + 1 == ROUNDS {
            for of in &analysis.stages {
                println!(
                    "  {:<12} {:>6} items, {:8.3} ms busy a photo, {:6.2} s wall",
                    of.stage.name(),
                    of.items,
                    of.busy.as_secs_f64() * 1000.0 / count as f64,
                    of.wall.as_secs_f64()
                );
            }
        }
    }
    println!(
        "best: {best:.3} over the unavoidable (at most 1.15, aim 1.05), {over_decoding:.3} over decoding alone; looked at {looking:.3} (at most 1.03)"
    );
}

fn rescan(count: usize, threads: usize) {
    let home = tempfile::tempdir().unwrap();
    let (photos, cache) = (home.path().join("photos"), home.path().join("cache.db"));
    synthetic::scanned_library(&photos, &cache, count);
    let listing = || {
        let begun = Instant::now();
        let folders = [photos.clone()];
        twinlens::scan::walk(&folders, &AtomicBool::new(false), &mut |_, _| ()).unwrap();
        begun.elapsed().as_secs_f64()
    };
    for _ in 0..ROUNDS {
        let listed = listing();
        let begun = Instant::now();
        let foretold = estimate(
            &request(&photos, Some(&cache), threads),
            &AtomicBool::new(false),
            &mut |_, _| (),
        );
        let estimated = begun.elapsed().as_secs_f64();
        let (analysis, wall) = run(request(&photos, Some(&cache), threads));
        assert_eq!(stage(&analysis, Stage::Read).items, 0, "all was known");
        let wall = wall.as_secs_f64();
        let matching = stage(&analysis, Stage::Neighbours).busy.as_secs_f64();
        println!(
            "rescan of {count} unchanged files: {wall:.2} s, of which neighbours {matching:.2} s; the walk alone {listed:.2} s; without neighbours {:.1} walks",
            (wall - matching) / listed
        );
        println!(
            "  estimated within {estimated:.2} s to take {:.2} s",
            foretold.unwrap().duration.as_secs_f64()
        );
    }
}
