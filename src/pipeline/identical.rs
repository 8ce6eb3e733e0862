//! Equal pixels: what looks as if it had them is decoded in full, each content once and for good.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::PipelineError;
use crate::library::{CacheWriter, Record};
use crate::matching::verify::may_have_identical_pixels;
use crate::matching::{Distinct, Verdict};
use crate::photo::{Photo, Pixels};
use crate::scan::{self, FoundFile, Limits, Promise};

/// What is needed to decode photos again.
pub(super) struct Identical<'a> {
    pub photos: &'a [Photo],
    pub distinct: &'a Distinct,
    pub limits: &'a Limits,
    pub pool: &'a ThreadPool,
    pub cancel: &'a AtomicBool,
}

impl Identical<'_> {
    /// Strengthens the verdicts on contents of equal pixels; what is learned goes to the cache.
    pub(super) fn run(
        &self,
        verdicts: &mut [(u32, u32, Verdict)],
        writer: &mut CacheWriter,
    ) -> Result<(), PipelineError> {
        let content = |position: u32| self.distinct.contents.get(position as usize);
        let promising = |(a, b, _): &&mut (u32, u32, Verdict)| {
            content(*a)
                .zip(content(*b))
                .is_some_and(|(a, b)| may_have_identical_pixels(a, b))
        };
        let mut pairs: Vec<_> = verdicts.iter_mut().filter(promising).collect();
        let mut wanted: Vec<u32> = pairs.iter().flat_map(|(a, b, _)| [*a, *b]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut known: HashMap<u32, Pixels> = HashMap::new();
        let mut unknown = Vec::new();
        for position in wanted {
            let Some(content) = content(position) else {
                continue;
            };
            match writer.cache().pixels(content.hash)? {
                Some(pixels) => {
                    known.insert(position, pixels);
                }
                None => unknown.push(position),
            }
        }
        let files = self.first_files(&unknown);
        let computed: Vec<(u32, Option<Pixels>)> = self.pool.install(|| {
            files
                .par_iter()
                .map(|(position, path)| {
                    let hash = if self.cancel.load(Ordering::Relaxed) {
                        None
                    } else {
                        self.pixels_of(*position, path)
                    };
                    (*position, hash)
                })
                .collect()
        });
        if self.cancel.load(Ordering::Relaxed) {
            return Err(PipelineError::Cancelled);
        }
        for (position, pixels) in computed {
            if let Some((content, pixels)) = content(position).zip(pixels) {
                writer.write(Record::Pixels {
                    content: content.hash,
                    pixels,
                })?;
                known.insert(position, pixels);
            }
        }
        for (a, b, verdict) in &mut pairs {
            if let (Some(Pixels::Hash(of_a)), Some(Pixels::Hash(of_b))) =
                (known.get(a), known.get(b))
                && of_a == of_b
            {
                *verdict = verdict.with_identical_pixels();
            }
        }
        Ok(())
    }

    /// The first file of each content.
    fn first_files(&self, positions: &[u32]) -> Vec<(u32, PathBuf)> {
        let wanted: HashSet<u32> = positions.iter().copied().collect();
        let mut met = HashSet::new();
        let photos = self.photos.iter().zip(&self.distinct.of_photo);
        photos
            .filter(|(_, position)| wanted.contains(position) && met.insert(**position))
            .map(|(photo, position)| (*position, photo.path.clone()))
            .collect()
    }

    /// A file's pixels; `None` if the file is not what it was, which the next scan
    /// will say.
    fn pixels_of(&self, position: u32, path: &Path) -> Option<Pixels> {
        let content = self.distinct.contents.get(position as usize)?;
        let stamp = scan::stamp(path).ok()?;
        let found = FoundFile {
            path: path.to_owned(),
            stamp,
            promise: Promise::Picture,
        };
        let read = scan::read(&found, self.limits, Vec::new()).ok()?;
        (read.hash == content.hash).then(|| scan::pixels(&read.bytes, content, self.limits))
    }
}
