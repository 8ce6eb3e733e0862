//! From a model's file to its record: what the file says of itself, what the configuration beside
//! it says, what the catalogue says, and what has to be assumed, with a note for each assumption.
//!
//! The catalogue goes before the configuration: its entries were tried.

use std::path::Path;

use super::catalog::Entry;
use super::inspect::{Inspected, inspect};
use super::model::{Calibration, InputLayout, ModelRecord, Preprocessing};
use super::{EmbedError, embedded, hash, inspect_config};

/// A model that was described, and perhaps installed.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// Its record.
    pub record: ModelRecord,
    /// What had to be assumed, for the user.
    pub notes: Vec<String>,
}

/// Everything that is known of a model's `file`: from itself, its configuration, and what the
/// catalogue says of `name`.
///
/// # Errors
/// [`EmbedError::Model`] if it is no model for pictures, or nothing tells what must be known.
pub(super) fn describe(
    file: &Path,
    name: &str,
    entry: Option<&Entry>,
) -> Result<Added, EmbedError> {
    let inspected = inspect(file, entry.and_then(|entry| entry.output.as_deref()))?;
    let refuse = |reason: String| EmbedError::Model {
        reason,
        path: file.display().to_string(),
    };
    let mut notes = Vec::new();
    let beside = inspect_config::beside(file, inspected.size).map_err(refuse)?;
    let preprocessing = match (entry, beside, inspected.size) {
        (Some(entry), _, _) => entry.preprocessing.clone(),
        (None, Some(preprocessing), _) => preprocessing,
        (None, None, Some(size)) => {
            if inspected.layout == InputLayout::NchwF32 {
                notes.push("there is no preprocessor_config.json beside it: CLIP's mean and standard deviation are assumed".to_owned());
            }
            Preprocessing {
                resize_short: size,
                size,
                ..Preprocessing::clip()
            }
        }
        (None, None, None) => {
            return Err(refuse("its input's size is open, and there is no preprocessor_config.json beside it to tell it".to_owned()));
        }
    };
    preprocessing.check()?;
    if let Some(side) = inspected.size.filter(|&side| side != preprocessing.size) {
        return Err(refuse(format!(
            "it takes {side} pixels, expected {}",
            preprocessing.size
        )));
    }
    let sha256 = std::fs::File::open(file)
        .and_then(hash::sha256_of)
        .map_err(|error| refuse(error.to_string()))?;
    let Inspected {
        input,
        layout,
        one_at_a_time,
        output,
        dimension,
        precision,
        ..
    } = inspected;
    let Some(dimension) = dimension.or(entry.map(|entry| entry.dimension)) else {
        return Err(refuse(format!(
            "the file does not say how long the vectors of {output:?} are; export it with a fixed dimension"
        )));
    };
    if entry.is_none() {
        notes.push(
            "the similarity floor and default are those of CLIP models: check them on your photos"
                .to_owned(),
        );
    }
    let record = ModelRecord {
        name: name.to_owned(),
        file: Some(file.to_owned()),
        sha256,
        input,
        layout,
        output,
        dimension,
        precision,
        one_at_a_time,
        preprocessing,
        licence: entry.map_or_else(|| "unknown".to_owned(), |entry| entry.licence.clone()),
        similarity_floor: entry.map_or(ModelRecord::ASSUMED_FLOOR, |entry| entry.similarity_floor),
        similarity_default: entry.map_or(ModelRecord::ASSUMED_DEFAULT, |entry| {
            entry.similarity_default
        }),
        calibration: entry.map_or(Calibration::Estimated, |entry| entry.calibration),
    };
    if let Err(error) = embedded::prove(&record) {
        notes.push(format!("only ONNX Runtime may be able to run it ({error})"));
    }
    Ok(Added { record, notes })
}

/// A file's name as a model's: small letters, digits and dashes. Hubs name every file
/// `model.onnx`: then its folder's name.
pub(super) fn name_of(file: &Path) -> String {
    let plain = |text: Option<&std::ffi::OsStr>| -> String {
        let text = text
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_lowercase();
        let parts = text.split(|character: char| !character.is_ascii_alphanumeric());
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    };
    let stem = plain(file.file_stem());
    if ["model", "vision-model", "visual", ""].contains(&stem.as_str()) {
        let folders = file
            .ancestors()
            .skip(1)
            .map(|folder| plain(folder.file_name()));
        let mut telling = folders.filter(|name| !["", "onnx", "visual"].contains(&name.as_str()));
        return telling.next().unwrap_or_else(|| "model".to_owned());
    }
    stem
}
