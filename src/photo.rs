//! The nouns that all rooms share: what a photo is, what is known of its file and content.
//!
//! Nothing here does I/O, decodes or compares; a room that needs an operation on one of these
//! types keeps it in the room, unless two rooms need it.

mod fingerprint;
mod format;
mod orientation;
mod taken;

pub use fingerprint::{Fingerprint, PerceptualHash};
pub use format::Format;
pub use orientation::Orientation;
pub use taken::TakenAt;
pub(crate) use taken::parse_offset;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// The position of a photo in one analysis, counted from 0 in path order.
///
/// It is stable only within one analysis: what is kept between runs uses [`ContentHash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhotoId(pub u32);

impl PhotoId {
    /// The id as an index into the analysis' list of photos.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The BLAKE3 hash of a file's bytes: what the photo *is*, wherever it lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a content hash (64 hexadecimal digits are expected): {0:?}")]
pub struct InvalidContentHash(String);

impl FromStr for ContentHash {
    type Err = InvalidContentHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidContentHash(text.to_owned());
        if text.len() != 64 || !text.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_not_ascii| invalid())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_not_hex| invalid())?;
        }
        Ok(Self(bytes))
    }
}

/// What the file system says of a file, as far as it tells whether the file has changed.
///
/// Times are nanoseconds since 1970-01-01 UTC. On systems without inode numbers `device` and
/// `inode` are the volume serial number and the file index; `changed_ns` is 0 where the
/// system keeps no status-change time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// Device (volume) number.
    pub device: u64,
    /// Inode number (file index) on that device.
    pub inode: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last modification of the bytes.
    pub modified_ns: i64,
    /// Last change of the inode (Unix ctime): catches an edit that put the old mtime back.
    pub changed_ns: i64,
}

/// A position on the globe, WGS 84, in degrees; north and east are positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpsPosition {
    /// -90 to 90.
    pub latitude: f64,
    /// -180 to 180.
    pub longitude: f64,
}

/// What the file says about the photo, beside its pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// When the shutter was released, if the file says so.
    pub taken_at: Option<TakenAt>,
    /// How the stored pixels are to be turned; already applied to every decoded picture.
    pub orientation: Orientation,
    /// Maker and model of the camera, without repeating the maker: `Apple iPhone 12`.
    pub camera: Option<String>,
    /// Where it was taken.
    pub gps: Option<GpsPosition>,
}

/// All that is known of one content after it was read and decoded once.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// BLAKE3 of the file's bytes.
    pub hash: ContentHash,
    /// The true format, from the bytes and not from the name.
    pub format: Format,
    /// Width in pixels, after orientation.
    pub width: u32,
    /// Height in pixels, after orientation.
    pub height: u32,
    /// EXIF and the like.
    pub metadata: Metadata,
    /// What the pixels look like, in a few bytes.
    pub fingerprint: Fingerprint,
}

impl Content {
    /// Number of pixels.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// All that a viewer shows of a content, as a hash of its upright size and 8-bit RGB pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Contents of equal hashes have identical pixels.
    Hash(ContentHash),
    /// 8-bit RGB is not all that the file says (more bits, transparency), or the file cannot
    /// be decoded in full: its pixels are identical to no other's.
    Incomparable,
}

/// A readable photo at one place on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// Where it lies; kept as the system's own bytes, never as text.
    pub path: PathBuf,
    /// What the file system said when it was read.
    pub stamp: FileStamp,
    /// Shared between all photos of equal bytes.
    pub content: Arc<Content>,
}

/// Why a file or folder could not be used; the scan goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// What kind of trouble, for scripts and filters.
    pub kind: ProblemKind,
    /// One sentence for a person, without the path.
    pub message: String,
}

/// The kinds of [`Problem`]; the names are part of the report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The file or folder cannot be opened: no permission.
    PermissionDenied,
    /// It was there during the walk and is gone.
    Vanished,
    /// It changed while it was being read.
    Changed,
    /// The medium or the file system failed.
    Io,
    /// No bytes at all.
    Empty,
    /// A picture by its name, but no picture by its bytes.
    NotAPhoto,
    /// A picture format, or a variant of one, that cannot be decoded here.
    Unsupported,
    /// The picture's data breaks off or contradicts itself.
    Damaged,
    /// More pixels or bytes than the limits allow.
    TooLarge,
    /// Not a fault: the name's extension is not the true format, which was used.
    WrongExtension,
    /// Not a fault: a symbolic link, which is not followed.
    SymbolicLink,
    /// Not a fault: a hidden file or folder, which is not looked into.
    Hidden,
    /// Not a fault: another name of a file that counts once.
    HardLink,
    /// Not a fault, and not reported: no picture, and nothing in its name said that it was one.
    OtherFile,
}

impl ProblemKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 14] = [
        Self::PermissionDenied,
        Self::Vanished,
        Self::Changed,
        Self::Io,
        Self::Empty,
        Self::NotAPhoto,
        Self::Unsupported,
        Self::Damaged,
        Self::TooLarge,
        Self::WrongExtension,
        Self::SymbolicLink,
        Self::Hidden,
        Self::HardLink,
        Self::OtherFile,
    ];

    /// The name in reports and in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PermissionDenied => "permission-denied",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
            Self::Io => "io",
            Self::Empty => "empty",
            Self::NotAPhoto => "not-a-photo",
            Self::Unsupported => "unsupported",
            Self::Damaged => "damaged",
            Self::TooLarge => "too-large",
            Self::WrongExtension => "wrong-extension",
            Self::SymbolicLink => "symbolic-link",
            Self::Hidden => "hidden",
            Self::HardLink => "hard-link",
            Self::OtherFile => "other-file",
        }
    }

    /// The kind of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the file could not be used. The others are notes on what was left out or used
    /// as something else.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::WrongExtension | Self::SymbolicLink | Self::Hidden
        )
    }

    /// Whether the same bytes will fail again, so that trying again before the file changes is
    /// a waste of time.
    #[must_use]
    pub fn is_of_the_content(self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NotAPhoto
                | Self::Unsupported
                | Self::Damaged
                | Self::TooLarge
                | Self::OtherFile
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_hash_reads_back_from_its_text() {
        let hash = ContentHash(std::array::from_fn(|i| u8::try_from(i * 7 % 256).unwrap()));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert!(wrong.parse::<ContentHash>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn problem_kinds_read_back_from_their_names() {
        for kind in ProblemKind::ALL {
            assert_eq!(ProblemKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ProblemKind::from_name("fine"), None);
    }
}
