//! From the bytes of a file to all that later steps need, in one call: what the pipeline's
//! decoder threads do.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use image::{ColorType, ImageDecoder, ImageReader};

use crate::photo::{Content, ContentHash, Format, Pixels, Problem, ProblemKind};

use super::kinds::{self, Promise, promise};
use super::{
    DecodeScale, DecodedPhoto, Limits, ReadFile, Sniffed, decode, fingerprint, metadata, sniff,
    thumbnail,
};

/// A photo that was read and decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// What is remembered of it.
    pub content: Content,
    /// Its pixels, from which the model's input is made.
    pub decoded: DecodedPhoto,
    /// A JPEG, see [`thumbnail`](super::thumbnail()).
    pub thumbnail: Vec<u8>,
    /// CPU time that decoding and reading the metadata took.
    pub decode_time: Duration,
    /// CPU time that fingerprint and thumbnail took.
    pub fingerprint_time: Duration,
}

/// Decodes the file at `path` that was [`read`](super::read()), and takes its metadata,
/// fingerprint and thumbnail.
///
/// # Errors
/// A [`Problem`] of kind `NotAPhoto`, `OtherFile`, `Unsupported`, `Damaged` or `TooLarge`.
pub fn examine(
    path: &Path,
    read: &ReadFile,
    scale: DecodeScale,
    limits: &Limits,
) -> Result<Examined, Problem> {
    let problem = |kind, message| Problem {
        path: path.to_owned(),
        kind,
        message,
    };
    let clock = Clock::start();
    let format = format(path, &read.bytes).map_err(|(kind, message)| problem(kind, message))?;
    let metadata = metadata(&read.bytes, format);
    let decoded = decode(&read.bytes, format, metadata.orientation, scale, limits)
        .map_err(|error| problem(error.kind(), error.to_string()))?;
    let decode_time = clock.elapsed();

    let clock = Clock::start();
    let small = thumbnail::small(&decoded);
    let fingerprint = fingerprint::of_small(&small);
    let thumbnail = thumbnail::encode(&small)
        .map_err(|error| problem(ProblemKind::Damaged, error.to_string()))?;

    Ok(Examined {
        content: Content {
            hash: read.hash,
            format,
            width: decoded.full_width,
            height: decoded.full_height,
            metadata,
            fingerprint,
        },
        decoded,
        thumbnail,
        decode_time,
        fingerprint_time: clock.elapsed(),
    })
}

/// The format of the bytes, or why there is no picture in them.
fn format(path: &Path, bytes: &[u8]) -> Result<Format, (ProblemKind, String)> {
    match sniff(path, bytes) {
        Sniffed::Photo(format) => Ok(format),
        Sniffed::Unsupported(name) => Err((
            ProblemKind::Unsupported,
            format!("{name} pictures cannot be decoded yet; it was not compared"),
        )),
        Sniffed::Unknown if promise(path) == Promise::Picture => {
            let extension = kinds::extension(path).unwrap_or_default();
            Err((
                ProblemKind::NotAPhoto,
                match kinds::unsupported(&extension) {
                    Some(name) => format!("named like {name}, but its bytes are of no known kind"),
                    None => "named like a picture, but its bytes are none".to_owned(),
                },
            ))
        }
        Sniffed::Unknown => Err((
            ProblemKind::OtherFile,
            "no picture, by its name and by its bytes".to_owned(),
        )),
    }
}

/// The pixels of a file that was examined before, decoded at full size.
#[must_use]
pub fn pixels(bytes: &[u8], content: &Content, limits: &Limits) -> Pixels {
    // The header first: it spares a decode in full that could not be compared.
    if !is_8_bit_opaque(bytes, content.format) {
        return Pixels::Incomparable;
    }
    let orientation = content.metadata.orientation;
    let scale = DecodeScale::Full;
    let Ok(photo) = decode(bytes, content.format, orientation, scale, limits) else {
        return Pixels::Incomparable;
    };
    let mut hasher = blake3::Hasher::new();
    for side in [photo.full_width, photo.full_height] {
        hasher.update(&side.to_le_bytes());
    }
    hasher.update(photo.image.as_raw());
    Pixels::Hash(ContentHash(hasher.finalize().into()))
}

/// Whether the file says nothing that 8-bit RGB cannot: judged by the header, and in doubt no.
fn is_8_bit_opaque(bytes: &[u8], format: Format) -> bool {
    use image::ImageFormat as F;
    let format = match format {
        // Never more than 8 bits here, and never transparent.
        Format::Jpeg => return true,
        Format::Png => F::Png,
        Format::WebP => F::WebP,
        Format::Gif => F::Gif,
        Format::Tiff => F::Tiff,
        Format::Bmp => F::Bmp,
        Format::Ico => F::Ico,
        Format::Qoi => F::Qoi,
        Format::Tga => F::Tga,
        Format::Pnm => F::Pnm,
    };
    let decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder();
    decoder.is_ok_and(|decoder| matches!(decoder.color_type(), ColorType::L8 | ColorType::Rgb8))
}

/// The note on a file whose name says another format than its bytes.
#[must_use]
pub fn wrong_extension(path: &Path, format: Format) -> Option<Problem> {
    let extension = kinds::extension(path)?;
    let promised = match Format::from_extension(path) {
        Some(promised) if promised != format => display_name(promised),
        Some(_) => return None,
        None => kinds::unsupported(&extension)?,
    };
    let message = format!(
        "this is a {} file, not a {promised} file as its name says",
        display_name(format)
    );
    Some(Problem {
        path: path.to_owned(),
        kind: ProblemKind::WrongExtension,
        message,
    })
}

fn display_name(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG",
        Format::Png => "PNG",
        Format::WebP => "WebP",
        Format::Gif => "GIF",
        Format::Tiff => "TIFF",
        Format::Bmp => "BMP",
        Format::Ico => "ICO",
        Format::Qoi => "QOI",
        Format::Tga => "TGA",
        Format::Pnm => "PNM",
    }
}

/// The CPU time of the calling thread: other threads that share the core do not count.
struct Clock(Option<ThreadTime>);

impl Clock {
    fn start() -> Self {
        Self(ThreadTime::try_now().ok())
    }

    /// 0 where the system does not tell.
    fn elapsed(&self) -> Duration {
        self.0
            .and_then(|start| start.try_elapsed().ok())
            .unwrap_or_default()
    }
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
            ("a.heic", Format::Jpeg, true),
        ] {
            let note = wrong_extension(Path::new(name), format);
            assert_eq!(note.is_some(), noted, "{name}");
        }
    }
}
