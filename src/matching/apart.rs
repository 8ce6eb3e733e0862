//! Pairs that must not come together, whatever pixels and embeddings say: the user's word.
//!
//! The same pairs are asked for at three levels: of contents, of classes of equal pixels, of
//! shots. What they are pairs of is the caller's business.

use std::collections::{BTreeSet, HashMap};

use super::{Distinct, index_u32};
use crate::photo::ContentHash;

/// Nodes that are to be kept apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Apart {
    /// Each pair in both orders, sorted.
    pairs: Vec<(u32, u32)>,
}

impl Apart {
    /// The positions of the contents that were declared to be no duplicates; pairs with a content
    /// that is not there, and a content with itself, count for nothing.
    pub(super) fn of_contents(
        distinct: &Distinct,
        declared: &[(ContentHash, ContentHash)],
    ) -> Self {
        let named: BTreeSet<ContentHash> = declared.iter().flat_map(|&(a, b)| [a, b]).collect();
        let positions: HashMap<ContentHash, u32> = distinct
            .contents
            .iter()
            .enumerate()
            .filter(|(_, content)| named.contains(&content.hash))
            .map(|(at, content)| (content.hash, index_u32(at)))
            .collect();
        Self::of(
            declared
                .iter()
                .filter_map(|(a, b)| Some((*positions.get(a)?, *positions.get(b)?))),
        )
    }

    /// The same pairs where each node `n` is called `names[n]`.
    pub(super) fn renamed(&self, names: &[u32]) -> Self {
        let name = |node: u32| names.get(node as usize).copied();
        Self::of(
            self.pairs
                .iter()
                .filter_map(|&(a, b)| Some((name(a)?, name(b)?))),
        )
    }

    pub(super) fn of(pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut pairs: Vec<(u32, u32)> = pairs
            .filter(|(a, b)| a != b)
            .flat_map(|(a, b)| [(a, b), (b, a)])
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self { pairs }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The nodes that must not come together with `node`, in order.
    pub(super) fn from(&self, node: u32) -> impl Iterator<Item = u32> {
        let begin = self.pairs.partition_point(|&(a, _)| a < node);
        self.pairs
            .iter()
            .skip(begin)
            .take_while(move |&&(a, _)| a == node)
            .map(|&(_, b)| b)
    }

    /// Of `others` those that may be with `centre` and with each other: of two that must be
    /// apart the lower stays.
    pub(super) fn compatible(&self, centre: u32, others: &[u32]) -> Vec<u32> {
        let mut barred: BTreeSet<u32> = self.from(centre).collect();
        let mut others = others.to_vec();
        others.sort_unstable();
        others.retain(|&other| {
            let may_stay = !barred.contains(&other);
            if may_stay {
                barred.extend(self.from(other));
            }
            may_stay
        });
        others
    }

    /// Every pair, in both orders.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.pairs.iter().copied()
    }
}
