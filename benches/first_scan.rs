//! A first scan as a user runs it: against another program's, and its memory.
//!
//! `cargo bench --bench first_scan [others] [memory]`, both without an argument.
//!
//! - `others`: 200 JPEG files of 12 megapixels, photos a second of `twinlens scan` with everything
//!   on (embedding, verification, cache) over those of `czkawka_cli image --hash-size 16`, both
//!   with empty caches, in rounds that alternate. It is looked for in `PATH`, or where
//!   `CZKAWKA_CLI` says; `cargo install czkawka_cli --version 12.0.2` brings it. The aim is 4.
//! - `memory`: the peak of a first scan of 5,000 photos, a tenth of them of 12 megapixels, by what
//!   Linux says of the process. The aim is less than 400 MB.
//!
//! A number takes so many photos instead.

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

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::jpeg;
use rayon::prelude::*;
use serde_json::Value;

const ROUNDS: usize = 3;

fn main() {
    let wants = |name: &str| {
        let mut asked = std::env::args().filter(|a| ["others", "memory"].contains(&a.as_str()));
        let first = asked.next();
        first.is_none() || first.as_deref() == Some(name) || asked.any(|other| other == name)
    };
    if wants("others") {
        for count in synthetic::sizes(&[200]) {
            others(count);
        }
    }
    if wants("memory") {
        for count in synthetic::sizes(&[5000]) {
            memory(count);
        }
    }
}

/// Different photos: equal pixels would be decoded once more, in full, to be compared.
fn make(folder: &Path, count: usize, size: impl Fn(usize) -> (u32, u32) + Sync) {
    (0..count).into_par_iter().for_each(|number| {
        let (width, height) = size(number);
        let photo = synthetic::photo(number as u32, width, height);
        fs::write(folder.join(format!("{number:04}.jpg")), jpeg(&photo, 88)).unwrap();
    });
}

/// A scan with an empty cache: seconds, the report, and the most memory in bytes where it is told.
fn scan(photos: &Path) -> (f64, Value, Option<u64>) {
    let home = tempfile::tempdir().unwrap();
    let report = home.path().join("report.json");
    let begun = Instant::now();
    let mut child = common::twinlens(home.path())
        .args(["scan", "--quiet", "--engine", "embedded", "--cache"])
        .arg(home.path().join("cache.db"))
        .arg("--json")
        .args([report.as_path(), photos])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let most = synthetic::peak_while_running(&mut child);
    let seconds = begun.elapsed().as_secs_f64();
    let report = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    (seconds, report, most)
}

fn others(count: usize) {
    let czkawka = std::env::var_os("CZKAWKA_CLI").unwrap_or_else(|| OsString::from("czkawka_cli"));
    let version = Command::new(&czkawka).arg("--version").output();
    let Ok(version) = version else {
        println!("others: czkawka_cli is not there; cargo install czkawka_cli --version 12.0.2");
        return;
    };
    let photos = tempfile::tempdir().unwrap();
    make(photos.path(), count, |_| (4000, 3000));
    println!(
        "{count} JPEG files of 12 megapixels, {}",
        String::from_utf8_lossy(&version.stdout).trim()
    );
    let (mut best, mut last) = ([f64::INFINITY; 2], Value::Null);
    for round in 1..=ROUNDS {
        let (ours, report, _) = scan(photos.path());
        assert_eq!(report["totals"]["photos"].as_u64(), Some(count as u64));
        let home = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let output = Command::new(&czkawka)
            .args(["image", "--hash-size", "16", "-d"])
            .arg(photos.path())
            .env("CZKAWKA_CACHE_PATH", home.path())
            .env("CZKAWKA_CONFIG_PATH", home.path())
            .output()
            .unwrap();
        let theirs = begun.elapsed().as_secs_f64();
        // It ends with 11 where it found something.
        assert!(
            matches!(output.status.code(), Some(0 | 11)),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        println!(
            "round {round}: {:.1} photos a second over {:.1}: {:.2}",
            count as f64 / ours,
            count as f64 / theirs,
            theirs / ours
        );
        best = [best[0].min(ours), best[1].min(theirs)];
        last = report;
    }
    println!("best over best: {:.2} (the aim is 4)", best[1] / best[0]);
    stages(&last, count);
}

/// From the sum of the stages to the whole.
fn stages(report: &Value, count: usize) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut sum = 0.0;
    for stage in report["stages"].as_array().unwrap() {
        let busy = stage["busy_s"].as_f64().unwrap_or_default();
        sum += busy;
        println!(
            "  {:<12} {:>6} items {:8.3} ms busy a photo, {:6.2} s wall",
            stage["name"].as_str().unwrap_or_default(),
            stage["items"].as_u64().unwrap_or_default(),
            busy * 1e3 / count as f64,
            stage["wall_s"].as_f64().unwrap_or_default()
        );
    }
    println!(
        "  sum of the stages over {threads} threads {:.2} s, elapsed {:.2} s",
        sum / threads as f64,
        report["elapsed_s"].as_f64().unwrap_or_default()
    );
}

fn memory(count: usize) {
    let photos = tempfile::tempdir().unwrap();
    make(photos.path(), count, |number| {
        if number % 10 == 0 {
            (4000, 3000)
        } else {
            (1536, 1024)
        }
    });
    let (seconds, report, most) = scan(photos.path());
    assert_eq!(report["totals"]["photos"].as_u64(), Some(count as u64));
    let most = most.map_or("not told here".to_owned(), |bytes| {
        format!("{:.0} MB", bytes as f64 / 1e6)
    });
    println!("first scan of {count} photos: peak {most} (the aim is 400); {seconds:.1} s");
}
