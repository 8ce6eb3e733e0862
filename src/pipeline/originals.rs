//! The files behind contents, opened again where what is remembered does not suffice.

use std::collections::HashMap;
use std::path::Path;

use crate::matching::Distinct;
use crate::photo::{Content, Photo};
use crate::scan::{self, FoundFile, Limits, Promise};

/// Where each content lies.
pub(super) struct Originals<'a> {
    distinct: &'a Distinct,
    limits: &'a Limits,
    /// The first file of each content.
    paths: HashMap<u32, &'a Path>,
}

impl<'a> Originals<'a> {
    pub(super) fn new(photos: &'a [Photo], distinct: &'a Distinct, limits: &'a Limits) -> Self {
        let mut paths = HashMap::new();
        for (photo, &position) in photos.iter().zip(&distinct.of_photo) {
            paths.entry(position).or_insert(photo.path.as_path());
        }
        Self {
            distinct,
            limits,
            paths,
        }
    }

    /// What `how` makes of a content's bytes; `None` if the file is not what it was, which the
    /// next scan will say.
    pub(super) fn read<T>(
        &self,
        position: u32,
        how: impl FnOnce(&[u8], &Content, &Limits) -> T,
    ) -> Option<T> {
        let content = self.distinct.contents.get(position as usize)?;
        let path = self.paths.get(&position)?;
        let found = FoundFile {
            path: path.to_path_buf(),
            stamp: scan::stamp(path).ok()?,
            promise: Promise::Picture,
        };
        let read = scan::read(&found, self.limits, Vec::new()).ok()?;
        (read.hash == content.hash).then(|| how(&read.bytes, content, self.limits))
    }
}
