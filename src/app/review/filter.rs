//! Which groups are in the list, and in which order.

use std::cmp::Reverse;
use std::path::PathBuf;

use jiff::civil::Date;

use super::{GroupSummary, Review};
use crate::matching::{Evidence, Group};

/// What a group must be like to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only groups of this tier.
    pub(crate) tier: Option<Evidence>,
    /// Only groups with a photo in or below this folder.
    pub(crate) folder: Option<PathBuf>,
    /// Only groups with a photo of at least this many bytes.
    pub(crate) bytes: u64,
    /// Only groups with a photo taken on this day or later.
    pub(crate) from: Option<Date>,
    /// Only groups with a photo taken on this day or earlier.
    pub(crate) until: Option<Date>,
    /// Only groups with a photo whose path contains this, in any case of letters.
    pub(crate) text: String,
    /// Only groups of which the user has said nothing yet.
    pub(crate) undecided: bool,
}

impl Filter {
    /// Whether anything but the tier is narrowed.
    pub(crate) fn is_narrowed(&self) -> bool {
        let all_of_tier = Self {
            tier: self.tier,
            ..Self::default()
        };
        *self != all_of_tier
    }
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    /// What wins back most.
    #[default]
    Bytes,
    /// Most photos.
    Count,
    /// Strongest evidence, then the closest.
    Certainty,
    /// Newest.
    Newest,
    /// Oldest.
    Oldest,
    /// By path.
    Path,
}

impl Order {
    /// All, as the menu has them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Bytes,
        Self::Count,
        Self::Certainty,
        Self::Newest,
        Self::Oldest,
        Self::Path,
    ];

    /// As the menu names it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Bytes => "Most space first",
            Self::Count => "Most photos first",
            Self::Certainty => "Most certain first",
            Self::Newest => "Newest first",
            Self::Oldest => "Oldest first",
            Self::Path => "By folder and name",
        }
    }
}

/// Positions of the groups that pass the review's filter, in its order; ties by path.
pub(super) fn shown(review: &Review) -> Vec<u32> {
    let filter = &review.filter;
    let text = filter.text.to_lowercase();
    let mut shown: Vec<u32> = (0..).take(review.groups.len()).collect();
    let summary = |position: u32| review.summaries.get(position as usize);
    shown.retain(|&position| {
        let (Some(summary), Some(group)) =
            (summary(position), review.groups.get(position as usize))
        else {
            return false;
        };
        filter.tier.is_none_or(|tier| tier == summary.tier)
            && !(filter.undecided && summary.is_decided)
            && (!filter.is_narrowed() || has_member(review, group, filter, &text))
    });
    let by = |key: &dyn Fn(&GroupSummary) -> u64, shown: &mut Vec<u32>| {
        shown.sort_by_cached_key(|&position| Reverse(summary(position).map_or(0, key)));
    };
    match review.order {
        Order::Bytes => by(&|s| s.surplus_bytes, &mut shown),
        Order::Count => by(&|s| u64::from(s.photos), &mut shown),
        Order::Certainty => shown.sort_by(|&a, &b| {
            let key = |position| summary(position).map(|s| (s.tier, -s.cosine));
            key(a)
                .partial_cmp(&key(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        }),
        Order::Newest => shown.sort_by_key(|&p| Reverse(summary(p).and_then(|s| s.taken_at))),
        Order::Oldest => shown.sort_by_key(|&p| {
            let taken = summary(p).and_then(|s| s.taken_at);
            (taken.is_none(), taken)
        }),
        // Groups come in the order of their paths.
        Order::Path => {}
    }
    shown
}

/// Whether one photo of the group fits all that is asked of a photo.
fn has_member(review: &Review, group: &Group, filter: &Filter, text: &str) -> bool {
    group.members().any(|member| {
        let Some(photo) = review.photo(member.photo) else {
            return false;
        };
        let taken = photo.content.metadata.taken_at.map(|at| at.local.date());
        filter
            .folder
            .as_ref()
            .is_none_or(|folder| photo.path.starts_with(folder))
            && photo.stamp.size >= filter.bytes
            && filter
                .from
                .is_none_or(|from| taken.is_some_and(|at| at >= from))
            && filter
                .until
                .is_none_or(|until| taken.is_some_and(|at| at <= until))
            && (text.is_empty() || photo.path.to_string_lossy().to_lowercase().contains(text))
    })
}
