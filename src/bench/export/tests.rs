//! The exports of a run with names that try to break out.

use super::*;
use crate::bench::reference::Reference;
use crate::bench::schema::{Missing, Quality, ScenarioKind, Stages, Window};

/// A run of the reference results, with what a run of this program has beside.
fn run() -> Run {
    let mut run = Reference::load().unwrap().run("5").unwrap().clone();
    run.workload.folder = Some("/photos/<b>&\"|".to_owned());
    run.finding = "A | <script>alert(1)</script> finding.".to_owned();
    run.missing = vec![Missing {
        figure: "gpus".to_owned(),
        reason: "no <GPU>".to_owned(),
    }];
    let candidate = &mut run.candidates[0];
    candidate.id = "onnxruntime/<i>evil</i>|".to_owned();
    candidate.quality = Some(Quality {
        reference: "r".to_owned(),
        cosine_mean: 0.97,
        cosine_min: 0.9,
        recall_at_10: None,
        groups_changed: None,
    });
    let single = &mut candidate.scenarios[0];
    single.samples_ms = vec![2.0, 1.0, 4.0];
    single.at_s = Some(3.0);
    single.seconds = Some(1.5);
    single.stages_ms = Stages {
        decode: Some(20.0),
        compute: Some(5.0),
        ..Stages::default()
    };
    single.windows = vec![Window {
        at_s: 0.5,
        images_per_second: Some(10.0),
        ..Window::default()
    }];
    run.candidates[2].available = false;
    run.candidates[2].reason = Some("no | <driver>".to_owned());
    run
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_csv_has_a_row_a_measurement_and_reads_back() {
    let run = run();
    let text = text(|out| write_csv(&run, out));
    let mut rows = ::csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = rows.headers().unwrap().clone();
    let rows: Vec<::csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), each(&run).count());
    let at = |name: &str| head.iter().position(|head| head == name).unwrap();
    assert_eq!(&rows[0][at("candidate")], run.candidates[0].id);
    assert_eq!(&rows[0][at("mean_ms")], "56.9");
    assert_eq!(&rows[0][at("sd_ms")], "", "unknown figures are empty");
    assert_eq!(&rows[1][at("images_per_second")], "17.5");
    assert_eq!(&rows[0][at("scenario")], ScenarioKind::SingleStream.name());
}

#[test]
fn markdown_has_all_tables_with_whole_rows() {
    let text = text(|out| write_markdown(&run(), out));
    assert!(!text.contains("<script>") && !text.contains("<i>"));
    assert!(text.contains("### 5.2 Throughput by batch"), "{text}");
    let mut columns = None;
    for line in text.lines() {
        if line.starts_with('|') {
            let count = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(count), count, "{line}");
        } else {
            columns = None;
        }
    }
    assert!(text.contains("- `gpus`: no &lt;GPU>"), "{text}");
}

#[test]
fn the_page_stands_alone_and_escapes_names() {
    let html = text(|out| write_html(&run(), out));
    assert!(!html.contains("<script") && !html.contains("<i>") && !html.contains("<driver>"));
    assert_eq!(html.matches("<svg").count(), 5);
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    for outside in ["src=", "href=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf\""));
}

#[test]
fn plots_are_left_out_where_there_are_no_figures() {
    let mut run = run();
    for candidate in &mut run.candidates {
        candidate.scenarios.clear();
    }
    assert_eq!(plots::all(&run), []);
    let names: Vec<&str> = plots::all(&self::run())
        .iter()
        .map(|plot| plot.name)
        .collect();
    assert_eq!(
        names,
        [
            "throughput-latency",
            "batch-concurrency",
            "latency-cdf",
            "stages",
            "speed-quality"
        ]
    );
}

#[test]
fn plots_say_their_main_statement_and_tell_series_apart_by_more_than_colours() {
    let drawn = plots::all(&run());
    let svg = &drawn[0].svg;
    let of = |series: &str| {
        let paths = svg.lines().filter(|line| line.contains("<title>"));
        let own = paths.filter(|line| line.contains(&format!("<title>{series}, ")));
        let shapes = own.filter_map(|line| line.split(" d=\"").nth(1)?.split('"').next());
        shapes.collect::<std::collections::BTreeSet<_>>()
    };
    let (a, b) = (of("Triton ONNX"), of("Triton TRT"));
    assert_eq!((a.len(), b.len()), (1, 1), "{svg}");
    assert_ne!(a, b);
    for (plot, words) in drawn.iter().zip([
        "Throughput against latency. Fastest: onnxruntime/&lt;i&gt;evil&lt;/i&gt;|, offline, batch 32",
        "Triton ONNX: the most are ",
        "half of 3 photos within 2.00 ms",
        "decode takes the most, 20.0 of 25.0 ms (80 %)",
        "worst cosine 0.9000, recall not known",
    ]) {
        let label = plot.svg.split("aria-label=\"").nth(1).unwrap();
        let label = label.split('"').next().unwrap();
        assert!(label.contains(words), "{label}");
    }
}

#[test]
fn pictures_of_plots_are_as_large_as_they_should_be_and_show_the_plot_with_its_text() {
    for plot in plots::all(&run()) {
        let bytes = png(&plot.svg).unwrap();
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png)
            .unwrap()
            .to_rgb8();
        let height: f64 = plot
            .svg
            .split("viewBox=\"0 0 640 ")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(picture.width(), 1280, "{}", plot.name);
        assert!((f64::from(picture.height()) - 2.0 * height).abs() < 1.0);
        let is_ink = |x: u32, y: u32| picture.get_pixel(x, y).0 != [255; 3];
        let ink = |from: (u32, u32), to: (u32, u32)| {
            let places = (from.1..to.1).flat_map(|y| (from.0..to.0).map(move |x| (x, y)));
            places.filter(|(x, y)| is_ink(*x, *y)).count()
        };
        assert!(!is_ink(0, 0), "the ground is white");
        // The heading, which only a font can draw, and the plot below it.
        assert!(ink((130, 10), (700, 50)) > 500, "{}", plot.name);
        assert!(
            ink((130, 70), (1240, picture.height() - 80)) > 1000,
            "{}",
            plot.name
        );
    }
    assert!(png("no plot").is_err());
}

#[test]
fn the_trace_has_measurements_requests_and_counters_in_microseconds() {
    let text = text(|out| write_trace(&run(), out));
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |kind: &str| {
        events
            .iter()
            .filter(|event| event["cat"] == kind)
            .collect::<Vec<_>>()
    };
    let first = of("scenario")[0];
    assert_eq!(
        (first["ts"].as_f64(), first["dur"].as_f64()),
        (Some(3e6), Some(1.5e6))
    );
    let requests = of("request");
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1]["ts"].as_f64(), Some(3e6 + 2e3));
    assert_eq!(of("window")[0]["ph"], "C");
    assert!(
        events
            .iter()
            .all(|event| event["pid"].is_u64() && event["tid"].is_u64())
    );
}
