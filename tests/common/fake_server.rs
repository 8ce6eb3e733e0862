//! A server of the `KServe` protocol over HTTP with binary tensors, in this process, that does
//! its work with the bundled model and fails as it is told.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use twinlens::embed::{Embedder, EngineChoice, EngineRequest, ModelInput, bundled, open};

/// How the server goes wrong.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "faults have nothing to do with each other"
)]
pub(crate) struct Faults {
    /// Each request of this number (counted from 1) fails with 500.
    pub(crate) fail_every: u64,
    /// Every answer comes so late.
    pub(crate) delay: Duration,
    /// Each request of this number is refused with 429.
    pub(crate) busy_every: u64,
    /// What `Retry-After` says then, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Each request of this number is answered by half an answer.
    pub(crate) half_every: u64,
    /// Each request of this number is answered by a closed connection.
    pub(crate) reset_every: u64,
    /// Vectors have one number too many.
    pub(crate) wrong_length: bool,
    /// Black pictures are given a vector of NaN.
    pub(crate) nan_if_black: bool,
    /// Vectors are those of another model.
    pub(crate) other_model: bool,
    /// All vectors are the same.
    pub(crate) constant: bool,
    /// The model's process is dead: 500 for every request.
    pub(crate) dead: bool,
    /// Who has no such token is told 401.
    pub(crate) token: Option<&'static str>,
    /// Larger batches are refused, as a message over the limit is.
    pub(crate) largest_batch: Option<usize>,
    /// The server does not normalise, though it should.
    pub(crate) skips_normalisation: bool,
    /// It tells what it measures of itself, as Triton does: the delay as time in the queue.
    pub(crate) tells_statistics: bool,
}

/// A server that can be killed, and started again at the same address.
pub(crate) struct FakeServer {
    pub(crate) address: String,
    shared: Arc<Shared>,
    running: Option<Running>,
}

struct Running {
    stop: Arc<AtomicBool>,
    acceptor: std::thread::JoinHandle<()>,
}

struct Shared {
    faults: Mutex<Faults>,
    /// Requests for vectors.
    requests: AtomicU64,
    /// Answered requests and their pictures, nanoseconds in the queue and in the model.
    answered: [AtomicU64; 4],
    open: Mutex<Vec<TcpStream>>,
    embedder: Mutex<Box<dyn Embedder>>,
    plain: Mutex<Box<dyn Embedder>>,
}

impl Shared {
    fn count(&self, pictures: usize, queue: Duration, compute: Duration) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap();
        let new = [1, pictures as u64, nanoseconds(queue), nanoseconds(compute)];
        for (sum, new) in self.answered.iter().zip(new) {
            sum.fetch_add(new, Ordering::Relaxed);
        }
    }
}

const SIDE: usize = 224;
const PICTURE: usize = SIDE * SIDE * 3;

impl FakeServer {
    /// Starts it on a free port.
    pub(crate) fn start(faults: Faults) -> Self {
        let engine = |record: &twinlens::embed::ModelRecord| {
            let request = EngineRequest {
                engine: EngineChoice::Embedded,
                ..EngineRequest::default()
            };
            open(&request, record).unwrap().embedders.remove(0)
        };
        let mut plain = bundled::record();
        plain.preprocessing.mean = [0.0; 3];
        plain.preprocessing.std = [1.0; 3];
        let mut server = Self {
            address: "127.0.0.1:0".to_owned(),
            shared: Arc::new(Shared {
                faults: Mutex::new(faults),
                requests: AtomicU64::new(0),
                answered: Default::default(),
                open: Mutex::default(),
                embedder: Mutex::new(engine(&bundled::record())),
                plain: Mutex::new(engine(&plain)),
            }),
            running: None,
        };
        server.restart();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, faults: Faults) {
        *self.shared.faults.lock().unwrap() = faults;
    }

    /// Requests for vectors so far.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Closes everything at once, as a killed process does.
    pub(crate) fn kill(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        running.stop.store(true, Ordering::Relaxed);
        // Wakes the acceptor, so that it sees the flag.
        TcpStream::connect(&self.address).ok();
        running.acceptor.join().unwrap();
        for stream in self.shared.open.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Starts it again where it was.
    pub(crate) fn restart(&mut self) {
        let listener = TcpListener::bind(&self.address).unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, shared) = (Arc::clone(&stop), Arc::clone(&self.shared));
        let acceptor = std::thread::Builder::new()
            .name("fake-server".into())
            .spawn(move || {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let Ok(stream) = stream else { return };
                    let (Ok(other), shared, stopped) = (
                        stream.try_clone(),
                        Arc::clone(&shared),
                        Arc::clone(&stopped),
                    ) else {
                        return;
                    };
                    shared.open.lock().unwrap().push(other);
                    std::thread::Builder::new()
                        .name("fake-line".into())
                        .spawn(move || {
                            // A client that hangs up is no news.
                            serve(stream, &shared, &stopped).ok();
                        })
                        .unwrap();
                }
            })
            .unwrap();
        self.running = Some(Running { stop, acceptor });
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Reply {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

fn json_reply(status: &'static str, body: &Value) -> Reply {
    Reply {
        status,
        headers: "Content-Type: application/json\r\n".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

fn serve(stream: TcpStream, shared: &Shared, stopped: &AtomicBool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let (method, path) = (
            words.next().unwrap_or_default().to_owned(),
            words.next().unwrap_or_default().to_owned(),
        );
        let (mut length, mut head, mut token) = (0, 0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "inference-header-content-length" => head = value.trim().parse().unwrap(),
                "authorization" => value.trim().clone_into(&mut token),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let faults = shared.faults.lock().unwrap().clone();
        let is_allowed = (faults.token).is_none_or(|wanted| token == format!("Bearer {wanted}"));
        let reply = if !is_allowed {
            json_reply(
                "401 Unauthorized",
                &json!({"error": "the token is not known here"}),
            )
        } else if method == "POST" && path.ends_with("/infer") {
            let number = shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
            let came = Instant::now();
            std::thread::sleep(faults.delay);
            let begun = Instant::now();
            let is_due = |every: u64| every > 0 && number.is_multiple_of(every);
            if is_due(faults.reset_every) {
                writer.shutdown(Shutdown::Both)?;
                return Ok(());
            }
            let mut reply = if is_due(faults.busy_every) {
                let mut reply = json_reply("429 Too Many Requests", &json!({"error": "slow down"}));
                if let Some(seconds) = faults.retry_after {
                    reply.headers = format!("{}Retry-After: {seconds}\r\n", reply.headers);
                }
                reply
            } else if faults.dead || is_due(faults.fail_every) {
                // In Triton's words: the first for good, the second for this batch alone.
                let words = if faults.dead {
                    "Stub process 'bundled_0_0' is not healthy."
                } else {
                    "Failed to process the request(s) for model 'bundled_0_0', message: RuntimeError: fault"
                };
                json_reply("500 Internal Server Error", &json!({"error": words}))
            } else {
                let reply = infer(&body, head, shared, &faults);
                let pictures = (body.len() - head) / PICTURE;
                shared.count(pictures, begun - came, begun.elapsed());
                reply
            };
            if is_due(faults.half_every) {
                let head = format!(
                    "HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n",
                    reply.status,
                    reply.headers,
                    reply.body.len()
                );
                reply.body.truncate(reply.body.len() / 2);
                writer.write_all(head.as_bytes())?;
                writer.write_all(&reply.body)?;
                writer.shutdown(Shutdown::Both)?;
                return Ok(());
            }
            reply
        } else if faults.tells_statistics && path == "/v2/models/bundled/stats" {
            statistics(shared)
        } else {
            describe(&method, &path)
        };
        if stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        let head = format!(
            "HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n",
            reply.status,
            reply.headers,
            reply.body.len()
        );
        writer.write_all(head.as_bytes())?;
        writer.write_all(&reply.body)?;
    }
}

/// The account of the model, as Triton gives it; its sums are read one after another, as there.
fn statistics(shared: &Shared) -> Reply {
    let [requests, pictures, queue, compute] =
        (shared.answered.each_ref()).map(|sum| sum.load(Ordering::Relaxed));
    let sum = |ns: u64| json!({"count": requests, "ns": ns});
    let stats = json!({"success": sum(queue + compute), "fail": {"count": 0, "ns": 0},
        "queue": sum(queue), "compute_input": sum(0), "compute_infer": sum(compute),
        "compute_output": sum(0)});
    json_reply(
        "200 OK",
        &json!({"model_stats": [{"name": "bundled", "version": "1", "inference_count": pictures,
            "execution_count": requests, "inference_stats": stats}]}),
    )
}

fn describe(method: &str, path: &str) -> Reply {
    let empty = || Reply {
        status: "200 OK",
        headers: "Content-Type: text/plain\r\n".to_owned(),
        body: Vec::new(),
    };
    match (method, path) {
        ("GET", "/v2") => json_reply(
            "200 OK",
            &json!({"name": "fake", "version": "1", "extensions": ["binary_tensor_data", "model_repository"]}),
        ),
        ("GET", "/v2/health/live" | "/v2/health/ready" | "/v2/models/bundled/ready") => empty(),
        ("GET", "/v2/models/bundled" | "/v2/models/bundled/versions/1") => json_reply(
            "200 OK",
            &json!({"name": "bundled", "versions": ["1"], "platform": "python",
                "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 224, 224, 3]}],
                "outputs": [{"name": "embedding", "datatype": "FP32", "shape": [-1, 512]}]}),
        ),
        ("GET", "/v2/models/bundled/config") => json_reply(
            "200 OK",
            &json!({"name": "bundled", "max_batch_size": 8,
                "input": [{"name": "image", "data_type": "TYPE_UINT8", "dims": [224, 224, 3]}],
                "output": [{"name": "embedding", "data_type": "TYPE_FP32", "dims": [512]}],
                "dynamic_batching": {"preferred_batch_size": [4, 8]}}),
        ),
        ("POST", "/v2/repository/index") => json_reply(
            "200 OK",
            &json!([{"name": "bundled", "version": "1", "state": "READY"}]),
        ),
        _ => json_reply("404 Not Found", &json!({"error": "not found"})),
    }
}

fn infer(body: &[u8], head: usize, shared: &Shared, faults: &Faults) -> Reply {
    let bytes = &body[head..];
    let pictures: Vec<ModelInput> = bytes
        .chunks_exact(PICTURE)
        .map(|rgb| ModelInput {
            side: 224,
            rgb: rgb.to_vec(),
        })
        .collect();
    if faults
        .largest_batch
        .is_some_and(|most| pictures.len() > most)
    {
        return json_reply(
            "413 Payload Too Large",
            &json!({"error": "the message is too large"}),
        );
    }
    let engine = if faults.skips_normalisation {
        &shared.plain
    } else {
        &shared.embedder
    };
    let vectors = engine.lock().unwrap().embed(&pictures).unwrap();
    let length = 512 + usize::from(faults.wrong_length);
    let mut out = Vec::new();
    for (picture, vector) in pictures.iter().zip(&vectors) {
        let mut numbers: Vec<f32> = vector.components().iter().map(|x| x.to_f32()).collect();
        if faults.other_model {
            numbers.reverse();
        }
        if faults.constant {
            numbers = vec![1.0; 512];
        }
        if faults.nan_if_black && picture.rgb.iter().all(|level| *level < 8) {
            numbers = vec![f32::NAN; 512];
        }
        numbers.resize(length, 0.5);
        out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    let header = json!({"model_name": "bundled", "model_version": "1",
        "outputs": [{"name": "embedding", "datatype": "FP32", "shape": [pictures.len(), length],
            "parameters": {"binary_data_size": out.len()}}]})
    .to_string();
    Reply {
        status: "200 OK",
        headers: format!(
            "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {}\r\n",
            header.len()
        ),
        body: [header.into_bytes(), out].concat(),
    }
}
