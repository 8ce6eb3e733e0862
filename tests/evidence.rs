//! What the program calls one shot, and what only related: real files in, the report out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::{items, jpeg, page, picture, save, scan};
use image::{GenericImage, Rgb, RgbImage, imageops};
use serde_json::Value;

/// The names of the photos by their ids.
fn names(report: &Value) -> BTreeMap<u64, String> {
    let photos = report["photos"].as_array().unwrap().iter();
    photos
        .map(|photo| {
            let path = Path::new(photo["path"].as_str().unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            (photo["id"].as_u64().unwrap(), name.to_owned())
        })
        .collect()
}

/// The names and reasons of the shot that a photo is in; nothing for a photo without copies.
fn shot_of(report: &Value, name: &str) -> BTreeMap<String, String> {
    let names = names(report);
    let groups = report["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["shots"].as_array().unwrap())
        .map(|shot| -> BTreeMap<String, String> {
            let members = shot["photos"].as_array().unwrap().iter();
            members
                .map(|member| {
                    let reason = member["reasons"][0].as_str().unwrap_or_default();
                    let name = names[&member["id"].as_u64().unwrap()].clone();
                    (name, reason.to_owned())
                })
                .collect()
        })
        .find(|shot| shot.len() > 1 && shot.contains_key(name))
        .unwrap_or_default()
}

fn crop(picture: &RgbImage, share: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let margin = |side: u32| side * (100 - share) / 200;
    imageops::crop_imm(
        picture,
        margin(width),
        margin(height),
        width * share / 100,
        height * share / 100,
    )
    .to_image()
}

fn resized(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(picture, width, height, imageops::FilterType::Triangle)
}

/// A photo, what people make of it, and what only looks like it.
fn library(folder: &Path) {
    let original = picture(21, 1200, 900);
    save(&original, &folder.join("original.jpg"));
    save(&crop(&original, 80), &folder.join("cropped.jpg"));
    let turned = imageops::rotate90(&resized(&crop(&original, 90), 540, 405));
    save(&turned, &folder.join("turned.jpg"));
    let mut framed = RgbImage::from_pixel(1320, 1020, Rgb([250; 3]));
    framed.copy_from(&original, 60, 60).unwrap();
    save(&framed, &folder.join("framed.png"));
    let brighter = RgbImage::from_fn(1200, 900, |x, y| {
        Rgb(original.get_pixel(x, y).0.map(|tone| tone / 2 + 90))
    });
    save(&brighter, &folder.join("faded.jpg"));

    let mut moved = original.clone();
    let subject = imageops::crop_imm(&picture(22, 1200, 900), 300, 200, 280, 280).to_image();
    moved.copy_from(&subject, 500, 380).unwrap();
    save(&moved, &folder.join("moved.jpg"));
    let mut collage = RgbImage::new(1200, 450);
    collage
        .copy_from(&resized(&original, 600, 450), 0, 0)
        .unwrap();
    collage
        .copy_from(&resized(&picture(23, 600, 450), 600, 450), 600, 0)
        .unwrap();
    save(&collage, &folder.join("collage.jpg"));
    save(&picture(24, 1200, 900), &folder.join("other.jpg"));
}

#[test]
fn what_was_made_of_a_photo_is_one_shot_and_what_looks_like_it_is_not() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let report = scan(home.path(), folder.path(), &[]);
    let shot = shot_of(&report, "original.jpg");
    let found: BTreeSet<&str> = shot.keys().map(String::as_str).collect();
    assert_eq!(
        found,
        BTreeSet::from([
            "cropped.jpg",
            "faded.jpg",
            "framed.png",
            "original.jpg",
            "turned.jpg"
        ]),
        "{shot:#?}"
    );
    // Each copy says what was done to it, against the one that is kept.
    let says = |name: &str, words: &str| {
        let reason = &shot[name];
        assert!(reason.starts_with("same shot: "), "{name}: {reason}");
        assert!(reason.contains(words), "{name}: {reason}");
    };
    says("cropped.jpg", "cropped to");
    says("turned.jpg", "turned by 90°");
    says("turned.jpg", "resized to");
    says("faded.jpg", "after alignment");
}

#[test]
fn a_collage_is_named_beside_its_photo_and_not_grouped_with_it() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let report = scan(home.path(), folder.path(), &[]);
    assert!(shot_of(&report, "collage.jpg").is_empty());
    let names = names(&report);
    let parts = report["parts"].as_array().unwrap();
    let found: BTreeSet<(&str, &str)> = parts
        .iter()
        .map(|part| {
            let name = |end: &str| names[&part[end].as_u64().unwrap()].as_str();
            (name("part"), name("whole"))
        })
        .collect();
    assert!(
        found.contains(&("original.jpg", "collage.jpg")),
        "{found:?}"
    );
    assert!(found.iter().all(|(_, whole)| *whole == "collage.jpg"));
}

#[test]
fn verdicts_are_remembered_and_what_comes_later_finds_its_shot() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let first = scan(home.path(), folder.path(), &[]);
    let again = scan(home.path(), folder.path(), &[]);
    assert_eq!(items(&again, "decode"), 0);
    for part in ["photos", "groups", "parts"] {
        assert_eq!(first[part], again[part], "{part}");
    }

    let late = crop(&resized(&picture(21, 1200, 900), 800, 600), 85);
    save(&late, &folder.path().join("late.jpg"));
    let report = scan(home.path(), folder.path(), &[]);
    assert_eq!(items(&report, "decode"), 1);
    let shot = shot_of(&report, "late.jpg");
    assert!(shot.contains_key("original.jpg"), "{shot:#?}");
    // A scan that knows nothing comes to the same.
    let afresh = scan(home.path(), folder.path(), &["--no-cache"]);
    assert_eq!(shot, shot_of(&afresh, "late.jpg"));
}

#[test]
fn two_pages_are_one_shot_only_if_they_read_the_same() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(&page(7, &[]), &folder.path().join("letter.png"));
    fs::write(folder.path().join("letter.jpg"), jpeg(&page(7, &[]), 60)).unwrap();
    save(&page(7, &[150]), &folder.path().join("other word.png"));
    save(&page(8, &[]), &folder.path().join("other letter.png"));
    for _ in 0..2 {
        let report = scan(home.path(), folder.path(), &[]);
        let shot = shot_of(&report, "letter.png");
        let found: Vec<&str> = shot.keys().map(String::as_str).collect();
        assert_eq!(found, ["letter.jpg", "letter.png"], "{shot:#?}");
    }
}
