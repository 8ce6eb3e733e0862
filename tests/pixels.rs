//! Verdicts by pixels, on real photos and on pictures that have nothing to compare.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{jpeg, load, page, picture, shared};
use image::{Rgb, RgbImage, imageops};
use twinlens::matching::Evidence;
use twinlens::matching::pixels::{
    Detail, MOST_BYTES, PixelRecord, PixelVerdict, Prepared, compare, compare_detail, prepare,
    prepare_detail,
};
use twinlens::photo::{Format, Orientation};
use twinlens::scan::{DecodeScale, Limits, decode};

/// As the cache gives it back.
fn remembered(picture: &RgbImage) -> Prepared {
    let bytes = prepare(picture).to_bytes();
    assert!(bytes.len() <= MOST_BYTES, "{} bytes", bytes.len());
    PixelRecord::from_bytes(&bytes).unwrap().decode()
}

fn verdict(a: &RgbImage, b: &RgbImage) -> PixelVerdict {
    let verdict = compare(&remembered(a), &remembered(b));
    if verdict.detail == Detail::Wanted {
        compare_detail(&prepare_detail(a), &prepare_detail(b), &verdict)
    } else {
        verdict
    }
}

/// Every `step`th photo of the labelled set that is the first of its shot, decoded as in a scan.
fn distinct_photos(step: usize) -> Option<Vec<RgbImage>> {
    let (set, truth) = (shared("photos/set")?, shared("photos/truth.json")?);
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    // Related in any way counts as one: a collage, a burst, another view.
    let mut families: Vec<Vec<String>> =
        serde_json::from_value(truth["duplicates"].clone()).unwrap();
    for relation in truth["similar"].as_array().unwrap() {
        let ends: Vec<String> = [0, 1]
            .map(|end| relation[end].as_str().unwrap().to_owned())
            .to_vec();
        let (mut joined, others): (Vec<_>, Vec<_>) = families
            .into_iter()
            .partition(|family| family.iter().any(|name| ends.contains(name)));
        joined.push(ends);
        families = others;
        families.push(joined.concat());
    }
    let related: Vec<&String> = families.iter().flatten().collect();
    let all = truth["files"].as_object().unwrap().keys();
    let alone = all.filter(|name| !related.contains(name));
    let mut names: Vec<&String> = families.iter().map(|family| &family[0]).collect();
    names.extend(alone);
    names.sort();
    let pictures = names.iter().step_by(step).map(|name| load(&set.join(name)));
    Some(pictures.collect())
}

fn turned(picture: &RgbImage, orientation: Orientation) -> RgbImage {
    let mut picture = image::DynamicImage::ImageRgb8(picture.clone());
    let exif = image::metadata::Orientation::from_exif(orientation.to_exif()).unwrap();
    picture.apply_orientation(exif);
    picture.into_rgb8()
}

#[test]
fn distinct_photos_are_not_one_shot() {
    let Some(photos) = distinct_photos(1) else {
        return;
    };
    let photos: Vec<Prepared> = photos.iter().map(remembered).collect();
    let mut pairs = 0;
    // Every photo with those some way off in the list: 5,000 pairs of all kinds.
    for distance in 1.. {
        for (i, a) in photos.iter().enumerate() {
            let b = &photos[(i + 7 * distance) % photos.len()];
            let verdict = compare(a, b);
            assert_ne!(
                verdict.evidence,
                Some(Evidence::SameShot),
                "pair {i} at distance {distance}: {verdict:?}"
            );
            pairs += 1;
        }
        if pairs >= 5000 {
            break;
        }
    }
}

#[test]
fn verdicts_are_symmetric_and_a_photo_is_itself_and_turning_both_changes_nothing() {
    let Some(photos) = distinct_photos(16) else {
        return;
    };
    for photo in &photos {
        let own = remembered(photo);
        let itself = compare(&own, &remembered(photo));
        assert_eq!(itself.evidence, Some(Evidence::SameShot));
        assert!(itself.observations().is_empty(), "{itself:?}");

        let (width, height) = photo.dimensions();
        let cropped = imageops::crop_imm(
            photo,
            width / 12,
            height / 20,
            width - width / 6,
            height - height / 8,
        )
        .to_image();
        let cropped_record = remembered(&cropped);
        let upright = compare(&own, &cropped_record);
        let back = compare(&cropped_record, &own);
        assert_eq!(back.evidence, upright.evidence);
        assert_eq!(back.observations(), upright.observations());
        for orientation in [
            Orientation::Rotate90,
            Orientation::MirrorHorizontal,
            Orientation::Transverse,
        ] {
            let both = verdict(&turned(photo, orientation), &turned(&cropped, orientation));
            assert_eq!(both.evidence, upright.evidence, "{orientation:?}");
            // One alone turned is still found, and the turn is named.
            if upright.evidence == Some(Evidence::SameShot) {
                let one = compare(&own, &remembered(&turned(&cropped, orientation)));
                assert_eq!(one.evidence, upright.evidence, "{orientation:?}");
                let alignment = one.alignment.unwrap();
                assert_eq!(alignment.orientation, orientation);
            }
        }
    }
}

#[test]
fn a_verdict_reads_back_as_it_was_written() {
    let a = picture(1, 320, 240);
    let cropped = imageops::crop_imm(&a, 30, 20, 250, 200).to_image();
    for verdict in [verdict(&a, &cropped), verdict(&a, &picture(2, 320, 240))] {
        let bytes = verdict.to_bytes();
        assert_eq!(PixelVerdict::from_bytes(&bytes), Some(verdict));
        for length in 0..bytes.len() {
            assert_eq!(PixelVerdict::from_bytes(&bytes[..length]), None);
        }
    }
}

#[test]
fn damaged_records_are_refused_or_agree_with_nothing() {
    let a = picture(3, 320, 240);
    let bytes = prepare(&a).to_bytes();
    for length in (0..bytes.len()).step_by(97) {
        assert!(PixelRecord::from_bytes(&bytes[..length]).is_err());
    }
    let other = remembered(&picture(4, 320, 240));
    for at in (0..bytes.len()).step_by(53) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        if let Ok(record) = PixelRecord::from_bytes(&damaged) {
            let verdict = compare(&record.decode(), &other);
            assert_ne!(verdict.evidence, Some(Evidence::SameShot), "byte {at}");
        }
    }
}

#[test]
fn pages_are_one_shot_only_if_every_word_is_the_same() {
    let one = page(7, &[]);
    let smaller = imageops::resize(&one, 675, 900, imageops::FilterType::Triangle);
    let again = decode(
        &jpeg(&one, 40),
        Format::Jpeg,
        Orientation::Normal,
        DecodeScale::Full,
        &Limits::default(),
    );
    let again = again.unwrap().image;
    for copy in [&smaller, &again] {
        let verdict = verdict(&one, copy);
        assert_eq!(verdict.evidence, Some(Evidence::SameShot), "{verdict:?}");
    }
    for changed in [vec![150], vec![40, 290], (90..102).collect()] {
        let other = verdict(&one, &page(7, &changed));
        assert_ne!(
            other.evidence,
            Some(Evidence::SameShot),
            "{changed:?} {other:?}"
        );
    }
    let other = verdict(&one, &page(8, &[]));
    assert_ne!(other.evidence, Some(Evidence::SameShot), "{other:?}");
}

#[test]
fn pictures_without_texture_are_one_shot_only_if_they_are_equal() {
    let even = |tone: [u8; 3]| RgbImage::from_pixel(300, 200, Rgb(tone));
    let ramp = |low: u8, high: u8| {
        RgbImage::from_fn(300, 200, |x, _| {
            let tone = u32::from(low) + (u32::from(high) - u32::from(low)) * x / 299;
            Rgb([u8::try_from(tone).unwrap(); 3])
        })
    };
    let night = |seed: u32| {
        let mut state = seed;
        RgbImage::from_fn(300, 200, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([u8::try_from(4 + (state >> 24) % 7).unwrap(); 3])
        })
    };
    let plain = [
        even([0; 3]),
        even([255; 3]),
        even([128; 3]),
        even([131; 3]),
        even([128, 120, 128]),
        ramp(40, 60),
        ramp(40, 90),
        ramp(60, 200),
        RgbImage::from_pixel(1, 1, Rgb([9; 3])),
        RgbImage::from_pixel(1, 5000, Rgb([90; 3])),
        RgbImage::from_pixel(5000, 2, Rgb([200; 3])),
        night(1),
    ];
    let records: Vec<Prepared> = plain.iter().map(remembered).collect();
    for (i, a) in records.iter().enumerate() {
        for (j, b) in records.iter().enumerate() {
            let same = compare(a, b).evidence == Some(Evidence::SameShot);
            assert_eq!(same, i == j, "{i} and {j}");
        }
    }
    assert_eq!(
        verdict(
            &even([77; 3]),
            &RgbImage::from_pixel(600, 400, Rgb([77; 3]))
        )
        .evidence,
        Some(Evidence::SameShot),
        "the same tone at another size"
    );
}

#[test]
fn a_panorama_is_compared_with_a_piece_of_it() {
    let wide = picture(11, 2400, 200);
    let piece = imageops::crop_imm(&wide, 100, 0, 2200, 200).to_image();
    assert_eq!(verdict(&wide, &piece).evidence, Some(Evidence::SameShot));
    let other = picture(12, 2400, 200);
    assert_ne!(verdict(&wide, &other).evidence, Some(Evidence::SameShot));
}
