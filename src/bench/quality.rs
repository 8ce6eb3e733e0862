//! How far the vectors of a way of embedding are from those of the reference.

use super::schema::Quality;
use super::statistics::mean;
use crate::embed::Embedding;

/// Neighbours that are compared.
const NEIGHBOURS: usize = 10;

/// Compares vectors of the same photos in the same order; photos are grouped from the cosine
/// `similarity` on. `None` without any, or if their lengths differ: then they are of different
/// models.
#[must_use]
pub(super) fn quality(
    reference: &str,
    truth: &[Embedding],
    found: &[Embedding],
    similarity: f32,
) -> Option<Quality> {
    let (truth, found) = (unpacked(truth), unpacked(found));
    let is_alike =
        truth.len() == found.len() && truth.iter().zip(&found).all(|(a, b)| a.len() == b.len());
    if !is_alike {
        return None;
    }
    let cosines: Vec<f64> = truth
        .iter()
        .zip(&found)
        .map(|(a, b)| cosine(a, b))
        .collect();
    let cosine_min = cosines.iter().copied().reduce(f64::min)?;
    // The ten nearest of eleven or fewer are all.
    let recall = (truth.len() >= NEIGHBOURS + 2).then(|| {
        let recalls = (0..truth.len()).map(|photo| recall(photo, &truth, &found));
        mean(&recalls.collect::<Vec<f64>>())
    });
    Some(Quality {
        reference: reference.to_owned(),
        cosine_mean: mean(&cosines)?,
        cosine_min,
        recall_at_10: recall.flatten(),
        groups_changed: Some(regrouped(&truth, &found, similarity.into())),
    })
}

/// The share of the photos that are grouped with others.
fn regrouped(truth: &[Vec<f32>], found: &[Vec<f32>], similarity: f64) -> f64 {
    let (truth, found) = (groups(truth, similarity), groups(found, similarity));
    let changed = truth.iter().zip(&found).filter(|(a, b)| a != b).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of photos")]
    let share = changed as f64 / truth.len().max(1) as f64;
    share
}

/// For each photo those that it is joined with, itself among them: whoever is similar to one of
/// them, and so on.
fn groups(vectors: &[Vec<f32>], similarity: f64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); vectors.len()];
    for first in 0..vectors.len() {
        if groups.get(first).is_none_or(|group| !group.is_empty()) {
            continue;
        }
        let (mut group, mut next) = (vec![first], 0);
        while let Some(&photo) = group.get(next) {
            let more: Vec<usize> = others(photo, vectors)
                .filter(|(cosine, other)| *cosine >= similarity && !group.contains(other))
                .map(|(_, other)| other)
                .collect();
            group.extend(more);
            next += 1;
        }
        group.sort_unstable();
        for &photo in &group {
            if let Some(place) = groups.get_mut(photo) {
                place.clone_from(&group);
            }
        }
    }
    groups
}

/// The cosines of all other photos with one, in their order.
fn others(photo: usize, vectors: &[Vec<f32>]) -> impl Iterator<Item = (f64, usize)> {
    let own = vectors.get(photo);
    let vectors = vectors.iter().enumerate();
    vectors
        .filter(move |(other, _)| *other != photo)
        .filter_map(move |(other, vector)| Some((cosine(own?, vector), other)))
}

fn unpacked(vectors: &[Embedding]) -> Vec<Vec<f32>> {
    vectors
        .iter()
        .map(|vector| vector.components().iter().map(|x| x.to_f32()).collect())
        .collect()
}

/// Of vectors of length 1 but for their rounding to half precision.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The share of the true nearest photos of one that are found.
fn recall(photo: usize, truth: &[Vec<f32>], found: &[Vec<f32>]) -> f64 {
    let (truth, found) = (nearest(photo, truth), nearest(photo, found));
    let common = truth.iter().filter(|other| found.contains(other)).count();
    #[expect(clippy::cast_precision_loss, reason = "at most ten")]
    let share = common as f64 / truth.len().max(1) as f64;
    share
}

/// The nearest others; equals by their order.
fn nearest(photo: usize, vectors: &[Vec<f32>]) -> Vec<usize> {
    let mut others: Vec<(f64, usize)> = others(photo, vectors).collect();
    others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    others.truncate(NEIGHBOURS);
    others.into_iter().map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random::Random;

    fn vectors(count: usize, noise: f64) -> Vec<Embedding> {
        let mut random = Random::new(5);
        let mut blur = Random::new(6);
        (0..count)
            .map(|_| {
                #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
                let raw: Vec<f32> = (0..32)
                    .map(|_| (random.next_f64() - 0.5 + noise * (blur.next_f64() - 0.5)) as f32)
                    .collect();
                Embedding::from_raw(&raw).unwrap()
            })
            .collect()
    }

    #[test]
    fn equal_vectors_are_perfect_and_noise_costs_cosine_and_recall() {
        let truth = vectors(60, 0.0);
        let same = quality("r", &truth, &truth, 0.65).unwrap();
        assert_eq!((same.cosine_mean, same.recall_at_10), (1.0, Some(1.0)));
        let little = quality("r", &truth, &vectors(60, 0.1), 0.65).unwrap();
        let much = quality("r", &truth, &vectors(60, 1.0), 0.65).unwrap();
        assert!(little.cosine_mean > 0.99 && little.cosine_min <= little.cosine_mean);
        assert!(much.cosine_mean < little.cosine_mean);
        assert!(much.recall_at_10.unwrap() < little.recall_at_10.unwrap());
        assert_eq!(little.reference, "r");
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        let truth = vectors(5, 0.0);
        assert_eq!(
            quality("r", &truth, &truth, 0.65).unwrap().recall_at_10,
            None
        );
        assert_eq!(quality("r", &truth, &truth[1..], 0.65), None);
        assert_eq!(quality("r", &[], &[], 0.65), None);
    }

    #[test]
    fn photos_that_are_grouped_with_others_are_counted() {
        let vector = |angle: f32| vec![angle.cos(), angle.sin()];
        // Three that hang together by the one in the middle, and one alone.
        let truth: Vec<Vec<f32>> = [0.0, 0.4, 0.8, 3.0].map(vector).into();
        assert_eq!(
            groups(&truth, 0.9),
            [vec![0, 1, 2], vec![0, 1, 2], vec![0, 1, 2], vec![3]]
        );
        assert!(regrouped(&truth, &truth, 0.9) < 1e-9);
        // The last of the three leaves: its own group and those of both others have changed.
        let found: Vec<Vec<f32>> = [0.0, 0.4, 1.2, 3.0].map(vector).into();
        assert!((regrouped(&truth, &found, 0.9) - 0.75).abs() < 1e-9);
    }
}
