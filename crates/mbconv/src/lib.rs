//! Runs EfficientNet-Lite and MobileNetV2-like networks from ONNX files, and nothing else.
#![deny(missing_docs)]

mod aligned;
mod block;
mod error;
mod instructions;
mod kernels;
mod network;
mod onnx;
mod packed;
mod pass;
mod pictures;
mod recognise;
mod runner;
mod simd;

pub use error::Error;
pub use instructions::InstructionSet;
pub use network::Network;
pub use packed::Packed;
pub use pictures::Normalisation;
pub use runner::Runner;

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
