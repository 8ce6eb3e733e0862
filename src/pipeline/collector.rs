//! The end of the line: one thread takes what all others have found, hands it to the cache, and
//! keeps what the rest of the analysis needs.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::extract::Extracted;
use super::found::{self, Found};
use super::workers::Message;
use super::{Job, PipelineError};
use crate::embed::ModelKey;
use crate::library::{CacheWriter, Record};
use crate::matching::GroupSettings;
use crate::photo::{ContentHash, Photo, Problem};
use crate::scan::FoundFile;

/// How often the collector looks at the clock where no messages come.
const IDLE: Duration = Duration::from_millis(250);

/// Hands everything to the cache and keeps what the rest of the analysis needs.
pub(super) struct Collector<'a> {
    pub files: &'a [FoundFile],
    pub key: &'a ModelKey,
    pub writer: CacheWriter,
    pub extracted: Extracted,
    pub grouping: &'a GroupSettings,
    pub job: &'a Job,
    /// Whether something came that those who look have not seen.
    pub has_news: bool,
}

impl Collector<'_> {
    pub(super) fn run(
        mut self,
        messages: &Receiver<Message>,
    ) -> Result<(Extracted, CacheWriter), PipelineError> {
        loop {
            // Nothing new from a slow model or disk, or during a pause: what waits to be
            // committed must not wait with it. If nothing waits, there is no clock to look at.
            let is_looked_for = self.has_news && self.job.shelf.is_wanted();
            let next = if self.writer.is_idle() && !is_looked_for {
                messages
                    .recv()
                    .map_err(|_all_gone| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(IDLE)
            };
            match next {
                Ok(message) => {
                    self.take(message)?;
                    self.has_news = true;
                }
                Err(RecvTimeoutError::Timeout) => self.writer.commit_if_due()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.has_news &= !self.job.shelf.publish(|| self.found());
        }
        self.problems_of_contents()?;
        self.writer.commit()?;
        Ok((self.extracted, self.writer))
    }

    /// The photos so far. Nothing is certain of them but which files are identical.
    fn found(&self) -> Option<Found> {
        let known = &self.extracted.known;
        let photo = |(&file, hash): (&usize, &ContentHash)| {
            let content = known.contents.get(hash)?;
            let found = self.files.get(file)?;
            (!known.failures.contains_key(hash)).then(|| Photo {
                path: found.path.clone(),
                stamp: found.stamp,
                content: Arc::clone(content),
            })
        };
        let photos = self.extracted.files.iter().filter_map(photo).collect();
        found::found(photos, &[], self.grouping, self.job)
    }

    fn take(&mut self, message: Message) -> Result<(), PipelineError> {
        let known = &mut self.extracted.known;
        match message {
            Message::File(file, content) => {
                self.extracted.files.insert(file, content);
                if let Some(found) = self.files.get(file) {
                    self.writer.write(Record::File {
                        path: found.path.clone(),
                        stamp: found.stamp,
                        content,
                    })?;
                }
            }
            Message::FileProblem(file, problem) => {
                self.remember(file, &problem)?;
                self.extracted.problems.insert(file, problem);
            }
            Message::Recalled(content, vector) => {
                if let Some(vector) = vector {
                    known.vectors.insert(content.hash, vector);
                }
                known.contents.insert(content.hash, content);
            }
            Message::Content(content, thumbnail, pixel_record) => {
                known
                    .contents
                    .insert(content.hash, Arc::new((*content).clone()));
                self.writer.write(Record::Content {
                    content: *content,
                    thumbnail,
                    pixel_record,
                })?;
            }
            Message::ContentProblem(hash, kind, message) => {
                known.failures.insert(hash, (kind, message));
            }
            Message::Vector(content, vector) => {
                let record = Record::Embedding {
                    content,
                    model_key: self.key.0.clone(),
                    vector: vector.components().to_vec(),
                };
                known.vectors.insert(content, vector);
                self.writer.write(record)?;
            }
        }
        Ok(())
    }

    /// Every file of a content that cannot be used is a problem of its own.
    fn problems_of_contents(&mut self) -> Result<(), PipelineError> {
        let failures = &self.extracted.known.failures;
        let failed: Vec<_> = self
            .extracted
            .files
            .iter()
            .filter_map(|(&file, hash)| Some((file, failures.get(hash)?.clone())))
            .collect();
        for (file, (kind, message)) in failed {
            let Some(found) = self.files.get(file) else {
                continue;
            };
            let problem = Problem {
                path: found.path.clone(),
                kind,
                message,
            };
            self.remember(file, &problem)?;
            self.extracted.files.remove(&file);
            self.extracted.problems.insert(file, problem);
        }
        Ok(())
    }

    fn remember(&mut self, file: usize, problem: &Problem) -> Result<(), PipelineError> {
        match self.files.get(file) {
            Some(found) if problem.kind.is_of_the_content() => {
                Ok(self.writer.write(Record::Problem {
                    stamp: found.stamp,
                    problem: problem.clone(),
                })?)
            }
            _ => Ok(()),
        }
    }
}
