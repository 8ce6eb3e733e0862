//! Weights in the order in which the kernels read them, and how each block is cut up.

use crate::aligned::Aligned;
use crate::error::Error;
use crate::instructions::InstructionSet;
use crate::kernels::{Kernels, Places};
use crate::network::{Block, Depthwise, Inverted, Network, Pointwise, Stem};

/// Pictures that go through the last blocks together, where weights are larger than activations.
pub(crate) const GROUP: usize = 4;

/// What a strip's depthwise results may have, in numbers: with its ring and the weights that are
/// in use they are to stay in a core's second-level cache.
const STRIP: usize = 16 << 10;

/// Planes of this many pixels or less are not cut into strips: their weights are as large.
const SMALL_PLANE: usize = 256;

/// A run of the panel kernel has at least so many pixels, if there are enough pictures.
const LONG_RUN: usize = 128;

/// A network whose weights are laid out for one instruction set.
///
/// It is made once and shared by the runners of all threads (`Arc`); the network it is made of is
/// not needed any more.
#[derive(Debug)]
pub struct Packed {
    pub(crate) instructions: InstructionSet,
    pub(crate) kernels: Kernels,
    /// Of the picture.
    pub(crate) side: usize,
    pub(crate) dimension: usize,
    pub(crate) stem: PackedStem,
    /// The block after the stem.
    pub(crate) first: PackedBlock,
    /// Blocks that take one picture at a time.
    pub(crate) single: Vec<PackedInverted>,
    /// Blocks that take a group of pictures together.
    pub(crate) grouped: Vec<PackedInverted>,
    pub(crate) head: Panels,
    /// Pixels of a picture at the head.
    pub(crate) head_pixels: usize,
    pub(crate) normalise: bool,
    pub(crate) subtract: Option<Vec<f32>>,
    pub(crate) matrix: Option<Panels>,
}

/// A matrix in panels: [panel][input][block of the panel][lane].
#[derive(Debug)]
pub(crate) struct Panels {
    pub(crate) inputs: usize,
    /// Blocks of outputs, the last of which may be partly empty.
    pub(crate) blocks: usize,
    panel_blocks: usize,
    lanes: usize,
    weights: Aligned,
    bias: Aligned,
}

/// A few blocks of a matrix's outputs.
pub(crate) struct Panel<'a> {
    pub(crate) first_block: usize,
    pub(crate) blocks: usize,
    pub(crate) weights: &'a [f32],
    pub(crate) bias: &'a [f32],
}

#[derive(Debug)]
pub(crate) struct PackedStem {
    /// Inputs in the order row, column, channel.
    pub(crate) panels: Panels,
    pub(crate) pad: usize,
    /// Numbers of a row of the picture with its borders.
    pub(crate) row_stride: usize,
}

#[derive(Debug)]
pub(crate) struct PackedInverted {
    pub(crate) expand: Panels,
    pub(crate) block: PackedBlock,
}

#[derive(Debug)]
pub(crate) struct PackedBlock {
    /// [block][row][column][lane].
    pub(crate) weights: Aligned,
    /// [block][lane].
    pub(crate) bias: Aligned,
    pub(crate) project: Panels,
    pub(crate) residual: bool,
    pub(crate) size: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
    pub(crate) side_in: usize,
    pub(crate) side_out: usize,
    /// Rows of the result that are computed at a time; all, where it is not cut.
    pub(crate) strip_rows: usize,
    /// What the expansion gives lies in rows with borders, in a ring of so many.
    pub(crate) ring_rows: usize,
    /// From one of them to the next.
    pub(crate) row_stride: usize,
    /// Where the expansion's pixels go, for `images` pictures.
    pub(crate) places: Places,
    /// Pictures whose expansion is one run.
    pub(crate) images: usize,
}

impl Network {
    /// Lays the weights out for an instruction set.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if this processor has not the set.
    pub fn pack(&self, instructions: InstructionSet) -> Result<Packed, Error> {
        let kernels = Kernels::of(instructions).ok_or(Error::Unavailable {
            instructions: instructions.name(),
        })?;
        let weighs_more = |inverted: &&Inverted| {
            let Inverted { expand, block } = inverted;
            let pixels = block.depthwise.side_in.pow(2);
            let weights = expand.weights.len() + block.project.weights.len();
            weights > 2 * block.depthwise.channels * pixels
        };
        let grouped = self.blocks.iter().rev().take_while(weighs_more).count();
        let (single, grouped) = self.blocks.split_at(self.blocks.len() - grouped);
        let inverted = |blocks: &[Inverted], is_grouped: bool| {
            let pack = |inverted: &Inverted| PackedInverted {
                expand: Panels::new(&inverted.expand, &kernels),
                block: PackedBlock::new(&inverted.block, is_grouped, &kernels),
            };
            blocks.iter().map(pack).collect()
        };
        let last = self.blocks.last().map_or(&self.first, |last| &last.block);
        Ok(Packed {
            instructions,
            kernels,
            side: self.side,
            dimension: self.dimension(),
            stem: PackedStem::new(&self.stem, self.side, &kernels),
            first: PackedBlock::new(&self.first, false, &kernels),
            single: inverted(single, false),
            grouped: inverted(grouped, true),
            head: Panels::new(&self.head, &kernels),
            head_pixels: last.depthwise.side_out.pow(2),
            normalise: self.tail.normalise,
            subtract: self.tail.subtract.clone(),
            matrix: self
                .tail
                .matrix
                .as_ref()
                .map(|matrix| Panels::new(matrix, &kernels)),
        })
    }
}

impl Packed {
    /// The instructions that it is laid out for.
    #[must_use]
    pub fn instructions(&self) -> InstructionSet {
        self.instructions
    }

    /// As [`Network::input_side`].
    #[must_use]
    pub fn input_side(&self) -> usize {
        self.side
    }

    /// As [`Network::dimension`].
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }
}

impl Panels {
    fn new(matrix: &Pointwise, kernels: &Kernels) -> Self {
        let order: Vec<usize> = (0..matrix.inputs).collect();
        Self::in_order(&matrix.weights, &matrix.bias, &order, kernels)
    }

    /// From [output][input]; the inputs are read in this order.
    fn in_order(weights: &[f32], bias: &[f32], order: &[usize], kernels: &Kernels) -> Self {
        let (inputs, lanes, panel_blocks) = (order.len(), kernels.lanes, kernels.panel_blocks);
        let blocks = bias.len().div_ceil(lanes);
        let mut panels = Self {
            inputs,
            blocks,
            panel_blocks,
            lanes,
            weights: Aligned::zeros(inputs * blocks * lanes),
            bias: Aligned::zeros(blocks * lanes),
        };
        panels.bias[..bias.len()].copy_from_slice(bias);
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let (block, lane) = (output / lanes, output % lanes);
            let first = block / panel_blocks * panel_blocks;
            let in_panel = panel_blocks.min(blocks - first);
            for (position, &input) in order.iter().enumerate() {
                let at = first * inputs + position * in_panel + block - first;
                panels.weights[at * lanes + lane] = row[input];
            }
        }
        panels
    }

    pub(crate) fn count(&self) -> usize {
        self.blocks.div_ceil(self.panel_blocks)
    }

    pub(crate) fn panel(&self, index: usize) -> Panel<'_> {
        let first_block = index * self.panel_blocks;
        let blocks = self.panel_blocks.min(self.blocks - first_block);
        Panel {
            first_block,
            blocks,
            weights: &self.weights[first_block * self.inputs * self.lanes..],
            bias: &self.bias[first_block * self.lanes..],
        }
    }
}

impl PackedStem {
    fn new(stem: &Stem, side: usize, kernels: &Kernels) -> Self {
        let by_pixel = |position: usize| position % 3 * 9 + position / 3;
        let order: Vec<usize> = (0..27).map(by_pixel).collect();
        Self {
            panels: Panels::in_order(&stem.weights, &stem.bias, &order, kernels),
            pad: stem.pad,
            row_stride: (stem.side * 2 + 1).max(stem.pad + side) * 3,
        }
    }

    /// Rows of the picture that are needed for so many rows of the result.
    pub(crate) fn rows_for(rows: usize) -> usize {
        2 * rows + 1
    }
}

impl PackedBlock {
    fn new(block: &Block, is_grouped: bool, kernels: &Kernels) -> Self {
        let depthwise = &block.depthwise;
        let Depthwise {
            size,
            stride,
            pad,
            side_in,
            side_out,
            ..
        } = *depthwise;
        let lanes = kernels.lanes;
        let is_whole = is_grouped || side_in * side_in <= SMALL_PLANE;
        let channels = depthwise.channels.next_multiple_of(lanes);
        let strip_rows = if is_whole {
            side_out
        } else {
            (STRIP / (channels * side_out)).clamp(1, side_out)
        };
        let is_whole = strip_rows == side_out;
        let ring_rows = if is_whole {
            side_in
        } else {
            ((strip_rows - 1) * stride + size).min(side_in)
        };
        let columns = ((side_out - 1) * stride + size).max(pad + side_in);
        let row_stride = columns * lanes;
        let images = if is_grouped && side_in * side_in < LONG_RUN {
            GROUP
        } else {
            1
        };
        let place = |image: usize, row: usize, column: usize| {
            let row = image * ring_rows + row % ring_rows;
            // A plane has at most 1024 x 1024 pixels, and 3 x 3 more.
            u32::try_from(row * row_stride + (pad + column) * lanes).unwrap_or(u32::MAX)
        };
        let places = (0..images * side_in * side_in).map(|pixel| {
            let (line, column) = (pixel / side_in, pixel % side_in);
            place(line / side_in, line % side_in, column)
        });
        let mut weights = Aligned::zeros(channels * size * size);
        for (channel, kernel) in depthwise.weights.chunks_exact(size * size).enumerate() {
            for (position, &weight) in kernel.iter().enumerate() {
                let row = channel / lanes * size * size + position;
                weights[row * lanes + channel % lanes] = weight;
            }
        }
        let mut bias = Aligned::zeros(channels);
        bias[..depthwise.channels].copy_from_slice(&depthwise.bias);
        Self {
            weights,
            bias,
            project: Panels::new(&block.project, kernels),
            residual: block.residual,
            size,
            stride,
            pad,
            side_in,
            side_out,
            strip_rows,
            ring_rows,
            row_stride,
            places: Places::new(places.collect()),
            images,
        }
    }

    /// Whether the result is computed in one strip.
    pub(crate) fn is_whole(&self) -> bool {
        self.strip_rows == self.side_out
    }

    /// Numbers of the result for a picture.
    pub(crate) fn result_length(&self) -> usize {
        self.project.blocks * self.project.lanes * self.side_out.pow(2)
    }

    /// Numbers between the depthwise convolution and the projection, for a picture's strip.
    pub(crate) fn middle_length(&self) -> usize {
        self.bias.len() * self.strip_rows * self.side_out
    }

    /// From one block of channels to the next in the ring.
    pub(crate) fn ring_stride(&self) -> usize {
        self.images * self.ring_rows * self.row_stride
    }

    /// Numbers of the ring: strips go on from one another, so that each panel has its own.
    pub(crate) fn ring_length(&self, kernels: &Kernels) -> usize {
        let blocks = if self.is_whole() {
            kernels.panel_blocks
        } else {
            self.bias.len() / kernels.lanes
        };
        blocks * self.ring_stride()
    }

    /// Rows of the expansion that must be there for these rows of the result.
    pub(crate) fn rows_needed(&self, first: usize, rows: usize) -> usize {
        if self.is_whole() {
            // Even those that no result needs: pictures of a group lie side by side.
            return self.side_in;
        }
        ((first + rows - 1) * self.stride + self.size - self.pad).min(self.side_in)
    }
}
