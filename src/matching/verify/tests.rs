//! What the verdict is, by what was seen of the pair.

use std::array;

use super::*;
use crate::photo::{ContentHash, Format, Metadata};

/// A hash with no symmetry, so that a turn is found only where there is one.
const HASH: PerceptualHash = PerceptualHash([
    0x9e37_79b9_7f4a_7c14,
    0xbf58_476d_1ce4_e5b9,
    0x94d0_49bb_1331_11eb,
    0x2545_f491_4f6c_dd1d,
]);

fn content() -> Content {
    Content {
        hash: ContentHash([0; 32]),
        format: Format::Jpeg,
        width: 4000,
        height: 3000,
        metadata: Metadata::default(),
        fingerprint: Fingerprint {
            hash: HASH,
            contrast: 50.0,
            texture: 0.8,
            mean_rgb: [100, 110, 120],
        },
    }
}

/// The hash with its highest `bits` frequencies flipped.
fn with_flipped(bits: usize) -> PerceptualHash {
    PerceptualHash(array::from_fn(|word| {
        (0..64)
            .filter(|bit| 64 * word + bit >= 256 - bits)
            .fold(HASH.0[word], |hash, bit| hash ^ 1 << bit)
    }))
}

fn taken(content: &mut Content, at: &str) {
    content.metadata.taken_at = Some(at.parse().unwrap());
    content.metadata.camera = Some("Acme One".to_owned());
}

fn judged(a: &Content, b: &Content, cosine: f32) -> Verdict {
    verify(a, b, Cosine(cosine), &VerifySettings::default())
}

#[test]
fn hash_and_embedding_make_up_for_each_other() {
    let similar = Some(Evidence::Similar);
    let same = Some(Evidence::SameShot);
    for (texture, flipped, cosine, expected) in [
        (0.8, 0, 0.1, same),
        (0.8, 20, 0.1, similar),
        (0.8, 20, 0.35, same),
        (0.8, 50, 0.35, similar),
        (0.8, 50, 0.45, same),
        (0.8, 90, 0.45, similar),
        (0.8, 90, 0.55, same),
        (0.8, 127, 0.99, similar),
        (0.4, 20, 0.35, same),
        (0.4, 50, 0.45, similar),
        (0.4, 90, 0.99, similar),
        (0.1, 4, 0.9, same),
        (0.1, 4, 0.8, similar),
        (0.1, 20, 0.9, similar),
    ] {
        let a = content();
        let mut b = content();
        b.fingerprint.hash = with_flipped(flipped);
        b.fingerprint.texture = texture;
        let verdict = judged(&a, &b, cosine);
        assert!(verdict.numbers.hash_distance as usize <= flipped);
        assert_eq!(verdict.evidence, expected, "{texture} {flipped} {cosine}");
    }
}

#[test]
fn a_turned_small_copy_is_the_same_shot_and_the_sentence_says_how() {
    let a = content();
    let mut b = content();
    b.fingerprint.hash = HASH.oriented(Orientation::Rotate90);
    (b.width, b.height) = (750, 1000);
    let verdict = judged(&a, &b, 0.1);
    assert_eq!(
        verdict.reason(),
        "same shot: turned by 90 degrees, resized to 25 %, hash distance 0 of 255, embedding 0.10"
    );
}

#[test]
fn a_verdict_is_the_same_from_either_side() {
    for orientation in Orientation::ALL {
        for flipped in [0, 30, 100] {
            let a = content();
            let mut b = content();
            b.fingerprint.hash = with_flipped(flipped).oriented(orientation);
            (b.width, b.height) = orientation.apply_to_size((1000, 700));
            let (there, back) = (judged(&a, &b, 0.6), judged(&b, &a, 0.6));
            assert_eq!(there.evidence, back.evidence);
            assert_eq!(there.numbers.hash_distance, back.numbers.hash_distance);
            assert_eq!(there.reason(), back.reason());
            assert_eq!(
                a.fingerprint
                    .hash
                    .oriented(there.numbers.orientation)
                    .distance(b.fingerprint.hash),
                there.numbers.hash_distance
            );
        }
    }
}

#[test]
fn turning_both_pictures_changes_nothing() {
    let a = content();
    let mut b = content();
    b.fingerprint.hash = with_flipped(40);
    let upright = judged(&a, &b, 0.5);
    for orientation in Orientation::ALL {
        let turned = |content: &Content| {
            let (width, height) = orientation.apply_to_size((content.width, content.height));
            let hash = content.fingerprint.hash.oriented(orientation);
            Content {
                width,
                height,
                fingerprint: Fingerprint {
                    hash,
                    ..content.fingerprint
                },
                ..content.clone()
            }
        };
        let verdict = judged(&turned(&a), &turned(&b), 0.5);
        assert_eq!(verdict.reason(), upright.reason(), "{orientation:?}");
    }
}

#[test]
fn capture_times_of_one_camera_weaken_and_never_strengthen() {
    let first = "2021-05-12T14:03:07.25";
    for (time, flipped, expected) in [
        ("2021-05-12T14:03:07", 4, Some(Evidence::SameShot)),
        ("2021-05-12T14:03:09", 4, Some(Evidence::Burst)),
        ("2021-05-12T14:03:09", 100, Some(Evidence::Burst)),
        ("2021-05-12T14:33:09", 4, Some(Evidence::Similar)),
        ("2021-05-12T14:03:07", 127, Some(Evidence::Similar)),
    ] {
        let (mut a, mut b) = (content(), content());
        taken(&mut a, first);
        taken(&mut b, time);
        b.fingerprint.hash = with_flipped(flipped);
        assert_eq!(judged(&a, &b, 0.6).evidence, expected, "{time} {flipped}");
        b.metadata.camera = Some("Another".to_owned());
        assert_ne!(judged(&a, &b, 0.6).evidence, Some(Evidence::Burst));
    }
}

#[test]
fn flat_pictures_are_related_only_if_nearly_equal() {
    let (mut a, mut b) = (content(), content());
    for picture in [&mut a, &mut b] {
        picture.fingerprint.contrast = 0.5;
        picture.fingerprint.texture = 0.0;
    }
    assert_eq!(judged(&a, &b, 1.0).evidence, Some(Evidence::SameShot));
    b.fingerprint.mean_rgb[2] += 20;
    let vetoed = judged(&a, &b, 1.0);
    assert_eq!(vetoed.evidence, None);
    assert!(vetoed.reason().starts_with("not related: too flat to tell"));
    b.fingerprint.mean_rgb[2] -= 20;
    b.fingerprint.hash = with_flipped(60);
    assert_eq!(judged(&a, &b, 1.0).evidence, None);
}

#[test]
fn only_pairs_that_may_be_equal_are_worth_decoding_in_full() {
    let a = content();
    assert!(may_have_identical_pixels(&a, &a));
    let changes: [fn(&mut Content); 4] = [
        |b| b.width -= 1,
        |b| b.fingerprint.mean_rgb[0] += 2,
        |b| b.fingerprint.contrast += 3.0,
        |b| b.fingerprint.hash = with_flipped(20),
    ];
    for change in changes {
        let mut b = content();
        change(&mut b);
        assert!(!may_have_identical_pixels(&a, &b));
    }
    let mut png = content();
    png.format = Format::Png;
    png.fingerprint.hash = with_flipped(2);
    assert!(
        may_have_identical_pixels(&a, &png),
        "a PNG may have been made from a JPEG"
    );
}

#[test]
fn limits_for_another_model_lie_as_far_between_its_floor_and_one() {
    let bundled = VerifySettings::for_floor(Cosine(0.18));
    assert!((bundled.textured[2].0.0 - 0.4).abs() < 1e-6);
    let crowded = VerifySettings::for_floor(Cosine(0.7));
    assert!((crowded.textured[2].0.0 - (1.0 - 0.6 * 0.3 / 0.82)).abs() < 1e-6);
    assert_eq!(crowded.textured[2].1, bundled.textured[2].1);
}
