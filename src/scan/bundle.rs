//! What belongs to a photo: its RAW file, the video of its Live Photo, its sidecars.
//!
//! Cameras and programs name the parts of one exposure alike: `IMG_1.HEIC` with `IMG_1.MOV`,
//! `DSC_1.NEF` with `DSC_1.JPG`, either with `DSC_1.xmp` or `DSC_1.JPG.xmp`. Where names leave it
//! open, Apple's content identifier, which stands in both files, decides about the video.
//!
//! The rule: a file is named as a companion only where it belongs to no other picture of the
//! folder, for companions go where the photo goes. A sidecar `a.xmp` beside `a.jpg` and `a.png`
//! belongs to both, and so to neither alone.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::kinds::{Promise, extension, is_raw, promise};

/// What a companion is to its photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompanionKind {
    /// The camera's RAW file of the same exposure.
    Raw,
    /// The picture that the camera made beside its RAW file.
    Picture,
    /// The moving part of a Live Photo.
    Video,
    /// What a program knows of the photo: XMP, AAE, THM, the JSON of Google Takeout.
    Sidecar,
}

impl CompanionKind {
    /// Whether it holds something that was photographed, of which a copy must remain.
    #[must_use]
    pub fn is_original(self) -> bool {
        self != Self::Sidecar
    }

    /// In words, for a sentence: `RAW file`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Raw => "RAW file",
            Self::Picture => "picture of the RAW file",
            Self::Video => "video of the Live Photo",
            Self::Sidecar => "sidecar",
        }
    }
}

/// A file that goes where its photo goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Companion {
    /// What it is to the photo.
    pub kind: CompanionKind,
    /// Where it lies, beside the photo.
    pub path: PathBuf,
}

/// Sidecars that bear the photo's name without or with its extension.
const SIDECARS: &[&str] = &["xmp", "aae", "thm", "pp3", "dop", "nksc", "on1", "cos"];

/// What Live Photos' videos are called.
const VIDEOS: &[&str] = &["mov", "mp4"];

/// What cameras write beside a RAW file, and telephones with a video.
const CAMERA_PICTURES: &[&str] = &["jpg", "jpeg", "heic", "heif", "hif"];

/// Google Takeout's ending since 2024, which is cut so that the name has 46 characters.
const SUPPLEMENT: &str = "supplemental-metadata";

/// The names in a folder, read once for all of its photos.
#[derive(Clone, Debug, Default)]
pub struct Siblings {
    folder: PathBuf,
    /// Names by their stem in lower case; each list in order.
    by_stem: HashMap<OsString, Vec<OsString>>,
    /// JSON files, which other rules of naming hold for.
    json: Vec<OsString>,
    videos: Vec<OsString>,
}

impl Siblings {
    /// Lists the files of `folder`.
    ///
    /// # Errors
    /// The system's, if the folder cannot be listed: what belongs to its photos is then unknown.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name());
            }
        }
        Ok(Self::of(folder, names))
    }

    /// The files of these names in `folder`.
    #[must_use]
    pub fn of(folder: &Path, mut names: Vec<OsString>) -> Self {
        names.sort();
        let mut siblings = Self {
            folder: folder.to_owned(),
            ..Self::default()
        };
        for name in names {
            match lower_extension(&name).as_deref() {
                Some("json") => siblings.json.push(name.clone()),
                Some(video) if VIDEOS.contains(&video) => siblings.videos.push(name.clone()),
                _ => {}
            }
            siblings.by_stem.entry(stem(&name)).or_default().push(name);
        }
        siblings
    }

    /// What belongs to the photo of this name, in the order of kinds and names. Opens files only
    /// where a video's name does not tell whose it is.
    #[must_use]
    pub fn companions(&self, photo: &OsStr) -> Vec<Companion> {
        let same_stem: &[OsString] = self.by_stem.get(&stem(photo)).map_or(&[], Vec::as_slice);
        let pair = raw_pair(photo, same_stem);
        let others = || {
            same_stem
                .iter()
                .filter(|name| *name != photo && is_picture(name))
        };
        // The stem names this exposure alone, whether it is one picture or a RAW file and its.
        let is_alone = others().all(|name| pair.as_ref().is_some_and(|(_, with)| with == name));
        let mut found = Vec::new();
        let mut add = |kind, name: &OsStr| {
            found.push(Companion {
                kind,
                path: self.folder.join(name),
            });
        };
        if let Some((kind, name)) = &pair {
            add(*kind, name);
        }
        if is_alone {
            for name in same_stem
                .iter()
                .filter(|name| has_extension(name, SIDECARS))
            {
                add(CompanionKind::Sidecar, name);
            }
        }
        // `a.jpg.xmp`: a stem of its own.
        for name in self.by_stem.get(&lower(photo)).into_iter().flatten() {
            if has_extension(name, SIDECARS) {
                add(CompanionKind::Sidecar, name);
            }
        }
        for name in self.json.iter().filter(|name| is_takeout(photo, name)) {
            add(CompanionKind::Sidecar, name);
        }
        if let Some(video) = self.video(photo, same_stem, is_alone) {
            add(CompanionKind::Video, video);
        }
        found.sort();
        found.dedup();
        found
    }

    /// The video of a Live Photo: of the same stem if that is the photo's alone, else the one of
    /// the same content identifier.
    fn video<'a>(
        &'a self,
        photo: &OsStr,
        same_stem: &'a [OsString],
        is_alone: bool,
    ) -> Option<&'a OsStr> {
        if !has_extension(photo, CAMERA_PICTURES) || self.videos.is_empty() {
            return None;
        }
        let mut named_alike = same_stem.iter().filter(|name| has_extension(name, VIDEOS));
        match (named_alike.next(), named_alike.next()) {
            (Some(video), None) if is_alone => return Some(video),
            _ => {}
        }
        // Videos that bear another picture's name alone belong there.
        let open = self.videos.iter().filter(|video| {
            let stem = stem(video);
            let pictures = self.by_stem.get(&stem).map_or(0, |names| {
                names.iter().filter(|name| is_picture(name)).count()
            });
            pictures != 1
        });
        let mut head = None;
        for video in open {
            let Some(identifier) = content_identifier(&self.folder.join(video)) else {
                continue;
            };
            let head = head.get_or_insert_with(|| head_of(&self.folder.join(photo)));
            if memchr::memmem::find(head, &identifier).is_some() {
                return Some(video);
            }
        }
        None
    }
}

/// The other half of a RAW file and its picture, if there is exactly one.
fn raw_pair(photo: &OsStr, same_stem: &[OsString]) -> Option<(CompanionKind, OsString)> {
    let raw = |name: &OsStr| lower_extension(name).is_some_and(|extension| is_raw(&extension));
    let only = |wanted: &dyn Fn(&OsStr) -> bool| {
        let mut all = same_stem.iter().filter(|name| wanted(name));
        all.next().filter(|_| all.next().is_none()).cloned()
    };
    let picture = |name: &OsStr| has_extension(name, CAMERA_PICTURES);
    if raw(photo) {
        only(&raw)?;
        Some((CompanionKind::Picture, only(&picture)?))
    } else if picture(photo) {
        only(&picture)?;
        Some((CompanionKind::Raw, only(&raw)?))
    } else {
        None
    }
}

/// Whether `json` is what Google Takeout wrote about `photo`: `a.jpg.json`,
/// `a.jpg.supplemental-metadata.json` cut to 46 characters before the ending, and for `a(1).jpg`
/// with the number behind: `a.jpg(1).json`.
fn is_takeout(photo: &OsStr, json: &OsStr) -> bool {
    let (Some(photo), Some(json)) = (photo.to_str(), json.to_str()) else {
        return false;
    };
    let Some(title) = json.get(..json.len().saturating_sub(".json".len())) else {
        return false;
    };
    let numbered = numbered(photo);
    let (name, title) = match &numbered {
        Some((plain, number)) => match title.strip_suffix(number.as_str()) {
            Some(title) => (plain.as_str(), title),
            None => (photo, title),
        },
        None => (photo, title),
    };
    if title == name {
        return true;
    }
    // A name that was cut itself says too little to be believed.
    let full = format!("{name}.{SUPPLEMENT}");
    title.len() > name.len() && full.starts_with(title)
}

/// `a(1).jpg` as `a.jpg` and `(1)`.
fn numbered(photo: &str) -> Option<(String, String)> {
    let (stem, extension) = photo.rsplit_once('.')?;
    let (plain, number) = stem.strip_suffix(')')?.rsplit_once('(')?;
    number
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| (format!("{plain}.{extension}"), format!("({number})")))
}

/// The `QuickTime` key whose value names both halves of a Live Photo.
const IDENTIFIER_KEY: &[u8] = b"com.apple.quicktime.content.identifier";

/// A UUID as text.
const UUID_LENGTH: usize = 36;

/// Longer indexes are not those of a few seconds of video.
const LARGEST_INDEX: u64 = 4 << 20;

/// The content identifier of a `QuickTime` file; none where it has none or cannot be read, for
/// then the names alone decide.
fn content_identifier(video: &Path) -> Option<Vec<u8>> {
    let index = movie_index(&mut File::open(video).ok()?)?;
    memchr::memmem::find(&index, IDENTIFIER_KEY)?;
    index
        .windows(UUID_LENGTH)
        .find(|text| is_uuid(text))
        .map(<[u8]>::to_vec)
}

fn is_uuid(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// The box `moov` of a `QuickTime` file (ISO/IEC 14496-12, 4.2): length and name of each box stand
/// at its beginning.
fn movie_index(file: &mut File) -> Option<Vec<u8>> {
    let end = file.metadata().ok()?.len();
    let mut at = 0_u64;
    // A camera writes a handful of boxes; a damaged file must not be walked for ever.
    for _ in 0..64 {
        let mut head = [0; 16];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(head.get_mut(..8)?).ok()?;
        let mut length = u64::from(u32::from_be_bytes(*head.first_chunk()?));
        if length == 1 {
            file.read_exact(head.get_mut(8..)?).ok()?;
            length = u64::from_be_bytes(*head.last_chunk()?);
        } else if length == 0 {
            length = end.checked_sub(at)?;
        }
        if head.get(4..8)? == b"moov" {
            let mut index = Vec::new();
            file.seek(SeekFrom::Start(at)).ok()?;
            file.take(length.min(LARGEST_INDEX))
                .read_to_end(&mut index)
                .ok()?;
            return Some(index);
        }
        if length < 8 {
            return None;
        }
        at = at.checked_add(length).filter(|&at| at < end)?;
    }
    None
}

/// Where cameras write their notes.
fn head_of(photo: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    // What cannot be read has no identifier.
    if let Ok(file) = File::open(photo) {
        file.take(1 << 20).read_to_end(&mut head).ok();
    }
    head
}

fn is_picture(name: &OsStr) -> bool {
    promise(Path::new(name)) == Promise::Picture
}

fn has_extension(name: &OsStr, among: &[&str]) -> bool {
    lower_extension(name).is_some_and(|extension| among.contains(&extension.as_str()))
}

fn lower_extension(name: &OsStr) -> Option<String> {
    extension(Path::new(name))
}

fn stem(name: &OsStr) -> OsString {
    lower(Path::new(name).file_stem().unwrap_or(name))
}

/// Cameras and cards do not tell `IMG_1.jpg` from `img_1.JPG`.
fn lower(name: &OsStr) -> OsString {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn companions(photo: &str, names: &[&str]) -> Vec<(CompanionKind, String)> {
        let names = names.iter().map(OsString::from).collect();
        Siblings::of(Path::new(""), names)
            .companions(OsStr::new(photo))
            .into_iter()
            .map(|companion| (companion.kind, companion.path.to_str().unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn names_tell_what_belongs_to_a_photo() {
        use CompanionKind::{Picture, Raw, Sidecar, Video};
        type Expected = &'static [(CompanionKind, &'static str)];
        let cases: [(&str, &[&str], Expected); 14] = [
            ("a.jpg", &["a.jpg", "b.jpg", "b.xmp"], &[]),
            ("a.heic", &["a.heic", "a.MOV"], &[(Video, "a.MOV")]),
            (
                "A.JPG",
                &["A.JPG", "a.nef", "A.xmp"],
                &[(Raw, "a.nef"), (Sidecar, "A.xmp")],
            ),
            ("a.nef", &["a.jpg", "a.nef"], &[(Picture, "a.jpg")]),
            ("a.jpg", &["a.jpg", "a.jpg.xmp"], &[(Sidecar, "a.jpg.xmp")]),
            // Whose sidecar and whose video is it? Nobody's alone.
            ("a.jpg", &["a.jpg", "a.png", "a.xmp", "a.mov"], &[]),
            ("a.jpg", &["a.jpg", "a.nef", "a.cr2"], &[]),
            (
                "a.jpg",
                &["a.jpg", "a.AAE", "a.thm"],
                &[(Sidecar, "a.AAE"), (Sidecar, "a.thm")],
            ),
            ("a.png", &["a.png", "a.mov"], &[]),
            (
                "a.jpg",
                &["a.jpg", "a.jpg.json", "a.json"],
                &[(Sidecar, "a.jpg.json")],
            ),
            (
                "a.jpg",
                &[
                    "a.jpg",
                    "a.jpg.supplemental-metadata.json",
                    "a.jpg.other.json",
                ],
                &[(Sidecar, "a.jpg.supplemental-metadata.json")],
            ),
            (
                "a.jpg",
                &["a.jpg", "a.jpg.supplemental-me.json"],
                &[(Sidecar, "a.jpg.supplemental-me.json")],
            ),
            (
                "a(1).jpg",
                &["a(1).jpg", "a.jpg", "a.jpg(1).json", "a.jpg.json"],
                &[(Sidecar, "a.jpg(1).json")],
            ),
            (
                "a.jpg",
                &["a(1).jpg", "a.jpg", "a.jpg(1).json", "a.jpg.json"],
                &[(Sidecar, "a.jpg.json")],
            ),
        ];
        for (photo, names, expected) in cases {
            let expected: Vec<_> = expected
                .iter()
                .map(|&(kind, name)| (kind, name.to_owned()))
                .collect();
            assert_eq!(
                companions(photo, names),
                expected,
                "{photo} among {names:?}"
            );
        }
    }

    #[test]
    fn the_content_identifier_finds_a_renamed_video() {
        let folder = tempfile::tempdir().unwrap();
        let identifier = b"01234567-89AB-CDEF-0123-456789ABCDEF";
        let mut index = b"....moov....".to_vec();
        index.extend(IDENTIFIER_KEY);
        index.extend(identifier);
        let length = u32::try_from(index.len()).unwrap();
        index[..4].copy_from_slice(&length.to_be_bytes());
        let mut video = b"\0\0\0\x08ftyp\0\0\0\x0cmdatabcd".to_vec();
        video.extend(index);
        fs::write(folder.path().join("renamed.mov"), video).unwrap();
        fs::write(
            folder.path().join("a.heic"),
            [b"head ", &identifier[..]].concat(),
        )
        .unwrap();
        fs::write(folder.path().join("b.heic"), "another").unwrap();

        let siblings = Siblings::read(folder.path()).unwrap();
        let found = siblings.companions(OsStr::new("a.heic"));
        assert_eq!(found.len(), 1);
        assert!(found[0].path.ends_with("renamed.mov"));
        assert_eq!(siblings.companions(OsStr::new("b.heic")), []);
    }
}
