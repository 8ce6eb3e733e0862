//! A picture at halving resolutions, so that it is drawn at any zoom without aliasing and in
//! parts that a graphics card takes.

use std::sync::Arc;

use eframe::egui::{Color32, ColorImage};
use image::RgbImage;

/// The coarsest level has no longer side than this, so that it is one texture.
const COARSEST: usize = 1024;

/// A picture at full resolution and at 1/2, 1/4, ... of it. About 5.3 bytes a pixel.
#[derive(Clone, Debug)]
pub(crate) struct Pyramid {
    levels: Vec<Arc<ColorImage>>,
    /// Where the photo lies in the first level: x, y, width, height.
    photo: [f64; 4],
}

impl Pyramid {
    /// The levels of `image`, of which the photo takes the box `photo` (x, y, width, height).
    pub(crate) fn new(image: &RgbImage, photo: [f64; 4]) -> Self {
        let size = [image.width() as usize, image.height() as usize];
        Self::of_colors(ColorImage::from_rgb(size, image.as_raw()), photo)
    }

    /// The levels of a picture all of which is shown.
    pub(crate) fn of_whole(image: ColorImage) -> Self {
        let [width, height] = image.size;
        Self::of_colors(image, [0.0, 0.0, lossless(width), lossless(height)])
    }

    fn of_colors(image: ColorImage, photo: [f64; 4]) -> Self {
        let mut levels = vec![Arc::new(image)];
        while let Some(last) = levels.last()
            && last.width().max(last.height()) > COARSEST
        {
            let half = halved(last);
            levels.push(Arc::new(half));
        }
        Self { levels, photo }
    }

    /// A level; 0 is the full resolution, each next has half of it.
    pub(crate) fn level(&self, level: usize) -> Option<&Arc<ColorImage>> {
        self.levels.get(level)
    }

    /// The number of the coarsest level.
    pub(crate) fn coarsest(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// The level to draw where a pixel of the first level takes `scale` pixels of the screen:
    /// the coarsest that need not be magnified.
    pub(crate) fn level_for(&self, scale: f64) -> usize {
        let mut level = 0;
        let mut scale = scale;
        while scale <= 0.5 && level < self.coarsest() {
            scale *= 2.0;
            level += 1;
        }
        level
    }

    /// Width and height of the photo in pixels of a level.
    pub(crate) fn size(&self, level: usize) -> [f64; 2] {
        let factor = factor(level);
        [self.photo[2] / factor, self.photo[3] / factor]
    }

    /// A place in the photo, 0 to 1, in pixels of a level.
    pub(crate) fn to_pixels(&self, level: usize, at: [f64; 2]) -> [f64; 2] {
        let factor = factor(level);
        [0, 1].map(|axis| (self.photo[axis] + at[axis] * self.photo[axis + 2]) / factor)
    }

    /// A place in pixels of a level as one in the photo, 0 to 1.
    pub(crate) fn to_photo(&self, level: usize, pixels: [f64; 2]) -> [f64; 2] {
        let factor = factor(level);
        [0, 1].map(|axis| (pixels[axis] * factor - self.photo[axis]) / self.photo[axis + 2])
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let pixels = |level: &Arc<ColorImage>| level.pixels.len();
        self.levels.iter().map(pixels).sum::<usize>() * 4
    }
}

fn factor(level: usize) -> f64 {
    (0..level).fold(1.0, |factor, _| factor * 2.0)
}

/// A side of a picture as a number; exact, as sides are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures are small")]
fn lossless(side: usize) -> f64 {
    side as f64
}

/// Each pixel the mean of four; the last ones of odd sides are of what there is.
fn halved(image: &ColorImage) -> ColorImage {
    let [width, height] = image.size;
    let size = [width.div_ceil(2), height.div_ceil(2)];
    let mut pixels = Vec::with_capacity(size[0] * size[1]);
    for rows in image.pixels.chunks(2 * width.max(1)) {
        let (upper, lower) = rows.split_at(width.min(rows.len()));
        let lower = if lower.is_empty() { upper } else { lower };
        for (above, below) in upper.chunks(2).zip(lower.chunks(2)) {
            let four = [above.first(), above.last(), below.first(), below.last()];
            let four = four.map(|pixel| pixel.map_or([0; 4], Color32::to_array));
            let mean = [0, 1, 2, 3].map(|channel| {
                let sum: u16 = four.iter().map(|pixel| u16::from(pixel[channel])).sum();
                // The mean of four bytes is a byte.
                u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX)
            });
            let [r, g, b, a] = mean;
            pixels.push(Color32::from_rgba_premultiplied(r, g, b, a));
        }
    }
    ColorImage::new(size, pixels)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers and halves are exact")]
mod tests {
    use super::*;

    fn pyramid(width: u32, height: u32) -> Pyramid {
        let image = RgbImage::from_pixel(width, height, image::Rgb([10, 20, 30]));
        Pyramid::new(&image, [0.0, 0.0, width.into(), height.into()])
    }

    #[test]
    fn a_picture_ends_in_one_texture_whatever_its_sides() {
        for (width, height) in [(1, 1), (1025, 3), (4001, 2999), (1, 9000)] {
            let pyramid = pyramid(width, height);
            let last = pyramid.level(pyramid.coarsest()).unwrap();
            assert!(last.width().max(last.height()) <= COARSEST);
            for level in 0..=pyramid.coarsest() {
                let level = pyramid.level(level).unwrap();
                assert_eq!(level.pixels.len(), level.width() * level.height());
                assert!(
                    level
                        .pixels
                        .iter()
                        .all(|&pixel| pixel == Color32::from_rgb(10, 20, 30))
                );
            }
        }
    }

    #[test]
    fn a_level_is_never_magnified_while_there_is_a_finer_one() {
        let pyramid = pyramid(4096, 4096);
        for (scale, level) in [
            (8.0, 0),
            (1.0, 0),
            (0.51, 0),
            (0.5, 1),
            (0.26, 1),
            (0.01, 2),
        ] {
            assert_eq!(pyramid.level_for(scale), level, "{scale}");
        }
    }

    #[test]
    fn places_lead_to_pixels_and_back() {
        let pyramid = pyramid(3000, 2000);
        assert_eq!(pyramid.to_pixels(1, [0.5, 1.0]), [750.0, 1000.0]);
        assert_eq!(pyramid.to_photo(1, [750.0, 1000.0]), [0.5, 1.0]);
    }
}
