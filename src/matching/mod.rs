//! Vectors and fingerprints to groups: embeddings propose, fingerprints and pixels decide.
//!
//! Everything here works on positions in the caller's lists and gives the same answer
//! whatever the order of threads. No I/O: what needs full pixels is handed decoded pictures.
//!
//! The way through the room: edges (close vectors) and near hashes make candidate pairs,
//! [`verify`](verify::verify) turns each into a [`Verdict`], [`group`] builds shots and
//! groups from the verdicts, with [`keep`] deciding which photo of a shot is the best.

mod apart;
mod evidence;
pub mod group;
pub mod keep;
pub mod neighbours;
pub mod pixels;
mod stars;
pub mod verify;

pub use evidence::Evidence;
pub use group::{
    Analysed, Findings, Group, GroupSettings, Member, MemberVerdict, Part, Shot, Shots,
};
pub use keep::{KeepRule, KeepSettings};
pub use verify::{Numbers, Verdict, VerifySettings};

use std::collections::HashMap;
use std::sync::Arc;

use crate::photo::{Content, Photo};

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

/// The contents behind a list of photos, each once: what vectors, edges and verdicts are
/// about, so that equal files are embedded and compared only once.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    /// Each content once, in the order of its first photo.
    pub contents: Vec<Arc<Content>>,
    /// For each photo the position of its content in `contents`.
    pub of_photo: Vec<u32>,
}

impl Distinct {
    /// Collapses photos of equal content hash.
    #[must_use]
    pub fn of(photos: &[Photo]) -> Self {
        let mut contents: Vec<Arc<Content>> = Vec::new();
        let mut positions = HashMap::new();
        let of_photo = photos
            .iter()
            .map(|photo| {
                *positions.entry(photo.content.hash).or_insert_with(|| {
                    contents.push(Arc::clone(&photo.content));
                    index_u32(contents.len() - 1)
                })
            })
            .collect();
        Self { contents, of_photo }
    }
}

/// Why there are no groups.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// The cancel flag was set.
    #[error("cancelled")]
    Cancelled,
    /// An edge or a verdict names a content that is not there: the lists belong to different
    /// analyses.
    #[error("edge or verdict about content {position}, but there are only {contents} contents")]
    UnknownContent {
        /// The position it names.
        position: u32,
        /// The length of the list.
        contents: usize,
    },
}

/// An index into one of the room's lists, which are limited to `u32::MAX` entries by
/// [`PhotoId`](crate::photo::PhotoId).
fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
