//! What lies on the disk now: the marked files, what belongs to them, what would stand for them.
//!
//! Looks and never opens a photo's bytes (those are compared right before the act). The rule:
//! what cannot be looked at is not there, and what is a link is not a photo.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::RemovalError;
use super::step::Refusal;
use crate::matching::Evidence;
use crate::photo::{ContentHash, FileStamp};
use crate::scan::bundle::{CompanionKind, Siblings};
use crate::scan::stamp;

/// A photo that is marked for removal.
#[derive(Clone, Debug, PartialEq)]
pub struct Surplus {
    /// Where it was found.
    pub path: PathBuf,
    /// BLAKE3 of its bytes when it was scanned.
    pub content: ContentHash,
    /// Its length then.
    pub bytes: u64,
    /// What the file system said of it then; without it the bytes are read again before the act.
    pub stamp: Option<FileStamp>,
    /// What may stand for it, best first. A photo that stands in several groups is given once a
    /// group, and needs a keeper in each.
    pub keepers: Vec<Stand>,
}

/// A photo that may stand for a removed one.
#[derive(Clone, Debug, PartialEq)]
pub struct Stand {
    /// Where it was found.
    pub path: PathBuf,
    /// BLAKE3 of its bytes when it was scanned.
    pub content: ContentHash,
    /// By what evidence the other is a copy of it.
    pub evidence: Evidence,
}

/// A regular file as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its path, with links in its folders resolved.
    pub path: PathBuf,
    /// What the file system says of it.
    pub stamp: FileStamp,
    /// Whether it lies in a protected folder.
    pub is_protected: bool,
}

/// A marked photo with all that is to be known before a plan is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Surveyed {
    /// What was marked.
    pub surplus: Surplus,
    /// Where it lies, or why it cannot be taken.
    pub file: Result<Located, Refusal>,
    /// What goes with it.
    pub companions: Vec<(CompanionKind, Located)>,
    /// What may stand for it and is there, with what goes with that.
    pub keepers: Vec<FoundStand>,
}

/// A photo that may stand for another, and is there.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundStand {
    /// What was given.
    pub stand: Stand,
    /// Where it lies.
    pub file: Located,
    /// What goes with it.
    pub companions: Vec<(CompanionKind, Located)>,
}

/// Looks at the marked files and at their keepers; nothing in or below `protected` may be
/// removed. The result is in the order of `surplus`. `cancel` is looked at before each file.
///
/// # Errors
/// [`RemovalError::Folder`] if a protected folder is there but cannot be looked at,
/// [`RemovalError::Cancelled`].
pub fn survey(
    surplus: &[Surplus],
    protected: &[PathBuf],
    cancel: &AtomicBool,
) -> Result<Vec<Surveyed>, RemovalError> {
    let mut surveyor = Surveyor::new(protected)?;
    surplus
        .iter()
        .map(|surplus| {
            if cancel.load(Ordering::Relaxed) {
                return Err(RemovalError::Cancelled);
            }
            Ok(surveyor.look(surplus))
        })
        .collect()
}

/// What is known of the folders that were looked at.
struct Surveyor {
    protected: Vec<PathBuf>,
    protected_inodes: HashSet<(u64, u64)>,
    is_protected: BTreeMap<PathBuf, bool>,
    siblings: BTreeMap<PathBuf, Option<Rc<Siblings>>>,
    real: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Surveyor {
    fn new(protected: &[PathBuf]) -> Result<Self, RemovalError> {
        let mut paths = Vec::new();
        let mut inodes = HashSet::new();
        for folder in protected {
            paths.push(folder.clone());
            let failed = |source| RemovalError::Folder {
                path: folder.clone(),
                source,
            };
            match fs::canonicalize(folder) {
                Ok(real) => {
                    let stamp = stamp(&real).map_err(failed)?;
                    if stamp.inode != 0 {
                        inodes.insert((stamp.device, stamp.inode));
                    }
                    paths.push(real);
                }
                // Its drive is unplugged: nothing can be taken from it either.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(failed(source)),
            }
        }
        Ok(Self {
            protected: paths,
            protected_inodes: inodes,
            is_protected: BTreeMap::new(),
            siblings: BTreeMap::new(),
            real: BTreeMap::new(),
        })
    }

    fn look(&mut self, surplus: &Surplus) -> Surveyed {
        let mut file = self.locate(&surplus.path);
        let mut companions = Vec::new();
        if let Ok(found) = &file {
            if found.stamp.size != surplus.bytes {
                file = Err(Refusal::Changed);
            } else if let Some(all) = self.companions(&found.path) {
                companions = all;
            } else {
                file = Err(Refusal::FolderUnreadable);
            }
        }
        let mut keepers = Vec::new();
        for stand in &surplus.keepers {
            if let Ok(found) = self.locate(&stand.path) {
                let with = self.companions(&found.path).unwrap_or_default();
                keepers.push(FoundStand {
                    stand: stand.clone(),
                    file: found,
                    companions: with,
                });
            }
        }
        Surveyed {
            surplus: surplus.clone(),
            file,
            companions,
            keepers,
        }
    }

    fn locate(&mut self, path: &Path) -> Result<Located, Refusal> {
        // The journal keeps bytes, which are no name on systems of UTF-16.
        if cfg!(not(unix)) && path.to_str().is_none() {
            return Err(Refusal::Name);
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Refusal::NotAFile);
        };
        let folder = self.real_folder(folder).ok_or(Refusal::Missing)?;
        let mut found = self.located(folder.join(name))?;
        found.is_protected |= self.is_named_protected(path);
        Ok(found)
    }

    fn located(&mut self, path: PathBuf) -> Result<Located, Refusal> {
        let metadata = fs::symlink_metadata(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Refusal::Missing,
            _ => Refusal::Unreadable(error.to_string()),
        })?;
        if !metadata.is_file() {
            return Err(Refusal::NotAFile);
        }
        let stamp = stamp(&path).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let is_protected = self.is_named_protected(&path)
            || path
                .parent()
                .is_some_and(|folder| self.is_in_protected(folder));
        Ok(Located {
            path,
            stamp,
            is_protected,
        })
    }

    fn real_folder(&mut self, folder: &Path) -> Option<PathBuf> {
        if let Some(known) = self.real.get(folder) {
            return known.clone();
        }
        let real = fs::canonicalize(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        })
        .ok();
        self.real.insert(folder.to_owned(), real.clone());
        real
    }

    fn is_named_protected(&self, path: &Path) -> bool {
        self.protected.iter().any(|folder| path.starts_with(folder))
    }

    /// Whether one of the folders above is a protected one under another name.
    fn is_in_protected(&mut self, folder: &Path) -> bool {
        if self.protected_inodes.is_empty() {
            return false;
        }
        if let Some(known) = self.is_protected.get(folder) {
            return *known;
        }
        let is_itself = stamp(folder)
            .is_ok_and(|stamp| self.protected_inodes.contains(&(stamp.device, stamp.inode)));
        let answer = is_itself
            || folder
                .parent()
                .is_some_and(|parent| self.is_in_protected(parent));
        self.is_protected.insert(folder.to_owned(), answer);
        answer
    }

    /// What goes with the photo at `path`; `None` if its folder cannot be listed.
    fn companions(&mut self, path: &Path) -> Option<Vec<(CompanionKind, Located)>> {
        let folder = path.parent()?;
        if !self.siblings.contains_key(folder) {
            let read = Siblings::read(folder).ok().map(Rc::new);
            self.siblings.insert(folder.to_owned(), read);
        }
        let siblings = Rc::clone(self.siblings.get(folder)?.as_ref()?);
        let name: &OsStr = path.file_name()?;
        let mut all = Vec::new();
        for companion in siblings.companions(name) {
            // One that is gone by now goes with nothing.
            if let Ok(found) = self.located(companion.path) {
                all.push((companion.kind, found));
            }
        }
        Some(all)
    }
}
