//! What only a removed photo knows: looked for before the act, so that it can be written beside
//! the keeper.
//!
//! Read are EXIF and the XMP packet of both photos, their XMP sidecars, and Google Takeout's JSON
//! (capture time, position, and the album that its folder is). It is written into the keeper's
//! sidecar, never into the keeper: into `k.jpg.xmp` or `k.xmp` where there is one that belongs to
//! it alone, else into a new `k.jpg.xmp`, the name that darktable and digiKam read and that tells
//! `k.jpg` from `k.png`. (Lightroom reads `k.xmp`, and that of RAW files only.)
//!
//! Pitfall: only the beginning of a JPEG is read, where its metadata stands.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;

use super::RemovalError;
use super::plan::Taken;
use super::step::Step;
use crate::matching::Evidence;
use crate::photo::{GpsPosition, TakenAt};
use crate::scan::bundle::Siblings;
use crate::scan::xmp::{self, Facts};
use crate::scan::{Sniffed, metadata, sniff};

/// As far into a JPEG as metadata goes: some segments of 64 KiB.
const HEAD: u64 = 512 << 10;
/// Other formats keep it anywhere; more than this is not looked through.
const WHOLE: u64 = 64 << 20;
/// No sidecar is longer.
const LONGEST_SIDECAR: u64 = 4 << 20;

/// What only a removed photo knows, and where it is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct RescuePlan {
    /// What the keeper does not know.
    pub facts: Facts,
    /// The keeper's sidecar, or why it cannot be written.
    pub sidecar: Result<PathBuf, RescueObstacle>,
}

/// Why nothing can be written beside a keeper.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RescueObstacle {
    /// Nothing changes in a protected folder.
    #[error("the keeper lies in a protected folder")]
    Protected,
    /// The sidecar is not what can be added to.
    #[error("the keeper's sidecar cannot be added to ({reason}): {}", sidecar.display())]
    Sidecar {
        /// It.
        sidecar: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Reads what photos and their sidecars say.
pub(super) struct Looker<'a> {
    taken: &'a Taken,
    siblings: BTreeMap<PathBuf, Option<Siblings>>,
    albums: BTreeMap<PathBuf, Option<String>>,
}

impl<'a> Looker<'a> {
    /// `taken` are the files that go.
    pub(super) fn new(taken: &'a Taken) -> Self {
        Self {
            taken,
            siblings: BTreeMap::new(),
            albums: BTreeMap::new(),
        }
    }

    /// What the photo of this step knows and its keeper does not; none if that is nothing.
    pub(super) fn look(&mut self, step: &Step) -> Option<RescuePlan> {
        let keeper = &step.keeper;
        let mut own = self.beside(&step.photo.path);
        let mut of_keeper = self.beside(&keeper.path);
        // Of equal bytes both say the same.
        if keeper.evidence != Evidence::IdenticalFile {
            own.add(within(&step.photo.path));
            of_keeper.add(within(&keeper.path));
        } else if own.is_empty() {
            return None;
        } else {
            of_keeper.add(within(&keeper.path));
        }
        let facts = own.beyond(&of_keeper);
        if facts.is_empty() {
            return None;
        }
        let sidecar = if keeper.is_protected {
            Err(RescueObstacle::Protected)
        } else {
            let sidecar = self.sidecar_of(&keeper.path);
            let tried = read_sidecar(&sidecar).and_then(|existing| {
                xmp::with(existing.as_deref(), &facts).map_err(|error| error.to_string())
            });
            match tried {
                Ok(_) => Ok(sidecar),
                Err(reason) => Err(RescueObstacle::Sidecar { sidecar, reason }),
            }
        };
        Some(RescuePlan { facts, sidecar })
    }

    /// What the sidecars of a photo say; one that cannot be read says nothing.
    fn beside(&mut self, photo: &Path) -> Facts {
        let mut facts = Facts::default();
        for sidecar in self.sidecars(photo) {
            if has_extension(&sidecar, "xmp") {
                let text = read_sidecar(&sidecar).ok().flatten();
                facts.add(
                    text.and_then(|text| xmp::read(&text).ok())
                        .unwrap_or_default(),
                );
            } else if has_extension(&sidecar, "json") {
                facts.add(takeout(&sidecar).unwrap_or_default());
                let folder = sidecar.parent().unwrap_or(Path::new("")).to_owned();
                let album = self.albums.entry(folder).or_insert_with_key(|f| album(f));
                facts.albums.extend(album.clone());
            }
        }
        facts
    }

    fn sidecars(&mut self, photo: &Path) -> Vec<PathBuf> {
        let (Some(folder), Some(name)) = (photo.parent(), photo.file_name()) else {
            return Vec::new();
        };
        if !self.siblings.contains_key(folder) {
            // Of a folder that cannot be listed nothing is known.
            let read = Siblings::read(folder).ok();
            self.siblings.insert(folder.to_owned(), read);
        }
        let found = self.siblings.get(folder).and_then(Option::as_ref);
        let companions = found.map(|siblings| siblings.companions(name));
        let sidecars = companions
            .into_iter()
            .flatten()
            .filter(|c| !c.kind.is_original());
        sidecars.map(|companion| companion.path).collect()
    }

    /// The sidecar that the keeper has for itself, or is to get.
    fn sidecar_of(&mut self, keeper: &Path) -> PathBuf {
        let with_extension = with_suffix(keeper, ".xmp");
        let own = self.sidecars(keeper).into_iter().find(|path| {
            has_extension(path, "xmp") && *path != with_extension && !self.taken.has_path(path)
        });
        match own {
            Some(own) if !with_extension.exists() => own,
            _ => with_extension,
        }
    }
}

/// What `facts` add to the sidecar as it is now: its bytes before, and the text after.
pub(super) fn merged(sidecar: &Path, facts: &Facts) -> Result<(Option<String>, String), String> {
    let before = read_sidecar(sidecar)?;
    let known = match &before {
        Some(text) => xmp::read(text).map_err(|error| error.to_string())?,
        None => Facts::default(),
    };
    let after = xmp::with(before.as_deref(), &facts.beyond(&known));
    Ok((before, after.map_err(|error| error.to_string())?))
}

/// The text of a sidecar; none if there is no such file.
fn read_sidecar(path: &Path) -> Result<Option<String>, String> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.len() > LONGEST_SIDECAR {
        return Err("it is too long".to_owned());
    }
    fs::read_to_string(path)
        .map(Some)
        .map_err(|error| error.to_string())
}

/// What a photo's own bytes say; nothing if they cannot be read.
fn within(photo: &Path) -> Facts {
    let Ok(bytes) = beginning(photo) else {
        return Facts::default();
    };
    let mut facts = Facts::default();
    if let Sniffed::Photo(format) = sniff(photo, &bytes) {
        let exif = metadata(&bytes, format);
        facts.taken_at = exif.taken_at;
        facts.gps = exif.gps;
    }
    let packet = xmp::packet(&bytes).and_then(|packet| xmp::read(packet).ok());
    facts.add(packet.unwrap_or_default());
    facts
}

fn beginning(photo: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(photo)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(HEAD).read_to_end(&mut bytes)?;
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        file.take(WHOLE - HEAD).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What of Google Takeout's JSON beside a photo counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Takeout {
    photo_taken_time: Option<TakeoutTime>,
    geo_data: Option<TakeoutPlace>,
}

#[derive(Deserialize)]
struct TakeoutTime {
    /// Seconds since 1970, UTC.
    timestamp: String,
}

#[derive(Deserialize)]
struct TakeoutPlace {
    latitude: f64,
    longitude: f64,
}

/// What Takeout keeps of an album, in a file of its folder.
#[derive(Deserialize)]
struct TakeoutAlbum {
    title: String,
}

fn takeout(path: &Path) -> Option<Facts> {
    let text = read_sidecar(path).ok()??;
    let found: Takeout = serde_json::from_str(&text).ok()?;
    let taken_at = found.photo_taken_time.and_then(|time| {
        let at = Timestamp::from_second(time.timestamp.parse().ok()?).ok()?;
        Some(TakenAt {
            local: TimeZone::UTC.to_datetime(at),
            offset: Some(Offset::UTC),
        })
    });
    // It writes zeros where it knows of no place.
    let place = found.geo_data.filter(|at| {
        let (latitude, longitude) = (at.latitude.abs(), at.longitude.abs());
        latitude <= 90.0 && longitude <= 180.0 && latitude + longitude > 0.0
    });
    Some(Facts {
        taken_at,
        gps: place.map(|at| GpsPosition {
            latitude: at.latitude,
            longitude: at.longitude,
        }),
        ..Facts::default()
    })
}

/// The album that a folder of Takeout is.
fn album(folder: &Path) -> Option<String> {
    let text = read_sidecar(&folder.join("metadata.json")).ok()??;
    let album: TakeoutAlbum = serde_json::from_str(&text).ok()?;
    (!album.title.trim().is_empty()).then_some(album.title)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Looks for what each step's photo alone knows. `progress` is told how many were looked at.
///
/// # Errors
/// [`RemovalError::Cancelled`].
pub(super) fn look_for_all(
    steps: &mut [Step],
    taken: &Taken,
    progress: &mut dyn FnMut(u64),
    cancel: &AtomicBool,
) -> Result<(), RemovalError> {
    let mut looker = Looker::new(taken);
    for (done, step) in (1..).zip(steps) {
        if cancel.load(Ordering::Relaxed) {
            return Err(RemovalError::Cancelled);
        }
        step.rescue = looker.look(step);
        progress(done);
    }
    Ok(())
}
