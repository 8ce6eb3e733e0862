//! What need not be done again, before the work; and who has what, after it.

use std::collections::HashMap;
use std::sync::Arc;

use super::extract::{Extracted, Known};
use super::speeds::Work;
use super::{Job, PipelineError};
use crate::embed::{Embedding, ModelKey};
use crate::library::Cache;
use crate::photo::{ContentHash, Photo, Problem, ProblemKind};
use crate::scan::{self, FoundFile};

/// What the cache says of the files that were found.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Positions of the files that must be read.
    pub to_read: Vec<usize>,
    /// Files whose content is known, vectors and all.
    pub files: HashMap<usize, ContentHash>,
    /// Files that could not be used before and have not changed.
    pub problems: HashMap<usize, Problem>,
    /// What is known of contents.
    pub known: Known,
}

impl Intake {
    /// How much there is to do for `files`.
    pub(super) fn work(&self, files: &[FoundFile]) -> Work {
        let unread = self.to_read.iter().filter_map(|&file| files.get(file));
        Work {
            files: files.len() as u64,
            to_read: self.to_read.len() as u64,
            bytes: unread.map(|file| file.stamp.size).sum(),
        }
    }
}

/// Asks the cache about every file.
pub(super) fn look_up(
    files: &[FoundFile],
    cache: &Cache,
    key: &ModelKey,
    job: &Job,
) -> Result<Intake, PipelineError> {
    let stamped = || files.iter().map(|file| (file.path.as_path(), file.stamp));
    let contents = cache.known_files(stamped())?;
    let mut intake = Intake {
        problems: cache.known_problems(stamped())?,
        ..Intake::default()
    };
    for (file, hash) in contents.into_iter().enumerate() {
        job.go_on()?;
        if intake.problems.contains_key(&file) {
            continue;
        }
        let Some(hash) = hash else {
            intake.to_read.push(file);
            continue;
        };
        if !intake.known.contents.contains_key(&hash)
            && let Some(content) = cache.content(hash)?
        {
            intake.known.contents.insert(hash, Arc::new(content));
            if let Some(vector) = cache.embedding(hash, &key.0)? {
                intake
                    .known
                    .vectors
                    .insert(hash, Embedding::from_components(vector));
            }
        }
        if intake.known.vectors.contains_key(&hash) {
            intake.files.insert(file, hash);
        } else {
            intake.to_read.push(file);
        }
    }
    Ok(intake)
}

/// The photos and all problems, in path order.
pub(super) fn settle(
    files: Vec<FoundFile>,
    walk_problems: Vec<Problem>,
    extracted: &Extracted,
) -> (Vec<Photo>, Vec<Problem>) {
    let mut photos = Vec::new();
    let mut problems = walk_problems;
    for (position, file) in files.into_iter().enumerate() {
        if let Some(problem) = extracted.problems.get(&position) {
            problems.push(problem.clone());
            continue;
        }
        let content = extracted
            .files
            .get(&position)
            .and_then(|hash| extracted.known.contents.get(hash));
        if let Some(content) = content {
            problems.extend(scan::wrong_extension(&file.path, content.format));
            photos.push(Photo {
                path: file.path,
                stamp: file.stamp,
                content: Arc::clone(content),
            });
        }
    }
    // A file that was never said to be a picture and is none is nobody's business.
    problems.retain(|problem| problem.kind != ProblemKind::OtherFile);
    problems.sort_by(|a, b| (a.path.as_os_str(), a.kind).cmp(&(b.path.as_os_str(), b.kind)));
    (photos, problems)
}
