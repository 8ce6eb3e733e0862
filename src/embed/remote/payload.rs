//! From pictures to what is sent: the tensor's bytes, or JPEG files.

use jpeg_encoder::{ColorType, SamplingFactor};

use super::{CallError, CallErrorKind, Payload, ServedModel, TensorLayout};
use crate::embed::preprocess::levels;
use crate::embed::{ModelInput, Preprocessing};

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
            Levels::Bytes if self.is_file() => self.files.len() + self.ends.len() * LENGTH,
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

    /// Writes the bytes of the prepared batch's tensor from byte `at` on, as many as fit into
    /// `out`, and tells how many: little-endian, row by row; files with their length in 4 bytes
    /// before each.
    pub(super) fn fill(&self, batch: &[ModelInput], at: usize, out: &mut [u8]) -> usize {
        let mut written = 0;
        while let Some(out) = out.get_mut(written..).filter(|out| !out.is_empty()) {
            let some = self.fill_some(batch, at + written, out);
            if some == 0 {
                break;
            }
            written += some;
        }
        written
    }

    /// As [`Encoder::fill`], at most to the end of a picture, of a plane or of a number.
    fn fill_some(&self, batch: &[ModelInput], at: usize, out: &mut [u8]) -> usize {
        if self.is_file() {
            return self.fill_file(at, out);
        }
        let picture = self.tensor_bytes(1);
        let (Some(input), within) = (batch.get(at / picture.max(1)), at % picture.max(1)) else {
            return 0;
        };
        let is_planar = self.layout == TensorLayout::Nchw;
        match &self.levels {
            Levels::F32(table) => fill_numbers(&input.rgb, table, is_planar, within, out),
            Levels::F16(table) => fill_numbers(&input.rgb, table, is_planar, within, out),
            Levels::Bytes if is_planar => {
                fill_numbers(&input.rgb, &IDENTITY, is_planar, within, out)
            }
            Levels::Bytes => copy(input.rgb.get(within..).unwrap_or_default(), out),
        }
    }

    /// As [`Encoder::fill`], of one file or the length before it.
    fn fill_file(&self, at: usize, out: &mut [u8]) -> usize {
        let mut start = 0;
        for file in self.files() {
            let end = start + LENGTH + file.len();
            if at < end {
                // A JPEG of at most 65,535 pixels a side has less than 4 GB.
                let length = u32::try_from(file.len()).unwrap_or(u32::MAX).to_le_bytes();
                let within = at - start;
                return match within.checked_sub(LENGTH) {
                    None => copy(length.get(within..).unwrap_or_default(), out),
                    Some(within) => copy(file.get(within..).unwrap_or_default(), out),
                };
            }
            start = end;
        }
        0
    }
}

/// Bytes of the length before a file.
const LENGTH: usize = 4;

/// Copies what fits, and tells how much.
fn copy(from: &[u8], out: &mut [u8]) -> usize {
    let count = from.len().min(out.len());
    if let (Some(from), Some(out)) = (from.get(..count), out.get_mut(..count)) {
        out.copy_from_slice(from);
    }
    count
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

/// Writes the numbers of a picture from byte `at` of its tensor on, and tells how many bytes:
/// red, green and blue one after another where it is planar, else together for each pixel.
fn fill_numbers<const BYTES: usize>(
    rgb: &[u8],
    table: &[[[u8; BYTES]; 256]; 3],
    is_planar: bool,
    at: usize,
    out: &mut [u8],
) -> usize {
    let (number, within) = (at / BYTES, at % BYTES);
    let (pixels, _none_left) = rgb.as_chunks::<3>();
    let value = |number: usize| -> Option<&[u8; BYTES]> {
        let (pixel, channel) = if is_planar {
            (number % pixels.len(), number / pixels.len())
        } else {
            (number / 3, number % 3)
        };
        let level = pixels.get(pixel)?.get(channel)?;
        Some(&table.get(channel)?[usize::from(*level)])
    };
    if within > 0 || out.len() < BYTES {
        // The buffer before ended in the middle of a number, or this one does.
        let rest = value(number).and_then(|bytes| bytes.get(within..));
        return copy(rest.unwrap_or_default(), out);
    }
    let (numbers, _less_than_one) = out.as_chunks_mut::<BYTES>();
    if is_planar {
        let (channel, first) = (number / pixels.len(), number % pixels.len());
        let pixels = pixels.get(first..).unwrap_or_default();
        let Some(table) = table.get(channel) else {
            return 0;
        };
        for (number, pixel) in numbers.iter_mut().zip(pixels) {
            // A u8 indexes a table of 256 without a check.
            *number = table[usize::from(pixel[channel])];
        }
        return numbers.len().min(pixels.len()) * BYTES;
    }
    if number % 3 > 0 || numbers.len() < 3 {
        // A pixel that is begun already, or does not fit.
        return match (value(number), numbers.first_mut()) {
            (Some(value), Some(number)) => {
                *number = *value;
                BYTES
            }
            _ => 0,
        };
    }
    let (whole, _part) = numbers.as_chunks_mut::<3>();
    let pixels = pixels.get(number / 3..).unwrap_or_default();
    for (numbers, pixel) in whole.iter_mut().zip(pixels) {
        for (channel, number) in numbers.iter_mut().enumerate() {
            *number = table[channel][usize::from(pixel[channel])];
        }
    }
    whole.len().min(pixels.len()) * 3 * BYTES
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
