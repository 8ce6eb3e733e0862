//! Equal pixels: what looks as if it had them is decoded in full, each content once and for good.

use std::collections::HashMap;

use rayon::ThreadPool;
use rayon::prelude::*;

use super::originals::Originals;
use super::progress::Stage;
use super::{Job, PipelineError};
use crate::library::{CacheWriter, Record};
use crate::matching::verify::may_have_identical_pixels;
use crate::matching::{Distinct, Verdict};
use crate::photo::Pixels;
use crate::scan;

/// What is needed to decode photos in full.
pub(super) struct Identical<'a> {
    pub distinct: &'a Distinct,
    pub originals: &'a Originals<'a>,
    pub pool: &'a ThreadPool,
    pub job: &'a Job,
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
        let computed: Vec<(u32, Option<Pixels>)> = self.pool.install(|| {
            unknown
                .par_iter()
                .map(|&position| {
                    let is_wanted = self.job.control.goes_on();
                    let _at_work = self.job.progress.at_work(Stage::Verify);
                    let pixels = is_wanted
                        .then(|| self.originals.read(position, scan::pixels))
                        .flatten();
                    (position, pixels)
                })
                .collect()
        });
        self.job.go_on()?;
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
}
