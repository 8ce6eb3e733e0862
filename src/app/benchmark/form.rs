//! What is to be measured, as the user chooses it.

use std::path::PathBuf;
use std::time::Duration;

use crate::bench::{Photos, Plan};
use crate::settings::Settings;

/// What is embedded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pictures {
    /// The first folder of the library, or demo photos where there is none.
    #[default]
    Library,
    /// A sample of this folder.
    Folder(PathBuf),
    /// Photos that come with the program.
    Demo,
}

/// The sizes of batches and the numbers of callers that can be chosen.
pub(crate) const BATCHES: [usize; 6] = [1, 4, 8, 16, 32, 64];
/// Callers at once of a closed loop.
pub(crate) const CALLERS: [usize; 6] = [1, 8, 16, 32, 64, 128];

/// All choices.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// What is embedded.
    pub(crate) pictures: Pictures,
    /// How many photos are taken, 1 to 10,000.
    pub(crate) photos: usize,
    /// About how long a way may take, 1 to 3,600 seconds.
    pub(crate) seconds: u32,
    /// For which the highest rate is looked for, 1 to 60,000 ms.
    pub(crate) latency_limit_ms: u32,
    /// What the machine costs an hour; 0 is not known.
    pub(crate) price_per_hour: f64,
    /// Sizes of batches, in order.
    pub(crate) batches: Vec<usize>,
    /// Callers at once of an engine of this computer, in order.
    pub(crate) callers: Vec<usize>,
    /// Callers at once of a server, in order.
    pub(crate) server_callers: Vec<usize>,
}

impl Default for Form {
    fn default() -> Self {
        let plan = Plan::default();
        Self {
            pictures: Pictures::default(),
            photos: plan.photos,
            seconds: 20,
            latency_limit_ms: 250,
            price_per_hour: 0.0,
            batches: plan.batches,
            callers: plan.callers,
            server_callers: plan.server_callers,
        }
    }
}

impl Form {
    /// As the benchmark takes it.
    pub(crate) fn plan(&self, settings: &Settings) -> Plan {
        Plan {
            photos: self.photos,
            batches: self.batches.clone(),
            callers: self.callers.clone(),
            server_callers: self.server_callers.clone(),
            candidate_limit: Duration::from_secs(self.seconds.into()),
            latency_limit: Duration::from_millis(self.latency_limit_ms.into()),
            price_per_hour: (self.price_per_hour > 0.0).then_some(self.price_per_hour),
            threads: settings.effective_threads(),
            library: settings.onnxruntime_library.clone(),
        }
    }

    /// How many measurements are made of an engine of this computer.
    pub(crate) fn measurements(&self) -> usize {
        let plan = Plan {
            batches: self.batches.clone(),
            callers: self.callers.clone(),
            ..Plan::default()
        };
        plan.measurements(false)
    }

    /// Where the pictures come from, with these folders in the library.
    pub(crate) fn source(&self, library: Option<&PathBuf>) -> Photos {
        match (&self.pictures, library) {
            (Pictures::Folder(folder), _) | (Pictures::Library, Some(folder)) => {
                Photos::Folder(folder.clone())
            }
            (Pictures::Demo | Pictures::Library, _) => Photos::Demo,
        }
    }
}
