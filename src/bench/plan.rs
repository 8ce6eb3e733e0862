//! What is measured of each candidate, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use super::load::Timing;
use super::schema::ScenarioKind;

/// The loads of the open loop as shares of the throughput that a closed one reached.
const OPEN_SHARES: [f64; 2] = [0.5, 0.8];

/// What the user wants measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Photos that are sampled.
    pub photos: usize,
    /// Sizes of batches in the offline scenario, each at least 1.
    pub batches: Vec<usize>,
    /// Callers of the closed loop with engines of this machine, each at least 1.
    pub callers: Vec<usize>,
    /// Callers of the closed loop with servers, each at least 1: they take more at once.
    pub server_callers: Vec<usize>,
    /// About how long a candidate may take; beyond twice that the rest is left out.
    pub candidate_limit: Duration,
    /// Latency for which the highest rate is looked for and by which `goodput` counts.
    pub latency_limit: Duration,
    /// What the machine costs.
    pub price_per_hour: Option<f64>,
    /// Threads that compute on the processor.
    pub threads: usize,
    /// The library of ONNX Runtime, if the user names it.
    pub library: Option<PathBuf>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            photos: 64,
            batches: vec![1, 4, 8, 16, 32],
            callers: vec![1, 8, 16],
            server_callers: vec![1, 8, 16, 32, 64, 128],
            candidate_limit: Duration::from_mins(1),
            latency_limit: Duration::from_millis(250),
            price_per_hour: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            library: None,
        }
    }
}

/// One measurement of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Single,
    Offline(usize),
    MultiStream,
    Closed(usize),
    /// At a share of the closed loop's throughput.
    Open(f64),
    /// The highest rate within the limit on latency.
    Search,
}

/// Pictures of a query of the multi-stream scenario, as `MLPerf` Inference has it.
pub(super) const MULTI_STREAM: usize = 8;

impl Step {
    /// Pictures a request.
    pub(super) fn batch(self) -> usize {
        match self {
            Self::Offline(batch) => batch,
            Self::MultiStream => MULTI_STREAM,
            _ => 1,
        }
    }

    pub(super) fn kind(self) -> ScenarioKind {
        match self {
            Self::Single => ScenarioKind::SingleStream,
            Self::Offline(_) => ScenarioKind::Offline,
            Self::MultiStream => ScenarioKind::MultiStream,
            Self::Closed(_) => ScenarioKind::ServerClosed,
            Self::Open(_) | Self::Search => ScenarioKind::ServerOpen,
        }
    }
}

impl Plan {
    /// The steps: single pictures and batches by size, because some engines are opened for a batch
    /// size; then the loads of a server, of which the last is the first to be left out when the
    /// time is over.
    pub(super) fn steps(&self, is_server: bool) -> Vec<Step> {
        let callers = if is_server {
            &self.server_callers
        } else {
            &self.callers
        };
        let mut steps = vec![Step::Single];
        steps.extend(self.batches.iter().map(|batch| Step::Offline(*batch)));
        steps.push(Step::MultiStream);
        // Stable: steps of one size stay in this order.
        steps.sort_by_key(|step| step.batch());
        steps.extend(callers.iter().map(|callers| Step::Closed(*callers)));
        if !callers.is_empty() {
            steps.extend(OPEN_SHARES.map(Step::Open));
            steps.push(Step::Search);
        }
        steps
    }

    /// How many measurements are made of a candidate, of a server or of an engine of this machine,
    /// if there is time for all.
    #[must_use]
    pub fn measurements(&self, is_server: bool) -> usize {
        self.steps(is_server).len()
    }

    /// The largest batch of all steps.
    pub(super) fn largest_batch(&self) -> usize {
        let steps = self.steps(false).into_iter();
        steps.map(Step::batch).max().unwrap_or(1)
    }

    /// How long one step may take: its share of the candidate's time, the search counting for
    /// several, between half a second and ten.
    pub(super) fn timing(&self, is_server: bool) -> Timing {
        let steps = self.steps(is_server).len() + ATTEMPTS;
        let share = self.candidate_limit / u32::try_from(steps).unwrap_or(u32::MAX);
        let longest = share.clamp(Duration::from_millis(500), Duration::from_secs(10));
        let usual = Timing::default();
        Timing {
            warm_up: usual.warm_up.min(longest / 5),
            window: usual.window.min(longest / 6),
            shortest: usual.shortest.min(longest / 2),
            longest,
            ..usual
        }
    }
}

/// Rates that the search tries.
pub(super) const ATTEMPTS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_go_by_their_size_and_rates_come_after_the_callers() {
        let steps = Plan::default().steps(false);
        assert_eq!(steps.len(), 1 + 5 + 1 + 3 + 3);
        let of_server = Plan::default().steps(true);
        assert_eq!(of_server[..7], steps[..7]);
        assert_eq!(of_server[7..13], [1, 8, 16, 32, 64, 128].map(Step::Closed));
        let batches: Vec<usize> = steps.iter().map(|step| step.batch()).collect();
        assert_eq!(batches[..7], [1, 1, 4, 8, 8, 16, 32]);
        assert_eq!(steps[7..10], [1, 8, 16].map(Step::Closed));
        assert_eq!(
            steps[10..],
            [Step::Open(0.5), Step::Open(0.8), Step::Search]
        );
        assert_eq!(Plan::default().largest_batch(), 32);
        let few = Plan {
            callers: Vec::new(),
            batches: vec![1],
            ..Plan::default()
        };
        assert_eq!(
            few.steps(false),
            [Step::Single, Step::Offline(1), Step::MultiStream]
        );
        assert_eq!(few.largest_batch(), MULTI_STREAM);
    }

    #[test]
    fn the_time_of_a_candidate_is_shared_by_its_steps() {
        let timing = |seconds| {
            Plan {
                candidate_limit: Duration::from_secs(seconds),
                ..Plan::default()
            }
            .timing(false)
        };
        assert_eq!(timing(1).longest, Duration::from_millis(500));
        assert_eq!(timing(36).longest, Duration::from_secs(2));
        assert_eq!(timing(3600).longest, Duration::from_secs(10));
        for seconds in [1, 36, 3600] {
            let timing = timing(seconds);
            assert!(timing.window * 3 <= timing.longest && timing.shortest <= timing.longest);
        }
    }
}
