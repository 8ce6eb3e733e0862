//! What a view may ask for. Views push these; `App` carries them out after drawing.

use std::path::PathBuf;

use super::settings::SettingsCommand;
use super::review::{Filter, Mark, Order, Rule, Scope};
use super::state::View;
use crate::photo::{ContentHash, PhotoId};

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Show another view.
    Show(View),
    /// Ask for folders in a dialog of the system.
    ChooseFolders,
    /// Add these to the library.
    AddFolders(Vec<PathBuf>),
    /// Forget a folder; nothing on the disk changes.
    ForgetFolder(PathBuf),
    /// Change how a folder is treated.
    SetFolder(PathBuf, FolderChange),
    /// Look for duplicates in the included folders.
    StartScan,
    /// Stop looking; what was finished is kept.
    CancelScan,
    /// Let the scan rest.
    PauseScan,
    /// Let it go on.
    ResumeScan,
    /// Open the system's file manager where this lies.
    ShowInFolder(PathBuf),
    /// Something was read; take the banner away.
    CloseBanner(usize),
    /// Show or hide the keys.
    ToggleCheatSheet,
    /// In the review.
    Review(ReviewCommand),
    /// In the settings.
    Settings(SettingsCommand),
    /// Load the small picture of a content.
    LoadThumbnail(ContentHash),
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
#[derive(Clone, Debug, PartialEq)]
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
    /// Mark a photo, or not.
    SetMark(PhotoId, Mark),
    /// Keep this member of the group and no other.
    KeepOnly(usize),
    /// The marks of the group are right; go on.
    Accept,
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
    /// Mark by a rule.
    Apply(Rule, Scope),
    /// Show or hide the dialog for marking by a rule.
    OpenRules(bool),
    /// Put the cursor into the search field.
    Find,
}

impl From<ReviewCommand> for Command {
    fn from(command: ReviewCommand) -> Self {
        Self::Review(command)
    }
}
