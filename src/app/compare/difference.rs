//! Where two pictures differ, pixel by pixel.
//!
//! Both are taken at the resolution of the coarser one, for finer detail that only one of them
//! has would drown everything else, and the second is laid over the first by its alignment.

use std::sync::Arc;

use eframe::egui::{Color32, ColorImage};

use super::place::Map;
use super::pyramid::Pyramid;
use crate::app::theme;
use crate::photo::ContentHash;

/// No more pixels than this are compared: sharper than any screen, and done in a moment.
const MOST_PIXELS: f64 = 6e6;
/// From here on a difference of a channel, of 255, is one that a person may see.
const VISIBLE: u8 = 10;
/// How much of the picture itself shows through where it does not differ.
const SHOWN_THROUGH: f32 = 0.22;

/// Which difference is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DifferenceKey {
    /// The picture that is laid under.
    pub(crate) under: ContentHash,
    /// The picture that is laid over it.
    pub(crate) over: ContentHash,
    /// How many times differences are enlarged.
    pub(crate) amplify: u32,
}

/// Where two pictures differ.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// A picture of it, in the frame of the one that lies under.
    pub(crate) picture: Arc<Pyramid>,
    /// Share of the pixels both have that differ visibly, 0 to 1.
    pub(crate) share: f64,
    /// The largest difference of a channel, 0 to 255.
    pub(crate) largest: u8,
    /// Share of the lower picture that the upper one covers, 0 to 1.
    pub(crate) covered: f64,
}

/// Compares `over`, which `map` lays over `under`, with it.
#[expect(clippy::cast_precision_loss, reason = "counts of pixels")]
pub(crate) fn difference(under: &Pyramid, over: &Pyramid, map: &Map, amplify: u32) -> Difference {
    // Pixels of the lower picture for one of the upper: above 1 where the upper is coarser.
    let ratio = map.stretch(over.size(0), under.size(0));
    let level = coarse_enough(under, ratio);
    let (Some(below), Some(back)) = (under.level(level), map.inverse()) else {
        return nothing();
    };
    let scale = ratio / under.size(0)[0] * under.size(level)[0];
    let over_level = over.level_for(scale);
    let Some(above) = over.level(over_level) else {
        return nothing();
    };
    let [width, height] = below.size;
    let mut pixels = Vec::with_capacity(width * height);
    let (mut differing, mut covered, mut largest) = (0_u64, 0_u64, 0);
    for (y, row) in below.pixels.chunks(width.max(1)).enumerate() {
        for (x, &lower) in row.iter().enumerate() {
            let at = under.to_photo(level, [x as f64 + 0.5, y as f64 + 0.5]);
            let upper = (back.apply(at))
                .filter(|place| place.iter().all(|side| (0.0..=1.0).contains(side)))
                .map(|place| sample(above, over.to_pixels(over_level, place)));
            let Some(upper) = upper else {
                pixels.push(Color32::TRANSPARENT);
                continue;
            };
            let apart = apart(lower, upper);
            covered += 1;
            differing += u64::from(apart >= VISIBLE);
            largest = largest.max(apart);
            pixels.push(shade(lower, apart, amplify));
        }
    }
    Difference {
        share: differing as f64 / covered.max(1) as f64,
        covered: covered as f64 / pixels.len().max(1) as f64,
        picture: Arc::new(Pyramid::of_whole(ColorImage::new([width, height], pixels))),
        largest,
    }
}

fn nothing() -> Difference {
    let empty = ColorImage::filled([1, 1], Color32::TRANSPARENT);
    Difference {
        picture: Arc::new(Pyramid::of_whole(empty)),
        share: 0.0,
        largest: 0,
        covered: 0.0,
    }
}

/// The level of the lower picture that is no finer than the upper one, and not too large.
fn coarse_enough(under: &Pyramid, ratio: f64) -> usize {
    let pixels = |level| under.size(level).iter().product::<f64>();
    let wanted = (ratio.max(1.0) * 1.1).recip();
    let mut level = under.level_for(wanted);
    while level < under.coarsest() && pixels(level) > MOST_PIXELS {
        level += 1;
    }
    level
}

/// The colour at a place between pixel centres, bilinear.
#[expect(clippy::many_single_char_names, reason = "four corners and a place")]
fn sample(image: &ColorImage, [x, y]: [f64; 2]) -> Color32 {
    let [width, height] = image.size;
    let (left, right, x_share) = neighbours(x, width);
    let (top, bottom, y_share) = neighbours(y, height);
    let pixel = |x: usize, y: usize| image.pixels.get(y * width + x).copied();
    let (Some(a), Some(b), Some(c), Some(d)) = (
        pixel(left, top),
        pixel(right, top),
        pixel(left, bottom),
        pixel(right, bottom),
    ) else {
        return Color32::TRANSPARENT;
    };
    let mix = |channel: usize| {
        let value = |color: Color32| f32::from(color[channel]);
        let upper = value(a) + (value(b) - value(a)) * x_share;
        let lower = value(c) + (value(d) - value(c)) * x_share;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let mixed = (upper + (lower - upper) * y_share).round() as u8;
        mixed
    };
    Color32::from_rgb(mix(0), mix(1), mix(2))
}

/// The pixels on both sides of a place, and how far it lies from the first to the second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the picture's side"
)]
fn neighbours(at: f64, side: usize) -> (usize, usize, f32) {
    let last = side.saturating_sub(1);
    let at = (at - 0.5).clamp(0.0, last as f64);
    let first = at as usize;
    (first, (first + 1).min(last), (at - first as f64) as f32)
}

/// The largest difference of a channel.
fn apart(a: Color32, b: Color32) -> u8 {
    let of = |channel: usize| a[channel].abs_diff(b[channel]);
    of(0).max(of(1)).max(of(2))
}

fn shade(lower: Color32, apart: u8, amplify: u32) -> Color32 {
    let heat =
        (f32::from(apart) / 255.0 * f32::from(u16::try_from(amplify).unwrap_or(u16::MAX))).min(1.0);
    let luma = (2 * u16::from(lower.r()) + 5 * u16::from(lower.g()) + u16::from(lower.b())) / 8;
    let grey = Color32::from_gray(u8::try_from(luma).unwrap_or(u8::MAX));
    let ground = theme::mix(theme::heat(0.0), grey, SHOWN_THROUGH * (1.0 - heat));
    if heat <= 0.0 {
        ground
    } else {
        theme::mix(ground, theme::heat(heat), heat.sqrt())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers and halves are exact")]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn scene(side: u32) -> RgbImage {
        RgbImage::from_fn(side, side, |x, y| {
            let level = |v: u32| u8::try_from(v * 200 / side).unwrap();
            Rgb([level(x), level(y), 90])
        })
    }

    fn pyramid(image: &RgbImage) -> Pyramid {
        let (width, height) = image.dimensions();
        Pyramid::new(image, [0.0, 0.0, width.into(), height.into()])
    }

    #[test]
    fn equal_pictures_differ_nowhere_and_a_patch_is_found_in_its_place() {
        let plain = scene(400);
        let mut patched = plain.clone();
        for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
            patched.put_pixel(300 + x, 100 + y, Rgb([255; 3]));
        }
        let (plain, patched) = (pyramid(&plain), pyramid(&patched));
        let same = difference(&plain, &plain, &Map::IDENTITY, 1);
        assert_eq!((same.largest, same.share, same.covered), (0, 0.0, 1.0));
        let found = difference(&plain, &patched, &Map::IDENTITY, 4);
        assert!((found.share - 0.01).abs() < 1e-9, "{}", found.share);
        let picture = found.picture.level(0).unwrap();
        let brightness = |x: usize, y: usize| picture.pixels[y * 400 + x].intensity();
        assert!(brightness(320, 120) > 3.0 * brightness(200, 300));
    }

    #[test]
    fn a_smaller_copy_is_compared_at_its_own_size() {
        let (large, small) = (pyramid(&scene(2200)), pyramid(&scene(550)));
        for (a, b) in [(&large, &small), (&small, &large)] {
            let found = difference(a, b, &Map::IDENTITY, 1);
            assert!(found.largest < VISIBLE, "{}", found.largest);
            assert_eq!(found.picture.size(0), [550.0, 550.0]);
        }
    }

    #[test]
    fn what_only_one_of_them_shows_is_not_compared() {
        let (whole, part) = (pyramid(&scene(400)), pyramid(&scene(200)));
        let half = Map::from_rows([0.5, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]).unwrap();
        let found = difference(&whole, &part, &half, 1);
        assert!((found.covered - 0.5).abs() < 0.01, "{}", found.covered);
    }
}
