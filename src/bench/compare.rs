//! Two runs, or two candidates of one, beside each other: what is faster, and how sure that is.
//!
//! Two runs need not be alike: reference results are of other engines, models and machines. What
//! is not the same on both sides is named with the figures, and what has no counterpart too.

mod pairing;

use serde::Serialize;

use super::schema::{Candidate, Run, Scenario};
use super::statistics::{CONFIDENCE, Difference, Statistic, Verdict, difference};
pub use pairing::Alike;
use pairing::{is_same, nearest_candidates, nearest_scenarios};

/// Two runs beside each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The candidates that were paired and have measurements in common, in the second's order.
    pub pairs: Vec<Pair>,
    /// Measured candidates of the first run that have no counterpart.
    pub only_first: Vec<String>,
    /// Those of the second.
    pub only_second: Vec<String>,
}

/// Two candidates beside each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Of the first run.
    pub first: String,
    /// Of the second.
    pub second: String,
    /// Whether they are the same, and in what not.
    pub alike: Alike,
    /// The measurements that both have.
    pub rows: Vec<Compared>,
}

impl Pair {
    /// `a beside b: another engine and model`; the name alone for the same candidate.
    #[must_use]
    pub fn title(&self) -> String {
        if self.alike.is_same() {
            return self.second.clone();
        }
        format!(
            "{} beside {}: {}",
            self.second,
            self.first,
            self.alike.words()
        )
    }
}

/// A figure of the same measurement on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The candidate, or `first against second`.
    pub candidate: String,
    /// `offline, batch 8`.
    pub scenario: String,
    /// `p50 (ms)`, `images/s`.
    pub figure: &'static str,
    /// Both figures, the difference and its interval.
    pub difference: Difference,
}

impl Compared {
    /// `12.3 % faster (8.0 to 16.1 %)`, `no difference (-1.2 to 2.0 %)`.
    #[must_use]
    pub fn words(&self) -> String {
        let Difference {
            relative,
            low,
            high,
            verdict,
            ..
        } = self.difference;
        let interval = format!("{:+.1} to {:+.1} %", low * 100.0, high * 100.0);
        match verdict {
            Verdict::Faster | Verdict::Slower => format!(
                "{} ({:+.1} %, {:.0} % interval {interval})",
                verdict.words(),
                relative * 100.0,
                CONFIDENCE * 100.0
            ),
            Verdict::NoDifference => format!("{} ({interval})", verdict.words()),
            Verdict::TooFew => format!("{:+.1} %, {}", relative * 100.0, verdict.words()),
        }
    }
}

/// What `second` is beside `first`: candidates of the same name, else the nearest, measurement by
/// measurement.
#[must_use]
pub fn runs(first: &Run, second: &Run) -> Comparison {
    let mut pairs = Vec::new();
    let (mut paired_first, mut paired_second) = (Vec::new(), Vec::new());
    for (a, b) in nearest_candidates(first, second) {
        let mut rows = Vec::new();
        for (other, scenario, title) in nearest_scenarios(a, b) {
            figures(&b.id, &title, other, scenario, &mut rows);
        }
        if rows.is_empty() {
            continue;
        }
        paired_first.push(a.id.as_str());
        paired_second.push(b.id.as_str());
        pairs.push(Pair {
            first: a.id.clone(),
            second: b.id.clone(),
            alike: Alike::new(a, b),
            rows,
        });
    }
    let alone = |run: &Run, paired: &[&str]| {
        let measured = run
            .candidates
            .iter()
            .filter(|each| !each.scenarios.is_empty());
        let alone = measured.filter(|each| !paired.contains(&each.id.as_str()));
        alone.map(|each| each.id.clone()).collect()
    };
    Comparison {
        only_first: alone(first, &paired_first),
        only_second: alone(second, &paired_second),
        pairs,
    }
}

/// What `second` is beside `first`, measurement by measurement that both have.
#[must_use]
pub fn candidates(first: &Candidate, second: &Candidate) -> Vec<Compared> {
    let name = format!("{} against {}", second.id, first.id);
    scenarios(&name, first, second)
}

fn scenarios(name: &str, first: &Candidate, second: &Candidate) -> Vec<Compared> {
    let mut compared = Vec::new();
    for scenario in &second.scenarios {
        let same = first
            .scenarios
            .iter()
            .find(|other| is_same(other, scenario));
        if let Some(other) = same {
            figures(name, &scenario.title(), other, scenario, &mut compared);
        }
    }
    compared
}

/// The figures that two measurements have in common.
fn figures(
    name: &str,
    title: &str,
    first: &Scenario,
    second: &Scenario,
    compared: &mut Vec<Compared>,
) {
    for (figure, difference) in [
        ("p50 (ms)", median(first, second)),
        ("images/s", throughput(first, second)),
    ] {
        compared.extend(difference.map(|difference| Compared {
            candidate: name.to_owned(),
            scenario: title.to_owned(),
            figure,
            difference,
        }));
    }
}

fn median(first: &Scenario, second: &Scenario) -> Option<Difference> {
    let from_samples = difference(
        &first.samples_ms,
        &second.samples_ms,
        Statistic::Percentile(50.0),
    );
    from_samples.or_else(|| {
        let of = |scenario: &Scenario| scenario.latency_ms.as_ref()?.p50;
        plain(of(first)?, of(second)?)
    })
}

/// In a closed loop the samples tell it; in an open one it is what was asked for.
fn throughput(first: &Scenario, second: &Scenario) -> Option<Difference> {
    let (a, b) = (first.images_per_second?, second.images_per_second?);
    if second.rate.is_some() {
        return None;
    }
    let spread = difference(&first.samples_ms, &second.samples_ms, Statistic::Throughput);
    match spread {
        // The interval is that of the samples, the figures are what was counted.
        Some(spread) => Some(Difference {
            first: a,
            second: b,
            ..spread
        }),
        None => plain(a, b),
    }
}

/// Without samples there is a difference and no word on how sure it is.
fn plain(first: f64, second: f64) -> Option<Difference> {
    let relative = second / first - 1.0;
    relative.is_finite().then_some(Difference {
        first,
        second,
        relative,
        low: relative,
        high: relative,
        verdict: Verdict::TooFew,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random::Random;
    use crate::bench::reference::Reference;
    use crate::bench::schema::ScenarioKind;
    use crate::bench::statistics::summary;

    fn run(scale: f64, seed: u64) -> Run {
        let mut random = Random::new(seed);
        let mut run = Reference::load().unwrap().runs[0].clone();
        run.candidates.truncate(1);
        let mut scenario = Scenario::new(ScenarioKind::Offline, 8);
        scenario.samples_ms = (0..300)
            .map(|_| scale * (20.0 + random.exponential(3.0)))
            .collect();
        let latency = summary(&scenario.samples_ms);
        scenario.images_per_second = latency.mean.map(|mean| 8000.0 / mean);
        scenario.latency_ms = Some(latency);
        run.candidates[0].scenarios = vec![scenario];
        run
    }

    #[test]
    fn a_faster_run_is_faster_in_latency_and_throughput_and_an_equal_one_is_not() {
        let before = run(1.0, 1);
        let verdicts = |compared: &[Compared]| -> Vec<Verdict> {
            compared.iter().map(|c| c.difference.verdict).collect()
        };
        let runs = |first: &Run, second: &Run| {
            let mut comparison = super::runs(first, second);
            assert_eq!(comparison.pairs.len(), 1);
            let pair = comparison.pairs.remove(0);
            assert!(pair.alike.is_same());
            pair.rows
        };
        let faster = runs(&before, &run(0.8, 2));
        assert_eq!(verdicts(&faster), [Verdict::Faster; 2]);
        assert!(
            faster[0].words().starts_with("faster (-"),
            "{}",
            faster[0].words()
        );
        assert_eq!(
            verdicts(&runs(&before, &run(1.25, 3))),
            [Verdict::Slower; 2]
        );
        let equal = runs(&before, &run(1.0, 4));
        assert_eq!(verdicts(&equal), [Verdict::NoDifference; 2]);
        assert!(
            equal[1].words().starts_with("no difference (-"),
            "{}",
            equal[1].words()
        );
    }

    #[test]
    fn results_without_samples_are_set_beside_each_other_without_a_verdict() {
        let reference = Reference::load().unwrap();
        let compared = runs(reference.run("8").unwrap(), reference.run("9").unwrap());
        assert_eq!(compared.pairs.len(), 5);
        let rows = compared.pairs.iter().flat_map(|pair| &pair.rows);
        let medians = rows.filter(|c| c.figure == "p50 (ms)");
        assert_eq!(medians.count(), 25);
        let first = &compared.pairs[0].rows[0];
        assert_eq!(first.difference.verdict, Verdict::TooFew);
        assert_eq!(first.words(), "+113.7 %, too few samples to tell");
    }

    #[test]
    fn what_only_one_side_measured_is_left_out() {
        let before = run(1.0, 1);
        let mut after = run(1.0, 2);
        after.candidates[0].scenarios[0].batch = 4;
        let compared = runs(&before, &after);
        assert_eq!(compared.pairs, []);
        assert_eq!(compared.only_first, [before.candidates[0].id.clone()]);
        assert_eq!(compared.only_second, compared.only_first);
        assert_eq!(candidates(&before.candidates[0], &after.candidates[0]), []);
        after = run(1.0, 2);
        assert_eq!(
            candidates(&before.candidates[0], &after.candidates[0]).len(),
            2
        );
    }

    #[test]
    fn results_of_another_system_stand_beside_the_nearest_candidate_and_it_is_said_what_differs() {
        let reference = Reference::load().unwrap();
        let first = reference.run("8").unwrap();
        let mut second = run(1.0, 1);
        let candidate = &mut second.candidates[0];
        candidate.id = "onnxruntime/cuda/clip-vit-b32/f32".to_owned();
        candidate.engine = "onnxruntime".to_owned();
        candidate.provider = Some("cuda".to_owned());
        candidate.model = Some("OpenCLIP ViT-B/32".to_owned());
        candidate.precision = Some("f32".to_owned());
        candidate.protocol = None;
        candidate.scenarios[0].concurrency = Some(2);
        let mut single = Scenario::new(ScenarioKind::SingleStream, 1);
        single.concurrency = Some(1);
        single.images_per_second = Some(50.0);
        candidate.scenarios.push(single);

        let compared = runs(first, &second);
        let [pair] = compared.pairs.as_slice() else {
            panic!("{compared:?}");
        };
        assert_eq!(
            pair.title(),
            "onnxruntime/cuda/clip-vit-b32/f32 beside Triton ONNX HTTP: another engine"
        );
        let titles: Vec<&str> = pair.rows.iter().map(|row| row.scenario.as_str()).collect();
        assert_eq!(
            titles,
            [
                "offline, batch 8, 2 at once beside 1",
                "offline, batch 8, 2 at once beside 1",
                "single-stream beside offline, batch 1",
            ]
        );
        // Only one side has single times: nothing is concluded.
        assert!(
            pair.rows
                .iter()
                .all(|row| row.difference.verdict == Verdict::TooFew)
        );
        assert_eq!(compared.only_first.len(), 4);
        assert_eq!(compared.only_second, Vec::<String>::new());
    }
}
