//! How much memory a rescan of a large library takes at its peak, in the program as a user runs
//! it; the aim is less than 1 GB for 100,000 photos.
//!
//! `cargo bench --bench memory` makes a library of 100,000 files that a cache knows already, with
//! a vector for each; with `-- 20000 exact hnsw` one of the size and with the indexes that are
//! named. The peak is what the system says of the process (`VmHWM`), so that it is told on Linux
//! alone.

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
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

fn main() {
    let mut indexes: Vec<String> = std::env::args()
        .filter(|argument| ["auto", "exact", "hnsw"].contains(&argument.as_str()))
        .collect();
    if indexes.is_empty() {
        indexes.push("auto".to_owned());
    }
    for count in synthetic::sizes(&[100_000]) {
        let home = tempfile::tempdir().unwrap();
        let (photos, cache) = (home.path().join("photos"), home.path().join("cache.db"));
        synthetic::scanned_library(&photos, &cache, count);
        for index in &indexes {
            let report = home.path().join("report.json");
            let begun = Instant::now();
            let mut child = common::twinlens(home.path())
                .args(["scan", "--engine", "embedded", "--quiet", "--index", index])
                .arg("--cache")
                .arg(&cache)
                .arg("--json")
                .args([&report, &photos])
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            let most = synthetic::peak_while_running(&mut child);
            let wall = begun.elapsed().as_secs_f64();
            let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
            assert_eq!(report["totals"]["photos"].as_u64(), Some(count as u64));
            assert_eq!(common::items(&report, "read"), 0, "all was known");
            let most = most.map_or("not told here".to_owned(), |bytes| {
                let each = bytes as f64 / count as f64;
                format!("{:.0} MB, {each:.0} bytes a photo", bytes as f64 / 1e6)
            });
            println!(
                "{count} photos, {index}: peak {most}; {wall:.1} s, {} groups",
                report["totals"]["groups"]
            );
        }
    }
}
