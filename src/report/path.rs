//! A path in a document of text, without losing a byte of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A path as text, with the system's own bytes beside it where the text cannot say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathText {
    /// The path; where it is not Unicode, with U+FFFD for what is not.
    #[serde(rename = "path")]
    pub text: String,
    /// Base64 of the path itself, only where `path` is not it: on Unix its bytes, on Windows
    /// its UTF-16 code units, little-endian.
    #[serde(
        rename = "path_bytes",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub bytes: Option<String>,
}

impl PathText {
    /// The text of `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            text: path.to_string_lossy().into_owned(),
            bytes: path
                .to_str()
                .is_none()
                .then(|| STANDARD.encode(system_bytes(path))),
        }
    }

    /// The very path that this was made from; `None` if `path_bytes` is damaged. Never falls
    /// back on the text, which would name another file.
    #[must_use]
    pub fn to_path_buf(&self) -> Option<PathBuf> {
        match &self.bytes {
            None => Some(PathBuf::from(&self.text)),
            // What is wrong with the code does not help anyone: the path is lost.
            Some(encoded) => STANDARD.decode(encoded).ok().and_then(from_system_bytes),
        }
    }
}

#[cfg(windows)]
fn system_bytes(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str()
        .encode_wide()
        .flat_map(u16::to_le_bytes)
        .collect()
}

#[cfg(windows)]
fn from_system_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt;
    let units = bytes
        .chunks(2)
        .map(|unit| unit.try_into().ok().map(u16::from_le_bytes));
    let units: Option<Vec<u16>> = units.collect();
    units.map(|units| OsString::from_wide(&units).into())
}

#[cfg(unix)]
fn system_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "on Windows the bytes can be no path"
)]
fn from_system_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes).into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn every_path_comes_back_as_it_was() {
        for bytes in [
            &b"/a/b.jpg"[..],
            b"/a/\xff\xfe b.jpg",
            "/ä/\u{202e}gpj.x".as_bytes(),
        ] {
            let path = Path::new(OsStr::from_bytes(bytes));
            let text = PathText::new(path);
            assert_eq!(text.bytes.is_some(), path.to_str().is_none());
            let json = serde_json::to_string(&text).unwrap();
            let read: PathText = serde_json::from_str(&json).unwrap();
            assert_eq!(read.to_path_buf().as_deref(), Some(path), "{json}");
        }
    }

    #[test]
    fn a_path_with_damaged_bytes_is_no_path_at_all() {
        let text = PathText {
            text: "/a".to_owned(),
            bytes: Some("?".to_owned()),
        };
        assert_eq!(text.to_path_buf(), None);
    }
}
