//! The panel kernel: 1 x 1 convolutions, the stem and the matrix product of the tail.
//!
//! A tile of pixels times a few blocks of output channels is summed up in registers over all
//! inputs, in their order, and gets its bias, `ReLU6` and residual there. A sum is made of the same
//! operations in the same order in every tile, so that it depends on no other pixel, to the bit.

use std::ops::Range;

use super::STEM_STEP;
use crate::simd::Simd;

/// Inputs of one round of the inner loop.
const UNROLLED: usize = 4;

/// What one run computes, and from what.
pub(crate) struct PanelRun<'a> {
    /// The inputs of the first pixel begin at its start. Those of 1 x 1 convolutions lie in
    /// blocks, those of the stem in three rows of nine.
    pub(crate) input: &'a [f32],
    /// Whether pixels are [`STEM_STEP`] apart, instead of one block's lanes.
    pub(crate) is_stem: bool,
    /// Inputs of a pixel.
    pub(crate) inputs: usize,
    /// Inputs that lie side by side: the lanes, or nine.
    pub(crate) group: usize,
    /// From one group to the next.
    pub(crate) group_stride: usize,
    /// [input][block][lane].
    pub(crate) weights: &'a [f32],
    /// [block][lane].
    pub(crate) bias: &'a [f32],
    /// Blocks of output channels.
    pub(crate) blocks: usize,
    pub(crate) pixels: usize,
    pub(crate) relu6: bool,
    /// The first block's first pixel begins at its start.
    pub(crate) output: &'a mut [f32],
    /// From one block to the next.
    pub(crate) output_stride: usize,
    /// Where in a block each pixel goes; one after the other if it is not told.
    pub(crate) places: Option<Part<'a>>,
    /// What is added, as the output lies but for the stride between blocks.
    pub(crate) residual: Option<(&'a [f32], usize)>,
}

/// Where pixels go in a block of a plane with borders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    offsets: Vec<u32>,
    largest: usize,
}

/// The places of some pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    offsets: &'a [u32],
    largest: usize,
}

impl Places {
    /// From the offset of each pixel.
    pub(crate) fn new(offsets: Vec<u32>) -> Self {
        let largest = offsets.iter().copied().max().unwrap_or_default() as usize;
        Self { offsets, largest }
    }

    /// The places of these pixels.
    pub(crate) fn part(&self, pixels: Range<usize>) -> Part<'_> {
        Part {
            offsets: &self.offsets[pixels],
            largest: self.largest,
        }
    }
}

impl PanelRun<'_> {
    /// Panics unless all that the kernel reads and writes is inside of the slices.
    pub(super) fn check(&self, lanes: usize, panel_blocks: usize) {
        let (blocks, pixels) = (self.blocks, self.pixels);
        assert!(blocks >= 1 && blocks <= panel_blocks && pixels > 0 && self.inputs > 0);
        assert!(self.group > 0);
        let step = if self.is_stem { STEM_STEP } else { lanes };
        let last_group = (self.inputs - 1) / self.group;
        let last_inputs = self.inputs - last_group * self.group;
        let mut end = last_group * self.group_stride + last_inputs;
        if last_group > 0 {
            end = end.max((last_group - 1) * self.group_stride + self.group);
        }
        assert!((pixels - 1) * step + end <= self.input.len());
        assert!(self.inputs * blocks * lanes <= self.weights.len());
        assert!(blocks * lanes <= self.bias.len());
        let largest = match self.places {
            Some(places) => {
                assert!(pixels <= places.offsets.len());
                places.largest
            }
            None => (pixels - 1) * lanes,
        };
        assert!(largest + (blocks - 1) * self.output_stride + lanes <= self.output.len());
        if let Some((residual, stride)) = self.residual {
            assert!((pixels - 1) * lanes + (blocks - 1) * stride + lanes <= residual.len());
        }
    }
}

/// All pixels, in tiles of `TILE`. The last ones are computed with some before them once more,
/// which gives the same numbers, or in a tile of `HALF`.
///
/// # Safety
/// As for [`Simd`], and `run` was checked.
#[inline(always)]
pub(super) unsafe fn run<
    S: Simd,
    const TILE: usize,
    const HALF: usize,
    const BLOCKS: usize,
    const STEM: bool,
>(
    run: &mut PanelRun<'_>,
) {
    let pixels = run.pixels;
    let whole = pixels / TILE * TILE;
    // SAFETY: every tile is inside of the run's pixels.
    unsafe {
        for pixel in (0..whole).step_by(TILE) {
            tile::<S, TILE, BLOCKS, STEM>(run, pixel);
        }
        if whole == pixels {
        } else if pixels < HALF {
            for pixel in 0..pixels {
                tile::<S, 1, BLOCKS, STEM>(run, pixel);
            }
        } else if pixels - whole <= HALF {
            tile::<S, HALF, BLOCKS, STEM>(run, pixels - HALF);
        } else if pixels >= TILE {
            tile::<S, TILE, BLOCKS, STEM>(run, pixels - TILE);
        } else {
            tile::<S, HALF, BLOCKS, STEM>(run, 0);
            tile::<S, HALF, BLOCKS, STEM>(run, pixels - HALF);
        }
    }
}

#[inline(always)]
unsafe fn tile<S: Simd, const PIXELS: usize, const BLOCKS: usize, const STEM: bool>(
    run: &mut PanelRun<'_>,
    pixel: usize,
) {
    let step = if STEM { STEM_STEP } else { S::LANES };
    // SAFETY: `check` has compared the largest index of each slice with its length.
    unsafe {
        let mut sums = [[S::splat(0.0); BLOCKS]; PIXELS];
        for block in 0..BLOCKS {
            let bias = S::load(run.bias, block * S::LANES);
            for sum in &mut sums {
                sum[block] = bias;
            }
        }
        let mut weight = 0;
        let mut left = run.inputs;
        let mut start = pixel * step;
        while left > 0 {
            let length = left.min(run.group);
            let mut input = start;
            // The loop's own work would be a tenth of all.
            for _ in 0..length / UNROLLED {
                for _ in 0..UNROLLED {
                    step_on::<S, PIXELS, BLOCKS, STEM>(run, input, weight, &mut sums);
                    input += 1;
                    weight += BLOCKS * S::LANES;
                }
            }
            for _ in 0..length % UNROLLED {
                step_on::<S, PIXELS, BLOCKS, STEM>(run, input, weight, &mut sums);
                input += 1;
                weight += BLOCKS * S::LANES;
            }
            left -= length;
            start += run.group_stride;
        }
        finish::<S, PIXELS, BLOCKS>(run, pixel, &mut sums);
    }
}

/// Adds the products of one input.
#[inline(always)]
unsafe fn step_on<S: Simd, const PIXELS: usize, const BLOCKS: usize, const STEM: bool>(
    run: &PanelRun<'_>,
    input: usize,
    weight: usize,
    sums: &mut [[S::Vector; BLOCKS]; PIXELS],
) {
    let step = if STEM { STEM_STEP } else { S::LANES };
    // SAFETY: as in `tile`.
    unsafe {
        let mut weights = [S::splat(0.0); BLOCKS];
        for (block, vector) in weights.iter_mut().enumerate() {
            *vector = S::load(run.weights, weight + block * S::LANES);
        }
        for (pixel, sums) in sums.iter_mut().enumerate() {
            let value = S::broadcast(run.input, input + pixel * step);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = S::multiply_add(value, weights, *sum);
            }
        }
    }
}

/// Adds the residual, bounds the sums and puts them where they belong.
#[inline(always)]
unsafe fn finish<S: Simd, const PIXELS: usize, const BLOCKS: usize>(
    run: &mut PanelRun<'_>,
    first: usize,
    sums: &mut [[S::Vector; BLOCKS]; PIXELS],
) {
    // SAFETY: as in `tile`.
    unsafe {
        if let Some((residual, stride)) = run.residual {
            for (pixel, sums) in sums.iter_mut().enumerate() {
                for (block, sum) in sums.iter_mut().enumerate() {
                    let at = (first + pixel) * S::LANES + block * stride;
                    *sum = S::add(*sum, S::load(residual, at));
                }
            }
        }
        if run.relu6 {
            let (low, high) = (S::splat(0.0), S::splat(6.0));
            for sum in sums.as_flattened_mut() {
                *sum = S::clamp(*sum, low, high);
            }
        }
        for (pixel, sums) in sums.iter().enumerate() {
            let at = match run.places {
                Some(places) => *places.offsets.get_unchecked(first + pixel) as usize,
                None => (first + pixel) * S::LANES,
            };
            for (block, &sum) in sums.iter().enumerate() {
                S::store(run.output, at + block * run.output_stride, sum);
            }
        }
    }
}
