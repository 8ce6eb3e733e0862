//! Captions, watermarks and date stamps that one of two pictures got and the other did not.
//!
//! Such a blob of unlike blocks is told from a subject that moved by three properties, all
//! relative to the size of the picture:
//! - **strokes are thin**: nowhere does what differs get far from what agrees, while subjects
//!   have a body (distance transform, Borgefors, *Distance Transformations in Digital
//!   Images*, 1986);
//! - **much agrees**: between the strokes the plainer picture shows through;
//! - **it was added**: the plainer picture's own edges are still there in the other one, which
//!   has far more of them. Where a subject moved, either picture has edges that the other has
//!   not. Semi-transparent strokes keep nearly all of the edges under them.
//!
//! In documents and screens, lettering is the content: there it never excuses anything.

use super::agreement::share;
use super::plane::Bounds;
use super::warp::Warped;

/// The pictures, and how they are cut into blocks.
pub(super) struct Lettering<'a> {
    /// The first picture's tones after the tone curve.
    pub(super) expected: &'a [f32],
    pub(super) warped: &'a Warped,
    pub(super) side: usize,
    pub(super) columns: usize,
    /// Share of the pixels that have one tone.
    pub(super) one_tone: f32,
}

/// With more of one tone than this a picture is taken for a document or a screen.
const DOCUMENT: f32 = 0.6;

/// Tones that differ by more than this on average over 3 x 3 pixels disagree.
const DISAGREE: f32 = 18.0;

/// Tones that differ by less than this agree.
const AGREE: f32 = 14.0;

/// At least this share of the pixels agrees.
const LEAST_AGREEING: f32 = 0.35;

/// Half the width of strokes against the root of the covered area: semi-transparent marks,
/// and bold captions with their outline.
const THIN: f32 = 0.02;
const BOLD: f32 = 0.038;

/// Half the width of strokes against the root of the disagreeing area: a disc has 0.44, a
/// running animal 0.25, a word 0.07 to 0.2.
const MOST_COMPACT: f32 = 0.24;

/// Whether a blob of blocks differs by added lettering alone.
pub(super) fn is_lettering(lettering: &Lettering, blob: &[usize]) -> bool {
    if lettering.one_tone > DOCUMENT {
        return false;
    }
    let patch = Patch::new(lettering, blob);
    let disagreeing = patch.disagreeing();
    let count = disagreeing.iter().filter(|&&disagrees| disagrees).count();
    let pixels = patch.inside.iter().filter(|&&inside| inside).count();
    if count == 0 || share(patch.agreeing(), pixels) < LEAST_AGREEING {
        return false;
    }
    let width = half_width(&disagreeing, patch.bounds.width());
    let covered = lettering
        .warped
        .valid
        .iter()
        .filter(|&&valid| valid)
        .count();
    if width / root(count) > MOST_COMPACT {
        return false;
    }
    let width = width / root(covered);
    let edges = patch.edges();
    let added = edges.surplus >= 1.5 || edges.surplus >= 0.7 && edges.kept >= 0.65;
    let marked = edges.surplus >= 0.5 || edges.kept >= 0.6;
    width <= THIN && marked || width <= BOLD && added
}

/// The pixels in and around a blob.
struct Patch<'a> {
    lettering: &'a Lettering<'a>,
    bounds: Bounds,
    /// Which pixels of `bounds` belong to it.
    inside: Vec<bool>,
}

impl<'a> Patch<'a> {
    /// The blob with half a block around it.
    fn new(lettering: &'a Lettering<'a>, blob: &[usize]) -> Self {
        let side = lettering.side;
        let (width, height) = (lettering.warped.width, lettering.warped.height());
        let widened = |block: usize| {
            let (x, y) = (
                block % lettering.columns * side,
                block / lettering.columns * side,
            );
            Bounds {
                x0: x.saturating_sub(side / 2),
                y0: y.saturating_sub(side / 2),
                x1: (x + side + side / 2).min(width),
                y1: (y + side + side / 2).min(height),
            }
        };
        let bounds = blob
            .iter()
            .map(|&block| widened(block))
            .reduce(|a, b| Bounds {
                x0: a.x0.min(b.x0),
                y0: a.y0.min(b.y0),
                x1: a.x1.max(b.x1),
                y1: a.y1.max(b.y1),
            })
            .unwrap_or(Bounds {
                x0: 0,
                y0: 0,
                x1: 0,
                y1: 0,
            });
        let mut inside = vec![false; bounds.area()];
        for block in blob.iter().map(|&block| widened(block)) {
            for y in block.y0..block.y1 {
                let valid = &lettering.warped.valid[y * width..];
                inside[(y - bounds.y0) * bounds.width() + block.x0 - bounds.x0..][..block.width()]
                    .copy_from_slice(&valid[block.x0..block.x1]);
            }
        }
        Self {
            lettering,
            bounds,
            inside,
        }
    }

    /// The place of a pixel of the patch in the whole pictures.
    fn at(&self, x: usize, y: usize) -> usize {
        (y + self.bounds.y0) * self.lettering.warped.width + x + self.bounds.x0
    }

    fn difference(&self, x: usize, y: usize) -> f32 {
        let at = self.at(x, y);
        (self.lettering.warped.values[at] - self.lettering.expected[at]).abs()
    }

    /// How many pixels agree.
    fn agreeing(&self) -> usize {
        let width = self.bounds.width();
        (0..self.inside.len())
            .filter(|&i| self.inside[i] && self.difference(i % width, i / width) < AGREE)
            .count()
    }

    /// Which pixels disagree with their surroundings.
    fn disagreeing(&self) -> Vec<bool> {
        let (width, height) = (self.bounds.width(), self.bounds.height());
        let mut disagreeing = vec![false; self.inside.len()];
        for y in 0..height {
            for x in 0..width {
                if !self.inside[y * width + x] {
                    continue;
                }
                let (mut sum, mut count) = (0.0_f32, 0.0_f32);
                for y in y.saturating_sub(1)..(y + 2).min(height) {
                    for x in x.saturating_sub(1)..(x + 2).min(width) {
                        if self.inside[y * width + x] {
                            sum += self.difference(x, y);
                            count += 1.0;
                        }
                    }
                }
                disagreeing[y * width + x] = sum > DISAGREE * count;
            }
        }
        disagreeing
    }

    fn edges(&self) -> Edges {
        let (width, height) = (self.bounds.width(), self.bounds.height());
        let stride = self.lettering.warped.width;
        let (mut energy, mut kept) = ([0.0_f32; 2], [0.0_f32; 2]);
        for y in 1..height.saturating_sub(1) {
            for x in 1..width.saturating_sub(1) {
                if !self.inside[y * width + x] {
                    continue;
                }
                let at = self.at(x, y);
                let gradient = |values: &[f32]| {
                    [
                        (values[at + 1] - values[at - 1]) * 0.5,
                        (values[at + stride] - values[at - stride]) * 0.5,
                    ]
                };
                let a = gradient(self.lettering.expected);
                let b = gradient(&self.lettering.warped.values);
                let common = a[0] * b[0] + a[1] * b[1];
                for (i, [dx, dy]) in [a, b].into_iter().enumerate() {
                    let own = dx * dx + dy * dy;
                    energy[i] += own;
                    kept[i] += common.clamp(0.0, own);
                }
            }
        }
        let plainer = usize::from(energy[1] < energy[0]);
        Edges {
            kept: kept[plainer] / energy[plainer].max(1.0),
            surplus: (energy[1 - plainer].max(1.0) / energy[plainer].max(1.0)).ln(),
        }
    }
}

/// The edges of the plainer of two patches, and the other's.
struct Edges {
    /// Share of the plainer one's that the other has too.
    kept: f32,
    /// Natural logarithm of how much more the other one has.
    surplus: f32,
}

/// The distance of marked pixels from unmarked ones, in pixels: the 95th percentile.
fn half_width(marked: &[bool], width: usize) -> f32 {
    // Chamfer distances, 3 to a side and 4 to a corner, in two passes over a frame of zeros.
    let (stride, height) = (width + 2, marked.len() / width.max(1));
    let mut distance = vec![0_u32; stride * (height + 2)];
    let places = || {
        let marked = marked.iter().enumerate().filter(|(_, marked)| **marked);
        marked.map(|(i, _)| (i / width + 1) * stride + i % width + 1)
    };
    for at in places() {
        distance[at] = [
            distance[at - 1] + 3,
            distance[at - stride] + 3,
            distance[at - stride - 1] + 4,
            distance[at - stride + 1] + 4,
        ]
        .into_iter()
        .fold(u32::MAX, u32::min);
    }
    for at in places().rev() {
        distance[at] = [
            distance[at + 1] + 3,
            distance[at + stride] + 3,
            distance[at + stride + 1] + 4,
            distance[at + stride - 1] + 4,
        ]
        .into_iter()
        .fold(distance[at], u32::min);
    }
    let mut sorted: Vec<u32> = distance.into_iter().filter(|&d| d > 0).collect();
    sorted.sort_unstable();
    let most = sorted.get(sorted.len() * 19 / 20).copied().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    {
        most as f32 / 3.0
    }
}

fn root(area: usize) -> f32 {
    super::blocks::to_f32(area.max(1)).sqrt()
}
