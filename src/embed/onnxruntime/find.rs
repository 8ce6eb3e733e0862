//! Where the library of ONNX Runtime is looked for.
//!
//! A path that the user set, or `ORT_DYLIB_PATH`, is taken at its word: nothing else is tried.
//! Otherwise: beside the program, in the data folder, in the Python environments that a user
//! of `pip install onnxruntime` has (none of them is run, only their usual folders are looked
//! into), in the system's library folders. Windows' own folder is left out: its
//! `onnxruntime.dll` belongs to the system and is too old.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The places of one machine.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The path that the user set.
    pub set: Option<PathBuf>,
    /// `ORT_DYLIB_PATH`.
    pub variable: Option<PathBuf>,
    /// Folders that hold the library itself.
    pub folders: Vec<PathBuf>,
    /// Roots of Python environments (`VIRTUAL_ENV`, `CONDA_PREFIX`, above the `bin` on PATH).
    pub python_roots: Vec<PathBuf>,
    /// Folders of Python packages that are under no root.
    pub package_folders: Vec<PathBuf>,
}

impl Places {
    /// Those of this machine and process.
    #[must_use]
    pub fn of_this_machine(set: Option<&Path>) -> Self {
        let variable = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let mut folders = Vec::new();
        if let Some(folder) = program_folder() {
            folders.push(folder.join("lib"));
            folders.push(folder);
        }
        folders.extend(crate::embed::store::data_folder().map(|folder| folder.join("lib")));
        if cfg!(unix) {
            let system = [
                "/usr/local/lib",
                "/opt/homebrew/lib",
                "/usr/lib",
                "/usr/lib64",
                "/usr/lib/x86_64-linux-gnu",
                "/usr/lib/aarch64-linux-gnu",
            ];
            folders.extend(system.map(PathBuf::from));
        }
        let mut python_roots: Vec<PathBuf> = ["VIRTUAL_ENV", "CONDA_PREFIX"]
            .into_iter()
            .filter_map(variable)
            .collect();
        python_roots.extend(variable("PATH").iter().flat_map(|path| {
            std::env::split_paths(path.as_os_str())
                .filter_map(|folder| python_root(&folder))
                .collect::<Vec<_>>()
        }));
        Self {
            set: set.map(Path::to_owned),
            variable: variable("ORT_DYLIB_PATH"),
            folders,
            python_roots,
            package_folders: user_packages(),
        }
    }

    /// The one place that counts, if the user named one.
    #[must_use]
    pub fn only(&self) -> Option<&Path> {
        self.set.as_deref().or(self.variable.as_deref())
    }

    /// In words, for an error.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.only() {
            Some(path) => format!("looked at {}", path.display()),
            None => "looked beside the program, in the data folder, in Python environments and in the system's library folders".to_owned(),
        }
    }
}

/// Files that may be the library, best first, each once. With a place that the user named,
/// that file alone, whether it is there or not.
#[must_use]
pub fn candidates(places: &Places) -> Vec<PathBuf> {
    if let Some(only) = places.only() {
        return vec![in_folder(only)];
    }
    let python = places
        .python_roots
        .iter()
        .flat_map(|root| packages_under(root))
        .chain(places.package_folders.clone())
        .map(|packages| packages.join("onnxruntime").join("capi"));
    let folders = places.folders.iter().cloned().chain(python);
    let mut found: Vec<PathBuf> = Vec::new();
    for path in folders.flat_map(|folder| libraries_in(&folder)) {
        let path = path.canonicalize().unwrap_or(path);
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// Whether there is anything to try: a file that may be the library, or a place that the user
/// named.
#[must_use]
pub fn is_there(set: Option<&Path>) -> bool {
    !candidates(&Places::of_this_machine(set)).is_empty()
}

/// The library inside `path` if that is a folder, else `path` itself.
#[must_use]
pub fn in_folder(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    libraries_in(path)
        .into_iter()
        .next()
        .unwrap_or_else(|| path.join(library_name()))
}

/// The library's file name on this system.
#[must_use]
pub fn library_name() -> &'static str {
    if cfg!(windows) {
        "onnxruntime.dll"
    } else if cfg!(target_vendor = "apple") {
        "libonnxruntime.dylib"
    } else {
        "libonnxruntime.so"
    }
}

/// The plain name first, then versions, newest first.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries(folder)
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let version = if name == library_name() {
                return Some((vec![u32::MAX], path.clone()));
            } else if cfg!(target_vendor = "apple") {
                name.strip_prefix("libonnxruntime.")?
                    .strip_suffix(".dylib")?
            } else {
                name.strip_prefix("libonnxruntime.so.")?
            };
            Some((numbers(version), path.clone()))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// The folders of packages of a Python environment, newest Python first.
fn packages_under(root: &Path) -> Vec<PathBuf> {
    if cfg!(windows) {
        return vec![root.join("Lib").join("site-packages")];
    }
    ["lib", "lib64"]
        .into_iter()
        .flat_map(|lib| {
            let lib = root.join(lib);
            let mut versions: Vec<(Vec<u32>, PathBuf)> = entries(&lib)
                .into_iter()
                .filter_map(|path| {
                    let version = path
                        .file_name()?
                        .to_str()?
                        .strip_prefix("python")?
                        .to_owned();
                    Some((numbers(&version), path))
                })
                .collect();
            versions.sort_by(|a, b| b.cmp(a));
            versions
        })
        .flat_map(|(_, python)| ["site-packages", "dist-packages"].map(|name| python.join(name)))
        .collect()
}

/// The root of the Python whose program lies in a folder of PATH.
fn python_root(folder: &Path) -> Option<PathBuf> {
    let has = |name: &str| folder.join(name).is_file();
    if cfg!(windows) {
        if !has("python.exe") {
            return None;
        }
        // python.exe lies in the root, in an environment in its `Scripts`.
        return match folder.file_name() {
            Some(name) if name.eq_ignore_ascii_case("Scripts") => {
                folder.parent().map(Path::to_owned)
            }
            _ => Some(folder.to_owned()),
        };
    }
    (has("python3") || has("python"))
        .then(|| folder.parent().map(Path::to_owned))
        .flatten()
}

/// Where `pip install --user` puts packages.
fn user_packages() -> Vec<PathBuf> {
    let Ok(home) = etcetera::home_dir() else {
        return Vec::new();
    };
    if cfg!(windows) {
        let python = home.join("AppData").join("Roaming").join("Python");
        return newest_first(entries(&python))
            .into_iter()
            .map(|version| version.join("site-packages"))
            .collect();
    }
    if cfg!(target_vendor = "apple") {
        return newest_first(entries(&home.join("Library").join("Python")))
            .into_iter()
            .map(|version| version.join("lib").join("python").join("site-packages"))
            .collect();
    }
    packages_under(&home.join(".local"))
}

fn newest_first(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let version = |path: &PathBuf| {
        numbers(
            &path
                .file_name()
                .map(OsStr::to_string_lossy)
                .unwrap_or_default(),
        )
    };
    folders.sort_by_key(|path| std::cmp::Reverse(version(path)));
    folders
}

/// The numbers in a version: `3.11` is [3, 11].
fn numbers(version: &str) -> Vec<u32> {
    version
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// What lies in a folder; nothing if it cannot be read, sorted by name.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn program_folder() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn touch(path: &Path) -> PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        path.canonicalize().unwrap()
    }

    #[test]
    fn a_named_place_is_the_only_one() {
        let folder = tempfile::tempdir().unwrap();
        let beside = touch(&folder.path().join("app/libonnxruntime.so"));
        let mut places = Places {
            folders: vec![folder.path().join("app")],
            ..Places::default()
        };
        assert_eq!(candidates(&places), [beside.as_path()]);
        places.variable = Some("/nowhere/libonnxruntime.so".into());
        assert_eq!(
            candidates(&places),
            [Path::new("/nowhere/libonnxruntime.so")]
        );
        places.set = Some(folder.path().join("app"));
        assert_eq!(
            candidates(&places),
            [folder.path().join("app/libonnxruntime.so")]
        );
    }

    #[test]
    fn the_newest_library_of_the_newest_python_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let capi = |python: &str| root.join(format!("lib/{python}/site-packages/onnxruntime/capi"));
        let old_python = touch(&capi("python3.9").join("libonnxruntime.so.1.19.2"));
        let old = touch(&capi("python3.11").join("libonnxruntime.so.1.9.0"));
        let new = touch(&capi("python3.11").join("libonnxruntime.so.1.32.0"));
        touch(&capi("python3.11").join("libonnxruntime_providers_shared.so"));
        let places = Places {
            python_roots: vec![root.to_owned(), root.to_owned()],
            ..Places::default()
        };
        assert_eq!(candidates(&places), [new, old, old_python]);
    }
}
