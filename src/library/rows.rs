//! Between the nouns and their rows; a row that makes no sense gives `None`.

use std::path::{Path, PathBuf};

use half::f16;
use rusqlite::{Error, OptionalExtension, Row};

use crate::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, GpsPosition, Metadata, Orientation,
    PerceptualHash,
};

/// The columns of a content, in the order that [`content`] reads.
pub(super) const CONTENT: &str = "content.blake3, format, width, height, hash, contrast, texture, mean_rgb, \
     orientation, taken_at, camera, latitude, longitude";

/// The columns of a file's stamp, in the order that [`stamp`] reads.
pub(super) const STAMP: &str = "device, inode, size, mtime_ns, ctime_ns";

/// A row that is not there and a row of the wrong types are the same: neither is believed.
pub(super) fn if_it_fits<T>(row: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match row {
        Err(
            Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::FromSqlConversionFailure(..)
            | Error::Utf8Error(..),
        ) => Ok(None),
        row => row.optional(),
    }
}

/// A path as the system's bytes: equal paths, and only those, have equal bytes.
pub(super) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The path of these bytes.
#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "not every blob is a path elsewhere"
)]
pub(super) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

/// A name that is not Unicode cannot be made from bytes on this system: such a row stays.
#[cfg(not(unix))]
pub(super) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

/// SQLite's integers are signed: the bits are kept.
pub(super) fn signed(value: u64) -> i64 {
    value.cast_signed()
}

pub(super) fn stamp(row: &Row<'_>, first: usize) -> rusqlite::Result<FileStamp> {
    let unsigned = |index: usize| row.get::<_, i64>(first + index).map(i64::cast_unsigned);
    Ok(FileStamp {
        device: unsigned(0)?,
        inode: unsigned(1)?,
        size: unsigned(2)?,
        modified_ns: row.get(first + 3)?,
        changed_ns: row.get(first + 4)?,
    })
}

pub(super) fn hash(bytes: &[u8]) -> Option<ContentHash> {
    bytes.try_into().ok().map(ContentHash)
}

pub(super) fn content(row: &Row<'_>) -> rusqlite::Result<Option<Content>> {
    let (key, format): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
    let (perceptual, mean): (Vec<u8>, Vec<u8>) = (row.get(4)?, row.get(7)?);
    let taken: Option<String> = row.get(9)?;
    let (latitude, longitude): (Option<f64>, Option<f64>) = (row.get(11)?, row.get(12)?);
    let (width, height, orientation): (u32, u32, u32) = (row.get(2)?, row.get(3)?, row.get(8)?);
    let (contrast, texture) = (row.get(5)?, row.get(6)?);
    let camera = row.get(10)?;
    let read = move || {
        let taken_at = match taken {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some(Content {
            hash: hash(&key)?,
            format: Format::from_name(&format)?,
            width,
            height,
            metadata: Metadata {
                taken_at,
                orientation: Orientation::from_exif(orientation),
                camera,
                gps: latitude
                    .zip(longitude)
                    .map(|(latitude, longitude)| GpsPosition {
                        latitude,
                        longitude,
                    }),
            },
            fingerprint: Fingerprint {
                hash: perceptual_hash(&perceptual)?,
                contrast,
                texture,
                mean_rgb: mean.try_into().ok()?,
            },
        })
    };
    Ok(read())
}

/// The first half of a hash: enough to name a content among those of a cache, and verdicts are
/// many.
pub(super) fn half(hash: &ContentHash) -> &[u8] {
    &hash.0[..16]
}

pub(super) fn perceptual_bytes(hash: PerceptualHash) -> Vec<u8> {
    hash.0.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn perceptual_hash(bytes: &[u8]) -> Option<PerceptualHash> {
    let (words, []) = bytes.as_chunks::<8>() else {
        return None;
    };
    Some(PerceptualHash(
        words
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .collect::<Vec<_>>()
            .try_into()
            .ok()?,
    ))
}

pub(super) fn vector_bytes(vector: &[f16]) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|component| component.to_le_bytes())
        .collect()
}

/// `None` for a vector of no direction: it did not come from a model.
pub(super) fn vector(bytes: &[u8]) -> Option<Vec<f16>> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let vector: Vec<f16> = pairs.iter().map(|pair| f16::from_le_bytes(*pair)).collect();
    let length: f32 = vector.iter().map(|x| x.to_f32() * x.to_f32()).sum();
    (length > 0.9 && length < 1.1).then_some(vector)
}
