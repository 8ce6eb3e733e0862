//! What is known of a model: its file, its input and output, its preprocessing, its floors.

use std::path::PathBuf;

/// How a photo is brought to the model's input size.
///
/// Resize so that the short side is `resize_short` (the long side truncated, as torchvision
/// does), bicubic a = -0.5 with antialias, rounded to 8 bits, then cut the centre square of
/// `size`; then `(x / 255 - mean) / std` a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// Short side after resizing, in pixels.
    pub resize_short: u32,
    /// Side of the centre crop, in pixels.
    pub size: u32,
    /// Mean of red, green, blue, in 0..1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green, blue, in 0..1.
    pub std: [f32; 3],
}

/// How the model wants its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputLayout {
    /// Normalised f32, [batch, 3, height, width].
    NchwF32,
    /// 0 to 255 as u8, [batch, height, width, 3]; the model normalises.
    NhwcU8,
}

/// One model, ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRecord {
    /// Short name, unique in the catalogue.
    pub name: String,
    /// Its file; `None` for the bundled model, whose bytes are in the program.
    pub file: Option<PathBuf>,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Name of the input tensor.
    pub input: String,
    /// Layout and type of the input.
    pub layout: InputLayout,
    /// Name of the output tensor, [batch, dimension].
    pub output: String,
    /// Length of a vector.
    pub dimension: usize,
    /// From photo to input.
    pub preprocessing: Preprocessing,
    /// SPDX expression, or `research-only`.
    pub licence: String,
    /// Pairs of a lower cosine are not looked at: about 99 % of true copies lie above.
    pub similarity_floor: f32,
    /// The cosine from which photos count as similar if the user says nothing.
    pub similarity_default: f32,
}

/// The identity of a model's vectors: file hash, preprocessing, precision and payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelKey(pub String);
