//! What a picture looks like in a few bytes: the perceptual hash and the measures that say
//! whether to believe it.
//!
//! All of it comes from one reduction of the whole frame to 256 x 256 pixels, whatever its
//! shape. The hash's transform works on that at 64 x 64: finer detail than 16 waves a side is
//! not asked for, and the averaging keeps noise and compression out.

use std::f32::consts::PI;
use std::sync::LazyLock;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::decode::DecodedPhoto;
use crate::photo::{Fingerprint, PerceptualHash};

/// Side of the reduced frame.
const SIDE: usize = 256;
/// Side of the picture that the transform works on.
const TRANSFORM: usize = 64;
/// Frequencies a side that are kept.
const FREQUENCIES: usize = 16;
/// Side of the blocks whose texture is judged.
const BLOCK: usize = 8;
/// A block whose luma deviates less than this from its mean is flat: above what noise and JPEG
/// artefacts leave in a clear sky.
const TEXTURE_DEVIATION: f32 = 4.0;

/// The fingerprint of an upright picture.
#[must_use]
pub fn fingerprint(photo: &DecodedPhoto) -> Fingerprint {
    let frame = resized(photo, SIDE, SIDE, FilterType::Bilinear);
    let (luma, mean_rgb) = luma(&frame);
    let transform_input = averaged(&luma, SIDE, SIDE / TRANSFORM);
    Fingerprint {
        hash: hash(&transform_input),
        contrast: deviation(averaged(&transform_input, TRANSFORM, 2).iter().copied()),
        texture: texture(&luma),
        mean_rgb,
    }
}

/// The picture inside `photo`'s box at another size.
pub(super) fn resized(
    photo: &DecodedPhoto,
    width: usize,
    height: usize,
    filter: FilterType,
) -> RgbImage {
    let side = |length: usize| u32::try_from(length.max(1)).unwrap_or(u32::MAX);
    let (width, height) = (side(width), side(height));
    let mut target = Image::new(width, height, PixelType::U8x3);
    let (source_width, source_height) = photo.image.dimensions();
    // Both can fail only for a buffer that does not fit its size, which an `RgbImage` rules out:
    // the picture stays black then.
    if let Ok(source) = ImageRef::new(
        source_width,
        source_height,
        photo.image.as_raw(),
        PixelType::U8x3,
    ) {
        let [x, y, w, h] = photo.source_box;
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(filter))
            .crop(x, y, w, h);
        Resizer::new().resize(&source, &mut target, &options).ok();
    }
    RgbImage::from_raw(width, height, target.into_vec()).unwrap_or_default()
}

/// Luma (ITU-R BT.601, as JPEG has it) of each pixel, and the mean colour.
fn luma(frame: &RgbImage) -> (Vec<f32>, [u8; 3]) {
    let mut sums = [0_u64; 3];
    let mut luma = Vec::with_capacity(SIDE * SIDE);
    for &image::Rgb(rgb) in frame.pixels() {
        for (sum, value) in sums.iter_mut().zip(rgb) {
            *sum += u64::from(value);
        }
        let [red, green, blue] = rgb.map(f32::from);
        luma.push(0.299 * red + 0.587 * green + 0.114 * blue);
    }
    let count = (luma.len() as u64).max(1);
    (
        luma,
        sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)),
    )
}

/// A square picture of `side` with each `step` x `step` block averaged to one pixel.
fn averaged(picture: &[f32], side: usize, step: usize) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "at most 8 x 8")]
    let weight = 1.0 / (step * step) as f32;
    let small = side / step;
    let mut out = vec![0.0; small * small];
    for (y, row) in picture.chunks_exact(side).enumerate() {
        for (x, block) in row.chunks_exact(step).enumerate() {
            if let Some(pixel) = out.get_mut(y / step * small + x) {
                *pixel += block.iter().sum::<f32>() * weight;
            }
        }
    }
    out
}

/// `COSINES[u][x]` of the type-II transform; the constant factors do not change signs.
static COSINES: LazyLock<[[f32; TRANSFORM]; FREQUENCIES]> = LazyLock::new(|| {
    #[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
    std::array::from_fn(|u| {
        std::array::from_fn(|x| (PI * (2 * x + 1) as f32 * u as f32 / (2 * TRANSFORM) as f32).cos())
    })
});

/// The signs of the lowest frequencies of a 64 x 64 picture.
fn hash(picture: &[f32]) -> PerceptualHash {
    let wave = |values: &[f32], u: usize| -> f32 {
        COSINES.get(u).map_or(0.0, |cosines| {
            values
                .iter()
                .zip(cosines)
                .map(|(value, cosine)| value * cosine)
                .sum()
        })
    };
    // Rows first: columns[u] is the u-th horizontal frequency of every row.
    let columns: Vec<Vec<f32>> = (0..FREQUENCIES)
        .map(|u| {
            picture
                .chunks_exact(TRANSFORM)
                .map(|row| wave(row, u))
                .collect()
        })
        .collect();
    let mut words = [0_u64; 4];
    for bit in 1..FREQUENCIES * FREQUENCIES {
        let (u, v) = (bit % FREQUENCIES, bit / FREQUENCIES);
        if columns.get(u).is_some_and(|column| wave(column, v) > 0.0) {
            words[bit / 64] |= 1 << (bit % 64);
        }
    }
    PerceptualHash(words)
}

/// Share of the blocks that are not flat.
fn texture(luma: &[f32]) -> f32 {
    let blocks = SIDE / BLOCK;
    let textured = (0..blocks * blocks).filter(|block| {
        let (x, y) = (block % blocks * BLOCK, block / blocks * BLOCK);
        let rows =
            (y..y + BLOCK).filter_map(|row| luma.get(row * SIDE + x..row * SIDE + x + BLOCK));
        deviation(rows.flatten().copied()) >= TEXTURE_DEVIATION
    });
    #[expect(clippy::cast_precision_loss, reason = "1024 blocks")]
    let share = textured.count() as f32 / (blocks * blocks) as f32;
    share
}

/// Standard deviation.
fn deviation(values: impl Iterator<Item = f32>) -> f32 {
    let (mut count, mut sum, mut squares) = (0.0_f64, 0.0_f64, 0.0_f64);
    for value in values.map(f64::from) {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    if count == 0.0 {
        return 0.0;
    }
    let mean = sum / count;
    #[expect(clippy::cast_possible_truncation, reason = "0 to 127")]
    let deviation = (squares / count - mean * mean).max(0.0).sqrt() as f32;
    deviation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::Orientation;
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};

    fn whole(image: RgbImage) -> DecodedPhoto {
        let (full_width, full_height) = image.dimensions();
        let source_box = [0.0, 0.0, f64::from(full_width), f64::from(full_height)];
        DecodedPhoto {
            image,
            full_width,
            full_height,
            source_box,
            is_exact: true,
        }
    }

    /// A picture with detail at many scales that no orientation maps on itself.
    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (
                f64::from(x) / f64::from(width),
                f64::from(y) / f64::from(height),
            );
            let value = (x * 7.3 + (y * 5.1).sin() * 2.0).sin()
                + (y * 11.7 - x * x * 9.0).cos()
                + (x * y * 31.0).sin();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 255"
            )]
            let level = (127.0 + value * 40.0) as u8;
            image::Rgb([level, level / 2 + 30, 255 - level])
        })
    }

    #[test]
    fn the_hash_of_a_turned_picture_is_the_turned_hash() {
        let upright = picture(300, 200);
        let hash = fingerprint(&whole(upright.clone())).hash;
        for orientation in Orientation::ALL {
            let turned = match orientation {
                Orientation::Normal => upright.clone(),
                Orientation::MirrorHorizontal => flip_horizontal(&upright),
                Orientation::Rotate180 => rotate180(&upright),
                Orientation::MirrorVertical => flip_vertical(&upright),
                Orientation::Transpose => flip_horizontal(&rotate90(&upright)),
                Orientation::Rotate90 => rotate90(&upright),
                Orientation::Transverse => flip_horizontal(&rotate270(&upright)),
                Orientation::Rotate270 => rotate270(&upright),
            };
            let distance = fingerprint(&whole(turned))
                .hash
                .distance(hash.oriented(orientation));
            assert!(distance <= 4, "{orientation:?}: {distance}");
        }
    }

    #[test]
    fn a_smaller_copy_is_near_and_another_picture_far() {
        let large = fingerprint(&whole(picture(900, 600))).hash;
        let small = fingerprint(&whole(picture(225, 150))).hash;
        let other = fingerprint(&whole(flip_horizontal(&picture(900, 600)))).hash;
        assert!(large.distance(small) <= 6, "{}", large.distance(small));
        assert!(large.distance(other) > 60, "{}", large.distance(other));
    }

    #[test]
    fn a_flat_picture_says_that_it_is_flat() {
        let flat = fingerprint(&whole(RgbImage::from_pixel(
            40,
            30,
            image::Rgb([10, 200, 30]),
        )));
        assert!(flat.contrast < 0.1 && flat.texture == 0.0, "{flat:?}");
        assert_eq!(flat.mean_rgb, [10, 200, 30]);
        let noise = RgbImage::from_fn(256, 256, |x, y| {
            image::Rgb([u8::try_from((x * 7919 + y * 104_729 + x * y) % 256).unwrap(); 3])
        });
        assert!(fingerprint(&whole(noise)).texture > 0.99);
    }

    #[test]
    fn any_size_has_a_fingerprint() {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (2, 3)] {
            assert!(
                fingerprint(&whole(picture(width, height)))
                    .contrast
                    .is_finite()
            );
        }
    }
}
