//! What a view may ask for around removals.

use super::Choice;
use crate::app::command::Command;
use crate::removal::OnConflict;

/// One wish.
#[derive(Clone, Debug)]
pub(crate) enum RemovalCommand {
    /// Open the sheet on what is marked.
    Open,
    /// Close the sheet.
    Close,
    /// What is to be done with the photos.
    Choose(Choice),
    /// Ask for the folder to move to in a dialog of the system.
    ChooseFolder,
    /// Leave out what is no copy of one exposure, or take it in.
    OnlyCopies(bool),
    /// Write what only a removed photo knows beside its keeper, or leave it.
    Rescue(bool),
    /// Ask for the words before photos are deleted for good, or go back.
    AskForWords(bool),
    /// What is typed of the words.
    Type(String),
    /// Carry out what the sheet shows.
    Start,
    /// Stop what is at work, between two files.
    Stop,
    /// Bring back what the sheet's removal took.
    Undo,
    /// What could not go to a trash: move it to a folder.
    MoveInstead,
    /// Look at the history.
    LookAtHistory,
    /// Show the files of a removal, or hide them.
    OpenSession(i64),
    /// Bring back a removal, or only these rows of it.
    Restore {
        /// The removal.
        session: i64,
        /// Rows of the journal; none for all.
        files: Option<Vec<i64>>,
        /// What is done where a name is taken.
        conflict: OnConflict,
    },
    /// The result of a restoration has been read.
    CloseRestored,
    /// Save the history as a table; asks where to.
    Export,
}

impl From<RemovalCommand> for Command {
    fn from(command: RemovalCommand) -> Self {
        Self::Removal(command)
    }
}
