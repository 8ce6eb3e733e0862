//! Two thousand broken files go through the program: it must end, in good time, in bounded
//! memory, with a report.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{jpeg, picture, twinlens};
use image::{DynamicImage, ImageFormat};

const FILES: usize = 2000;

/// Marsaglia's xorshift: the same files in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        // The extremes are what decoders stumble over.
        match self.below(4) {
            0 => 0xff,
            1 => 0,
            _ => self.next().to_le_bytes()[3],
        }
    }
}

/// Whole files of every format, colour type and depth that the encoders make.
fn originals() -> Vec<(&'static str, Vec<u8>)> {
    let picture = DynamicImage::ImageRgb8(picture(5, 96, 72));
    let mut files = vec![("jpg", jpeg(&picture.to_rgb8(), 80))];
    let mut progressive = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut progressive, 70);
    encoder.set_progressive(true);
    encoder
        .encode(picture.as_bytes(), 96, 72, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    files.push(("jpg", progressive));
    let mut cmyk = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut cmyk, 70);
    encoder
        .encode(&picture.to_rgba8(), 96, 72, jpeg_encoder::ColorType::Cmyk)
        .unwrap();
    files.push(("jpg", cmyk));
    let variants = [
        picture.clone(),
        DynamicImage::ImageRgba8(picture.to_rgba8()),
        DynamicImage::ImageLuma8(picture.to_luma8()),
        DynamicImage::ImageRgb16(picture.to_rgb16()),
        DynamicImage::ImageLumaA16(picture.to_luma_alpha16()),
    ];
    for (extension, format) in [
        ("png", ImageFormat::Png),
        ("webp", ImageFormat::WebP),
        ("gif", ImageFormat::Gif),
        ("tiff", ImageFormat::Tiff),
        ("bmp", ImageFormat::Bmp),
        ("ico", ImageFormat::Ico),
        ("qoi", ImageFormat::Qoi),
        ("tga", ImageFormat::Tga),
        ("ppm", ImageFormat::Pnm),
    ] {
        let before = files.len();
        for variant in &variants {
            let mut bytes = std::io::Cursor::new(Vec::new());
            // Not every format has every colour type.
            if variant.write_to(&mut bytes, format).is_ok() {
                files.push((extension, bytes.into_inner()));
            }
        }
        assert!(files.len() > before, "no {extension} file could be made");
    }
    files
}

/// Breaks a file in one of the ways in which files break, and some in which attackers break
/// them.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    match random.below(6) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            for _ in 0..=random.below(20) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        // The header, where sizes and counts stand.
        2 | 3 => {
            for _ in 0..=random.below(6) {
                let at = random.below(bytes.len().min(64));
                bytes[at] = random.byte();
            }
        }
        4 => {
            let (from, to) = (random.below(other.len()), random.below(bytes.len()));
            let end = (from + random.below(200)).min(other.len());
            bytes.splice(to..to, other[from..end].iter().copied());
        }
        _ => {
            let from = random.below(bytes.len());
            let end = (from + random.below(400)).min(bytes.len());
            bytes.drain(from..end);
        }
    }
}

#[test]
fn two_thousand_mutated_files_neither_crash_nor_hang_nor_fill_the_memory() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let originals = originals();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..FILES {
        let (extension, original) = &originals[number % originals.len()];
        let other = &originals[random.below(originals.len())].1;
        let mut bytes = original.clone();
        mutate(&mut bytes, other, &mut random);
        fs::write(
            folder.path().join(format!("{number:04}.{extension}")),
            bytes,
        )
        .unwrap();
    }
    let report = home.path().join("report.json");
    let mut child = twinlens(home.path())
        .args([
            "scan",
            "--no-cache",
            "--quiet",
            "--engine",
            "embedded",
            "--threads",
            "2",
            "--json",
        ])
        .args([report.as_path(), folder.path()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (begun, mut peak) = (Instant::now(), 0);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        if begun.elapsed() > Duration::from_mins(5) {
            child.kill().unwrap();
            panic!("the scan hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(
        status.success(),
        "{status:?}: {:?}",
        child.wait_with_output()
    );
    assert!(peak < 1 << 30, "{peak} bytes of memory");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let (photos, unreadable) = (
        report["totals"]["photos"].as_u64().unwrap(),
        report["totals"]["unreadable"].as_u64().unwrap(),
    );
    assert_eq!(
        photos + unreadable,
        FILES as u64,
        "every file is a photo or a problem"
    );
    assert!(
        photos > 200 && unreadable > 200,
        "{photos} {unreadable}: the mutations are too weak or too strong"
    );
}

/// The most memory that a process has held so far, where the system tells.
fn peak_memory(process: u32) -> Option<u64> {
    let status =
        fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
