//! `YCbCr` to RGB by the matrix of JFIF (ITU-T T.871, clause 7).

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values are clamped, or fit by their factors"
)]

use crate::upsample::SCALE;

/// Pixels that are converted at once, so that compilers make vectors of them.
const STEP: usize = 16;

/// Fraction bits of a product.
const FRACTION: i32 = 4;

/// A factor of the matrix, so that the upper half of a product with chroma has [`FRACTION`]
/// fraction bits.
const fn factor(times_a_million: i64) -> i16 {
    let scaled = times_a_million * (1 << (16 + FRACTION)) / SCALE as i64;
    ((scaled + 500_000) / 1_000_000) as i16
}

const RED_OF_CR: i16 = factor(1_402_000);
const GREEN_OF_CB: i16 = factor(344_136);
const GREEN_OF_CR: i16 = factor(714_136);
const BLUE_OF_CB: i16 = factor(1_772_000);

/// The upper half of a product.
#[inline(always)]
fn product(chroma: i16, factor: i16) -> i16 {
    ((i32::from(chroma) * i32::from(factor)) >> 16) as i16
}

#[inline(always)]
fn level(luma: i16, chroma: i16) -> u8 {
    (luma + ((chroma + (1 << (FRACTION - 1))) >> FRACTION)).clamp(0, 255) as u8
}

/// Converts a row. Chroma is [`SCALE`] times the distance to 128.
pub(crate) fn write_row(luma: &[u8], blue: &[i16], red: &[i16], rgb: &mut [u8]) {
    let (luma_steps, luma_rest) = luma.as_chunks::<STEP>();
    let (blue_steps, blue_rest) = blue.as_chunks::<STEP>();
    let (red_steps, red_rest) = red.as_chunks::<STEP>();
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    let (pixel_steps, pixel_rest) = pixels.as_chunks_mut::<STEP>();
    for (((luma, blue), red), pixels) in luma_steps
        .iter()
        .zip(blue_steps)
        .zip(red_steps)
        .zip(pixel_steps)
    {
        convert(luma, blue, red, pixels);
    }
    // The rest, filled up to a step.
    let count = luma_rest.len();
    let (mut luma, mut blue, mut red) = ([0; STEP], [0; STEP], [0; STEP]);
    luma.iter_mut()
        .zip(luma_rest)
        .for_each(|(to, from)| *to = *from);
    blue.iter_mut()
        .zip(blue_rest)
        .for_each(|(to, from)| *to = *from);
    red.iter_mut()
        .zip(red_rest)
        .for_each(|(to, from)| *to = *from);
    let mut pixels = [[0; 3]; STEP];
    convert(&luma, &blue, &red, &mut pixels);
    for (to, from) in pixel_rest.iter_mut().zip(pixels).take(count) {
        *to = from;
    }
}

#[inline(always)]
fn convert(luma: &[u8; STEP], blue: &[i16; STEP], red: &[i16; STEP], pixels: &mut [[u8; 3]; STEP]) {
    let mut levels = [[0_u8; STEP]; 3];
    let [reds, greens, blues] = &mut levels;
    for i in 0..STEP {
        let (y, cb, cr) = (i16::from(luma[i]), blue[i], red[i]);
        reds[i] = level(y, product(cr, RED_OF_CR));
        greens[i] = level(y, -product(cb, GREEN_OF_CB) - product(cr, GREEN_OF_CR));
        blues[i] = level(y, product(cb, BLUE_OF_CB));
    }
    for (i, pixel) in pixels.iter_mut().enumerate() {
        *pixel = [reds[i], greens[i], blues[i]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_within_a_level_of_the_matrix() {
        for luma in 0..=255_u8 {
            for blue in (0..=255_i16).step_by(5) {
                for red in (0..=255_i16).step_by(3) {
                    let chroma = |value: i16| [(value - 128) * SCALE as i16];
                    let mut found = [0; 3];
                    write_row(&[luma], &chroma(blue), &chroma(red), &mut found);
                    let [y, cb, cr] = [
                        f64::from(luma),
                        f64::from(blue) - 128.0,
                        f64::from(red) - 128.0,
                    ];
                    let expected = [
                        y + 1.402 * cr,
                        y - 0.344_136 * cb - 0.714_136 * cr,
                        y + 1.772 * cb,
                    ];
                    for (found, expected) in found.into_iter().zip(expected) {
                        let distance = f64::from(found) - expected.clamp(0.0, 255.0);
                        assert!(distance.abs() <= 0.65, "{luma} {blue} {red}: {distance}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_of_every_length_are_converted_to_their_end() {
        for width in 1..50 {
            let luma: Vec<u8> = (0..width).map(|x| x as u8 + 1).collect();
            let grey = vec![0; width];
            let mut rgb = vec![0; 3 * width];
            write_row(&luma, &grey, &grey, &mut rgb);
            let expected: Vec<u8> = luma.iter().flat_map(|&value| [value; 3]).collect();
            assert_eq!(rgb, expected);
        }
    }
}
