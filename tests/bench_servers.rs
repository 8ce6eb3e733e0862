//! The benchmark against servers: in this process, with known delays and faults, and real ones.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;
#[path = "common/fake_server.rs"]
mod fake_server;
#[cfg(target_os = "linux")]
#[path = "bench_servers/real.rs"]
mod real;
#[cfg(target_os = "linux")]
#[path = "common/servers.rs"]
mod servers;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fake_server::{FakeServer, Faults};
use twinlens::bench::candidates::{self, Choice, Wanted};
use twinlens::bench::schema::{Run, Scenario, ScenarioKind, Stages};
use twinlens::bench::{self, Event, Photos, Plan};
use twinlens::embed::bundled;
use twinlens::embed::remote::vault::Session;
use twinlens::embed::remote::{Credentials, Payload, Protocol, Secret, Server};

/// A server that is asked over HTTP with bytes; it speaks nothing else.
fn wanted(url: &str) -> Wanted<'static> {
    Wanted {
        servers: vec![Server {
            url: url.to_owned(),
            protocol: Some(Protocol::KserveHttp),
            ..Server::default()
        }],
        ..Wanted::default()
    }
}

fn choices(wanted: &Wanted<'_>) -> Vec<Choice> {
    candidates::servers(&[bundled::record()], wanted, &AtomicBool::new(false))
}

/// As little as there may be of every scenario.
fn plan() -> Plan {
    Plan {
        photos: 13,
        batches: vec![1, 4],
        server_callers: vec![1, 4],
        candidate_limit: Duration::from_secs(12),
        ..Plan::default()
    }
}

fn measure(choices: &[Choice], watch: &mut dyn FnMut(Event<'_>)) -> Run {
    bench::run(
        &plan(),
        &Photos::Made,
        choices,
        &AtomicBool::new(false),
        watch,
    )
    .unwrap()
}

/// The parts of a request's time, and the whole.
fn sum(scenario: &Scenario) -> (f64, f64) {
    let Stages {
        encode,
        send,
        network,
        queue,
        compute,
        receive,
        ..
    } = scenario.stages_ms;
    let parts = [encode, send, network, queue, compute, receive];
    let whole = scenario.latency_ms.as_ref().unwrap().mean.unwrap();
    (parts.into_iter().flatten().sum(), whole)
}

fn assert_sums(run: &Run) {
    for candidate in &run.candidates {
        for scenario in &candidate.scenarios {
            let (parts, whole) = sum(scenario);
            assert!(
                (parts - whole).abs() <= 0.05 * whole,
                "{} {}: {parts} of {whole}: {:?}",
                candidate.id,
                scenario.title(),
                scenario.stages_ms
            );
        }
    }
}

fn missing<'a>(run: &'a Run, figure: &str) -> Option<&'a str> {
    let found = run.missing.iter().find(|missing| missing.figure == figure);
    found.map(|missing| missing.reason.as_str())
}

/// All steps of [`plan`] by title.
const STEPS: [&str; 9] = [
    "single-stream",
    "offline, batch 1",
    "offline, batch 4",
    "multi-stream",
    "server-closed, 1 at once",
    "server-closed, 4 at once",
    "server-open",
    "server-open",
    "server-open",
];

#[test]
fn a_known_delay_is_found_where_it_belongs_and_the_parts_make_the_whole() {
    let faults = Faults {
        delay: Duration::from_millis(20),
        ..Faults::default()
    };
    let server = FakeServer::start(Faults {
        tells_statistics: true,
        ..faults.clone()
    });
    let choices = choices(&wanted(&server.url()));
    let [choice] = choices.as_slice() else {
        panic!("{choices:?}");
    };
    let id = format!("remote/http/{}/bundled/uint8", server.address);
    assert_eq!(choice.id(), id);
    // These settings give the very same way again.
    let settings = choice.server().unwrap();
    assert_eq!(settings.payload, Some(Payload::Uint8));
    assert_eq!(settings.model.as_deref(), Some("bundled"));
    let run = measure(&choices, &mut |_| ());
    assert_sums(&run);
    let candidate = &run.candidates[0];
    assert!(candidate.available && candidate.reason.is_none());
    assert_eq!(candidate.address.as_deref(), Some(&*server.url()));
    assert_eq!(candidate.runtime.as_deref(), Some("fake 1"));
    assert_eq!(candidate.payload.as_deref(), Some("binary-u8"));
    let cold = &candidate.cold_start_ms;
    assert!(cold.session.is_some() && cold.first_batch.unwrap() > 20.0);
    assert!(cold.sessions.as_ref().unwrap().max.is_some());
    // Single precision here against the same weights there.
    let quality = candidate.quality.as_ref().unwrap();
    assert!(quality.cosine_min > 0.9999, "{quality:?}");
    assert_eq!(quality.reference, "embedded/cpu/lite0-copies/f32");
    for scenario in &candidate.scenarios {
        let told = scenario.server.as_ref().unwrap();
        let (queue, compute) = (told.queue_ms.unwrap(), told.compute_ms.unwrap());
        assert!(queue >= 20.0 && compute > 0.0, "{told:?}");
        let batch = u32::try_from(scenario.batch).unwrap();
        assert_eq!(told.batch_mean, Some(f64::from(batch)));
        let bytes = scenario.payload_bytes_per_image.unwrap();
        assert!((150_528.0..151_000.0).contains(&bytes), "{bytes}");
        assert!(scenario.stages_ms.queue.unwrap() > 15.0, "{scenario:?}");
        assert_eq!(scenario.errors, Some(0), "{:?}", scenario.note);
    }
    // Where nothing waits on this side the delay is all of the queue.
    let single = &candidate.scenarios[0];
    assert_eq!(single.scenario, ScenarioKind::SingleStream);
    let queue = single.stages_ms.queue.unwrap();
    assert!((20.0..26.0).contains(&queue), "{queue}");
    assert_eq!(
        missing(
            &run,
            &format!("{id}: server, stages_ms.queue, stages_ms.compute")
        ),
        None
    );
    assert!(missing(&run, "remote: stages_ms.send").is_some());

    // The same server when it tells nothing.
    server.set(faults);
    let run = measure(&choices, &mut |_| ());
    assert_sums(&run);
    for scenario in &run.candidates[0].scenarios {
        assert_eq!(
            (&scenario.server, scenario.stages_ms.compute),
            (&None, None)
        );
        assert!(scenario.stages_ms.network.unwrap() >= 20.0);
    }
    let reason = missing(
        &run,
        &format!("{id}: server, stages_ms.queue, stages_ms.compute"),
    );
    assert!(reason.unwrap().contains("does not tell"), "{reason:?}");
}

#[test]
fn what_was_measured_before_a_server_died_is_kept_and_the_rest_is_told() {
    let mut server = FakeServer::start(Faults::default());
    let choices = choices(&wanted(&server.url()));
    let mut running = String::new();
    let run = measure(&choices, &mut |event| match event {
        Event::Scenario(title) => title.clone_into(&mut running),
        Event::Window(_) if running == "server-closed, 4 at once" => server.kill(),
        _ => {}
    });
    let candidate = &run.candidates[0];
    assert!(candidate.available);
    assert!(
        candidate
            .reason
            .as_ref()
            .unwrap()
            .contains("cannot be reached"),
        "{:?}",
        candidate.reason
    );
    let titles: Vec<String> = candidate.scenarios.iter().map(Scenario::title).collect();
    assert_eq!(titles, STEPS[..6]);
    let broken = candidate.scenarios.last().unwrap();
    assert!(broken.errors.unwrap() > 0 && broken.requests > broken.errors);
    assert!(broken.images_per_second.unwrap() > 0.0);
    let id = &candidate.id;
    let lost = missing(&run, &format!("{id}: server-closed, 4 at once")).unwrap();
    assert!(lost.starts_with("the server was lost"), "{lost}");
    for step in ["server-open", "highest rate"] {
        assert!(missing(&run, &format!("{id}: {step}")).is_some(), "{step}");
    }
}

#[test]
fn a_model_that_dies_while_its_server_lives_ends_the_load() {
    let server = FakeServer::start(Faults::default());
    let choices = choices(&wanted(&server.url()));
    let mut seen = 0;
    let run = measure(&choices, &mut |event| {
        if let Event::Window(_) = event {
            seen += 1;
            if seen == 1 {
                server.set(Faults {
                    dead: true,
                    ..Faults::default()
                });
            }
        }
    });
    let candidate = &run.candidates[0];
    assert_eq!(candidate.scenarios.len(), 1, "{:?}", candidate.scenarios);
    let reason = candidate.reason.as_ref().unwrap();
    assert!(reason.contains("is not healthy"), "{reason}");
    // It was not asked for ever.
    assert!(server.requests() < 20_000, "{}", server.requests());
}

#[test]
fn single_failures_are_errors_of_their_requests_and_batches_that_are_too_large_are_told() {
    let server = FakeServer::start(Faults {
        // Not among the first ten requests: the sample's, halved twice, and one on trial.
        fail_every: 11,
        largest_batch: Some(3),
        ..Faults::default()
    });
    let choices = choices(&wanted(&server.url()));
    let run = measure(&choices, &mut |_| ());
    let candidate = &run.candidates[0];
    assert!(candidate.available, "{:?}", candidate.reason);
    assert_eq!(candidate.reason, None);
    let titles: Vec<String> = candidate.scenarios.iter().map(Scenario::title).collect();
    assert_eq!(titles[..2], STEPS[..2]);
    for step in ["offline, batch 4", "multi-stream"] {
        let reason = missing(&run, &format!("{}: {step}", candidate.id));
        assert!(reason.unwrap().contains("too large"), "{reason:?}");
    }
    let sum = |count: fn(&Scenario) -> Option<u64>| -> u64 {
        candidate.scenarios.iter().filter_map(count).sum()
    };
    let (errors, requests) = (sum(|s| s.errors), sum(|s| s.requests));
    assert!(
        errors > 0 && errors < requests / 4,
        "{errors} of {requests}"
    );
    for scenario in candidate.scenarios.iter().filter(|s| s.errors != Some(0)) {
        let note = scenario.note.as_ref().unwrap();
        assert!(note.contains("RuntimeError: fault"), "{note}");
    }
}

#[test]
fn a_server_that_cannot_be_used_says_why_in_its_own_words() {
    let server = FakeServer::start(Faults {
        token: Some("open sesame"),
        ..Faults::default()
    });
    let mut with_token = wanted(&server.url());
    let [refused] = choices(&with_token).try_into().unwrap();
    assert_eq!(refused.id(), format!("remote/{}", server.url()));
    let words = refused.obstacle.as_ref().unwrap();
    assert!(words.contains("the token is not known here"), "{words}");
    let run = measure(&[refused], &mut |_| ());
    assert!(!run.candidates[0].available);
    assert_eq!(
        missing(&run, &run.candidates[0].id),
        run.candidates[0].reason.as_deref()
    );

    let mut session = Session::default();
    let secret = Credentials::Bearer(Secret::new("open sesame".to_owned()));
    session.keep(&server.url(), secret);
    with_token.session = session;
    // Twice the same server is one.
    with_token.servers.push(with_token.servers[0].clone());
    let [allowed] = choices(&with_token).try_into().unwrap();
    assert_eq!(allowed.obstacle, None);
    assert!(!format!("{allowed:?}").contains("open sesame"));

    let mut gone = FakeServer::start(Faults::default());
    gone.kill();
    let [nothing] = choices(&wanted(&gone.url())).try_into().unwrap();
    let words = nothing.obstacle.unwrap();
    assert!(words.contains("cannot be reached"), "{words}");
}
