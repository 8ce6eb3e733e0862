//! Reduces a fully decoded picture to the scale that a reduced `JPEG` would have, so that the
//! same photo in two formats arrives at one size.

use image::RgbImage;

use super::{DecodeScale, Stored};

/// The mean of each block of `divisor` x `divisor` pixels; blocks at the right and lower edge
/// are the mean of the pixels that exist.
pub(super) fn shrink(image: RgbImage, scale: DecodeScale) -> Stored {
    let full_size @ (width, height) = image.dimensions();
    let divisor = scale.divisor(width, height);
    let covered = [width, height].map(|side| f64::from(side) / f64::from(divisor));
    Stored {
        image: if divisor == 1 {
            image
        } else {
            block_means(&image, divisor)
        },
        full_size,
        covered: (covered[0], covered[1]),
    }
}

fn block_means(image: &RgbImage, divisor: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut shrunk = RgbImage::new(width.div_ceil(divisor), height.div_ceil(divisor));
    let side = divisor as usize;
    let row_bytes = width as usize * 3;
    let shrunk_row_bytes = shrunk.width() as usize * 3;
    // First down, which is the same for all bytes of a row, then across.
    let mut columns = vec![0_u16; row_bytes];
    let bands = image.as_raw().chunks(row_bytes * side);
    for (band, means) in bands.zip(shrunk.chunks_exact_mut(shrunk_row_bytes)) {
        columns.fill(0);
        for row in band.chunks_exact(row_bytes) {
            // At most 8 rows of 255.
            for (sum, &value) in columns.iter_mut().zip(row) {
                *sum += u16::from(value);
            }
        }
        let rows = u32::try_from(band.len() / row_bytes).unwrap_or(1);
        for (mean, block) in means
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(columns.chunks(3 * side))
        {
            *mean = mean_of(block, rows);
        }
    }
    shrunk
}

/// The mean colour of a row of column sums over so many rows.
fn mean_of(block: &[u16], rows: u32) -> [u8; 3] {
    let pixels = block.as_chunks::<3>().0;
    let mut sums = [0_u32; 3];
    for pixel in pixels {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += u32::from(value);
        }
    }
    // At most 8 x 8 pixels; never 0, for no block is empty.
    let count = (rows * u32::try_from(pixels.len()).unwrap_or(1)).max(1);
    // All blocks but those at the edges have 4, 16 or 64 pixels: a shift instead of a division.
    if count.is_power_of_two() {
        let shift = count.trailing_zeros();
        sums.map(|sum| u8::try_from((sum + count / 2) >> shift).unwrap_or(u8::MAX))
    } else {
        sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_at_the_edge_are_means_of_the_pixels_that_exist() {
        let image = RgbImage::from_fn(5, 3, |x, y| {
            image::Rgb([u8::try_from(10 * x).unwrap(), u8::try_from(y).unwrap(), 7])
        });
        let shrunk = block_means(&image, 2);
        assert_eq!(shrunk.dimensions(), (3, 2));
        let rows: Vec<[u8; 3]> = shrunk.pixels().map(|pixel| pixel.0).collect();
        assert_eq!(
            rows,
            [
                [5, 1, 7],
                [25, 1, 7],
                [40, 1, 7],
                [5, 2, 7],
                [25, 2, 7],
                [40, 2, 7]
            ]
        );
    }
}
