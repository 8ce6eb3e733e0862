//! One measurement of a candidate, as it is written and read.

use serde::{Deserialize, Serialize};

/// The names of `MLPerf` Inference, the server scenario with closed and open loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScenarioKind {
    /// One picture after the other.
    SingleStream,
    /// Eight pictures at once, and the next eight when they are done.
    MultiStream,
    /// As many pictures as possible, in batches.
    Offline,
    /// So many callers, each of which waits for its answer.
    ServerClosed,
    /// Requests that arrive by chance at a rate, whether others wait or not.
    ServerOpen,
}

impl ScenarioKind {
    /// The name in the format.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleStream => "single-stream",
            Self::MultiStream => "multi-stream",
            Self::Offline => "offline",
            Self::ServerClosed => "server-closed",
            Self::ServerOpen => "server-open",
        }
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Which.
    pub scenario: ScenarioKind,
    /// Pictures a request.
    pub batch: usize,
    /// Callers at once; null in an open loop.
    pub concurrency: Option<usize>,
    /// Requests a second that were meant to arrive; null in a closed loop.
    pub rate: Option<f64>,
    /// Whether the last three windows agreed within 10 %; null where nobody looked.
    pub stable: Option<bool>,
    /// From the moment at which a request was due to its answer.
    pub latency_ms: Option<Latency>,
    /// Pictures a second.
    pub images_per_second: Option<f64>,
    /// Of these, in answers within the limit on latency.
    pub goodput: Option<f64>,
    /// Requests that failed or were given up.
    pub errors: Option<u64>,
    /// The latency of each request in the order of their answers, the first 2,000.
    pub samples_ms: Vec<f64>,
    /// Where the time goes, means a request (read, decode and preprocess: a picture).
    pub stages_ms: Stages,
    /// Bytes that are handed over for a picture.
    pub payload_bytes_per_image: Option<f64>,
    /// Processor time of this process over wall time; 100 is one core.
    pub cpu_percent: Option<f64>,
    /// Memory of this process, the highest that was seen.
    pub memory_bytes: Option<u64>,
    /// Each GPU, means.
    pub gpus: Vec<GpuUse>,
    /// What the server says of itself.
    pub server: Option<Server>,
    /// Cost of 1,000 pictures in the currency of `price_per_hour`.
    pub cost_per_1000: Option<f64>,
    /// Energy of the GPUs for 1,000 pictures, in joules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_j_per_1000: Option<f64>,
    /// Requests that were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// When it began, from the beginning of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<f64>,
    /// How long was measured, warm-up aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The course of the load, warm-up aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// What to know of it, such as that it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Scenario {
    /// One of which nothing is known yet.
    #[must_use]
    pub fn new(scenario: ScenarioKind, batch: usize) -> Self {
        Self {
            scenario,
            batch,
            concurrency: None,
            rate: None,
            stable: None,
            latency_ms: None,
            images_per_second: None,
            goodput: None,
            errors: None,
            samples_ms: Vec::new(),
            stages_ms: Stages::default(),
            payload_bytes_per_image: None,
            cpu_percent: None,
            memory_bytes: None,
            gpus: Vec::new(),
            server: None,
            cost_per_1000: None,
            energy_j_per_1000: None,
            requests: None,
            at_s: None,
            seconds: None,
            windows: Vec::new(),
            note: None,
        }
    }

    /// `offline, batch 8`, `server-closed, 16 at once`, `server-open, 20.0/s`.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.scenario.name();
        match (self.scenario, self.concurrency, self.rate) {
            (ScenarioKind::Offline, _, _) => format!("{name}, batch {}", self.batch),
            (ScenarioKind::ServerClosed, Some(callers), _) => format!("{name}, {callers} at once"),
            (ScenarioKind::ServerOpen, _, Some(rate)) => format!("{name}, {rate:.1}/s"),
            _ => name.to_owned(),
        }
    }
}

/// A distribution of times in milliseconds. Results of others may lack some.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation (n - 1).
    pub sd: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Upper quartile.
    pub p75: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// Where the time of a request goes, in milliseconds. `encode` to `receive` add up to the
/// latency; `read` to `preprocess` come before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Reading a file and hashing it.
    pub read: Option<f64>,
    /// From the bytes to pixels.
    pub decode: Option<f64>,
    /// From pixels to the model's size.
    pub preprocess: Option<f64>,
    /// To the form in which pictures are sent.
    pub encode: Option<f64>,
    /// Sending.
    pub send: Option<f64>,
    /// On the way.
    pub network: Option<f64>,
    /// Waiting for the engine.
    pub queue: Option<f64>,
    /// In the engine.
    pub compute: Option<f64>,
    /// From the answer to vectors.
    pub receive: Option<f64>,
}

impl Stages {
    /// The stages with their names, in the order of the way.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("read", self.read),
            ("decode", self.decode),
            ("preprocess", self.preprocess),
            ("encode", self.encode),
            ("send", self.send),
            ("network", self.network),
            ("queue", self.queue),
            ("compute", self.compute),
            ("receive", self.receive),
        ]
    }
}

/// What a GPU does during a measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuUse {
    /// Share of the time in which it computed.
    pub use_percent: Option<f64>,
    /// Memory in use, the highest that was seen.
    pub memory_bytes: Option<u64>,
    /// Power.
    pub power_w: Option<f64>,
    /// Its name, where it is not that of the machine's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_total_bytes: Option<u64>,
    /// The power that it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit_w: Option<f64>,
}

/// A server's own account of the requests, means a request where times are meant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Waiting.
    pub queue_ms: Option<f64>,
    /// Taking the input in.
    pub input_ms: Option<f64>,
    /// The model.
    pub compute_ms: Option<f64>,
    /// Giving the output out.
    pub output_ms: Option<f64>,
    /// Pictures an execution of the model.
    pub batch_mean: Option<f64>,
    /// How often the model ran.
    pub executions: Option<u64>,
    /// Requests.
    pub requests: Option<u64>,
    /// A request as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_ms: Option<f64>,
    /// What to know of these figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A stretch of a load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// When it ended, from the beginning of the measurement.
    pub at_s: f64,
    /// Pictures a second.
    pub images_per_second: Option<f64>,
    /// Mean latency.
    pub latency_ms: Option<f64>,
    /// Processor time over wall time; 100 is one core.
    pub cpu_percent: Option<f64>,
    /// Engines or servers that shared the load.
    pub replicas: Option<u32>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}
