//! The models that can be had beside the bundled one: `models/catalog.toml`, in the program.

use serde::Deserialize;

use super::EmbedError;
use super::model::{Calibration, Precision, Preprocessing};

const TEXT: &str = include_str!("../../models/catalog.toml");

/// What a model's vectors are close for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MadeFor {
    /// Pictures that were made from one another.
    Copies,
    /// Pictures of the same things.
    Meaning,
}

/// One model of the catalogue.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name for commands; unique.
    pub name: String,
    /// One line for a list.
    pub title: String,
    /// What it is good for.
    pub made_for: MadeFor,
    /// Where the file lies, if it can be downloaded.
    pub url: Option<String>,
    /// Else how to make it.
    pub recipe: Option<String>,
    /// About how large the file is, in millions of bytes.
    pub megabytes: u32,
    /// Its exact length, where it is known.
    pub bytes: Option<u64>,
    /// Its SHA-256, where it is known.
    pub sha256: Option<String>,
    /// The weights' arithmetic.
    pub precision: Precision,
    /// The output that is meant, where the file has several.
    pub output: Option<String>,
    /// Length of a vector.
    pub dimension: usize,
    /// SPDX expression, or `research-only`.
    pub licence: String,
    /// From photo to input.
    pub preprocessing: Preprocessing,
    /// See `ModelRecord`.
    pub similarity_floor: f32,
    /// See `ModelRecord`.
    pub similarity_default: f32,
    /// Where the last two come from.
    pub calibration: Calibration,
}

impl Entry {
    /// Whether the weights may be used for research only; never a default.
    #[must_use]
    pub fn is_research_only(&self) -> bool {
        self.licence == "research-only"
    }
}

/// All models that are known.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// In the order of the file.
    #[serde(rename = "model")]
    pub models: Vec<Entry>,
}

impl Catalog {
    /// The catalogue in the program.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if it cannot be read, which a test rules out.
    pub fn load() -> Result<Self, EmbedError> {
        toml::from_str(TEXT).map_err(|error| EmbedError::Model {
            reason: format!("the catalogue is broken ({error})"),
            path: "models/catalog.toml".to_owned(),
        })
    }

    /// The model of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_had_and_makes_sense() {
        let catalog = Catalog::load().unwrap();
        let mut names: Vec<&str> = catalog
            .models
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        names.push(super::super::bundled::NAME);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for entry in &catalog.models {
            assert!(
                entry.url.is_some() != entry.recipe.is_some(),
                "{}",
                entry.name
            );
            assert!(
                entry.url.iter().all(|url| url.starts_with("https://")),
                "{}",
                entry.name
            );
            assert!(
                entry.sha256.iter().all(|sha256| sha256.len() == 64),
                "{}",
                entry.name
            );
            entry.preprocessing.check().unwrap();
            assert!(
                entry.similarity_floor < entry.similarity_default && entry.similarity_default < 1.0
            );
            assert!(!entry.licence.is_empty() && entry.dimension > 0);
        }
    }

    #[test]
    fn the_clip_entries_prepare_as_clip_does_and_research_only_is_marked() {
        let catalog = Catalog::load().unwrap();
        for name in ["clip-vit-b32", "clip-vit-b32-f16", "clip-vit-b32-int8"] {
            assert_eq!(
                catalog.find(name).unwrap().preprocessing,
                Preprocessing::clip()
            );
        }
        assert!(catalog.find("mobileclip-s0").unwrap().is_research_only());
    }
}
