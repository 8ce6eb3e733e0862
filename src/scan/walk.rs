//! Finds the files of some folders that are or may be pictures, without opening any.
//!
//! The rules: every file is counted once, however many folders, hard links or mounts lead to
//! it; symbolic links are not followed, but for the folders that the user named; what is left
//! out and might have been a picture is noted. Names are the system's bytes, never text, and
//! all orders are by these bytes: the result does not depend on the file system's.
//!
//! Pitfalls: two paths are the same file if device and inode are equal, but some network file
//! systems give one inode to several files: size and times must be equal too.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirEntry, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::photo::{FileStamp, Problem, ProblemKind};

use super::ScanError;
use super::kinds::{Promise, promise};
use super::stamp::{FolderIdentity, identity, stamp_of};

/// Folders, in lower case, that hold what was deleted, or other programs' small copies.
const SYSTEM_FOLDERS: &[&str] = &[
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "@eadir",
    "thumbs",
    "thumbnails",
];

/// How often the progress is told.
const FILES_A_REPORT: u64 = 256;

/// A regular file that is or may be a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What the file system says of it.
    pub stamp: FileStamp,
    /// What its name promises; never [`Promise::Other`], unless the user named the file.
    pub promise: Promise,
}

/// What a walk has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Each file once, in the order of the paths' bytes.
    pub files: Vec<FoundFile>,
    /// What could not be listed, and notes on what was left out, in the order of paths.
    pub problems: Vec<Problem>,
    /// The length of all of the files together.
    pub bytes: u64,
    /// How many folders were listed.
    pub folders: u64,
    /// What was walked, as absolute paths, in order: whatever was found lies below one of them.
    pub roots: Vec<PathBuf>,
}

/// Walks `folders`, which may overlap and may also be single files.
///
/// `progress` is told the number of files found and their bytes, now and then. The cancel flag
/// is looked at before each file.
///
/// # Errors
/// [`ScanError::NotFound`], [`ScanError::NotAFolder`] or [`ScanError::Unreadable`] if one of
/// `folders` itself is of no use, [`ScanError::Cancelled`].
pub fn walk(
    folders: &[PathBuf],
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Walked, ScanError> {
    let mut roots = folders
        .iter()
        .map(|folder| absolute(folder))
        .collect::<Result<Vec<_>, _>>()?;
    // By bytes, so that which of two names of one folder is walked does not depend on the
    // order in which they were given.
    sort_by_bytes(&mut roots, |root| root);
    roots.dedup();

    let mut walker = Walker {
        cancel,
        progress,
        seen_folders: HashSet::new(),
        walked: Walked::default(),
    };
    for root in &roots {
        walker.root(root)?;
    }
    let mut found = walker.walked;
    found.roots = roots;
    sort_by_bytes(&mut found.files, |file| &file.path);
    found.files.dedup_by(|a, b| a.path == b.path);
    set_hard_links_aside(&mut found);
    sort_by_bytes(&mut found.problems, |problem| &problem.path);
    found.problems.dedup();
    found.bytes = found.files.iter().map(|file| file.stamp.size).sum();
    progress(found.files.len() as u64, found.bytes);
    Ok(found)
}

struct Walker<'a> {
    cancel: &'a AtomicBool,
    progress: &'a mut dyn FnMut(u64, u64),
    seen_folders: HashSet<FolderIdentity>,
    walked: Walked,
}

impl Walker<'_> {
    /// Walks what the user named, following it if it is a link.
    fn root(&mut self, root: &Path) -> Result<(), ScanError> {
        let unreadable = |source| ScanError::Unreadable {
            path: root.to_owned(),
            source,
        };
        let metadata = fs::metadata(root).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ScanError::NotFound(root.to_owned()),
            _ => unreadable(error),
        })?;
        if metadata.is_file() {
            self.file(root.to_owned(), &metadata);
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(ScanError::NotAFolder(root.to_owned()));
        }
        if !self.seen_folders.insert(identity(root, &metadata)) {
            return Ok(());
        }
        let mut waiting = self.list(root).map_err(unreadable)?;
        while let Some(folder) = waiting.pop() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(ScanError::Cancelled);
            }
            match self.list(&folder) {
                Ok(folders) => waiting.extend(folders),
                Err(error) => self.unreadable_folder(folder, &error),
            }
        }
        if self.cancel.load(Ordering::Relaxed) {
            return Err(ScanError::Cancelled);
        }
        Ok(())
    }

    /// Takes the files of one folder and gives its folders, the last first.
    fn list(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.walked.folders += 1;
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => self.unreadable_folder(folder.to_owned(), &error),
            }
        }
        entries.sort_by(|a, b| {
            let [a, b] = [a, b].map(DirEntry::file_name);
            b.as_encoded_bytes().cmp(a.as_encoded_bytes())
        });
        let mut folders = Vec::new();
        for entry in entries {
            if self.cancel.load(Ordering::Relaxed) {
                break;
            }
            folders.extend(self.entry(&entry));
        }
        Ok(folders)
    }

    /// Takes a file, or gives the folder that is to be walked.
    fn entry(&mut self, entry: &DirEntry) -> Option<PathBuf> {
        let path = entry.path();
        let file_type = match entry.file_type() {
            Ok(file_type) => file_type,
            Err(error) => {
                self.unreadable_file(path, &error);
                return None;
            }
        };
        let promise = promise(&path);
        if file_type.is_symlink() {
            self.symbolic_link(path, promise);
            return None;
        }
        if file_type.is_file() && promise == Promise::Other || !is_file_or_folder(file_type) {
            return None;
        }
        if let Some(why) = hidden(entry, file_type.is_dir()) {
            if file_type.is_dir() || promise == Promise::Picture {
                self.note(path, ProblemKind::Hidden, why);
            }
            return None;
        }
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                self.unreadable_file(path, &error);
                return None;
            }
        };
        if file_type.is_dir() {
            let is_new = self.seen_folders.insert(identity(&path, &metadata));
            return is_new.then_some(path);
        }
        self.file(path, &metadata);
        None
    }

    fn file(&mut self, path: PathBuf, metadata: &Metadata) {
        let stamp = stamp_of(&path, metadata);
        let promise = promise(&path);
        self.walked.bytes += stamp.size;
        self.walked.files.push(FoundFile {
            path,
            stamp,
            promise,
        });
        let count = self.walked.files.len() as u64;
        if count.is_multiple_of(FILES_A_REPORT) {
            (self.progress)(count, self.walked.bytes);
        }
    }

    /// Links are noted where they may hide photos: those named like one, and those to folders.
    fn symbolic_link(&mut self, path: PathBuf, promise: Promise) {
        // A link that leads nowhere, or in a circle, leads to no folder.
        let is_folder = fs::metadata(&path).is_ok_and(|target| target.is_dir());
        if is_folder || promise == Promise::Picture {
            let what = if is_folder { "a folder" } else { "a file" };
            self.note(
                path,
                ProblemKind::SymbolicLink,
                &format!("a symbolic link to {what}, which is not followed"),
            );
        }
    }

    fn unreadable_folder(&mut self, path: PathBuf, error: &io::Error) {
        let (kind, message) = match error.kind() {
            ErrorKind::PermissionDenied => (
                ProblemKind::PermissionDenied,
                "there is no permission to list this folder".to_owned(),
            ),
            ErrorKind::NotFound => (
                ProblemKind::Vanished,
                "the folder was there a moment ago and is gone".to_owned(),
            ),
            _ => (ProblemKind::Io, format!("it cannot be listed: {error}")),
        };
        self.note(path, kind, &message);
    }

    fn unreadable_file(&mut self, path: PathBuf, error: &io::Error) {
        let (kind, message) = match error.kind() {
            ErrorKind::PermissionDenied => (
                ProblemKind::PermissionDenied,
                "there is no permission to look at it".to_owned(),
            ),
            ErrorKind::NotFound => (
                ProblemKind::Vanished,
                "it was there a moment ago and is gone".to_owned(),
            ),
            _ => (ProblemKind::Io, format!("it cannot be looked at: {error}")),
        };
        self.note(path, kind, &message);
    }

    fn note(&mut self, path: PathBuf, kind: ProblemKind, message: &str) {
        self.walked.problems.push(Problem {
            path,
            kind,
            message: message.to_owned(),
        });
    }
}

/// Leaves only the first name, in the order of paths, of each file, and notes the others.
fn set_hard_links_aside(walked: &mut Walked) {
    let mut first_names: HashMap<FileStamp, PathBuf> = HashMap::new();
    let mut notes = Vec::new();
    walked.files.retain(|file| {
        if file.stamp.inode == 0 {
            // The file system has no inodes.
            return true;
        }
        let Some(first) = first_names.get(&file.stamp) else {
            first_names.insert(file.stamp, file.path.clone());
            return true;
        };
        notes.push(Problem {
            path: file.path.clone(),
            kind: ProblemKind::HardLink,
            message: format!(
                "another name of the same file, which stands as {}",
                first.display()
            ),
        });
        false
    });
    walked.problems.extend(notes);
}

fn is_file_or_folder(file_type: fs::FileType) -> bool {
    file_type.is_file() || file_type.is_dir()
}

/// Why an entry is not to be looked at, if it is not.
fn hidden(entry: &DirEntry, is_folder: bool) -> Option<&'static str> {
    let name = entry.file_name();
    let lower_case = name.to_string_lossy().to_lowercase();
    if is_folder && SYSTEM_FOLDERS.contains(&lower_case.as_str()) {
        return Some("a folder of the system for deleted files or small copies, not looked into");
    }
    let is_hidden = name.as_encoded_bytes().starts_with(b".") || has_hidden_attribute(entry);
    is_hidden.then_some(if is_folder {
        "a hidden folder, which is not looked into"
    } else {
        "a hidden file, which is not looked at"
    })
}

#[cfg(windows)]
fn has_hidden_attribute(entry: &DirEntry) -> bool {
    use std::os::windows::fs::MetadataExt;
    const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
    entry
        .metadata()
        .is_ok_and(|metadata| metadata.file_attributes() & FILE_ATTRIBUTE_HIDDEN != 0)
}

#[cfg(target_os = "macos")]
fn has_hidden_attribute(entry: &DirEntry) -> bool {
    use std::os::macos::fs::MetadataExt;
    const UF_HIDDEN: u32 = 0x8000;
    entry
        .metadata()
        .is_ok_and(|metadata| metadata.st_flags() & UF_HIDDEN != 0)
}

#[cfg(not(any(windows, target_os = "macos")))]
fn has_hidden_attribute(_entry: &DirEntry) -> bool {
    false
}

/// A path that means the same file in a later run from another folder.
///
/// Links in it are kept, but where it goes up (`..`), for "up" is known only behind them.
fn absolute(path: &Path) -> Result<PathBuf, ScanError> {
    let goes_up = path
        .components()
        .any(|component| component == Component::ParentDir);
    let result = if goes_up && !cfg!(windows) {
        fs::canonicalize(path)
    } else {
        std::path::absolute(path)
    };
    result.map_err(|source| match source.kind() {
        ErrorKind::NotFound => ScanError::NotFound(path.to_owned()),
        _ => ScanError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

fn sort_by_bytes<T>(items: &mut [T], path: impl Fn(&T) -> &PathBuf) {
    items.sort_by(|a, b| {
        let [a, b] = [a, b].map(|item| path(item).as_os_str().as_encoded_bytes());
        a.cmp(b)
    });
}
