//! From two sets of keypoints to a map between the pictures.
//!
//! Descriptors are paired by mutual nearest neighbour; of the pairs, two at a time propose a
//! similarity (Fischler and Bolles, *Random Sample Consensus*, 1981, with a fixed seed), and
//! the one that most pairs follow, in position and in the direction of their patches, is
//! refined to an affine and then a projective map with ever narrower tolerance (locally
//! optimised RANSAC, Chum, Matas and Kittler, 2003). Mirrored copies are searched for with
//! mirrored descriptors.

use super::features::{Keypoint, angle_radians, level_scale};
use super::geometry::{Homography, Point};
use super::random::Random;

/// A map found from keypoints.
#[derive(Clone, Debug)]
pub(super) struct Correspondence {
    pub(super) map: Homography,
    /// Keypoint pairs that follow the map.
    pub(super) inliers: u32,
}

/// Most differing bits, of 256, between descriptors of one point: copies have about 20 to 60,
/// unrelated patches 128 ± 8 with a long lower tail.
const MOST_BITS: u32 = 76;

/// Most differing bits in the first half: at [`MOST_BITS`] overall, 38 ± 5 are expected, of
/// unrelated patches 64 ± 6. Sorts out all but one of two thousand after half of the work.
const MOST_FIRST_BITS: u32 = 45;

/// Samples of two pairs each. With a quarter of the pairs right, one sample in 16 is right.
const SAMPLES: u32 = 400;

/// Fewer pairs that follow a map are found between unrelated pictures too.
const LEAST_INLIERS: u32 = 7;

/// With this many, the mirrored picture need not be tried.
const CERTAIN: u32 = 25;

struct Pair {
    from: Point,
    to: Point,
    /// Direction and size of the second patch against the first.
    turn: f32,
    log_scale: f32,
}

/// The best-supported map from `a` to `b`, plain or mirrored.
pub(super) fn correspond(a: &[Keypoint], b: &[Keypoint]) -> Option<Correspondence> {
    let plain = consensus(&pairs(a, b, false), false);
    if plain.as_ref().is_some_and(|plain| plain.inliers >= CERTAIN) {
        return plain;
    }
    let mirrored = consensus(&pairs(a, b, true), true);
    match (plain, mirrored) {
        (Some(plain), Some(mirrored)) if mirrored.inliers > plain.inliers => Some(mirrored),
        (None, mirrored) => mirrored,
        (plain, _) => plain,
    }
}

/// Mutual nearest neighbours that are near enough.
fn pairs(a: &[Keypoint], b: &[Keypoint], mirrored: bool) -> Vec<Pair> {
    const NONE: Nearest = (MOST_BITS + 1, usize::MAX);
    let mut nearest_of_b = vec![NONE; b.len()];
    let mut nearest_of_a = vec![NONE; a.len()];
    for (i, (one, nearest)) in a.iter().zip(&mut nearest_of_a).enumerate() {
        let bits = if mirrored {
            one.mirrored_bits()
        } else {
            one.bits
        };
        look_up((i, bits), b, nearest, &mut nearest_of_b);
    }
    nearest_of_a
        .iter()
        .enumerate()
        .filter_map(|(i, &(_, j))| {
            let back = nearest_of_b.get(j)?;
            (back.1 == i).then(|| Pair::new(&a[i], &b[j], mirrored))
        })
        .collect()
}

/// Differing bits, and the position of the other descriptor.
type Nearest = (u32, usize);

/// Looks whether one descriptor is nearer to any of `others` than what is known.
///
/// Most of the time of a comparison of strangers is spent here, and counting bits without the
/// processor's instruction takes a dozen others.
#[multiversion::multiversion(targets("x86_64+popcnt"))]
fn look_up(
    (i, bits): (usize, [u64; 4]),
    others: &[Keypoint],
    nearest: &mut Nearest,
    nearest_of_others: &mut [Nearest],
) {
    let differing = |a: [u64; 2], b: [u64; 2]| {
        let [x, y] = [a[0] ^ b[0], a[1] ^ b[1]];
        x.count_ones() + y.count_ones()
    };
    for (j, (other, nearest_of_other)) in others.iter().zip(nearest_of_others).enumerate() {
        let [a, b, c, d] = other.bits;
        let first = differing([bits[0], bits[1]], [a, b]);
        if first > MOST_FIRST_BITS {
            continue;
        }
        let distance = first + differing([bits[2], bits[3]], [c, d]);
        if distance < nearest.0 {
            *nearest = (distance, j);
        }
        if distance < nearest_of_other.0 {
            *nearest_of_other = (distance, i);
        }
    }
}

impl Pair {
    fn new(a: &Keypoint, b: &Keypoint, mirrored: bool) -> Self {
        // Flipped top to bottom, a direction changes its sign; `from_two` flips the same way.
        let from = angle_radians(a.angle) * if mirrored { -1.0 } else { 1.0 };
        Self {
            from: a.position(),
            to: b.position(),
            turn: angle_radians(b.angle) - from,
            log_scale: (level_scale(b.level) / level_scale(a.level)).ln(),
        }
    }

    /// How far the map misses the pair, in pixels of the second picture, squared.
    fn squared_miss(&self, map: &Homography) -> f64 {
        let [x, y] = map.map(self.from);
        (x - self.to[0]).powi(2) + (y - self.to[1]).powi(2)
    }
}

/// Patches may be turned by this much (radians) and scaled by this much (natural logarithm)
/// against the map: directions of weak patches and levels are coarse.
const MOST_TURN: f32 = 0.6;
const MOST_LOG_SCALE: f32 = 0.6;

fn consensus(pairs: &[Pair], mirrored: bool) -> Option<Correspondence> {
    let count = u32::try_from(pairs.len()).ok()?;
    if count < LEAST_INLIERS {
        return None;
    }
    let mut random = Random::new(0x6c65_6e73);
    let mut best: Option<(usize, Homography)> = None;
    for _ in 0..SAMPLES {
        let (i, j) = (random.below(count), random.below(count));
        let (Some(p), Some(q)) = (pairs.get(i as usize), pairs.get(j as usize)) else {
            continue;
        };
        if angle_between(p.turn, q.turn) > MOST_TURN
            || (p.log_scale - q.log_scale).abs() > MOST_LOG_SCALE
        {
            continue;
        }
        let Some(map) = Homography::from_two([p.from, q.from], [p.to, q.to], mirrored) else {
            continue;
        };
        let similarity = Similarity::of(&map);
        if angle_between(similarity.turn, p.turn) > MOST_TURN
            || (similarity.log_scale - p.log_scale).abs() > MOST_LOG_SCALE
        {
            continue;
        }
        let agreeing = following(pairs, &map, &similarity, 8.0).count();
        if best.as_ref().is_none_or(|&(most, _)| agreeing > most) {
            best = Some((agreeing, map));
        }
    }
    let (agreeing, map) = best?;
    if agreeing < LEAST_INLIERS as usize {
        return None;
    }
    let similarity = Similarity::of(&map);
    let mut map = map;
    for tolerance in [8.0, 5.0, 3.5, 3.0] {
        let inliers: Vec<_> = following(pairs, &map, &similarity, tolerance)
            .map(|pair| (pair.from, pair.to))
            .collect();
        // Affine until the tolerance is narrow: projective terms follow outliers.
        map = Homography::fit(&inliers)?;
    }
    let inliers = following(pairs, &map, &similarity, 3.0).count();
    let inliers = u32::try_from(inliers).ok()?;
    (inliers >= LEAST_INLIERS).then_some(Correspondence { map, inliers })
}

struct Similarity {
    turn: f32,
    log_scale: f32,
    scale: f64,
}

impl Similarity {
    fn of(map: &Homography) -> Self {
        let (a, b) = (map.0[0], map.0[3]);
        // The x axis' direction is where a patch of direction 0 points, mirrored or not.
        let scale = a.hypot(b);
        #[expect(clippy::cast_possible_truncation, reason = "an angle and a logarithm")]
        Self {
            turn: b.atan2(a) as f32,
            log_scale: scale.ln() as f32,
            scale,
        }
    }
}

/// The pairs that follow a map within `tolerance` pixels of the coarser picture.
fn following<'a>(
    pairs: &'a [Pair],
    map: &'a Homography,
    similarity: &'a Similarity,
    tolerance: f64,
) -> impl Iterator<Item = &'a Pair> {
    let tolerance = tolerance * similarity.scale.max(1.0);
    pairs.iter().filter(move |pair| {
        pair.squared_miss(map) <= tolerance * tolerance
            && angle_between(pair.turn, similarity.turn) <= MOST_TURN
            && (pair.log_scale - similarity.log_scale).abs() <= MOST_LOG_SCALE
    })
}

/// The smaller angle between two directions, 0 to pi.
fn angle_between(a: f32, b: f32) -> f32 {
    let difference = (a - b).rem_euclid(std::f32::consts::TAU);
    difference.min(std::f32::consts::TAU - difference)
}
