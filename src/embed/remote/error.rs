//! Why a request brought no vectors, and whether it is worth another try.

use std::time::Duration;

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What can be done about it.
    pub kind: CallErrorKind,
    /// What happened, with the server's own words where it said any; never a secret.
    pub message: String,
}

/// What a failed request means for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// No connection, or it broke before an answer: a request of this kind changes nothing on
    /// the server, so it may be sent again.
    Unreachable,
    /// The server asks for patience (429, 502, 503, 504, `UNAVAILABLE`, `RESOURCE_EXHAUSTED`
    /// that is not about size), for this long if it says so.
    Busy(Option<Duration>),
    /// No answer in time.
    TimedOut,
    /// The batch or its message is too large: halves may go through.
    TooLarge,
    /// The model failed on the batch (500, `INTERNAL`): one picture may have poisoned the others,
    /// so halves may go through.
    Failed,
    /// The answer is no answer: wrong count, wrong dimension, not finite, all equal, not JSON.
    BadAnswer,
    /// The server does not take this client: token, certificate, TLS.
    Denied,
    /// The request can never succeed: unknown model, wrong input.
    Refused,
}

impl CallError {
    /// An error of this kind.
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
