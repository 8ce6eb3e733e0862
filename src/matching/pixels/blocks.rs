//! Comparing two aligned pictures block by block.
//!
//! A block's tones are compared after taking out their mean and slope: a ramp of brightness is
//! in every sky and every wall and proves nothing. What is left is correlated, so that gain,
//! offset, vignettes and local contrast do not matter.

use super::plane::Plane;

/// One block's texture in two pictures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BlockPair {
    /// Root mean square of the texture, in levels, in either picture.
    pub(super) texture: [f32; 2],
    /// Correlation of the textures, -1 to 1.
    pub(super) correlation: f32,
}

impl BlockPair {
    /// The stronger of the two textures.
    pub(super) fn stronger(&self) -> f32 {
        self.texture[0].max(self.texture[1])
    }

    /// What the one texture leaves unexplained of the other, in levels.
    pub(super) fn residual(&self) -> f32 {
        let explained = self.correlation.max(0.0);
        self.stronger() * (1.0 - explained * explained).max(0.0).sqrt()
    }
}

/// One picture's block with mean and slopes taken out, ready for many comparisons.
pub(super) struct Template {
    side: usize,
    values: Vec<f32>,
    energy: f32,
    mean: f32,
}

impl Template {
    /// Of a square of a plane.
    pub(super) fn of_plane(plane: &Plane, x: usize, y: usize, side: usize) -> Self {
        let values = (y..y + side)
            .flat_map(|y| {
                plane.row(y)[x..x + side]
                    .iter()
                    .map(|&value| f32::from(value))
            })
            .collect();
        Self::new(side, values)
    }

    /// From `side * side` values.
    pub(super) fn new(side: usize, mut values: Vec<f32>) -> Self {
        let sums = Sums::of(&values, side, side, None);
        let count = to_f32(side * side);
        let (mean, moment) = (sums.plain / count, moment(side));
        let (across, down) = (sums.by_x / moment, sums.by_y / moment);
        let middle = to_f32(side - 1) * 0.5;
        for (y, row) in values.chunks_exact_mut(side).enumerate() {
            let start = mean + down * (to_f32(y) - middle) - across * middle;
            for (x, value) in row.iter_mut().enumerate() {
                *value -= start + across * to_f32(x);
            }
        }
        let energy = sums.energy(count, moment);
        Self {
            side,
            values,
            energy,
            mean,
        }
    }

    /// The mean that was taken out.
    pub(super) fn mean(&self) -> f32 {
        self.mean
    }

    /// Root mean square of the texture.
    pub(super) fn texture(&self) -> f32 {
        (self.energy / to_f32(self.values.len())).sqrt()
    }

    /// Against the block of a picture that starts at `values[0]`, its rows `stride` apart;
    /// nothing in common if it does not fit.
    pub(super) fn compare(&self, values: &[f32], stride: usize) -> BlockPair {
        if values.len() < (self.side - 1) * stride + self.side {
            return BlockPair::default();
        }
        let count = to_f32(self.values.len());
        let sums = Sums::of(values, self.side, stride, Some(&self.values));
        let other = sums.energy(count, moment(self.side));
        let norm = (self.energy * other).sqrt();
        BlockPair {
            texture: [self.texture(), (other / count).sqrt()],
            // Rounding alone gives two flat blocks some correlation.
            correlation: if norm > 1e-3 * count {
                sums.product / norm
            } else {
                0.0
            },
        }
    }
}

/// Sums over a block, from which mean, slopes and energy follow.
#[derive(Default)]
struct Sums {
    plain: f32,
    squares: f32,
    /// Weighted by the distance from the block's middle.
    by_x: f32,
    by_y: f32,
    /// Times another block.
    product: f32,
}

impl Sums {
    fn of(values: &[f32], side: usize, stride: usize, other: Option<&[f32]>) -> Self {
        let middle = to_f32(side - 1) * 0.5;
        let mut sums = Self::default();
        for y in 0..side {
            let row = &values[y * stride..y * stride + side];
            let own = other.map_or(row, |other| &other[y * side..(y + 1) * side]);
            // Four at a time, in lanes of their own: the compiler makes them one instruction.
            let mut lanes = [[0.0_f32; 4]; 4];
            let mut position = [0.0, 1.0, 2.0, 3.0].map(|x: f32| x - middle);
            for (b, a) in row.chunks_exact(4).zip(own.chunks_exact(4)) {
                for i in 0..4 {
                    lanes[0][i] += b[i];
                    lanes[1][i] += b[i] * b[i];
                    lanes[2][i] += b[i] * position[i];
                    lanes[3][i] += a[i] * b[i];
                    position[i] += 4.0;
                }
            }
            let [plain, squares, by_x, product] = lanes.map(|lane| lane.iter().sum::<f32>());
            sums.plain += plain;
            sums.squares += squares;
            sums.by_x += by_x;
            sums.by_y += plain * (to_f32(y) - middle);
            sums.product += product;
        }
        sums
    }

    /// Squares that mean and slopes do not account for.
    fn energy(&self, count: f32, moment: f32) -> f32 {
        let ramp = (self.by_x * self.by_x + self.by_y * self.by_y) / moment;
        (self.squares - self.plain * self.plain / count - ramp).max(0.0)
    }
}

/// The sum of squared distances from the middle, along one axis, over a block.
fn moment(side: usize) -> f32 {
    let count = to_f32(side * side);
    count * (count - 1.0) / 12.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are a few hundred pixels wide"
)]
pub(super) fn to_f32(value: usize) -> f32 {
    value as f32
}
