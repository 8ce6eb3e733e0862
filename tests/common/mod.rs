//! What several test programs need.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use twinlens::embed::{EngineChoice, EngineRequest, Provider, bundled};
use twinlens::matching::neighbours::IndexChoice;
use twinlens::matching::{Evidence, KeepSettings};
use twinlens::pipeline::{self, Analysis, Request};
use twinlens::scan::{DecodeScale, Limits, examine, read, walk};

/// Fixtures that are too large for the repository lie beside it; without them a test says
/// loudly that it was skipped, and fails where nothing may be skipped.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{} is missing", path.display()));
    None
}

/// Says that a test did not run. Written past the test runner, which hides what tests print.
pub(crate) fn skipped(reason: &str) {
    assert!(
        std::env::var_os("TWINLENS_NO_SKIP").is_none(),
        "nothing may be skipped here: {reason}"
    );
    std::io::stderr()
        .write_all(format!("SKIPPED: {reason}\n").as_bytes())
        .unwrap();
}

/// A picture with detail at many scales, another for each seed.
pub(crate) fn picture(seed: u32, width: u32, height: u32) -> RgbImage {
    let s = f64::from(seed);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        let wave = |a: f64, b: f64, c: f64| {
            ((x * a + s * 1.7).sin() * b + (y * c - s * 2.3).cos() * b + s).sin()
        };
        let value = wave(5.0 + s, 2.0, 7.0)
            + 0.6 * wave(17.0, 1.5, 23.0 + s)
            + 0.3 * wave(61.0 + s, 1.0, 53.0);
        let level = |shift: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 255"
            )]
            let level = ((value + shift).sin() * 110.0 + 128.0) as u8;
            level
        };
        Rgb([level(0.0), level(0.9), level(1.7)])
    })
}

/// A page of 36 lines of 9 words; those in `changed` have other letters.
pub(crate) fn page(seed: u32, changed: &[u32]) -> RgbImage {
    let mut page = RgbImage::from_pixel(900, 1200, Rgb([250; 3]));
    let mut state = seed;
    let mut next = move |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % limit
    };
    for line in 0..36 {
        let mut x = 60;
        for word in 0..9 {
            let letters = 2 + next(7);
            let other = u32::from(changed.contains(&(line * 9 + word)));
            for letter in 0..letters {
                // Strokes two pixels wide where one of 15 bits is set, three in a row.
                let strokes = (next(1 << 15) | 0b100_000_000_100_001) ^ (other * 0x2d6b);
                for dy in 0..15 {
                    for dx in 0..9 {
                        let (px, py) = (x + letter * 11 + dx, 60 + line * 30 + dy);
                        if px < 840 && strokes >> (dy / 3 * 3 + dx / 3) & 1 == 1 {
                            page.put_pixel(px, py, Rgb([20; 3]));
                        }
                    }
                }
            }
            x += letters * 11 + 14;
        }
    }
    page
}

/// Writes a picture in the format of the name's extension; JPEG at quality 90.
pub(crate) fn save(picture: &RgbImage, path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.extension().is_some_and(|extension| extension == "jpg") {
        std::fs::write(path, jpeg(picture, 90)).unwrap();
    } else {
        picture
            .save_with_format(path, ImageFormat::from_path(path).unwrap())
            .unwrap();
    }
}

/// A JPEG file.
pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let side = |length: u32| u16::try_from(length).unwrap();
    jpeg_encoder::Encoder::new(&mut bytes, quality)
        .encode(
            picture.as_raw(),
            side(picture.width()),
            side(picture.height()),
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    bytes
}

/// The program, with settings, cache and models of its own in `home`.
pub(crate) fn twinlens(home: &Path) -> std::process::Command {
    at_home(
        std::process::Command::new(env!("CARGO_BIN_EXE_twinlens")),
        home,
    )
}

/// A command whose settings, caches and models are in `home`.
pub(crate) fn at_home(mut command: std::process::Command, home: &Path) -> std::process::Command {
    command
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"));
    command
        .env("XDG_DATA_HOME", home.join("data"))
        .env("LOCALAPPDATA", home)
        .env("APPDATA", home);
    command
}

/// Scans `folder` with the built-in engine and gives the report.
pub(crate) fn scan(home: &Path, folder: &Path, more: &[&str]) -> Value {
    let output = twinlens(home)
        .args(["scan", "--json", "-", "--engine", "embedded", "--quiet"])
        .args(more)
        .arg(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `(file name, kind)` of each problem.
pub(crate) fn problems(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = |path: &Value| {
        Path::new(path.as_str().unwrap())
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    let problems = report["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|problem| (name(&problem["path"]), text(&problem["kind"])))
        .collect()
}

/// How many items went through a stage.
pub(crate) fn items(report: &Value, stage: &str) -> u64 {
    let stages = report["stages"].as_array().unwrap();
    stages.iter().find(|s| s["name"] == stage).unwrap()["items"]
        .as_u64()
        .unwrap()
}

/// The report without what differs between two runs by nature.
pub(crate) fn timeless(mut report: Value) -> Value {
    report["started"] = Value::Null;
    report["elapsed_s"] = Value::Null;
    for stage in report["stages"].as_array_mut().unwrap() {
        stage["wall_s"] = Value::Null;
        stage["busy_s"] = Value::Null;
    }
    report
}

/// A photo upright, at the size that a scan decodes it to.
pub(crate) fn load(path: &Path) -> RgbImage {
    let found = walk(&[path.to_owned()], &AtomicBool::new(false), &mut |_, _| ()).unwrap();
    let limits = Limits::default();
    let bytes = read(&found.files[0], &limits, Vec::new()).unwrap();
    let scale = DecodeScale::for_analysis(224);
    examine(path, &bytes, scale, &limits).unwrap().decoded.image
}

/// A request to scan `folder` with the built-in engine and otherwise usual settings.
pub(crate) fn request(folder: &Path, cache: Option<&Path>) -> Request {
    Request {
        folders: vec![folder.to_owned()],
        limit: None,
        threads: 2,
        engine: EngineRequest {
            engine: EngineChoice::Embedded,
            provider: Provider::Cpu,
            threads: 2,
            library: None,
            ..EngineRequest::default()
        },
        model: bundled::record(),
        similarity: None,
        similarity_of_models: std::collections::BTreeMap::new(),
        weakest: Evidence::Similar,
        index: IndexChoice::Auto,
        cache: cache.map(Path::to_owned),
        keep: KeepSettings::default(),
        distinct: Vec::new(),
        limits: Limits::default(),
        read_ahead_bytes: 512_000_000,
    }
}

/// The report of an analysis without what differs between two runs by nature.
pub(crate) fn timeless_report(analysis: &Analysis) -> Value {
    let report = pipeline::report(analysis, jiff::Timestamp::UNIX_EPOCH);
    timeless(serde_json::to_value(report).unwrap())
}
