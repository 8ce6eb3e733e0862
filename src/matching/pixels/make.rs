//! What a [`PixelRecord`](super::PixelRecord) is made of, from the picture's pixels.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder};

use super::agreement::share;
use super::blocks::Template;
use super::plane::{Bounds, Plane, to_byte};

/// Rows and columns of the colour planes.
pub(super) const COLOUR_SIDE: usize = 16;

/// Rows and columns of the small view of a whole picture.
pub(super) const VIEW_SIDE: usize = 32;

/// The smallest spread of tones that is stretched to the whole range: in a flatter picture
/// there is only noise to be enlarged.
pub(super) const LEAST_SPREAD: u8 = 20;

/// JPEG qualities to be tried until the luma is small enough, and how long the result usually is
/// against the first one's; the last one is always enough for pictures of the record's size.
const QUALITIES: [(u8, usize); 6] = [(80, 100), (62, 68), (45, 54), (30, 42), (18, 29), (8, 16)];

/// Rec. 601 luma of every pixel; `None` of an empty picture.
pub(super) fn luma(image: &RgbImage) -> Option<Plane> {
    let values = image
        .as_raw()
        .chunks_exact(3)
        .map(|rgb| {
            let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
            ((77 * r + 150 * g + 29 * b + 128) >> 8).to_le_bytes()[0]
        })
        .collect();
    let size = |side: u32| usize::try_from(side).unwrap_or(0);
    Plane::new(size(image.width()), size(image.height()), values)
}

/// The darkest tone and the spread up to the brightest, but for 0.3 % at either end.
pub(super) fn tones(plane: &Plane) -> (u8, u8) {
    let mut counts = [0_usize; 256];
    for &value in plane.values() {
        counts[usize::from(value)] += 1;
    }
    let few = plane.values().len() * 3 / 1000;
    let reached = |mut values: Box<dyn Iterator<Item = u8>>| {
        let mut seen = 0;
        values
            .find(|&value| {
                seen += counts[usize::from(value)];
                seen > few
            })
            .unwrap_or(0)
    };
    let darkest = reached(Box::new(0..=255));
    let brightest = reached(Box::new((0..=255).rev()));
    let spread = brightest.saturating_sub(darkest);
    if spread >= LEAST_SPREAD {
        return (darkest, spread);
    }
    let middle = darkest + spread / 2;
    (
        middle.clamp(LEAST_SPREAD / 2, 255 - LEAST_SPREAD / 2) - LEAST_SPREAD / 2,
        LEAST_SPREAD,
    )
}

pub(super) fn stretched(plane: &Plane, darkest: u8, spread: u8) -> Plane {
    let gain = 255.0 / f32::from(spread.max(1));
    let values = plane
        .values()
        .iter()
        .map(|&value| to_byte(f32::from(value.saturating_sub(darkest)) * gain))
        .collect();
    Plane::new(plane.width(), plane.height(), values).unwrap_or_else(|| plane.clone())
}

/// A grey JPEG of at most `most` bytes, at the best quality that fits.
pub(super) fn packed(plane: &Plane, size: (u16, u16), most: usize) -> Vec<u8> {
    let encoded = |plane: &Plane, quality: u8| {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail, and both sides are far below JPEG's limit.
        Encoder::new(&mut bytes, quality)
            .encode(plane.values(), size.0, size.1, ColorType::Luma)
            .ok();
        bytes
    };
    let mut bytes = Vec::new();
    let mut qualities = QUALITIES.iter().peekable();
    while let Some(&(quality, length)) = qualities.next() {
        bytes = encoded(plane, quality);
        if bytes.len() <= most {
            return bytes;
        }
        // What is certain to be too long still is passed over.
        let is_too_long = |next: usize| bytes.len() * next / length > most + most / 2;
        while qualities.len() > 1 && qualities.peek().is_some_and(|next| is_too_long(next.1)) {
            qualities.next();
        }
    }
    // Nothing but noise: smoothed until it fits, which an even plane does in the end.
    let mut smooth = plane.clone();
    for _ in 0..8 {
        if bytes.len() <= most {
            return bytes;
        }
        for _ in 0..4 {
            smooth = smooth.smoothed();
        }
        bytes = encoded(&smooth, 8);
    }
    encoded(
        &Plane::even(plane.width(), plane.height(), plane.at(0, 0)),
        8,
    )
}

/// A part of a plane in 32 x 32 means.
pub(super) fn view(plane: &Plane, bounds: Bounds) -> Vec<u8> {
    let small = plane.cut(bounds).shrunk(VIEW_SIDE, VIEW_SIDE);
    // Narrower pictures are stretched: the nearest pixel will do.
    let mut values = Vec::with_capacity(VIEW_SIDE * VIEW_SIDE);
    for y in 0..VIEW_SIDE {
        let row = small.row(y * small.height() / VIEW_SIDE);
        values.extend((0..VIEW_SIDE).map(|x| row[x * row.len() / VIEW_SIDE]));
    }
    values
}

/// How many blocks of 16 x 16 pixels have texture in the tones before stretching, weak ones
/// counting in part.
pub(super) fn texture(stretched: &Plane, stretch: f32) -> f32 {
    const SIDE: usize = 16;
    let plane = stretched.smoothed();
    let mut sum = 0.0;
    for y in (0..(plane.height() / SIDE) * SIDE).step_by(SIDE) {
        for x in (0..(plane.width() / SIDE) * SIDE).step_by(SIDE) {
            let texture = Template::of_plane(&plane, x, y, SIDE).texture() / stretch;
            sum += ((texture - 1.5) / 3.0).clamp(0.0, 1.0);
        }
    }
    sum
}

/// The share of the contrasty blocks that have only two tones, one of them more than the other:
/// near 1 for pages and screens, whatever the light, 0.16 at the median for photos and below
/// 0.45 for nine of ten. 0 where there is little contrast at all.
///
/// To be taken of a large picture: in a small one letters are grey.
pub(super) fn two_tone(plane: &Plane) -> f32 {
    const SIDE: usize = 16;
    let (columns, rows) = (plane.width() / SIDE, plane.height() / SIDE);
    let (mut blocks, mut contrasty, mut two_tone) = (0_usize, 0_usize, 0_usize);
    for row in 0..rows {
        // Every second block will do, like the fields of one colour on a chessboard.
        for column in (row % 2..columns).step_by(2) {
            blocks += 1;
            let lines = (row * SIDE..(row + 1) * SIDE)
                .map(|y| &plane.row(y)[column * SIDE..(column + 1) * SIDE]);
            let (low, high) = lines
                .clone()
                .flatten()
                .fold((255, 0), |(low, high), &tone| {
                    (tone.min(low), tone.max(high))
                });
            let spread = u16::from(high.max(low) - low);
            if spread <= 60 {
                continue;
            }
            contrasty += 1;
            let quarter = u8::try_from(spread / 4).unwrap_or(u8::MAX);
            let (mut dark, mut bright) = (0_usize, 0_usize);
            for &tone in lines.flatten() {
                dark += usize::from(tone < low + quarter);
                bright += usize::from(tone > high - quarter);
            }
            let all = SIDE * SIDE;
            two_tone += usize::from(4 * (dark + bright) > 3 * all && 2 * dark.max(bright) > all);
        }
    }
    if contrasty * 20 < blocks {
        return 0.0;
    }
    share(two_tone, contrasty)
}

/// Means of 16 x 16 cells of the picture, red, green and blue interleaved.
pub(super) fn colours(image: &RgbImage) -> Vec<u8> {
    let side = |length: u32| usize::try_from(length).unwrap_or(0).max(1);
    let (width, height) = (side(image.width()), side(image.height()));
    let mut colours = Vec::with_capacity(3 * COLOUR_SIDE * COLOUR_SIDE);
    let cells = |length: usize| {
        (0..COLOUR_SIDE).map(move |i| {
            let start = (i * length / COLOUR_SIDE).min(length - 1);
            (start, ((i + 1) * length / COLOUR_SIDE).max(start + 1))
        })
    };
    for (top, bottom) in cells(height) {
        // Every second row will do for a mean over many.
        let step = if bottom - top > 8 { 2 } else { 1 };
        for (left, right) in cells(width) {
            let mut sums = [0_u64; 4];
            for y in (top..bottom).step_by(step) {
                let row = image
                    .as_raw()
                    .get(3 * (y * width + left)..3 * (y * width + right))
                    .unwrap_or_default();
                let mut row_sums = [0_u32; 3];
                for rgb in row.chunks_exact(3) {
                    for (sum, &value) in row_sums.iter_mut().zip(rgb) {
                        *sum += u32::from(value);
                    }
                }
                for (sum, row) in sums.iter_mut().zip(row_sums) {
                    *sum += u64::from(row);
                }
                sums[3] += (right - left) as u64;
            }
            let count = sums[3].max(1);
            colours.extend(
                sums[..3]
                    .iter()
                    .map(|sum| ((sum + count / 2) / count).to_le_bytes()[0]),
            );
        }
    }
    colours
}
