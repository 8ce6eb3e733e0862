//! One open line to a server, whatever it speaks.

use std::time::Duration;

use super::{CallError, Credentials, Endpoint};
use crate::embed::{Embedding, ModelInput};

/// One line to one endpoint, for one thread; kept open between requests.
#[derive(Debug)]
pub struct Connection {
    endpoint: Endpoint,
}

/// What a request brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// A vector for each picture, in their order.
    pub vectors: Vec<Embedding>,
    /// Where the time went.
    pub timing: Timing,
    /// Bytes of the request's body.
    pub sent_bytes: u64,
    /// Bytes of the answer's body.
    pub received_bytes: u64,
}

/// Where the time of a request went, as this side sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From pixels to the request's body.
    pub encode: Duration,
    /// From the first byte sent to the first byte of the answer.
    pub wait: Duration,
    /// From there to the vectors.
    pub receive: Duration,
}

impl Connection {
    /// A line that is opened with the first request.
    ///
    /// # Errors
    /// [`CallError`] if the certificates or the address cannot be used.
    pub fn new(endpoint: &Endpoint, _credentials: Option<&Credentials>) -> Result<Self, CallError> {
        Ok(Self {
            endpoint: endpoint.clone(),
        })
    }

    /// The vectors of `batch`, in its order.
    ///
    /// # Errors
    /// [`CallError`]; then none of the vectors is known.
    pub fn embed(&mut self, batch: &[ModelInput], deadline: Duration) -> Result<Answer, CallError> {
        let _unused = (&self.endpoint, batch, deadline);
        Err(CallError::new(
            super::CallErrorKind::Refused,
            "no protocol is built yet",
        ))
    }
}
