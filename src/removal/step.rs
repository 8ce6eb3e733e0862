//! One step of a plan: a photo that goes, what goes with it, what stands for it, and the reasons
//! for which there may be none.
//!
//! The rule: a [`Step`] has at least one keeper, and each of its originals has a twin; only
//! [`Plan::build`](super::Plan::build) makes one.

use std::path::{Path, PathBuf};

use super::rescue::RescuePlan;
use super::survey::Located;
use crate::matching::Evidence;
use crate::photo::{ContentHash, FileStamp};
use crate::scan::bundle::CompanionKind;

/// Why a marked photo is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is gone.
    #[error("it is not there any more")]
    Missing,
    /// A link, a folder or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// It cannot be looked at.
    #[error("it cannot be looked at: {0}")]
    Unreadable(String),
    /// What belongs to it is unknown.
    #[error("its folder cannot be listed, so what belongs to it is unknown")]
    FolderUnreadable,
    /// Its name is no text, and the journal of this system keeps text.
    #[error("its name is not valid Unicode, and could not be restored")]
    Name,
    /// Its length is another.
    #[error("it has changed since it was scanned")]
    Changed,
    /// It lies in a protected folder.
    #[error("it lies in a protected folder")]
    Protected,
    /// Nothing that could stand for it is there.
    #[error("no photo that stands for it is there")]
    NoKeeper,
    /// What could stand for it is the file itself.
    #[error("its keeper is the same file under another name; removing one frees nothing")]
    SameFile,
    /// What could stand for it is to be removed itself.
    #[error("its keeper is marked for removal as well")]
    KeeperMarked,
    /// The evidence is weaker than what is asked for.
    #[error("it is a copy by {0} only")]
    WeakEvidence(Evidence),
    /// A RAW file or a video goes with it, of which the keeper has none.
    #[error("a {} belongs to it of which the keeper has no copy: {}", .0.words(), .1.display())]
    NoTwin(CompanionKind, PathBuf),
    /// What belongs to it is protected.
    #[error("what belongs to it lies in a protected folder: {}", .0.display())]
    CompanionProtected(PathBuf),
    /// It belongs to another photo of the plan, with which it goes or stays.
    #[error("it, or what belongs to it, goes with another photo already")]
    Shared,
    /// It and its keeper lie on different file systems.
    #[error("it lies on another file system than its keeper, and cannot be linked to it")]
    OtherFileSystem,
    /// Its file system has no reflinks.
    #[error("its file system has no reflinks; hard links or the trash are there for it")]
    NoReflinks,
}

/// A file of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    pub(super) path: PathBuf,
    pub(super) stamp: FileStamp,
    /// What the bytes must be; none where they need not be known (sidecars).
    pub(super) content: Option<ContentHash>,
    /// For a companion what it is.
    pub(super) kind: Option<CompanionKind>,
    /// The file of equal bytes that stands for this companion.
    pub(super) twin: Option<Located>,
    /// Whether it is known to be unchanged since its bytes were read.
    pub(super) is_as_scanned: bool,
}

impl PlannedFile {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.stamp.size
    }

    /// What it is to its photo; none for the photo itself.
    #[must_use]
    pub fn kind(&self) -> Option<CompanionKind> {
        self.kind
    }
}

/// What stands for a removed photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    pub(super) path: PathBuf,
    pub(super) stamp: FileStamp,
    pub(super) content: ContentHash,
    pub(super) evidence: Evidence,
    pub(super) is_protected: bool,
}

impl Keeper {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// By what evidence the removed photo is its copy.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }
}

/// A photo that goes, with what belongs to it; all of it or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub(super) photo: PlannedFile,
    pub(super) companions: Vec<PlannedFile>,
    pub(super) keeper: Keeper,
    pub(super) further_keepers: Vec<Keeper>,
    /// What only the photo knows, if that was looked for.
    pub(super) rescue: Option<RescuePlan>,
}

impl Step {
    /// The photo.
    #[must_use]
    pub fn photo(&self) -> &PlannedFile {
        &self.photo
    }

    /// What goes with it.
    #[must_use]
    pub fn companions(&self) -> &[PlannedFile] {
        &self.companions
    }

    /// What stands for it.
    #[must_use]
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// What stands for it, in each of the groups that it is in.
    pub fn keepers(&self) -> impl Iterator<Item = &Keeper> {
        std::iter::once(&self.keeper).chain(&self.further_keepers)
    }

    /// What only the photo knows and its keeper does not; none before it was looked for, too.
    #[must_use]
    pub fn rescue(&self) -> Option<&RescuePlan> {
        self.rescue.as_ref()
    }

    /// The photo and what goes with it.
    pub fn files(&self) -> impl Iterator<Item = &PlannedFile> {
        std::iter::once(&self.photo).chain(&self.companions)
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files().map(PlannedFile::bytes).sum()
    }
}
