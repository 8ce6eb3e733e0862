//! From marks to less disk, with no way to lose the last copy.
//!
//! The way through the room: [`survey`] looks at what is marked and at what would stand for it,
//! [`Plan::build`] makes a plan of what may be done and says why of the rest, an [`Approved`]
//! plan is carried out by [`execute`], which checks each file once more right before it is
//! touched and keeps the journal in the [`Ledger`](crate::library::Ledger). [`restore`] brings
//! back, [`recover`] puts in order what an interrupted run left.
//!
//! The rules, in this order: nothing is lost, everything can be undone, then speed. A plan can
//! only be built through the checks, an act can only be done with a plan; and only `execute.rs`
//! and its folder move or delete a user's file. Where the journal and the disk disagree, the
//! disk is right, and whatever is unclear is left where it is.
//!
//! Pitfalls: two paths may be one file (hard links, mounts, case-insensitive names), so files
//! are told apart by device and inode, never by path alone. Between a check and the act another
//! program may interfere: nothing is ever overwritten, and what stands for a file is looked at
//! once more after the act, which is taken back if it is gone.

mod action;
mod check;
mod execute;
mod export;
mod lock;
mod plan;
mod recover;
mod rescue;
mod restore;
mod step;
mod survey;

pub use action::{Action, Reflinks};
pub use check::Skip;
pub use execute::{Outcome, Progress, Skipped, execute};
pub use export::{ExportError, export_csv};
pub use plan::{Approved, Plan, Refused, Totals, deletion_phrase};
pub use recover::{Recovered, recover};
pub use rescue::{RescueObstacle, RescuePlan};
pub use restore::{NotRestored, OnConflict, Restored, Selection, restore};
pub use step::{Keeper, PlannedFile, Refusal, Step};
pub use survey::{FoundStand, Located, Stand, Surplus, Surveyed, survey};

use std::io;
use std::path::PathBuf;

use crate::library::LibraryError;

/// Why a removal or a restoration as a whole cannot be done; what goes wrong with single files
/// is told in its outcome.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// The journal cannot be written: nothing is touched without it.
    #[error(transparent)]
    Journal(#[from] LibraryError),
    /// Another process is removing or restoring.
    #[error("another removal or restoration is at work; wait until it has ended")]
    Busy,
    /// The lock beside the journal cannot be made.
    #[error("cannot make sure that no other removal is at work ({source}): {}", path.display())]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder to move to cannot be made or found.
    #[error("cannot use the folder ({source}): {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is no such session.
    #[error("the journal has no removal number {0}; see `twinlens restore --list`")]
    NoSession(i64),
    /// There is nothing that could be brought back.
    #[error("there is nothing to restore: no removal has left files behind")]
    NothingToRestore,
    /// The cancel flag was set before anything was done.
    #[error("cancelled")]
    Cancelled,
}

/// Milliseconds since 1970, as the journal counts.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
