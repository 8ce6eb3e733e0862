//! What is to be done, as data that cannot be wrong.
//!
//! The rules that every [`Plan`] keeps, whatever it was built from: each step has a keeper in
//! each group of its photo, which no step of the plan touches, by no path or link; each original
//! that goes with a photo has a twin of which the same holds; nothing protected is touched; no
//! file is in two steps. Removing never makes a keeper of what is marked, so of two photos that
//! stand for each other and are both marked, both stay.
//!
//! A plan is carried out once it is [`Approved`]. Deletion for good needs words that are typed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::RemovalError;
use super::action::Action;
use super::rescue;
use super::step::{Keeper, PlannedFile, Refusal, Step};
use super::survey::{FoundStand, Located, Stand, Surplus, Surveyed};
use crate::matching::Evidence;
use crate::photo::FileStamp;
use crate::scan::bundle::CompanionKind;

/// A photo that is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it was found.
    pub path: PathBuf,
    /// Why it stays.
    pub reason: Refusal,
}

/// The sums of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Photos.
    pub photos: u64,
    /// What goes with them.
    pub companions: u64,
    /// The bytes of both.
    pub bytes: u64,
}

/// What may be done, and what may not and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    action: Action,
    steps: Vec<Step>,
    refused: Vec<Refused>,
}

impl Plan {
    /// Takes into the plan what may be removed, with `weakest` as the weakest evidence that is
    /// enough (links need identical files in any case, and nothing is deleted for good but copies
    /// of one exposure). Steps and refusals are in the order of paths.
    #[must_use]
    pub fn build(surveyed: Vec<Surveyed>, action: Action, weakest: Evidence) -> Self {
        let weakest = match action {
            Action::HardLink | Action::Reflink(_) => Evidence::IdenticalFile,
            Action::Delete => weakest.min(Evidence::SameShot),
            Action::Trash | Action::MoveTo(_) => weakest,
        };
        let is_link = !action.takes_photos_away();
        let mut refused = BTreeMap::new();
        let mut drafts = drafts(surveyed, is_link, &mut refused);
        let mut steps = Vec::new();
        // What is refused stays, and only ever less is taken: this ends.
        loop {
            let taken = Taken::of(&drafts);
            steps.clear();
            let before = drafts.len();
            drafts.retain(|path, draft| match draft.step(&taken, weakest, &action) {
                Ok(step) => {
                    steps.push(step);
                    true
                }
                Err(reason) => {
                    refused.insert(path.clone(), reason);
                    false
                }
            });
            if drafts.len() == before {
                break;
            }
        }
        let refused = refused
            .into_iter()
            .map(|(path, reason)| Refused { path, reason });
        Self {
            action,
            steps,
            refused: refused.collect(),
        }
    }

    /// Looks for what only the photos know that go, and their keepers do not: it is written
    /// beside the keepers when the plan is carried out, unless [`Plan::without_rescue`] is asked
    /// for. Links change nothing that is known. Reads the beginning of each photo that is not
    /// identical to its keeper; `progress` is told how many steps were looked at.
    ///
    /// # Errors
    /// [`RemovalError::Cancelled`].
    pub fn look_for_rescue(
        &mut self,
        progress: &mut dyn FnMut(u64),
        cancel: &AtomicBool,
    ) -> Result<(), RemovalError> {
        if !self.action.takes_photos_away() {
            return Ok(());
        }
        let taken = Taken::by(self);
        rescue::look_for_all(&mut self.steps, &taken, progress, cancel)
    }

    /// Photos that know something that their keeper does not.
    #[must_use]
    pub fn with_better_metadata(&self) -> u64 {
        self.steps
            .iter()
            .filter(|step| step.rescue.is_some())
            .count() as u64
    }

    /// The plan without anything being written beside keepers.
    #[must_use]
    pub fn without_rescue(mut self) -> Self {
        for step in &mut self.steps {
            step.rescue = None;
        }
        self
    }

    /// What is done with the files.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What goes, in the order of paths.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What was marked and stays.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The sums.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            photos: self.steps.len() as u64,
            companions: self
                .steps
                .iter()
                .map(|step| step.companions.len() as u64)
                .sum(),
            bytes: self.steps.iter().map(Step::bytes).sum(),
        }
    }

    /// The sums by folder, in the order of paths.
    #[must_use]
    pub fn by_folder(&self) -> Vec<(PathBuf, Totals)> {
        let folder = |step: &Step| step.photo.path.parent().unwrap_or(Path::new("")).to_owned();
        self.sums(folder)
    }

    /// The sums by the evidence for the keeper, strongest first.
    #[must_use]
    pub fn by_evidence(&self) -> Vec<(Evidence, Totals)> {
        self.sums(|step| step.keeper.evidence)
    }

    fn sums<K: Ord>(&self, key: impl Fn(&Step) -> K) -> Vec<(K, Totals)> {
        let mut sums: BTreeMap<K, Totals> = BTreeMap::new();
        for step in &self.steps {
            let sum = sums.entry(key(step)).or_default();
            sum.photos += 1;
            sum.companions += step.companions.len() as u64;
            sum.bytes += step.bytes();
        }
        sums.into_iter().collect()
    }

    /// The plan is as the user wants it.
    ///
    /// # Errors
    /// The plan itself if it deletes for good: see [`Plan::approve_deletion`].
    pub fn approve(self) -> Result<Approved, Self> {
        if self.action == Action::Delete {
            return Err(self);
        }
        Ok(Approved(self))
    }

    /// The user has typed the [`deletion_phrase`] of this plan.
    ///
    /// # Errors
    /// The plan itself if the words are others, or if it deletes nothing.
    pub fn approve_deletion(self, typed: &str) -> Result<Approved, Self> {
        if self.action == Action::Delete && typed.trim() == deletion_phrase(&self) {
            return Ok(Approved(self));
        }
        Err(self)
    }
}

/// What a user has to type before a plan deletes for good.
#[must_use]
pub fn deletion_phrase(plan: &Plan) -> String {
    format!("delete {} photos", plan.steps.len())
}

/// A plan that the user has agreed to.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved(Plan);

impl Approved {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

/// A marked photo that may yet be refused.
struct Draft {
    file: Located,
    surplus: Surplus,
    companions: Vec<(CompanionKind, Located)>,
    /// What may stand for it, for each time that it was marked.
    groups: Vec<Vec<FoundStand>>,
}

/// Puts together what was marked several times, and refuses what can be refused at once.
fn drafts(
    surveyed: Vec<Surveyed>,
    is_link: bool,
    refused: &mut BTreeMap<PathBuf, Refusal>,
) -> BTreeMap<PathBuf, Draft> {
    let mut drafts: BTreeMap<PathBuf, Draft> = BTreeMap::new();
    for marked in surveyed {
        let file = match marked.file {
            Ok(file) => file,
            Err(reason) => {
                refused.insert(marked.surplus.path, reason);
                continue;
            }
        };
        let companions = if is_link {
            Vec::new()
        } else {
            marked.companions
        };
        let protected = companions
            .iter()
            .find(|(_, companion)| companion.is_protected);
        if file.is_protected {
            refused.insert(file.path, Refusal::Protected);
        } else if let Some((_, companion)) = protected {
            refused.insert(
                file.path,
                Refusal::CompanionProtected(companion.path.clone()),
            );
        } else if let Some(known) = drafts.get_mut(&file.path) {
            known.groups.push(marked.keepers);
            // What one list says of the file and another does not is not known for sure.
            if marked.surplus.content != known.surplus.content {
                known.groups.push(Vec::new());
            }
        } else {
            let draft = Draft {
                surplus: marked.surplus,
                companions,
                groups: vec![marked.keepers],
                file: file.clone(),
            };
            drafts.insert(file.path, draft);
        }
    }
    // Refused once, refused for good: it may have been marked under two names.
    drafts.retain(|path, _| !refused.contains_key(path));
    let mut seen = Taken::default();
    drafts.retain(|path, draft| {
        let files: Vec<&Located> = draft.files().collect();
        if files.iter().any(|file| seen.has(&file.path, &file.stamp)) {
            refused.insert(path.clone(), Refusal::Shared);
            return false;
        }
        for file in files {
            seen.add(&file.path, &file.stamp);
        }
        true
    });
    drafts
}

impl Draft {
    fn files(&self) -> impl Iterator<Item = &Located> {
        std::iter::once(&self.file).chain(self.companions.iter().map(|(_, file)| file))
    }

    /// The step, if every group has a keeper that stays while `taken` goes.
    fn step(&self, taken: &Taken, weakest: Evidence, action: &Action) -> Result<Step, Refusal> {
        let mut keepers = Vec::new();
        let mut twins = None;
        for group in &self.groups {
            let (keeper, with) = self.keeper(group, taken, weakest, action)?;
            keepers.push(keeper);
            twins.get_or_insert(with);
        }
        let twins = twins.unwrap_or_default();
        let mut keepers = keepers.into_iter();
        let keeper = keepers.next().ok_or(Refusal::NoKeeper)?;
        let companions = self
            .companions
            .iter()
            .zip(twins)
            .map(|((kind, file), twin)| PlannedFile {
                path: file.path.clone(),
                stamp: file.stamp,
                content: None,
                kind: Some(*kind),
                twin,
                is_as_scanned: true,
            });
        Ok(Step {
            photo: PlannedFile {
                path: self.file.path.clone(),
                stamp: self.file.stamp,
                content: Some(self.surplus.content),
                kind: None,
                twin: None,
                is_as_scanned: self.surplus.stamp == Some(self.file.stamp),
            },
            companions: companions.collect(),
            keeper,
            further_keepers: keepers.collect(),
            rescue: None,
        })
    }

    /// The best keeper of a group, and for each companion its twin where it needs one; else why
    /// the one that came closest cannot be it.
    fn keeper(
        &self,
        group: &[FoundStand],
        taken: &Taken,
        weakest: Evidence,
        action: &Action,
    ) -> Result<(Keeper, Vec<Option<Located>>), Refusal> {
        let mut reason = None;
        for FoundStand {
            stand,
            file,
            companions,
        } in group
        {
            let found = self
                .fits(stand, file, taken, weakest, action)
                .and_then(|()| self.twins(companions, taken));
            match found {
                Ok(twins) => {
                    let keeper = Keeper {
                        path: file.path.clone(),
                        stamp: file.stamp,
                        content: stand.content,
                        evidence: stand.evidence,
                        is_protected: file.is_protected,
                    };
                    return Ok((keeper, twins));
                }
                Err(other) => {
                    reason.get_or_insert(other);
                }
            }
        }
        Err(reason.unwrap_or(Refusal::NoKeeper))
    }

    fn fits(
        &self,
        stand: &Stand,
        file: &Located,
        taken: &Taken,
        weakest: Evidence,
        action: &Action,
    ) -> Result<(), Refusal> {
        if is_same(file, &self.file) {
            return Err(Refusal::SameFile);
        }
        if taken.has(&file.path, &file.stamp) {
            return Err(Refusal::KeeperMarked);
        }
        if stand.evidence > weakest {
            return Err(Refusal::WeakEvidence(stand.evidence));
        }
        let is_identical = stand.evidence == Evidence::IdenticalFile;
        if is_identical
            && (stand.content != self.surplus.content || file.stamp.size != self.file.stamp.size)
        {
            return Err(Refusal::Changed);
        }
        if !action.takes_photos_away() && file.stamp.device != self.file.stamp.device {
            return Err(Refusal::OtherFileSystem);
        }
        if let Action::Reflink(reflinks) = action
            && !reflinks.has(file.stamp.device)
        {
            return Err(Refusal::NoReflinks);
        }
        Ok(())
    }

    fn twins(
        &self,
        with: &[(CompanionKind, Located)],
        taken: &Taken,
    ) -> Result<Vec<Option<Located>>, Refusal> {
        let twin = |kind: CompanionKind, file: &Located| {
            if !kind.is_original() {
                return Ok(None);
            }
            with.iter()
                .find(|(other, twin)| {
                    *other == kind
                        && twin.stamp.size == file.stamp.size
                        && !is_same(twin, file)
                        && !taken.has(&twin.path, &twin.stamp)
                })
                .map(|(_, twin)| Some(twin.clone()))
                .ok_or_else(|| Refusal::NoTwin(kind, file.path.clone()))
        };
        self.companions
            .iter()
            .map(|(kind, file)| twin(*kind, file))
            .collect()
    }
}

/// Whether two paths are one file. Some network file systems give one inode to several files:
/// those are then kept, which costs space and no photo.
fn is_same(a: &Located, b: &Located) -> bool {
    a.path == b.path
        || (a.stamp.inode != 0
            && (a.stamp.device, a.stamp.inode) == (b.stamp.device, b.stamp.inode))
}

/// The files that go, by path and by inode.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    paths: HashSet<PathBuf>,
    inodes: HashSet<(u64, u64)>,
}

impl Taken {
    fn of(drafts: &BTreeMap<PathBuf, Draft>) -> Self {
        let mut taken = Self::default();
        for file in drafts.values().flat_map(Draft::files) {
            taken.add(&file.path, &file.stamp);
        }
        taken
    }

    /// The files of a plan.
    pub(super) fn by(plan: &Plan) -> Self {
        let mut taken = Self::default();
        for file in plan.steps.iter().flat_map(Step::files) {
            taken.add(&file.path, &file.stamp);
        }
        taken
    }

    fn add(&mut self, path: &Path, stamp: &FileStamp) {
        self.paths.insert(path.to_owned());
        if stamp.inode != 0 {
            self.inodes.insert((stamp.device, stamp.inode));
        }
    }

    /// Whether the file of this path is among them.
    pub(super) fn has_path(&self, path: &Path) -> bool {
        self.paths.contains(path)
    }

    /// Whether this file is among them.
    pub(super) fn has(&self, path: &Path, stamp: &FileStamp) -> bool {
        self.paths.contains(path) || self.inodes.contains(&(stamp.device, stamp.inode))
    }
}

#[cfg(test)]
mod tests;
