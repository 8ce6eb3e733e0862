//! One file's bytes to all that is remembered of it, with what each step cost.

use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;

use super::Limits;
use super::decode::{DecodeError, DecodeScale, DecodedPhoto, decode};
use super::fingerprint::fingerprint;
use super::metadata::metadata;
use super::read::ReadFile;
use super::sniff::{Sniffed, sniff};
use super::thumbnail::thumbnail;
use super::walk::Promise;
use crate::photo::{Content, ContentHash, Format, Pixels, Problem, ProblemKind};

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Examined {
    /// What the cache remembers.
    pub content: Content,
    /// The upright picture, for the model's input.
    pub decoded: DecodedPhoto,
    /// A JPEG file that fits 256 x 256 pixels.
    pub thumbnail: Vec<u8>,
    /// CPU time of metadata and decoding.
    pub decode_time: Duration,
    /// CPU time of fingerprint and thumbnail.
    pub fingerprint_time: Duration,
}

/// Decodes a file that was read and makes everything of it.
///
/// # Errors
/// A problem of the file: no picture, not supported, damaged, too large.
pub fn examine(
    path: &Path,
    promise: Promise,
    read: &ReadFile,
    scale: DecodeScale,
    limits: &Limits,
) -> Result<Examined, Problem> {
    let begun = ThreadTime::now();
    let problem = |kind, message: String| Problem {
        path: path.to_owned(),
        kind,
        message,
    };
    let format = match sniff(&read.bytes, path) {
        Sniffed::Known(format) => format,
        Sniffed::Unsupported(name) => {
            return Err(problem(
                ProblemKind::Unsupported,
                format!("{name} pictures cannot be compared yet"),
            ));
        }
        Sniffed::Unknown if promise == Promise::Nothing => {
            return Err(problem(ProblemKind::OtherFile, "not a picture".to_owned()));
        }
        Sniffed::Unknown => {
            return Err(problem(
                ProblemKind::NotAPhoto,
                "its name is a picture's, its bytes are not".to_owned(),
            ));
        }
    };
    let metadata = metadata(&read.bytes, format);
    let decoded =
        decode(&read.bytes, format, metadata.orientation, scale, limits).map_err(|error| {
            let kind = match error {
                DecodeError::Damaged { .. } => ProblemKind::Damaged,
                DecodeError::Unsupported { .. } => ProblemKind::Unsupported,
                DecodeError::TooLarge { .. } => ProblemKind::TooLarge,
            };
            problem(kind, error.to_string())
        })?;
    let decode_time = begun.elapsed();

    let begun = ThreadTime::now();
    let fingerprint = fingerprint(&decoded);
    let thumbnail = thumbnail(&decoded).map_err(|error| {
        problem(
            ProblemKind::Unsupported,
            format!("no thumbnail can be made of it: {error}"),
        )
    })?;
    let content = Content {
        hash: read.hash,
        format,
        width: decoded.full_width,
        height: decoded.full_height,
        metadata,
        fingerprint,
    };
    Ok(Examined {
        content,
        decoded,
        thumbnail,
        decode_time,
        fingerprint_time: begun.elapsed(),
    })
}

/// The pixels of a file that was examined before, decoded at full size.
#[must_use]
pub fn pixels(bytes: &[u8], content: &Content, limits: &Limits) -> Pixels {
    let orientation = content.metadata.orientation;
    match decode(
        bytes,
        content.format,
        orientation,
        DecodeScale::Full,
        limits,
    ) {
        Ok(photo) if photo.is_exact => {
            let mut hasher = blake3::Hasher::new();
            for side in [photo.full_width, photo.full_height] {
                hasher.update(&side.to_le_bytes());
            }
            hasher.update(photo.image.as_raw());
            Pixels::Hash(ContentHash(hasher.finalize().into()))
        }
        _ => Pixels::Incomparable,
    }
}

/// The note on a file whose name says another format than its bytes.
#[must_use]
pub fn wrong_extension(path: &Path, format: Format) -> Option<Problem> {
    let extension = path.extension()?.to_str()?;
    let promised = Format::from_extension(path);
    if promised == Some(format) {
        return None;
    }
    let message = format!(
        "a {} file although its name ends in .{extension}; used as what it is",
        format.name()
    );
    Some(Problem {
        path: path.to_owned(),
        kind: ProblemKind::WrongExtension,
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_extension_is_noted_and_a_missing_one_is_not() {
        for (name, format, noted) in [
            ("a.jpg", Format::Jpeg, false),
            ("a.JPEG", Format::Jpeg, false),
            ("a", Format::Png, false),
            ("a.jpg", Format::Png, true),
            ("a.xyz", Format::Png, true),
            ("a.heic", Format::Jpeg, true),
        ] {
            assert_eq!(
                wrong_extension(Path::new(name), format).is_some(),
                noted,
                "{name}"
            );
        }
    }
}
