//! Runs EfficientNet-Lite and MobileNetV2-like networks from ONNX files, and nothing else.
//!
//! [`Network::from_onnx`] reads a file and gives `None` for every other kind of network;
//! [`Network::pack`] lays its weights out for an [`InstructionSet`]; a [`Runner`] runs it in the
//! thread that calls it. A picture's numbers depend on that picture alone, to the last bit.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use mbconv::{InstructionSet, Network, Runner};
//!
//! let network = Network::from_onnx(&std::fs::read("efficientnet_lite0.onnx")?)?
//!     .ok_or("another kind of network")?;
//! let side = network.input_side();
//! let mut runner = Runner::new(Arc::new(network.pack(InstructionSet::best())?));
//! // Two pictures, [row][column][channel], normalised as the network wants it.
//! let pictures = vec![vec![0.0_f32; side * side * 3]; 2];
//! let mut vectors = vec![0.0; 2 * network.dimension()];
//! runner.run(&pictures, &mut vectors)?;
//! # Ok(())
//! # }
//! ```
//!
//! The way through the crate: `onnx` reads the file, `recognise` makes a `network` of it, `packed`
//! lays it out, `pass` takes a group of pictures through it, `block` by block, with the two
//! `kernels`, which are compiled once for each set of `simd` operations.
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
