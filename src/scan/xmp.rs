//! What a photo's XMP says that a person has put there, and how more of it is added to a sidecar.
//!
//! Sources: XMP specification part 1 (ISO 16684-1) for the model and its XML, part 3 for where
//! packets lie in files; Exif in XMP and the MWG's guidelines (2.0) for the names. Read are
//! capture time, position, rating, keywords (`dc:subject`) and albums (`mwg-coll:Collections`);
//! trees of keywords, as Lightroom and digiKam write them beside the plain ones, are not.
//!
//! The rule for writing: what a sidecar says stays, byte by byte. Something is only ever put in
//! between, and where it is not clear what a sidecar says, nothing is.

mod merge;
mod packet;
mod read;

pub use merge::{MergeError, with};
pub use packet::packet;
pub use read::{XmpError, read};

use std::collections::BTreeSet;

use crate::photo::{GpsPosition, TakenAt};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const COLLECTIONS: &str = "http://www.metadataworkinggroup.com/schemas/collections/";

/// What is known of a photo beside its picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// When it was taken.
    pub taken_at: Option<TakenAt>,
    /// Where.
    pub gps: Option<GpsPosition>,
    /// 1 to 5, or -1 for rejected; 0, which stands for none, is none.
    pub rating: Option<i8>,
    /// Its keywords.
    pub keywords: BTreeSet<String>,
    /// The names of the albums that it is in.
    pub albums: BTreeSet<String>,
}

impl Facts {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over what is not known here yet.
    pub fn add(&mut self, other: Self) {
        self.taken_at = self.taken_at.or(other.taken_at);
        self.gps = self.gps.or(other.gps);
        self.rating = self.rating.or(other.rating);
        self.keywords.extend(other.keywords);
        self.albums.extend(other.albums);
    }

    /// What is known here and not there.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        fn only<T: Copy>(own: Option<T>, other: Option<T>) -> Option<T> {
            own.filter(|_| other.is_none())
        }
        let names = |own: &BTreeSet<String>, other: &BTreeSet<String>| -> BTreeSet<String> {
            own.difference(other).cloned().collect()
        };
        Self {
            taken_at: only(self.taken_at, other.taken_at),
            gps: only(self.gps, other.gps),
            rating: only(self.rating, other.rating),
            keywords: names(&self.keywords, &other.keywords),
            albums: names(&self.albums, &other.albums),
        }
    }

    /// What there is, for a sentence: `capture date, 3 keywords`.
    #[must_use]
    pub fn words(&self) -> String {
        let counted = |number: usize, one: &str, many: &str| match number {
            0 => None,
            1 => Some(one.to_owned()),
            _ => Some(format!("{number} {many}")),
        };
        let parts = [
            self.taken_at.map(|_| "capture date".to_owned()),
            self.gps.map(|_| "position".to_owned()),
            self.rating.map(|_| "rating".to_owned()),
            counted(self.keywords.len(), "keyword", "keywords"),
            counted(self.albums.len(), "album", "albums"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests;
