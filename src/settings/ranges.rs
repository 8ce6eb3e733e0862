//! What the numbers and lists of the settings may be. Read by serde, so that an error names the
//! line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Error};

use crate::matching::KeepRule;

/// Threads; 0 means one a core.
pub const THREADS: RangeInclusive<usize> = 0..=1024;
/// Millions of bytes of files that wait to be decoded.
pub const READ_AHEAD_MEGABYTES: RangeInclusive<u32> = 64..=65_536;
/// How much larger than usual the window is drawn.
pub const TEXT_SCALE: RangeInclusive<f32> = 0.8..=2.0;
/// Seconds to wait for a server.
const PATIENCE: RangeInclusive<u64> = 0..=86_400;
/// Cosines.
const SIMILARITY: RangeInclusive<f32> = 0.0..=1.0;

pub(super) fn threads<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    within(usize::deserialize(from)?, &THREADS)
}

pub(super) fn read_ahead<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    within(u32::deserialize(from)?, &READ_AHEAD_MEGABYTES)
}

pub(super) fn patience<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    within(u64::deserialize(from)?, &PATIENCE)
}

pub(super) fn text_scale<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    within(f32::deserialize(from)?, &TEXT_SCALE)
}

pub(super) fn similarity<'de, D>(from: D) -> Result<BTreeMap<String, f32>, D::Error>
where
    D: Deserializer<'de>,
{
    let by_model = BTreeMap::<String, f32>::deserialize(from)?;
    for (model, similarity) in &by_model {
        within(*similarity, &SIMILARITY)
            .map_err(|error: D::Error| D::Error::custom(format_args!("{model}: {error}")))?;
    }
    Ok(by_model)
}

pub(super) fn keep_rules<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<KeepRule>, D::Error> {
    let rules = Vec::<KeepRule>::deserialize(from)?;
    let twice =
        (rules.iter().enumerate()).find(|(at, rule)| rules.iter().take(*at).any(|r| r == *rule));
    match twice {
        Some((at, _)) => Err(D::Error::custom(format_args!(
            "rule {} of the list is there twice",
            at + 1
        ))),
        None => Ok(rules),
    }
}

fn within<T, E>(value: T, range: &RangeInclusive<T>) -> Result<T, E>
where
    T: PartialOrd + Display,
    E: Error,
{
    if range.contains(&value) {
        return Ok(value);
    }
    Err(E::custom(format_args!(
        "a number from {} to {} is expected, not {value}",
        range.start(),
        range.end()
    )))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) fn is_usual_read_ahead(megabytes: &u32) -> bool {
    *megabytes == super::Settings::default().read_ahead_megabytes
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) fn is_usual_patience(seconds: &u64) -> bool {
    *seconds == super::Settings::default().server_patience_seconds
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "as serde calls it; the default is written as such or not at all"
)]
pub(super) fn is_usual_scale(scale: &f32) -> bool {
    *scale == super::Settings::default().text_scale
}

pub(super) fn is_usual_order(rules: &[KeepRule]) -> bool {
    rules == KeepRule::ALL
}
