//! Small networks with weights by chance: as ONNX files, and computed by plain loops.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "helpers of tests, of which each uses some"
)]

pub mod naive;
pub mod onnx;

use std::fmt::Write as _;
use std::path::PathBuf;

/// Numbers by chance (xorshift64*), the same in every run.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % u64::try_from(end).unwrap()).unwrap()
    }

    /// From -1 to 1.
    pub fn number(&mut self) -> f32 {
        let bits = u16::try_from(self.bits() >> 48).unwrap();
        f32::from(bits) / 32768.0 - 1.0
    }

    pub fn numbers(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.number() * scale).collect()
    }
}

/// A convolution without its number of inputs, which is that of what comes before.
#[derive(Clone, Debug)]
pub struct Conv {
    /// [output][input of the group][row][column].
    pub shape: [usize; 4],
    pub stride: usize,
    /// At the beginning and at the end.
    pub pads: [usize; 2],
    pub is_depthwise: bool,
    pub weights: Vec<f32>,
    pub bias: Option<Vec<f32>>,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub expand: Option<Conv>,
    pub depthwise: Conv,
    pub project: Conv,
    pub residual: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Tail {
    pub normalise: bool,
    pub subtract: Option<Vec<f32>>,
    /// [input][output].
    pub matrix: Option<(Vec<f32>, usize)>,
    /// [output][input] and bias.
    pub gemm: Option<(Vec<f32>, Vec<f32>)>,
}

/// A network of the kind that the crate runs.
#[derive(Clone, Debug)]
pub struct Net {
    pub side: usize,
    pub stem: Conv,
    pub blocks: Vec<Block>,
    pub head: Conv,
    pub tail: Tail,
}

/// What a block of a small network is: expansion and output channels, kernel, stride, pads.
pub type Shape = (usize, usize, usize, usize, [usize; 2]);

impl Net {
    /// A network with these channels of the stem, blocks and features.
    pub fn new(side: usize, stem: usize, shapes: &[Shape], features: usize, seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let mut channels = stem;
        let mut blocks = Vec::new();
        let mut side_now = (side + 1).div_ceil(2);
        for (index, &(middle, outputs, size, stride, pads)) in shapes.iter().enumerate() {
            let side_out = (side_now + pads[0] + pads[1] - size) / stride + 1;
            let middle = if index == 0 { channels } else { middle };
            blocks.push(Block {
                expand: (index > 0).then(|| conv(chance, [middle, channels, 1, 1], 1, [0, 0])),
                depthwise: conv(chance, [middle, 1, size, size], stride, pads),
                project: conv(chance, [outputs, middle, 1, 1], 1, [0, 0]),
                residual: index > 0 && outputs == channels && side_out == side_now,
            });
            (channels, side_now) = (outputs, side_out);
        }
        Self {
            side,
            stem: conv(chance, [stem, 3, 3, 3], 2, [1, 1]),
            blocks,
            head: conv(chance, [features, channels, 1, 1], 1, [0, 0]),
            tail: Tail::default(),
        }
    }

    pub fn features(&self) -> usize {
        self.head.shape[0]
    }

    /// The picture's side and each block's depthwise convolution and outputs, for messages.
    pub fn shapes(&self) -> String {
        let mut text = format!("{} x {0}", self.side);
        for Block {
            depthwise, project, ..
        } in &self.blocks
        {
            let Conv {
                shape,
                stride,
                pads,
                ..
            } = depthwise;
            write!(text, ", {shape:?} / {stride} {pads:?} {}", project.shape[0]).unwrap();
        }
        text
    }

    /// Pictures by chance, [row][column][channel].
    pub fn pictures(&self, count: usize, seed: u64) -> Vec<Vec<f32>> {
        let chance = &mut Chance::new(seed);
        let numbers = self.side * self.side * 3;
        (0..count).map(|_| chance.numbers(numbers, 1.0)).collect()
    }
}

/// Weights of such a size that numbers neither vanish nor all reach the bound of six.
pub fn conv(chance: &mut Chance, shape: [usize; 4], stride: usize, pads: [usize; 2]) -> Conv {
    let inputs = shape[1] * shape[2] * shape[3];
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let scale = 2.5 / (inputs as f32).sqrt();
    Conv {
        shape,
        stride,
        pads,
        is_depthwise: shape[1] == 1 && shape[2] > 1,
        weights: chance.numbers(shape[0] * inputs, scale),
        bias: Some(chance.numbers(shape[0], 0.5)),
    }
}

/// The network of the tests that need just one: odd sizes, every kernel, stride and residual.
pub fn odd_net() -> Net {
    let shapes = [
        (0, 10, 3, 1, [1, 1]),
        (37, 21, 3, 2, [0, 1]),
        (50, 21, 5, 1, [2, 2]),
        (41, 19, 5, 2, [1, 2]),
        (70, 19, 3, 1, [1, 1]),
        (33, 36, 5, 1, [2, 2]),
    ];
    let mut net = Net::new(45, 13, &shapes, 75, 7);
    let chance = &mut Chance::new(8);
    net.tail = Tail {
        normalise: true,
        subtract: Some(chance.numbers(75, 0.1)),
        matrix: Some((chance.numbers(75 * 22, 1.0), 22)),
        gemm: None,
    };
    net
}

/// The model of the program that this crate was made for, if it is there.
pub fn bundled() -> Option<Vec<u8>> {
    let path = folder("models/lite0_copies.onnx")?;
    Some(std::fs::read(path).unwrap())
}

/// Something of the repository, or of the folder beside it; says so where it is not there.
pub fn folder(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = [root.join(path), root.join("../shared").join(path)];
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        let must = std::env::var_os("TWINLENS_NO_SKIP").is_some();
        assert!(!must, "{path} is missing, and nothing may be skipped");
        #[allow(clippy::print_stderr, reason = "whoever runs the test is to know")]
        {
            eprintln!("SKIPPED: {path} is missing");
        }
    }
    found
}
