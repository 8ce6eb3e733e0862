//! The dialog for marking many photos by a rule: what is chosen in it, and what it would do.

use super::review::{Review, Rule, Scope, Selection};
use crate::matching::Evidence;
use crate::photo::Format;

/// The kinds of rules, as the dialog lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum RuleKind {
    /// Every copy of identical files.
    #[default]
    IdenticalFiles,
    /// Every copy of identical pixels, too.
    IdenticalPixels,
    /// Every copy of the same shot, too.
    SameShot,
    /// All but the oldest.
    Oldest,
    /// All but the newest.
    Newest,
    /// All but the largest file.
    Largest,
    /// All but the smallest file.
    Smallest,
    /// All but the one of most pixels.
    HighestResolution,
    /// All that lies elsewhere than in the library's first folders.
    Folders,
    /// All of other formats.
    Format,
    /// All of a name.
    Name,
}

impl RuleKind {
    /// All, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::IdenticalFiles,
        Self::IdenticalPixels,
        Self::SameShot,
        Self::Oldest,
        Self::Newest,
        Self::Largest,
        Self::Smallest,
        Self::HighestResolution,
        Self::Folders,
        Self::Format,
        Self::Name,
    ];

    /// As the dialog names it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::IdenticalFiles => "Mark copies of identical files",
            Self::IdenticalPixels => "Mark copies of identical files and pixels",
            Self::SameShot => "Mark all copies of a shot",
            Self::Oldest => "Keep the oldest",
            Self::Newest => "Keep the newest",
            Self::Largest => "Keep the largest file",
            Self::Smallest => "Keep the smallest file",
            Self::HighestResolution => "Keep the most pixels",
            Self::Folders => "Keep by the order of folders",
            Self::Format => "Keep one format",
            Self::Name => "Mark by name",
        }
    }

    /// What it does, in a sentence.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Self::IdenticalFiles => "Marks what is equal to its keeper byte by byte.",
            Self::IdenticalPixels => {
                "Marks what is equal to its keeper byte by byte or pixel by pixel."
            }
            Self::SameShot => {
                "Marks everything but the keeper of a shot, also what is better in some respect."
            }
            Self::Oldest | Self::Newest => {
                "By capture time; where there is none, by the time of the file."
            }
            Self::Largest | Self::Smallest => "By the size of the file.",
            Self::HighestResolution => "By width and height.",
            Self::Folders => {
                "What lies in the first folder of the library stays, else in the second, and so on."
            }
            Self::Format => "What has this format stays, where there is one.",
            Self::Name => "Marks what has these letters in its name, such as “copy” or “WA”.",
        }
    }
}

/// What is chosen, and what it would do.
#[derive(Clone, Debug)]
pub(crate) struct RuleDialog {
    /// The kind of rule.
    pub(crate) kind: RuleKind,
    /// Among what one photo stays.
    pub(crate) scope: Scope,
    /// For [`RuleKind::Format`].
    pub(crate) format: Format,
    /// For [`RuleKind::Name`].
    pub(crate) name: String,
    /// What it would do.
    pub(crate) selection: Selection,
}

impl RuleDialog {
    /// The dialog as it opens.
    pub(crate) fn new() -> Self {
        Self {
            kind: RuleKind::default(),
            scope: Scope::default(),
            format: Format::Jpeg,
            name: String::new(),
            selection: Selection::default(),
        }
    }

    /// The rule that is chosen.
    fn rule(&self, folders: &[std::path::PathBuf]) -> Rule {
        match self.kind {
            RuleKind::IdenticalFiles => Rule::Copies(Evidence::IdenticalFile),
            RuleKind::IdenticalPixels => Rule::Copies(Evidence::IdenticalPixels),
            RuleKind::SameShot => Rule::Copies(Evidence::SameShot),
            RuleKind::Oldest => Rule::KeepOldest,
            RuleKind::Newest => Rule::KeepNewest,
            RuleKind::Largest => Rule::KeepLargest,
            RuleKind::Smallest => Rule::KeepSmallest,
            RuleKind::HighestResolution => Rule::KeepHighestResolution,
            RuleKind::Folders => Rule::KeepFromFolders(folders.to_vec()),
            RuleKind::Format => Rule::KeepFormat(self.format),
            RuleKind::Name => Rule::MarkNamed(self.name.clone()),
        }
    }

    /// Works out anew what it would do.
    pub(crate) fn look(&mut self, review: &Review, folders: &[std::path::PathBuf]) {
        self.selection = review.select(&self.rule(folders), self.scope);
    }

    /// Whether two dialogs ask for the same.
    pub(crate) fn asks_like(&self, other: &Self) -> bool {
        (self.kind, self.scope, self.format) == (other.kind, other.scope, other.format)
            && self.name == other.name
    }
}
