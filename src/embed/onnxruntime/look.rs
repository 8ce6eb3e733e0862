//! What ONNX Runtime there is, without loading it: a process keeps the first library that it
//! loads, so a look must not decide which one that is.

use std::path::{Path, PathBuf};

use super::{find, library, provider};
use crate::embed::Provider;

/// A library of ONNX Runtime that the next scan would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The file.
    pub path: PathBuf,
    /// `ONNX Runtime 1.24.1`; without a number where only loading would tell it.
    pub runtime: String,
    /// Whether this process has loaded it already.
    pub is_loaded: bool,
    /// Another library that this process has loaded and keeps until it ends.
    pub kept: Option<PathBuf>,
}

impl Seen {
    /// Why this library cannot run `provider` on this computer, and what is needed; `None` if
    /// nothing speaks against it. Only a run proves that it works.
    #[must_use]
    pub fn obstacle(&self, provider: Provider) -> Option<String> {
        provider::obstacle(provider, &self.path)
    }
}

/// The library that the next scan would use, with the path that the user set, if any.
///
/// # Errors
/// A sentence that says where it was looked for and how to get it.
pub fn look(set: Option<&Path>) -> Result<Seen, String> {
    let places = find::Places::of_this_machine(set);
    let loaded = library::loaded();
    if let Some((path, runtime)) = loaded.as_ref().filter(|_| places.only().is_none()) {
        return Ok(Seen {
            path: path.clone(),
            runtime: runtime.clone(),
            is_loaded: true,
            kept: None,
        });
    }
    let found = find::candidates(&places)
        .into_iter()
        .find(|path| path.is_file());
    let Some(path) = found else {
        return Err(library::not_found(&places));
    };
    let path = path.canonicalize().unwrap_or(path);
    Ok(match loaded {
        Some((kept, runtime)) if kept == path => Seen {
            path,
            runtime,
            is_loaded: true,
            kept: None,
        },
        loaded => Seen {
            runtime: library::version("", &path),
            path,
            is_loaded: false,
            kept: loaded.map(|(kept, _)| kept),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_seen_with_its_version_and_its_providers_and_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let missing = look(Some(&folder.path().join("nothing.so"))).unwrap_err();
        assert!(
            missing.contains("nothing.so") && missing.contains("pip install onnxruntime"),
            "{missing}"
        );
        let file = folder.path().join(find::library_name());
        std::fs::write(&file, "not a library").unwrap();
        let seen = look(Some(folder.path())).unwrap();
        assert_eq!(seen.path, file.canonicalize().unwrap());
        assert!(seen.runtime.starts_with("ONNX Runtime") && !seen.is_loaded);
        assert_eq!(seen.obstacle(Provider::Cpu), None);
        if cfg!(target_os = "linux") {
            let obstacle = seen.obstacle(Provider::Cuda).unwrap();
            assert!(obstacle.contains("onnxruntime-gpu"), "{obstacle}");
            std::fs::write(folder.path().join("libonnxruntime_providers_cuda.so"), "").unwrap();
            assert_eq!(seen.obstacle(Provider::Cuda), None);
            let obstacle = seen.obstacle(Provider::CoreMl).unwrap();
            assert!(obstacle.contains("macOS"), "{obstacle}");
        }
    }
}
