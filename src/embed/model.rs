//! What is known of a model: its file, its input and output, its preprocessing, its floors.
//!
//! A record is all that an engine needs, so that engines never look into a model's file to
//! learn what it means. [`ModelKey`] is what makes two vectors comparable: it covers the
//! file's hash, the preprocessing, the precision and the payload. The engine is not part of
//! it: engines of one precision agree to a cosine of 0.9999 or better (tested on the parity
//! photos), so that a cache filled by one serves the other.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::hash::sha256_hex;
use super::{EmbedError, bundled};

/// The interpolation of the resize; both widen with the scale (antialias).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Cubic convolution with a = -0.5 (Catmull-Rom): Pillow's `BICUBIC`.
    #[default]
    Bicubic,
    /// Triangle: Pillow's `BILINEAR`, torchvision's default.
    Bilinear,
}

/// How a picture of any shape becomes a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Keep the proportions, cut the centre square.
    #[default]
    CentreCrop,
    /// Stretch the whole picture to the square.
    Stretch,
}

/// How a photo is brought to the model's input size.
///
/// With [`Framing::CentreCrop`]: resize so that the short side is `resize_short` (the long
/// side truncated, as torchvision does), rounded to 8 bits, then cut the centre square of
/// `size` at offset `(side - size) / 2`, halves to the even number. With
/// [`Framing::Stretch`]: resize to `size` by `size`. Then `(x / 255 - mean) / std` a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Short side after resizing, in pixels; at least `size`. Without meaning where the
    /// picture is stretched.
    pub resize_short: u32,
    /// Side of the model's input, in pixels.
    pub size: u32,
    /// From any shape to a square.
    #[serde(default)]
    pub framing: Framing,
    /// Interpolation.
    #[serde(default)]
    pub filter: Filter,
    /// Mean of red, green, blue, in 0..1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green, blue, in 0..1.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// Largest input side that is accepted: 16 times CLIP's, far above any model for photos.
    pub const MAX_SIDE: u32 = 3584;

    /// That of the first CLIP (`open_clip`'s `image_transform(224, is_train=False)`).
    #[must_use]
    pub fn clip() -> Self {
        Self {
            resize_short: 224,
            size: 224,
            framing: Framing::CentreCrop,
            filter: Filter::Bicubic,
            mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        }
    }

    /// That of EfficientNet-Lite0: 256, centre 224, `(x - 127) / 128` with x in 0..255.
    #[must_use]
    pub fn efficientnet_lite0() -> Self {
        Self {
            resize_short: 256,
            size: 224,
            framing: Framing::CentreCrop,
            filter: Filter::Bicubic,
            mean: [127.0 / 255.0; 3],
            std: [128.0 / 255.0; 3],
        }
    }

    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// [`EmbedError::Preprocessing`] with the number that does not.
    pub fn check(&self) -> Result<(), EmbedError> {
        let wrong = |reason: String| Err(EmbedError::Preprocessing(reason));
        if self.size == 0 || self.size > Self::MAX_SIDE {
            return wrong(format!(
                "size is {}, expected 1 to {}",
                self.size,
                Self::MAX_SIDE
            ));
        }
        if self.framing == Framing::CentreCrop
            && !(self.size..=Self::MAX_SIDE).contains(&self.resize_short)
        {
            return wrong(format!(
                "resize_short is {}, expected {} (the size) to {}",
                self.resize_short,
                self.size,
                Self::MAX_SIDE
            ));
        }
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return wrong(format!("mean is {:?}", self.mean));
        }
        if !self.std.iter().all(|std| std.is_finite() && *std > 1e-6) {
            return wrong(format!("std is {:?}, expected more than 0", self.std));
        }
        Ok(())
    }
}

/// How the model wants its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputLayout {
    /// Normalised f32, [batch, 3, height, width].
    NchwF32,
    /// 0 to 255 as u8, [batch, height, width, 3]; the model normalises.
    NhwcU8,
}

impl InputLayout {
    /// The name in records and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NchwF32 => "nchw-f32",
            Self::NhwcU8 => "nhwc-u8",
        }
    }
}

/// The arithmetic that a model's vectors come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision weights and sums.
    #[default]
    F32,
    /// Half precision weights.
    F16,
    /// 8-bit integers.
    Int8,
}

impl Precision {
    /// The name in records and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }
}

/// Where a model's floor and default come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calibration {
    /// Measured on labelled photos with this file.
    Calibrated,
    /// Carried over from what is known of like models: check before trusting it.
    #[default]
    Estimated,
}

/// One model, ready to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Short name, unique in the catalogue.
    pub name: String,
    /// Its file; `None` for the bundled model, whose bytes are in the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Name of the input tensor.
    pub input: String,
    /// Layout and type of the input.
    pub layout: InputLayout,
    /// Name of the output tensor, [batch, dimension].
    pub output: String,
    /// Length of a vector.
    pub dimension: usize,
    /// The weights' arithmetic.
    pub precision: Precision,
    /// Whether the graph takes one picture at a time (its batch dimension is fixed to 1).
    pub one_at_a_time: bool,
    /// SPDX expression, or `research-only`.
    pub licence: String,
    /// Pairs of a lower cosine are not looked at: about 99 % of true copies lie above.
    pub similarity_floor: f32,
    /// The cosine from which photos count as similar if the user says nothing.
    pub similarity_default: f32,
    /// Where the last two come from.
    pub calibration: Calibration,
    /// From photo to input.
    pub preprocessing: Preprocessing,
}

impl ModelRecord {
    /// The floor of a model that nobody has calibrated: that of CLIP models.
    pub const ASSUMED_FLOOR: f32 = 0.70;
    /// Its default similarity.
    pub const ASSUMED_DEFAULT: f32 = 0.90;

    /// The identity of the vectors that an engine on this machine makes of this model.
    ///
    /// Local engines take the picture itself, 8-bit RGB after resizing: the payload is `rgb8`.
    #[must_use]
    pub fn key(&self) -> ModelKey {
        self.key_with("rgb8")
    }

    /// The identity of the vectors that are made from another payload than the pixels.
    #[must_use]
    pub fn key_with(&self, payload: &str) -> ModelKey {
        let preprocessing = &self.preprocessing;
        let mut key = format!("{}/{}", self.sha256, self.output);
        let framed = match preprocessing.framing {
            Framing::CentreCrop => {
                format!("crop{}of{}", preprocessing.size, preprocessing.resize_short)
            }
            Framing::Stretch => format!("stretch{}", preprocessing.size),
        };
        let filter = match preprocessing.filter {
            Filter::Bicubic => "bicubic",
            Filter::Bilinear => "bilinear",
        };
        // Writing to a String cannot fail.
        write!(key, "/{framed}-{filter}").ok();
        if self.layout == InputLayout::NchwF32 {
            for number in preprocessing.mean.iter().chain(&preprocessing.std) {
                // The shortest text that reads back as the same number.
                write!(key, "-{number}").ok();
            }
        }
        write!(key, "/{}/{payload}", self.precision.name()).ok();
        ModelKey(key)
    }

    /// The file as errors name it.
    #[must_use]
    pub fn display_file(&self) -> String {
        match &self.file {
            Some(path) => path.display().to_string(),
            None => format!("{} (bundled)", self.name),
        }
    }

    /// The model's bytes, proven to be those that the record was made of.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if the file cannot be read or has changed.
    pub fn read_file(&self) -> Result<Cow<'static, [u8]>, EmbedError> {
        let Some(path) = &self.file else {
            return Ok(Cow::Borrowed(bundled::bytes()));
        };
        let bytes = std::fs::read(path)
            .map_err(|error| self.error(format!("it cannot be read ({error})")))?;
        if sha256_hex(&bytes) != self.sha256 {
            return Err(self.error(
                "the file is not the one that was installed (its SHA-256 differs); add or download it again",
            ));
        }
        Ok(Cow::Owned(bytes))
    }

    /// An error about this model.
    pub(super) fn error(&self, reason: impl Into<String>) -> EmbedError {
        EmbedError::Model {
            reason: reason.into(),
            path: self.display_file(),
        }
    }
}

/// The identity of a model's vectors: file hash, preprocessing, precision and payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelKey(pub String);

impl fmt::Display for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_changes_with_file_preprocessing_precision_and_payload() {
        let record = super::super::bundled::record();
        let mut keys = vec![record.key(), record.key_with("jpeg90")];
        let mut change = |change: fn(&mut ModelRecord)| {
            let mut other = record.clone();
            change(&mut other);
            keys.push(other.key());
        };
        change(|r| r.sha256 = "0".repeat(64));
        change(|r| r.precision = Precision::Int8);
        change(|r| r.output = "other".into());
        change(|r| r.preprocessing.resize_short += 1);
        change(|r| r.preprocessing.framing = Framing::Stretch);
        change(|r| r.preprocessing.filter = Filter::Bilinear);
        change(|r| r.preprocessing.mean[1] = f32::from_bits(r.preprocessing.mean[1].to_bits() + 1));
        change(|r| r.preprocessing.std[2] = 0.5);
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{keys:#?}");
        let mut renamed = record.clone();
        renamed.name = "else".into();
        renamed.similarity_default = 0.1;
        assert_eq!(
            renamed.key(),
            record.key(),
            "names and floors do not change vectors"
        );
    }

    #[test]
    fn senseless_preprocessing_is_refused() {
        assert!(Preprocessing::clip().check().is_ok());
        let changes: [fn(&mut Preprocessing); 5] = [
            |p| p.size = 0,
            |p| p.resize_short = p.size - 1,
            |p| p.resize_short = 1 << 30,
            |p| p.std[0] = 0.0,
            |p| p.mean[0] = f32::NAN,
        ];
        for change in changes {
            let mut preprocessing = Preprocessing::clip();
            change(&mut preprocessing);
            assert!(preprocessing.check().is_err(), "{preprocessing:?}");
        }
    }
}
