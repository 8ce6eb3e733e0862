//! What remote engines send and whom they trust, against small servers in this process.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use twinlens::embed::remote::{
    CallErrorKind, ClientCertificate, Connection, Credentials, Element, Endpoint, Payload,
    Protocol, Secret, ServedModel, Server, TensorLayout, addresses, discover, models,
};
use twinlens::embed::{ModelInput, Preprocessing, bundled};

const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    /// Request line and headers, in lower case but for the line.
    head: String,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let start = format!("\r\n{name}: ");
        let after = self.head.split(&start).nth(1)?;
        after.split("\r\n").next()
    }
}

type Behaviour = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

/// A server of one thread that answers what its behaviour says.
struct Fake {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    fn start(
        tls: Option<Arc<rustls::ServerConfig>>,
        behaviour: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let behaviour: Box<Behaviour> = Box::new(behaviour);
        let work = move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // A client that goes away or is refused is what some tests are about.
                match &tls {
                    None => serve(stream, &kept, &behaviour).ok(),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                        let stream = rustls::StreamOwned::new(session, stream);
                        serve(stream, &kept, &behaviour).ok()
                    }
                };
            }
        };
        let builder = std::thread::Builder::new().name("fake-server".into());
        Self {
            port,
            asked,
            stop,
            thread: Some(builder.spawn(work).unwrap()),
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn server(&self, scheme: &str, host: &str) -> Server {
        Server {
            url: format!("{scheme}://{host}:{}", self.port),
            ..Server::default()
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// One request, one answer, and the end of the connection.
fn serve(
    mut stream: impl Read + Write,
    kept: &Mutex<Vec<Asked>>,
    behaviour: &Behaviour,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let head_end = loop {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&part[..count]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]);
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut asked = Asked {
        head: format!("{line}\r\n{}", lower_names(headers)),
        body: bytes[head_end..].to_vec(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |n| n.parse().unwrap());
    while asked.body.len() < length {
        let count = stream.read(&mut part)?;
        asked.body.extend_from_slice(&part[..count]);
    }
    let answer = behaviour(&asked);
    kept.lock().unwrap().push(asked);
    stream.write_all(&answer)?;
    stream.flush()
}

fn lower_names(headers: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line.to_owned(),
    };
    headers
        .split("\r\n")
        .map(line)
        .collect::<Vec<_>>()
        .join("\r\n")
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn not_found(_: &Asked) -> Vec<u8> {
    answer("404 Not Found", "", b"")
}

fn capture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/remote");
    std::fs::read(folder.join(name)).unwrap()
}

/// The model `tiny_embed` of the captures: pictures of 2 pixels, vectors of 4 numbers.
fn tiny(server: Server, protocol: Protocol, payload: Payload) -> Endpoint {
    let preprocessing = Preprocessing {
        size: 2,
        resize_short: 2,
        ..Preprocessing::clip()
    };
    let is_file = payload == Payload::Jpeg;
    Endpoint {
        address: addresses(&server, None).unwrap().remove(0),
        server,
        protocol,
        software: String::new(),
        model: ServedModel {
            name: "tiny_embed".into(),
            version: None,
            input: "image".into(),
            output: "embedding".into(),
            element: if is_file {
                Element::Bytes
            } else {
                Element::F32
            },
            layout: if is_file {
                TensorLayout::Encoded
            } else {
                TensorLayout::Nchw
            },
            side: Some(2),
            dimension: Some(4),
            batch_limit: None,
            preferred_batches: Vec::new(),
        },
        payload,
        preprocessing,
    }
}

fn picture(seed: u8) -> ModelInput {
    ModelInput {
        side: 2,
        rgb: (0..12).map(|i| i * 20 + seed).collect(),
    }
}

#[test]
fn a_binary_request_is_what_a_real_triton_was_sent() {
    let response = capture("triton/infer_binary.response");
    let fake = Fake::start(None, move |_| response.clone());
    let endpoint = tiny(
        fake.server("http", "127.0.0.1"),
        Protocol::KserveHttp,
        Payload::F32,
    );
    let mut connection = Connection::new(&endpoint, None).unwrap();
    let got = connection.embed(&[picture(1)], PATIENCE).unwrap();
    assert_eq!((got.sent_bytes, got.vectors.len()), (217, 1));
    let recorded = capture("triton/infer_binary.request");
    let head_end = recorded
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    let asked = &fake.asked()[0];
    assert!(
        asked
            .head
            .starts_with("POST /v2/models/tiny_embed/infer HTTP/1.1\r\n")
    );
    assert_eq!(asked.header("inference-header-content-length"), Some("169"));
    assert_eq!(asked.header("content-length"), Some("217"));
    assert_eq!(asked.header("accept-encoding"), None);
    let json = |body: &[u8]| serde_json::from_slice::<Value>(&body[..169]).unwrap();
    assert_eq!(json(&asked.body), json(&recorded[head_end..]));
    assert_eq!(asked.body.len(), recorded.len() - head_end);
}

#[test]
fn a_json_request_holds_the_numbers_of_the_binary_one() {
    let response = capture("triton/infer_json.response");
    let fake = Fake::start(None, move |_| response.clone());
    let endpoint = tiny(
        fake.server("http", "127.0.0.1"),
        Protocol::KserveJson,
        Payload::F32,
    );
    let mut connection = Connection::new(&endpoint, None).unwrap();
    connection.embed(&[picture(1)], PATIENCE).unwrap();
    let body: Value = serde_json::from_slice(&fake.asked()[0].body).unwrap();
    let input = &body["inputs"][0];
    assert_eq!(input["shape"], json!([1, 3, 2, 2]));
    assert_eq!(input["datatype"], "FP32");
    assert_eq!(body["outputs"], json!([{ "name": "embedding" }]));
    let clip = Preprocessing::clip();
    let numbers = input["data"].as_array().unwrap();
    assert_eq!(numbers.len(), 12);
    for (index, number) in numbers.iter().enumerate() {
        let (channel, pixel) = (index / 4, index % 4);
        let level = f64::from(picture(1).rgb[pixel * 3 + channel]) / 255.0;
        let expected = (level - f64::from(clip.mean[channel])) / f64::from(clip.std[channel]);
        assert!(
            (number.as_f64().unwrap() - expected).abs() < 1e-6,
            "{index}"
        );
    }
}

#[test]
fn a_proxy_path_and_a_token_are_kept_to() {
    let response = capture("triton/infer_binary.response");
    let fake = Fake::start(None, move |_| response.clone());
    let mut server = fake.server("http", "127.0.0.1");
    server.url.push_str("/behind/a/proxy/");
    let endpoint = tiny(server, Protocol::KserveHttp, Payload::F32);
    let token = Credentials::Bearer(Secret::new("hunter2".into()));
    let mut connection = Connection::new(&endpoint, Some(&token)).unwrap();
    connection.embed(&[picture(1)], PATIENCE).unwrap();
    let asked = &fake.asked()[0];
    let line = "POST /behind/a/proxy/v2/models/tiny_embed/infer ";
    assert!(asked.head.starts_with(line), "{}", asked.head);
    assert_eq!(asked.header("authorization"), Some("Bearer hunter2"));
    let shown = format!("{connection:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_wrong_token_is_told_as_such_in_discovery_and_in_a_scan() {
    let fake = Fake::start(None, |asked| {
        if asked.header("authorization") == Some("Bearer right") {
            not_found(asked)
        } else {
            answer("401 Unauthorized", "", b"{\"error\":\"who are you\"}")
        }
    });
    let server = fake.server("http", "127.0.0.1");
    for wrong in [None, Some(Credentials::Bearer(Secret::new("wrong".into())))] {
        let error = discover(&server, wrong.as_ref(), &bundled::record(), PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(
            error.message.contains("token") && error.message.contains("401"),
            "{error}"
        );
        let endpoint = tiny(server.clone(), Protocol::KserveHttp, Payload::F32);
        let mut connection = Connection::new(&endpoint, wrong.as_ref()).unwrap();
        let error = connection.embed(&[picture(1)], PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(error.message.contains("who are you"), "{error}");
    }
    let right = Credentials::Bearer(Secret::new("right".into()));
    let error = discover(&server, Some(&right), &bundled::record(), PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
    assert!(
        error.message.contains("no service that is known"),
        "{error}"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::start(None, not_found);
    let to = format!("Location: http://127.0.0.1:{}/\r\n", elsewhere.port);
    let fake = Fake::start(None, move |_| answer("307 Temporary Redirect", &to, b""));
    let endpoint = tiny(
        fake.server("http", "127.0.0.1"),
        Protocol::KserveHttp,
        Payload::F32,
    );
    let mut connection = Connection::new(&endpoint, None).unwrap();
    let error = connection.embed(&[picture(1)], PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn an_answer_that_breaks_off_or_never_comes_is_no_answer() {
    let whole = capture("triton/infer_binary.response");
    let cut = whole[..whole.len() - 3].to_vec();
    for (bytes, kind) in [
        (cut, CallErrorKind::Unreachable),
        (Vec::new(), CallErrorKind::Unreachable),
        (
            b"\0\0\x12\x04\0\0\0\0\0\0".to_vec(),
            CallErrorKind::BadAnswer,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            CallErrorKind::BadAnswer,
        ),
    ] {
        let fake = Fake::start(None, move |_| bytes.clone());
        let endpoint = tiny(
            fake.server("http", "127.0.0.1"),
            Protocol::KserveHttp,
            Payload::F32,
        );
        let mut connection = Connection::new(&endpoint, None).unwrap();
        let error = connection.embed(&[picture(1)], PATIENCE).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for (scheme, protocol) in [
        ("http", Protocol::KserveHttp),
        ("grpc", Protocol::KserveGrpc),
    ] {
        let server = Server {
            url: format!("{scheme}://127.0.0.1:{port}"),
            ..Server::default()
        };
        let endpoint = tiny(server, protocol, Payload::F32);
        let mut connection = Connection::new(&endpoint, None).unwrap();
        let error = connection
            .embed(&[picture(1)], Duration::from_millis(300))
            .unwrap_err();
        assert_eq!(error.kind, CallErrorKind::TimedOut, "{error}");
    }
}

#[test]
fn the_files_of_a_form_have_names() {
    let body = br#"{"clip":"[1.0,2.0,3.0,4.0]","imageHeight":2,"imageWidth":2}"#;
    let fake = Fake::start(None, move |_| answer("200 OK", "", body));
    let endpoint = tiny(
        fake.server("http", "127.0.0.1"),
        Protocol::Immich,
        Payload::Jpeg,
    );
    let mut connection = Connection::new(&endpoint, None).unwrap();
    let error = connection
        .embed(&[picture(1), picture(2)], PATIENCE)
        .unwrap_err();
    assert!(error.message.contains("one and the same vector"), "{error}");
    let asked = fake.asked();
    assert_eq!(asked.len(), 2, "one picture a request");
    let text = String::from_utf8_lossy(&asked[0].body);
    assert!(
        text.contains(r#"{"clip":{"visual":{"modelName":"tiny_embed"}}}"#),
        "{text}"
    );
    assert!(text.contains(r#"name="image"; filename="blob""#), "{text}");
}

/// A certificate for `name` that vouches for itself, as PEM: certificate and key.
fn certificate(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn tls(certificate: &str, key: &str, clients: Option<&str>) -> Arc<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(der(pem)).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    Arc::new(
        builder
            .with_single_cert(vec![der(certificate)], key)
            .unwrap(),
    )
}

#[test]
fn a_server_is_trusted_by_its_name_and_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (good, key) = certificate("localhost");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &good).unwrap();
    let fake = Fake::start(Some(tls(&good, &key, None)), not_found);
    let trusting = |scheme: &str, host: &str| Server {
        ca_file: Some(ca_file.clone()),
        ..fake.server(scheme, host)
    };
    // It is spoken to, and says that it is nothing that is known.
    let error = models(&trusting("https", "localhost"), None, PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
    for scheme in ["https", "grpcs"] {
        let error = models(&trusting(scheme, "127.0.0.1"), None, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(error.message.contains("not valid for name"), "{error}");
        let error = models(&fake.server(scheme, "localhost"), None, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(error.message.contains("UnknownIssuer"), "{error}");
    }
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (good, key) = certificate("localhost");
    let (client, client_key) = certificate("me");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let fake = Fake::start(Some(tls(&good, &key, Some(&client))), not_found);
    let mut server = fake.server("https", "localhost");
    server.ca_file = Some(file("ca.pem", &good));
    let error = models(&server, None, PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
    server.client_certificate = Some(ClientCertificate {
        certificate: file("me.pem", &client),
        key: file("me.key", &client_key),
    });
    let error = models(&server, None, PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
    for scheme in ["https", "grpcs"] {
        let mut broken = fake.server(scheme, "localhost");
        broken.ca_file = Some(file("empty.pem", ""));
        let error = models(&broken, None, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(error.message.contains("empty.pem"), "{error}");
    }
}
