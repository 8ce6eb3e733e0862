//! Lists the files of folders that are pictures or may be, without opening any.
//!
//! A file counts once, however many ways lead to it: overlapping folders, hard links and bind
//! mounts are told by device and inode. Symbolic links are not followed, hidden files and
//! folders and the systems' own (trash, thumbnails) are not entered; each is noted. Names are
//! the system's bytes throughout, and their order is the order of the result.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::{DirEntry, WalkDir};

use super::ScanError;
use super::read::{io_problem, stamp};
use crate::photo::{FileStamp, Format, Problem, ProblemKind};

/// Folders of programs and systems that hold copies of pictures which are not the user's.
const SYSTEM_FOLDERS: &[&str] = &[
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
    "lost+found",
    "#recycle",
];

/// Picture formats that are known but not decoded yet; the user is told of each file.
const UNSUPPORTED_EXTENSIONS: &[&str] = &[
    "heic", "heif", "hif", "avif", "jxl", "jp2", "j2k", "jxr", "psd", "exr", "hdr", "dng", "cr2",
    "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "orf", "rw2", "raf", "pef", "srw", "x3f",
    "erf", "kdc", "dcr", "mrw", "3fr", "iiq", "rwl", "gpr",
];

/// Extensions of files that are no pictures for certain: they are not opened.
const OTHER_EXTENSIONS: &[&str] = &[
    "7z", "aac", "aae", "ai", "aif", "apk", "app", "asf", "avi", "azw3", "bak", "bat", "bin",
    "bz2", "c", "cfg", "conf", "cpp", "cs", "css", "csv", "db", "deb", "dll", "dmg", "doc", "docx",
    "dylib", "eps", "epub", "exe", "flac", "flv", "go", "gpx", "gz", "h", "hpp", "htm", "html",
    "ini", "ipynb", "iso", "jar", "java", "js", "json", "key", "kml", "lnk", "lock", "log",
    "lrcat", "m3u", "m4a", "m4v", "md", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "mts",
    "numbers", "o", "obj", "odp", "ods", "odt", "ogg", "ogv", "onnx", "opus", "otf", "pages",
    "pdf", "pem", "php", "pkl", "pl", "plist", "pp3", "ppt", "pptx", "ps", "py", "pyc", "rar",
    "rb", "rpm", "rs", "rtf", "sh", "so", "sql", "sqlite", "srt", "svg", "tar", "tex", "thm",
    "toml", "ts", "ttf", "txt", "url", "vob", "wav", "webm", "wma", "wmv", "woff", "woff2", "xcf",
    "xls", "xlsx", "xml", "xmp", "xz", "yaml", "yml", "zip", "zst",
];

/// What a file's name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A picture: whatever is wrong with it is a problem that the user is told of.
    Picture,
    /// Nothing: it may be a picture, and is quietly left alone if it is not.
    Nothing,
}

/// A regular file that is a picture or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where it lies, beginning with the folder as it was named.
    pub path: PathBuf,
    /// What the file system says of it.
    pub stamp: FileStamp,
    /// What its name promises.
    pub promise: Promise,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// In the order of their paths' bytes, each file once.
    pub files: Vec<FoundFile>,
    /// What could not be looked into, and notes on what was left out; in path order.
    pub problems: Vec<Problem>,
}

/// Walks `folders` (single files are taken as well). `progress` is told the number and bytes of
/// the files so far, now and then.
///
/// # Errors
/// [`ScanError::Folder`] if one of `folders` itself is not there; [`ScanError::Cancelled`].
pub fn walk(
    folders: &[PathBuf],
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Walked, ScanError> {
    let mut walked = Walked::default();
    let mut bytes = 0;
    for folder in folders {
        // A folder that was named is meant, even if it is a symbolic link.
        let named = std::fs::metadata(folder).and_then(|_| std::fs::symlink_metadata(folder));
        let named = named.map_err(|source| ScanError::Folder {
            path: folder.clone(),
            source,
        })?;
        let root = if named.is_symlink() {
            folder.canonicalize().map_err(|source| ScanError::Folder {
                path: folder.clone(),
                source,
            })?
        } else {
            folder.clone()
        };
        let mut entries = WalkDir::new(&root).follow_links(false).into_iter();
        while let Some(entry) = entries.next() {
            if cancel.load(Ordering::Relaxed) {
                return Err(ScanError::Cancelled);
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    walked.problems.push(walk_problem(&root, &error));
                    continue;
                }
            };
            if entry.depth() > 0 && is_left_alone(&entry) {
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
                if entry.file_type().is_dir() || promise(entry.path()) == Some(Promise::Picture) {
                    walked.problems.push(note(
                        &entry,
                        ProblemKind::Hidden,
                        "hidden: not looked into",
                    ));
                }
                continue;
            }
            take(&entry, &mut walked, &mut bytes);
            if walked.files.len() % 256 == 0 {
                progress(walked.files.len() as u64, bytes);
            }
        }
    }
    once_each(&mut walked);
    let bytes = walked.files.iter().map(|file| file.stamp.size).sum();
    progress(walked.files.len() as u64, bytes);
    Ok(walked)
}

/// Adds what `entry` is to the lists.
fn take(entry: &DirEntry, walked: &mut Walked, bytes: &mut u64) {
    let file_type = entry.file_type();
    if file_type.is_symlink() {
        if promise(entry.path()).is_some() {
            walked.problems.push(note(
                entry,
                ProblemKind::SymbolicLink,
                "a symbolic link: not followed",
            ));
        }
        return;
    }
    let Some(promise) = promise(entry.path()).filter(|_| file_type.is_file()) else {
        return;
    };
    match stamp(entry.path()) {
        Ok(stamp) => {
            *bytes += stamp.size;
            walked.files.push(FoundFile {
                path: entry.path().to_owned(),
                stamp,
                promise,
            });
        }
        Err(error) => walked.problems.push(io_problem(entry.path(), &error)),
    }
}

/// What the name of a file promises; `None` if it is certainly no picture.
fn promise(path: &Path) -> Option<Promise> {
    let Some(extension) = path.extension() else {
        return Some(Promise::Nothing);
    };
    let Some(extension) = extension.to_str().map(str::to_ascii_lowercase) else {
        return Some(Promise::Nothing);
    };
    if Format::from_extension(path).is_some()
        || UNSUPPORTED_EXTENSIONS.contains(&extension.as_str())
    {
        Some(Promise::Picture)
    } else if OTHER_EXTENSIONS.binary_search(&extension.as_str()).is_ok() {
        None
    } else {
        Some(Promise::Nothing)
    }
}

/// Whether the name means "not for you": hidden, or a folder of the system's own.
fn is_left_alone(entry: &DirEntry) -> bool {
    let name: &OsStr = entry.file_name();
    let is_system = entry.file_type().is_dir()
        && name
            .to_str()
            .is_some_and(|name| SYSTEM_FOLDERS.contains(&name));
    name.as_encoded_bytes().starts_with(b".") || is_system || has_hidden_attribute(entry)
}

#[cfg(windows)]
fn has_hidden_attribute(entry: &DirEntry) -> bool {
    use std::os::windows::fs::MetadataExt;
    const FILE_ATTRIBUTE_HIDDEN: u32 = 0x2;
    entry
        .metadata()
        .is_ok_and(|metadata| metadata.file_attributes() & FILE_ATTRIBUTE_HIDDEN != 0)
}

#[cfg(not(windows))]
fn has_hidden_attribute(_entry: &DirEntry) -> bool {
    false
}

/// Sorts by path and keeps each file once: of several names of one file the first stands.
fn once_each(walked: &mut Walked) {
    let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
    walked.files.sort_by_cached_key(|file| bytes(&file.path));
    let mut standing: HashMap<(u64, u64), PathBuf> = HashMap::new();
    let problems = &mut walked.problems;
    walked.files.retain(|file| {
        let Some(first) = standing.get(&(file.stamp.device, file.stamp.inode)) else {
            standing.insert((file.stamp.device, file.stamp.inode), file.path.clone());
            return true;
        };
        // The same path, or another spelling of it, was walked twice: nothing to tell.
        let another_name = match (first.canonicalize(), file.path.canonicalize()) {
            (Ok(first), Ok(second)) => first != second,
            _ => *first != file.path,
        };
        if another_name {
            let message = format!(
                "another name of one file, which counts once: {}",
                first.display()
            );
            problems.push(Problem {
                path: file.path.clone(),
                kind: ProblemKind::HardLink,
                message,
            });
        }
        false
    });
    problems.sort_by_cached_key(|problem| (bytes(&problem.path), problem.kind));
    problems.dedup();
}

fn note(entry: &DirEntry, kind: ProblemKind, message: &str) -> Problem {
    Problem {
        path: entry.path().to_owned(),
        kind,
        message: message.to_owned(),
    }
}

fn walk_problem(root: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().unwrap_or(root);
    match error.io_error() {
        Some(io) => io_problem(path, io),
        None => Problem {
            path: path.to_owned(),
            kind: ProblemKind::Io,
            message: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn walked(folders: &[&Path]) -> Walked {
        let folders: Vec<_> = folders.iter().map(|folder| (*folder).to_owned()).collect();
        walk(&folders, &AtomicBool::new(false), &mut |_, _| {}).unwrap()
    }

    fn names(walked: &Walked) -> Vec<String> {
        walked
            .files
            .iter()
            .map(|file| {
                file.path
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    fn write(folder: &Path, name: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    #[test]
    fn the_other_extensions_are_sorted_and_no_pictures() {
        assert!(OTHER_EXTENSIONS.is_sorted());
        for extension in OTHER_EXTENSIONS {
            assert_eq!(
                Format::from_extension(Path::new(&format!("x.{extension}"))),
                None
            );
            assert!(!UNSUPPORTED_EXTENSIONS.contains(extension));
        }
    }

    #[test]
    fn pictures_and_unknown_files_are_found_in_path_order_and_others_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b.JPG",
            "a.png",
            "sub/c.heic",
            "d.txt",
            "e",
            "f.weird",
            "sub/x.jpg/g.gif",
            "movie.mp4",
        ] {
            write(folder.path(), name);
        }
        let found = walked(&[folder.path()]);
        assert_eq!(
            names(&found),
            ["a.png", "b.JPG", "e", "f.weird", "c.heic", "g.gif"]
        );
        assert_eq!(found.files[2].promise, Promise::Nothing);
        assert_eq!(found.problems, []);
    }

    #[test]
    fn overlapping_folders_and_single_files_count_once() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "sub/a.jpg");
        let sub = folder.path().join("sub");
        let found = walked(&[folder.path(), &sub, &sub.join("../sub"), &sub.join("a.jpg")]);
        assert_eq!(names(&found), ["a.jpg"]);
        assert_eq!(found.problems, []);
    }

    #[test]
    fn hidden_files_and_system_folders_are_noted_and_not_entered() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            ".cache/a.jpg",
            ".b.jpg",
            ".DS_Store",
            "@eaDir/c.jpg",
            "d.jpg",
        ] {
            write(folder.path(), name);
        }
        let found = walked(&[folder.path()]);
        assert_eq!(names(&found), ["d.jpg"]);
        let noted: Vec<_> = found
            .problems
            .iter()
            .map(|p| (p.path.file_name().unwrap().to_str().unwrap(), p.kind))
            .collect();
        let hidden = ProblemKind::Hidden;
        assert_eq!(
            noted,
            [(".b.jpg", hidden), (".cache", hidden), ("@eaDir", hidden)]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let error = walk(
            &["/no/such/folder".into()],
            &AtomicBool::new(false),
            &mut |_, _| {},
        )
        .unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }

    #[test]
    fn a_cancelled_walk_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let result = walk(
            &[folder.path().to_owned()],
            &AtomicBool::new(true),
            &mut |_, _| {},
        );
        assert!(matches!(result, Err(ScanError::Cancelled)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_told_apart_and_names_are_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(OsStr::from_bytes(b"z-\xff\xfe.jpg"));
        fs::write(&odd, "odd").unwrap();
        write(folder.path(), "a.jpg");
        fs::hard_link(folder.path().join("a.jpg"), folder.path().join("b.jpg")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a.jpg"), folder.path().join("c.jpg"))
            .unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let found = walked(&[folder.path()]);
        assert_eq!(found.files.len(), 2);
        assert_eq!(found.files[1].path, odd);
        let noted: Vec<_> = found
            .problems
            .iter()
            .map(|p| (p.path.file_name().unwrap().to_str().unwrap(), p.kind))
            .collect();
        let link = ProblemKind::SymbolicLink;
        assert_eq!(
            noted,
            [
                ("b.jpg", ProblemKind::HardLink),
                ("c.jpg", link),
                ("loop", link)
            ]
        );
    }
}
