//! From photos and vectors to groups: candidates, verdicts, shots.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::progress::{Progress, Stage};
use super::{PipelineError, Request};
use crate::embed::Embedding;
use crate::library::{CacheWriter, Record};
use crate::matching::neighbours::{self, Neighbours, Vectors};
use crate::matching::verify::{may_have_identical_pixels, verify};
use crate::matching::{
    Analysed, Cosine, Distinct, Edge, Group, GroupSettings, Verdict, VerifySettings, group,
};
use crate::photo::{ContentHash, Photo, Pixels};
use crate::scan::{self, FoundFile, Promise};

/// Neighbours a content: the bundled model needs 22 to hold 99 % of the copies of pictures
/// that it never saw.
const NEIGHBOURS: usize = 32;

/// Pairs of this many differing bits of 255, in any orientation, are looked at.
const HASH_DISTANCE: u32 = 32;

/// What is to be related.
pub(super) struct Relate<'a> {
    pub request: &'a Request,
    pub photos: &'a [Photo],
    pub vectors: &'a HashMap<ContentHash, Embedding>,
    pub similarity: Cosine,
}

/// Groups, and how the neighbours were found.
#[derive(Debug)]
pub(super) struct Related {
    pub groups: Vec<Group>,
    pub neighbours: Neighbours,
    /// Contents with too many look-alikes to compare them all.
    pub crowded: usize,
}

impl Relate<'_> {
    /// Runs the three stages. What is learned of pixels goes to the cache.
    pub(super) fn run(
        &self,
        pool: &ThreadPool,
        writer: &mut CacheWriter,
        progress: &Progress,
        cancel: &AtomicBool,
    ) -> Result<Related, PipelineError> {
        let distinct = Distinct::of(self.photos);
        let rows = distinct
            .contents
            .iter()
            .map(|content| self.vectors.get(&content.hash).map(Embedding::components));
        let vectors = Vectors::from_f16(self.request.model.dimension, rows);

        progress.expect(Stage::Neighbours, distinct.contents.len() as u64);
        progress.begin(Stage::Neighbours);
        let begun = Instant::now();
        let floor = Cosine(self.request.model.similarity_floor.min(self.similarity.0));
        let count = |rows: u64| progress.add(Stage::Neighbours, rows, 0, Duration::ZERO);
        let found = neighbours::neighbours(
            &vectors,
            floor,
            NEIGHBOURS,
            self.request.index,
            pool,
            cancel,
            &count,
        )?;
        let fingerprints: Vec<_> = distinct
            .contents
            .iter()
            .map(|content| content.fingerprint)
            .collect();
        let hashed =
            neighbours::hash_candidates(&fingerprints, HASH_DISTANCE, NEIGHBOURS, pool, cancel)?;
        progress.add(Stage::Neighbours, 0, 0, begun.elapsed());

        let candidates = candidates(&found.edges, &hashed.pairs, &vectors);
        progress.expect(Stage::Verify, candidates.len() as u64);
        progress.begin(Stage::Verify);
        let begun = Instant::now();
        let mut verdicts = self.verdicts(&distinct, &candidates, pool);
        self.compare_pixels(&distinct, &mut verdicts, pool, writer, cancel)?;
        progress.add(Stage::Verify, candidates.len() as u64, 0, begun.elapsed());

        progress.expect(Stage::Group, self.photos.len() as u64);
        progress.begin(Stage::Group);
        let begun = Instant::now();
        let settings = GroupSettings {
            similarity: self.similarity,
            weakest: self.request.weakest,
            keep: self.request.keep.clone(),
        };
        let analysed = Analysed {
            photos: self.photos,
            distinct: &distinct,
            verdicts: &verdicts,
            edges: &found.edges,
        };
        let groups = group::group(&analysed, &settings, cancel)?;
        progress.add(Stage::Group, self.photos.len() as u64, 0, begun.elapsed());
        Ok(Related {
            groups,
            neighbours: found,
            crowded: hashed.crowded,
        })
    }

    fn verdicts(
        &self,
        distinct: &Distinct,
        candidates: &[Edge],
        pool: &ThreadPool,
    ) -> Vec<(u32, u32, Verdict)> {
        let settings = VerifySettings::for_floor(Cosine(self.request.model.similarity_floor));
        pool.install(|| {
            candidates
                .par_iter()
                .filter_map(|candidate| {
                    let content = |position: u32| distinct.contents.get(position as usize);
                    let (a, b) = (content(candidate.a)?, content(candidate.b)?);
                    let verdict = verify(a, b, candidate.cosine, &settings);
                    Some((candidate.a, candidate.b, verdict))
                })
                .collect()
        })
    }

    /// Decodes in full what looks as if it had equal pixels, each content once and for good.
    fn compare_pixels(
        &self,
        distinct: &Distinct,
        verdicts: &mut [(u32, u32, Verdict)],
        pool: &ThreadPool,
        writer: &mut CacheWriter,
        cancel: &AtomicBool,
    ) -> Result<(), PipelineError> {
        let content = |position: u32| distinct.contents.get(position as usize);
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
        let files = self.first_files(distinct, &unknown);
        let computed: Vec<(u32, Option<Pixels>)> = pool.install(|| {
            files
                .par_iter()
                .map(|(position, path)| {
                    let hash = if cancel.load(Ordering::Relaxed) {
                        None
                    } else {
                        self.pixels_of(distinct, *position, path)
                    };
                    (*position, hash)
                })
                .collect()
        });
        if cancel.load(Ordering::Relaxed) {
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
    fn first_files(&self, distinct: &Distinct, positions: &[u32]) -> Vec<(u32, PathBuf)> {
        let wanted: HashSet<u32> = positions.iter().copied().collect();
        let mut met = HashSet::new();
        let photos = self.photos.iter().zip(&distinct.of_photo);
        photos
            .filter(|(_, position)| wanted.contains(position) && met.insert(**position))
            .map(|(photo, position)| (*position, photo.path.clone()))
            .collect()
    }

    /// A file's pixels; `None` if the file is not what it was, which the next scan
    /// will say.
    fn pixels_of(
        &self,
        distinct: &Distinct,
        position: u32,
        path: &std::path::Path,
    ) -> Option<Pixels> {
        let content = distinct.contents.get(position as usize)?;
        let stamp = scan::stamp(path).ok()?;
        let found = FoundFile {
            path: path.to_owned(),
            stamp,
            promise: Promise::Picture,
        };
        let read = scan::read(&found, &self.request.limits, Vec::new()).ok()?;
        (read.hash == content.hash)
            .then(|| scan::pixels(&read.bytes, content, &self.request.limits))
    }
}

/// Every proposed pair once, in order, with its cosine: the close vectors, and the near hashes
/// however far apart their vectors are.
fn candidates(edges: &[Edge], hashed: &[(u32, u32)], vectors: &Vectors) -> Vec<Edge> {
    let known: HashSet<(u32, u32)> = edges.iter().map(|edge| (edge.a, edge.b)).collect();
    let from_hashes = hashed
        .iter()
        .filter(|pair| !known.contains(pair))
        .map(|&(a, b)| Edge {
            a,
            b,
            cosine: vectors.cosine(a as usize, b as usize),
        });
    let mut all: Vec<_> = edges.iter().copied().chain(from_hashes).collect();
    all.sort_unstable_by_key(|candidate| (candidate.a, candidate.b));
    all
}
