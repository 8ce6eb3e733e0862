//! The last look right before a file is touched.
//!
//! The surplus must be the file that was scanned; every keeper must be there, be a file of its
//! own that is not about to go, and be readable to its last byte with the bytes that were
//! scanned. A keeper that stands for many is read once as long as the file system says that it
//! is the same.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::plan::Taken;
use super::step::{Keeper, PlannedFile, Step};
use super::survey::Located;
use crate::matching::Evidence;
use crate::photo::{ContentHash, FileStamp};
use crate::scan::stamp;

/// Why a file of the plan was left where it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    /// It is gone, or something else is in its place.
    #[error("it is not there any more: {}", .0.display())]
    Gone(PathBuf),
    /// Its bytes or times are others.
    #[error("it has changed since it was scanned: {}", .0.display())]
    Changed(PathBuf),
    /// It cannot be read.
    #[error("it cannot be read ({reason}): {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// What stands for it is gone, or a link is in its place.
    #[error("what stands for it is not there any more: {}", .0.display())]
    KeeperGone(PathBuf),
    /// What stands for it has other bytes.
    #[error("what stands for it has changed since it was scanned: {}", .0.display())]
    KeeperChanged(PathBuf),
    /// What stands for it cannot be read.
    #[error("what stands for it cannot be read ({reason}): {}", path.display())]
    KeeperUnreadable {
        /// The keeper.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// What stands for it is by now itself, or goes as well.
    #[error("what stands for it is to be removed itself, or is the same file: {}", .0.display())]
    KeeperTaken(PathBuf),
    /// There is no trash where it lies; it could be moved to a folder.
    #[error("{0}")]
    NoTrash(String),
    /// What only it knows could not be written beside its keeper.
    #[error("what only it knows cannot be written beside its keeper ({reason}): {}", sidecar.display())]
    Rescue {
        /// The sidecar.
        sidecar: PathBuf,
        /// Why.
        reason: String,
    },
    /// The act failed; the file is where it was.
    #[error("{0}")]
    Failed(String),
    /// The user stopped before it.
    #[error("cancelled before it")]
    Cancelled,
}

/// How much is read at once, between two looks at the cancel flag.
const CHUNK: usize = 256 << 10;

/// Remembers which keepers were read in this run.
pub(super) struct Checker<'a> {
    taken: Taken,
    read: HashMap<PathBuf, (FileStamp, ContentHash)>,
    buffer: Vec<u8>,
    cancel: &'a AtomicBool,
}

impl<'a> Checker<'a> {
    pub(super) fn new(taken: Taken, cancel: &'a AtomicBool) -> Self {
        Self {
            taken,
            read: HashMap::new(),
            buffer: vec![0; CHUNK],
            cancel,
        }
    }

    /// Whether the step may be done now.
    pub(super) fn check(&mut self, step: &Step) -> Result<(), Skip> {
        for keeper in step.keepers() {
            self.keeper(keeper)?;
        }
        let is_identical = step
            .keepers()
            .any(|keeper| keeper.evidence == Evidence::IdenticalFile);
        self.surplus(&step.photo, is_identical)?;
        for companion in &step.companions {
            self.surplus(companion, false)?;
            if let Some(twin) = &companion.twin {
                self.twin(companion, twin)?;
            }
        }
        Ok(())
    }

    /// Whether the keepers are still there, after the act: another program may have removed one
    /// while this one looked the other way.
    pub(super) fn still_stands(&self, step: &Step) -> Result<(), Skip> {
        let twins = step.companions.iter().filter_map(|file| file.twin.as_ref());
        let keepers = step.keepers().map(|keeper| &keeper.path);
        for path in keepers.chain(twins.map(|twin| &twin.path)) {
            let now = regular(path).map_err(|_gone| Skip::KeeperGone(path.clone()))?;
            let is_known = self
                .read
                .get(path)
                .is_some_and(|(known, _)| known.inode == now.inode);
            if !is_known || self.is_taken(path, &now) {
                return Err(Skip::KeeperGone(path.clone()));
            }
        }
        Ok(())
    }

    fn keeper(&mut self, keeper: &Keeper) -> Result<(), Skip> {
        let hash = self.standing(&keeper.path)?;
        if hash == keeper.content {
            Ok(())
        } else {
            Err(Skip::KeeperChanged(keeper.path.clone()))
        }
    }

    fn twin(&mut self, companion: &PlannedFile, twin: &Located) -> Result<(), Skip> {
        let standing = self.standing(&twin.path)?;
        let own = self
            .hash(&companion.path)
            .map_err(|error| self.unreadable(&companion.path, &error))?;
        if own == standing {
            Ok(())
        } else {
            Err(Skip::KeeperChanged(twin.path.clone()))
        }
    }

    /// The bytes' hash of a file that is to stand for another.
    fn standing(&mut self, path: &Path) -> Result<ContentHash, Skip> {
        let now = regular(path).map_err(|error| keeper_error(path, &error))?;
        if self.is_taken(path, &now) {
            return Err(Skip::KeeperTaken(path.to_owned()));
        }
        if let Some((_, hash)) = self.read.get(path).filter(|(known, _)| *known == now) {
            return Ok(*hash);
        }
        let hash = self.hash(path).map_err(|error| {
            if self.is_cancelled() {
                Skip::Cancelled
            } else {
                keeper_error(path, &error)
            }
        })?;
        if regular(path).ok() != Some(now) {
            return Err(Skip::KeeperChanged(path.to_owned()));
        }
        self.read.insert(path.to_owned(), (now, hash));
        Ok(hash)
    }

    /// A folder of the keeper may have become a link to where the surplus lies.
    fn is_taken(&self, path: &Path, now: &FileStamp) -> bool {
        let real = path
            .parent()
            .and_then(|folder| fs::canonicalize(folder).ok());
        let real = real
            .zip(path.file_name())
            .map(|(folder, name)| folder.join(name));
        self.taken.has(real.as_deref().unwrap_or(path), now)
    }

    fn surplus(&mut self, file: &PlannedFile, is_identical: bool) -> Result<(), Skip> {
        let path = &file.path;
        let gone = |error: io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidInput => Skip::Gone(path.clone()),
            _ => Skip::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
            },
        };
        let now = regular(path).map_err(gone)?;
        let is_as_scanned = file.is_as_scanned && now == file.stamp;
        if is_as_scanned && !is_identical {
            return Ok(());
        }
        let Some(content) = file.content else {
            return Err(Skip::Changed(path.clone()));
        };
        let hash = self
            .hash(path)
            .map_err(|error| self.unreadable(path, &error))?;
        if hash != content || regular(path).ok() != Some(now) {
            return Err(Skip::Changed(path.clone()));
        }
        Ok(())
    }

    fn unreadable(&self, path: &Path, error: &io::Error) -> Skip {
        if self.is_cancelled() {
            return Skip::Cancelled;
        }
        Skip::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    fn hash(&mut self, path: &Path) -> io::Result<ContentHash> {
        hash(path, &mut self.buffer, self.cancel)
    }
}

fn keeper_error(path: &Path, error: &io::Error) -> Skip {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::NotADirectory => {
            Skip::KeeperGone(path.to_owned())
        }
        _ => Skip::KeeperUnreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}

/// The stamp of a regular file; `InvalidInput` for anything else, a link above all.
pub(super) fn regular(path: &Path) -> io::Result<FileStamp> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    stamp(path)
}

/// BLAKE3 of the file at `path`.
pub(super) fn hash(path: &Path, buffer: &mut [u8], cancel: &AtomicBool) -> io::Result<ContentHash> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(io::Error::other("cancelled"));
        }
        match file.read(buffer)? {
            0 => return Ok(ContentHash(*hasher.finalize().as_bytes())),
            length => hasher.update(buffer.get(..length).unwrap_or_default()),
        };
    }
}

/// BLAKE3 of the file at `path`, to its end whatever happens.
pub(super) fn content_of(path: &Path) -> io::Result<ContentHash> {
    hash(path, &mut vec![0; CHUNK], &AtomicBool::new(false))
}
