//! Reduced inverse transforms: from the N x N lowest frequencies of a block to N x N samples.
//!
//! This is the inverse DCT of N x N points of those frequencies, scaled to the block's mean: what
//! libjpeg 7 and later do at a reduced scale (Dugad and Ahuja, "A fast scheme for image size
//! change in the compressed domain", 2001). libjpeg-turbo takes the mean of the samples that a
//! full decoding has instead, at 1/2 and 1/4; that needs higher frequencies and is less sharp.
//!
//! Coefficients stand in zigzag order (ITU-T T.81, figure A.6).

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "samples are clamped to 8 bits by the conversions; coefficients are small"
)]

/// Coefficients of a block in zigzag order. Those that are not wanted hold anything.
pub(crate) type Coefficients = [i32; 64];

/// How blocks are reduced.
pub(crate) trait Reduction {
    /// The side of a reduced block: 1 to 4 samples.
    const SIDE: usize;
    /// The wanted coefficients' places in zigzag order, ascending.
    const WANTED: &'static [usize];
    /// The last of them.
    const LAST: usize;

    /// Transforms a block and draws it into a plane, whose rows are `stride` samples long, with
    /// its upper left sample at `at`. What lies outside of the plane is left out.
    fn draw(coefficients: &Coefficients, plane: &mut [u8], at: usize, stride: usize);
}

/// 1/8: the mean.
pub(crate) struct Eighth;
/// 1/4.
pub(crate) struct Quarter;
/// 3/8.
pub(crate) struct ThreeEighths;
/// 1/2.
pub(crate) struct Half;

/// To the nearest sample, from eight times its distance to the middle of the range.
#[inline(always)]
fn sample(eightfold: i32) -> u8 {
    (eightfold.wrapping_add(8 * 128 + 4) >> 3).clamp(0, 255) as u8
}

/// The same.
#[inline(always)]
fn sample_of(eightfold: f32) -> u8 {
    // Conversions of floats saturate, and cut off what is behind the point.
    (eightfold * 0.125 + 128.5) as u8
}

#[inline(always)]
fn put<const N: usize>(block: [[u8; N]; N], plane: &mut [u8], at: usize, stride: usize) {
    let mut at = at;
    for row in block {
        if let Some(target) = plane.get_mut(at..at + N) {
            target.copy_from_slice(&row);
        }
        at += stride;
    }
}

impl Reduction for Eighth {
    const SIDE: usize = 1;
    const WANTED: &'static [usize] = &[0];
    const LAST: usize = 0;

    #[inline(always)]
    fn draw(coefficients: &Coefficients, plane: &mut [u8], at: usize, stride: usize) {
        put([[sample(coefficients[0])]], plane, at, stride);
    }
}

impl Reduction for Quarter {
    const SIDE: usize = 2;
    const WANTED: &'static [usize] = &[0, 1, 2, 4];
    const LAST: usize = 4;

    #[inline(always)]
    fn draw(coefficients: &Coefficients, plane: &mut [u8], at: usize, stride: usize) {
        // The factors are 1: the square root of 2 times the cosine of an eighth of a turn.
        let [mean, across, down, _, both, ..] = *coefficients;
        let (left, right) = (mean.wrapping_add(across), mean.wrapping_sub(across));
        let (down_left, down_right) = (down.wrapping_add(both), down.wrapping_sub(both));
        let block = [
            [left.wrapping_add(down_left), right.wrapping_add(down_right)],
            [left.wrapping_sub(down_left), right.wrapping_sub(down_right)],
        ];
        put(block.map(|row| row.map(sample)), plane, at, stride);
    }
}

/// The inverse of three points; each of the inputs is a row or column of the block.
#[inline(always)]
fn three(inputs: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let mut outputs = [[0.0; 3]; 3];
    for i in 0..3 {
        let [a, b, c] = [inputs[0][i], inputs[1][i], inputs[2][i]];
        // The square root of 2 times the cosines of 1/12 and, for the third, 1/6 of a turn.
        let (outer, odd) = (a + std::f32::consts::FRAC_1_SQRT_2 * c, 1.224_744_9 * b);
        outputs[0][i] = outer + odd;
        outputs[1][i] = a - std::f32::consts::SQRT_2 * c;
        outputs[2][i] = outer - odd;
    }
    outputs
}

impl Reduction for ThreeEighths {
    const SIDE: usize = 3;
    const WANTED: &'static [usize] = &[0, 1, 2, 3, 4, 5, 7, 8, 12];
    const LAST: usize = 12;

    #[inline(always)]
    fn draw(coefficients: &Coefficients, plane: &mut [u8], at: usize, stride: usize) {
        let c = |place: usize| coefficients[place & 63] as f32;
        let rows = three([[c(0), c(1), c(5)], [c(2), c(4), c(7)], [c(3), c(8), c(12)]]);
        let block = transposed(three(transposed(rows)));
        put(block.map(|row| row.map(sample_of)), plane, at, stride);
    }
}

/// The inverse of four points; each of the inputs is a row or column of the block.
#[inline(always)]
fn four(inputs: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    /// The square root of 2 times the cosine of 1/16 of a turn, and of 3/16.
    const NEAR: f32 = 1.306_562_9;
    const FAR: f32 = 0.541_196_1;
    let mut outputs = [[0.0; 4]; 4];
    for i in 0..4 {
        let [a, b, c, d] = [inputs[0][i], inputs[1][i], inputs[2][i], inputs[3][i]];
        let (outer, inner) = (a + c, a - c);
        let (outer_odd, inner_odd) = (NEAR * b + FAR * d, FAR * b - NEAR * d);
        outputs[0][i] = outer + outer_odd;
        outputs[1][i] = inner + inner_odd;
        outputs[2][i] = inner - inner_odd;
        outputs[3][i] = outer - outer_odd;
    }
    outputs
}

impl Reduction for Half {
    const SIDE: usize = 4;
    const WANTED: &'static [usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 18, 24];
    const LAST: usize = 24;

    #[inline(always)]
    fn draw(coefficients: &Coefficients, plane: &mut [u8], at: usize, stride: usize) {
        let c = |place: usize| coefficients[place & 63] as f32;
        let rows = four([
            [c(0), c(1), c(5), c(6)],
            [c(2), c(4), c(7), c(13)],
            [c(3), c(8), c(12), c(17)],
            [c(9), c(11), c(18), c(24)],
        ]);
        let block = transposed(four(transposed(rows)));
        put(block.map(|row| row.map(sample_of)), plane, at, stride);
    }
}

#[inline(always)]
fn transposed<const N: usize>(block: [[f32; N]; N]) -> [[f32; N]; N] {
    std::array::from_fn(|y| std::array::from_fn(|x| block[x][y]))
}

#[cfg(test)]
#[allow(clippy::cast_possible_wrap, reason = "small numbers")]
mod tests {
    use super::*;

    /// Row and column of each coefficient in zigzag order, by the rule.
    fn zigzag() -> Vec<(usize, usize)> {
        let mut places: Vec<_> = (0..64).map(|i| (i / 8, i % 8)).collect();
        places.sort_by_key(|&(y, x)| (x + y, if (x + y) % 2 == 0 { x } else { y }));
        places
    }

    /// The sum of the definition, in doubles.
    fn by_definition(coefficients: &Coefficients, side: usize) -> Vec<f64> {
        let factor = |frequency: usize, place: usize| {
            let angle = (2 * place + 1) as f64 * frequency as f64 / (2 * side) as f64;
            let scale = if frequency == 0 { 1.0 } else { 2.0_f64.sqrt() };
            scale * (angle * std::f64::consts::PI).cos()
        };
        let mut samples = vec![128.0; side * side];
        for (&value, (v, u)) in coefficients.iter().zip(zigzag()) {
            if u < side && v < side {
                for (i, sample) in samples.iter_mut().enumerate() {
                    *sample += f64::from(value) * factor(u, i % side) * factor(v, i / side) / 8.0;
                }
            }
        }
        samples
    }

    fn check<R: Reduction>() {
        let mut state = 1_u32;
        let mut random = |limit: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as i32 % (2 * limit + 1) - limit
        };
        for _ in 0..2000 {
            let mut coefficients = [0; 64];
            for (place, value) in coefficients.iter_mut().enumerate() {
                *value = random(1000 / (1 + place as i32));
            }
            let mut plane = [7; 4 * 5];
            R::draw(&coefficients, &mut plane, 1, 5);
            for (i, expected) in by_definition(&coefficients, R::SIDE)
                .into_iter()
                .enumerate()
            {
                let found = f64::from(plane[1 + i / R::SIDE * 5 + i % R::SIDE]);
                let expected = expected.clamp(0.0, 255.0);
                assert!((found - expected).abs() <= 0.502, "{found} {expected}");
            }
            assert_eq!(plane[0], 7);
            assert_eq!(plane[1 + R::SIDE], 7);
        }
    }

    #[test]
    fn each_transform_gives_what_its_definition_gives() {
        check::<Eighth>();
        check::<Quarter>();
        check::<ThreeEighths>();
        check::<Half>();
    }

    #[test]
    fn the_wanted_coefficients_are_the_lowest_of_both_directions() {
        fn check<R: Reduction>() {
            let zigzag = zigzag();
            let lowest: Vec<usize> = (0..64)
                .filter(|&i| zigzag[i].0 < R::SIDE && zigzag[i].1 < R::SIDE)
                .collect();
            assert_eq!(lowest, R::WANTED);
            assert_eq!(lowest.last(), Some(&R::LAST));
        }
        check::<Eighth>();
        check::<Quarter>();
        check::<ThreeEighths>();
        check::<Half>();
    }
}
