//! What is new, changed, moved and gone since the folders were looked at last.
//!
//! Compared is with what the cache knows of the folders. A file counts as gone only if the walk
//! would have seen it: what lies below a folder that could not be listed, or stands among the
//! walk's problems, says nothing. What a vanished folder held is no more gone than that.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::PipelineError;
use super::extract::Extracted;
use crate::library::{Cache, CacheWriter, KnownFile, LibraryError, Record};
use crate::photo::{ContentHash, FileStamp, ProblemKind};
use crate::scan::{FoundFile, Walked};

/// What is different since the last look, in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// When the folders were scanned last to the end; of several the longest ago; none if one
    /// of them never was.
    pub last_scan: Option<Timestamp>,
    /// Files that were not known.
    pub new: u64,
    /// Files that are no longer what they were.
    pub changed: u64,
    /// Files that lie elsewhere than before; neither new nor gone.
    pub moved: u64,
    /// Files that are no longer there.
    pub gone: u64,
    /// Files that are as they were.
    pub unchanged: u64,
    /// The new ones in path order; empty where there was no earlier scan and all are new.
    pub new_paths: Vec<PathBuf>,
    /// The moved ones, from and to, in the order of where they lie now.
    pub moved_paths: Vec<(PathBuf, PathBuf)>,
    /// The gone ones in path order.
    pub gone_paths: Vec<PathBuf>,
}

impl Changes {
    /// What is different, in words, with numbers as `write` has them: `3 new, 1 gone`; none if
    /// nothing is.
    #[must_use]
    pub fn told(&self, write: impl Fn(u64) -> String) -> Option<String> {
        let counts = [
            (self.new, "new"),
            (self.changed, "changed"),
            (self.moved, "moved"),
            (self.gone, "gone"),
        ];
        let told: Vec<String> = counts
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, what)| format!("{} {what}", write(count)))
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// The files of a walk beside those that the cache knows.
#[derive(Debug, Default)]
pub(super) struct Difference {
    last_scan: Option<Timestamp>,
    /// Positions among the files of the walk.
    pub new: Vec<usize>,
    /// Positions among the files of the walk.
    pub changed: Vec<usize>,
    unchanged: u64,
    /// Those of the new that were known and gone at the last scan.
    back: Vec<PathBuf>,
    gone: Vec<KnownFile>,
    /// The walked folders, if all of their files are looked at.
    whole: Vec<PathBuf>,
}

impl Difference {
    /// Compares the first `limit` files of a walk with the cache.
    pub(super) fn find(
        cache: &Cache,
        walked: &Walked,
        limit: Option<usize>,
    ) -> Result<Self, LibraryError> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut difference = Self {
            last_scan: last_scan(cache, &walked.roots)?,
            ..Self::default()
        };
        if limit >= walked.files.len() {
            difference.whole.clone_from(&walked.roots);
        }
        let unseen: HashSet<&Path> = walked.problems.iter().map(|p| p.path.as_path()).collect();
        let mut known = cache.files_below(&walked.roots)?.into_iter().peekable();
        for (position, file) in walked.files.iter().enumerate() {
            // Both lists are in the order of the paths' bytes.
            while let Some(gone) = known.next_if(|known| bytes(&known.path) < bytes(&file.path)) {
                difference.miss(gone, &unseen);
            }
            let before = known.next_if(|known| known.path == file.path);
            if position < limit {
                difference.meet(position, file, before.as_ref());
            }
        }
        for gone in known {
            difference.miss(gone, &unseen);
        }
        Ok(difference)
    }

    fn meet(&mut self, position: usize, file: &FoundFile, before: Option<&KnownFile>) {
        let Some(before) = before else {
            self.new.push(position);
            return;
        };
        let is_unchanged = before.is_unchanged(&file.stamp);
        if before.is_gone {
            self.back.push(file.path.clone());
            self.new.push(position);
        } else if !is_unchanged {
            self.changed.push(position);
        } else if before.problem != Some(ProblemKind::OtherFile) {
            self.unchanged += 1;
        }
    }

    fn miss(&mut self, known: KnownFile, unseen: &HashSet<&Path>) {
        let is_seen = !known.path.ancestors().any(|path| unseen.contains(path));
        if is_seen && !known.is_gone && known.problem != Some(ProblemKind::OtherFile) {
            self.gone.push(known);
        }
    }

    /// What can be told before anything is read. Moved files are known by their inode.
    pub(super) fn foreseen(&self, files: &[FoundFile]) -> Changes {
        let file = |stamp: &FileStamp| (stamp.inode != 0).then_some(Key::of(stamp));
        self.changes(
            self.new
                .iter()
                .filter_map(|&position| files.get(position))
                .map(|found| (found.path.as_path(), file(&found.stamp)))
                .collect(),
            self.changed.len() as u64,
            |(stamp, _)| file(stamp),
        )
    }

    /// What came out. Moved files are known by their content. `extracted` is of the files of the
    /// walk, `files`.
    pub(super) fn settled(&self, files: &[FoundFile], extracted: &Extracted) -> Changes {
        // What could not be looked at in the end, or is no picture, is neither new nor changed.
        let counts = |position: &&usize| {
            extracted.problems.get(position).is_none_or(|problem| {
                !matches!(problem.kind, ProblemKind::Vanished | ProblemKind::OtherFile)
            })
        };
        let new = self.new.iter().filter(counts).filter_map(|position| {
            let content = extracted.files.get(position).copied();
            Some((files.get(*position)?.path.as_path(), content))
        });
        self.changes(
            new.collect(),
            self.changed.iter().filter(counts).count() as u64,
            |(_, content)| Some(*content),
        )
    }

    /// Pairs each gone file with the first new one of the same key.
    fn changes<K: std::hash::Hash + Eq>(
        &self,
        new: Vec<(&Path, Option<K>)>,
        other_bytes: u64,
        key: impl Fn(&(FileStamp, ContentHash)) -> Option<K>,
    ) -> Changes {
        let mut gone_by_key: HashMap<K, Vec<&Path>> = HashMap::new();
        for known in self.gone.iter().rev() {
            if let Some(key) = known.content.as_ref().and_then(&key) {
                gone_by_key.entry(key).or_default().push(&known.path);
            }
        }
        let mut changes = Changes {
            last_scan: self.last_scan,
            changed: other_bytes,
            unchanged: self.unchanged,
            ..Changes::default()
        };
        let mut moved_from = HashSet::new();
        for (path, key) in new {
            let from = key.and_then(|key| gone_by_key.get_mut(&key)?.pop());
            if let Some(from) = from {
                moved_from.insert(from);
                changes.moved += 1;
                changes.moved_paths.push((from.to_owned(), path.to_owned()));
            } else {
                changes.new += 1;
                if self.last_scan.is_some() {
                    changes.new_paths.push(path.to_owned());
                }
            }
        }
        let gone = self.gone.iter().map(|known| &known.path);
        changes.gone_paths = gone
            .filter(|path| !moved_from.contains(path.as_path()))
            .cloned()
            .collect();
        changes.gone = changes.gone_paths.len() as u64;
        changes
    }

    /// Lets the cache know what was seen, for the next time.
    pub(super) fn remember(
        self,
        now: Timestamp,
        writer: &mut CacheWriter,
    ) -> Result<(), PipelineError> {
        for gone in self.gone {
            writer.write(Record::Gone { path: gone.path })?;
        }
        for path in self.back {
            writer.write(Record::Back { path })?;
        }
        for folder in self.whole {
            writer.write(Record::Scanned {
                folder,
                finished_s: now.as_second(),
            })?;
        }
        Ok(())
    }
}

/// What stays the same of a file that is moved on one drive: device, inode, length, time.
#[derive(PartialEq, Eq, Hash)]
struct Key(u64, u64, u64, i64);

impl Key {
    fn of(stamp: &FileStamp) -> Self {
        Self(stamp.device, stamp.inode, stamp.size, stamp.modified_ns)
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn last_scan(cache: &Cache, roots: &[PathBuf]) -> Result<Option<Timestamp>, LibraryError> {
    let mut longest_ago = None;
    for root in roots {
        let last = cache.last_scan(root)?;
        let Some(last) = last.and_then(|seconds| Timestamp::from_second(seconds).ok()) else {
            return Ok(None);
        };
        longest_ago = Some(longest_ago.map_or(last, |other: Timestamp| other.min(last)));
    }
    Ok(longest_ago)
}
