//! What there is to know of a group, and of all groups, at a glance.

use jiff::civil::DateTime;

use super::marks::Marks;
use crate::matching::{Evidence, Group};
use crate::photo::Photo;

/// A group in one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupSummary {
    /// The weakest evidence that holds the group together.
    pub(crate) tier: Evidence,
    /// Number of photos.
    pub(crate) photos: u32,
    /// Number of those that are marked.
    pub(crate) marked: u32,
    /// Bytes of those that are marked.
    pub(crate) marked_bytes: u64,
    /// Photos beyond one a shot.
    pub(crate) surplus: u32,
    /// Bytes of all but one photo of each shot: what can be won back.
    pub(crate) surplus_bytes: u64,
    /// The earliest capture time.
    pub(crate) taken_at: Option<DateTime>,
    /// The smallest cosine within the group; 1 where none was computed.
    pub(crate) cosine: f32,
    /// Whether the user has said something of a photo in it.
    pub(crate) is_decided: bool,
}

impl GroupSummary {
    pub(super) fn of(group: &Group, photos: &[Photo], marks: &Marks) -> Self {
        let mut summary = Self {
            tier: group.relation,
            photos: 0,
            marked: 0,
            marked_bytes: 0,
            surplus: 0,
            surplus_bytes: 0,
            taken_at: None,
            cosine: 1.0,
            is_decided: false,
        };
        if let [only] = group.shots.as_slice() {
            summary.tier = only
                .members
                .iter()
                .filter_map(|member| member.evidence)
                .max()
                .unwrap_or(group.relation);
        }
        for shot in &group.shots {
            if let Some(cosine) = shot.cosine {
                summary.cosine = summary.cosine.min(cosine.0);
            }
        }
        for member in group.members() {
            let Some(photo) = photos.get(member.photo.index()) else {
                continue;
            };
            summary.photos += 1;
            summary.is_decided |= marks.user(member.photo).is_some();
            if marks.is_marked(member.photo) {
                summary.marked += 1;
                summary.marked_bytes += photo.stamp.size;
            }
            if member.copy_of.is_some() {
                summary.surplus += 1;
                summary.surplus_bytes += photo.stamp.size;
            }
            if let Some(cosine) = member.cosine {
                summary.cosine = summary.cosine.min(cosine.0);
            }
            if let Some(taken) = photo.content.metadata.taken_at {
                let first = summary
                    .taken_at
                    .map_or(taken.local, |at| at.min(taken.local));
                summary.taken_at = Some(first);
            }
        }
        summary
    }
}

/// All groups in a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    /// Number of photos that are marked.
    pub(crate) marked: usize,
    /// Their bytes.
    pub(crate) marked_bytes: u64,
    /// Number of groups of which the user has said something.
    pub(crate) decided: usize,
    /// Number of copies: photos beyond one a shot.
    pub(crate) surplus: usize,
    /// Their bytes.
    pub(crate) surplus_bytes: u64,
    groups: [usize; Evidence::ALL.len()],
}

impl Totals {
    /// Counts a group.
    pub(super) fn take_in(&mut self, summary: &GroupSummary) {
        self.decided += usize::from(summary.is_decided);
        self.marked += summary.marked as usize;
        self.marked_bytes += summary.marked_bytes;
        self.surplus += summary.surplus as usize;
        self.surplus_bytes += summary.surplus_bytes;
        if let Some(count) = self.groups.get_mut(summary.tier as usize) {
            *count += 1;
        }
    }

    /// Counts a group no longer; it was counted with this very summary.
    pub(super) fn leave_out(&mut self, summary: &GroupSummary) {
        self.decided -= usize::from(summary.is_decided);
        self.marked -= summary.marked as usize;
        self.marked_bytes -= summary.marked_bytes;
        self.surplus -= summary.surplus as usize;
        self.surplus_bytes -= summary.surplus_bytes;
        if let Some(count) = self.groups.get_mut(summary.tier as usize) {
            *count -= 1;
        }
    }

    /// Number of groups held together by this evidence at the weakest.
    pub(crate) fn groups_of(&self, tier: Evidence) -> usize {
        self.groups.get(tier as usize).copied().unwrap_or(0)
    }
}
