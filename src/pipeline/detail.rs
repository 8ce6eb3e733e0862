//! Pages and screens that are one shot as far as a small picture shows: the files are decoded
//! once more, large enough to tell their words apart. They are few, and the verdict is kept.

use cpu_time::ThreadTime;
use rayon::prelude::*;

use super::PipelineError;
use super::compare::{Compare, Compared, Pair};
use super::originals::Originals;
use super::progress::Stage;
use crate::library::CacheWriter;
use crate::matching::Edge;
use crate::matching::pixels::{self, Detail, Prepared};
use crate::scan::{self, DecodeScale};

/// Decides on the pairs of `compared` that want it. A pair whose files cannot be read any more
/// stays undecided, which is no copy.
pub(super) fn run(
    compare: &Compare<'_>,
    originals: &Originals<'_>,
    compared: &mut Compared,
    writer: &mut CacheWriter,
) -> Result<(), PipelineError> {
    let wanted: Vec<(usize, Pair<'_>)> = compared
        .verdicts
        .iter()
        .enumerate()
        .filter(|(_, (_, _, verdict))| verdict.pixels.detail == Detail::Wanted)
        .filter_map(|(at, &(a, b, verdict))| {
            let cosine = verdict.numbers.cosine;
            Some((at, Pair::new(compare.distinct, Edge { a, b, cosine })?))
        })
        .collect();
    compare.expect(wanted.len());
    let read = |position: u32| -> Option<Prepared> {
        let image = originals.read(position, |bytes, content, limits| {
            let scale = DecodeScale::Reduced {
                min_short_side: pixels::DETAIL_SIDE,
            };
            let orientation = content.metadata.orientation;
            scan::decode(bytes, content.format, orientation, scale, limits).ok()
        })??;
        Some(pixels::prepare_detail(&image.image))
    };
    let verdicts = &compared.verdicts;
    let decided: Vec<_> = compare.pool.install(|| {
        let decide = |(at, pair): &(usize, Pair<'_>)| {
            let begun = ThreadTime::now();
            let is_wanted = compare.job.control.goes_on();
            let _at_work = compare.job.progress.at_work(Stage::Verify);
            let verdict = is_wanted.then(|| {
                let [low, high] = pair.positions();
                let (_, _, verdict) = verdicts.get(*at)?;
                let known = pair.turned(verdict.pixels);
                Some(pixels::compare_detail(&read(low)?, &read(high)?, &known))
            });
            let busy = begun.elapsed();
            compare.job.progress.add(Stage::Verify, 1, 0, busy);
            verdict.flatten()
        };
        wanted.par_iter().map(decide).collect()
    });
    compare.job.go_on()?;
    for ((at, pair), pixels) in wanted.iter().zip(decided) {
        let Some((_, _, verdict)) = compared.verdicts.get_mut(*at) else {
            continue;
        };
        if let Some(pixels) = pixels {
            writer.write(pair.record(&pixels, true))?;
            *verdict = pair.verdict(pixels, compare.settings);
        } else {
            let undecided = pair.turned(verdict.pixels).undecided();
            *verdict = pair.verdict(undecided, compare.settings);
        }
    }
    Ok(())
}
