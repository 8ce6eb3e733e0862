//! A run of the benchmark as it is written and read: version 1 of the format, in JSON.
//!
//! `docs/benchmark-format.md` says the same for people. A figure that a machine cannot give is
//! `null`, with its reason in [`Run::missing`]; lists are empty, never absent. Fields that not
//! every run has (those of the reference results, the windows of a load) are left out where they
//! are empty, and a reader must live without them.

use std::io::{self, BufWriter, Read, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BenchError;

/// The version of the format, in the field `bench`.
pub const VERSION: u32 = 1;

/// One run: some candidates, measured on one machine with one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`VERSION`].
    pub bench: u32,
    /// `twinlens 0.1.0`.
    pub program: String,
    /// When it began.
    pub started: Timestamp,
    /// Where the results come from, if not from this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What it ran on.
    pub machine: Machine,
    /// What was computed.
    pub workload: Workload,
    /// What the machine costs an hour, in the user's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<f64>,
    /// The upper end, where a range of prices is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour_max: Option<f64>,
    /// Latency within which an answer counts for `goodput`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_limit_ms: Option<f64>,
    /// The ways of computing embeddings, those that are not available too.
    pub candidates: Vec<Candidate>,
    /// What it costs to bring pictures into the form in which they are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encodings: Vec<Encoding>,
    /// What it means, in plain words.
    pub finding: String,
    /// The figures that this run could not give.
    pub missing: Vec<Missing>,
}

impl Run {
    /// Whether anything was measured at all.
    #[must_use]
    pub fn has_measurements(&self) -> bool {
        let mut candidates = self.candidates.iter();
        candidates.any(|candidate| !candidate.scenarios.is_empty())
    }
}

/// Where results come from that another program measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Section of the record: `5`.
    pub section: String,
    /// Its title.
    pub title: String,
    /// The step of the project that it belongs to: `6A`.
    pub step: String,
    /// The day, as the record has it; `started` is its midnight in UTC.
    pub date: String,
    /// The hardware in the record's words.
    pub hardware: String,
    /// Where it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Remarks of the record that bear on the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The computer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: Option<String>,
    /// Logical processors.
    pub cores: Option<usize>,
    /// Main memory.
    pub memory_bytes: Option<u64>,
    /// NVIDIA's GPUs.
    pub gpus: Vec<Gpu>,
    /// The operating system with its version.
    pub os: Option<String>,
}

/// A GPU of the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Its memory.
    pub memory_bytes: Option<u64>,
}

/// The photos that were embedded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Where they lie.
    pub folder: Option<String>,
    /// How many were sampled.
    pub photos: Option<usize>,
    /// Their mean size.
    pub megapixels_mean: Option<f64>,
    /// How many photos the folder holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library_photos: Option<usize>,
}

/// One way of computing embeddings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// `engine/provider/model/precision`, `remote/protocol/host:port/model/payload`; unique in a
    /// run.
    pub id: String,
    /// `embedded`, `onnxruntime`, `remote`.
    pub engine: String,
    /// Where a server is: `grpc://gpu-box:8001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Library and version; a server's own name for itself.
    pub runtime: Option<String>,
    /// Execution provider.
    pub provider: Option<String>,
    /// `http`, `grpc`, `immich`; null on this machine.
    pub protocol: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// `f32`, `f16`, `int8`.
    pub precision: Option<String>,
    /// What a picture is handed over as: `rgb8`, `binary-u8`, `json-f32`, `base64-jpeg`.
    pub payload: Option<String>,
    /// Whether it could be measured.
    pub available: bool,
    /// Why not.
    pub reason: Option<String>,
    /// From nothing to the first vector.
    pub cold_start_ms: ColdStart,
    /// What was measured, in order.
    pub scenarios: Vec<Scenario>,
    /// How far its vectors are from the reference.
    pub quality: Option<Quality>,
    /// Where the time of the model goes, longest first.
    pub operators: Vec<Operator>,
}

/// How long a candidate takes until it works.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColdStart {
    /// Loading library and model, with the run that proves the provider.
    pub session: Option<f64>,
    /// The first batch after that.
    pub first_batch: Option<f64>,
    /// Several sessions, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Latency>,
}

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

/// How far vectors are from the reference's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The candidate whose vectors are taken as true.
    pub reference: String,
    /// Mean cosine of a photo's two vectors.
    pub cosine_mean: f64,
    /// The smallest.
    pub cosine_min: f64,
    /// Share of the reference's ten nearest photos that are among this candidate's ten, mean
    /// over the photos; null with fewer than twelve photos, of which ten would be nearly all.
    pub recall_at_10: Option<f64>,
}

/// A kind of node of the model's graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    /// Its name: `Conv`.
    pub operator: String,
    /// Time in all calls.
    pub total_ms: f64,
    /// Of the time of all operators, 0 to 1.
    pub share: f64,
    /// Calls.
    pub calls: u64,
}

/// What it costs to bring a batch into the form in which it is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// `json-f32`, `binary-f32`, `binary-u8`, `base64-jpeg`.
    pub format: String,
    /// Pictures.
    pub batch: usize,
    /// Time for the batch.
    pub encode_ms: f64,
    /// Length of the batch.
    pub bytes: u64,
}

/// A figure that a run could not give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Its place: `gpus`, `onnxruntime/cuda/lite0-copies/f32`.
    pub figure: String,
    /// Why.
    pub reason: String,
}

/// Writes a run, indented, with a line break at the end.
///
/// # Errors
/// That of `output`.
pub fn write_json(run: &Run, output: impl Write) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    serde_json::to_writer_pretty(&mut output, run).map_err(io::Error::from)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Reads a run.
///
/// # Errors
/// [`BenchError::UnknownVersion`] for another version of the format, [`BenchError::Malformed`]
/// for what is no run, [`BenchError::Input`] if `input` fails.
pub fn read_json(mut input: impl Read) -> Result<Run, BenchError> {
    #[derive(Deserialize)]
    struct Head {
        bench: u32,
    }

    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(BenchError::Input)?;
    // The version first: a later format need not have this one's fields.
    let head: Head = serde_json::from_slice(&bytes)?;
    if head.bench != VERSION {
        return Err(BenchError::UnknownVersion(head.bench));
    }
    Ok(serde_json::from_slice(&bytes)?)
}
