//! Servers that fail while a scan uses them: the scan ends with what an undisturbed one gives, or
//! says exactly why it cannot, and keeps what was finished.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;
#[path = "common/fake_server.rs"]
mod fake_server;
#[path = "common/servers.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{jpeg, picture, request, save};
use fake_server::{FakeServer, Faults};
use serde_json::Value;
use servers::RealServer;
use twinlens::embed::EngineChoice;
use twinlens::embed::remote::{Credentials, Failover, Secret, Server};
use twinlens::library::Cache;
use twinlens::pipeline::{self, Analysis, PipelineError, Request, Running};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// Different pictures; two of them lie there a second time, made smaller.
const PICTURES: u32 = 30;

struct Home(tempfile::TempDir);

impl Home {
    /// A folder of photos.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for seed in 0..PICTURES {
            let name = format!("{seed:02}.jpg");
            save(&picture(seed, 320, 240), &home.photos().join(name));
        }
        for seed in [3, 7] {
            let smaller = image::imageops::thumbnail(&picture(seed, 320, 240), 256, 192);
            let path = home.photos().join(format!("{seed:02}-copy.jpg"));
            std::fs::write(path, jpeg(&smaller, 80)).unwrap();
        }
        home
    }

    fn photos(&self) -> PathBuf {
        self.0.path().join("photos")
    }

    fn cache(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A scan by these servers that waits a little for one that is away.
    fn request(&self, servers: &[&FakeServer], failover: Failover) -> Request {
        let mut request = request(&self.photos(), Some(&self.cache("remote.db")));
        request.engine.engine = EngineChoice::Remote;
        request.engine.failover = failover;
        request.engine.patience = Duration::from_secs(3);
        request.engine.servers = (servers.iter())
            .map(|server| Server {
                url: server.url(),
                batch: Some(2),
                ..Server::default()
            })
            .collect();
        request
    }

    /// What a scan without any server gives.
    fn undisturbed(&self) -> Value {
        let request = request(&self.photos(), Some(&self.cache("local.db")));
        report(&pipeline::start(request).unwrap().join().unwrap())
    }
}

/// The report without what differs by nature: times, the engine, and what is said of it.
fn report(analysis: &Analysis) -> Value {
    let report = pipeline::report(analysis, jiff::Timestamp::UNIX_EPOCH);
    let mut out = Vec::new();
    twinlens::report::write_json(&report, &mut out).unwrap();
    bare(serde_json::from_slice(&out).unwrap())
}

fn bare(report: Value) -> Value {
    let mut report = common::timeless(report);
    for part in ["engine", "notes"] {
        report[part] = Value::Null;
    }
    report
}

fn run(request: Request) -> Result<Analysis, PipelineError> {
    pipeline::start(request).unwrap().join()
}

fn told(analysis: &Analysis) -> String {
    [analysis.notices.as_slice(), &analysis.events]
        .concat()
        .join("\n")
}

/// Vectors in the cache.
fn kept(cache: &Path) -> u64 {
    Cache::open(cache).unwrap().cache.info().unwrap().embeddings
}

/// Waits until the servers have been asked so often since the scan began.
fn wait_for(running: &Running, server: &FakeServer, requests: u64) {
    let begun = Instant::now();
    while server.requests() < requests {
        assert!(!running.is_finished(), "the scan ended too early");
        assert!(begun.elapsed() < PATIENCE, "the server was never asked");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Slow enough that something can happen in the middle.
fn slow() -> Faults {
    Faults {
        delay: Duration::from_millis(60),
        ..Faults::default()
    }
}

#[test]
fn a_server_that_fails_now_and_then_costs_time_only() {
    let home = Home::new();
    let expected = home.undisturbed();
    let some = |change: fn(&mut Faults)| {
        let mut faults = Faults::default();
        change(&mut faults);
        faults
    };
    for (name, faults) in [
        ("well", some(|_| {})),
        ("every third fails", some(|f| f.fail_every = 3)),
        ("every second is refused", some(|f| f.busy_every = 2)),
        (
            "and asks for patience",
            some(|f| {
                f.busy_every = 5;
                f.retry_after = Some(1);
            }),
        ),
        ("half answers", some(|f| f.half_every = 4)),
        ("resets", some(|f| f.reset_every = 3)),
        ("one at a time", some(|f| f.largest_batch = Some(1))),
        ("slow", some(|f| f.delay = Duration::from_millis(300))),
    ] {
        let server = FakeServer::start(faults);
        let mut request = home.request(&[&server], Failover::None);
        request.cache = Some(home.cache(name));
        request.engine.patience = Duration::from_mins(1);
        let analysis = run(request).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(report(&analysis), expected, "{name}");
        assert_eq!(analysis.engine.name, "remote");
        assert_eq!(kept(&home.cache(name)), u64::from(PICTURES) + 2, "{name}");
    }
}

#[test]
fn vectors_of_a_server_that_agrees_are_those_of_this_computer() {
    let home = Home::new();
    let server = FakeServer::start(Faults::default());
    run(home.request(&[&server], Failover::None)).unwrap();
    let asked = server.requests();
    // The same cache serves the engine of this computer: nothing is computed again.
    let again = run(request(&home.photos(), Some(&home.cache("remote.db")))).unwrap();
    let embed = |analysis: &Analysis| common::items(&report(analysis), "embed");
    assert_eq!(embed(&again), 0);
    assert_eq!(server.requests(), asked);
    // And a scan by the server finds everything, too.
    let again = run(home.request(&[&server], Failover::None)).unwrap();
    assert_eq!(embed(&again), 0);
}

#[test]
fn a_server_that_is_killed_and_started_again_goes_on() {
    let home = Home::new();
    let expected = home.undisturbed();
    let mut server = FakeServer::start(slow());
    let mut request = home.request(&[&server], Failover::None);
    request.engine.patience = Duration::from_mins(1);
    let running = pipeline::start(request).unwrap();
    wait_for(&running, &server, 6);
    server.kill();
    std::thread::sleep(Duration::from_secs(3));
    server.restart();
    let analysis = running.join().unwrap();
    assert_eq!(report(&analysis), expected);
    assert_eq!(kept(&home.cache("remote.db")), u64::from(PICTURES) + 2);
    let told = told(&analysis);
    assert!(
        told.contains("failed (") && told.contains("is back"),
        "{told}"
    );
}

#[test]
fn one_that_stays_away_ends_the_scan_and_what_was_finished_is_kept() {
    let home = Home::new();
    let mut server = FakeServer::start(slow());
    let running = pipeline::start(home.request(&[&server], Failover::None)).unwrap();
    wait_for(&running, &server, 10);
    server.kill();
    let error = running.join().unwrap_err().to_string();
    assert!(
        error.contains(&server.url()) && error.contains("kept for the next scan"),
        "{error}"
    );
    let finished = kept(&home.cache("remote.db"));
    assert!(finished > 0);
    // The next scan does the rest and no more.
    server.restart();
    let analysis = run(home.request(&[&server], Failover::None)).unwrap();
    let embedded = common::items(&report(&analysis), "embed");
    assert_eq!(embedded + finished, u64::from(PICTURES) + 2);
    assert_eq!(
        report_without_items(&analysis),
        without_items(home.undisturbed())
    );
}

fn report_without_items(analysis: &Analysis) -> Value {
    without_items(report(analysis))
}

fn without_items(mut report: Value) -> Value {
    report["stages"] = Value::Null;
    report
}

#[test]
fn this_computer_or_another_server_takes_the_place_of_one_that_dies() {
    let home = Home::new();
    let expected = home.undisturbed();
    let mut dying = FakeServer::start(slow());
    let mut request = home.request(&[&dying], Failover::Local);
    request.cache = Some(home.cache("a.db"));
    let running = pipeline::start(request).unwrap();
    wait_for(&running, &dying, 6);
    dying.kill();
    let analysis = running.join().unwrap();
    assert_eq!(report(&analysis), expected);
    let words = told(&analysis);
    assert!(
        words.contains("going on with the engine of this computer"),
        "{words}"
    );

    dying.restart();
    let other = FakeServer::start(slow());
    let begun = dying.requests();
    let mut request = home.request(&[&dying, &other], Failover::None);
    request.cache = Some(home.cache("b.db"));
    let running = pipeline::start(request).unwrap();
    wait_for(&running, &dying, begun + 6);
    dying.kill();
    let analysis = running.join().unwrap();
    assert_eq!(report(&analysis), expected);
    let words = told(&analysis);
    assert!(
        words.contains(&format!("going on with {}", other.url())),
        "{words}"
    );
}

#[test]
fn both_at_once_give_what_one_gives() {
    let home = Home::new();
    let server = FakeServer::start(slow());
    let analysis = run(home.request(&[&server], Failover::Fastest)).unwrap();
    assert_eq!(report(&analysis), home.undisturbed());
}

#[test]
fn without_a_server_at_the_start_this_computer_is_used_or_the_scan_says_why_not() {
    let home = Home::new();
    let mut server = FakeServer::start(Faults::default());
    server.kill();
    let analysis = run(home.request(&[&server], Failover::Local)).unwrap();
    assert_eq!(report(&analysis), home.undisturbed());
    assert_ne!(analysis.engine.name, "remote");
    let words = told(&analysis);
    assert!(words.contains(&server.url()), "{words}");
    let error = run(home.request(&[&server], Failover::None)).unwrap_err();
    assert!(error.to_string().contains(&server.url()), "{error}");
}

#[test]
fn who_is_not_known_there_is_told_and_who_has_the_token_is_served() {
    let home = Home::new();
    let server = FakeServer::start(Faults {
        token: Some("right"),
        ..Faults::default()
    });
    let with = |token: Option<&str>| {
        let mut request = home.request(&[&server], Failover::None);
        if let Some(token) = token {
            let token = Credentials::Bearer(Secret::new(token.to_owned()));
            request.engine.session.keep(&server.url(), token);
        }
        run(request)
    };
    for token in [None, Some("wrong secret")] {
        let error = with(token).unwrap_err().to_string();
        assert!(
            error.contains("401") && error.contains("the token is not known here"),
            "{error}"
        );
        assert!(!error.contains("wrong secret"), "{error}");
    }
    let analysis = with(Some("right")).unwrap();
    let shown = format!("{:?}{}", analysis.engine, report(&analysis));
    assert!(!shown.contains("right\""), "{shown}");
}

#[test]
fn answers_that_make_no_sense_are_said_and_never_kept() {
    let home = Home::new();
    for (change, expected) in [
        ((|f| f.wrong_length = true) as fn(&mut Faults), "513"),
        (|f| f.constant = true, "same vector"),
        (
            |f| f.dead = true,
            "Stub process 'bundled_0_0' is not healthy",
        ),
    ] {
        let mut faults = Faults::default();
        change(&mut faults);
        let server = FakeServer::start(faults.clone());
        let error = run(home.request(&[&server], Failover::None)).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        // The same in the middle of a scan.
        server.set(slow());
        let begun = server.requests();
        let mut request = home.request(&[&server], Failover::None);
        request.cache = Some(home.cache(expected));
        let running = pipeline::start(request).unwrap();
        wait_for(&running, &server, begun + 8);
        faults.delay = Duration::from_millis(20);
        server.set(faults);
        let error = running.join().unwrap_err().to_string();
        assert!(error.contains("kept for the next scan"), "{error}");
        server.set(Faults::default());
        let mut request = home.request(&[&server], Failover::None);
        request.cache = Some(home.cache(expected));
        let analysis = run(request).unwrap();
        assert_eq!(
            report_without_items(&analysis),
            without_items(home.undisturbed()),
            "{expected}"
        );
    }
}

#[test]
fn a_picture_that_the_model_cannot_do_is_a_problem_and_the_others_are_not() {
    let home = Home::new();
    let black = image::RgbImage::new(300, 200);
    save(&black, &home.photos().join("black.png"));
    let server = FakeServer::start(Faults {
        nan_if_black: true,
        ..Faults::default()
    });
    let analysis = run(home.request(&[&server], Failover::None)).unwrap();
    let problems = common::problems(&report(&analysis));
    assert_eq!(
        problems,
        [("black.png".to_owned(), "unsupported".to_owned())]
    );
    assert_eq!(analysis.photos.len(), PICTURES as usize + 2);
}

#[test]
fn another_model_is_kept_apart_and_the_reason_is_said() {
    let home = Home::new();
    home.undisturbed();
    for (change, reason) in [
        (
            (|f| f.other_model = true) as fn(&mut Faults),
            "it probably has another model",
        ),
        (
            |f| f.skips_normalisation = true,
            "it skips the model's normalisation",
        ),
    ] {
        let mut faults = Faults::default();
        change(&mut faults);
        let server = FakeServer::start(faults);
        let mut request = home.request(&[&server], Failover::Local);
        // Vectors of this computer lie in that cache.
        request.cache = Some(home.cache("local.db"));
        let analysis = run(request).unwrap();
        assert_eq!(analysis.model.name, "bundled");
        assert_eq!(
            common::items(&report(&analysis), "embed"),
            u64::from(PICTURES) + 2,
            "nothing is taken from another model"
        );
        let words = told(&analysis);
        assert!(words.contains(reason), "{words}");
    }
}

#[test]
fn a_server_that_comes_back_with_another_model_is_not_believed() {
    let home = Home::new();
    let expected = home.undisturbed();
    for failover in [Failover::None, Failover::Local] {
        let mut server = FakeServer::start(slow());
        let mut request = home.request(&[&server], failover);
        request.cache = Some(home.cache(failover.name()));
        let running = pipeline::start(request).unwrap();
        wait_for(&running, &server, 6);
        server.kill();
        server.set(Faults {
            other_model: true,
            ..slow()
        });
        server.restart();
        match (failover, running.join()) {
            (Failover::None, Err(error)) => {
                let error = error.to_string();
                assert!(error.contains("another model now"), "{error}");
            }
            (Failover::Local, Ok(analysis)) => assert_eq!(report(&analysis), expected),
            (_, other) => panic!("{failover:?}: {other:?}"),
        }
    }
}

#[test]
fn a_scan_that_waits_for_a_server_is_cancelled_at_once() {
    let home = Home::new();
    let mut server = FakeServer::start(slow());
    let mut request = home.request(&[&server], Failover::None);
    request.engine.patience = Duration::from_hours(1);
    let running = pipeline::start(request).unwrap();
    wait_for(&running, &server, 6);
    server.kill();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.is_finished());
    running.cancel();
    let begun = Instant::now();
    let ended = running.join();
    assert!(matches!(ended, Err(PipelineError::Cancelled)), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

/// Kills a process and those that it has started, which would outlive it.
#[cfg(unix)]
fn kill(pid: &str) {
    let run = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program).args(args).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let children = run("pgrep", &["-P", pid]);
    let mut args = vec!["-9", pid];
    args.extend(children.split_whitespace());
    run("kill", &args);
}

/// A real Triton that is killed without a word and started again at the same port, under the
/// program itself.
#[cfg(unix)]
#[test]
fn a_real_server_is_killed_and_started_again_under_the_program() {
    let Some(first) = RealServer::start("triton", &[("MODELS", "openclip_vit_b32_u8")]) else {
        return;
    };
    let home = Home::new();
    let folder = home.0.path();
    let add = common::twinlens(folder)
        .args(["models", "add"])
        .arg(common::shared("models/clip_tiny.onnx").unwrap())
        .output()
        .unwrap();
    assert!(add.status.success(), "{add:?}");
    // Small batches, so that the middle of the scan is many requests long.
    let settings = folder.join("settings.toml");
    let url = first.says("HTTP_URL");
    std::fs::write(
        &settings,
        format!("[[servers]]\nurl = \"{url}\"\nbatch = 2\n"),
    )
    .unwrap();
    let scan = |cache: &str, more: &[&str]| {
        let mut command = common::twinlens(folder);
        command
            .arg("--settings")
            .arg(&settings)
            .args([
                "scan",
                "--json",
                "-",
                "--model",
                "clip-tiny",
                "--no-library",
            ])
            .arg("--cache")
            .arg(home.cache(cache))
            .args(more)
            .arg(home.photos())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let remote = ["--server", first.says("HTTP_URL"), "--failover", "none"];
    let read = |output: &std::process::Output| {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{:?}: {errors}", output.status);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (without_items(bare(report)), errors)
    };
    let (expected, _) = read(&scan("a.db", &remote).wait_with_output().unwrap());

    first.fault(r#"{"delay_ms":400}"#);
    let running = scan("b.db", &remote);
    // The first vectors are there, and most are not.
    let begun = Instant::now();
    while !home.cache("b.db").exists() || kept(&home.cache("b.db")) == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was embedded");
        std::thread::sleep(Duration::from_millis(20));
    }
    let port = first
        .says("HTTP_URL")
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    kill(first.says("PID"));
    std::thread::sleep(Duration::from_millis(500));
    let settings = [
        ("MODELS", "openclip_vit_b32_u8"),
        ("HTTP_PORT", port.as_str()),
    ];
    let _second = RealServer::start("triton", &settings).unwrap();
    let (report, errors) = read(&running.wait_with_output().unwrap());
    assert_eq!(report, expected);
    assert!(errors.contains("is back"), "{errors}");
    assert_eq!(kept(&home.cache("b.db")), u64::from(PICTURES) + 2);
}
