//! What the verdict is, by what the pixels and the files say of the pair.

use super::*;
use crate::matching::pixels::Alignment;
use crate::photo::{ContentHash, Format, Metadata, Orientation, PerceptualHash};

fn content() -> Content {
    Content {
        hash: ContentHash([0; 32]),
        format: Format::Jpeg,
        width: 4000,
        height: 3000,
        metadata: Metadata::default(),
        fingerprint: Fingerprint {
            hash: PerceptualHash([0x9e37_79b9_7f4a_7c14; 4]),
            contrast: 50.0,
            texture: 0.8,
            mean_rgb: [100, 110, 120],
        },
    }
}

fn taken(content: &mut Content, at: &str) {
    content.metadata.taken_at = Some(at.parse().unwrap());
    content.metadata.camera = Some("Acme One".to_owned());
}

/// What the pixels say: laid over each other at an orientation, the second showing so much of
/// the first.
fn seen(evidence: Option<Evidence>, orientation: Orientation, shown: f32) -> PixelVerdict {
    PixelVerdict {
        evidence,
        alignment: Some(Alignment {
            orientation,
            scale: 1.0 / shown.sqrt(),
            coverage: [shown, 1.0],
            map: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        }),
        correlation: 0.98,
        alike: 1.0,
        ..PixelVerdict::UNRELATED
    }
}

fn same_shot() -> PixelVerdict {
    seen(Some(Evidence::SameShot), Orientation::Normal, 1.0)
}

fn judged(a: &Content, b: &Content, cosine: f32, pixels: &PixelVerdict) -> Verdict {
    verify(a, b, Cosine(cosine), pixels, &VerifySettings::default())
}

#[test]
fn neither_hash_nor_embedding_makes_one_shot_of_two_photos() {
    let (a, b) = (content(), content());
    let verdict = judged(&a, &b, 1.0, &PixelVerdict::UNRELATED);
    assert_eq!(verdict.evidence, Some(Evidence::Similar));
    assert!(!verdict.is_seen() && !verdict.says_something());
    assert_eq!(verdict.reason(), "similar: embedding 1.00");
    let verdict = judged(&a, &b, 0.0, &same_shot());
    assert_eq!(verdict.evidence, Some(Evidence::SameShot));
    assert!(verdict.is_seen() && verdict.says_something());
}

#[test]
fn the_sentence_says_what_was_done_to_a_copy() {
    let a = content();
    let mut b = content();
    assert_eq!(
        judged(&a, &b, 0.9, &same_shot()).reason(),
        "same shot: re-encoded or edited, 0.98 after alignment"
    );
    // A quarter turn, 81 % of the picture left, at a quarter of the size.
    (b.width, b.height) = (675, 900);
    let turned = seen(Some(Evidence::SameShot), Orientation::Rotate90, 0.81);
    assert_eq!(
        judged(&a, &b, 0.1, &turned).reason(),
        "same shot: turned by 90°, cropped to 81 %, resized to 25 %, 0.98 after alignment"
    );
    let moved = PixelVerdict {
        unlike: 0.12,
        ..seen(Some(Evidence::Burst), Orientation::Normal, 1.0)
    };
    assert_eq!(
        judged(&a, &a, 0.8, &moved).reason(),
        "burst: 12 % of it moved or changed, 0.98 after alignment"
    );
}

#[test]
fn a_verdict_is_the_same_from_either_side() {
    let a = content();
    let mut b = content();
    for orientation in Orientation::ALL {
        (b.width, b.height) = orientation.apply_to_size((1000, 700));
        let pixels = seen(Some(Evidence::SameShot), orientation, 0.6);
        let there = judged(&a, &b, 0.6, &pixels);
        let back = judged(&b, &a, 0.6, &pixels.reversed());
        assert_eq!(there.evidence, back.evidence);
        assert_eq!(there.reason(), back.reason());
        assert_eq!(there.closest_first(&back), Ordering::Equal);
    }
}

#[test]
fn capture_times_of_one_camera_weaken_and_never_strengthen() {
    let (burst, similar) = (Some(Evidence::Burst), Some(Evidence::Similar));
    let first = "2021-05-12T14:03:07.25";
    for (time, pixels, expected) in [
        // Programs drop fractions of a second in copies.
        ("2021-05-12T14:03:07", same_shot(), Some(Evidence::SameShot)),
        ("2021-05-12T14:03:09", same_shot(), burst),
        ("2021-05-12T14:03:09", PixelVerdict::UNRELATED, burst),
        ("2021-05-12T14:33:09", same_shot(), similar),
        ("2021-05-12T14:03:07", PixelVerdict::UNRELATED, similar),
        // No two days look the same: the date was changed.
        ("2019-05-12T14:03:09", same_shot(), Some(Evidence::SameShot)),
    ] {
        let (mut a, mut b) = (content(), content());
        taken(&mut a, first);
        taken(&mut b, time);
        assert_eq!(judged(&a, &b, 0.6, &pixels).evidence, expected, "{time}");
        b.metadata.camera = Some("Another".to_owned());
        let other_camera = judged(&a, &b, 0.6, &pixels);
        assert_eq!(other_camera.evidence, pixels.evidence.or(similar), "{time}");
    }
}

#[test]
fn flat_pictures_are_related_by_their_pixels_only() {
    let flatten: [fn(&mut Fingerprint); 2] = [|f| f.contrast = 0.5, |f| f.texture = 0.02];
    for flatten in flatten {
        let (mut a, b) = (content(), content());
        flatten(&mut a.fingerprint);
        let vetoed = judged(&a, &b, 1.0, &PixelVerdict::UNRELATED);
        assert_eq!(vetoed.evidence, None);
        assert!(vetoed.reason().starts_with("not related: too flat to tell"));
        let equal = judged(&a, &b, 1.0, &same_shot());
        assert_eq!(equal.evidence, Some(Evidence::SameShot));
    }
}

#[test]
fn a_collage_is_not_related_to_its_photos() {
    let pixels = PixelVerdict {
        partial: true,
        ..seen(None, Orientation::Normal, 0.45)
    };
    let verdict = judged(&content(), &content(), 0.99, &pixels);
    assert_eq!(verdict.evidence, None);
    assert_eq!(verdict.weakened, Some(Weakened::Partial));
}

#[test]
fn only_pairs_that_may_be_equal_are_worth_decoding_in_full() {
    let a = content();
    assert!(may_have_identical_pixels(&a, &a));
    let changes: [fn(&mut Content); 4] = [
        |b| b.width -= 1,
        |b| b.fingerprint.mean_rgb[0] += 2,
        |b| b.fingerprint.contrast += 3.0,
        |b| b.fingerprint.hash.0[1] ^= 0xfff_ffff,
    ];
    for change in changes {
        let mut b = content();
        change(&mut b);
        assert!(!may_have_identical_pixels(&a, &b));
    }
    let mut png = content();
    png.format = Format::Png;
    png.fingerprint.hash.0[1] ^= 3;
    assert!(
        may_have_identical_pixels(&a, &png),
        "a PNG may have been made from a JPEG"
    );
}

#[test]
fn limits_for_another_model_lie_as_far_between_its_floor_and_one() {
    let bundled = VerifySettings::for_floor(Cosine(0.18));
    assert!((bundled.burst_cosine.0 - 0.2).abs() < 1e-6);
    let crowded = VerifySettings::for_floor(Cosine(0.7));
    assert!((crowded.burst_cosine.0 - (1.0 - 0.8 * 0.3 / 0.82)).abs() < 1e-6);
}
