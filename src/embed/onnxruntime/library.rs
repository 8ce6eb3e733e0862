//! Loading the library of ONNX Runtime: once a process, and never with a crash.
//!
//! `ort` keeps the first library that loads for the whole process, and allows one environment.
//! Files that are no library, and libraries that are not ONNX Runtime, are passed over with
//! their reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;

use super::find::{self, Places};

/// The library that this process has loaded.
#[derive(Clone)]
pub(super) struct Library {
    pub(super) environment: Environment,
    /// `ONNX Runtime 1.24.1`.
    pub(super) runtime: String,
    pub(super) path: PathBuf,
}

static LOADED: Mutex<Option<Library>> = Mutex::new(None);

/// The library, loaded now or before.
///
/// With `set` only that file is tried; if another one is loaded already, that is an error,
/// because a process cannot change it.
pub(super) fn load(set: Option<&Path>) -> Result<Library, String> {
    let places = Places::of_this_machine(set);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = &*loaded {
        return match places.only() {
            Some(only) if !is_same_file(&find::in_folder(only), &library.path) => Err(format!(
                "{} is already loaded, and {} can only be loaded after a restart",
                library.path.display(),
                only.display()
            )),
            _ => Ok(library.clone()),
        };
    }
    let candidates = find::candidates(&places);
    let mut refused = Vec::new();
    for candidate in &candidates {
        match try_load(candidate) {
            Ok(library) => {
                *loaded = Some(library.clone());
                return Ok(library);
            }
            Err(reason) => refused.push(reason),
        }
    }
    if refused.is_empty() {
        return Err(not_found(&places));
    }
    Err(refused.join("; "))
}

/// The file and the name of the library that this process has loaded, if it has.
pub(super) fn loaded() -> Option<(PathBuf, String)> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let library = loaded.as_ref()?;
    Some((library.path.clone(), library.runtime.clone()))
}

/// That there is no library, where it was looked for, and how to get it.
pub(super) fn not_found(places: &Places) -> String {
    format!(
        "its library was not found ({}); install it with `pip install onnxruntime`, or set the path of {}",
        places.describe(),
        find::library_name()
    )
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn try_load(path: &Path) -> Result<Library, String> {
    let refused = |reason: &dyn std::fmt::Display| {
        format!(
            "{reason} (expected the library of ONNX Runtime 1.17 or newer for this kind of processor): {}",
            path.display()
        )
    };
    // Resolved, because `ort` looks for relative paths beside the program.
    let path = path
        .canonicalize()
        .map_err(|error| refused(&format_args!("cannot be read: {error}")))?;
    // `ort` asserts that foreign libraries keep ONNX Runtime's promises.
    let environment = catch_unwind(AssertUnwindSafe(|| {
        let builder = ort::init_from(&path).map_err(|error| reason_of(&error))?;
        builder
            .with_name("twinlens")
            .with_telemetry(false)
            // Its warnings (nodes left to the processor, and the like) are not for users.
            .with_logger(Arc::new(|_level, _category, _id, _location, _message| ()))
            .build()
            .map_err(|error| error.to_string())
    }))
    .map_err(|_panic| refused(&"does not behave as ONNX Runtime"))?
    .map_err(|reason| refused(&reason))?;
    let runtime = version(ort::info(), &path);
    Ok(Library {
        environment,
        runtime,
        path,
    })
}

/// The reason without the path, which the caller adds.
fn reason_of(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error, .. } => {
            format!("is not a library that loads: {error}")
        }
        ort::LoadDynamicError::MissingApi { .. } => {
            "is a library, but not of ONNX Runtime".to_owned()
        }
        ort::LoadDynamicError::BadVersion { version_str, .. } => {
            format!("is ONNX Runtime {version_str}, which is too old")
        }
        other @ ort::LoadDynamicError::InvalidVersionString => other.to_string(),
    }
}

/// The library's name and version.
///
/// `info` is `ORT Build Info: git-branch=rel-1.24.1, git-commit-id=...`; distributions build
/// from other branches, and then the file's name is the best source.
pub(super) fn version(info: &str, path: &Path) -> String {
    let is_version =
        |text: &str| text.contains('.') && text.split('.').all(|part| part.parse::<u32>().is_ok());
    let from_branch = info
        .split_once("git-branch=rel-")
        .and_then(|(_, rest)| rest.split([',', ' ']).next())
        .filter(|text| is_version(text));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let from_name = name
        .trim_end_matches(".dylib")
        .split_once("onnxruntime.so.")
        .or_else(|| name.trim_end_matches(".dylib").split_once("onnxruntime."))
        .map(|(_, version)| version)
        .filter(|text| is_version(text));
    match from_branch.or(from_name) {
        Some(version) => format!("ONNX Runtime {version}"),
        None => "ONNX Runtime".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is no library of ONNX Runtime is refused in words; the process lives on.
    #[test]
    fn files_that_are_not_the_library_are_refused_with_the_reason_and_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(find::library_name());
        let mut bad = vec![folder.path().to_owned(), file.clone()];
        // A real library that is not ONNX Runtime, where this system keeps one.
        let others = [
            "/lib/x86_64-linux-gnu/libm.so.6",
            "/lib/aarch64-linux-gnu/libm.so.6",
        ];
        bad.extend(
            others
                .into_iter()
                .map(PathBuf::from)
                .filter(|path| path.exists()),
        );
        for contents in [&b"not a library\n"[..], b"", b"\x7fELF\x02\x01\x01"] {
            std::fs::write(&file, contents).unwrap();
            for path in &bad {
                let Err(reason) = load(Some(path)) else {
                    panic!("{} loaded", path.display());
                };
                assert!(reason.contains("ONNX Runtime 1.17"), "{reason}");
                assert!(reason.contains(&*path.to_string_lossy()), "{reason}");
            }
        }
        let missing = folder.path().join("missing.so");
        let Err(reason) = load(Some(&missing)) else {
            panic!("nothing loaded");
        };
        assert!(reason.contains("cannot be read"), "{reason}");
    }

    #[test]
    fn the_version_comes_from_the_build_or_the_files_name() {
        let unix = Path::new("/x/libonnxruntime.so.1.32.0");
        for (info, path, expected) in [
            (
                "ORT Build Info: git-branch=rel-1.24.1, git-commit-id=1",
                unix,
                "ONNX Runtime 1.24.1",
            ),
            (
                "ORT Build Info: git-branch=HEAD, git-commit-id=1",
                unix,
                "ONNX Runtime 1.32.0",
            ),
            (
                "",
                Path::new("libonnxruntime.1.20.0.dylib"),
                "ONNX Runtime 1.20.0",
            ),
            ("", Path::new("onnxruntime.dll"), "ONNX Runtime"),
        ] {
            assert_eq!(version(info, path), expected, "{info} {}", path.display());
        }
    }
}
