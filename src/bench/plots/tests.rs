//! What plots show of runs that hold much, little, nothing and nonsense.

use super::*;
use crate::bench::reference::Reference;
use crate::bench::schema::{Candidate, Latency, Missing, Quality, ScenarioKind, Stages};

/// One candidate with these measurements.
fn run(scenarios: Vec<Scenario>) -> Run {
    let mut run = Reference::load().unwrap().runs[0].clone();
    run.missing.clear();
    run.candidates = vec![Candidate {
        id: "a".to_owned(),
        available: true,
        scenarios,
        ..Candidate::default()
    }];
    run
}

fn measured(kind: ScenarioKind, batch: usize, callers: usize, rate: f64, p50: f64) -> Scenario {
    Scenario {
        concurrency: Some(callers),
        images_per_second: Some(rate),
        latency_ms: Some(Latency {
            p50: Some(p50),
            ..Latency::default()
        }),
        ..Scenario::new(kind, batch)
    }
}

fn point(x: f64, y: f64) -> Point {
    Point {
        x,
        y,
        what: String::new(),
    }
}

#[test]
fn the_front_is_what_nothing_beats_in_both() {
    let points = [
        (10.0, 5.0),
        (1.0, 1.0),
        (5.0, 4.0),
        (6.0, 3.0),
        (5.0, 2.0),
        (20.0, 5.0),
    ]
    .map(|(x, y)| point(x, y));
    let front = [(1.0, 1.0), (5.0, 4.0), (10.0, 5.0)].map(|(x, y)| point(x, y));
    assert_eq!(pareto_front(&points), front);
    assert_eq!(pareto_front(&points[..1]), points[..1]);
    assert_eq!(pareto_front(&[]), []);
}

#[test]
fn the_fastest_and_the_soonest_are_named_with_scenario_and_figures() {
    let run = run(vec![
        measured(ScenarioKind::SingleStream, 1, 1, 100.0, 9.5),
        measured(ScenarioKind::Offline, 8, 2, 411.0, 19.0),
        measured(ScenarioKind::Offline, 16, 2, f64::NAN, 30.0),
        measured(ScenarioKind::Offline, 32, 2, 400.0, f64::INFINITY),
        Scenario::new(ScenarioKind::MultiStream, 8),
    ]);
    let plot = throughput_latency(&run).unwrap();
    assert_eq!(plot.points().count(), 2, "{plot:?}");
    assert_eq!(plot.front.len(), 2);
    assert_eq!(
        plot.statement(),
        "Fastest: a, offline, batch 8: 411 images a second at 19.0 ms. \
         Soonest to answer: a, single-stream: 100 images a second at 9.50 ms."
    );
}

#[test]
fn of_one_measurement_the_statement_is_one() {
    let run = run(vec![measured(ScenarioKind::SingleStream, 1, 1, 100.0, 9.5)]);
    assert_eq!(
        throughput_latency(&run).unwrap().statement(),
        "Fastest, and soonest to answer: a, single-stream: 100 images a second at 9.50 ms."
    );
}

#[test]
fn the_heat_map_has_a_hole_where_nothing_was_measured() {
    let run = run(vec![
        measured(ScenarioKind::Offline, 1, 2, 10.0, 1.0),
        measured(ScenarioKind::Offline, 8, 2, 40.0, 1.0),
        measured(ScenarioKind::ServerClosed, 1, 16, 30.0, 1.0),
        measured(ScenarioKind::ServerClosed, 1, 8, f64::NAN, 1.0),
        // One at a time is a caller with batch 1.
        measured(ScenarioKind::SingleStream, 1, 1, 5.0, 1.0),
        measured(ScenarioKind::ServerOpen, 1, 4, 99.0, 1.0),
    ]);
    let plot = heat_map(&run).unwrap();
    assert_eq!(plot.callers, [1, 2, 16]);
    assert_eq!(plot.batches, [1, 8]);
    assert_eq!(
        plot.fields[0].cells,
        [
            vec![Some(5.0), Some(10.0), Some(30.0)],
            vec![None, Some(40.0), None]
        ]
    );
    assert_eq!(plot.fastest(), 0);
    assert_eq!(
        plot.statement(&plot.fields[0]),
        "a: the most are 40.0 images a second, with batch 8 and 2 requests at once."
    );
}

#[test]
fn the_distribution_rises_to_all_and_is_logarithmic_only_where_it_is_wide() {
    let with = |samples: Vec<f64>| {
        let mut single = Scenario::new(ScenarioKind::SingleStream, 1);
        single.samples_ms = samples;
        latency_cdf(&run(vec![single]))
    };
    let plot = with(vec![4.0, 1.0, f64::NAN, 2.0, 3.0, -1.0]).unwrap();
    assert!(!plot.is_log);
    assert_eq!(
        plot.curves[0].points,
        [(1.0, 25.0), (2.0, 50.0), (3.0, 75.0), (4.0, 100.0)]
    );
    assert_eq!(
        plot.statement(),
        "a: half of 4 photos within 2.50 ms, 99 of 100 within 3.97 ms."
    );
    assert!(with(vec![1.0, 101.0]).unwrap().is_log);
    assert_eq!(with(vec![7.0]).unwrap().curves[0].points, [(7.0, 100.0)]);
    let many = with((1..=2000).map(f64::from).collect()).unwrap();
    let points = &many.curves[0].points;
    assert!(points.len() <= 201 && points.last() == Some(&(2000.0, 100.0)));
    let reason = with(vec![f64::NAN]).unwrap_err();
    assert_eq!(reason.0, "The times of single photos were not kept.");
}

#[test]
fn stages_that_nobody_has_are_left_out_and_the_longest_is_named() {
    let mut single = Scenario::new(ScenarioKind::SingleStream, 1);
    single.stages_ms = Stages {
        decode: Some(20.0),
        queue: Some(f64::NAN),
        compute: Some(5.0),
        ..Stages::default()
    };
    let plot = stages(&run(vec![single])).unwrap();
    assert_eq!(plot.stages, [(1, "decode"), (7, "compute")]);
    assert_eq!(plot.bars[0].parts, [Some(20.0), Some(5.0)]);
    assert_eq!(
        plot.statement(),
        "a: decode takes the most, 20.0 of 25.0 ms (80 %)."
    );
    assert_eq!(
        plot.words(&plot.bars[0]),
        "a: 25.0 ms a photo (decode 20.0 ms, compute 5.00 ms)"
    );
}

#[test]
fn speed_stands_against_the_worst_photo_not_the_mean() {
    let mut run = run(vec![measured(ScenarioKind::Offline, 8, 2, 40.0, 1.0)]);
    assert!(speed_quality(&run).is_err(), "there is no quality yet");
    let quality = |cosine_min| {
        Some(Quality {
            reference: "r".to_owned(),
            cosine_mean: 0.999,
            cosine_min,
            recall_at_10: Some(0.8),
            groups_changed: None,
        })
    };
    run.candidates[0].quality = quality(f64::NAN);
    assert!(speed_quality(&run).is_err());
    run.candidates[0].quality = quality(0.91);
    let plot = speed_quality(&run).unwrap();
    assert!((plot.candidates[0].worst_cosine - 0.91).abs() < 1e-9);
    assert!((plot.lowest() - 0.8).abs() < 1e-9);
    assert!(
        plot.statement().starts_with(
            "Fastest: a: 40.0 images a second, worst cosine 0.9100, recall of ten neighbours 80 %."
        ),
        "{}",
        plot.statement()
    );
}

#[test]
fn what_cannot_be_shown_has_the_reason_of_the_run() {
    let mut run = run(Vec::new());
    let reasons = |run: &Run| {
        [
            throughput_latency(run).unwrap_err().0,
            heat_map(run).unwrap_err().0,
            latency_cdf(run).unwrap_err().0,
            stages(run).unwrap_err().0,
            speed_quality(run).unwrap_err().0,
        ]
    };
    assert_eq!(
        reasons(&run)[2],
        "The times of single photos were not kept."
    );
    run.missing.push(Missing {
        figure: "a: single-stream".to_owned(),
        reason: "the time for a candidate was over".to_owned(),
    });
    assert_eq!(
        reasons(&run)[2],
        "The times of single photos were not kept. The time for a candidate was over."
    );
    assert_eq!(
        reasons(&run)[4],
        "No candidate's vectors were compared with the reference."
    );
    run.candidates[0].available = false;
    for reason in reasons(&run) {
        assert_eq!(reason, "No candidate could be measured.");
    }
}
