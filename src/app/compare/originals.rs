//! The photos at full resolution: which there are, which are to be decoded next, which are let
//! go.
//!
//! Pictures are kept by content, so that equal files are decoded once; whether a file is still
//! there is kept by photo. What is in sight is never let go for what is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::difference::{Difference, DifferenceKey};
use super::place::Map;
use super::pyramid::Pyramid;
use crate::matching::pixels::PixelRecord;
use crate::photo::{ContentHash, Photo, PhotoId};

/// Memory for decoded photos.
pub(crate) const BUDGET_BYTES: usize = 640 << 20;
/// What a decoded pixel takes, all levels together, in tenths of a byte.
const TENTH_BYTES_A_PIXEL: u64 = 54;

/// A decoded photo.
#[derive(Debug)]
pub(crate) struct Original {
    /// Its pixels.
    pub(crate) pyramid: Pyramid,
    /// What it is laid over others by.
    pub(crate) record: PixelRecord,
    /// By how much its sides were divided to save memory; 1 at full resolution.
    pub(crate) divisor: u32,
}

/// Why a photo cannot be shown, in a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// It is no longer there.
    #[error("This photo is gone: it was moved or deleted outside of Twinlens.")]
    Gone,
    /// There is another file in its place.
    #[error("This file was changed after the scan. Scan again to see what it is now.")]
    Changed,
    /// It cannot be read or decoded.
    #[error("This photo cannot be shown: {0}.")]
    Unreadable(String),
}

/// How a photo stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'a> {
    /// On its way.
    Loading,
    /// Decoded.
    Ready(&'a Arc<Original>),
    /// It cannot be shown.
    Failed(&'a Trouble),
}

/// Work for the threads that decode.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Decode a photo.
    Decode(Wish),
    /// Find how the second picture lies over the first.
    LineUp([ContentHash; 2], [Arc<Original>; 2]),
    /// Find where two pictures differ.
    Differ(DifferenceKey, [Arc<Original>; 2], Map),
}

/// A photo that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Which.
    pub(crate) id: PhotoId,
    /// What the scan knew of it.
    pub(crate) photo: Photo,
    /// Whether its pixels are known from an equal file, so that it only has to be there.
    pub(crate) is_known: bool,
    /// By how much its sides may be divided.
    pub(crate) divisor: u32,
}

/// What work is about; no two threads do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkKey {
    /// Of [`Work::Decode`].
    Decode(PhotoId),
    /// Of [`Work::LineUp`].
    LineUp([ContentHash; 2]),
    /// Of [`Work::Differ`].
    Differ(DifferenceKey),
}

impl Work {
    /// What it is about.
    pub(crate) fn key(&self) -> WorkKey {
        match self {
            Self::Decode(wish) => WorkKey::Decode(wish.id),
            Self::LineUp(pair, _) => WorkKey::LineUp(*pair),
            Self::Differ(key, ..) => WorkKey::Differ(*key),
        }
    }
}

/// What came of work.
#[derive(Debug)]
pub(crate) enum Made {
    /// A photo was decoded, or is there and was known before (`None`), or cannot be shown.
    Decoded(PhotoId, ContentHash, Result<Option<Arc<Original>>, Trouble>),
    /// How the second picture lies over the first, if that can be said.
    LinedUp([ContentHash; 2], Option<Map>),
    /// Where two pictures differ.
    Differed(DifferenceKey, Difference),
}

impl Made {
    /// What it is about.
    pub(crate) fn key(&self) -> WorkKey {
        match self {
            Self::Decoded(id, ..) => WorkKey::Decode(*id),
            Self::LinedUp(pair, _) => WorkKey::LineUp(*pair),
            Self::Differed(key, _) => WorkKey::Differ(*key),
        }
    }
}

/// The photos at full resolution, as far as they were decoded.
#[derive(Debug, Default)]
pub(crate) struct Originals {
    pictures: BTreeMap<ContentHash, (Arc<Original>, u64)>,
    photos: BTreeMap<PhotoId, Result<(), Trouble>>,
    maps: BTreeMap<[ContentHash; 2], Option<Map>>,
    difference: Option<(DifferenceKey, Difference)>,
    clock: u64,
}

impl Originals {
    /// How a photo stands.
    pub(crate) fn condition(&self, id: PhotoId, photo: &Photo) -> Condition<'_> {
        let picture = self.pictures.get(&photo.content.hash);
        match (self.photos.get(&id), picture) {
            (Some(Err(trouble)), _) => Condition::Failed(trouble),
            (Some(Ok(())), Some((original, _))) => Condition::Ready(original),
            (None, _) | (Some(Ok(())), None) => Condition::Loading,
        }
    }

    /// The pixels of a content.
    pub(crate) fn picture(&self, hash: ContentHash) -> Option<&Arc<Original>> {
        self.pictures.get(&hash).map(|(original, _)| original)
    }

    /// How `over` lies over `under`: unknown yet, or known, perhaps that nobody can say.
    #[expect(clippy::option_option, reason = "not known yet, and known to be none")]
    pub(crate) fn map(&self, under: ContentHash, over: ContentHash) -> Option<Option<Map>> {
        if under == over {
            return Some(Some(Map::IDENTITY));
        }
        self.maps.get(&[under, over]).copied()
    }

    /// Where two pictures differ, if that was found out.
    pub(crate) fn difference(&self, key: &DifferenceKey) -> Option<&Difference> {
        (self.difference.as_ref())
            .filter(|(known, _)| known == key)
            .map(|(_, difference)| difference)
    }

    /// What is to be decoded of `photos`, at most `share` bytes each.
    pub(crate) fn missing<'a>(
        &'a self,
        photos: impl Iterator<Item = (PhotoId, &'a Photo)> + 'a,
        share: usize,
    ) -> impl Iterator<Item = Work> + 'a {
        photos.filter_map(move |(id, photo)| {
            let divisor = divisor(photo, share);
            let known = self.picture(photo.content.hash);
            let is_known = known.is_some_and(|original| original.divisor <= divisor);
            match self.photos.get(&id) {
                Some(Err(_)) => None,
                Some(Ok(())) if is_known => None,
                _ => Some(Work::Decode(Wish {
                    id,
                    photo: photo.clone(),
                    is_known,
                    divisor,
                })),
            }
        })
    }

    /// Takes what was made; pictures that are not among `shown` make room for it.
    pub(crate) fn take(&mut self, made: Made, shown: &[ContentHash]) {
        self.clock += 1;
        match made {
            Made::Decoded(id, hash, result) => {
                let state = match result {
                    Ok(Some(original)) => {
                        self.pictures.insert(hash, (original, self.clock));
                        Ok(())
                    }
                    Ok(None) => Ok(()),
                    Err(trouble) => Err(trouble),
                };
                self.photos.insert(id, state);
                self.make_room(shown);
            }
            Made::LinedUp(pair, map) => {
                self.maps.insert(pair, map);
            }
            Made::Differed(key, difference) => self.difference = Some((key, difference)),
        }
    }

    /// Notes that these are looked at.
    pub(crate) fn touch(&mut self, shown: &[ContentHash]) {
        self.clock += 1;
        for hash in shown {
            if let Some((_, used)) = self.pictures.get_mut(hash) {
                *used = self.clock;
            }
        }
    }

    /// Forgets whether files are there, so that it is looked up again.
    pub(crate) fn look_again(&mut self) {
        self.photos.clear();
    }

    fn make_room(&mut self, shown: &[ContentHash]) {
        let bytes = |original: &Original| original.pyramid.bytes();
        let mut total: usize = self.pictures.values().map(|(o, _)| bytes(o)).sum();
        let mut by_use: Vec<_> = (self.pictures.iter())
            .filter(|(hash, _)| !shown.contains(hash))
            .map(|(&hash, (_, used))| (*used, hash))
            .collect();
        by_use.sort_unstable();
        for (_, hash) in by_use {
            if total <= BUDGET_BYTES {
                return;
            }
            if let Some((dropped, _)) = self.pictures.remove(&hash) {
                total -= bytes(&dropped);
            }
        }
    }
}

/// What a photo takes once it is decoded in full.
pub(crate) fn bytes_of(photo: &Photo) -> usize {
    let bytes = photo.content.pixels().saturating_mul(TENTH_BYTES_A_PIXEL) / 10;
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// By how much a photo's sides are to be divided so that it takes no more than `share` bytes.
fn divisor(photo: &Photo, share: usize) -> u32 {
    let bytes = bytes_of(photo);
    let fits = |divisor: &u32| bytes / (*divisor as usize).pow(2) <= share;
    [1, 2, 4].into_iter().find(fits).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::compare::facts::fixtures::photo;
    use crate::matching::pixels;

    fn original(side: u32) -> Arc<Original> {
        let image = image::RgbImage::new(side, side);
        Arc::new(Original {
            record: pixels::prepare(&image),
            pyramid: Pyramid::new(&image, [0.0, 0.0, side.into(), side.into()]),
            divisor: 1,
        })
    }

    #[test]
    fn a_photo_that_does_not_fit_is_decoded_smaller() {
        let large = photo("a.jpg", 10_000, 1, None);
        assert_eq!(divisor(&large, BUDGET_BYTES), 1);
        assert_eq!(divisor(&large, BUDGET_BYTES / 6), 4);
        assert_eq!(divisor(&photo("b.jpg", 4000, 1, None), BUDGET_BYTES / 6), 1);
    }

    #[test]
    fn equal_files_are_decoded_once_and_each_is_looked_for() {
        let mut originals = Originals::default();
        let photo = photo("a.jpg", 64, 1, None);
        let hash = photo.content.hash;
        let made = Made::Decoded(PhotoId(0), hash, Ok(Some(original(64))));
        originals.take(made, &[hash]);
        let both = [(PhotoId(0), &photo), (PhotoId(1), &photo)];
        let works: Vec<_> = originals.missing(both.into_iter(), 1 << 20).collect();
        assert!(
            matches!(works.as_slice(), [Work::Decode(wish)] if wish.is_known && wish.id.0 == 1)
        );
        let gone = Made::Decoded(PhotoId(1), hash, Err(Trouble::Gone));
        originals.take(gone, &[hash]);
        assert!(matches!(
            originals.condition(PhotoId(0), &photo),
            Condition::Ready(_)
        ));
        assert!(matches!(
            originals.condition(PhotoId(1), &photo),
            Condition::Failed(Trouble::Gone)
        ));
    }
}
