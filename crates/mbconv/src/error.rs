//! What can go wrong.

use std::fmt;

/// Why there is no network or no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no ONNX file, or a damaged one.
    Damaged {
        /// What does not fit together.
        reason: &'static str,
    },
    /// A picture or the output of a run has not the length that the network needs.
    Length {
        /// `picture` or `output`.
        what: &'static str,
        /// How many numbers there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// The processor cannot do what was asked for.
    Unavailable {
        /// The instruction set.
        instructions: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { reason } => write!(f, "no ONNX file, or a damaged one: {reason}"),
            Self::Length {
                what,
                found,
                expected,
            } => write!(f, "the {what} has {found} numbers, expected {expected}"),
            Self::Unavailable { instructions } => {
                write!(f, "this processor has no {instructions}")
            }
        }
    }
}

impl std::error::Error for Error {}

pub(crate) fn damaged(reason: &'static str) -> Error {
    Error::Damaged { reason }
}
