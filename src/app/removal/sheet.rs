//! The sheet: what is to be done with what is marked, what comes of it, how it ended.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::review::Marked;
use crate::matching::Evidence;
use crate::photo::{Photo, PhotoId};
use crate::removal::{
    Action, Outcome, Plan, Progress, Reflinks, Restored, Skip, Skipped, Surveyed, Totals,
    deletion_phrase,
};
use crate::settings::RemovalChoice;

/// What can be done with photos, as the sheet lists it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    /// To the system's trash.
    #[default]
    Trash,
    /// Below a folder.
    Move,
    /// Identical files become other names of their keepers.
    HardLink,
    /// Identical files share the bytes of their keepers.
    Reflink,
    /// Gone for good.
    Delete,
}

impl Choice {
    /// All, from the safest.
    pub(crate) const ALL: [Self; 5] = [
        Self::Trash,
        Self::Move,
        Self::HardLink,
        Self::Reflink,
        Self::Delete,
    ];

    /// As the sheet names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trash => "Move to the trash",
            Self::Move => "Move to a folder",
            Self::HardLink => "Replace by hard links",
            Self::Reflink => "Replace by reflinks",
            Self::Delete => "Delete for good",
        }
    }

    /// What it means.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Self::Trash => {
                "Can be undone here, or with the file manager. Frees space when the trash is emptied."
            }
            Self::Move => "Can be undone here. Each photo keeps its whole path below the folder.",
            Self::HardLink => {
                "Identical files only: the name stays and leads to the keeper's bytes. Can be undone."
            }
            Self::Reflink => {
                "Identical files only, where the file system can: files of their own that share the keeper's bytes until one changes."
            }
            Self::Delete => "Cannot be undone. Copies of one shot only.",
        }
    }
}

impl From<RemovalChoice> for Choice {
    fn from(choice: RemovalChoice) -> Self {
        match choice {
            RemovalChoice::Trash => Self::Trash,
            RemovalChoice::Folder => Self::Move,
            RemovalChoice::HardLink => Self::HardLink,
        }
    }
}

/// The sheet while it is open.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The photos of the review.
    pub(super) photos: Arc<[Photo]>,
    /// What is marked among them.
    pub(super) marked: Arc<[Marked]>,
    /// What is to be done.
    pub(crate) choice: Choice,
    /// Where to, for [`Choice::Move`].
    pub(crate) folder: Option<PathBuf>,
    /// Whether other exposures stay.
    pub(crate) only_copies: bool,
    /// Whether what only a removed photo knows is written beside its keeper.
    pub(crate) rescue: bool,
    /// What was typed of the words that deletion needs; none before they are asked for.
    pub(crate) typed: Option<String>,
    /// Whether the photos' places on the disk are known.
    pub(super) surveyed: Option<Arc<Vec<Surveyed>>>,
    /// How far it is.
    pub(crate) stage: Stage,
}

/// How far a sheet is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The files are being looked at; how many were looked into.
    Looking(Option<Progress>),
    /// This could be done.
    Ready(Box<Draft>),
    /// It is being done.
    Acting(Option<Progress>),
    /// It was done.
    Done(Box<Done>),
    /// It is being taken back.
    Undoing(Option<Progress>),
    /// It was taken back.
    Undone(Box<Undone>),
    /// It cannot be done, in words.
    Failed(String),
}

impl Sheet {
    /// A sheet on what is marked among `photos`.
    pub(crate) fn new(photos: Arc<[Photo]>, marked: Vec<Marked>, choice: Choice) -> Self {
        Self {
            photos,
            marked: marked.into(),
            choice,
            folder: None,
            only_copies: false,
            rescue: true,
            typed: None,
            surveyed: None,
            stage: Stage::Looking(None),
        }
    }

    /// What is chosen, as the removal takes it; none while a folder is still to be named.
    pub(super) fn action(&self) -> Option<Action> {
        match self.choice {
            Choice::Trash => Some(Action::Trash),
            Choice::Move => self.folder.clone().map(Action::MoveTo),
            Choice::HardLink => Some(Action::HardLink),
            // Which file systems have them is asked with the plan.
            Choice::Reflink => Some(Action::Reflink(Reflinks::default())),
            Choice::Delete => Some(Action::Delete),
        }
    }

    /// The weakest evidence that is enough.
    pub(super) fn weakest(&self) -> Evidence {
        if self.only_copies {
            Evidence::SameShot
        } else {
            Evidence::Similar
        }
    }

    /// Whether the words that were typed allow what is chosen.
    pub(crate) fn may_start(&self) -> bool {
        let Stage::Ready(draft) = &self.stage else {
            return false;
        };
        let typed = self.typed.as_deref().unwrap_or_default().trim();
        draft.totals.photos > 0
            && (self.choice != Choice::Delete || typed == deletion_phrase(&draft.plan))
    }
}

/// A plan, with its sums.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The plan itself.
    pub(crate) plan: Plan,
    /// Its sums.
    pub(crate) totals: Totals,
    /// By folder, the most photos first.
    pub(crate) by_folder: Vec<(PathBuf, Totals)>,
    /// By evidence, strongest first.
    pub(crate) by_evidence: Vec<(Evidence, Totals)>,
    /// What the photos' places are, for further plans.
    pub(crate) surveyed: Arc<Vec<Surveyed>>,
}

impl Draft {
    /// Adds up a plan.
    pub(crate) fn of(plan: Plan, surveyed: Arc<Vec<Surveyed>>) -> Self {
        let mut by_folder = plan.by_folder();
        by_folder.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.photos));
        Self {
            totals: plan.totals(),
            by_folder,
            by_evidence: plan.by_evidence(),
            plan,
            surveyed,
        }
    }

    /// Photos of which something cannot be written beside the keeper, with the first reason.
    pub(crate) fn cannot_rescue(&self) -> Option<(usize, String)> {
        let steps = self.plan.steps().iter();
        let mut reasons = steps.filter_map(|step| step.rescue()?.sidecar.as_ref().err());
        let first = reasons.next()?.to_string();
        Some((1 + reasons.count(), first))
    }

    /// Photos that are no copies of one exposure.
    pub(crate) fn other_exposures(&self) -> u64 {
        let weak = self.by_evidence.iter().filter(|(e, _)| !e.is_one_shot());
        weak.map(|(_, totals)| totals.photos).sum()
    }
}

/// How a removal ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// What was done.
    pub(crate) outcome: Outcome,
    /// The photos that are gone from the review, with where they lay.
    pub(crate) removed: Vec<(PathBuf, PhotoId)>,
    /// Whether it can be undone.
    pub(crate) can_undo: bool,
}

impl Done {
    /// What stayed because there is no trash where it lies.
    pub(crate) fn without_trash(&self) -> usize {
        let skipped = self.outcome.skipped.iter();
        skipped.filter(|skipped| is_without_trash(skipped)).count()
    }
}

fn is_without_trash(skipped: &Skipped) -> bool {
    matches!(skipped.reason, Skip::NoTrash(_))
}

/// How a restoration ended.
#[derive(Debug)]
pub(crate) struct Undone {
    /// The removal that was taken back.
    pub(crate) session: i64,
    /// What came back, and what did not.
    pub(crate) restored: Restored,
}
