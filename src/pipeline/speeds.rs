//! How fast this machine is: measured in every scan that has enough to do, kept in the cache, and
//! used to foretell how long the next one takes.
//!
//! The model is that of the pipeline: reading, decoding and the model run side by side and share
//! the cores, so the slowest of them sets the pace; then come the neighbours, the comparison and
//! the groups. `overhead` is what the last scan took beyond that.

use std::collections::HashMap;
use std::time::Duration;

use super::progress::{Stage, StageProgress};
use crate::embed::ModelKey;
use crate::library::Record;

/// Fewer photos than this say little about a machine.
const ENOUGH: u64 = 16;

/// What is to be done in a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// All files, known or not.
    pub files: u64,
    /// Files that must be read.
    pub to_read: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Seconds that the parts of a scan take, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub extraction: f64,
    pub neighbours: f64,
    pub verify: f64,
    /// Asking the cache, building the groups, and all else that every file costs.
    pub rest: f64,
}

impl Parts {
    pub(super) fn total(&self) -> f64 {
        self.extraction + self.neighbours + self.verify + self.rest
    }
}

/// Costs on one core, and how much of them is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Speeds {
    /// Megabytes a second that one reader reads and hashes.
    read_mb_s: f64,
    decode_ms_a_mb: f64,
    /// Fingerprint, pixel record, model input.
    fingerprint_ms: f64,
    /// Core-milliseconds of the model; 0 where it computes elsewhere.
    embed_core_ms: f64,
    /// Milliseconds between two vectors if nothing holds the engine up.
    embed_ms: f64,
    verify_ms: f64,
    /// Core-nanoseconds for a pair of contents.
    neighbours_ns: f64,
    rest_ms: f64,
    overhead: f64,
    /// Whether decoding and this model were measured on this machine.
    pub is_measured: bool,
}

/// Measured on two cores of 2.5 GHz with photos of 12 megapixels; a disk of middling speed.
const TYPICAL: Speeds = Speeds {
    read_mb_s: 100.0,
    decode_ms_a_mb: 7.0,
    fingerprint_ms: 10.0,
    embed_core_ms: 6.0,
    embed_ms: 3.0,
    verify_ms: 16.0,
    neighbours_ns: 13.0,
    rest_ms: 0.1,
    overhead: 1.2,
    is_measured: false,
};

/// The names under which the cache keeps what does not depend on the model.
const READ: &str = "read_mb_s";
const DECODE: &str = "decode_ms_a_mb";
const FINGERPRINT: &str = "fingerprint_ms";
const VERIFY: &str = "verify_ms";
const NEIGHBOURS: &str = "neighbours_ns";
const REST: &str = "rest_ms";
const OVERHEAD: &str = "overhead";

fn of_model(name: &str, key: &ModelKey) -> String {
    format!("{name} {}", key.0)
}

/// How the engine of a scan works.
#[derive(Clone, Copy, Debug)]
pub(super) struct EngineUse {
    /// How many photos it may have in hand at once.
    pub embedders: usize,
    /// Whether it computes on the cores that decode.
    pub is_on_cpu: bool,
}

impl Speeds {
    /// What is remembered, and what is typical for the rest.
    pub(super) fn of(figures: &HashMap<String, f64>, key: &ModelKey) -> Self {
        let figure = |name: &str| {
            figures
                .get(name)
                .copied()
                .filter(|value| value.is_finite() && *value >= 0.0)
        };
        let embed_ms = figure(&of_model("embed_ms", key));
        Self {
            read_mb_s: figure(READ).unwrap_or(TYPICAL.read_mb_s).max(0.01),
            decode_ms_a_mb: figure(DECODE).unwrap_or(TYPICAL.decode_ms_a_mb),
            fingerprint_ms: figure(FINGERPRINT).unwrap_or(TYPICAL.fingerprint_ms),
            embed_core_ms: figure(&of_model("embed_core_ms", key)).unwrap_or(TYPICAL.embed_core_ms),
            embed_ms: embed_ms.unwrap_or(TYPICAL.embed_ms),
            verify_ms: figure(VERIFY).unwrap_or(TYPICAL.verify_ms),
            neighbours_ns: figure(NEIGHBOURS).unwrap_or(TYPICAL.neighbours_ns),
            rest_ms: figure(REST).unwrap_or(TYPICAL.rest_ms),
            overhead: figure(OVERHEAD).unwrap_or(TYPICAL.overhead).clamp(0.5, 5.0),
            is_measured: embed_ms.is_some() && figure(DECODE).is_some(),
        }
    }

    /// Seconds that the parts of a scan will take.
    pub(super) fn parts(&self, work: Work, threads: usize, readers: usize) -> Parts {
        let threads = real(threads as u64).max(1.0);
        let (files, to_read) = (real(work.files), real(work.to_read));
        Parts {
            extraction: self.overhead * self.bare_extraction(work, threads, readers),
            neighbours: files * files * self.neighbours_ns / 1e9 / threads,
            verify: to_read * self.verify_ms / 1e3 / threads,
            rest: files * self.rest_ms / 1e3,
        }
    }

    fn bare_extraction(&self, work: Work, threads: f64, readers: usize) -> f64 {
        let megabytes = real(work.bytes) / 1e6;
        let to_read = real(work.to_read);
        let reading = megabytes / self.read_mb_s / real(readers as u64).max(1.0);
        let model = to_read * self.embed_ms / 1e3;
        let cores = (megabytes * self.decode_ms_a_mb
            + to_read * (self.fingerprint_ms + self.embed_core_ms))
            / 1e3
            / threads;
        reading.max(model).max(cores)
    }

    /// What a scan has shown, for the cache: nothing of the stages that had too little to do.
    pub(super) fn measured(
        stages: &[StageProgress],
        work: Work,
        elapsed: Duration,
        threads: usize,
        readers: usize,
        engine: EngineUse,
        key: &ModelKey,
    ) -> Vec<Record> {
        let mut figures = HashMap::new();
        let of = |stage: Stage| {
            stages
                .iter()
                .find(|s| s.stage == stage && s.items >= ENOUGH)
        };
        let busy_ms = |s: &StageProgress| s.busy.as_secs_f64() * 1e3;
        let megabytes = |s: &StageProgress| real(s.bytes) / 1e6;
        let wall = |stage: Stage| {
            let stage = stages.iter().find(|s| s.stage == stage);
            stage.map_or(0.0, |s| s.wall.as_secs_f64())
        };
        let cores = real(threads as u64).max(1.0);
        let mut found = |name: &str, value: f64| {
            if value.is_finite() {
                figures.insert(name.to_owned(), value);
            }
        };
        if let Some(read) = of(Stage::Read) {
            found(READ, megabytes(read) / read.busy.as_secs_f64());
        }
        if let Some(decode) = of(Stage::Decode) {
            found(DECODE, busy_ms(decode) / megabytes(decode));
        }
        if let Some(stage) = of(Stage::Fingerprint) {
            found(FINGERPRINT, busy_ms(stage) / real(stage.items));
        }
        if let Some(embed) = of(Stage::Embed) {
            let each = busy_ms(embed) / real(embed.items);
            let embedders = real(engine.embedders as u64).max(1.0);
            // One embedder on the processor has threads of its own on all cores.
            let cores_each = if engine.embedders == 1 { cores } else { 1.0 };
            let on_cores = if engine.is_on_cpu {
                each * cores_each
            } else {
                0.0
            };
            found(&of_model("embed_ms", key), each / embedders);
            found(&of_model("embed_core_ms", key), on_cores);
            if let Some(verify) = of(Stage::Verify) {
                found(VERIFY, busy_ms(verify) / real(embed.items));
            }
        }
        if let Some(neighbours) = of(Stage::Neighbours) {
            let pairs = real(neighbours.items) * real(neighbours.items);
            let seconds = neighbours.busy.as_secs_f64();
            // Of few contents it says how long the pool takes to wake up.
            if neighbours.items >= 1000 {
                found(NEIGHBOURS, seconds * 1e9 * cores / pairs);
            }
        }
        let extraction = extraction_wall(stages);
        if work.files >= ENOUGH {
            let others =
                wall(Stage::Walk) + extraction + wall(Stage::Neighbours) + wall(Stage::Verify);
            let rest = (elapsed.as_secs_f64() - others).max(0.0);
            found(REST, rest * 1e3 / real(work.files));
        }
        if of(Stage::Decode).is_some() && of(Stage::Embed).is_some() {
            let bare = Self::of(&figures, key).bare_extraction(work, cores, readers);
            figures.insert(OVERHEAD.to_owned(), (extraction / bare).clamp(0.5, 5.0));
        }
        let record = |(name, value)| Record::Figure { name, value };
        let mut figures: Vec<_> = figures.into_iter().collect();
        figures.sort_by(|a, b| a.0.cmp(&b.0));
        figures.into_iter().map(record).collect()
    }
}

/// How long reading, decoding and the model took, side by side.
fn extraction_wall(stages: &[StageProgress]) -> f64 {
    let side_by_side = [Stage::Read, Stage::Decode, Stage::Fingerprint, Stage::Embed];
    let walls = stages.iter().filter(|s| side_by_side.contains(&s.stage));
    walls.map(|s| s.wall.as_secs_f64()).fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_like_the_last_one_is_foretold_to_take_as_long() {
        let key = ModelKey("a model".to_owned());
        let at = |stage, items, wall_ms: u64, busy_ms: u64, bytes| StageProgress {
            stage,
            items,
            expected: items,
            bytes,
            wall: Duration::from_millis(wall_ms),
            busy: Duration::from_millis(busy_ms),
        };
        let stages = [
            at(Stage::Walk, 100, 10, 10, 500_000_000),
            at(Stage::Read, 100, 4000, 140, 500_000_000),
            at(Stage::Decode, 100, 4000, 2800, 500_000_000),
            at(Stage::Fingerprint, 100, 4000, 1000, 0),
            at(Stage::Embed, 100, 4100, 3100, 0),
            at(Stage::Neighbours, 100, 10, 10, 0),
            at(Stage::Verify, 900, 800, 1600, 0),
            at(Stage::Group, 100, 5, 5, 0),
        ];
        let work = Work {
            files: 100,
            to_read: 100,
            bytes: 500_000_000,
        };
        let engine = EngineUse {
            embedders: 2,
            is_on_cpu: true,
        };
        let took = Duration::from_secs(5);
        let figures: HashMap<String, f64> =
            Speeds::measured(&stages, work, took, 2, 2, engine, &key)
                .into_iter()
                .filter_map(|record| match record {
                    Record::Figure { name, value } => Some((name, value)),
                    _ => None,
                })
                .collect();
        let speeds = Speeds::of(&figures, &key);
        assert!(speeds.is_measured);
        let foretold = speeds.parts(work, 2, 2).total();
        assert!((4.8..5.2).contains(&foretold), "{foretold}");
        let twice = Work {
            files: 200,
            to_read: 200,
            bytes: 1_000_000_000,
        };
        let foretold = speeds.parts(twice, 2, 2).total();
        assert!((9.5..10.5).contains(&foretold), "{foretold}");
        let another = ModelKey("another".to_owned());
        assert!(!Speeds::of(&figures, &another).is_measured);
        assert!(!Speeds::of(&HashMap::new(), &key).is_measured);
    }
}
