//! What the tests share: the files of tests/data and what libjpeg-turbo makes of them.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "not every test uses all of it, and a test that cannot go on fails"
)]

use std::fs;
use std::path::Path;

/// A picture that libjpeg-turbo has made.
pub struct Reference {
    /// `luma` in full size, or the scale as `1/8`.
    pub label: String,
    pub width: usize,
    pub height: usize,
    /// 1 or 3 samples a pixel.
    pub samples: Vec<u8>,
}

impl Reference {
    pub fn channels(&self) -> usize {
        self.samples.len() / (self.width * self.height)
    }
}

/// A file of tests/data, see make.py there.
pub struct Fixture {
    pub name: String,
    pub jpeg: Vec<u8>,
    pub references: Vec<Reference>,
}

/// All of them, by name.
pub fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".jpg").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(
        names.len() > 40,
        "files are missing from {}",
        folder.display()
    );
    names
        .into_iter()
        .map(|name| Fixture {
            jpeg: fs::read(folder.join(format!("{name}.jpg"))).unwrap(),
            references: references(&fs::read(folder.join(format!("{name}.ref"))).unwrap()),
            name,
        })
        .collect()
}

/// One of them.
pub fn fixture(name: &str) -> Fixture {
    fixtures()
        .into_iter()
        .find(|fixture| fixture.name == name)
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// PNM pictures one after the other: magic, comment with the label, size, 255, samples.
fn references(mut bytes: &[u8]) -> Vec<Reference> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let mut lines = bytes.splitn(5, |&byte| byte == b'\n');
        let mut line = || std::str::from_utf8(lines.next().unwrap()).unwrap();
        let channels = if line() == "P6" { 3 } else { 1 };
        let label = line().strip_prefix("# ").unwrap().to_owned();
        let (width, height) = line().split_once(' ').unwrap();
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        assert_eq!(line(), "255");
        let (samples, rest) = lines.next().unwrap().split_at(width * height * channels);
        found.push(Reference {
            label,
            width,
            height,
            samples: samples.to_vec(),
        });
        bytes = rest;
    }
    found
}

/// Peak signal-to-noise ratio in decibels; infinite where nothing differs.
pub fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / squares).log10()
}
