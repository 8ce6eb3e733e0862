//! The tiers of evidence, from equal bytes down to a likeness.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands behind the claim that two photos belong together, strongest first.
///
/// The order is the order of strength: `IdenticalFile < Similar`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

    /// The tier in words for a person, in lower case: `same shot`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::IdenticalFile => "identical file",
            Self::IdenticalPixels => "identical pixels",
            Self::SameShot => "same shot",
            Self::Burst => "burst",
            Self::Similar => "similar",
        }
    }

    /// The tier of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.name() == name)
    }

    /// Whether two photos with this evidence are copies of one exposure, and so share a shot.
    #[must_use]
    pub fn is_one_shot(self) -> bool {
        self <= Self::SameShot
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_read_back_from_their_names_and_are_ordered_by_strength() {
        for tier in Evidence::ALL {
            assert_eq!(Evidence::from_name(tier.name()), Some(tier));
            let json = serde_json::to_string(&tier).unwrap();
            assert_eq!(json, format!("\"{}\"", tier.name()));
        }
        assert!(Evidence::ALL.is_sorted());
        assert_eq!(Evidence::from_name("identical"), None);
    }
}
