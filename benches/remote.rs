//! Remote engines against the fastest there is: throughput over the better of a raw load generator
//! and NVIDIA's own Python client, the cost of a request over a minimal call of the library
//! beneath, bytes with the cosine for each payload, and what `twinlens bench` measures beside what
//! NVIDIA's client gets out of the same server.
//!
//! `cargo bench --bench remote [throughput] [overhead] [payloads] [bench]`, all without an argument.
//! Client and a real Triton share the machine, so only the ratios count; rounds alternate.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench reports and fails loudly"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod remote_raw;
#[path = "../tests/common/servers.rs"]
mod servers;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::shared;
use remote_raw::{MinimalTonic, MinimalUreq, Prepared, RawHttp};
use servers::RealServer;
use twinlens::bench::load::{self, Pacing, Timing};
use twinlens::bench::remote::RemoteService;
use twinlens::embed::preprocess::prepare;
use twinlens::embed::remote::{Connection, Endpoint, Payload, Protocol, Server, discover};
use twinlens::embed::store::ModelStore;
use twinlens::embed::{ModelInput, ModelRecord, Preprocessing, embedded};

const PATIENCE: Duration = Duration::from_mins(1);
const SECONDS: f64 = 1.0;
const ROUNDS: usize = 3;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|a| a == name);
    if wants("throughput") || wants("overhead") || wants("bench") {
        let Some(triton) = RealServer::start("triton", &[("QUEUE_DELAY_US", "0")]) else {
            return;
        };
        if wants("overhead") {
            overhead(&triton);
        }
        if wants("throughput") {
            throughput(&triton);
        }
        if wants("bench") {
            measured(&triton);
        }
    }
    if wants("payloads") {
        payloads();
    }
}

fn record(file: &str) -> Option<ModelRecord> {
    let file = shared(&format!("models/{file}"))?;
    let store = ModelStore::new("unused").unwrap();
    let mut record = store.find(file.to_str().unwrap()).unwrap();
    // What the servers do with 8-bit pixels and files.
    record.preprocessing = Preprocessing::clip();
    Some(record)
}

fn endpoint(triton: &RealServer, protocol: Protocol, payload: Payload) -> Endpoint {
    let url = match protocol {
        Protocol::KserveGrpc => triton.says("GRPC_ADDR").to_owned(),
        _ => triton.http(),
    };
    let server = Server {
        url,
        protocol: Some(protocol),
        payload: Some(payload),
        ..Server::default()
    };
    discover(&server, None, &record("clip_tiny.onnx").unwrap(), PATIENCE).unwrap()
}

fn noise(count: usize) -> Vec<ModelInput> {
    let picture = |seed: usize| ModelInput {
        side: 224,
        rgb: (0..224 * 224 * 3)
            .map(|i: usize| (i.wrapping_mul(0x9E37_79B9) >> (seed % 7 + 5)).to_le_bytes()[0])
            .collect(),
    };
    (0..count).map(picture).collect()
}

/// Pictures a second of `workers` that each do `work` of `batch` pictures again and again.
fn rate(workers: usize, batch: usize, make: &(dyn Fn() -> Box<dyn FnMut() + Send> + Sync)) -> f64 {
    let barrier = Barrier::new(workers);
    let one = || {
        let mut work = make();
        work();
        barrier.wait();
        let begun = Instant::now();
        let mut count = 0;
        while begun.elapsed().as_secs_f64() < SECONDS {
            work();
            count += batch;
        }
        count as f64 / begun.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    })
}

fn throughput(triton: &RealServer) {
    let Some(mut python) = Tritonclient::start() else {
        return;
    };
    println!(
        "\nThroughput on loopback, pictures a second, best of {ROUNDS} rounds that alternate\n\
         protocol payload batch workers |   client      raw  tritonclient | client over the best"
    );
    for (protocol, name) in [
        (Protocol::KserveHttp, "http"),
        (Protocol::KserveGrpc, "grpc"),
    ] {
        for payload in [Payload::Uint8, Payload::F32] {
            let endpoint = endpoint(triton, protocol, payload);
            let datatype = if payload == Payload::F32 {
                "FP32"
            } else {
                "UINT8"
            };
            for batch in [1, 8, 32] {
                let inputs = noise(batch);
                let prepared = Prepared::new(&endpoint, &inputs);
                for workers in [1, 8, 16] {
                    let mut best = [0.0_f64; 3];
                    for _ in 0..ROUNDS {
                        let client = rate(workers, batch, &|| {
                            let mut connection = Connection::new(&endpoint, None).unwrap();
                            let inputs = inputs.clone();
                            Box::new(move || {
                                connection.embed(&inputs, PATIENCE).unwrap();
                            })
                        });
                        let raw = rate(workers, batch, &|| {
                            if protocol == Protocol::KserveHttp {
                                let mut line = RawHttp::new(&endpoint, &prepared);
                                Box::new(move || line.call())
                            } else {
                                let mut line = MinimalTonic::new(&endpoint, &prepared);
                                Box::new(move || line.call())
                            }
                        });
                        let url = endpoint.address.authority();
                        let model = &endpoint.model.name;
                        let nvidia = python.ask(&format!(
                            "{name} {url} {model} {datatype} {batch} {workers} {SECONDS}"
                        ));
                        for (best, new) in best.iter_mut().zip([client, raw, nvidia]) {
                            *best = best.max(new);
                        }
                    }
                    let [client, raw, nvidia] = best;
                    println!(
                        "{name:8} {datatype:7} {batch:5} {workers:7} | {client:8.0} {raw:8.0} {nvidia:13.0} | {:5.2}",
                        client / raw.max(nvidia)
                    );
                }
            }
        }
    }
}

/// Pictures a second as the benchmark measures them, beside tritonclient's in the same closed loop.
fn measured(triton: &RealServer) {
    let Some(mut python) = Tritonclient::start() else {
        return;
    };
    println!(
        "\nThe benchmark's closed loop on loopback, single pictures a second, best of {ROUNDS} rounds that alternate\n\
         protocol payload callers |    bench  tritonclient | bench over it"
    );
    let seconds = Duration::from_secs_f64(SECONDS);
    let timing = Timing {
        shortest: seconds,
        longest: seconds,
        ..Timing::default()
    };
    for (protocol, name) in [
        (Protocol::KserveHttp, "http"),
        (Protocol::KserveGrpc, "grpc"),
    ] {
        for (payload, datatype) in [(Payload::Uint8, "UINT8"), (Payload::F32, "FP32")] {
            let endpoint = endpoint(triton, protocol, payload);
            let url = endpoint.address.authority();
            let model = endpoint.model.name.clone();
            let mut service = RemoteService::new(endpoint, None, &noise(8), 1).unwrap();
            for callers in [1, 8] {
                let mut best = [0.0_f64; 2];
                for _ in 0..ROUNDS {
                    service.get_ready(callers, 1).unwrap();
                    let outcome = load::run(
                        &service.requests(1),
                        Pacing::Closed { callers },
                        &timing,
                        &AtomicBool::new(false),
                        &mut |_| (),
                    )
                    .unwrap();
                    assert_eq!(outcome.errors, 0, "{:?}", outcome.first_error);
                    let nvidia = python.ask(&format!(
                        "{name} {url} {model} {datatype} 1 {callers} {SECONDS}"
                    ));
                    let ours = outcome.images_per_second().unwrap();
                    for (best, new) in best.iter_mut().zip([ours, nvidia]) {
                        *best = best.max(new);
                    }
                }
                let [ours, nvidia] = best;
                println!(
                    "{name:8} {datatype:7} {callers:7} | {ours:8.0} {nvidia:13.0} | {:5.2}",
                    ours / nvidia
                );
            }
        }
    }
}

/// Milliseconds of a request over a minimal call that sends the same bytes, made ready before.
fn overhead(triton: &RealServer) {
    println!(
        "\nA request of one picture, ms, median of 300 that alternate\nprotocol payload |  client  minimal | over it"
    );
    for (protocol, name) in [
        (Protocol::KserveHttp, "http"),
        (Protocol::KserveGrpc, "grpc"),
    ] {
        for payload in [Payload::Uint8, Payload::F16, Payload::F32] {
            let endpoint = endpoint(triton, protocol, payload);
            let inputs = noise(1);
            let prepared = Prepared::new(&endpoint, &inputs);
            let mut connection = Connection::new(&endpoint, None).unwrap();
            let mut minimal: Box<dyn FnMut()> = if protocol == Protocol::KserveHttp {
                let mut line = MinimalUreq::new(&endpoint, &prepared);
                Box::new(move || line.call())
            } else {
                let mut line = MinimalTonic::new(&endpoint, &prepared);
                Box::new(move || line.call())
            };
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..300 {
                let begun = Instant::now();
                connection.embed(&inputs, PATIENCE).unwrap();
                times[0].push(begun.elapsed());
                let begun = Instant::now();
                minimal();
                times[1].push(begun.elapsed());
            }
            let [client, least] = times.map(|mut times| {
                times.sort();
                times[150].as_secs_f64() * 1000.0
            });
            println!(
                "{name:8} {payload:7?} | {client:7.3} {least:8.3} | {:7.3}",
                client - least
            );
        }
    }
}

/// Bytes of a request for each picture, and the cosine with what the local engine computes.
fn payloads() {
    let (Some(record), Some(set), Some(model)) = (
        record("lite0_copies.onnx"),
        shared("photos/set"),
        shared("models/lite0_copies.onnx"),
    ) else {
        return;
    };
    let settings = [("MODEL", model.to_str().unwrap())];
    let Some(triton) = RealServer::start("triton", &settings) else {
        return;
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for album in std::fs::read_dir(set).unwrap() {
        let files = std::fs::read_dir(album.unwrap().path()).unwrap();
        paths.extend(files.map(|file| file.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    paths.sort();
    let photos: Vec<_> = paths
        .iter()
        .step_by(paths.len() / 40)
        .take(40)
        .map(|path| common::load(path))
        .collect();
    let inputs = |preprocessing: &Preprocessing| -> Vec<ModelInput> {
        let input = |photo: &image::RgbImage| {
            let whole = [
                0.0,
                0.0,
                f64::from(photo.width()),
                f64::from(photo.height()),
            ];
            prepare(photo, whole, photo.dimensions(), preprocessing).unwrap()
        };
        photos.iter().map(input).collect()
    };
    let mut local = embedded::open(&record, 1).unwrap().remove(0);
    let expected = local.embed(&inputs(&record.preprocessing)).unwrap();
    println!(
        "\n{} photos, bundled model\nprotocol   payload  | bytes a picture | cosine mean   lowest",
        photos.len()
    );
    for (protocol, payloads) in [
        (
            Protocol::KserveHttp,
            &[
                Payload::Uint8,
                Payload::F16,
                Payload::F32,
                Payload::JpegFine,
                Payload::Jpeg,
            ][..],
        ),
        (Protocol::KserveGrpc, &[Payload::Uint8]),
        (Protocol::KserveJson, &[Payload::Uint8, Payload::F32]),
    ] {
        for &payload in payloads {
            let endpoint = endpoint(&triton, protocol, payload);
            let mut connection = Connection::new(&endpoint, None).unwrap();
            let (mut bytes, mut cosines) = (0, Vec::new());
            let inputs = inputs(&endpoint.preprocessing);
            for (batch, expected) in inputs.chunks(8).zip(expected.chunks(8)) {
                let answer = connection.embed(batch, PATIENCE).unwrap();
                bytes += answer.sent_bytes;
                for (a, b) in answer.vectors.iter().zip(expected) {
                    let pairs = a.components().iter().zip(b.components());
                    cosines.push(pairs.map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>());
                }
            }
            let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
            let lowest = cosines.iter().copied().fold(1.0, f64::min);
            let each = bytes / photos.len() as u64;
            let (protocol, payload) = (format!("{protocol:?}"), format!("{payload:?}"));
            println!("{protocol:10} {payload:8} | {each:15} | {mean:11.5} {lowest:8.5}");
        }
    }
}

/// NVIDIA's client in a Python of its own.
struct Tritonclient {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Tritonclient {
    fn start() -> Option<Self> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"),
            PathBuf::from,
        );
        let home = cache.join("twinlens-ci/tritonclient-2.73.0");
        let python = home.join("bin/python");
        if !home.join("ready").exists() {
            let made = Command::new("python3")
                .args(["-m", "venv"])
                .arg(&home)
                .status();
            let wanted = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "tritonclient[http,grpc]==2.73.0",
            ];
            let installed = made.and_then(|_| Command::new(&python).args(wanted).status());
            if !installed.is_ok_and(|status| status.success()) {
                common::skipped("tritonclient cannot be installed");
                return None;
            }
            std::fs::write(home.join("ready"), "").unwrap();
        }
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/tritonclient_load.py"
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Some(Self {
            asks: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        })
    }

    fn ask(&mut self, line: &str) -> f64 {
        writeln!(self.asks, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }
}

impl Drop for Tritonclient {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
