//! Pictures a second of this crate, of ONNX Runtime and of rten, as ratios within one run.
//!
//! `cargo bench -p mbconv --bench forward`: batches of 8 on two threads, EfficientNet-Lite0 with a
//! head (`models/lite0_copies.onnx`). ONNX Runtime runs in a Python of its own, which must have
//! the packages `onnxruntime` and `numpy`: `PYTHON=/path/to/python` names it. Rounds of all take
//! turns, for machines are noisy; the figures are those of the fastest round of each, and the
//! median of the ratios of neighbouring rounds. `-- 40` takes so many rounds, `-- 40 one` one
//! thread.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench reports and fails loudly"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use mbconv::{InstructionSet, Network, Runner};

const MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../models/lite0_copies.onnx"
);

/// Pictures that are computed at once, by all threads together.
const BATCH: usize = 8;

/// Batches of a round.
const RUNS: usize = 4;

/// Runs so many batches a line that it reads, and answers with the seconds.
const SCRIPT: &str = "
import sys, time
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
options.add_session_config_entry('session.intra_op.allow_spinning', sys.argv[4])
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
name = session.get_inputs()[0].name
pictures = numpy.random.default_rng(1).normal(size=(int(sys.argv[3]), 3, 224, 224)).astype('f4')
session.run(None, {name: pictures})
print('ONNX Runtime', onnxruntime.__version__, flush=True)
for line in sys.stdin:
    begun = time.perf_counter()
    for _ in range(int(line)):
        session.run(None, {name: pictures})
    print(time.perf_counter() - begun, flush=True)
";

/// Something that computes rounds and says how many seconds each took.
type Round = Box<dyn FnMut() -> f64>;

struct OnnxRuntime {
    _process: Child,
    lines: BufReader<ChildStdout>,
    commands: ChildStdin,
}

impl OnnxRuntime {
    fn start(threads: usize) -> (String, Self) {
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let (threads, batch) = (threads.to_string(), BATCH.to_string());
        let mut process = Command::new(python)
            // Threads that spin between two rounds would take the cores from the others.
            .args(["-c", SCRIPT, MODEL, &threads, &batch, "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut version = String::new();
        lines.read_line(&mut version).unwrap();
        assert!(
            !version.is_empty(),
            "this Python has no onnxruntime: set PYTHON"
        );
        let started = Self {
            _process: process,
            lines,
            commands,
        };
        (version.trim().to_owned(), started)
    }

    fn round(&mut self) -> f64 {
        writeln!(self.commands, "{RUNS}").unwrap();
        let mut answer = String::new();
        self.lines.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }
}

/// One runner a thread, each with its part of the batch.
fn ours(network: &Network, set: InstructionSet, threads: usize) -> Round {
    let packed = Arc::new(network.pack(set).unwrap());
    let mut runners: Vec<Runner> = (0..threads)
        .map(|_| Runner::new(Arc::clone(&packed)))
        .collect();
    let part = BATCH / threads;
    let picture: Vec<f32> = (0..224 * 224 * 3)
        .map(|i| (i % 255) as f32 / 128.0 - 1.0)
        .collect();
    let pictures = vec![picture; part];
    Box::new(move || {
        let start = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            for runner in &mut runners {
                let (start, pictures) = (&start, &pictures);
                let work = move || {
                    let mut out = vec![0.0; part * runner.packed().dimension()];
                    start.wait();
                    for _ in 0..RUNS {
                        runner.run(pictures, &mut out).unwrap();
                    }
                };
                std::thread::Builder::new()
                    .spawn_scoped(scope, work)
                    .unwrap();
            }
            start.wait();
            let begun = Instant::now();
            // The scope ends with its threads.
            begun
        })
        .elapsed()
        .as_secs_f64()
    })
}

/// One model and a pool of one thread for each thread, as rten is used best.
fn rten(threads: usize) -> Round {
    use rten_tensor::{NdTensor, prelude::*};
    let mut options = rten::ModelOptions::with_all_ops();
    options.prepack_weights(true);
    let model = Arc::new(options.load_file(MODEL).unwrap());
    let input = model.find_node("pixel_values").unwrap();
    let output = model.find_node("image_embeds").unwrap();
    Box::new(move || {
        let start = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (start, model) = (&start, &model);
                let work = move || {
                    let pool = Arc::new(rten::ThreadPool::with_num_threads(1));
                    let picture = NdTensor::<f32, 4>::full([1, 3, 224, 224], 0.5);
                    start.wait();
                    for _ in 0..RUNS * BATCH / threads {
                        let options =
                            rten::RunOptions::default().with_thread_pool(Some(Arc::clone(&pool)));
                        model
                            .run(
                                vec![(input, picture.view().into())],
                                &[output],
                                Some(options),
                            )
                            .unwrap();
                    }
                };
                std::thread::Builder::new()
                    .spawn_scoped(scope, work)
                    .unwrap();
            }
            start.wait();
            Instant::now()
        })
        .elapsed()
        .as_secs_f64()
    })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(20);
    let threads = if arguments.iter().any(|a| a == "one") {
        1
    } else {
        2
    };
    let network = Network::from_onnx(&std::fs::read(MODEL).unwrap());
    let network = network.unwrap().unwrap();
    let (version, mut onnx_runtime) = OnnxRuntime::start(threads);
    let mut engines: Vec<(String, Round)> = vec![(version, Box::new(move || onnx_runtime.round()))];
    for set in InstructionSet::all_available() {
        let name = format!("mbconv {}", set.name());
        engines.push((name, ours(&network, set, threads)));
    }
    engines.push(("rten".to_owned(), rten(threads)));
    let mut seconds = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        for ((_, round), seconds) in engines.iter_mut().zip(&mut seconds) {
            seconds.push(round());
        }
    }
    println!("batches of {BATCH} on {threads} threads, {rounds} rounds");
    for ((name, _), own) in engines.iter().zip(&seconds) {
        let fastest = own.iter().copied().fold(f64::INFINITY, f64::min);
        let theirs = seconds[0].iter().copied().fold(f64::INFINITY, f64::min);
        let ratios = own
            .iter()
            .zip(&seconds[0])
            .map(|(own, theirs)| theirs / own);
        println!(
            "{name:20} {:6.1} pictures a second; of ONNX Runtime {:.2} by the fastest rounds, {:.2} by the median",
            (RUNS * BATCH) as f64 / fastest,
            theirs / fastest,
            median(ratios.collect()),
        );
    }
}
