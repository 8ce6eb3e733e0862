//! What a view may ask for. Views push these; `App` carries them out after drawing.

use std::path::PathBuf;

use super::benchmark::BenchmarkCommand;
use super::compare::CompareCommand;
use super::removal::RemovalCommand;
use super::review::{Filter, Order};
use super::rule_dialog::RuleDialog;
use super::settings::SettingsCommand;
use super::state::View;
use crate::photo::{ContentHash, PhotoId};

/// One wish.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Show another view.
    Show(View),
    /// Close the banner of this number.
    CloseBanner(usize),
    /// Show or hide the keys.
    ToggleCheatSheet,
    /// Open the system's file manager where this lies.
    ShowInFolder(PathBuf),
    /// In the comparison.
    Compare(CompareCommand),
    /// In the settings.
    Settings(SettingsCommand),
    /// Load the small picture of a content.
    LoadThumbnail(ContentHash),
    /// In the library.
    Library(LibraryCommand),
    /// In the review.
    Review(ReviewCommand),
    /// Around removals.
    Removal(RemovalCommand),
    /// Around the benchmark.
    Benchmark(BenchmarkCommand),
}

/// What is done in the library.
#[derive(Clone, Debug)]
pub(crate) enum LibraryCommand {
    /// Ask for folders in a dialog of the system.
    ChooseFolders,
    /// Add these.
    Add(Vec<PathBuf>),
    /// Forget a folder; nothing on the disk changes.
    Forget(PathBuf),
    /// Change how a folder is treated.
    Set(PathBuf, FolderChange),
    /// Look for duplicates in the included folders.
    StartScan,
    /// Stop looking; what was finished is kept.
    StopScan,
    /// Let the scan rest, or go on.
    PauseScan(bool),
}

/// How a folder of the library is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderChange {
    /// Whether it is scanned.
    Included(bool),
    /// Whether nothing is ever removed from it.
    Protected(bool),
    /// Whether photos in it are kept rather than others.
    Preferred(bool),
}

/// What is done in the review.
#[derive(Clone, Debug)]
pub(crate) enum ReviewCommand {
    /// Go to a place of the list.
    GoTo(usize),
    /// Go some groups on.
    StepGroup(isize),
    /// Go to a member of the group.
    GoToMember(usize),
    /// Go some photos on.
    StepPhoto(isize),
    /// Go to the next group that was not decided.
    NextUndecided,
    /// Mark or unmark a photo.
    Toggle(PhotoId),
    /// Keep this photo of its group and no other.
    KeepOnly(PhotoId),
    /// The marks of the group are right; go on.
    Accept,
    /// The current group, or only the current photo in it, has no duplicates.
    NotDuplicates {
        /// Only the photo.
        only_this: bool,
    },
    /// Take back the last step.
    Undo,
    /// Make it again.
    Redo,
    /// Narrow the list.
    SetFilter(Filter),
    /// Order the list.
    SetOrder(Order),
    /// Cut the groups anew.
    Cut(f32),
    /// Open the dialog for marking by a rule, change what is chosen in it, or close it.
    Rules(Option<Box<RuleDialog>>),
    /// Carry out what the dialog shows.
    ApplyRule,
    /// Put the cursor into the search field.
    Find,
}

impl From<LibraryCommand> for Command {
    fn from(command: LibraryCommand) -> Self {
        Self::Library(command)
    }
}

impl From<ReviewCommand> for Command {
    fn from(command: ReviewCommand) -> Self {
        Self::Review(command)
    }
}
