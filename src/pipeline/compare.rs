//! Candidate pairs to verdicts, by what the cache keeps of their pixels.
//!
//! A verdict is remembered for good, so only pairs that never met before are compared. What is
//! compared is fetched for some hundred contents at a time: all of a large library's pixel
//! records would not fit into memory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use cpu_time::ThreadTime;
use rayon::ThreadPool;
use rayon::prelude::*;

use super::found::Comparing;
use super::progress::Stage;
use super::{Job, PipelineError};
use crate::library::{CacheWriter, KnownVerdict, Record};
use crate::matching::pixels::{self, PixelRecord, PixelVerdict, Prepared};
use crate::matching::verify::verify;
use crate::matching::{Distinct, Edge, Verdict, VerifySettings};
use crate::photo::Content;

/// Contents that are in memory at once: about 230 KB each.
const CONTENTS_AT_ONCE: usize = 1024;

/// Pairs whose remembered verdicts are asked for at once.
const PAIRS_AT_ONCE: usize = 16_384;

/// What is needed to compare.
pub(super) struct Compare<'a> {
    pub distinct: &'a Distinct,
    pub settings: &'a VerifySettings,
    pub pool: &'a ThreadPool,
    pub job: &'a Job,
    pub found_so_far: &'a Comparing<'a>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Each pair once, the lower position first. Of a large library's millions of pairs, those
    /// of which nothing is known but the cosine are left out.
    pub verdicts: Vec<(u32, u32, Verdict)>,
    /// Positions in `verdicts` of those from which nothing was concluded yet for other pairs.
    pub unsettled: HashSet<usize>,
    /// Contents whose pixel record cannot be read: nothing is claimed of them.
    pub unreadable: HashSet<u32>,
}

impl Compare<'_> {
    /// What the verdicts on `candidates` say beyond their cosines, in their order; new ones go to
    /// the cache as they come.
    pub(super) fn run(
        &self,
        candidates: &[Edge],
        writer: &mut CacheWriter,
    ) -> Result<Compared, PipelineError> {
        let mut compared = Compared::default();
        self.expect(candidates.len());
        for candidates in candidates.chunks(PAIRS_AT_ONCE) {
            let pairs: Vec<Pair<'_>> = candidates
                .iter()
                .filter_map(|edge| Pair::new(self.distinct, *edge))
                .collect();
            let known = recall(&pairs, writer)?;
            let recalled = known.iter().flatten().count() as u64;
            self.job
                .progress
                .add(Stage::Verify, recalled, 0, Duration::ZERO);
            let unknown: Vec<&Pair<'_>> = pairs
                .iter()
                .zip(&known)
                .filter_map(|(pair, known)| known.is_none().then_some(pair))
                .collect();
            let found = self.compare(
                &unknown,
                |_, low, high| Some(pixels::compare(low, high)),
                &mut compared.unreadable,
                writer,
            )?;
            let mut found = found.into_iter();
            for (pair, known) in pairs.iter().zip(known) {
                let verdict = known.or_else(|| Some((found.next()??, false)));
                let (verdict, settled) = verdict.unwrap_or((PixelVerdict::UNRELATED, true));
                let verdict = pair.verdict(verdict, self.settings);
                if !verdict.says_something() {
                    continue;
                }
                if !settled {
                    compared.unsettled.insert(compared.verdicts.len());
                }
                let Edge { a, b, .. } = pair.edge;
                self.found_so_far.add(a, b, &verdict);
                compared.verdicts.push((a, b, verdict));
            }
        }
        Ok(compared)
    }

    /// Announces that so many pairs will be compared.
    pub(super) fn expect(&self, pairs: usize) {
        self.job.progress.expect_more(Stage::Verify, pairs as u64);
    }

    /// The verdicts on pairs, as `how` finds them from the lower and the higher content's
    /// pixels; none where it finds none or a record is missing. They go to the cache.
    pub(super) fn compare<'p>(
        &self,
        pairs: &[&'p Pair<'p>],
        how: impl Fn(&'p Pair<'p>, &Prepared, &Prepared) -> Option<PixelVerdict> + Sync,
        unreadable: &mut HashSet<u32>,
        writer: &mut CacheWriter,
    ) -> Result<Vec<Option<PixelVerdict>>, PipelineError> {
        let mut verdicts = Vec::with_capacity(pairs.len());
        let mut prepared = HashMap::new();
        for batch in batches(pairs) {
            self.fetch(batch, &mut prepared, unreadable, writer)?;
            let found: Vec<Option<PixelVerdict>> = self.pool.install(|| {
                let find = |pair: &&'p Pair<'p>| {
                    let begun = ThreadTime::now();
                    let [low, high] = pair.positions().map(|position| prepared.get(&position));
                    let is_wanted = self.job.control.goes_on();
                    let _at_work = self.job.progress.at_work(Stage::Verify);
                    let verdict = low.zip(high).filter(|_| is_wanted);
                    let verdict = verdict.and_then(|(low, high)| how(pair, low, high));
                    if let Some(pixels) = verdict {
                        let Edge { a, b, .. } = pair.edge;
                        self.found_so_far
                            .add(a, b, &pair.verdict(pixels, self.settings));
                    }
                    self.job.progress.add(Stage::Verify, 1, 0, begun.elapsed());
                    self.found_so_far.publish();
                    verdict
                };
                batch.par_iter().map(find).collect()
            });
            for (pair, verdict) in batch.iter().zip(&found) {
                if let Some(verdict) = verdict {
                    // Only from copies anything follows for other pairs.
                    writer.write(pair.record(verdict, !verdict.is_same_shot()))?;
                }
            }
            if let Err(cancelled) = self.job.go_on() {
                writer.commit()?;
                return Err(cancelled);
            }
            verdicts.extend(found);
        }
        Ok(verdicts)
    }

    /// Makes ready what `batch` needs, and forgets what it does not.
    fn fetch(
        &self,
        batch: &[&Pair<'_>],
        prepared: &mut HashMap<u32, Prepared>,
        unreadable: &mut HashSet<u32>,
        writer: &CacheWriter,
    ) -> Result<(), PipelineError> {
        let wanted: BTreeSet<u32> = batch.iter().flat_map(|pair| pair.positions()).collect();
        prepared.retain(|position, _| wanted.contains(position));
        for position in wanted {
            if prepared.contains_key(&position) {
                continue;
            }
            self.job.go_on()?;
            let Some(content) = self.distinct.contents.get(position as usize) else {
                continue;
            };
            let record = writer
                .cache()
                .pixel_record(content.hash)?
                .and_then(|bytes| PixelRecord::from_bytes(&bytes).ok());
            match record {
                Some(record) => {
                    prepared.insert(position, record.decode());
                }
                None => {
                    unreadable.insert(position);
                }
            }
        }
        Ok(())
    }
}

/// A candidate with its contents, in an order that depends on nothing but what they are.
pub(super) struct Pair<'a> {
    pub edge: Edge,
    low: &'a Content,
    high: &'a Content,
    /// Whether `low` is the second of the edge.
    is_turned: bool,
}

impl<'a> Pair<'a> {
    /// Of an edge between two of the contents.
    pub(super) fn new(distinct: &'a Distinct, edge: Edge) -> Option<Self> {
        let content = |position: u32| distinct.contents.get(position as usize);
        let (a, b) = (content(edge.a)?, content(edge.b)?);
        let is_turned = a.hash > b.hash;
        let (low, high) = if is_turned { (b, a) } else { (a, b) };
        Some(Self {
            edge,
            low,
            high,
            is_turned,
        })
    }

    /// Of the lower and the higher content.
    pub(super) fn positions(&self) -> [u32; 2] {
        if self.is_turned {
            [self.edge.b, self.edge.a]
        } else {
            [self.edge.a, self.edge.b]
        }
    }

    /// The verdict on the edge, from what the pixels say of the lower and the higher content.
    pub(super) fn verdict(&self, pixels: PixelVerdict, settings: &VerifySettings) -> Verdict {
        let pixels = self.turned(pixels);
        let (a, b) = if self.is_turned {
            (self.high, self.low)
        } else {
            (self.low, self.high)
        };
        verify(a, b, self.edge.cosine, &pixels, settings)
    }

    /// From the order of the edge to that of the contents, or back.
    pub(super) fn turned(&self, pixels: PixelVerdict) -> PixelVerdict {
        if self.is_turned {
            pixels.reversed()
        } else {
            pixels
        }
    }

    /// For the cache: all was made of the pair's verdict that follows from it.
    pub(super) fn settled(&self) -> Record {
        Record::Settled {
            pair: (self.low.hash, self.high.hash),
        }
    }

    /// For the cache: the verdict on the lower and the higher content.
    pub(super) fn record(&self, verdict: &PixelVerdict, settled: bool) -> Record {
        Record::Verdict {
            pair: (self.low.hash, self.high.hash),
            version: pixels::VERSION,
            verdict: verdict.to_bytes(),
            settled,
        }
    }
}

/// What the cache knows of pairs, and whether that is settled.
pub(super) fn recall(
    pairs: &[Pair<'_>],
    writer: &CacheWriter,
) -> Result<Vec<Option<(PixelVerdict, bool)>>, PipelineError> {
    let hashes = pairs.iter().map(|pair| (pair.low.hash, pair.high.hash));
    let known = writer.cache().verdicts(hashes, pixels::VERSION)?;
    let read =
        |known: KnownVerdict| Some((PixelVerdict::from_bytes(&known.verdict)?, known.settled));
    Ok(known.into_iter().map(|known| read(known?)).collect())
}

/// Cuts a list of pairs so that each piece is about few enough contents.
fn batches<'s, 'p>(pairs: &'s [&'p Pair<'p>]) -> Vec<&'s [&'p Pair<'p>]> {
    let mut batches = Vec::new();
    let (mut start, mut contents) = (0, HashSet::new());
    for (end, pair) in pairs.iter().enumerate() {
        contents.extend(pair.positions());
        if contents.len() > CONTENTS_AT_ONCE {
            batches.push(&pairs[start..end]);
            start = end;
            contents.clear();
            contents.extend(pair.positions());
        }
    }
    batches.push(&pairs[start..]);
    batches
}
