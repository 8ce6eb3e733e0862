//! Why there is no picture.

use std::fmt;

/// Why a file gave no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The file may be good, but it uses what this decoder does not know: another decoder is to
    /// be asked. The text names the feature.
    Unsupported(&'static str),
    /// The picture is larger than the [`Limits`](crate::Limits) that were given. No memory was
    /// taken for it.
    Limit(&'static str),
    /// The data contradicts the standard or itself. A more forgiving decoder may still show a
    /// part of the picture.
    Malformed(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(formatter, "not supported: {what}"),
            Self::Limit(what) => write!(formatter, "over the limit: {what}"),
            Self::Malformed(what) => write!(formatter, "malformed: {what}"),
        }
    }
}

impl std::error::Error for Error {}
