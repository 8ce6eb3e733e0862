//! What the benches measure with: pictures that decode like photos, vectors that lie like those
//! of photos, and a library that was scanned already.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use half::f16;
use image::{RgbImage, imageops};
use twinlens::embed::bundled;
use twinlens::library::{Cache, Record};
use twinlens::matching::pixels::{self, PixelVerdict};
use twinlens::matching::{Cosine, Distinct, Edge, Evidence, Findings, Numbers, Verdict};
use twinlens::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, PerceptualHash, Photo, Pixels,
};
use twinlens::scan;

use crate::common::{jpeg, picture};

/// How many close pairs a photo of [`findings`] has.
const EDGES_A_PHOTO: usize = 5;

/// Marsaglia's xorshift (*Xorshift RNGs*, 2003): the same numbers in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// -1 to 1.
    fn number(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

/// A picture with the noise of a camera, without which a JPEG file is a fraction of its usual
/// length and half of its decoding is left out. Another seed gives another picture.
pub(crate) fn photo(seed: u32, width: u32, height: u32) -> RgbImage {
    let small = picture(seed, width.div_ceil(8), height.div_ceil(8));
    let mut photo = imageops::resize(&small, width, height, imageops::FilterType::Triangle);
    let mut random = Random::new(u64::from(seed) + 1);
    for values in photo.chunks_mut(8) {
        for (value, noise) in values.iter_mut().zip(random.bits().to_le_bytes()) {
            *value = value.saturating_add(noise % 12);
        }
    }
    photo
}

/// Waits for a process, which must succeed: its largest resident memory in bytes, where the system
/// tells it (Linux).
pub(crate) fn peak_while_running(child: &mut Child) -> Option<u64> {
    let mut most = None;
    let status = loop {
        // It only grows, so that the last look misses the last moment and no more.
        most = peak(child.id()).or(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    most
}

/// The largest resident memory of a process so far, in bytes.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}

/// Vectors of 512 numbers in groups of one to six around a common direction. Strangers have a
/// cosine of 0.11 give or take 0.04, so that about one pair of them in twenty lies above the floor
/// of the bundled model and the lists of neighbours are full.
pub(crate) fn clustered(count: usize) -> Vec<Vec<f16>> {
    let mut random = Random::new(0);
    let mut rows: Vec<Vec<f16>> = Vec::with_capacity(count);
    let (mut centre, mut left) = (Vec::new(), 0_u32);
    while rows.len() < count {
        if left == 0 {
            centre = (0..512)
                .map(|_| random.number() + 0.2)
                .collect::<Vec<f32>>();
            left = 1 + (random.number().abs() * 6.0) as u32;
        }
        left -= 1;
        let row: Vec<f32> = centre.iter().map(|x| x + 0.25 * random.number()).collect();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        rows.push(row.iter().map(|x| f16::from_f32(x / length)).collect());
    }
    rows
}

/// Makes `count` files in `folder`, and a cache that knows them all, as a scan would have left
/// it. The files have lengths but no bytes, which take no room on most file systems: a scan of
/// what has not changed opens none.
pub(crate) fn scanned_library(folder: &Path, cache: &Path, count: usize) {
    for number in 0..count {
        let folder = folder.join(format!("{:04}", number / 500));
        if number % 500 == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        let file = fs::File::create(folder.join(format!("IMG_{number:06}.jpg"))).unwrap();
        file.set_len(3_000_000 + number as u64).unwrap();
    }
    let walked = scan::walk(
        &[folder.to_owned()],
        &AtomicBool::new(false),
        &mut |_, _| (),
    )
    .unwrap();
    assert_eq!(walked.files.len(), count);
    // As the walk has sorted them.
    let vectors = clustered(count);
    let key = bundled::record().key();
    let thumbnail = jpeg(
        &photo(1, scan::THUMBNAIL_SIDE, scan::THUMBNAIL_SIDE * 3 / 4),
        80,
    );
    let mut random = Random::new(7);
    let mut writer = Cache::open(cache).unwrap().cache.into_writer();
    for (number, (file, vector)) in (2..).zip(walked.files.into_iter().zip(vectors)) {
        let mut bytes = [0; 32];
        for word in bytes.chunks_mut(8) {
            word.copy_from_slice(&random.bits().to_le_bytes());
        }
        let hash = ContentHash(bytes);
        let content = Content {
            hash,
            format: Format::Jpeg,
            width: 4000,
            height: 3000,
            metadata: Metadata {
                camera: Some("Maker Model 12".to_owned()),
                ..Metadata::default()
            },
            fingerprint: Fingerprint {
                hash: PerceptualHash(std::array::from_fn(|_| random.bits() & !1)),
                contrast: 40.0,
                texture: 0.6,
                mean_rgb: [120, 110, 100],
            },
        };
        let records = [
            Record::File {
                path: file.path,
                stamp: file.stamp,
                content: hash,
            },
            Record::Content {
                content,
                thumbnail: thumbnail.clone(),
                // Small, for a hundred thousand are made; each of another picture.
                pixel_record: pixels::prepare(&photo(number, 96, 72)).to_bytes(),
            },
            Record::Pixels {
                content: hash,
                pixels: Pixels::Hash(hash),
            },
            Record::Embedding {
                content: hash,
                model_key: key.0.clone(),
                vector,
            },
        ];
        for record in records {
            writer.write(record).unwrap();
        }
    }
    writer.finish().unwrap();
}

/// Photos as a scan would give them, of the same camera and in some hundred folders.
pub(crate) fn photos(count: usize) -> Vec<Photo> {
    let mut random = Random::new(1);
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
pub(crate) fn findings(photos: &[Photo]) -> Findings {
    let mut random = Random::new(2);
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

/// The whole numbers among the program's arguments, or `usual` if there are none.
pub(crate) fn sizes(usual: &[usize]) -> Vec<usize> {
    let named: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.replace(['_', ','], "").parse().ok())
        .collect();
    if named.is_empty() {
        usual.to_vec()
    } else {
        named
    }
}
