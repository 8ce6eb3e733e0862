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
    let mut sums = vec![0_u32; shrunk_row_bytes];
    let bands = image.as_raw().chunks(row_bytes * side);
    for (band, shrunk_row) in bands.zip(shrunk.chunks_exact_mut(shrunk_row_bytes)) {
        sums.fill(0);
        let mut rows = 0;
        for row in band.chunks_exact(row_bytes) {
            rows += 1;
            for (block, sum) in row.chunks(3 * side).zip(sums.as_chunks_mut::<3>().0) {
                for pixel in block.as_chunks::<3>().0 {
                    for (sum, &value) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(value);
                    }
                }
            }
        }
        // One row of blocks: the last may be narrower.
        let blocks = band.get(..row_bytes).unwrap_or_default().chunks(3 * side);
        for ((mean, sum), block) in shrunk_row
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(sums.as_chunks::<3>().0)
            .zip(blocks)
        {
            // At most 8 x 8 pixels; never 0, for no block is empty.
            let count = rows * u32::try_from(block.len() / 3).unwrap_or(1).max(1);
            for (mean, sum) in mean.iter_mut().zip(sum) {
                *mean = u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX);
            }
        }
    }
    shrunk
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
