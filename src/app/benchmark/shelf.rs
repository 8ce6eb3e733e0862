//! The runs that can be shown: of this session, kept, imported, and the reference results.

use std::path::PathBuf;
use std::sync::Arc;

use crate::bench::history::Listed;
use crate::bench::schema::Run;

/// A run's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shelved {
    /// The one of this session with this number, which could not be kept on the disk.
    Session(usize),
    /// A file of the folder of runs.
    Kept(PathBuf),
    /// The reference result with this number.
    Reference(usize),
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Those that could not be kept on the disk; they last until the program ends.
    pub(crate) session: Vec<Arc<Run>>,
    /// Those on the disk, the newest first; none before they were looked for.
    pub(crate) kept: Option<Result<Vec<Listed>, String>>,
    /// What comes with the program, and why not if it cannot be read.
    pub(crate) reference: Option<Result<Vec<Arc<Run>>, String>>,
    /// The kept run of which it is asked whether it is to be deleted.
    pub(crate) asks_to_delete: Option<PathBuf>,
}

/// A run that was taken from its place.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Where it is.
    pub(crate) place: Shelved,
    /// The run.
    pub(crate) run: Arc<Run>,
}
