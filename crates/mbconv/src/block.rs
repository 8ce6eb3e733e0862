//! One block: expansion, depthwise convolution and projection.

use crate::aligned::Aligned;
use crate::kernels::{DepthwiseRun, Kernels, PanelRun};
use crate::packed::{PackedBlock, PackedStem, Panel, Panels};
use crate::pictures::Rows;

/// Working memory: what lies between a block's expansion and its projection.
#[derive(Debug)]
pub(crate) struct Work {
    /// [block][picture][row of the ring][column with borders][lane].
    pub(crate) ring: Aligned,
    /// [block][pixel of the strip, or of all pictures][lane].
    pub(crate) middle: Aligned,
}

/// Activations, [block][pixel of all pictures][lane], and from one block to the next.
#[derive(Clone, Copy)]
pub(crate) struct Planes<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) stride: usize,
}

/// What a block takes.
pub(crate) enum Source<'a> {
    /// The stem's results for a picture.
    Stem {
        stem: &'a PackedStem,
        pictures: &'a dyn Rows,
        picture: usize,
        side: usize,
        /// [row][column with borders][channel]; the borders are zeros.
        rows: &'a mut [f32],
    },
    /// What the block before has given, to be expanded.
    Planes {
        planes: Planes<'a>,
        expand: &'a Panels,
    },
}

impl Work {
    /// Computes a block for `images` pictures into `output`, whose blocks of channels are
    /// `output_stride` apart.
    pub(crate) fn block(
        &mut self,
        kernels: &Kernels,
        block: &PackedBlock,
        mut source: Source<'_>,
        images: usize,
        output: &mut [f32],
        output_stride: usize,
    ) {
        self.clear_borders(kernels, block);
        let lanes = kernels.lanes;
        let width = block.side_out;
        let mut ready = 0;
        for first in (0..width).step_by(block.strip_rows) {
            let rows = block.strip_rows.min(width - first);
            // Either one picture, or all rows.
            let pixels = images * rows * width;
            let needed = block.rows_needed(first, rows);
            source.prepare(ready, needed);
            let strip = Strip {
                kernels,
                block,
                images,
                new_rows: (ready, needed),
                first,
                rows,
            };
            let panels = source.panels();
            for index in 0..panels.count() {
                self.panel(&strip, &source, &panels.panel(index), panels);
            }
            ready = needed;
            let at = first * width * lanes;
            let project = &block.project;
            for index in 0..project.count() {
                let panel = project.panel(index);
                let residual = match &source {
                    Source::Planes { planes, .. } if block.residual => Some((
                        &planes.numbers[panel.first_block * planes.stride + at..],
                        planes.stride,
                    )),
                    _ => None,
                };
                kernels.panel(&mut PanelRun {
                    residual,
                    output: &mut output[panel.first_block * output_stride + at..],
                    output_stride,
                    ..dense(project, &panel, &self.middle, pixels * lanes, pixels, lanes)
                });
            }
        }
    }

    /// Expansion and depthwise convolution of one panel of channels.
    fn panel(
        &mut self,
        strip: &Strip<'_>,
        source: &Source<'_>,
        panel: &Panel<'_>,
        panels: &Panels,
    ) {
        let Strip { kernels, block, .. } = *strip;
        let lanes = kernels.lanes;
        let ring_stride = block.ring_stride();
        // What is whole is finished with, panel by panel.
        let ring_at = if block.is_whole() {
            0
        } else {
            panel.first_block * ring_stride
        };
        let width = block.side_out;
        let middle_stride = strip.images * strip.rows * width * lanes;
        for first_image in (0..strip.images).step_by(block.images) {
            let images = block.images.min(strip.images - first_image);
            let ring = &mut self.ring[ring_at..];
            strip.expand(source, panel, panels, first_image, images, ring);
            for image in 0..images {
                let plane = image * block.ring_rows * block.row_stride;
                let middle = panel.first_block * middle_stride
                    + (first_image + image) * strip.rows * width * lanes;
                let weights = panel.first_block * block.size * block.size * lanes;
                kernels.depthwise(&mut DepthwiseRun {
                    input: &self.ring[ring_at + plane..],
                    block_stride: ring_stride,
                    row_stride: block.row_stride,
                    ring_rows: block.ring_rows,
                    rows_in: block.side_in,
                    pad: block.pad,
                    size: block.size,
                    stride: block.stride,
                    weights: &block.weights[weights..],
                    bias: &block.bias[panel.first_block * lanes..],
                    blocks: panel.blocks,
                    first_row: strip.first,
                    rows: strip.rows,
                    columns: width,
                    output: &mut self.middle[middle..],
                    output_stride: middle_stride,
                });
            }
        }
    }

    /// The ring may have had other rows before.
    fn clear_borders(&mut self, kernels: &Kernels, block: &PackedBlock) {
        let lanes = kernels.lanes;
        let begin = block.pad * lanes;
        let end = begin + block.side_in * lanes;
        let ring = &mut self.ring[..block.ring_length(kernels)];
        for row in ring.chunks_exact_mut(block.row_stride) {
            row[..begin].fill(0.0);
            row[end..].fill(0.0);
        }
    }
}

/// Some rows of a block's result.
#[derive(Clone, Copy)]
struct Strip<'a> {
    kernels: &'a Kernels,
    block: &'a PackedBlock,
    images: usize,
    /// Rows of the expansion that are to be computed: from, to.
    new_rows: (usize, usize),
    first: usize,
    rows: usize,
}

impl Strip<'_> {
    /// One panel of the stem's or the expansion's new rows, into the ring.
    fn expand(
        &self,
        source: &Source<'_>,
        panel: &Panel<'_>,
        panels: &Panels,
        first_image: usize,
        images: usize,
        ring: &mut [f32],
    ) {
        let Self { kernels, block, .. } = *self;
        let lanes = kernels.lanes;
        let ((from, to), width) = (self.new_rows, block.side_in);
        if from == to {
            return;
        }
        match source {
            Source::Stem { stem, rows, .. } => {
                for row in from..to {
                    kernels.panel(&mut PanelRun {
                        input: &rows[(row - from) * 2 * stem.row_stride..],
                        is_stem: true,
                        inputs: panels.inputs,
                        group: 9,
                        group_stride: stem.row_stride,
                        weights: panel.weights,
                        bias: panel.bias,
                        blocks: panel.blocks,
                        pixels: width,
                        relu6: true,
                        output: ring,
                        output_stride: block.ring_stride(),
                        places: Some(block.places.part(row * width..(row + 1) * width)),
                        residual: None,
                    });
                }
            }
            Source::Planes { planes, .. } => {
                // Either some rows of one picture, or all rows of some.
                let pixels = images * (to - from) * width;
                let at = (first_image * block.side_in + from) * width * lanes;
                let input = &planes.numbers[at..];
                kernels.panel(&mut PanelRun {
                    relu6: true,
                    output: ring,
                    output_stride: block.ring_stride(),
                    places: Some(block.places.part(from * width..from * width + pixels)),
                    ..dense(panels, panel, input, planes.stride, pixels, lanes)
                });
            }
        }
    }
}

impl Source<'_> {
    fn panels(&self) -> &Panels {
        match self {
            Self::Stem { stem, .. } => &stem.panels,
            Self::Planes { expand, .. } => expand,
        }
    }

    /// Reads what these rows of the stem's result are made of.
    fn prepare(&mut self, from: usize, to: usize) {
        let Self::Stem {
            stem,
            pictures,
            picture,
            side,
            rows,
        } = self
        else {
            return;
        };
        let count = PackedStem::rows_for(to - from);
        let rows = rows.chunks_exact_mut(stem.row_stride).take(count);
        for (index, row) in rows.enumerate() {
            let inside = &mut row[stem.pad * 3..(stem.pad + *side) * 3];
            match (from * 2 + index).checked_sub(stem.pad) {
                Some(y) if y < *side => pictures.read(*picture, y, inside),
                _ => inside.fill(0.0),
            }
        }
    }
}

/// A run of the panel kernel over pixels that lie one after the other; its output is not told.
pub(crate) fn dense<'a>(
    panels: &Panels,
    panel: &Panel<'a>,
    input: &'a [f32],
    input_stride: usize,
    pixels: usize,
    lanes: usize,
) -> PanelRun<'a> {
    PanelRun {
        input,
        is_stem: false,
        inputs: panels.inputs,
        group: lanes,
        group_stride: input_stride,
        weights: panel.weights,
        bias: panel.bias,
        blocks: panel.blocks,
        pixels,
        relu6: false,
        output: &mut [],
        output_stride: 0,
        places: None,
        residual: None,
    }
}
