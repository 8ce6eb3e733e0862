//! From photos and vectors to groups: candidates, verdicts, shots.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::candidates::{self, NEIGHBOURS, candidates};
use super::compare::Compare;
use super::found::Comparing;
use super::identical::Identical;
use super::originals::Originals;
use super::progress::Stage;
use super::{Job, PipelineError, Request, detail, through};
use crate::embed::{Embedding, ModelRecord};
use crate::library::CacheWriter;
use crate::matching::neighbours::{self, IndexUsed, Vectors};
use crate::matching::{
    Cosine, Distinct, Findings, Group, GroupSettings, Part, Shots, VerifySettings, group,
};
use crate::photo::{ContentHash, Photo};

/// Pairs of this many differing bits of 255, in any orientation, are looked at.
const HASH_DISTANCE: u32 = 32;

/// What is to be related.
pub(super) struct Relate<'a> {
    pub request: &'a Request,
    /// The model that made the vectors.
    pub model: &'a ModelRecord,
    pub photos: &'a [Photo],
    pub vectors: &'a HashMap<ContentHash, Embedding>,
    pub grouping: &'a GroupSettings,
}

/// Shots, and how the neighbours were found.
#[derive(Debug)]
pub(super) struct Related {
    pub groups: Vec<Group>,
    pub shots: Shots,
    pub findings: Findings,
    pub parts: Vec<Part>,
    pub index: IndexUsed,
    /// Of the neighbours, if not all were found.
    pub recall: Option<f64>,
    /// Contents with too many look-alikes to compare them all.
    pub crowded: usize,
    /// Contents that could not be compared, for the cache lost what is known of their pixels.
    pub unreadable: usize,
}

impl Related {
    /// What the user should know of it.
    pub(super) fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.crowded > 0 {
            notices.push(format!(
                "{} photos look like thousands of others; not all of those were compared",
                self.crowded
            ));
        }
        if self.unreadable > 0 {
            notices.push(format!(
                "the cache has lost what it knew of the pixels of {} photos, which were not \
                 compared; `twinlens cache clear` makes it learn them again",
                self.unreadable
            ));
        }
        notices
    }
}

impl Relate<'_> {
    /// Runs the three stages. What is learned of pixels goes to the cache.
    pub(super) fn run(
        &self,
        pool: &ThreadPool,
        writer: &mut CacheWriter,
        job: &Job,
    ) -> Result<Related, PipelineError> {
        let (progress, cancel) = (&job.progress, job.control.flag());
        let found_so_far = Comparing::new(job, self.photos, self.grouping);
        found_so_far.publish();
        let distinct = Distinct::of(self.photos);
        let rows = distinct
            .contents
            .iter()
            .map(|content| self.vectors.get(&content.hash).map(Embedding::components));
        let vectors = Vectors::from_f16(self.model.dimension, rows);

        progress.expect(Stage::Neighbours, distinct.contents.len() as u64);
        progress.begin(Stage::Neighbours);
        let begun = Instant::now();
        let floor = Cosine(
            self.request
                .model
                .similarity_floor
                .min(self.grouping.similarity.0),
        );
        let faint = candidates::faint_floor(floor);
        let count = |rows: u64| {
            progress.add(Stage::Neighbours, rows, 0, Duration::ZERO);
            // Whether it goes on the search itself asks before the next rows.
            job.control.goes_on();
            found_so_far.publish();
        };
        let found = neighbours::neighbours(
            &vectors,
            faint,
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

        let candidates = candidates(&distinct, &found.edges, floor, &hashed.pairs, &vectors);
        progress.begin(Stage::Verify);
        let settings = VerifySettings::for_floor(Cosine(self.model.similarity_floor));
        let compare = Compare {
            distinct: &distinct,
            settings: &settings,
            pool,
            job,
            found_so_far: &found_so_far,
        };
        let mut compared = compare.run(&candidates, writer)?;
        through::run(&compare, &vectors, &mut compared, writer)?;
        let originals = Originals::new(self.photos, &distinct, &self.request.limits);
        detail::run(&compare, &originals, &mut compared, writer)?;
        let identical = Identical {
            distinct: &distinct,
            originals: &originals,
            pool,
            job,
        };
        identical.run(&mut compared.verdicts, writer)?;

        job.go_on()?;
        progress.expect(Stage::Group, self.photos.len() as u64);
        progress.begin(Stage::Group);
        let begun = Instant::now();
        let findings = Findings {
            distinct,
            verdicts: compared.verdicts,
            edges: found.edges,
        };
        let shots = Shots::build(&findings.of(self.photos), self.grouping, cancel)?;
        progress.add(Stage::Group, self.photos.len() as u64, 0, begun.elapsed());
        Ok(Related {
            groups: shots.groups(self.grouping.similarity),
            parts: group::parts(&findings.distinct, &findings.verdicts),
            shots,
            findings,
            index: found.index,
            recall: found.recall,
            crowded: hashed.crowded,
            unreadable: compared.unreadable.len(),
        })
    }
}
