//! What a scan would find and how long it would take: the folders are listed, the cache is asked,
//! and nothing else is opened.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::changes::{Changes, Difference};
use super::extract::READERS;
use super::speeds::{Speeds, Work};
use super::{PipelineError, Request};
use crate::library::Cache;
use crate::scan::{self, FoundFile};

/// What is known of a scan before it is started.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Files that are pictures by their names, or may be some.
    pub files: u64,
    /// Their length together.
    pub bytes: u64,
    /// Since the last scan. Nothing was read, so a file counts as moved only where the file
    /// system tells, and what turns out to be no picture still counts as new.
    pub changes: Changes,
    /// Files that would be read: new or changed, or without a vector of this model.
    pub to_read: u64,
    /// Their length together.
    pub bytes_to_read: u64,
    /// How long the scan would take, by the speeds that were measured on this machine.
    pub duration: Duration,
    /// What the duration rests on.
    pub basis: Basis,
}

/// What an estimated duration rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Earlier scans with this model and cache.
    Measured,
    /// Another machine: right within a factor of some.
    Typical,
}

/// Lists the folders of `request` and foretells its scan. `progress` is told the number of files
/// found and their bytes, now and then. Of one folder after the other it tells what a row of a
/// list of folders shows.
///
/// # Errors
/// [`PipelineError::Scan`] if a folder cannot be listed, [`PipelineError::Library`] if the cache
/// fails, [`PipelineError::Cancelled`]. A cache that is not there or cannot be used is none: the
/// scan will say so.
pub fn estimate(
    request: &Request,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Estimate, PipelineError> {
    let begun = Instant::now();
    let mut walked = scan::walk(&request.folders, cancel, progress)?;
    let listing = begun.elapsed();
    let cache = request.cache.as_deref().map(Cache::open_if_there);
    let cache = match cache.transpose()?.flatten() {
        Some(cache) => cache,
        None => Cache::in_memory()?.cache,
    };
    let difference = Difference::find(&cache, &walked, request.limit)?;
    walked.files.truncate(request.limit.unwrap_or(usize::MAX));
    let changes = difference.foreseen(&walked.files);
    let key = request.model.key();
    let to_read = to_read(&walked.files, &cache, &key.0)?;
    let length = |files: &mut dyn Iterator<Item = &FoundFile>| files.map(|f| f.stamp.size).sum();
    let work = Work {
        files: walked.files.len() as u64,
        to_read: to_read.len() as u64,
        bytes: length(&mut to_read.into_iter()),
    };
    let speeds = Speeds::of(&cache.figures()?, &key);
    let seconds = speeds.parts(work, request.threads, READERS).total();
    Ok(Estimate {
        files: work.files,
        bytes: length(&mut walked.files.iter()),
        changes,
        to_read: work.to_read,
        bytes_to_read: work.bytes,
        duration: listing + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 2),
        basis: if speeds.is_measured {
            Basis::Measured
        } else {
            Basis::Typical
        },
    })
}

/// The files that a scan would read, as it decides itself.
fn to_read<'a>(
    files: &'a [FoundFile],
    cache: &Cache,
    model_key: &str,
) -> Result<Vec<&'a FoundFile>, PipelineError> {
    let stamped = || files.iter().map(|file| (file.path.as_path(), file.stamp));
    let problems = cache.known_problems(stamped())?;
    let contents = cache.known_files(stamped())?;
    let mut unread = Vec::new();
    for (position, (file, content)) in files.iter().zip(contents).enumerate() {
        let is_known = problems.contains_key(&position)
            || match content {
                Some(content) => cache.has_embedding(content, model_key)?,
                None => false,
            };
        if !is_known {
            unread.push(file);
        }
    }
    Ok(unread)
}
