//! From pictures to what is sent: the tensor's bytes, or JPEG files.

use jpeg_encoder::{ColorType, SamplingFactor};

use super::{CallError, CallErrorKind, Payload, ServedModel, TensorLayout};
use crate::embed::preprocess::levels;
use crate::embed::{ModelInput, Preprocessing};

/// Pixels that are converted at a time: what they become fits the first level of the cache.
const BLOCK: usize = 1024;

/// Makes the bytes of pictures; keeps its buffers.
#[derive(Debug)]
pub(super) struct Encoder {
    payload: Payload,
    layout: TensorLayout,
    side: u32,
    /// What each level of each channel is sent as.
    levels: Levels,
    /// The JPEG files of the batch, one after another, and where each ends.
    files: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Debug)]
enum Levels {
    /// As it is.
    Bytes,
    F16(Box<[[[u8; 2]; 256]; 3]>),
    F32(Box<[[[u8; 4]; 256]; 3]>),
}

impl Encoder {
    /// An encoder of pictures that were made by `preprocessing`.
    pub(super) fn new(
        payload: Payload,
        layout: TensorLayout,
        preprocessing: &Preprocessing,
    ) -> Self {
        let numbers = levels(preprocessing);
        let levels = match payload {
            Payload::F32 => Levels::F32(Box::new(
                numbers.map(|channel| channel.map(f32::to_le_bytes)),
            )),
            Payload::F16 => {
                Levels::F16(Box::new(numbers.map(|channel| {
                    channel.map(|level| half::f16::from_f32(level).to_le_bytes())
                })))
            }
            Payload::Uint8 | Payload::Jpeg | Payload::JpegFine => Levels::Bytes,
        };
        Self {
            payload,
            layout,
            side: preprocessing.size,
            levels,
            files: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Gets ready to write `batch`: checks it, and makes the files where files are sent.
    ///
    /// # Errors
    /// [`CallErrorKind::Refused`] if a picture has not the size that was agreed on, or cannot be
    /// encoded.
    pub(super) fn prepare(&mut self, batch: &[ModelInput]) -> Result<(), CallError> {
        let bytes = u64::from(self.side).pow(2) * 3;
        for input in batch {
            if input.side != self.side || input.rgb.len() as u64 != bytes {
                return Err(CallError::new(
                    CallErrorKind::Refused,
                    format!(
                        "the server takes {size} x {size} pixels, this picture has {side} x {side} in {length} bytes",
                        size = self.side,
                        side = input.side,
                        length = input.rgb.len(),
                    ),
                ));
            }
        }
        self.files.clear();
        self.ends.clear();
        if self.is_file() {
            for input in batch {
                self.encode(input)?;
            }
        }
        Ok(())
    }

    /// Appends one picture as a JPEG file, with colour at full resolution.
    ///
    /// Quality 98 at the model's size is nearer to the pixels than quality 90 at twice the size,
    /// in two thirds of the bytes: being resized twice moves a vector more than the loss does,
    /// most of all where the photo is small itself (measured, see docs/remote.md).
    fn encode(&mut self, input: &ModelInput) -> Result<(), CallError> {
        let failed = |reason: String| {
            CallError::new(
                CallErrorKind::Refused,
                format!("a picture cannot be made a JPEG: {reason}"),
            )
        };
        let side = u16::try_from(input.side)
            .map_err(|_too_large| failed(format!("{} pixels are too many", input.side)))?;
        let quality = if self.payload == Payload::Jpeg {
            90
        } else {
            98
        };
        let mut encoder = jpeg_encoder::Encoder::new(&mut self.files, quality);
        encoder.set_sampling_factor(SamplingFactor::F_1_1);
        encoder
            .encode(&input.rgb, side, side, ColorType::Rgb)
            .map_err(|error| failed(error.to_string()))?;
        self.ends.push(self.files.len());
        Ok(())
    }

    /// Whether pictures go as files and not as numbers.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.payload, Payload::Jpeg | Payload::JpegFine)
    }

    /// The files of the prepared batch, in its order.
    pub(super) fn files(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let files = self.ends.iter().zip(starts);
        files.map(|(&end, start)| self.files.get(start..end).unwrap_or_default())
    }

    /// Bytes of the prepared batch as a tensor.
    pub(super) fn tensor_bytes(&self, count: usize) -> usize {
        let numbers = count * self.side as usize * self.side as usize * 3;
        match &self.levels {
            Levels::F32(_) => numbers * 4,
            Levels::F16(_) => numbers * 2,
            Levels::Bytes if self.is_file() => self.files.len() + self.ends.len() * 4,
            Levels::Bytes => numbers,
        }
    }

    /// The shape of `count` pictures.
    pub(super) fn shape(&self, count: usize) -> Vec<usize> {
        let side = self.side as usize;
        match self.layout {
            TensorLayout::Nchw => vec![count, 3, side, side],
            TensorLayout::Nhwc => vec![count, side, side, 3],
            TensorLayout::Encoded => vec![count, 1],
        }
    }

    /// Hands out the prepared batch as the bytes of a tensor: little-endian, row by row; files
    /// with their length in 4 bytes before each.
    pub(super) fn write(&self, batch: &[ModelInput], out: &mut impl FnMut(&[u8])) {
        if self.is_file() {
            for file in self.files() {
                // A JPEG of at most 65,535 pixels a side has less than 4 GB.
                out(&u32::try_from(file.len()).unwrap_or(u32::MAX).to_le_bytes());
                out(file);
            }
            return;
        }
        for input in batch {
            match (&self.levels, self.layout) {
                (Levels::F32(table), TensorLayout::Nhwc) => interleaved(&input.rgb, table, out),
                (Levels::F32(table), _) => planes(&input.rgb, table, out),
                (Levels::F16(table), TensorLayout::Nhwc) => interleaved(&input.rgb, table, out),
                (Levels::F16(table), _) => planes(&input.rgb, table, out),
                (Levels::Bytes, TensorLayout::Nchw) => planes(&input.rgb, &IDENTITY, out),
                (Levels::Bytes, _) => out(&input.rgb),
            }
        }
    }
}

/// Each level as the byte it is.
static IDENTITY: [[[u8; 1]; 256]; 3] = [identity(); 3];

#[expect(clippy::cast_possible_truncation, reason = "the index is below 256")]
const fn identity() -> [[u8; 1]; 256] {
    let mut table = [[0]; 256];
    let mut level = 0;
    while level < 256 {
        table[level] = [level as u8];
        level += 1;
    }
    table
}

/// Red, green and blue one after another.
fn planes<const BYTES: usize>(
    rgb: &[u8],
    table: &[[[u8; BYTES]; 256]; 3],
    out: &mut impl FnMut(&[u8]),
) {
    let (pixels, _none_left) = rgb.as_chunks::<3>();
    let mut block = [[0; BYTES]; BLOCK];
    for (channel, table) in table.iter().enumerate() {
        for pixels in pixels.chunks(BLOCK) {
            for (number, pixel) in block.iter_mut().zip(pixels) {
                // A u8 indexes a table of 256 without a check.
                *number = table[usize::from(pixel[channel])];
            }
            out(block.get(..pixels.len()).unwrap_or_default().as_flattened());
        }
    }
}

/// Red, green, blue of each pixel.
fn interleaved<const BYTES: usize>(
    rgb: &[u8],
    table: &[[[u8; BYTES]; 256]; 3],
    out: &mut impl FnMut(&[u8]),
) {
    let (pixels, _none_left) = rgb.as_chunks::<3>();
    let mut block = [[[0; BYTES]; 3]; BLOCK];
    for pixels in pixels.chunks(BLOCK) {
        for (numbers, pixel) in block.iter_mut().zip(pixels) {
            for (channel, number) in numbers.iter_mut().enumerate() {
                *number = table[channel][usize::from(pixel[channel])];
            }
        }
        let block = block.get(..pixels.len()).unwrap_or_default();
        out(block.as_flattened().as_flattened());
    }
}

/// The name of a payload's elements in the protocol's terms.
pub(super) fn datatype(payload: Payload) -> &'static str {
    match payload {
        Payload::Uint8 => "UINT8",
        Payload::F16 => "FP16",
        Payload::F32 => "FP32",
        Payload::Jpeg | Payload::JpegFine => "BYTES",
    }
}

/// The preprocessing that brings a photo to what is sent to `model`, for a model that wants
/// `wanted`.
///
/// A file is resized and cropped again by the server, as the model wants it: so it gets the
/// square from which the crop is cut.
pub(super) fn preprocessing(
    wanted: &Preprocessing,
    model: &ServedModel,
    payload: Payload,
) -> Preprocessing {
    let mut sent = wanted.clone();
    if let Some(side) = model.side.filter(|side| *side != wanted.size && *side > 0) {
        // Another side than the model known here: the same proportions.
        sent.resize_short = u32::try_from(
            u64::from(side) * u64::from(wanted.resize_short) / u64::from(wanted.size.max(1)),
        )
        .unwrap_or(side)
        .max(side);
        sent.size = side;
    }
    if matches!(payload, Payload::Uint8 | Payload::F16 | Payload::F32) {
        return sent;
    }
    let whole = match sent.framing {
        crate::embed::Framing::CentreCrop => sent.resize_short,
        crate::embed::Framing::Stretch => sent.size,
    };
    sent.size = whole;
    sent.resize_short = whole;
    sent
}

#[cfg(test)]
mod tests;
