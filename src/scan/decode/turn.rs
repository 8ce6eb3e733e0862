//! Turns a stored picture, and the box of the photo in it, upright.

use image::{RgbImage, imageops};

use crate::photo::Orientation;

/// The upright picture and where the photo lies in it: x, y, width, height.
///
/// `covered` is what the photo covers of the stored picture, from its upper left corner; where
/// turning brings that corner to the right or the bottom, the padding comes to the left or top.
pub(super) fn turn(
    image: RgbImage,
    (covered_width, covered_height): (f64, f64),
    orientation: Orientation,
) -> (RgbImage, [f64; 4]) {
    let right = f64::from(image.width()) - covered_width;
    let bottom = f64::from(image.height()) - covered_height;
    let (x, y) = match orientation {
        Orientation::Normal | Orientation::Transpose => (0.0, 0.0),
        Orientation::MirrorHorizontal => (right, 0.0),
        Orientation::Rotate180 => (right, bottom),
        Orientation::MirrorVertical => (0.0, bottom),
        Orientation::Rotate90 => (bottom, 0.0),
        Orientation::Transverse => (bottom, right),
        Orientation::Rotate270 => (0.0, right),
    };
    let (width, height) = if orientation.swaps_sides() {
        (covered_height, covered_width)
    } else {
        (covered_width, covered_height)
    };
    (turn_pixels(image, orientation), [x, y, width, height])
}

fn turn_pixels(mut image: RgbImage, orientation: Orientation) -> RgbImage {
    match orientation {
        Orientation::Normal => {}
        Orientation::MirrorHorizontal => imageops::flip_horizontal_in_place(&mut image),
        Orientation::Rotate180 => imageops::rotate180_in_place(&mut image),
        Orientation::MirrorVertical => imageops::flip_vertical_in_place(&mut image),
        Orientation::Transpose => {
            let mut turned = imageops::rotate90(&image);
            imageops::flip_horizontal_in_place(&mut turned);
            return turned;
        }
        Orientation::Rotate90 => return imageops::rotate90(&image),
        Orientation::Transverse => {
            let mut turned = imageops::rotate270(&image);
            imageops::flip_horizontal_in_place(&mut turned);
            return turned;
        }
        Orientation::Rotate270 => return imageops::rotate270(&image),
    }
    image
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "small numbers and exact halves"
)]
mod tests {
    use super::*;

    /// A picture of 3 x 2 pixels, of which the photo covers the upper left 2.5 x 1.5.
    fn stored() -> RgbImage {
        RgbImage::from_fn(3, 2, |x, y| {
            image::Rgb([u8::try_from(x).unwrap(), u8::try_from(y).unwrap(), 0])
        })
    }

    #[test]
    fn each_orientation_moves_the_first_pixel_and_the_box_to_the_same_corner() {
        // EXIF 2.32, 4.6.4 A: where the 0th row and the 0th column of the stored picture are.
        for (orientation, first_pixel, expected_box) in [
            (Orientation::Normal, (0, 0), [0.0, 0.0, 2.5, 1.5]),
            (Orientation::MirrorHorizontal, (2, 0), [0.5, 0.0, 2.5, 1.5]),
            (Orientation::Rotate180, (2, 1), [0.5, 0.5, 2.5, 1.5]),
            (Orientation::MirrorVertical, (0, 1), [0.0, 0.5, 2.5, 1.5]),
            (Orientation::Transpose, (0, 0), [0.0, 0.0, 1.5, 2.5]),
            (Orientation::Rotate90, (1, 0), [0.5, 0.0, 1.5, 2.5]),
            (Orientation::Transverse, (1, 2), [0.5, 0.5, 1.5, 2.5]),
            (Orientation::Rotate270, (0, 2), [0.0, 0.5, 1.5, 2.5]),
        ] {
            let (image, source_box) = turn(stored(), (2.5, 1.5), orientation);
            assert_eq!(source_box, expected_box, "{orientation:?}");
            let (x, y) = first_pixel;
            assert_eq!(image.get_pixel(x, y).0, [0, 0, 0], "{orientation:?}");
            // The neighbour to the right in the stored picture.
            let turned = orientation.apply_to_size((3, 2));
            assert_eq!(image.dimensions(), turned, "{orientation:?}");
        }
    }
}
