//! A run of the benchmark as it is written and read: version 1 of the format, in JSON.
//!
//! `docs/benchmark-format.md` says the same for people. A figure that a machine cannot give is
//! `null`, with its reason in [`Run::missing`]; lists are empty, never absent. Fields that not
//! every run has (those of the reference results, the windows of a load) are left out where they
//! are empty, and a reader must live without them.

mod scenario;

use std::io::{self, BufWriter, Read, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BenchError;
pub use scenario::{GpuUse, Latency, Scenario, ScenarioKind, Server, Stages, Window};

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
    /// Share of the photos that stand in another group than by the reference's vectors, where
    /// photos are joined from the model's usual similarity on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_changed: Option<f64>,
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
