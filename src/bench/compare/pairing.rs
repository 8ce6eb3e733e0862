//! What of two runs stands beside each other.
//!
//! Candidates of the same name first; then, one by one, the two that have the most in common: the
//! model above all, for another model is other work. Measurements of the same kind, batch and
//! callers; then those that are nearly the same.

use serde::Serialize;

use crate::bench::schema::{Candidate, Run, Scenario, ScenarioKind};

/// In what two candidates differ; what is not known of one of them is not held to differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// `engine`, `provider`, `model`, `precision`, `protocol`.
    pub differs: Vec<&'static str>,
    /// Whether they have the same name.
    pub same_name: bool,
}

impl Alike {
    pub(super) fn new(a: &Candidate, b: &Candidate) -> Self {
        let differs = traits(a, b).into_iter().filter_map(|(name, _, sides)| {
            let (a, b) = (sides[0]?, sides[1]?);
            (a != b).then_some(name)
        });
        Self {
            differs: differs.collect(),
            same_name: a.id == b.id,
        }
    }

    /// Whether it is the same candidate on both sides.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.same_name && self.differs.is_empty()
    }

    /// `another engine, provider and model`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.differs.as_slice() {
            [] if self.same_name => "the same".to_owned(),
            [] => "another name".to_owned(),
            [one] => format!("another {one}"),
            [most @ .., last] => format!("another {} and {last}", most.join(", ")),
        }
    }
}

/// The traits of two candidates, with the weight of each.
fn traits<'a>(
    a: &'a Candidate,
    b: &'a Candidate,
) -> [(&'static str, u32, [Option<&'a str>; 2]); 5] {
    let both = |of: fn(&Candidate) -> Option<&str>| [of(a), of(b)];
    [
        ("engine", 4, both(|it| Some(&it.engine))),
        ("provider", 2, both(|it| it.provider.as_deref())),
        ("model", 8, both(|it| it.model.as_deref())),
        ("precision", 1, both(|it| it.precision.as_deref())),
        ("protocol", 2, both(|it| it.protocol.as_deref())),
    ]
}

/// The less, the nearer; what is known of one of them alone counts half as much as a difference.
fn distance(a: &Candidate, b: &Candidate) -> u32 {
    if a.id == b.id {
        return 0;
    }
    let far = |(_, weight, sides): (&str, u32, [Option<&str>; 2])| match sides {
        [Some(a), Some(b)] if a != b => 2 * weight,
        [Some(_), None] | [None, Some(_)] => weight,
        _ => 0,
    };
    1 + traits(a, b).into_iter().map(far).sum::<u32>()
}

/// The candidates of both runs that stand beside each other, in the order of the second. One that
/// shares no measurement with the other is nobody's counterpart, but for its namesake.
pub(super) fn nearest_candidates<'a>(
    first: &'a Run,
    second: &'a Run,
) -> Vec<(&'a Candidate, &'a Candidate)> {
    let mut possible: Vec<(u32, usize, usize)> = Vec::new();
    for (to, b) in second.candidates.iter().enumerate() {
        for (from, a) in first.candidates.iter().enumerate() {
            if nearest_scenarios(a, b).is_empty() {
                continue;
            }
            possible.push((distance(a, b), to, from));
        }
    }
    possible.sort_unstable();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, to, from) in possible {
        if found.iter().all(|pair| pair.0 != to && pair.1 != from) {
            found.push((to, from));
        }
    }
    found.sort_unstable();
    let pairs = found
        .into_iter()
        .filter_map(|(to, from)| Some((first.candidates.get(from)?, second.candidates.get(to)?)));
    pairs.collect()
}

/// The measurements of two candidates that stand beside each other, with a title that says what is
/// not the same, in the order of the second.
pub(super) fn nearest_scenarios<'a>(
    first: &'a Candidate,
    second: &'a Candidate,
) -> Vec<(&'a Scenario, &'a Scenario, String)> {
    let mut taken = vec![false; first.scenarios.len()];
    let mut found: Vec<(usize, &Scenario, &Scenario, String)> = Vec::new();
    let rules: [fn(&Scenario, &Scenario) -> bool; 3] = [is_same, is_same_sweep, is_one_by_one];
    for (rule, matches) in rules.into_iter().enumerate() {
        for (number, b) in second.scenarios.iter().enumerate() {
            if found.iter().any(|pair| pair.0 == number) {
                continue;
            }
            let mut free = first.scenarios.iter().zip(&mut taken);
            let Some((a, is_taken)) = free.find(|(a, is_taken)| !**is_taken && matches(a, b))
            else {
                continue;
            };
            *is_taken = true;
            let title = match rule {
                0 => b.title(),
                _ => beside(a, b),
            };
            found.push((number, a, b, title));
        }
    }
    found.sort_by_key(|pair| pair.0);
    found
        .into_iter()
        .map(|(_, a, b, title)| (a, b, title))
        .collect()
}

/// Rates of open loops follow from the throughput and are never the same twice: one that is within
/// a tenth will do.
pub(super) fn is_same(a: &Scenario, b: &Scenario) -> bool {
    let rates = match (a.rate, b.rate) {
        (Some(a), Some(b)) => (a - b).abs() <= 0.1 * b,
        (a, b) => a == b,
    };
    rates && (a.scenario, a.batch, a.concurrency) == (b.scenario, b.batch, b.concurrency)
}

/// A batch sweep has as many callers as the engine has workers, which is another number on another
/// machine.
fn is_same_sweep(a: &Scenario, b: &Scenario) -> bool {
    let is_sweep = |scenario: &Scenario| scenario.scenario == ScenarioKind::Offline;
    is_sweep(a) && is_sweep(b) && a.batch == b.batch
}

/// One picture after the other is the same load whatever it is called.
fn is_one_by_one(a: &Scenario, b: &Scenario) -> bool {
    let is_it = |scenario: &Scenario| {
        scenario.batch == 1
            && match scenario.scenario {
                ScenarioKind::SingleStream => true,
                ScenarioKind::Offline | ScenarioKind::ServerClosed => {
                    scenario.concurrency == Some(1)
                }
                ScenarioKind::MultiStream | ScenarioKind::ServerOpen => false,
            }
    };
    is_it(a) && is_it(b)
}

/// What is not the same of two measurements that are nearly so: `single-stream beside offline, batch
/// 1`, `offline, batch 8, 2 at once beside 1`.
fn beside(first: &Scenario, second: &Scenario) -> String {
    let (a, b) = (first.title(), second.title());
    match (first.concurrency, second.concurrency) {
        (Some(before), Some(now)) if a == b => format!("{b}, {now} at once beside {before}"),
        _ => format!("{b} beside {a}"),
    }
}
