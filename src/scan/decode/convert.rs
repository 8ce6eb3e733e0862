//! Any pixel type to 8-bit RGB.

use image::{DynamicImage, RgbImage};

/// Whether 8-bit RGB holds all that `image` says.
pub(super) fn is_exact(image: &DynamicImage) -> bool {
    matches!(
        image,
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageLuma8(_)
    )
}

/// 8-bit RGB; more bits are rounded, transparency is blended on white.
///
/// The blend is of the stored values, as browsers and viewers do it, not of linear light.
pub(super) fn to_rgb_on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let (width, height) = rgba.dimensions();
    let mut rgb = Vec::with_capacity(rgba.as_raw().len() / 4 * 3);
    for &image::Rgba([red, green, blue, alpha]) in rgba.pixels() {
        rgb.extend([red, green, blue].map(|value| blend(value, alpha)));
    }
    // The buffer has three bytes for each pixel, so that it always fits.
    RgbImage::from_raw(width, height, rgb).unwrap_or_default()
}

/// `value * alpha + white * (1 - alpha)`, rounded.
fn blend(value: u8, alpha: u8) -> u8 {
    let sum = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_is_blended_on_white() {
        for (value, alpha, expected) in [
            (0, 255, 0),
            (0, 0, 255),
            (255, 128, 255),
            (0, 128, 127),
            (100, 51, 224),
        ] {
            assert_eq!(blend(value, alpha), expected, "{value} {alpha}");
        }
        let image = DynamicImage::ImageLumaA16(image::ImageBuffer::from_pixel(
            2,
            1,
            image::LumaA([0x8080, 0xffff]),
        ));
        assert!(!is_exact(&image));
        assert_eq!(to_rgb_on_white(image).into_raw(), [0x80; 6]);
    }
}
