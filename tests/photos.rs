//! What the program finds on a thousand labelled photos: the floor under every later change.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use common::{scan, shared};
use serde_json::Value;

type Pairs = HashSet<(String, String)>;

fn pairs<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<(String, String)> {
    let mut names: Vec<&String> = names.into_iter().collect();
    names.sort();
    let mut pairs = Vec::new();
    for (a, first) in names.iter().enumerate() {
        pairs.extend(
            names[a + 1..]
                .iter()
                .map(|second| ((*first).clone(), (*second).clone())),
        );
    }
    pairs
}

/// Pairs of photos that the report joins by links at or above an evidence.
fn joined(report: &Value, set: &Path, strong_enough: &[&str]) -> Pairs {
    let root = set.canonicalize().unwrap();
    let name = |photo: &Value| {
        let path = Path::new(photo["path"].as_str().unwrap())
            .canonicalize()
            .unwrap();
        path.strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/")
    };
    let photos = report["photos"].as_array().unwrap();
    let names: HashMap<u64, String> = photos
        .iter()
        .map(|photo| (photo["id"].as_u64().unwrap(), name(photo)))
        .collect();
    let mut found = Pairs::new();
    let shots = report["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["shots"].as_array().unwrap());
    for shot in shots {
        let members = shot["photos"].as_array().unwrap();
        let mut copy_of: HashMap<u64, u64> = HashMap::new();
        for member in members.iter().filter(|m| {
            m["evidence"]
                .as_str()
                .is_some_and(|e| strong_enough.contains(&e))
        }) {
            copy_of.insert(
                member["id"].as_u64().unwrap(),
                member["copy_of"].as_u64().unwrap(),
            );
        }
        let mut classes: HashMap<u64, Vec<String>> = HashMap::new();
        for member in members {
            let mut top = member["id"].as_u64().unwrap();
            let own = names[&top].clone();
            while let Some(better) = copy_of.get(&top) {
                top = *better;
            }
            classes.entry(top).or_default().push(own);
        }
        found.extend(classes.values().flat_map(pairs));
    }
    found
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "shares of some thousand pairs")]
fn the_labelled_photos_are_found_as_well_as_before() {
    let (Some(set), Some(truth)) = (shared("photos/set"), shared("photos/truth.json")) else {
        return;
    };
    let truth: Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let report = scan(home.path(), &set, &[]);
    assert_eq!(report["totals"]["photos"], 998);
    assert_eq!(
        report["problems"].as_array().unwrap().len(),
        0,
        "{}",
        report["problems"]
    );

    // What was found through other copies is remembered with the rest.
    let again = scan(home.path(), &set, &[]);
    for part in ["photos", "groups", "parts", "totals"] {
        assert!(report[part] == again[part], "{part} of a second scan");
    }

    let mut of_hash: HashMap<&str, Vec<String>> = HashMap::new();
    for (name, file) in truth["files"].as_object().unwrap() {
        of_hash
            .entry(file["sha256"].as_str().unwrap())
            .or_default()
            .push(name.clone());
    }
    let same_bytes: Pairs = of_hash.values().flat_map(pairs).collect();
    assert_eq!(
        joined(&report, &set, &["identical-file"]),
        same_bytes,
        "precision and recall of equal bytes are 1"
    );

    let groups =
        |key: &str| -> Vec<Vec<String>> { serde_json::from_value(truth[key].clone()).unwrap() };
    let same_shot: Pairs = groups("duplicates").iter().flat_map(pairs).collect();
    // Pairs of a burst, and a collage with one of its photos, count neither way.
    let shot_of: HashMap<String, usize> = (0..)
        .zip(groups("duplicates"))
        .flat_map(|(shot, names)| names.into_iter().map(move |name| (name, shot)))
        .collect();
    let shot = |name: &str| {
        shot_of
            .get(name)
            .map_or_else(|| name.to_owned(), usize::to_string)
    };
    let similar: Vec<[String; 3]> = serde_json::from_value(truth["similar"].clone()).unwrap();
    let neutral: HashSet<(String, String)> = similar
        .iter()
        .filter(|[_, _, relation]| !relation.starts_with("similar"))
        .flat_map(|[a, b, _]| [(shot(a), shot(b)), (shot(b), shot(a))])
        .collect();
    let found = joined(
        &report,
        &set,
        &["identical-file", "identical-pixels", "same-shot"],
    );
    let right = found.intersection(&same_shot).count();
    let wrong = found
        .difference(&same_shot)
        .filter(|(a, b)| !neutral.contains(&(shot(a), shot(b))))
        .count();
    let (precision, recall) = (
        right as f64 / (right + wrong) as f64,
        right as f64 / same_shot.len() as f64,
    );
    assert!(precision >= 0.99, "precision {precision}");
    assert!(recall >= 0.96, "recall {recall}");
    let pixels = joined(&report, &set, &["identical-file", "identical-pixels"]);
    assert_eq!(
        pixels.difference(&same_shot).count(),
        0,
        "identical pixels are never another shot"
    );
}
