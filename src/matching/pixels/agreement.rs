//! What two aligned pictures have in common, block by block, and what not.
//!
//! Global correlation hides what matters: a subject that moved changes a few per cent of the
//! pixels. So every block counts for itself, by how much texture it has, and what the blocks
//! disagree about is looked at once more: it may be lettering that was added to one of them.

use super::blocks::{BlockPair, Template, to_f32};
use super::lettering::{Lettering, is_lettering};
use super::plane::Plane;
use super::tone::ToneCurve;
use super::warp::Warped;

/// What was counted over the blocks that both pictures cover. Shares are of the weight of
/// textured blocks, 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agreement {
    /// How many textured blocks there are to judge by, a weakly textured one counting as part
    /// of one; with the lettered ones.
    pub(super) weight: f32,
    /// Share of the blocks that show the same, of those without lettering.
    pub(super) alike: f32,
    /// Share that shows something else.
    pub(super) unlike: f32,
    /// Share that differs more than the noise of the two explains, the unlike ones included.
    pub(super) imperfect: f32,
    /// The most unlike blocks side by side, as a share of the covered blocks.
    pub(super) largest_blob: f32,
    /// Share of all that is covered by lettering which only one picture has.
    pub(super) lettered: f32,
    /// Correlation of all covered pixels outside the lettering, after the tone curve.
    pub(super) correlation: f32,
    /// Share of the covered pixels that have one tone: high for documents and screens.
    pub(super) one_tone: f32,
}

/// Blocks with less texture than this in both pictures prove nothing, in levels: it is what
/// JPEG leaves of a flat area.
const LEAST_TEXTURE: f32 = 5.0;

/// From this texture on a block counts in full.
const FULL_TEXTURE: f32 = 15.0;

/// Blocks of this correlation are alike. Unrelated blocks reach 0.4, the best of 25 places
/// being taken; copies have 0.9 and more, less where noise is as strong as texture.
const ALIKE: f32 = 0.6;

/// So are blocks of this correlation, if noise explains the rest.
const ALIKE_IN_NOISE: f32 = 0.35;

/// The share of a block's texture that differs beyond noise, from which it is imperfect and
/// unlike: correlations of 0.8 and 0.6 without noise.
const IMPERFECT: f32 = 0.6;
const UNLIKE: f32 = 0.8;

/// What differs by less than this, or less than twice the noise, is not seen, in levels.
const LEAST_RESIDUAL: f32 = 8.0;

/// More noise than this is not believed: it would excuse anything.
const MOST_NOISE: f32 = 10.0;

/// A block may lie this many pixels off: lenses, page curls, rounding.
const REACH: usize = 2;

/// Compares the pixels of `grid` with a picture laid over all of them.
pub(super) fn agreement(grid: &Plane, warped: &Warped) -> Agreement {
    let curve = ToneCurve::fit(grid, warped);
    let expected: Vec<f32> = grid.values().iter().map(|&tone| curve.of(tone)).collect();
    let map = BlockMap::new(&expected, warped, &curve);
    let noise = map.noise();
    let one_tone = one_tone(grid, warped);
    let (lettered, clean) = map.lettered(&expected, warped, noise, one_tone);
    let mut result = Agreement {
        one_tone,
        correlation: correlation(&expected, &warped.values, &clean),
        ..Agreement::default()
    };
    let mut unlike = vec![false; map.blocks.len()];
    let mut judged = 0.0_f32;
    for ((block, &lettered), unlike) in map.blocks.iter().zip(&lettered).zip(&mut unlike) {
        let Some(block) = block else { continue };
        let weight = block.weight();
        result.weight += weight;
        if lettered {
            result.lettered += weight;
            continue;
        }
        judged += weight;
        let error = block.error(noise);
        let correlation = block.pair.correlation;
        if correlation >= ALIKE || correlation >= ALIKE_IN_NOISE && error <= IMPERFECT {
            result.alike += weight;
        }
        if error > IMPERFECT {
            result.imperfect += weight;
        }
        if error > UNLIKE && block.differs_visibly(noise) {
            result.unlike += weight;
            *unlike = true;
        }
    }
    for share in [&mut result.alike, &mut result.unlike, &mut result.imperfect] {
        *share /= judged.max(0.01);
    }
    result.lettered /= result.weight.max(0.01);
    let largest = blobs(&unlike, map.columns).iter().map(Vec::len).max();
    result.largest_blob = share(largest.unwrap_or(0), map.covered);
    result
}

/// A block that both pictures cover.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Textures in levels of the less stretched picture.
    pair: BlockPair,
}

impl Block {
    fn weight(&self) -> f32 {
        ((self.pair.stronger() - LEAST_TEXTURE) / (FULL_TEXTURE - LEAST_TEXTURE)).clamp(0.0, 1.0)
    }

    /// The share of the texture that differs beyond noise.
    fn error(&self, noise: f32) -> f32 {
        let residual = self.pair.residual();
        (residual * residual - noise * noise).max(0.0).sqrt() / self.pair.stronger().max(0.01)
    }

    fn differs_visibly(&self, noise: f32) -> bool {
        self.pair.residual() >= (2.0 * noise).max(LEAST_RESIDUAL)
    }
}

struct BlockMap {
    side: usize,
    columns: usize,
    /// `None` where the block is not covered.
    blocks: Vec<Option<Block>>,
    covered: usize,
}

impl BlockMap {
    fn new(expected: &[f32], warped: &Warped, curve: &ToneCurve) -> Self {
        let side = block_side(warped);
        let (columns, rows) = (warped.width / side, warped.height() / side);
        let mut blocks = Vec::with_capacity(columns * rows);
        for y in (0..rows).map(|row| row * side) {
            blocks.extend((0..columns).map(|column| {
                let x = column * side;
                is_covered(warped, x, y, side).then(|| {
                    let values = (y..y + side)
                        .flat_map(|y| &expected[y * warped.width + x..][..side])
                        .copied()
                        .collect();
                    let template = Template::new(side, values);
                    let mut pair = best_pair(&template, warped, x, y, side);
                    // Where the curve is steep it enlarges the first picture's noise with
                    // its texture: both count as they were there.
                    let gain = curve.slope_at(template.mean()).max(1.0);
                    for texture in &mut pair.texture {
                        *texture /= gain;
                    }
                    Block { pair }
                })
            }));
        }
        Self {
            side,
            columns,
            covered: blocks.iter().flatten().count(),
            blocks,
        }
    }

    /// What differs in the better 40 % of the blocks, plain ones included, in levels: there
    /// the pictures show the same, if they do anywhere.
    fn noise(&self) -> f32 {
        let mut residuals: Vec<f32> = self
            .blocks
            .iter()
            .flatten()
            .map(|block| block.pair.residual())
            .collect();
        residuals.sort_by(f32::total_cmp);
        let noise = residuals.get(residuals.len() * 2 / 5).copied();
        noise.unwrap_or(0.0).min(MOST_NOISE)
    }

    /// The blocks that differ only by lettering, and the covered pixels of all others.
    fn lettered(
        &self,
        expected: &[f32],
        warped: &Warped,
        noise: f32,
        one_tone: f32,
    ) -> (Vec<bool>, Vec<bool>) {
        let differing: Vec<bool> = self
            .blocks
            .iter()
            .map(|block| {
                block.as_ref().is_some_and(|block| {
                    block.pair.stronger() >= LEAST_TEXTURE
                        && block.error(noise) > IMPERFECT
                        && block.differs_visibly(noise)
                })
            })
            .collect();
        let mut lettered = vec![false; differing.len()];
        let mut clean = warped.valid.clone();
        for blob in blobs(&differing, self.columns) {
            let lettering = Lettering {
                expected,
                warped,
                side: self.side,
                columns: self.columns,
                one_tone,
            };
            if is_lettering(&lettering, &blob) {
                for block in blob {
                    lettered[block] = true;
                    let (x, y) = (
                        block % self.columns * self.side,
                        block / self.columns * self.side,
                    );
                    for y in y..y + self.side {
                        clean[y * warped.width + x..][..self.side].fill(false);
                    }
                }
            }
        }
        (lettered, clean)
    }
}

/// Blocks shrink with the covered part, so that there are enough to judge it.
fn block_side(warped: &Warped) -> usize {
    let covered = warped.valid.iter().filter(|&&valid| valid).count();
    match covered {
        0..6_000 => 8,
        6_000..20_000 => 12,
        _ => 16,
    }
}

fn is_covered(warped: &Warped, x: usize, y: usize, side: usize) -> bool {
    let last = side - 1;
    [(x, y), (x + last, y), (x, y + last), (x + last, y + last)]
        .iter()
        .all(|&(x, y)| warped.valid[y * warped.width + x])
}

/// The comparison in place, or where it is poor, the best one close by.
fn best_pair(template: &Template, warped: &Warped, x: usize, y: usize, side: usize) -> BlockPair {
    let at =
        |x: usize, y: usize| template.compare(&warped.values[y * warped.width + x..], warped.width);
    let here = at(x, y);
    if here.correlation >= 1.0 - (1.0 - ALIKE) * 0.5 || here.stronger() < LEAST_TEXTURE {
        return here;
    }
    let mut best = here;
    for y in y.saturating_sub(REACH)..=(y + REACH).min(warped.height() - side) {
        for x in x.saturating_sub(REACH)..=(x + REACH).min(warped.width - side) {
            if !is_covered(warped, x, y, side) {
                continue;
            }
            let pair = at(x, y);
            if pair.correlation > best.correlation {
                best = pair;
            }
        }
    }
    best
}

/// Plain correlation of the marked pixels.
fn correlation(a: &[f32], b: &[f32], marked: &[bool]) -> f32 {
    let mut sums = [0.0_f64; 6];
    for ((&a, &b), _) in a.iter().zip(b).zip(marked).filter(|(_, marked)| **marked) {
        let (a, b) = (f64::from(a), f64::from(b));
        for (sum, term) in sums.iter_mut().zip([1.0, a, b, a * a, b * b, a * b]) {
            *sum += term;
        }
    }
    let [n, a, b, aa, bb, ab] = sums;
    let norm = ((aa - a * a / n) * (bb - b * b / n)).sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "-1 to 1")]
    if norm > 1e-6 * n {
        ((ab - a * b / n) / norm) as f32
    } else {
        0.0
    }
}

/// The share of covered pixels within 12 neighbouring levels, the most common ones.
fn one_tone(grid: &Plane, warped: &Warped) -> f32 {
    let mut counts = [0_usize; 256];
    let mut covered = 0;
    for (&tone, _) in grid
        .values()
        .iter()
        .zip(&warped.valid)
        .filter(|(_, valid)| **valid)
    {
        counts[usize::from(tone)] += 1;
        covered += 1;
    }
    let most = counts
        .windows(12)
        .map(|window| window.iter().sum::<usize>())
        .max();
    share(most.unwrap_or(0), covered)
}

/// The sets of marked blocks that touch, corners included.
fn blobs(marked: &[bool], columns: usize) -> Vec<Vec<usize>> {
    let mut left = marked.to_vec();
    let mut blobs = Vec::new();
    for start in 0..left.len() {
        if !std::mem::take(&mut left[start]) {
            continue;
        }
        let mut blob = vec![start];
        let mut next = 0;
        while let Some(&block) = blob.get(next) {
            next += 1;
            let (x, y) = (block % columns, block / columns);
            for ny in y.saturating_sub(1)..=y + 1 {
                for nx in x.saturating_sub(1)..=(x + 1).min(columns - 1) {
                    if let Some(neighbour) = left.get_mut(ny * columns + nx)
                        && std::mem::take(neighbour)
                    {
                        blob.push(ny * columns + nx);
                    }
                }
            }
        }
        blobs.push(blob);
    }
    blobs
}

/// A part of a whole, 0 where there is nothing.
pub(super) fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 {
        0.0
    } else {
        to_f32(part) / to_f32(whole)
    }
}
