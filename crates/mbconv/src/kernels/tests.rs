//! Both kernels of every instruction set against plain loops, with odd sizes.

use super::*;
use crate::aligned::Aligned;

/// Numbers from -1 to 1 that look random.
fn numbers(count: usize, seed: u32) -> Aligned {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut numbers = Aligned::zeros(count);
    for number in &mut *numbers {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *number = f32::from(state.to_le_bytes()[1]) / 128.0 - 1.0;
    }
    numbers
}

fn all() -> impl Iterator<Item = (InstructionSet, Kernels)> {
    let sets = InstructionSet::all_available().into_iter();
    sets.map(|set| (set, Kernels::of(set).unwrap()))
}

#[track_caller]
fn same(got: f32, expected: f64, what: &str) {
    let difference = (f64::from(got) - expected).abs();
    assert!(difference < 1e-4, "{what}: {got}, expected {expected}");
}

#[test]
fn panels_are_as_by_plain_loops() {
    for (set, kernels) in all() {
        let lanes = kernels.lanes;
        for pixels in (1..=31).chain([49, 196]) {
            for inputs in [1, 3, lanes, lanes + 5, 40] {
                for blocks in 1..=kernels.panel_blocks {
                    let groups = inputs.div_ceil(lanes);
                    let stride = pixels * lanes + 32;
                    let input = numbers(groups * stride, 1);
                    let weights = numbers(inputs * blocks * lanes, 2);
                    let bias = numbers(blocks * lanes, 3);
                    let residual = numbers(blocks * stride, 4);
                    for (relu6, has_residual) in [(true, false), (false, true), (false, false)] {
                        let mut output = Aligned::zeros(blocks * pixels * lanes);
                        kernels.panel(&mut PanelRun {
                            input: &input,
                            is_stem: false,
                            inputs,
                            group: lanes,
                            group_stride: stride,
                            weights: &weights,
                            bias: &bias,
                            blocks,
                            pixels,
                            relu6,
                            output: &mut output,
                            output_stride: pixels * lanes,
                            places: None,
                            residual: has_residual.then_some((&residual[..], stride)),
                        });
                        for (index, &got) in output.iter().enumerate() {
                            let (block, rest) =
                                (index / (pixels * lanes), index % (pixels * lanes));
                            let (pixel, lane) = (rest / lanes, rest % lanes);
                            let mut sum = f64::from(bias[block * lanes + lane]);
                            for k in 0..inputs {
                                let at = k / lanes * stride + pixel * lanes + k % lanes;
                                let weight = weights[(k * blocks + block) * lanes + lane];
                                sum += f64::from(input[at]) * f64::from(weight);
                            }
                            if has_residual {
                                sum += f64::from(residual[block * stride + rest]);
                            }
                            if relu6 {
                                sum = sum.clamp(0.0, 6.0);
                            }
                            let what = format!("{} {pixels} {inputs} {blocks}", set.name());
                            same(got, sum, &what);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_stem_reads_every_second_pixel_and_goes_to_its_places() {
    for (set, kernels) in all() {
        let (lanes, pixels, row) = (kernels.lanes, 19, 200);
        let input = numbers(3 * row, 5);
        let weights = numbers(27 * lanes, 6);
        let bias = numbers(lanes, 7);
        // From the last to the first, with room between.
        let offset = |pixel: usize| u32::try_from((pixels - 1 - pixel) * 2 * lanes).unwrap();
        let places = Places::new((0..pixels).map(offset).collect());
        let mut output = Aligned::zeros(2 * pixels * lanes);
        kernels.panel(&mut PanelRun {
            input: &input,
            is_stem: true,
            inputs: 27,
            group: 9,
            group_stride: row,
            weights: &weights,
            bias: &bias,
            blocks: 1,
            pixels,
            relu6: true,
            output: &mut output,
            output_stride: 0,
            places: Some(places.part(0..pixels)),
            residual: None,
        });
        for pixel in 0..pixels {
            for lane in 0..lanes {
                let mut sum = f64::from(bias[lane]);
                for k in 0..27 {
                    let value = input[k / 9 * row + pixel * STEM_STEP + k % 9];
                    sum += f64::from(value) * f64::from(weights[k * lanes + lane]);
                }
                let at = (pixels - 1 - pixel) * 2 * lanes + lane;
                same(output[at], sum.clamp(0.0, 6.0), set.name());
            }
        }
    }
}

#[test]
fn depthwise_rows_are_as_by_plain_loops() {
    for (set, kernels) in all() {
        let lanes = kernels.lanes;
        for (size, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for side in [1, 2, 3, 5, 6, 7, 9, 11, 14, 17, 23_usize] {
                for pad in 0..size {
                    // As much at the end as makes the result as wide as can be.
                    let columns = (side + pad).div_ceil(stride);
                    let width = ((columns - 1) * stride + size).max(pad + side);
                    let (row_stride, blocks) = (width * lanes, 2);
                    let mut input = numbers(blocks * side * row_stride, 8);
                    for (index, number) in input.iter_mut().enumerate() {
                        if !(pad..pad + side).contains(&(index % row_stride / lanes)) {
                            *number = 0.0;
                        }
                    }
                    let weights = numbers(blocks * size * size * lanes, 9);
                    let bias = numbers(blocks * lanes, 10);
                    let pixels = columns * columns * lanes;
                    let mut output = Aligned::zeros(blocks * pixels);
                    kernels.depthwise(&mut DepthwiseRun {
                        input: &input,
                        block_stride: side * row_stride,
                        row_stride,
                        ring_rows: side,
                        rows_in: side,
                        pad,
                        size,
                        stride,
                        weights: &weights,
                        bias: &bias,
                        blocks,
                        first_row: 0,
                        rows: columns,
                        columns,
                        output: &mut output,
                        output_stride: pixels,
                    });
                    for (index, &got) in output.iter().enumerate() {
                        let (block, lane) = (index / pixels, index % lanes);
                        let pixel = index % pixels / lanes;
                        let (y, x) = (pixel / columns * stride, pixel % columns * stride);
                        let mut sum = f64::from(bias[block * lanes + lane]);
                        for ky in 0..size {
                            let Some(row) = (y + ky).checked_sub(pad).filter(|&row| row < side)
                            else {
                                continue;
                            };
                            for kx in 0..size {
                                let at = (block * side + row) * row_stride + (x + kx) * lanes;
                                let kernel = (block * size + ky) * size + kx;
                                let weight = weights[kernel * lanes + lane];
                                sum += f64::from(input[at + lane]) * f64::from(weight);
                            }
                        }
                        let what = format!("{} {size} {stride} {side} {pad}", set.name());
                        same(got, sum.clamp(0.0, 6.0), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn rows_in_a_ring_give_what_rows_of_a_plane_give() {
    for (_, kernels) in all() {
        let (lanes, side, ring_rows) = (kernels.lanes, 16, 7);
        let row_stride = (side + 4) * lanes;
        let plane = numbers(side * row_stride, 11);
        let weights = numbers(25 * lanes, 12);
        let bias = numbers(lanes, 13);
        let run = |input: &[f32], ring_rows, first_row, rows| {
            let mut output = Aligned::zeros(rows * side * lanes);
            kernels.depthwise(&mut DepthwiseRun {
                input,
                block_stride: 0,
                row_stride,
                ring_rows,
                rows_in: side,
                pad: 2,
                size: 5,
                stride: 1,
                weights: &weights,
                bias: &bias,
                blocks: 1,
                first_row,
                rows,
                columns: side,
                output: &mut output,
                output_stride: 0,
            });
            output
        };
        let whole = run(&plane, side, 0, side);
        let mut ring = Aligned::zeros(ring_rows * row_stride);
        for first in (0..side - 3).step_by(3) {
            for row in first.saturating_sub(2)..(first + 5).min(side) {
                let to = row % ring_rows * row_stride;
                let from = row * row_stride;
                ring[to..to + row_stride].copy_from_slice(&plane[from..from + row_stride]);
            }
            let part = run(&ring, ring_rows, first, 3);
            let at = first * side * lanes;
            assert_eq!(&part[..], &whole[at..at + 3 * side * lanes], "row {first}");
        }
    }
}

#[test]
fn a_run_that_reaches_beyond_its_slices_is_refused() {
    let kernels = Kernels::of(InstructionSet::best()).unwrap();
    let lanes = kernels.lanes;
    let refused = |input: usize, weights: usize, output: usize| {
        let (input, weights) = (numbers(input, 1), numbers(weights, 2));
        let (bias, mut output) = (numbers(lanes, 3), Aligned::zeros(output));
        let mut run = PanelRun {
            input: &input,
            is_stem: false,
            inputs: lanes,
            group: lanes,
            group_stride: 0,
            weights: &weights,
            bias: &bias,
            blocks: 1,
            pixels: 9,
            relu6: false,
            output: &mut output,
            output_stride: 0,
            places: None,
            residual: None,
        };
        let run = std::panic::AssertUnwindSafe(|| kernels.panel(&mut run));
        std::panic::catch_unwind(run).is_err()
    };
    let (numbers, weights) = (9 * lanes, lanes * lanes);
    assert!(!refused(numbers, weights, numbers));
    assert!(refused(numbers - 1, weights, numbers));
    assert!(refused(numbers, weights - 1, numbers));
    assert!(refused(numbers, weights, numbers - 1));
}
