//! Decodes `JPEG` files at 1/8, 1/4, 3/8 or 1/2 of their size, for thumbnails, hashes and models.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(
    clippy::inline_always,
    reason = "the loops over blocks keep the bits in registers only if all that reads them is inlined"
)]

mod baseline;
mod bits;
mod colour;
mod decoder;
mod error;
mod frame;
mod huffman;
mod markers;
mod options;
mod picture;
mod progressive;
mod quantisation;
mod scan;
mod transform;
mod upsample;

pub use decoder::Decoder;
pub use error::Error;
pub use frame::Header;
pub use options::{Limits, Options, Scale, Scans};
pub use picture::{Luma, Picture};
