//! A group of pictures from the stem to the tail.
//!
//! The first blocks take one picture at a time, in strips of a few rows, so that what lies between
//! expansion and projection stays near the core: it is six times as large as what goes in. The
//! last blocks take all pictures of a group at once, for there the weights are the larger part.

use crate::aligned::Aligned;
use crate::block::{Planes, Source, Work, dense};
use crate::kernels::PanelRun;
use crate::packed::{GROUP, Packed, PackedBlock, PackedInverted, PackedStem};
use crate::pictures::Rows;

/// Working memory for one group.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Rows of a picture, [row][column with borders][channel].
    rows: Aligned,
    /// What goes into a block and comes out of it, in turn: of one picture.
    single: [Aligned; 2],
    /// The same of a group.
    grouped: [Aligned; 2],
    work: Work,
    /// Numbers of the head for one panel.
    head: Aligned,
    /// [block][picture][lane].
    features: Aligned,
    /// As the features.
    vectors: Aligned,
}

impl Pass {
    pub(crate) fn new(packed: &Packed) -> Self {
        let kernels = &packed.kernels;
        let lanes = kernels.lanes;
        let largest = |of: fn(&PackedBlock) -> usize, blocks: &[PackedInverted]| {
            let lengths = blocks.iter().map(|inverted| of(&inverted.block));
            lengths.max().unwrap_or_default()
        };
        let (first, single) = (&packed.first, &packed.single);
        let result = PackedBlock::result_length;
        let in_single = result(first).max(largest(result, single));
        // What the last single block gives goes into a group's planes.
        let last = single.last().map_or(first, |last| &last.block);
        let in_group = GROUP * result(last).max(largest(result, &packed.grouped));
        let middle = PackedBlock::middle_length;
        let alone = middle(first).max(largest(middle, single));
        let together = GROUP * largest(middle, &packed.grouped);
        let inverted = single.iter().chain(&packed.grouped);
        let blocks = inverted.map(|inverted| &inverted.block).chain([first]);
        let ring = blocks.map(|block| block.ring_length(kernels)).max();
        let pixels = GROUP.max(kernels.few_pixels);
        let matrix = packed.matrix.as_ref().map_or(0, |matrix| matrix.blocks);
        Self {
            rows: Aligned::zeros(PackedStem::rows_for(first.ring_rows) * packed.stem.row_stride),
            single: [Aligned::zeros(in_single), Aligned::zeros(in_single)],
            grouped: [Aligned::zeros(in_group), Aligned::zeros(in_group)],
            work: Work {
                ring: Aligned::zeros(ring.unwrap_or_default()),
                middle: Aligned::zeros(alone.max(together)),
            },
            head: Aligned::zeros(kernels.panel_blocks * GROUP * packed.head_pixels * lanes),
            features: Aligned::zeros(packed.head.blocks * pixels * lanes),
            vectors: Aligned::zeros(matrix * pixels * lanes),
        }
    }

    /// The vectors of `images` pictures from `first` on, at most [`GROUP`].
    pub(crate) fn group(
        &mut self,
        packed: &Packed,
        pictures: &dyn Rows,
        first: usize,
        images: usize,
        out: &mut [f32],
    ) {
        for image in 0..images {
            self.one_picture(packed, pictures, first + image, image, images);
        }
        let kernels = &packed.kernels;
        for PackedInverted { expand, block } in &packed.grouped {
            let [from, to] = &mut self.grouped;
            let planes = Planes {
                numbers: from,
                stride: images * block.side_in.pow(2) * kernels.lanes,
            };
            let source = Source::Planes { planes, expand };
            let stride = images * block.side_out.pow(2) * kernels.lanes;
            self.work.block(kernels, block, source, images, to, stride);
            self.grouped.swap(0, 1);
        }
        self.pool(packed, images);
        self.tail(packed, images, out);
    }

    /// The first blocks for one picture; the last of them puts its result among the group's.
    fn one_picture(
        &mut self,
        packed: &Packed,
        pictures: &dyn Rows,
        picture: usize,
        image: usize,
        images: usize,
    ) {
        let kernels = &packed.kernels;
        let Self {
            rows,
            single,
            grouped: [grouped, _],
            work,
            ..
        } = self;
        let plane = |side: usize| side * side * kernels.lanes;
        let stem = Source::Stem {
            stem: &packed.stem,
            pictures,
            picture,
            side: packed.side,
            rows,
        };
        let first = &packed.first;
        let size = plane(first.side_out);
        let Some((last, inner)) = packed.single.split_last() else {
            let to = &mut grouped[image * size..];
            work.block(kernels, first, stem, 1, to, images * size);
            return;
        };
        work.block(kernels, first, stem, 1, &mut single[0], size);
        for PackedInverted { expand, block } in inner {
            let [from, to] = single;
            let planes = Planes {
                numbers: from,
                stride: plane(block.side_in),
            };
            let source = Source::Planes { planes, expand };
            work.block(kernels, block, source, 1, to, plane(block.side_out));
            single.swap(0, 1);
        }
        let PackedInverted { expand, block } = last;
        let planes = Planes {
            numbers: &single[0],
            stride: plane(block.side_in),
        };
        let size = plane(block.side_out);
        let source = Source::Planes { planes, expand };
        let to = &mut grouped[image * size..];
        work.block(kernels, block, source, 1, to, images * size);
    }

    /// The head, and the mean of its pixels.
    fn pool(&mut self, packed: &Packed, images: usize) {
        let (lanes, pixels) = (packed.kernels.lanes, packed.head_pixels);
        let stride = images * pixels * lanes;
        let feature_stride = self.features.len() / packed.head.blocks;
        for index in 0..packed.head.count() {
            let panel = packed.head.panel(index);
            packed.kernels.panel(&mut PanelRun {
                relu6: true,
                output: &mut self.head,
                output_stride: stride,
                ..dense(
                    &packed.head,
                    &panel,
                    &self.grouped[0],
                    stride,
                    images * pixels,
                    lanes,
                )
            });
            for block in 0..panel.blocks {
                for image in 0..images {
                    let from = block * stride + image * pixels * lanes;
                    let to = (panel.first_block + block) * feature_stride + image * lanes;
                    let mean = &mut self.features[to..to + lanes];
                    mean.fill(0.0);
                    for pixel in self.head[from..from + pixels * lanes].chunks_exact(lanes) {
                        for (sum, number) in mean.iter_mut().zip(pixel) {
                            *sum += number;
                        }
                    }
                    #[expect(clippy::cast_precision_loss, reason = "at most 2^20 pixels")]
                    let pixels = pixels as f32;
                    for sum in mean {
                        *sum /= pixels;
                    }
                }
            }
        }
    }

    /// From features to what the network gives.
    fn tail(&mut self, packed: &Packed, images: usize, out: &mut [f32]) {
        let lanes = packed.kernels.lanes;
        let pixels = GROUP.max(packed.kernels.few_pixels);
        let count = packed
            .matrix
            .as_ref()
            .map_or(packed.dimension, |m| m.inputs);
        let place = |image: usize, channel: usize| {
            (channel / lanes * pixels + image) * lanes + channel % lanes
        };
        for image in 0..images {
            if packed.normalise {
                let square = |channel| f64::from(self.features[place(image, channel)]).powi(2);
                let length = (0..count).map(square).sum::<f64>().sqrt();
                #[expect(clippy::cast_possible_truncation, reason = "as exact as the features")]
                let length = length as f32;
                (0..count).for_each(|channel| self.features[place(image, channel)] /= length);
            }
            for (channel, mean) in packed.subtract.iter().flatten().enumerate() {
                self.features[place(image, channel)] -= mean;
            }
        }
        if let Some(matrix) = &packed.matrix {
            let stride = pixels * lanes;
            for index in 0..matrix.count() {
                let panel = matrix.panel(index);
                packed.kernels.panel(&mut PanelRun {
                    output: &mut self.vectors[panel.first_block * stride..],
                    output_stride: stride,
                    ..dense(matrix, &panel, &self.features, stride, pixels, lanes)
                });
            }
        }
        let result = match packed.matrix {
            Some(_) => &self.vectors,
            None => &self.features,
        };
        for (image, vector) in out.chunks_exact_mut(packed.dimension).enumerate() {
            for (channel, number) in vector.iter_mut().enumerate() {
                *number = result[place(image, channel)];
            }
        }
    }
}
