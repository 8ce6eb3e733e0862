//! What an analysis has found so far, for those who do not want to wait for its end.
//!
//! Only what is certain is shown: identical files as soon as their hashes are known, then what
//! was decided by the pixels. The work itself puts a new state on the [`Shelf`] now and then, if
//! anybody looks at it, and never for more than a small share of its time; the final report knows
//! nothing of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::Job;
use crate::matching::pixels::Detail;
use crate::matching::{Analysed, Distinct, Evidence, Group, GroupSettings, Verdict, group};
use crate::photo::Photo;

/// A new state comes no sooner than this after the last...
const INTERVAL: Duration = Duration::from_secs(2);

/// ...nor sooner than so many times as long as it took to make: a fortieth of one thread's time.
const SHARE: u32 = 40;

/// The photos and groups of an analysis that still runs. The ids of another state are others.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The photos that are known so far, in path order; a `PhotoId` is a position here.
    pub photos: Arc<[Photo]>,
    /// What certainly belongs together among them. It may grow, and be led by another photo.
    pub groups: Vec<Group>,
}

/// Where the latest state lies.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    is_wanted: AtomicBool,
    latest: Mutex<Arc<Found>>,
    /// When the next state may be made; held by who makes it.
    next: Mutex<Option<Instant>>,
}

impl Shelf {
    /// The latest state; from now on there will be others.
    pub(super) fn latest(&self) -> Arc<Found> {
        self.is_wanted.store(true, Ordering::Relaxed);
        Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether anybody looks.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Puts a new state there if it is wanted and due; says whether it was.
    pub(super) fn publish(&self, state: impl FnOnce() -> Option<Found>) -> bool {
        if !self.is_wanted() {
            return false;
        }
        // Whoever finds it taken has another one at work on the same.
        let Ok(mut next) = self.next.try_lock() else {
            return false;
        };
        let begun = Instant::now();
        if next.is_some_and(|next| begun < next) {
            return false;
        }
        if let Some(state) = state() {
            *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        }
        let now = Instant::now();
        *next = Some(now + INTERVAL.max((now - begun) * SHARE));
        true
    }
}

/// Groups of photos by the verdicts that are known; none if the job was cancelled.
pub(super) fn found(
    photos: Arc<[Photo]>,
    verdicts: &[(u32, u32, Verdict)],
    settings: &GroupSettings,
    job: &Job,
) -> Option<Found> {
    let distinct = Distinct::of(&photos);
    let analysed = Analysed {
        photos: &photos,
        distinct: &distinct,
        verdicts,
        edges: &[],
    };
    let groups = group::group(&analysed, settings, job.control.flag()).ok()?;
    Some(Found { photos, groups })
}

/// What is found while pairs are compared; all photos are known by then.
pub(super) struct Comparing<'a> {
    job: &'a Job,
    photos: &'a [Photo],
    settings: &'a GroupSettings,
    /// The photos as those who look want them: copied once, and only if anybody looks.
    shared: OnceLock<Arc<[Photo]>>,
    verdicts: Mutex<BTreeMap<(u32, u32), Verdict>>,
    has_news: AtomicBool,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(job: &'a Job, photos: &'a [Photo], settings: &'a GroupSettings) -> Self {
        Self {
            job,
            photos,
            settings,
            shared: OnceLock::new(),
            verdicts: Mutex::default(),
            has_news: AtomicBool::new(true),
        }
    }

    /// Takes a verdict, if it is certain and relates the two.
    pub(super) fn add(&self, a: u32, b: u32, verdict: &Verdict) {
        let is_related = verdict.is_seen() || verdict.evidence <= Some(Evidence::Burst);
        if verdict.evidence.is_some() && is_related && verdict.pixels.detail != Detail::Wanted {
            let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            verdicts.insert((a, b), *verdict);
            self.has_news.store(true, Ordering::Relaxed);
        }
    }

    /// Shows what there is, if it is due.
    pub(super) fn publish(&self) {
        if !self.has_news.load(Ordering::Relaxed) {
            return;
        }
        self.job.shelf.publish(|| {
            self.has_news.store(false, Ordering::Relaxed);
            let verdicts: Vec<_> = {
                let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
                verdicts
                    .iter()
                    .map(|(&(a, b), verdict)| (a, b, *verdict))
                    .collect()
            };
            let photos = self.shared.get_or_init(|| self.photos.into());
            found(Arc::clone(photos), &verdicts, self.settings, self.job)
        });
    }
}
