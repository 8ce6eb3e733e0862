//! Vectors and fingerprints to groups: embeddings propose, fingerprints and pixels decide.
//!
//! Everything here works on positions in the caller's lists and gives the same answer
//! whatever the order of threads. No I/O but where `verify` is handed a way to decode.

use std::fmt;

/// A photo's cosine similarity to another, -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Cosine(pub f32);

/// Two contents (positions in the list of distinct contents, `a < b`) whose vectors are
/// close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The lower position.
    pub a: u32,
    /// The higher position.
    pub b: u32,
    /// How close.
    pub cosine: Cosine,
}

/// What stands behind the claim that two photos belong together, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Equal bytes.
    IdenticalFile,
    /// Equal decoded pixels after orientation.
    IdenticalPixels,
    /// One exposure, changed.
    SameShot,
    /// Another exposure of the same moment.
    Burst,
    /// The same scene or subject.
    Similar,
}

impl Evidence {
    /// All five, strongest first.
    pub const ALL: [Self; 5] = [
        Self::IdenticalFile,
        Self::IdenticalPixels,
        Self::SameShot,
        Self::Burst,
        Self::Similar,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdenticalFile => "identical-file",
            Self::IdenticalPixels => "identical-pixels",
            Self::SameShot => "same-shot",
            Self::Burst => "burst",
            Self::Similar => "similar",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
