//! Remote engines against real servers on this machine: Triton, `MLServer`, and a server of the
//! embed API and of Immich's. Every protocol embeds the same photos as the local engine does
//! with the same model.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;
#[path = "common/servers.rs"]
mod servers;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::shared;
use image::RgbImage;
use servers::RealServer;
use twinlens::embed::preprocess::prepare;
use twinlens::embed::remote::Payload::{F16, F32, Jpeg, JpegFine, Uint8};
use twinlens::embed::remote::{
    Answer, CallError, CallErrorKind, Connection, Endpoint, Payload, Protocol, Scheme, Server,
    Statistics, discover, models,
};
use twinlens::embed::store::ModelStore;
use twinlens::embed::{Embedding, ModelInput, ModelRecord, Preprocessing, embedded};

const PATIENCE: Duration = Duration::from_mins(1);

/// The model that the servers run, as it is known here.
fn record() -> Option<ModelRecord> {
    let file = shared("models/clip_tiny.onnx")?;
    let store = ModelStore::new("unused").unwrap();
    let mut record = store.find(file.to_str().unwrap()).unwrap();
    // What the servers do with 8-bit pixels and files.
    record.preprocessing = Preprocessing::clip();
    Some(record)
}

/// Photos of all kinds, decoded as a scan does.
fn photos() -> Option<Vec<RgbImage>> {
    let set = shared("photos/set")?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for album in std::fs::read_dir(set).unwrap() {
        let files = std::fs::read_dir(album.unwrap().path()).unwrap();
        paths.extend(files.map(|file| file.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    paths.sort();
    let step = paths.len() / 12;
    Some(
        paths
            .iter()
            .step_by(step)
            .take(12)
            .map(|path| common::load(path))
            .collect(),
    )
}

fn inputs(photos: &[RgbImage], preprocessing: &Preprocessing) -> Vec<ModelInput> {
    let input = |photo: &RgbImage| {
        let whole = [
            0.0,
            0.0,
            f64::from(photo.width()),
            f64::from(photo.height()),
        ];
        prepare(photo, whole, photo.dimensions(), preprocessing).unwrap()
    };
    photos.iter().map(input).collect()
}

fn cosine(a: &Embedding, b: &Embedding) -> f64 {
    let pairs = a.components().iter().zip(b.components());
    pairs
        .map(|(a, b)| f64::from(a.to_f32()) * f64::from(b.to_f32()))
        .sum()
}

/// Photos, the model, and the vectors that the local engine computes.
struct Reference {
    record: ModelRecord,
    photos: Vec<RgbImage>,
    vectors: Vec<Embedding>,
}

impl Reference {
    fn new() -> Option<Self> {
        let (record, photos) = (record()?, photos()?);
        let mut local = embedded::open(&record, 1).unwrap().remove(0);
        let vectors = local
            .embed(&inputs(&photos, &record.preprocessing))
            .unwrap();
        Some(Self {
            record,
            photos,
            vectors,
        })
    }

    fn discover(&self, server: &Server) -> Result<Endpoint, CallError> {
        discover(server, None, &self.record, PATIENCE)
    }

    /// The lowest and the mean cosine between this endpoint's vectors and the local ones.
    fn agreement(&self, endpoint: &Endpoint) -> (f64, f64) {
        let inputs = inputs(&self.photos, &endpoint.preprocessing);
        let mut connection = Connection::new(endpoint, None).unwrap();
        let mut cosines = Vec::new();
        let batch = endpoint.model.batch_limit.unwrap_or(5).min(5);
        for (batch, vectors) in inputs.chunks(batch).zip(self.vectors.chunks(batch)) {
            let answer = connection.embed(batch, PATIENCE).unwrap();
            assert!(answer.sent_bytes > 0 && answer.received_bytes > 0);
            assert!(answer.timing.wait > Duration::ZERO);
            cosines.extend(
                answer
                    .vectors
                    .iter()
                    .zip(vectors)
                    .map(|(a, b)| cosine(a, b)),
            );
        }
        assert_eq!(cosines.len(), self.photos.len());
        let lowest = cosines.iter().copied().fold(1.0, f64::min);
        #[expect(clippy::cast_precision_loss, reason = "a handful of photos")]
        let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
        (lowest, mean)
    }

    fn holds(&self, endpoint: &Endpoint) {
        let (lowest, mean) = self.agreement(endpoint);
        let (least, least_mean) = match endpoint.payload {
            Payload::Uint8 | Payload::F32 => (0.9999, 0.9999),
            Payload::F16 => (0.999, 0.999),
            // As measured on photos of this set, with a margin (docs/remote.md).
            Payload::Jpeg => (0.85, 0.97),
            Payload::JpegFine => (0.97, 0.995),
        };
        let told = format!(
            "{:?} {:?}: lowest {lowest}, mean {mean}",
            endpoint.protocol, endpoint.payload
        );
        assert!(lowest >= least && mean >= least_mean, "{told}");
    }
}

fn server(url: &str) -> Server {
    Server {
        url: url.to_owned(),
        ..Server::default()
    }
}

fn with(url: &str, protocol: Protocol, payload: Payload) -> Server {
    Server {
        protocol: Some(protocol),
        payload: Some(payload),
        ..server(url)
    }
}

#[test]
fn a_triton_is_found_by_its_bare_address_and_agrees_in_every_protocol_and_payload() {
    let Some(reference) = Reference::new() else {
        return;
    };
    let Some(triton) = RealServer::start("triton", &[("QUEUE_DELAY_US", "0")]) else {
        return;
    };
    let (http, grpc) = (triton.http(), triton.says("GRPC_ADDR").to_owned());
    for (url, protocol, scheme) in [
        (&http, Protocol::KserveHttp, Scheme::Http),
        (&grpc, Protocol::KserveGrpc, Scheme::Grpc),
    ] {
        let found = reference.discover(&server(url)).unwrap();
        assert_eq!((found.protocol, found.address.scheme), (protocol, scheme));
        assert_eq!(found.software, "triton 2.51.0");
        assert_eq!(found.payload, Payload::Uint8);
        assert_eq!(found.model.name, "openclip_vit_b32_u8");
        assert_eq!(
            (found.model.side, found.model.dimension),
            (Some(224), Some(512))
        );
        assert_eq!(found.model.batch_limit, Some(32));
        assert_eq!(found.model.preferred_batches, [4, 8, 16, 32]);
        let names: Vec<String> = models(&server(url), None, PATIENCE)
            .unwrap()
            .into_iter()
            .map(|model| model.name)
            .collect();
        assert_eq!(names.len(), 6, "{names:?}");
    }
    for (protocol, payloads) in [
        (Protocol::KserveHttp, &[Uint8, F16, F32, Jpeg, JpegFine][..]),
        (Protocol::KserveGrpc, &[Uint8, F16, F32, Jpeg, JpegFine]),
        (Protocol::KserveJson, &[Uint8, F32]),
    ] {
        let url = if protocol == Protocol::KserveGrpc {
            &grpc
        } else {
            &http
        };
        for &payload in payloads {
            let found = reference.discover(&with(url, protocol, payload)).unwrap();
            assert_eq!((found.protocol, found.payload), (protocol, payload));
            reference.holds(&found);
        }
    }
    let wrong = with(&http, Protocol::KserveJson, F16);
    assert!(
        reference
            .discover(&wrong)
            .unwrap_err()
            .message
            .contains("does not take")
    );
    statistics_tell_the_servers_part(&reference, &triton);
}

fn statistics_tell_the_servers_part(reference: &Reference, triton: &RealServer) {
    let (http, grpc) = (triton.http(), triton.says("GRPC_ADDR").to_owned());
    let found = reference
        .discover(&with(&http, Protocol::KserveHttp, Payload::F32))
        .unwrap();
    let over_grpc = reference
        .discover(&with(&grpc, Protocol::KserveGrpc, Payload::F32))
        .unwrap();
    let page = |endpoint: &Endpoint| {
        Statistics::read_metrics(triton.says("METRICS_URL"), endpoint, None, PATIENCE)
    };
    let read = |endpoint: &Endpoint| Statistics::read(endpoint, None, PATIENCE).unwrap().unwrap();
    let (before, page_before) = (read(&found), page(&found).unwrap().unwrap());
    reference.agreement(&found);
    let after = read(&found);
    let (between, told) = (after.since(&before), page(&found).unwrap().unwrap());
    assert_eq!((between.images, between.requests), (12, 3));
    assert!(between.compute > Duration::ZERO && between.executions >= 1);
    assert!(between.mean_batch().unwrap() >= 1.0);
    assert_eq!(told.since(&page_before).images, 12);
    assert_eq!(read(&over_grpc), after);
}

#[test]
fn an_mlserver_agrees_and_its_message_limit_is_told_as_such() {
    let Some(reference) = Reference::new() else {
        return;
    };
    let Some(mlserver) = RealServer::start("mlserver", &[]) else {
        return;
    };
    let found = reference.discover(&server(&mlserver.http())).unwrap();
    assert_eq!(
        found.protocol,
        Protocol::KserveJson,
        "it has no binary tensors"
    );
    assert_eq!(found.software, "mlserver 1.7.1");
    assert_eq!(found.model.batch_limit, None);
    reference.holds(&found);
    assert_eq!(Statistics::read(&found, None, PATIENCE), Ok(None));

    let found = reference
        .discover(&server(mlserver.says("GRPC_ADDR")))
        .unwrap();
    assert_eq!(found.protocol, Protocol::KserveGrpc);
    reference.holds(&found);
    let batch = inputs(&reference.photos[..7], &found.preprocessing);
    let mut connection = Connection::new(&found, None).unwrap();
    let error = connection.embed(&batch, PATIENCE).unwrap_err();
    assert_eq!(error.kind, CallErrorKind::TooLarge, "{error}");
    // The same line goes on with less.
    assert_eq!(
        connection
            .embed(&batch[..6], PATIENCE)
            .unwrap()
            .vectors
            .len(),
        6
    );
    assert_eq!(Statistics::read(&found, None, PATIENCE), Ok(None));
}

#[test]
fn servers_that_take_files_are_found_and_agree() {
    let Some(reference) = Reference::new() else {
        return;
    };
    let Some(real) = RealServer::start("reference", &[]) else {
        return;
    };
    let found = reference.discover(&server(&real.http())).unwrap();
    assert_eq!(found.protocol, Protocol::EmbedMultipart);
    assert_eq!(found.payload, Payload::JpegFine);
    assert_eq!(found.model.name, "ViT-B-32/openai");
    assert_eq!(found.model.batch_limit, Some(64));
    assert_eq!(found.software, "embed API on cpu");
    for protocol in [
        Protocol::EmbedMultipart,
        Protocol::EmbedBase64,
        Protocol::Immich,
    ] {
        for payload in [Payload::Jpeg, Payload::JpegFine] {
            let found = reference
                .discover(&with(&real.http(), protocol, payload))
                .unwrap();
            assert_eq!(found.protocol, protocol);
            reference.holds(&found);
        }
    }
    for (protocol, kind) in [
        (Protocol::EmbedMultipart, CallErrorKind::Refused),
        (Protocol::EmbedBase64, CallErrorKind::Refused),
        // It answers 500 to a model that it does not have.
        (Protocol::Immich, CallErrorKind::Failed),
    ] {
        let mut other = with(&real.http(), protocol, Payload::Jpeg);
        other.model = Some("ViT-L-14/openai".to_owned());
        let found = reference.discover(&other).unwrap();
        let batch = inputs(&reference.photos[..1], &found.preprocessing);
        let mut connection = Connection::new(&found, None).unwrap();
        let error = connection.embed(&batch, PATIENCE).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
    real.fault(r#"{"fail":1,"status":429}"#);
    let batch = inputs(&reference.photos[..1], &found.preprocessing);
    let mut connection = Connection::new(&found, None).unwrap();
    let error = connection.embed(&batch, PATIENCE).unwrap_err();
    assert_eq!(
        error.kind,
        CallErrorKind::Busy(Some(Duration::from_secs(1))),
        "{error}"
    );
    real.fault("{}");
    assert!(connection.embed(&batch, PATIENCE).is_ok());
}

#[test]
fn what_a_triton_refuses_and_how_it_fails_is_told_apart() {
    let Some(reference) = Reference::new() else {
        return;
    };
    let settings = [("QUEUE_DELAY_US", "0"), ("MODEL_CONTROL", "explicit")];
    let Some(triton) = RealServer::start("triton", &settings) else {
        return;
    };
    let (http, grpc) = (triton.http(), triton.says("GRPC_ADDR").to_owned());
    let found = [
        with(&http, Protocol::KserveHttp, Payload::F32),
        with(&http, Protocol::KserveJson, Payload::F32),
        with(&grpc, Protocol::KserveGrpc, Payload::F32),
    ]
    .map(|server| reference.discover(&server).unwrap());
    let batch = inputs(&reference.photos[..2], &reference.record.preprocessing);
    let ask = |endpoint: &Endpoint, deadline: Duration| -> Result<Answer, CallError> {
        Connection::new(endpoint, None)?.embed(&batch, deadline)
    };
    for endpoint in &found {
        let protocol = endpoint.protocol;
        let refused = |change: &dyn Fn(&mut Endpoint), words: &str, kind: CallErrorKind| {
            let mut other = endpoint.clone();
            change(&mut other);
            let error = ask(&other, PATIENCE).unwrap_err();
            assert_eq!(error.kind, kind, "{protocol:?}: {error}");
            assert!(error.message.contains(words), "{protocol:?}: {error}");
        };
        let refuse = CallErrorKind::Refused;
        refused(
            &|e| e.model.name = "nope".into(),
            "'nope' is not found",
            refuse,
        );
        refused(&|e| e.model.version = Some("9".into()), "version 9", refuse);
        refused(
            &|e| e.model.input = "x".into(),
            "unexpected inference input",
            refuse,
        );
        refused(
            &|e| e.model.output = "x".into(),
            "unexpected inference output",
            refuse,
        );
        refused(
            &|e| e.model.name = "tiny_embed".into(),
            "unexpected shape",
            refuse,
        );
        let bad = CallErrorKind::BadAnswer;
        refused(
            &|e| e.model.dimension = Some(4),
            "vectors of 512 numbers",
            bad,
        );

        let failed = |fault: &str, kind: CallErrorKind| {
            triton.fault(fault);
            let error = ask(endpoint, PATIENCE).unwrap_err();
            triton.fault("{}");
            assert_eq!(error.kind, kind, "{protocol:?} {fault}: {error}");
        };
        failed(r#"{"fail":"error"}"#, CallErrorKind::Failed);
        failed(r#"{"fail":"raise"}"#, CallErrorKind::Failed);
        failed(r#"{"fail":"nan"}"#, bad);
        triton.fault(r#"{"delay_ms":3000}"#);
        let begun = Instant::now();
        let error = ask(endpoint, Duration::from_millis(400)).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::TimedOut, "{protocol:?}: {error}");
        assert!(
            begun.elapsed() < Duration::from_millis(2900),
            "it waited for the server"
        );
        triton.fault("{}");
        assert!(ask(endpoint, PATIENCE).is_ok());
    }
    let too_many = vec![batch[0].clone(); 33];
    for endpoint in &found {
        let mut connection = Connection::new(endpoint, None).unwrap();
        let error = connection.embed(&too_many, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::TooLarge, "{error}");
    }
    // The model's process dies and stays dead: no retry helps.
    triton.fault(r#"{"fail":"exit"}"#);
    assert!(ask(&found[0], PATIENCE).is_err());
    triton.fault("{}");
    for endpoint in &found {
        let error = ask(endpoint, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
        assert!(error.message.contains("is not healthy"), "{error}");
    }
}

#[test]
fn a_line_goes_on_where_its_server_was_stopped_and_started_again() {
    let Some(reference) = Reference::new() else {
        return;
    };
    let Some(first) = RealServer::start("triton", &[("MODELS", "openclip_vit_b32")]) else {
        return;
    };
    let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let (http, grpc) = (first.http(), first.says("GRPC_ADDR").to_owned());
    let (http_port, grpc_port) = (port(&http), port(&grpc));
    let batch = inputs(&reference.photos[..2], &reference.record.preprocessing);
    let mut lines = [server(&http), server(&grpc)]
        .map(|server| Connection::new(&reference.discover(&server).unwrap(), None).unwrap());
    let before = lines
        .each_mut()
        .map(|line| line.embed(&batch, PATIENCE).unwrap().vectors);
    first.stop();
    for line in &mut lines {
        let error = line.embed(&batch, PATIENCE).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unreachable, "{error}");
    }
    let again = [
        ("MODELS", "openclip_vit_b32"),
        ("HTTP_PORT", &*http_port),
        ("GRPC_PORT", &*grpc_port),
    ];
    let Some(_second) = RealServer::start("triton", &again) else {
        return;
    };
    let after = lines
        .each_mut()
        .map(|line| line.embed(&batch, PATIENCE).unwrap().vectors);
    assert_eq!(before, after);
}
