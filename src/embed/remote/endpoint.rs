//! What was found out about a server: all that a connection needs to know.

use super::{Address, Payload, Protocol, Server};
use crate::embed::Preprocessing;

/// A server with the model on it, and how pictures are sent there.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// What the user said.
    pub server: Server,
    /// Where it was found: the user's address with what was left out of it.
    pub address: Address,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// What it calls itself: `triton 2.51.0`; empty if it does not tell.
    pub software: String,
    /// The model.
    pub model: ServedModel,
    /// How pictures are sent.
    pub payload: Payload,
    /// From photo to what is sent; mean and deviation are applied here where the payload is
    /// floating point, by the server where it is not.
    pub preprocessing: Preprocessing,
}

/// Pictures a request where neither the server nor the user says anything.
const USUAL_BATCH: usize = 16;
/// More bring nothing: requests are on their way side by side.
const LARGEST_BATCH: usize = 32;

impl Endpoint {
    /// Pictures a request, by what the user, the server and experience say; at least 1.
    #[must_use]
    pub fn usual_batch(&self) -> usize {
        if self.protocol == Protocol::Immich {
            return 1;
        }
        let model = &self.model;
        let limit = model.batch_limit.unwrap_or(usize::MAX).max(1);
        if let Some(chosen) = self.server.batch {
            return chosen.clamp(1, limit);
        }
        let preferred = model.preferred_batches.iter().copied();
        let best = preferred
            .filter(|&size| size <= limit.min(LARGEST_BATCH))
            .max();
        best.unwrap_or(USUAL_BATCH).clamp(1, limit)
    }
}

/// A model as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedModel {
    /// Its name there.
    pub name: String,
    /// Its version, if the server tells.
    pub version: Option<String>,
    /// The input tensor's name; empty where the protocol has none.
    pub input: String,
    /// The output tensor's name; empty where the protocol has none.
    pub output: String,
    /// What the input tensor is made of.
    pub element: Element,
    /// How the picture lies in it.
    pub layout: TensorLayout,
    /// Side of the picture in pixels, if the server tells.
    pub side: Option<u32>,
    /// Length of a vector, if the server tells before the first one.
    pub dimension: Option<usize>,
    /// The largest batch, if the server tells; at least 1.
    pub batch_limit: Option<usize>,
    /// Batch sizes that the server likes best, if it tells.
    pub preferred_batches: Vec<usize>,
}

/// The type of a tensor's elements, in the protocol's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `FP32`.
    F32,
    /// `FP16`.
    F16,
    /// `UINT8`.
    Uint8,
    /// `BYTES`: a JPEG file each.
    Bytes,
}

/// The order of a picture's dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorLayout {
    /// [batch, 3, height, width].
    Nchw,
    /// [batch, height, width, 3].
    Nhwc,
    /// [batch, 1], or whatever the protocol does with encoded files.
    Encoded,
}
