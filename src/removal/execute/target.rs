//! Where each file of a plan goes, decided before it is written into the journal.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::action::Action;
use super::super::step::PlannedFile;
#[cfg(all(unix, not(target_os = "macos")))]
use super::trash_folder::{InTrash, TrashFolders};
use crate::removal::RemovalError;

/// Where one file goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// Its new place; none where the system's trash decides.
    pub(super) path: Option<PathBuf>,
    /// What the trash is to note.
    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) in_trash: Option<InTrash>,
}

impl Target {
    /// The trash's note on the file.
    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) fn info(&self) -> Option<&Path> {
        self.in_trash.as_ref().map(|place| place.info.as_path())
    }

    /// The trash's note on the file.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    pub(super) fn info(&self) -> Option<&Path> {
        None
    }
}

/// Decides where files go.
#[derive(Debug)]
pub(super) struct Targets {
    way: Way,
    token: String,
    number: u32,
}

#[derive(Debug)]
enum Way {
    #[cfg(all(unix, not(target_os = "macos")))]
    Trash(TrashFolders),
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    Trash,
    Below(PathBuf),
    /// A name beside the file until the step is done.
    Beside(&'static str),
}

impl Targets {
    /// `token` tells the names of this run from those of any other.
    pub(super) fn new(action: &Action, token: String) -> Result<Self, RemovalError> {
        let way = match action {
            #[cfg(all(unix, not(target_os = "macos")))]
            Action::Trash => Way::Trash(TrashFolders::of_this_user()),
            #[cfg(not(all(unix, not(target_os = "macos"))))]
            Action::Trash => Way::Trash,
            Action::MoveTo(folder) => {
                let failed = |source| RemovalError::Folder {
                    path: folder.clone(),
                    source,
                };
                fs::create_dir_all(folder).map_err(failed)?;
                Way::Below(fs::canonicalize(folder).map_err(failed)?)
            }
            Action::HardLink => Way::Beside("linked"),
            Action::Reflink(_) => Way::Beside("cloned"),
            Action::Delete => Way::Beside("deleted"),
        };
        Ok(Self {
            way,
            token,
            number: 0,
        })
    }

    /// Where `file` goes.
    ///
    /// # Errors
    /// In words, if there is no such place.
    pub(super) fn of(&mut self, file: &PlannedFile) -> Result<Target, String> {
        self.number += 1;
        let unique = format!("{}-{}", self.token, self.number);
        let path = match &mut self.way {
            #[cfg(all(unix, not(target_os = "macos")))]
            Way::Trash(folders) => {
                let place = folders.place(&file.path, file.stamp.device, &unique)?;
                return Ok(Target {
                    path: Some(place.file.clone()),
                    in_trash: Some(place),
                });
            }
            #[cfg(not(all(unix, not(target_os = "macos"))))]
            Way::Trash => return Ok(Target::default()),
            Way::Below(folder) => free_name(folder.join(below(&file.path)), "", &unique),
            Way::Beside(ending) => file
                .path
                .with_file_name(format!(".twinlens-{unique}.{ending}")),
        };
        Ok(Target {
            path: Some(path),
            ..Target::default()
        })
    }
}

/// The whole path without its root, so that two files never meet below one folder.
fn below(path: &Path) -> PathBuf {
    let mut kept = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => kept.push(name),
            // `C:\` becomes `C`, `\\server\share\` what its letters and digits are.
            Component::Prefix(prefix) => {
                let text = prefix.as_os_str().to_string_lossy();
                kept.push(text.replace(|c: char| !c.is_alphanumeric(), ""));
            }
            Component::RootDir | Component::CurDir | Component::ParentDir => {}
        }
    }
    kept
}

/// `wanted`, or if there is something of that name, the same with `mark` and a number; `last`
/// makes a name of its own in the end.
pub(super) fn free_name(wanted: PathBuf, mark: &str, last: &str) -> PathBuf {
    if is_free(&wanted) {
        return wanted;
    }
    let with = |suffix: &str| {
        let mut name = wanted.file_stem().unwrap_or_default().to_owned();
        name.push(format!(" ({suffix})"));
        if let Some(extension) = wanted.extension() {
            name.push(".");
            name.push(extension);
        }
        wanted.with_file_name(name)
    };
    (1..1000)
        .map(|number| match (mark, number) {
            ("", _) => with(&(number + 1).to_string()),
            (mark, 1) => with(mark),
            (mark, number) => with(&format!("{mark} {number}")),
        })
        .find(|path| is_free(path))
        .unwrap_or_else(|| with(last))
}

fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("a.jpg");
        let names = |mark| {
            free_name(wanted.clone(), mark, "x")
                .file_name()
                .unwrap()
                .to_owned()
        };
        assert_eq!(names(""), "a.jpg");
        fs::write(&wanted, "").unwrap();
        assert_eq!(names(""), "a (2).jpg");
        assert_eq!(names("restored"), "a (restored).jpg");
        fs::write(folder.path().join("a (restored).jpg"), "").unwrap();
        assert_eq!(names("restored"), "a (restored 2).jpg");
    }

    #[cfg(unix)]
    #[test]
    fn the_whole_path_is_kept() {
        assert_eq!(below(Path::new("/a/b/c.jpg")), Path::new("a/b/c.jpg"));
    }
}
