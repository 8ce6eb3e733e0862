//! What the hash survives, and that a turned picture has the turned hash.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the tests' own numbers are small, and exact halves and quarters are compared"
)]

use image::imageops::{FilterType, resize};

use super::*;
use crate::photo::{Format, Orientation};
use crate::scan::{DecodeScale, Limits, decode};

/// Smooth blobs at places that `seed` decides: structure in all directions, as photos have.
fn picture(seed: u32, width: u32, height: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX)
    };
    let blobs: Vec<[f64; 5]> = (0..30).map(|_| std::array::from_fn(|_| random())).collect();
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        let light: f64 = blobs
            .iter()
            .map(|[bx, by, size, light, _]| {
                let distance = (x - bx).powi(2) + (y - by).powi(2);
                (light - 0.45) * (-distance / (0.002 + 0.01 * size)).exp()
            })
            .sum();
        let level = (128.0 + 160.0 * light).clamp(0.0, 255.0);
        image::Rgb([level as u8, (level * 0.8) as u8, (255.0 - level) as u8])
    })
}

fn photo(image: RgbImage) -> DecodedPhoto {
    let (width, height) = image.dimensions();
    DecodedPhoto {
        image,
        full_width: width,
        full_height: height,
        source_box: [0.0, 0.0, f64::from(width), f64::from(height)],
        format: Format::Png,
    }
}

fn hash_of(image: RgbImage) -> PerceptualHash {
    fingerprint(&photo(image)).hash
}

fn jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let [width, height] = [image.width(), image.height()].map(|side| side as u16);
    jpeg_encoder::Encoder::new(&mut bytes, quality)
        .encode(image.as_raw(), width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

#[test]
fn a_turned_picture_has_the_turned_hash() {
    for seed in 0..3 {
        let picture = picture(seed, 640, 411);
        let file = jpeg(&picture, 90);
        let decoded = |orientation| {
            let scale = DecodeScale::Reduced {
                min_short_side: 200,
            };
            decode(&file, Format::Jpeg, orientation, scale, &Limits::default()).unwrap()
        };
        let upright = fingerprint(&decoded(Orientation::Normal)).hash;
        for orientation in Orientation::ALL {
            let turned = fingerprint(&decoded(orientation)).hash;
            let distance = turned.distance(upright.oriented(orientation));
            assert!(distance <= 3, "{orientation:?}: {distance} bits differ");
        }
    }
}

#[test]
fn copies_are_near_and_other_pictures_are_far() {
    let hashes: Vec<PerceptualHash> = (0..8)
        .map(|seed| hash_of(picture(seed, 400, 300)))
        .collect();
    for (seed, &hash) in hashes.iter().enumerate() {
        let original = picture(seed as u32, 400, 300);
        let quality_50 = image_of(&jpeg(&original, 50));
        let quarter = resize(&original, 100, 75, FilterType::Triangle);
        for (label, copy) in [("quality 50", quality_50), ("a quarter", quarter)] {
            let distance = hash_of(copy).distance(hash);
            assert!(distance <= 12, "{label}: {distance}");
        }
        for &other in &hashes[seed + 1..] {
            assert!(other.distance(hash) > 60);
        }
    }
}

fn image_of(jpeg: &[u8]) -> RgbImage {
    let limits = Limits::default();
    let upright = Orientation::Normal;
    decode(jpeg, Format::Jpeg, upright, DecodeScale::Full, &limits)
        .unwrap()
        .image
}

#[test]
fn flat_pictures_and_gradients_have_no_contrast_or_no_texture() {
    let grey = |level: u8| RgbImage::from_pixel(300, 200, image::Rgb([level; 3]));
    let flat = fingerprint(&photo(grey(90)));
    assert!(flat.contrast < 0.1 && flat.texture == 0.0, "{flat:?}");
    assert_eq!(flat.mean_rgb, [90; 3]);

    let ramp = RgbImage::from_fn(512, 300, |x, _| image::Rgb([(x / 2) as u8; 3]));
    let gradient = fingerprint(&photo(ramp));
    assert!(
        gradient.contrast > 60.0 && gradient.texture == 0.0,
        "{gradient:?}"
    );

    let checks = RgbImage::from_fn(512, 512, |x, y| {
        image::Rgb([((x / 5 + y / 5) % 2 * 200) as u8; 3])
    });
    assert!(fingerprint(&photo(checks)).texture > 0.9);
}

#[test]
fn pictures_of_any_size_have_a_fingerprint() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (7, 5), (63, 65), (900, 2)] {
        let fingerprint = fingerprint(&photo(picture(1, width, height)));
        assert!(fingerprint.contrast.is_finite(), "{width} x {height}");
        assert!(
            (0.0..=1.0).contains(&fingerprint.texture),
            "{width} x {height}"
        );
    }
}

#[test]
fn padding_outside_the_photo_does_not_count() {
    let picture = picture(3, 400, 300);
    let mut padded = RgbImage::from_pixel(408, 304, image::Rgb([255, 0, 255]));
    image::imageops::replace(&mut padded, &picture, 0, 0);
    let mut padded = photo(padded);
    padded.source_box = [0.0, 0.0, 400.0, 300.0];
    let (with, without) = (fingerprint(&padded), fingerprint(&photo(picture)));
    assert_eq!(with.hash, without.hash);
    // The resizer looks a pixel beyond the box; decoders repeat the photo's edge there.
    assert!((with.contrast - without.contrast).abs() < 0.1);
    for (a, b) in with.mean_rgb.iter().zip(without.mean_rgb) {
        assert!(a.abs_diff(b) <= 1);
    }
}
