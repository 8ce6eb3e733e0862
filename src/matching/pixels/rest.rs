//! What lies around the shared part of the larger picture: nothing (a frame, a letterbox, an
//! app's bars), more of the same scene (the other one is a crop), or another photo (a collage).

use super::agreement::share;
use super::blocks::{Template, to_f32};
use super::geometry::{Homography, Rectangle};
use super::plane::Plane;

/// The surroundings of the shared part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    /// Share of the picture's content that the other does not cover.
    pub(super) share: f32,
    /// Share of that which has texture.
    pub(super) textured: f32,
    /// How much sharper the change across the other's border is than beside it: about 1 where
    /// the scene goes on, 2 and more where pictures meet.
    pub(super) seam: f32,
}

const SIDE: usize = 16;
const LEAST_TEXTURE: f32 = 5.0;

/// What the `content` of `picture` has outside of the other's `frame`; `map` leads from the
/// other to `picture`.
pub(super) fn rest(
    picture: &Plane,
    content: Rectangle,
    map: &Homography,
    frame: Rectangle,
) -> Rest {
    let Some(back) = map.inverse() else {
        return Rest::default();
    };
    let (columns, rows) = (picture.width() / SIDE, picture.height() / SIDE);
    let (mut inside, mut outside, mut textured) = (0, 0, 0);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (column * SIDE, row * SIDE);
            let centre = [x + SIDE / 2, y + SIDE / 2].map(|v| f64::from(to_f32(v)));
            if !content.contains(centre) {
                continue;
            }
            if frame.contains(back.map(centre)) {
                inside += 1;
                continue;
            }
            outside += 1;
            if Template::of_plane(picture, x, y, SIDE).texture() >= LEAST_TEXTURE {
                textured += 1;
            }
        }
    }
    Rest {
        share: share(outside, inside + outside),
        textured: share(textured, outside),
        seam: seam(picture, map, frame),
    }
}

/// Points on each side of the frame.
const POINTS: u32 = 48;

/// Tones are compared this far to either side of the border, in pixels of the larger picture.
const STEP: f64 = 2.5;

fn seam(picture: &Plane, map: &Homography, frame: Rectangle) -> f32 {
    let corners = frame.corners();
    let (mut across, mut beside, mut count) = (0.0_f64, 0.0_f64, 0_u32);
    let limits = Rectangle {
        left: 1.0,
        top: 1.0,
        right: f64::from(to_f32(picture.width())) - 1.0,
        bottom: f64::from(to_f32(picture.height())) - 1.0,
    };
    for (i, &[x0, y0]) in corners.iter().enumerate() {
        let [x1, y1] = corners[(i + 1) % 4];
        // Outwards: the corners go clockwise.
        let length = (x1 - x0).hypot(y1 - y0).max(1e-9);
        let (nx, ny) = ((y1 - y0) / length, (x0 - x1) / length);
        for k in 0..POINTS {
            let t = (f64::from(k) + 0.5) / f64::from(POINTS);
            let (x, y) = (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t);
            let step = STEP / map.scale_at([x, y]);
            let places = [-3.0, -1.0, 1.0, 3.0]
                .map(|steps| map.map([x + nx * step * steps, y + ny * step * steps]));
            if !places.iter().all(|&place| limits.contains(place)) {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "a pixel's position")]
            let [inner, inside, outside, outer] =
                places.map(|[x, y]| f64::from(picture.sample(x as f32, y as f32)));
            across += (outside - inside).abs();
            beside += ((inside - inner).abs() + (outer - outside).abs()) * 0.5;
            count += 1;
        }
    }
    if count < POINTS / 4 {
        return 1.0;
    }
    let count = f64::from(count);
    // Two levels of noise keep plain surroundings from giving any ratio at all.
    #[expect(clippy::cast_possible_truncation, reason = "a ratio")]
    {
        ((across / count + 2.0) / (beside / count + 2.0)) as f32
    }
}
