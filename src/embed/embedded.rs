//! Engine `embedded`: part of the program, on the processor, with nothing to install.
//!
//! It is two: mbconv, which runs networks like the bundled one several times as fast as anything
//! general can, and rten, which runs the others. Which of them it is follows from the model
//! alone. Their vectors agree to a cosine of 0.99999 (tests/parity.rs) and share a model key.

mod mbconv;
mod rten;

use super::model::ModelRecord;
use super::{EmbedError, Embedder, EngineInfo, ModelInput};

/// The engine's name in reports and settings.
pub const NAME: &str = "embedded";

/// Embedders that share one model, one a thread.
///
/// # Errors
/// [`EmbedError::Model`] if the model cannot be loaded or has not the record's input or
/// output.
pub fn open(record: &ModelRecord, threads: usize) -> Result<Vec<Box<dyn Embedder>>, EmbedError> {
    record.preprocessing.check()?;
    let bytes = record.read_file()?;
    let threads = threads.max(1);
    match mbconv::open(record, &bytes, threads) {
        Some(embedders) => Ok(embedders),
        None => rten::open(record, bytes, threads),
    }
}

/// As [`open`], but always with rten, which runs every model: to compare the two.
///
/// # Errors
/// As [`open`].
pub fn open_general(
    record: &ModelRecord,
    threads: usize,
) -> Result<Vec<Box<dyn Embedder>>, EmbedError> {
    record.preprocessing.check()?;
    rten::open(record, record.read_file()?, threads.max(1))
}

/// Loads a model and runs a picture, to learn whether this engine can.
///
/// # Errors
/// As [`open`] and [`Embedder::embed`].
pub(super) fn prove(record: &ModelRecord) -> Result<(), EmbedError> {
    let picture = ModelInput::ramp(record.preprocessing.size);
    for mut embedder in open(record, 1)? {
        embedder.embed(std::slice::from_ref(&picture))?;
    }
    Ok(())
}

/// What this engine's speed depends on beside the model and the threads.
#[must_use]
pub fn build() -> String {
    format!("{}, {}", mbconv::runtime(), rten::RUNTIME)
}

/// What the report says of this engine.
fn engine_info(runtime: String) -> EngineInfo {
    EngineInfo {
        name: NAME.to_owned(),
        runtime,
        provider: "cpu".to_owned(),
    }
}

fn failed(reason: impl Into<String>) -> EmbedError {
    EmbedError::Run {
        engine: NAME.to_owned(),
        reason: reason.into(),
    }
}
