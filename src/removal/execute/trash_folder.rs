//! The trash of freedesktop.org systems, by the Trash Specification 1.0.
//!
//! Written here and not taken from the crate `trash`, which does not tell where a file has gone,
//! copies across mounts without comparing and drops the times: the journal must know the place
//! before the file moves. The name in the trash is therefore made up of the session and a number
//! and is nobody else's; trash programs show the original name, which stands in the info file.
//!
//! Files go to the home trash if they are on its file system, else to the trash of theirs. A file
//! system on which none can be made has no trash, and nothing is done.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Names may have 255 bytes; number, extension and `.trashinfo` must fit behind.
const LONGEST_STEM: usize = 150;
const LONGEST_EXTENSION: usize = 20;

/// Where a file goes in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InTrash {
    /// The file itself.
    pub(super) file: PathBuf,
    /// What the trash notes of it.
    pub(super) info: PathBuf,
    /// What the noted path is relative to; none for the home trash.
    top: Option<PathBuf>,
}

/// The trash folders of this user, each looked for once.
#[derive(Debug)]
pub(super) struct TrashFolders {
    home: Option<PathBuf>,
    by_device: HashMap<u64, Result<Trash, String>>,
}

#[derive(Clone, Debug)]
struct Trash {
    folder: PathBuf,
    top: Option<PathBuf>,
}

impl TrashFolders {
    pub(super) fn of_this_user() -> Self {
        use etcetera::BaseStrategy;
        let home = etcetera::choose_base_strategy()
            .ok()
            .map(|base| base.data_dir().join("Trash"));
        Self {
            home,
            by_device: HashMap::new(),
        }
    }

    /// Where the file at `path` on `device` goes, under a name made of `unique`.
    ///
    /// # Errors
    /// In words, if its file system has no trash and none can be made.
    pub(super) fn place(
        &mut self,
        path: &Path,
        device: u64,
        unique: &str,
    ) -> Result<InTrash, String> {
        let home = self.home.as_deref();
        let trash = self
            .by_device
            .entry(device)
            .or_insert_with(|| trash_of(home, path, device))
            .clone()?;
        let name = name_in_trash(path, unique);
        let mut info = name.clone();
        info.push(".trashinfo");
        Ok(InTrash {
            file: trash.folder.join("files").join(name),
            info: trash.folder.join("info").join(info),
            top: trash.top,
        })
    }
}

/// Notes where the file came from; to be done before it moves.
pub(super) fn write_info(place: &InTrash, original: &Path) -> io::Result<()> {
    let path = place
        .top
        .as_deref()
        .and_then(|top| original.strip_prefix(top).ok())
        .unwrap_or(original);
    let now = jiff::tz::TimeZone::system().to_datetime(jiff::Timestamp::now());
    let now = now.strftime("%Y-%m-%dT%H:%M:%S");
    let text = format!("[Trash Info]\nPath={}\nDeletionDate={now}\n", encoded(path));
    File::create_new(&place.info)?.write_all(text.as_bytes())
}

/// RFC 2396 as the specification asks: all but letters, digits and a few marks as `%XX`.
fn encoded(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            write!(text, "%{byte:02X}").ok();
        }
    }
    text
}

fn name_in_trash(path: &Path, unique: &str) -> OsString {
    let part = |part: Option<&OsStr>, longest: usize| {
        let bytes = part.unwrap_or_default().as_bytes();
        bytes.get(..longest).unwrap_or(bytes).to_vec()
    };
    let mut name = part(path.file_stem(), LONGEST_STEM);
    name.extend(format!(".{unique}").bytes());
    if path.extension().is_some() {
        name.push(b'.');
        name.extend(part(path.extension(), LONGEST_EXTENSION));
    }
    OsString::from_vec(name)
}

/// The trash for files on `device`, made if need be.
fn trash_of(home: Option<&Path>, path: &Path, device: u64) -> Result<Trash, String> {
    if let Some(home) = home.filter(|home| device_of_existing(home) == Some(device)) {
        private_folder(home, true)
            .and_then(|()| prepare(home))
            .map_err(|error| format!("the trash cannot be used ({error}): {}", home.display()))?;
        return Ok(Trash {
            folder: home.to_owned(),
            top: None,
        });
    }
    let top = top_folder(path, device);
    mounted_trash(&top).map_err(|error| {
        format!(
            "there is no trash on its file system and none can be made ({error}); move to a \
             folder instead: {}",
            top.display()
        )
    })
}

/// `.Trash/UID` where the administrator has set it up, else `.Trash-UID`.
fn mounted_trash(top: &Path) -> io::Result<Trash> {
    let user = rustix::process::getuid().as_raw();
    let common = top.join(".Trash");
    let is_sound = fs::symlink_metadata(&common)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.permissions().mode() & 0o1000 != 0);
    let own = top.join(format!(".Trash-{user}"));
    let candidates = is_sound.then(|| common.join(user.to_string()));
    let mut result = Err(io::ErrorKind::NotFound.into());
    for folder in candidates.into_iter().chain([own]) {
        result = private_folder(&folder, false)
            .and_then(|()| prepare(&folder))
            .map(|()| Trash {
                folder,
                top: Some(top.to_owned()),
            });
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Makes the folder for this user alone; a link in its place is not followed.
fn private_folder(folder: &Path, with_parents: bool) -> io::Result<()> {
    match DirBuilder::new()
        .recursive(with_parents)
        .mode(0o700)
        .create(folder)
    {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // The home trash may be a link that the user made; on a mount it may be anybody's.
    let metadata = if with_parents {
        fs::metadata(folder)?
    } else {
        fs::symlink_metadata(folder)?
    };
    if !metadata.is_dir() || metadata.uid() != rustix::process::getuid().as_raw() {
        return Err(io::Error::other("it is not a folder of this user"));
    }
    Ok(())
}

fn prepare(trash: &Path) -> io::Result<()> {
    for name in ["files", "info"] {
        private_folder(&trash.join(name), true)?;
    }
    Ok(())
}

/// The highest folder above `path` that is still on its file system.
fn top_folder(path: &Path, device: u64) -> PathBuf {
    path.ancestors()
        .skip(1)
        .take_while(|folder| fs::metadata(folder).is_ok_and(|found| found.dev() == device))
        .last()
        .unwrap_or(Path::new("/"))
        .to_owned()
}

fn device_of_existing(path: &Path) -> Option<u64> {
    path.ancestors()
        .find_map(|folder| Some(fs::metadata(folder).ok()?.dev()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_written_as_the_specification_asks() {
        assert_eq!(
            encoded(Path::new("/a b/ä%\n.jpg")),
            "/a%20b/%C3%A4%25%0A.jpg"
        );
        let name = |path: &str| name_in_trash(Path::new(path), "x-1").into_string().unwrap();
        assert_eq!(name("/p/a.b.jpg"), "a.b.x-1.jpg");
        assert_eq!(name("/p/README"), "README.x-1");
        let long = format!("/p/{}.jpg", "a".repeat(251));
        assert!(name(&long).len() + ".trashinfo".len() <= 255);
    }
}
