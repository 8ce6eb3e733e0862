//! NVIDIA's libraries out of the Python environment that ONNX Runtime was found in.
//!
//! `pip install onnxruntime-gpu[cuda,cudnn]` puts them where the system's loader does not look;
//! Python loads them beforehand, and so does this. What does not load is left out without a
//! word: the provider then says what it misses.

use std::path::{Path, PathBuf};

use super::find::entries;

/// Loads the libraries under `nvidia` and `tensorrt_libs` of the packages folder that holds
/// `library` (`PACKAGES/onnxruntime/capi/LIBRARY`); returns how many.
pub(super) fn nvidia_beside(library: &Path) -> usize {
    let Some(packages) = library.ancestors().nth(3) else {
        return 0;
    };
    let mut waiting: Vec<PathBuf> = entries(&packages.join("nvidia"))
        .into_iter()
        .flat_map(|component| [component.join("lib"), component.join("bin")])
        .chain([packages.join("tensorrt_libs")])
        .flat_map(|folder| entries(&folder))
        .filter(|path| is_library(path))
        .collect();
    let mut loaded = 0;
    // They need one another: again and again until a round brings nothing.
    loop {
        let before = loaded;
        waiting.retain(|path| {
            let is_in = ort::util::preload_dylib(path.as_os_str()).is_ok();
            loaded += usize::from(is_in);
            !is_in
        });
        if loaded == before {
            return loaded;
        }
    }
}

fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if cfg!(windows) {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("dll"))
    } else {
        // `libcudart.so.13`; the names without a version are for the linker.
        name.starts_with("lib") && name.contains(".so.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_left_out() {
        let packages = tempfile::tempdir().unwrap();
        let folder = packages.path().join("nvidia/cu13/lib");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("libcudart.so.13"), "not a library").unwrap();
        std::fs::write(folder.join("readme.txt"), "").unwrap();
        let library = packages.path().join("onnxruntime/capi/libonnxruntime.so");
        assert_eq!(nvidia_beside(&library), 0);
        assert_eq!(nvidia_beside(Path::new("libonnxruntime.so")), 0);
    }
}
