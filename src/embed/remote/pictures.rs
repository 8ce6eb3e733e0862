//! Pictures that an engine is tried with: like photos in what models see of them (colours that
//! change slowly, edges, detail at all scales), and the same everywhere, so that the answers of
//! two engines can be compared before there is any photo.

use image::{Rgb, RgbImage};

use crate::embed::preprocess::prepare;
use crate::embed::{EmbedError, ModelInput, Preprocessing};

/// So many: one alone may happen to look the same to two models.
const COUNT: u32 = 4;
/// Width and height, of the usual proportions, so that cropping and squashing differ.
const SIZE: (u32, u32) = (960, 640);

/// The pictures as `preprocessing` makes them.
///
/// # Errors
/// [`EmbedError::Preprocessing`] if it makes no sense.
pub(super) fn prepared(preprocessing: &Preprocessing) -> Result<Vec<ModelInput>, EmbedError> {
    let (width, height) = SIZE;
    let whole = [0.0, 0.0, f64::from(width), f64::from(height)];
    (0..COUNT)
        .map(|number| prepare(&scene(number), whole, SIZE, preprocessing))
        .collect()
}

/// One picture: a sky, hills of grain, and discs and bars with sharp edges before them.
fn scene(number: u32) -> RgbImage {
    let mut random = Random(0x9e37_79b9 ^ (number + 1).wrapping_mul(0x85eb_ca6b));
    let (width, height) = SIZE;
    let tint = [random.unit(), random.unit(), random.unit()];
    let horizon = 0.3 + 0.4 * random.unit();
    let shapes: Vec<Shape> = (0..14).map(|_| Shape::random(&mut random)).collect();
    let seed = random.next();
    RgbImage::from_fn(width, height, |x, y| {
        let at = (
            f64::from(x) / f64::from(height),
            f64::from(y) / f64::from(height),
        );
        let grain = grain(at, seed) - 0.5;
        let ridge = horizon + 0.25 * (noise((at.0 * 3.0, 0.0), seed ^ 7) - 0.5);
        let mut color = if at.1 < ridge {
            tint.map(|t| 0.45 + 0.5 * t * (1.0 - at.1) + 0.06 * grain)
        } else {
            tint.map(|t| 0.15 + 0.35 * (1.0 - t) + 0.7 * grain)
        };
        for shape in shapes.iter().filter(|shape| shape.covers(at)) {
            color = shape.color.map(|c| c + 0.3 * grain);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255"
        )]
        Rgb(color.map(|level| (level.clamp(0.0, 1.0) * 255.0).round() as u8))
    })
}

struct Shape {
    centre: (f64, f64),
    /// Half the width, half the height.
    half: (f64, f64),
    is_round: bool,
    color: [f64; 3],
}

impl Shape {
    fn random(random: &mut Random) -> Self {
        Self {
            centre: (1.5 * random.unit(), random.unit()),
            half: (0.02 + 0.16 * random.unit(), 0.02 + 0.16 * random.unit()),
            is_round: random.unit() < 0.5,
            color: [random.unit(), random.unit(), random.unit()],
        }
    }

    fn covers(&self, at: (f64, f64)) -> bool {
        let x = (at.0 - self.centre.0) / self.half.0;
        let y = (at.1 - self.centre.1) / self.half.1;
        if self.is_round {
            x * x + y * y < 1.0
        } else {
            x.abs() < 1.0 && y.abs() < 1.0
        }
    }
}

/// Noise of five octaves, each half as strong as the one before, 0 to 1.
fn grain(at: (f64, f64), seed: u32) -> f64 {
    let octaves = [
        (4.0, 1.0),
        (8.0, 0.5),
        (16.0, 0.25),
        (32.0, 0.125),
        (64.0, 0.0625),
    ];
    let sum: f64 = octaves
        .map(|(scale, weight)| weight * noise((at.0 * scale, at.1 * scale), seed))
        .iter()
        .sum();
    sum / 1.9375
}

/// Smooth noise between random values at whole numbers, 0 to 1.
fn noise(at: (f64, f64), seed: u32) -> f64 {
    let (left, top) = (at.0.floor(), at.1.floor());
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (x, y) = (smooth(at.0 - left), smooth(at.1 - top));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundreds, from 0"
    )]
    let corner = |dx: u32, dy: u32| {
        let (column, row) = (left as u32 + dx, top as u32 + dy);
        let mut random = Random(
            seed ^ column.wrapping_mul(0x9e37_79b1) ^ row.wrapping_mul(0x85eb_ca77).rotate_left(13),
        );
        random.next();
        random.unit()
    };
    let upper = corner(0, 0) + x * (corner(1, 0) - corner(0, 0));
    let lower = corner(0, 1) + x * (corner(1, 1) - corner(0, 1));
    upper + y * (lower - upper)
}

/// Marsaglia's xorshift; never 0 after the first step but from 0.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn unit(&mut self) -> f64 {
        f64::from(self.next()) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_same_each_time_and_differ_from_each_other() {
        let preprocessing = Preprocessing::clip();
        let pictures = prepared(&preprocessing).unwrap();
        assert_eq!(pictures, prepared(&preprocessing).unwrap());
        assert_eq!(pictures.len(), 4);
        for (at, picture) in pictures.iter().enumerate() {
            assert!(pictures.iter().skip(at + 1).all(|other| other != picture));
            let (darkest, brightest) = (picture.rgb.iter().min(), picture.rgb.iter().max());
            assert!(darkest < Some(&60) && brightest > Some(&190), "{at}: flat");
        }
    }
}
