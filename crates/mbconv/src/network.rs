//! What a network of this kind is made of, and its weights as the file has them.

use crate::error::Error;
use crate::recognise;

/// A network that was read from a file and understood.
///
/// Its parts, in order: a 3 x 3 convolution of the picture with stride 2, blocks of [1 x 1
/// convolution], depthwise convolution and 1 x 1 convolution, a 1 x 1 convolution, the mean over
/// all pixels, and a tail. All sums are in single precision.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) input_name: String,
    pub(crate) output_name: String,
    /// Of the picture, in pixels.
    pub(crate) side: usize,
    pub(crate) stem: Stem,
    /// The first block, which has no expansion.
    pub(crate) first: Block,
    pub(crate) blocks: Vec<Inverted>,
    pub(crate) head: Pointwise,
    pub(crate) tail: Tail,
}

/// A 3 x 3 convolution of 3 channels with stride 2, then `ReLU6`.
#[derive(Clone, Debug)]
pub(crate) struct Stem {
    pub(crate) outputs: usize,
    /// Zeros before the first row and column; 0 to 2.
    pub(crate) pad: usize,
    /// Side of the result in pixels.
    pub(crate) side: usize,
    /// [output][channel][row][column].
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// A 1 x 1 convolution: a matrix product.
#[derive(Clone, Debug)]
pub(crate) struct Pointwise {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// [output][input].
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// A convolution of each channel by itself, then `ReLU6`.
#[derive(Clone, Debug)]
pub(crate) struct Depthwise {
    pub(crate) channels: usize,
    /// 3 or 5.
    pub(crate) size: usize,
    /// 1 or 2.
    pub(crate) stride: usize,
    /// Zeros before the first row and column; less than `size`.
    pub(crate) pad: usize,
    /// Side of what goes in, in pixels.
    pub(crate) side_in: usize,
    /// Side of what comes out.
    pub(crate) side_out: usize,
    /// [channel][row][column].
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// An inverted residual block: expanded, then as any block.
#[derive(Clone, Debug)]
pub(crate) struct Inverted {
    /// 1 x 1, then `ReLU6`.
    pub(crate) expand: Pointwise,
    pub(crate) block: Block,
}

/// A depthwise and a 1 x 1 convolution.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) depthwise: Depthwise,
    pub(crate) project: Pointwise,
    /// Whether what went in is added to what comes out.
    pub(crate) residual: bool,
}

/// From features to what the network gives: each part may be missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    /// Whether the features are divided by their Euclidean length.
    pub(crate) normalise: bool,
    pub(crate) subtract: Option<Vec<f32>>,
    pub(crate) matrix: Option<Pointwise>,
}

impl Network {
    /// Reads an ONNX file.
    ///
    /// Gives `None` if the file holds another kind of network than this crate runs, or one in
    /// another precision, with open dimensions other than the batch's, or too large.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the bytes are no ONNX file or do not fit together.
    pub fn from_onnx(bytes: &[u8]) -> Result<Option<Self>, Error> {
        recognise::network(bytes)
    }

    /// Width and height of the pictures that it takes, in pixels.
    #[must_use]
    pub fn input_side(&self) -> usize {
        self.side
    }

    /// How many numbers it gives for a picture.
    #[must_use]
    pub fn dimension(&self) -> usize {
        let matrix = self.tail.matrix.as_ref();
        matrix.map_or(self.head.outputs, |matrix| matrix.outputs)
    }

    /// The name that the file gives to its input.
    #[must_use]
    pub fn input_name(&self) -> &str {
        &self.input_name
    }

    /// The name that the file gives to its output.
    #[must_use]
    pub fn output_name(&self) -> &str {
        &self.output_name
    }
}
