//! What can be done with the files of a plan, and which file systems can do it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::execute::has_reflinks;
use super::survey::Surveyed;

/// What is done with the files of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// To the trash of the system, of the same file system.
    Trash,
    /// Below this folder, with the whole path kept.
    MoveTo(PathBuf),
    /// The photo's name becomes another name of its keeper; identical files only.
    HardLink,
    /// The photo becomes a file that shares the bytes of its keeper until one of them changes;
    /// identical files only, on the file systems that were found to have reflinks.
    Reflink(Reflinks),
    /// Gone for good; cannot be undone.
    Delete,
}

/// The file systems that have reflinks; none before they were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reflinks(pub(super) BTreeSet<u64>);

impl Reflinks {
    /// Asks the file system of each marked photo, by making a file of a moment beside it.
    #[must_use]
    pub fn of(surveyed: &[Surveyed]) -> Self {
        let mut answers: BTreeMap<u64, bool> = BTreeMap::new();
        for file in surveyed.iter().filter_map(|found| found.file.as_ref().ok()) {
            let folder = file.path.parent().unwrap_or(Path::new("."));
            let ask = || !file.is_protected && has_reflinks(folder);
            let answer = answers.entry(file.stamp.device).or_default();
            *answer = *answer || ask();
        }
        let has = answers.into_iter().filter(|&(_, has)| has);
        Self(has.map(|(device, _)| device).collect())
    }

    /// Whether the file system of this device has them.
    pub(super) fn has(&self, device: u64) -> bool {
        self.0.contains(&device)
    }
}

impl Action {
    /// Whether names go; else they stay and lead to the keeper's bytes.
    #[must_use]
    pub fn takes_photos_away(&self) -> bool {
        matches!(self, Self::Trash | Self::MoveTo(_) | Self::Delete)
    }

    /// The name in the journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::MoveTo(_) => "move",
            Self::HardLink => "hard-link",
            Self::Reflink(_) => "reflink",
            Self::Delete => "delete",
        }
    }
}
