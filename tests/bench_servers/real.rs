//! Real servers: each of their figures is there, or told to be missing.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use twinlens::bench::candidates::{self, Choice, Wanted};
use twinlens::bench::schema::{self, Candidate, Run, Scenario};
use twinlens::embed::remote::Server;
use twinlens::embed::store::ModelStore;

use crate::common::{self, shared};
use crate::servers::RealServer;
use crate::{assert_sums, missing};

/// What CLIP's preprocessor is called beside a model.
const CLIP: &str = r#"{"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224},
    "do_center_crop": true, "do_normalize": true, "do_rescale": true, "resample": 3,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711]}"#;

/// The model that the servers run, with what they do to 8-bit pixels and files beside it.
fn model(home: &Path) -> Option<PathBuf> {
    let model = home.join("clip_tiny.onnx");
    std::fs::copy(shared("models/clip_tiny.onnx")?, &model).unwrap();
    std::fs::write(home.join("preprocessor_config.json"), CLIP).unwrap();
    Some(model)
}

/// The ways that are found at these addresses.
fn ways(model: &Path, urls: &[&str]) -> Vec<String> {
    let record = ModelStore::new("unused")
        .unwrap()
        .find(model.to_str().unwrap())
        .unwrap();
    let server = |url: &&str| Server {
        url: (*url).to_owned(),
        ..Server::default()
    };
    let wanted = Wanted {
        servers: urls.iter().map(server).collect(),
        ..Wanted::default()
    };
    let choices = candidates::servers(&[record], &wanted, &AtomicBool::new(false));
    choices.iter().map(Choice::id).collect()
}

/// A run of the program with the servers of these settings, without the first candidate: the
/// built-in engine.
fn measured(home: &Path, model: &Path, settings: &str) -> Run {
    let photos = home.join("photos");
    for seed in 0..13 {
        common::save(
            &common::picture(seed, 400, 300),
            &photos.join(format!("{seed}.jpg")),
        );
    }
    std::fs::create_dir_all(home.join("config/twinlens")).unwrap();
    std::fs::write(home.join("config/twinlens/settings.toml"), settings).unwrap();
    let output = common::twinlens(home)
        .args(["bench", photos.to_str().unwrap(), "--json", "-", "--quiet"])
        .args(["--engine", "embedded", "--engine", "remote", "--model"])
        .arg(model)
        .args(["--seconds", "5", "--batch", "1,8", "--concurrency", "1,8"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let run = schema::read_json(output.stdout.as_slice()).unwrap();
    assert_eq!(run.candidates[0].id, "embedded/cpu/clip-tiny/f32");
    assert_sums(&run);
    for candidate in &run.candidates[1..] {
        check(&run, candidate);
    }
    run
}

/// Every figure is filled, or it is told why not.
fn check(run: &Run, candidate: &Candidate) {
    let id = &candidate.id;
    assert!(candidate.available, "{id}: {:?}", candidate.reason);
    assert!(candidate.runtime.is_some() && candidate.address.is_some());
    assert!(candidate.protocol.is_some() && candidate.payload.is_some());
    let cold = &candidate.cold_start_ms;
    assert!(cold.session.is_some() && cold.first_batch.is_some() && cold.sessions.is_some());
    let quality = candidate.quality.as_ref().unwrap();
    let exact = quality.cosine_min > 0.9999;
    let is_file = candidate.payload.as_ref().unwrap().contains("jpeg");
    assert!(
        exact || is_file && quality.cosine_mean > 0.9,
        "{id}: {quality:?}"
    );
    assert!(quality.recall_at_10.is_some());
    for step in [
        "single-stream",
        "offline, batch 1",
        "offline, batch 8",
        "multi-stream",
        "server-closed, 1 at once",
        "server-closed, 8 at once",
    ] {
        let is_there = candidate.scenarios.iter().any(|s| s.title() == step);
        let told = missing(run, &format!("{id}: {step}"));
        assert!(is_there != told.is_some(), "{id}: {step}: {told:?}");
    }
    let no_account = missing(
        run,
        &format!("{id}: server, stages_ms.queue, stages_ms.compute"),
    );
    for scenario in &candidate.scenarios {
        let place = format!("{id}, {}", scenario.title());
        assert_eq!(scenario.errors, Some(0), "{place}: {:?}", scenario.note);
        figures(scenario, &place);
        match &scenario.server {
            Some(server) => {
                let parts = [
                    server.queue_ms,
                    server.input_ms,
                    server.compute_ms,
                    server.output_ms,
                    server.request_ms,
                    server.batch_mean,
                ];
                assert!(parts.iter().all(Option::is_some), "{place}: {server:?}");
                assert!(server.requests.unwrap() > 0 && server.executions.unwrap() > 0);
                assert!(scenario.stages_ms.compute.unwrap() > 0.0, "{place}");
            }
            None => assert!(no_account.is_some(), "{place}"),
        }
    }
}

fn figures(scenario: &Scenario, place: &str) {
    let stages = &scenario.stages_ms;
    let filled = [
        scenario.images_per_second,
        scenario.goodput,
        scenario.payload_bytes_per_image,
        scenario.cpu_percent,
        scenario.seconds,
        stages.read,
        stages.decode,
        stages.preprocess,
        stages.encode,
        stages.network,
        stages.receive,
        scenario.latency_ms.as_ref().and_then(|latency| latency.p99),
    ];
    assert!(filled.iter().all(Option::is_some), "{place}: {filled:?}");
    assert!(scenario.stable.is_some() && scenario.memory_bytes.is_some());
    assert!(!scenario.samples_ms.is_empty(), "{place}");
}

#[test]
fn a_triton_is_measured_in_its_protocols_and_tells_its_part() {
    let home = tempfile::tempdir().unwrap();
    let (Some(model), Some(triton)) = (
        model(home.path()),
        RealServer::start("triton", &[("QUEUE_DELAY_US", "2000")]),
    ) else {
        return;
    };
    let (http, grpc) = (triton.http(), triton.says("GRPC_ADDR").to_owned());
    let name = "openclip_vit_b32";
    let expected: Vec<String> = [
        format!("http/{http}/{name}_u8/uint8"),
        format!("http/{http}/{name}_fp16/f16"),
        format!("http/{http}/{name}/f32"),
        format!("http/{http}/{name}_jpeg/jpeg-fine"),
        format!("http/{http}/{name}_jpeg/jpeg"),
        format!("json/{http}/{name}_u8/uint8"),
        format!("json/{http}/{name}/f32"),
        format!("grpc/{grpc}/{name}_u8/uint8"),
        format!("grpc/{grpc}/{name}_fp16/f16"),
        format!("grpc/{grpc}/{name}/f32"),
        format!("grpc/{grpc}/{name}_jpeg/jpeg-fine"),
        format!("grpc/{grpc}/{name}_jpeg/jpeg"),
    ]
    .map(|way| format!("remote/{way}"))
    .to_vec();
    assert_eq!(ways(&model, &[&http, &grpc]), expected);

    let settings = format!(
        "[[servers]]\nurl = \"{http}\"\npayload = \"uint8\"\n\
         [[servers]]\nurl = \"{grpc}\"\npayload = \"f32\"\n\
         [[servers]]\nurl = \"http://127.0.0.1:1\"\ndisabled = true\n"
    );
    let run = measured(home.path(), &model, &settings);
    let servers = &run.candidates[1..];
    let found: Vec<&str> = servers.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(found, [&expected[0], &expected[5], &expected[9]]);
    for candidate in servers {
        assert!(candidate.scenarios.iter().all(|s| s.server.is_some()));
        assert_eq!(candidate.runtime.as_deref(), Some("triton 2.51.0"));
        // A lone request waits out the whole delay of the queue.
        let queue = candidate.scenarios[0].stages_ms.queue.unwrap();
        assert!(queue >= 2.0, "{queue}");
    }
    let bytes = |number: usize| {
        servers[number].scenarios[0]
            .payload_bytes_per_image
            .unwrap()
    };
    assert!((150_528.0..151_000.0).contains(&bytes(0)), "{}", bytes(0));
    assert!(bytes(1) > 3.0 * bytes(0) && bytes(2) > 600_000.0);
    assert!(run.finding.contains("as fast as"), "{}", run.finding);
}

#[test]
fn an_mlserver_is_measured_up_to_the_batch_that_it_takes() {
    let home = tempfile::tempdir().unwrap();
    let (Some(model), Some(mlserver)) = (model(home.path()), RealServer::start("mlserver", &[]))
    else {
        return;
    };
    let url = format!("grpc://{}", mlserver.says("GRPC_ADDR"));
    let run = measured(
        home.path(),
        &model,
        &format!("[[servers]]\nurl = \"{url}\"\n"),
    );
    let [_, candidate] = run.candidates.as_slice() else {
        panic!("{:?}", run.candidates);
    };
    assert_eq!(candidate.payload.as_deref(), Some("binary-f32"));
    assert!(candidate.scenarios.iter().all(|s| s.server.is_none()));
    let too_large = missing(&run, &format!("{}: offline, batch 8", candidate.id));
    assert!(too_large.unwrap().contains("too large"), "{too_large:?}");
}

#[test]
fn servers_that_take_files_are_measured() {
    let home = tempfile::tempdir().unwrap();
    let (Some(model), Some(real)) = (model(home.path()), RealServer::start("reference", &[]))
    else {
        return;
    };
    let url = real.http();
    let settings = format!("[[servers]]\nurl = \"{url}\"\npayload = \"jpeg-fine\"\n");
    let run = measured(home.path(), &model, &settings);
    let found: Vec<(&str, &str)> = run.candidates[1..]
        .iter()
        .map(|c| {
            (
                c.protocol.as_deref().unwrap(),
                c.payload.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("http", "base64-jpeg-fine"),
            ("http", "form-jpeg-fine"),
            ("immich", "form-jpeg-fine"),
        ]
    );
    let immich = run.candidates.last().unwrap();
    for step in ["offline, batch 8", "multi-stream"] {
        let reason = missing(&run, &format!("{}: {step}", immich.id));
        assert_eq!(reason, Some("the server takes 1 picture a request"));
    }
}
