//! What is sent over HTTP: bytes that lie in memory, or a tensor that becomes bytes as it is sent,
//! so that it never lies in memory as a whole.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use super::payload::Encoder;
use crate::embed::ModelInput;

/// The body of a request.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    /// What is sent first.
    head: &'a [u8],
    /// What is sent after it.
    tensor: Option<(&'a Encoder, &'a [ModelInput])>,
    length: usize,
    sent: usize,
    /// What it took to make bytes of the tensor so far.
    pub(super) encode: Duration,
}

impl<'a> Upload<'a> {
    /// Bytes.
    pub(super) fn bytes(bytes: &'a [u8]) -> Self {
        Self {
            head: bytes,
            tensor: None,
            length: bytes.len(),
            sent: 0,
            encode: Duration::ZERO,
        }
    }

    /// Bytes, then the tensor of the batch for which the encoder is ready.
    pub(super) fn tensor(head: &'a [u8], encoder: &'a Encoder, batch: &'a [ModelInput]) -> Self {
        Self {
            tensor: Some((encoder, batch)),
            length: head.len() + encoder.tensor_bytes(batch.len()),
            ..Self::bytes(head)
        }
    }

    /// All of its bytes.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

impl Read for Upload<'_> {
    /// Fills the buffer as far as there is something: each return becomes a write to the network.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut head = self.head.get(self.sent..).unwrap_or_default();
        let from_head = head.read(out)?;
        self.sent += from_head;
        let Some((encoder, batch)) = self.tensor else {
            return Ok(from_head);
        };
        let out = out.get_mut(from_head..).unwrap_or_default();
        let begun = Instant::now();
        let from_tensor = encoder.fill(batch, self.sent - self.head.len(), out);
        self.encode += begun.elapsed();
        self.sent += from_tensor;
        Ok(from_head + from_tensor)
    }
}
