//! What was removed before, as the view of it knows it.

use super::Undone;
use crate::library::{FileState, JournalFile, JournalSession};
use crate::removal::Progress;

/// The removals so far.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The latest first; none before they were looked at.
    pub(crate) sessions: Option<Result<Vec<JournalSession>, String>>,
    /// The removal whose files are shown.
    pub(crate) open: Option<SessionFiles>,
    /// Whether something is being brought back.
    pub(crate) is_restoring: bool,
    /// How far that is; none before the first file.
    pub(crate) progress: Option<Progress>,
    /// How the last restoration ended.
    pub(crate) restored: Option<Result<Undone, String>>,
}

impl History {
    /// Whether files are being brought back now.
    pub(crate) fn is_at_work(&self) -> bool {
        self.is_restoring
    }

    /// The removals, once they are known.
    pub(crate) fn known(&self) -> &[JournalSession] {
        match &self.sessions {
            Some(Ok(sessions)) => sessions,
            _ => &[],
        }
    }
}

/// The files of one removal.
#[derive(Debug)]
pub(crate) struct SessionFiles {
    /// Which.
    pub(crate) session: i64,
    /// They; none while they are being looked for.
    pub(crate) files: Option<Result<Vec<JournalFile>, String>>,
}

/// How far a file's removal has come, as people say it.
pub(crate) fn state_words(state: FileState) -> &'static str {
    match state {
        FileState::Intended => "interrupted",
        FileState::Removed => "removed",
        FileState::Skipped => "left where it was",
        FileState::Restoring => "restoration interrupted",
        FileState::Restored => "brought back",
        FileState::Missing => "missing",
    }
}
