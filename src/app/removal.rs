//! The removal as the window knows it: the sheet before the act, the act, and the history.
//!
//! Plain data: the views draw this, `act` changes it, and all that touches a file or the journal
//! is done by `jobs/removal.rs`. The rule: what the sheet shows is the very plan that is carried
//! out; whatever is chosen otherwise makes another plan first.

mod act;
mod command;
mod history;
pub(super) mod keys;
mod sheet;

pub(crate) use command::RemovalCommand;
pub(crate) use history::{History, SessionFiles, state_words};
pub(crate) use sheet::{Choice, Done, Draft, Sheet, Stage, Undone};

use std::collections::HashMap;
use std::path::PathBuf;

use crate::photo::PhotoId;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    /// The sheet, while it is open.
    pub(crate) sheet: Option<Sheet>,
    /// What was removed before.
    pub(crate) history: History,
    /// Counts the plans that were asked for, so that an older one is known as such.
    number: u64,
    /// Where photos of the present review lay that were removed from it, as the journal has it.
    places: HashMap<PathBuf, PhotoId>,
}

impl Removal {
    /// Whether files are being moved now.
    pub(crate) fn is_at_work(&self) -> bool {
        let sheet = self.sheet.as_ref().map(|sheet| &sheet.stage);
        matches!(sheet, Some(Stage::Acting(_) | Stage::Undoing(_))) || self.history.is_at_work()
    }
}
