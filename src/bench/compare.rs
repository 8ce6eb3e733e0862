//! Two runs, or two candidates of one, beside each other: what is faster, and how sure that is.

use serde::Serialize;

use super::schema::{Candidate, Run, Scenario};
use super::statistics::{Difference, Statistic, Verdict, difference};

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
                "{} ({:+.1} %, between {interval})",
                verdict.words(),
                relative * 100.0
            ),
            Verdict::NoDifference => format!("{} ({interval})", verdict.words()),
            Verdict::TooFew => format!("{:+.1} %, {}", relative * 100.0, verdict.words()),
        }
    }
}

/// What `second` is beside `first`, measurement by measurement of the candidates that both have,
/// in the order of the second.
#[must_use]
pub fn runs(first: &Run, second: &Run) -> Vec<Compared> {
    let pairs = second.candidates.iter().filter_map(|candidate| {
        let same = first
            .candidates
            .iter()
            .find(|other| other.id == candidate.id)?;
        Some((same, candidate))
    });
    pairs.flat_map(|(a, b)| scenarios(&b.id, a, b)).collect()
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
        let Some(other) = same else {
            continue;
        };
        for (figure, difference) in [
            ("p50 (ms)", median(other, scenario)),
            ("images/s", throughput(other, scenario)),
        ] {
            compared.extend(difference.map(|difference| Compared {
                candidate: name.to_owned(),
                scenario: scenario.title(),
                figure,
                difference,
            }));
        }
    }
    compared
}

/// Rates of open loops follow from the throughput and are never the same twice: one that is within
/// a tenth will do.
fn is_same(a: &Scenario, b: &Scenario) -> bool {
    let rates = match (a.rate, b.rate) {
        (Some(a), Some(b)) => (a - b).abs() <= 0.1 * b,
        (a, b) => a == b,
    };
    rates && (a.scenario, a.batch, a.concurrency) == (b.scenario, b.batch, b.concurrency)
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
        let medians = compared.iter().filter(|c| c.figure == "p50 (ms)");
        assert_eq!(medians.count(), 25);
        let first = &compared[0];
        assert_eq!(first.difference.verdict, Verdict::TooFew);
        assert_eq!(first.words(), "+113.7 %, too few samples to tell");
    }

    #[test]
    fn what_only_one_side_measured_is_left_out() {
        let before = run(1.0, 1);
        let mut after = run(1.0, 2);
        after.candidates[0].scenarios[0].batch = 4;
        assert_eq!(runs(&before, &after), []);
        after = run(1.0, 2);
        after.candidates[0].id = "another".to_owned();
        assert_eq!(runs(&before, &after), []);
        assert_eq!(
            candidates(&before.candidates[0], &after.candidates[0]).len(),
            2
        );
    }
}
