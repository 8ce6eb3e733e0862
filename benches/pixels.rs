//! What comparing pictures by their pixels costs: `cargo bench --bench pixels`.
//!
//! Preparing is set against decoding a 12-megapixel photo at a quarter of its size, which it
//! comes on top of; comparing is timed by what has to be done for a pair. If the labelled photos
//! are there, their candidate pairs are timed as well.

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

use std::hint::black_box;
use std::time::Duration;

use common::jpeg;
use cpu_time::ThreadTime;
use image::{RgbImage, imageops};
use twinlens::matching::pixels::{PixelRecord, Prepared, compare, prepare};
use twinlens::photo::{Format, Orientation};
use twinlens::scan::{DecodeScale, Limits, decode};

/// CPU times of several runs, shortest first.
fn timed<T>(runs: usize, mut work: impl FnMut(usize) -> T) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..runs)
        .map(|run| {
            let begun = ThreadTime::now();
            black_box(work(run));
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

fn milliseconds(times: &[Duration], quantile: usize) -> f64 {
    let at = (times.len() * quantile / 100).min(times.len() - 1);
    times[at].as_secs_f64() * 1e3
}

fn prepared(picture: &RgbImage) -> Prepared {
    let bytes = prepare(picture).to_bytes();
    PixelRecord::from_bytes(&bytes).unwrap().decode()
}

fn crop(picture: &RgbImage, share: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (left, top) = (width * (100 - share) / 200, height * (100 - share) / 150);
    imageops::crop_imm(
        picture,
        left,
        top,
        width * share / 100,
        height * share / 100,
    )
    .to_image()
}

fn main() {
    const PICTURES: usize = 24;
    let originals: Vec<Vec<u8>> = (0..4)
        .map(|seed| jpeg(&synthetic::photo(seed, 4000, 3000), 88))
        .collect();
    let scale = DecodeScale::for_analysis(224);
    let limits = Limits::default();
    let decoding = timed(3 * originals.len(), |run| {
        let bytes = &originals[run % originals.len()];
        decode(bytes, Format::Jpeg, Orientation::Normal, scale, &limits).unwrap()
    });
    let seeds = 0..u32::try_from(PICTURES).unwrap();
    let pictures: Vec<RgbImage> = seeds
        .map(|seed| synthetic::photo(seed, 1000, 750))
        .collect();
    let preparing = timed(2 * PICTURES, |run| {
        prepare(&pictures[run % PICTURES]).to_bytes()
    });
    println!(
        "prepare of 1000 x 750: {:.1} ms, {:.2} of decoding 12 megapixels at a quarter ({:.1} ms)",
        milliseconds(&preparing, 50),
        milliseconds(&preparing, 50) / milliseconds(&decoding, 50),
        milliseconds(&decoding, 50),
    );

    let whole: Vec<Prepared> = pictures.iter().map(prepared).collect();
    let report = |what: &str, times: &[Duration]| {
        println!(
            "{what:36} median {:.2} ms, 95 % below {:.2} ms",
            milliseconds(times, 50),
            milliseconds(times, 95)
        );
    };
    let strangers = timed(20 * PICTURES, |run| {
        let (a, b) = (run % PICTURES, run / PICTURES % (PICTURES - 1) + 1);
        compare(&whole[a], &whole[(a + b) % PICTURES])
    });
    report("strangers, nothing to lay over", &strangers);
    for (what, change) in [
        (
            "the same frame, re-encoded",
            Box::new(|picture: &RgbImage| imageops::blur(picture, 0.8))
                as Box<dyn Fn(&RgbImage) -> RgbImage>,
        ),
        (
            "cropped to 80 %, by keypoints",
            Box::new(|picture| crop(picture, 80)),
        ),
        (
            "turned and cropped, by keypoints",
            Box::new(|picture| imageops::rotate90(&crop(picture, 85))),
        ),
    ] {
        let changed: Vec<PixelRecord> = pictures
            .iter()
            .map(|picture| prepare(&change(picture)))
            .collect();
        // Unpacking the luma of both is part of it: most pairs of a scan are met once.
        let records: Vec<PixelRecord> = pictures.iter().map(prepare).collect();
        let times = timed(4 * PICTURES, |run| {
            let at = run % PICTURES;
            let (a, b) = (records[at].clone().decode(), changed[at].clone().decode());
            compare(&a, &b)
        });
        report(what, &times);
    }
    labelled_photos(&report);
}

/// All pairs of one true shot in the labelled set: the full way, on real photos.
fn labelled_photos(report: &dyn Fn(&str, &[Duration])) {
    let (Some(set), Some(truth)) = (
        common::shared("photos/set"),
        common::shared("photos/truth.json"),
    ) else {
        return;
    };
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    let shots: Vec<Vec<String>> = serde_json::from_value(truth["duplicates"].clone()).unwrap();
    let mut times = Vec::new();
    for shot in shots.iter().step_by(3) {
        let records: Vec<PixelRecord> = shot
            .iter()
            .map(|name| prepare(&common::load(&set.join(name))))
            .collect();
        for (i, a) in records.iter().enumerate() {
            for b in &records[i + 1..] {
                times.extend(timed(1, |_| {
                    compare(&a.clone().decode(), &b.clone().decode())
                }));
            }
        }
    }
    times.sort_unstable();
    report(
        &format!("{} pairs of one shot, real photos", times.len()),
        &times,
    );
}
