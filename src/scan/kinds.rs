//! What a file's name promises: a picture, certainly something else, or nothing.
//!
//! The rule: a name never decides what a file *is*, only whether opening it is worth the
//! while. Unknown extensions are opened; so a list that lacks an extension costs one short
//! read and never a photo.

use std::path::Path;

use crate::photo::Format;

/// What a file name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// A picture, of a format that can be decoded here or not.
    Picture,
    /// Nothing: no extension, or an unknown one. The first bytes tell.
    Nothing,
    /// Certainly no photo: video, sound, text, archive, program, sidecar.
    Other,
}

/// Picture formats that are known by name but not decoded here, with the name to tell the
/// user. They are candidates, so that the user learns that they were not compared.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("heic", "HEIC"),
    ("heif", "HEIF"),
    ("hif", "HEIF"),
    ("avif", "AVIF"),
    ("avifs", "AVIF"),
    ("jxl", "JPEG XL"),
    ("jp2", "JPEG 2000"),
    ("j2k", "JPEG 2000"),
    ("jpf", "JPEG 2000"),
    ("jpx", "JPEG 2000"),
    ("jxr", "JPEG XR"),
    ("wdp", "JPEG XR"),
    ("psd", "Photoshop"),
    ("psb", "Photoshop"),
    ("exr", "OpenEXR"),
    ("hdr", "Radiance HDR"),
    ("dds", "DirectDraw Surface"),
    ("pcx", "PCX"),
    ("icns", "Apple icon"),
    ("cur", "Windows cursor"),
    ("xcf", "GIMP"),
    ("fits", "FITS"),
    ("ff", "farbfeld"),
    ("flif", "FLIF"),
    ("bpg", "BPG"),
];

/// RAW formats of cameras, by extension.
const RAW: &[&str] = &[
    "dng", "nef", "nrw", "cr2", "cr3", "crw", "arw", "srf", "sr2", "srw", "orf", "rw2", "raw",
    "rwl", "pef", "ptx", "raf", "3fr", "fff", "iiq", "cap", "eip", "mos", "mrw", "x3f", "erf",
    "kdc", "dcr", "dcs", "k25", "mef", "gpr", "bay", "cs1",
];

/// Extensions of files that are certainly no photos. Thumbnails of videos (`thm`) and the
/// sidecars of photos count among them.
const OTHER: &[&str] = &[
    // Video and sound.
    "mp4",
    "m4v",
    "mov",
    "avi",
    "mkv",
    "webm",
    "mpg",
    "mpeg",
    "mts",
    "m2ts",
    "3gp",
    "3g2",
    "wmv",
    "flv",
    "vob",
    "lrv",
    "insv",
    "mp3",
    "m4a",
    "aac",
    "wav",
    "flac",
    "ogg",
    "oga",
    "opus",
    "wma",
    "aif",
    "aiff",
    "mid",
    "midi",
    "amr",
    "srt",
    "vtt",
    "m3u",
    "m3u8",
    // Sidecars, catalogues and caches of photo programs.
    "xmp",
    "aae",
    "thm",
    "pp3",
    "dop",
    "cos",
    "on1",
    "nksc",
    "lrcat",
    "lrdata",
    "lrprev",
    "picasa",
    "photoslibrary",
    "db",
    "sqlite",
    "sqlite3",
    "db-wal",
    "db-shm",
    "db-journal",
    // Documents.
    "txt",
    "md",
    "rst",
    "rtf",
    "pdf",
    "ps",
    "eps",
    "ai",
    "svg",
    "svgz",
    "doc",
    "docx",
    "odt",
    "xls",
    "xlsx",
    "ods",
    "csv",
    "tsv",
    "ppt",
    "pptx",
    "odp",
    "pages",
    "numbers",
    "key",
    "epub",
    "mobi",
    "html",
    "htm",
    "css",
    "xml",
    "json",
    "jsonl",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "log",
    "url",
    "lnk",
    "webloc",
    "desktop",
    "eml",
    "ics",
    "vcf",
    "tex",
    "bib",
    "gpx",
    "kml",
    "kmz",
    // Archives and disk images.
    "zip",
    "rar",
    "7z",
    "tar",
    "gz",
    "tgz",
    "bz2",
    "xz",
    "zst",
    "lz4",
    "iso",
    "dmg",
    "img",
    "vmdk",
    "vdi",
    "qcow2",
    "jar",
    "apk",
    "ipa",
    "deb",
    "rpm",
    "cab",
    "msi",
    "par2",
    // Programs, code and data of programs.
    "exe",
    "dll",
    "so",
    "dylib",
    "a",
    "o",
    "obj",
    "lib",
    "bin",
    "dat",
    "class",
    "pyc",
    "wasm",
    "sh",
    "bat",
    "cmd",
    "ps1",
    "py",
    "rs",
    "c",
    "h",
    "cpp",
    "hpp",
    "cc",
    "go",
    "java",
    "kt",
    "swift",
    "js",
    "mjs",
    "ts",
    "jsx",
    "tsx",
    "php",
    "rb",
    "pl",
    "lua",
    "r",
    "sql",
    "ipynb",
    "lock",
    "npy",
    "npz",
    "onnx",
    "pt",
    "pth",
    "safetensors",
    "h5",
    "parquet",
    "ttf",
    "otf",
    "woff",
    "woff2",
    "tmp",
    "part",
    "crdownload",
    "bak",
    "swp",
];

/// What the name of the file at `path` promises.
#[must_use]
pub fn promise(path: &Path) -> Promise {
    let Some(extension) = extension(path) else {
        return Promise::Nothing;
    };
    if Format::from_extension(path).is_some() || unsupported(&extension).is_some() {
        Promise::Picture
    } else if OTHER.contains(&extension.as_str()) {
        Promise::Other
    } else {
        Promise::Nothing
    }
}

/// The name of the picture format that this extension (in lower case) promises and that is
/// not decoded here.
pub(super) fn unsupported(extension: &str) -> Option<&'static str> {
    if is_raw(extension) {
        return Some("camera RAW");
    }
    UNSUPPORTED
        .iter()
        .find(|(known, _)| *known == extension)
        .map(|&(_, name)| name)
}

/// Whether this extension (in lower case) is that of a camera's RAW files.
pub(super) fn is_raw(extension: &str) -> bool {
    RAW.contains(&extension)
}

/// The extension of `path` in lower case, if it has one of ASCII letters.
pub(super) fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_pictures_other_things_or_nothing() {
        for (name, expected) in [
            ("a.jpg", Promise::Picture),
            ("a.JPEG", Promise::Picture),
            ("IMG.HEIC", Promise::Picture),
            ("DSC.NEF", Promise::Picture),
            ("a.mp4", Promise::Other),
            ("a.jpg.xmp", Promise::Other),
            ("README", Promise::Nothing),
            ("IMG_1.jpg~", Promise::Nothing),
            ("a.j\u{f6}g", Promise::Nothing),
            (".jpg", Promise::Nothing),
        ] {
            assert_eq!(promise(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn no_extension_is_in_two_lists() {
        for extension in OTHER {
            assert!(unsupported(extension).is_none(), "{extension}");
            let path = format!("a.{extension}");
            assert!(Format::from_extension(Path::new(&path)).is_none(), "{path}");
        }
    }
}
