//! Photos to vectors: model records, preprocessing, and the engines that run a model.
//!
//! An engine is anything that implements [`Embedder`]; one embedder belongs to one thread. A
//! vector is worth comparing only with vectors of the same [`ModelKey`]. Engines take the
//! picture after resizing and cropping as 8-bit RGB ([`ModelInput`]): that is what every
//! engine and payload can be made from, and rounding there is part of the models'
//! preprocessing.

pub mod bundled;
pub mod catalog;
mod describe;
pub mod download;
pub mod embedded;
mod engine;
mod hash;
pub mod inspect;
mod inspect_config;
mod link;
mod model;
pub mod onnxruntime;
mod pool;
pub mod preprocess;
pub mod remote;
mod retry_after;
pub mod store;

pub use engine::{EngineChoice, EngineRequest, Opened, Provider, open, open_with};
pub use link::Link;
pub use model::{
    Calibration, Filter, Framing, InputLayout, ModelKey, ModelRecord, Precision, Preprocessing,
};

use std::time::Duration;

/// One picture as a model sees it: square, 8-bit RGB, row by row, before normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInput {
    /// Width and height in pixels.
    pub side: u32,
    /// `side * side * 3` bytes.
    pub rgb: Vec<u8>,
}

impl AsRef<[u8]> for ModelInput {
    fn as_ref(&self) -> &[u8] {
        &self.rgb
    }
}

impl ModelInput {
    /// A picture that is not one colour, to try a model with.
    #[must_use]
    pub fn ramp(side: u32) -> Self {
        let rgb = (0..side * side * 3).map(|index| index.to_le_bytes()[1]);
        Self {
            side,
            rgb: rgb.collect(),
        }
    }
}

/// A picture's vector, of Euclidean length 1, in numbers that survive the cache.
///
/// The components are rounded to half precision at birth, so that a vector that was just
/// computed and one that was read back from the cache give the same bits in the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<half::f16>);

impl Embedding {
    /// Normalises a model's raw output to length 1.
    ///
    /// # Errors
    /// [`EmbedError::BadOutput`] if a component is not finite or all are zero.
    pub fn from_raw(raw: &[f32]) -> Result<Self, EmbedError> {
        let norm = raw
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
            .sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            return Err(EmbedError::BadOutput(format!(
                "a vector of length {norm}, which has no direction"
            )));
        }
        // f64 to f16 through f32 would round twice.
        Ok(Self(
            raw.iter()
                .map(|&x| half::f16::from_f64(f64::from(x) / norm))
                .collect(),
        ))
    }

    /// From components that were [`Embedding::components`] before.
    #[must_use]
    pub fn from_components(components: Vec<half::f16>) -> Self {
        Self(components)
    }

    /// The cosine of the angle between two vectors, -1 to 1; of the components that both have.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        let products = self.0.iter().zip(&other.0);
        products.map(|(a, b)| a.to_f32() * b.to_f32()).sum()
    }

    /// The components, as many as the model's dimension.
    #[must_use]
    pub fn components(&self) -> &[half::f16] {
        &self.0
    }
}

/// Which engine runs a model, with what, as the report names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// `embedded`, `onnxruntime`, ...
    pub name: String,
    /// The library and its version: `mbconv 0.1.0 AVX2`, `rten 0.27`, `ONNX Runtime 1.24.1`.
    pub runtime: String,
    /// The execution provider that really runs: `cpu`, `cuda`, ...
    pub provider: String,
}

/// Computes the vectors of pictures. One embedder has one owner thread, hence `&mut self`.
///
/// A vector must not depend on the other pictures of its batch, to the last bit: reports are
/// compared byte by byte between runs with other thread counts.
pub trait Embedder: Send {
    /// What runs here.
    fn engine(&self) -> &EngineInfo;

    /// How many pictures at once suit this engine, at least 1.
    fn batch_size(&self) -> usize;

    /// The vectors of `batch`, in its order.
    ///
    /// # Errors
    /// [`EmbedError`] if the engine fails or answers with something that is no vector; then
    /// no vector of the batch is known.
    fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError>;

    /// The vectors of `batch`, in its order; if the model gives no vector for one of the
    /// pictures, that one alone is left without.
    ///
    /// # Errors
    /// [`EmbedError`] if the engine fails; then no vector of the batch is known.
    fn embed_each(
        &mut self,
        batch: &[ModelInput],
    ) -> Result<Vec<Result<Embedding, EmbedError>>, EmbedError> {
        match self.embed(batch) {
            Ok(vectors) => Ok(vectors.into_iter().map(Ok).collect()),
            Err(error @ EmbedError::BadOutput(_)) if batch.len() == 1 => Ok(vec![Err(error)]),
            Err(EmbedError::BadOutput(_)) => (batch.chunks(1))
                .map(|picture| self.embed_each(picture))
                .try_fold(Vec::new(), |mut all, answer| {
                    all.append(&mut answer?);
                    Ok(all)
                }),
            Err(error) => Err(error),
        }
    }

    /// Waits until a batch would be begun at once, so that whoever has to wait holds no pictures
    /// meanwhile. Returns at once where there is nothing to wait for, also if the engine is to
    /// stop or has failed.
    fn wait_for_turn(&mut self) {}

    /// CPU time that `embed` has used so far, in all its threads; `None` where it cannot be
    /// told (a GPU, another machine).
    fn cpu_time(&self) -> Option<Duration> {
        None
    }
}

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The model file cannot be read or is not what its record says.
    #[error("cannot use the model: {reason}: {path}")]
    Model {
        /// What is wrong and what to do.
        reason: String,
        /// The model's file.
        path: String,
    },
    /// The engine or its library is not there, or refused to start.
    #[error("cannot start {engine}: {reason}")]
    Engine {
        /// The engine's name.
        engine: String,
        /// What is missing and what to install.
        reason: String,
    },
    /// The engine failed while running.
    #[error("{engine} failed on a batch: {reason}")]
    Run {
        /// The engine's name.
        engine: String,
        /// The library's own words.
        reason: String,
    },
    /// A picture cannot be brought to the model's input, or the model's preprocessing makes
    /// no sense.
    #[error("cannot prepare a picture for the model: {0}")]
    Preprocessing(String),
    /// A model's file could not be fetched.
    #[error("cannot download: {reason}: {url}")]
    Download {
        /// What is wrong and what to do.
        reason: String,
        /// The address.
        url: String,
    },
    /// No server computes any more, and nothing else may.
    #[error(
        "there is no server to go on with, and what was finished is kept for the next scan: {0}"
    )]
    Remote(String),
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The engine answered with something that is no vector of the model.
    #[error("the model gave {0}")]
    BadOutput(String),
}
