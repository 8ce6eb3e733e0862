//! Points that are found again in another copy of the picture, each with a binary descriptor.
//!
//! Corners by the smaller eigenvalue of the gradient's covariance (Shi and Tomasi, *Good
//! Features to Track*, 1994) on a pyramid, spread over the picture; turned by the intensity
//! centroid and described by comparisons of smoothed pixels as in ORB (Rublee et al., *ORB: an
//! efficient alternative to SIFT or SURF*, 2011, after BRIEF, Calonder et al., 2010).
//!
//! The pattern of comparisons is its own mirror image, the second half of the bits being the
//! reflection of the first at the keypoint's direction: the descriptor of the mirrored picture
//! is this one with its halves exchanged, so that mirrored copies cost no second description.

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

use super::plane::Plane;

/// The most keypoints kept of a picture; the record's size is fixed by it.
pub(super) const MOST_KEYPOINTS: usize = 256;

/// The pyramid's levels, each this much smaller than the one before: matches bear a factor of
/// about 1.3 between the levels they come from, and the coarsest still holds a few patches.
const LEVELS: u8 = 7;
const LEVEL_FACTOR: f32 = 1.3;

/// Keypoints nearer to a level's border than this see too little of the picture.
const MARGIN: usize = 7;

/// The radius of the described patch, in pixels of the level.
const PATCH_RADIUS: i32 = 13;

/// The cells, a side, that keypoints are first shared out to: a picture's one busy corner is
/// not to take them all.
const CELLS: usize = 6;

/// Corners weaker than this (smaller eigenvalue of the 5 x 5 gradient covariance, per pixel,
/// in levels squared) are noise.
const WEAKEST: f32 = 2.0;

/// A corner with its descriptor, at the picture's full (record) size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keypoint {
    /// Continuous position in 1/64 pixel: a plane of 1,023 pixels is covered.
    pub(super) x: u16,
    pub(super) y: u16,
    /// The pyramid's level, 0 the finest.
    pub(super) level: u8,
    /// The direction of the patch, in 1/256 turn.
    pub(super) angle: u8,
    /// 256 comparisons.
    pub(super) bits: [u64; 4],
}

impl Keypoint {
    pub(super) fn position(&self) -> [f64; 2] {
        [f64::from(self.x) / 64.0, f64::from(self.y) / 64.0]
    }

    /// The descriptor that the mirrored picture would have here.
    pub(super) fn mirrored_bits(&self) -> [u64; 4] {
        let [a, b, c, d] = self.bits;
        [c, d, a, b]
    }
}

/// The level's size against the finest, 1 and more.
pub(super) fn level_scale(level: u8) -> f32 {
    LEVEL_FACTOR.powi(level.into())
}

/// The keypoints of a plane, strongest of the finest level first.
pub(super) fn keypoints(plane: &Plane) -> Vec<Keypoint> {
    let total: f32 = (0..LEVELS).map(|level| 1.0 / level_scale(level)).sum();
    let mut found = Vec::new();
    for level in 0..LEVELS {
        let scale = level_scale(level);
        let size = |side: usize| to_index(to_f32(side) / scale + 0.5);
        let (width, height) = (size(plane.width()), size(plane.height()));
        if width.min(height) < 2 * MARGIN + 8 {
            break;
        }
        let smooth = plane.shrunk(width, height).smoothed();
        let quota = to_index(to_f32(MOST_KEYPOINTS) / scale / total);
        let corners = spread(corners(&smooth), width, height, quota);
        let described = smooth.smoothed();
        let to_full = (
            to_f32(plane.width()) / to_f32(width),
            to_f32(plane.height()) / to_f32(height),
        );
        found.extend(corners.into_iter().map(|corner| {
            let angle = direction(&described, corner.x, corner.y);
            let fixed = |position: f32, scale: f32| {
                u16::try_from(to_index(position * scale * 64.0 + 0.5)).unwrap_or(u16::MAX)
            };
            Keypoint {
                x: fixed(corner.fine_x, to_full.0),
                y: fixed(corner.fine_y, to_full.1),
                level,
                angle,
                bits: describe(&described, corner.x, corner.y, angle),
            }
        }));
    }
    found
}

struct Corner {
    x: usize,
    y: usize,
    /// Continuous position after fitting a parabola to the response.
    fine_x: f32,
    fine_y: f32,
    response: f32,
}

/// Local maxima of the smaller eigenvalue.
fn corners(plane: &Plane) -> Vec<Corner> {
    let (width, height) = (plane.width(), plane.height());
    let response = responses(plane);
    let mut corners = Vec::new();
    for y in MARGIN..height - MARGIN {
        let rows: [&[f32]; 3] =
            std::array::from_fn(|i| &response[(y + i - 1) * width..(y + i) * width]);
        for x in MARGIN..width - MARGIN {
            let here = rows[1][x];
            if here < WEAKEST
                || here <= rows[1][x - 1]
                || here < rows[1][x + 1]
                || rows[0][x - 1..=x + 1].iter().any(|&r| here <= r)
                || rows[2][x - 1..=x + 1].iter().any(|&r| here < r)
            {
                continue;
            }
            let offset = |before: f32, after: f32| {
                let bend = before + after - 2.0 * here;
                let offset = if bend < 0.0 {
                    (before - after) / (2.0 * bend)
                } else {
                    0.0
                };
                offset.clamp(-0.5, 0.5) + 0.5
            };
            corners.push(Corner {
                x,
                y,
                fine_x: to_f32(x) + offset(rows[1][x - 1], rows[1][x + 1]),
                fine_y: to_f32(y) + offset(rows[0][x], rows[2][x]),
                response: here,
            });
        }
    }
    corners
}

/// The smaller eigenvalue of the mean gradient covariance in 5 x 5 pixels around each pixel.
///
/// Sums run down the columns in whole numbers, a row coming in and one going out: exact, and a
/// fifth of the additions.
fn responses(plane: &Plane) -> Vec<f32> {
    const WINDOW: usize = 5;
    let (width, height) = (plane.width(), plane.height());
    let mut response = vec![0.0_f32; width * height];
    // For each of dx dx, dx dy and dy dy: the last rows, summed across five columns, and the
    // sums of those. Differences over two pixels are twice the gradient.
    let mut rows = [const { [const { Vec::new() }; WINDOW] }; 3];
    let mut sums: [Vec<i32>; 3] = std::array::from_fn(|_| vec![0; width]);
    for row in rows.iter_mut().flatten() {
        row.resize(width, 0_i32);
    }
    let mut products: [Vec<i32>; 3] = std::array::from_fn(|_| vec![0; width]);
    for y in 1..height - 1 {
        gradient_products(
            [plane.row(y - 1), plane.row(y), plane.row(y + 1)],
            &mut products,
        );
        for ((products, rows), sums) in products.iter().zip(&mut rows).zip(&mut sums) {
            let row = &mut rows[y % WINDOW];
            let windows = products.windows(WINDOW);
            for ((sum, old), w) in sums[2..].iter_mut().zip(&mut row[2..]).zip(windows) {
                let new = w[0] + w[1] + w[2] + w[3] + w[4];
                *sum += new - *old;
                *old = new;
            }
        }
        // The window's middle lies two rows back; the first and last rows have no gradient.
        if y >= 2 {
            let out = &mut response[(y - 2) * width..(y - 1) * width];
            let [xx, xy, yy] = &sums;
            let sums = xx.iter().zip(xy).zip(yy);
            for (out, ((&a, &b), &c)) in out[..width - 2].iter_mut().zip(sums).skip(2) {
                *out = smaller_eigenvalue(a, b, c);
            }
        }
    }
    response
}

/// dx dx, dx dy and dy dy of a row, dx and dy being differences over two pixels.
fn gradient_products([above, here, below]: [&[u8]; 3], products: &mut [Vec<i32>; 3]) {
    let [xx, xy, yy] = products;
    let vertical = above[1..].iter().zip(&below[1..]);
    let out = xx[1..].iter_mut().zip(&mut xy[1..]).zip(&mut yy[1..]);
    for (((xx, xy), yy), (w, (&above, &below))) in out.zip(here.windows(3).zip(vertical)) {
        let dx = i32::from(w[2]) - i32::from(w[0]);
        let dy = i32::from(below) - i32::from(above);
        (*xx, *xy, *yy) = (dx * dx, dx * dy, dy * dy);
    }
}

fn smaller_eigenvalue(xx: i32, xy: i32, yy: i32) -> f32 {
    // 25 pixels, and twice the gradient in each factor. The sums are below 2^23: exact.
    #[expect(clippy::cast_precision_loss, reason = "at most 25 * 255 * 255")]
    let [a, b, c] = [xx as f32 * 0.01, xy as f32 * 0.01, yy as f32 * 0.01];
    let half = (a - c) * 0.5;
    (a + c) * 0.5 - (half * half + b * b).sqrt()
}

/// At most `quota` corners: first the strongest of each cell, then the strongest of the rest.
fn spread(mut corners: Vec<Corner>, width: usize, height: usize, quota: usize) -> Vec<Corner> {
    corners.sort_by(|a, b| {
        b.response
            .total_cmp(&a.response)
            .then((a.y, a.x).cmp(&(b.y, b.x)))
    });
    let each = quota.div_ceil(CELLS * CELLS);
    let mut taken = [0; CELLS * CELLS];
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for corner in corners {
        let cell = corner.y * CELLS / height * CELLS + corner.x * CELLS / width;
        if taken[cell] < each {
            taken[cell] += 1;
            first.push(corner);
        } else {
            rest.push(corner);
        }
    }
    first.extend(rest);
    first.truncate(quota);
    first
}

/// From the keypoint to the centroid of the intensities around it, in 1/256 turn.
fn direction(plane: &Plane, x: usize, y: usize) -> u8 {
    let (mut right, mut down) = (0_i32, 0_i32);
    for dy in -PATCH_RADIUS..=PATCH_RADIUS {
        for dx in -PATCH_RADIUS..=PATCH_RADIUS {
            if dx * dx + dy * dy <= PATCH_RADIUS * PATCH_RADIUS {
                let value = i32::from(at_offset(plane, x, y, dx, dy));
                right += dx * value;
                down += dy * value;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a direction needs no more")]
    let turn = (down as f32).atan2(right as f32) / TAU;
    to_index((turn + 1.0) * 256.0 + 0.5).to_le_bytes()[0]
}

fn describe(plane: &Plane, x: usize, y: usize, angle: u8) -> [u64; 4] {
    let (sin, cos) = angle_radians(angle).sin_cos();
    let value = |[px, py]: [f32; 2]| {
        at_offset(
            plane,
            x,
            y,
            to_offset(px * cos - py * sin),
            to_offset(px * sin + py * cos),
        )
    };
    let mut bits = [0; 4];
    for (i, [p, q]) in PATTERN.iter().enumerate() {
        let reflected = |[px, py]: [f32; 2]| [px, -py];
        bits[i / 64] |= u64::from(value(*p) < value(*q)) << (i % 64);
        bits[2 + i / 64] |= u64::from(value(reflected(*p)) < value(reflected(*q))) << (i % 64);
    }
    bits
}

/// An angle in 1/256 turn, -pi to pi.
pub(super) fn angle_radians(angle: u8) -> f32 {
    f32::from(angle.cast_signed()) * (PI / 128.0)
}

/// Pairs of positions in the patch, normally distributed about its centre, not too close
/// together to differ by more than noise.
static PATTERN: LazyLock<[[[f32; 2]; 2]; 128]> = LazyLock::new(|| {
    let mut random = super::random::Random::new(0x7477_696e);
    let mut coordinate = move || -> i32 {
        (0..3)
            .map(|_| i32::try_from(random.below(13)).unwrap_or(0) - 6)
            .sum()
    };
    let mut position = move || loop {
        let (x, y) = (coordinate(), coordinate());
        if x * x + y * y <= PATCH_RADIUS * PATCH_RADIUS {
            return (x, y);
        }
    };
    std::array::from_fn(|_| {
        loop {
            let (p, q) = (position(), position());
            if (p.0 - q.0).pow(2) + (p.1 - q.1).pow(2) >= 25 {
                #[expect(clippy::cast_precision_loss, reason = "at most 13")]
                return [p, q].map(|(x, y)| [x as f32, y as f32]);
            }
        }
    })
});

fn at_offset(plane: &Plane, x: usize, y: usize, dx: i32, dy: i32) -> u8 {
    // Offsets are a few pixels: they fit any isize.
    let shift = |position: usize, offset: i32| {
        position.cast_signed() + isize::try_from(offset).unwrap_or(0)
    };
    plane.at(shift(x, dx), shift(y, dy))
}

/// Rounds a number that is at most the patch's radius, either way.
#[expect(clippy::cast_possible_truncation, reason = "a few pixels")]
fn to_offset(value: f32) -> i32 {
    // Rounding towards zero is one instruction, rounding to the nearest a call.
    (value + 64.5) as i32 - 64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are a few hundred pixels wide"
)]
fn to_f32(value: usize) -> f32 {
    value as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounds down, saturates, and takes what is no number for 0"
)]
fn to_index(value: f32) -> usize {
    value as usize
}
