//! What can be chosen by name that is no concern of any other room.

use serde::{Deserialize, Serialize};

/// Which colours the window has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// Light or dark as the system has it.
    #[default]
    System,
    /// Dark text on light grounds.
    Light,
    /// Light text on dark grounds.
    Dark,
}

/// The window's language, as `system` or a tag of BCP 47.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// The system's, or English where the window does not speak it.
    #[default]
    #[serde(rename = "system")]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// What the window speaks under this choice, in that language.
    #[must_use]
    pub fn spoken(self) -> &'static str {
        match self {
            Self::System | Self::English => "English",
        }
    }
}

/// What the window proposes to do with photos that are marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalChoice {
    /// Move them to the system's trash.
    #[default]
    Trash,
    /// Move them below a folder.
    Folder,
    /// Make identical files other names of their keepers.
    HardLink,
}
