//! `twinlens bench` as its user meets it, on a handful of photos.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use twinlens::bench::history;
use twinlens::bench::schema::{self, Run};
use twinlens::bench::tables::{self, Section};

/// Eight small photos and a file that is none.
fn photos(folder: &Path) {
    for seed in 0..8 {
        common::save(
            &common::picture(seed, 640, 480),
            &folder.join(format!("{seed}.jpg")),
        );
    }
    std::fs::write(folder.join("notes.jpg"), "no photo").unwrap();
}

/// The built-in engine, with as little to measure as there may be.
fn bench(home: &Path, more: &[&str]) -> Output {
    common::twinlens(home)
        .args([
            "bench",
            "--engine",
            "embedded",
            "--seconds",
            "20",
            "--threads",
            "2",
        ])
        .args(["--batch", "1,2", "--concurrency", "2", "--photos", "4"])
        .args(more)
        .env("ORT_DYLIB_PATH", home.join("nothing.so"))
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_measures_every_scenario_and_writes_every_format() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("photos");
    photos(&folder);
    let file = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (json, csv, html) = (file("run.json"), file("run.csv"), file("run.html"));
    let (markdown, trace) = (file("run.md"), file("run.trace.json"));
    let output = bench(
        home.path(),
        &[
            folder.to_str().unwrap(),
            "--json",
            &json,
            "--csv",
            &csv,
            "--html",
            &html,
            "--markdown",
            &markdown,
            "--trace",
            &trace,
            "--price-per-hour",
            "0.36",
            "--latency-limit",
            "60000",
            "--plots",
            home.path().to_str().unwrap(),
        ],
    );
    assert!(output.status.success(), "{}", errors(&output));
    let text = std::fs::read_to_string(&json).unwrap();
    let run = schema::read_json(text.as_bytes()).unwrap();
    check(&run, &folder);

    // Written again it is the same but for the last digit of a number, and no field of the format
    // is left out.
    let mut again = Vec::new();
    schema::write_json(&run, &mut again).unwrap();
    let again: Value = serde_json::from_slice(&again).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(is_same(&value, &again), "{text}");
    check_kept(home.path(), &run);
    let scenario = &value["candidates"][0]["scenarios"][0];
    for field in ["server", "gpus", "goodput", "errors", "cost_per_1000"] {
        assert!(scenario.as_object().unwrap().contains_key(field), "{field}");
    }
    assert_eq!(scenario["stages_ms"]["network"], Value::Null);

    // A line a measurement while it runs, and the result on standard output.
    assert!(
        errors(&output).contains("multi-stream"),
        "{}",
        errors(&output)
    );
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        table.contains("The fastest way here is embedded/cpu/lite0-copies/f32"),
        "{table}"
    );
    assert!(
        table.contains("The 9 photos of this folder would take about"),
        "{table}"
    );

    let rows = std::fs::read_to_string(&csv).unwrap().lines().count();
    assert_eq!(rows, 1 + run.candidates[0].scenarios.len());
    let page = std::fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("<svg").count(), 5);
    assert!(home.path().join("stages.svg").is_file());
    let picture = image::open(home.path().join("stages.png")).unwrap();
    assert_eq!(picture.width(), 1280);
    assert!(
        std::fs::read_to_string(&markdown)
            .unwrap()
            .contains("### 8.1 Median latency")
    );
    let trace: Value = serde_json::from_slice(&std::fs::read(&trace).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().len() > 10);

    // The same measurements once more, beside the first.
    let again = bench(
        home.path(),
        &[folder.to_str().unwrap(), "--quiet", "--compare", &json],
    );
    assert!(again.status.success(), "{}", errors(&again));
    let table = String::from_utf8_lossy(&again.stdout);
    assert!(
        table.contains("against the run of 20") && table.contains("single-stream, p50"),
        "{table}"
    );

    // And beside a reference result: another engine, model and machine, which is said.
    let beside = bench(
        home.path(),
        &[
            folder.to_str().unwrap(),
            "--quiet",
            "--compare",
            "reference:11",
        ],
    );
    assert!(beside.status.success(), "{}", errors(&beside));
    let table = String::from_utf8_lossy(&beside.stdout);
    for words in [
        "against section 11 of the reference results, ONNX Model Profile",
        "embedded/cpu/lite0-copies/f32 beside ONNX Runtime CPU: another engine and model",
        "offline, batch 1, 2 at once beside 1",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

/// The run is kept for the window too.
fn check_kept(home: &Path, run: &Run) {
    let kept = history::list(&home.join("data/twinlens/benchmarks")).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(&history::load(&kept[0].file).unwrap(), run);
}

/// Whether two JSON values are equal, numbers to 15 digits.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && is_same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-15 * a.abs().max(b.abs()) * 4.0
        }
        _ => a == b,
    }
}

/// What the run says must fit together.
fn check(run: &Run, folder: &Path) {
    assert_eq!(run.workload.folder.as_deref(), folder.to_str());
    assert_eq!(
        (run.workload.photos, run.workload.library_photos),
        (Some(4), Some(9))
    );
    let [candidate] = run.candidates.as_slice() else {
        panic!("{:?}", run.candidates);
    };
    assert_eq!(candidate.id, "embedded/cpu/lite0-copies/f32");
    let kinds: Vec<(&str, usize)> = candidate
        .scenarios
        .iter()
        .map(|scenario| (scenario.scenario.name(), scenario.batch))
        .collect();
    assert_eq!(
        kinds,
        [
            ("single-stream", 1),
            ("offline", 1),
            ("offline", 2),
            ("multi-stream", 8),
            ("server-closed", 1),
            ("server-open", 1),
            ("server-open", 1),
            ("server-open", 1),
        ]
    );
    for scenario in &candidate.scenarios {
        let latency = scenario.latency_ms.as_ref().unwrap();
        let ascending = [
            latency.min,
            latency.p50,
            latency.p90,
            latency.p99,
            latency.max,
        ];
        assert!(
            ascending.is_sorted() && latency.min.unwrap() > 0.0,
            "{latency:?}"
        );
        assert_eq!(scenario.errors, Some(0), "{:?}", scenario.note);
        let stages = &scenario.stages_ms;
        let parts = [stages.queue, stages.compute, stages.receive];
        let sum: f64 = parts.into_iter().map(Option::unwrap).sum();
        let whole = latency.mean.unwrap();
        assert!((sum - whole).abs() < 0.05 * whole, "{stages:?} {whole}");
        assert!(stages.decode.is_some() && stages.encode.is_none());
        // A millionth of the price of 10,000 seconds.
        let cost = scenario.cost_per_1000.unwrap() * scenario.images_per_second.unwrap();
        assert!((cost - 0.1).abs() < 1e-9, "{cost}");
        assert_eq!(scenario.payload_bytes_per_image, Some(150_528.0));
        assert_eq!(
            scenario.goodput, scenario.images_per_second,
            "the limit is a minute"
        );
    }
    let quality = candidate.quality.as_ref().unwrap();
    assert_eq!((quality.cosine_mean, quality.recall_at_10), (1.0, None));
    assert!(candidate.cold_start_ms.first_batch.is_some());
    assert_eq!(run.encodings.len(), 8);
    for figure in ["server", "embedded/cpu/lite0-copies/f32: operators"] {
        assert!(
            run.missing.iter().any(|missing| missing.figure == figure),
            "{figure}"
        );
    }
    // The tables of the reference record with this machine's numbers.
    for (section, rows) in [
        ("2", 8),
        ("3.1", 2),
        ("5.2", 5),
        ("5.4", 4),
        ("8.2", 1),
        ("11.3", 3),
    ] {
        let Some(Section::Table(table)) = tables::section(section, &[run]) else {
            panic!("{section}");
        };
        assert_eq!(table.rows.len(), rows, "{table:?}");
    }
}

#[test]
fn without_a_folder_demo_photos_are_taken_and_json_alone_goes_to_standard_output() {
    let home = tempfile::tempdir().unwrap();
    let output = common::twinlens(home.path())
        .args([
            "bench",
            "--engine",
            "onnxruntime",
            "--json",
            "-",
            "--photos",
            "2",
            "--quiet",
        ])
        .env("ORT_DYLIB_PATH", home.path().join("nothing.so"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let run = schema::read_json(output.stdout.as_slice()).unwrap();
    assert_eq!(
        (run.workload.folder.as_deref(), run.workload.photos),
        (None, Some(2))
    );
    // None of them can run, and each says why.
    assert_eq!(run.candidates.len(), 7);
    for candidate in &run.candidates {
        assert!(!candidate.available && candidate.scenarios.is_empty());
        let reason = candidate.reason.as_ref().unwrap();
        assert!(
            reason.contains("nothing.so") && reason.contains("pip install"),
            "{reason}"
        );
        assert!(
            run.missing
                .iter()
                .any(|missing| missing.figure == candidate.id)
        );
    }
    assert!(
        run.finding.starts_with("Nothing could be measured"),
        "{}",
        run.finding
    );
    assert_eq!(errors(&output), "");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_measured() {
    let home = tempfile::tempdir().unwrap();
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let other = home.path().join("other.json");
    std::fs::write(&other, r#"{"bench":2}"#).unwrap();
    let (empty, other) = (empty.to_str().unwrap(), other.to_str().unwrap());
    for (arguments, status, words) in [
        (vec![empty], 1, "no photo that can be decoded"),
        (vec!["/nowhere/at/all"], 1, "/nowhere/at/all"),
        (vec!["--json", "/nowhere/at/all/run.json"], 1, "no folder"),
        (vec!["--compare", other], 1, "version 2"),
        (
            vec!["--compare", "/nowhere/at/all"],
            1,
            "cannot read the earlier results",
        ),
        (
            vec!["--compare", "reference:99"],
            1,
            "no section 99; there are 2, 3",
        ),
        (vec!["--model", "none-such"], 1, "none-such"),
        (vec!["--batch", "0"], 2, "--batch"),
        (
            vec!["--engine", "embedded", "--server", "http://localhost"],
            1,
            "--engine remote",
        ),
        (vec!["--engine", "remote"], 1, "--server URL"),
        (vec!["--servers"], 1, "--server URL"),
        (vec!["--engine", "triton"], 2, "embedded"),
    ] {
        let output = common::twinlens(home.path())
            .arg("bench")
            .args(&arguments)
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {}",
            errors(&output)
        );
        assert!(
            errors(&output).contains(words),
            "{arguments:?}: {}",
            errors(&output)
        );
    }
}

/// Ctrl-C ends the measurement, and what was measured by then is written.
#[cfg(unix)]
#[test]
fn what_was_measured_before_an_interrupt_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let json = home.path().join("run.json");
    let mut child = common::twinlens(home.path())
        .args([
            "bench",
            "--engine",
            "embedded",
            "--seconds",
            "600",
            "--photos",
            "2",
            "--json",
        ])
        .arg(&json)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    lines
        .find(|line| line.as_ref().unwrap().contains("single-stream"))
        .unwrap()
        .unwrap();
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{rest:?}");
    assert!(
        rest.last()
            .unwrap()
            .contains("what was measured until then"),
        "{rest:?}"
    );
    let run = schema::read_json(std::fs::File::open(&json).unwrap()).unwrap();
    let scenarios = &run.candidates[0].scenarios;
    assert!((1..=3).contains(&scenarios.len()), "{}", scenarios.len());
    assert!(scenarios[0].requests.unwrap() > 0);
}
