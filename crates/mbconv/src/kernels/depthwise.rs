//! The depthwise kernel: every channel is convolved by itself, a row of pixels at a time.
//!
//! Rows have a border of zeros at both ends; rows above and below the picture are left out of the
//! sums. Rows may lie in a ring: row `y` is where row `y % ring_rows` is.

use crate::simd::Simd;

/// What one run computes, and from what.
pub(crate) struct DepthwiseRun<'a> {
    /// [block][row of the ring][column with borders][lane].
    pub(crate) input: &'a [f32],
    pub(crate) block_stride: usize,
    pub(crate) row_stride: usize,
    pub(crate) ring_rows: usize,
    /// Rows of the picture that goes in.
    pub(crate) rows_in: usize,
    /// Zeros before the first row and column.
    pub(crate) pad: usize,
    /// 3 or 5.
    pub(crate) size: usize,
    /// 1 or 2.
    pub(crate) stride: usize,
    /// [block][row][column][lane].
    pub(crate) weights: &'a [f32],
    /// [block][lane].
    pub(crate) bias: &'a [f32],
    pub(crate) blocks: usize,
    /// The rows that are computed, from this one on.
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// [block][row from the first on][column][lane], after `ReLU6`.
    pub(crate) output: &'a mut [f32],
    pub(crate) output_stride: usize,
}

impl DepthwiseRun<'_> {
    /// Panics unless all that the kernel reads and writes is inside of the slices.
    pub(super) fn check(&self, lanes: usize) {
        let (blocks, size) = (self.blocks, self.size);
        assert!([3, 5].contains(&size) && [1, 2].contains(&self.stride));
        assert!(blocks > 0 && self.rows > 0 && self.columns > 0 && self.ring_rows > 0);
        let columns_in = (self.columns - 1) * self.stride + size;
        assert!(columns_in * lanes <= self.row_stride);
        let rows = self.rows_in.min(self.ring_rows) * self.row_stride;
        assert!((blocks - 1) * self.block_stride + rows <= self.input.len());
        assert!(blocks * size * size * lanes <= self.weights.len());
        assert!(blocks * lanes <= self.bias.len());
        let pixels = self.rows * self.columns * lanes;
        assert!((blocks - 1) * self.output_stride + pixels <= self.output.len());
    }
}

/// The rows of the input under one row of the output, and where things of its block begin.
struct Row<const SIZE: usize> {
    /// In the kernel, from this row on.
    from: usize,
    to: usize,
    /// Where the input's rows begin.
    starts: [usize; SIZE],
    weights: usize,
    bias: usize,
    output: usize,
}

/// All rows of all blocks, in tiles of `WIDE` and `NARROW` pixels. The last ones are computed
/// with some before them once more, which gives the same numbers.
///
/// # Safety
/// As for [`Simd`], and `run` was checked.
#[inline(always)]
pub(super) unsafe fn run<
    S: Simd,
    const SIZE: usize,
    const STRIDE: usize,
    const WIDE: usize,
    const NARROW: usize,
>(
    run: &mut DepthwiseRun<'_>,
) {
    let columns = run.columns;
    let whole = columns / WIDE * WIDE;
    for block in 0..run.blocks {
        for index in 0..run.rows {
            let row = under::<S, SIZE, STRIDE>(run, block, index);
            // SAFETY: every tile is inside of the row.
            unsafe {
                for column in (0..whole).step_by(WIDE) {
                    tile::<S, SIZE, STRIDE, WIDE>(run, &row, column);
                }
                if whole == columns {
                } else if columns < NARROW {
                    for column in 0..columns {
                        tile::<S, SIZE, STRIDE, 1>(run, &row, column);
                    }
                } else if columns - whole <= NARROW {
                    tile::<S, SIZE, STRIDE, NARROW>(run, &row, columns - NARROW);
                } else if columns >= WIDE {
                    tile::<S, SIZE, STRIDE, WIDE>(run, &row, columns - WIDE);
                } else {
                    tile::<S, SIZE, STRIDE, NARROW>(run, &row, 0);
                    tile::<S, SIZE, STRIDE, NARROW>(run, &row, columns - NARROW);
                }
            }
        }
    }
}

#[inline(always)]
fn under<S: Simd, const SIZE: usize, const STRIDE: usize>(
    run: &DepthwiseRun<'_>,
    block: usize,
    index: usize,
) -> Row<SIZE> {
    // The first row of the kernel lies on row `top - pad` of the input.
    let top = (run.first_row + index) * STRIDE;
    let from = run.pad.saturating_sub(top).min(SIZE);
    let to = (run.rows_in + run.pad).saturating_sub(top).min(SIZE);
    let mut starts = [0; SIZE];
    for (offset, start) in starts.iter_mut().enumerate().take(to).skip(from) {
        let mut row = top + offset - run.pad;
        if row >= run.ring_rows {
            row %= run.ring_rows;
        }
        *start = block * run.block_stride + row * run.row_stride;
    }
    Row {
        from,
        to,
        starts,
        weights: block * SIZE * SIZE * S::LANES,
        bias: block * S::LANES,
        output: block * run.output_stride + index * run.columns * S::LANES,
    }
}

#[inline(always)]
unsafe fn tile<S: Simd, const SIZE: usize, const STRIDE: usize, const WIDTH: usize>(
    run: &mut DepthwiseRun<'_>,
    row: &Row<SIZE>,
    column: usize,
) {
    // SAFETY: `check` has compared the largest index of each slice with its length; `under`
    // gives rows of the input only.
    unsafe {
        let mut sums = [S::load(run.bias, row.bias); WIDTH];
        for y in row.from..row.to {
            let weights = row.weights + y * SIZE * S::LANES;
            let start = row.starts[y] + column * STRIDE * S::LANES;
            for x in 0..SIZE {
                let weight = S::load(run.weights, weights + x * S::LANES);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    let at = start + (pixel * STRIDE + x) * S::LANES;
                    *sum = S::multiply_add(S::load(run.input, at), weight, *sum);
                }
            }
        }
        let (low, high) = (S::splat(0.0), S::splat(6.0));
        for (pixel, sum) in sums.into_iter().enumerate() {
            let at = row.output + (column + pixel) * S::LANES;
            S::store(run.output, at, S::clamp(sum, low, high));
        }
    }
}
