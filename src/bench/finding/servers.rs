//! What a run says of servers: what they wait for, and how they stand to this computer.

use super::Best;
use crate::bench::format::percent;
use crate::bench::schema::{Candidate, Run, Scenario, ScenarioKind};

/// From this share on one stage is what a request waits for.
const BOUND: f64 = 0.5;

/// Below this factor two ways are called equal.
const NOTABLE: f64 = 1.1;

/// Of each server, in the order of the run: whether the way there is what takes the time, how fast
/// it computes beside this computer, and what JSON costs. `ranking` has the fastest first.
pub(super) fn sentences(run: &Run, ranking: &[Best<'_>]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for candidate in run.candidates.iter().filter(|c| is_remote(c)) {
        if seen.contains(&place(candidate)) {
            continue;
        }
        seen.push(place(candidate));
        let of_server: Vec<&Best<'_>> = ranking
            .iter()
            .filter(|best| place(best.candidate) == place(candidate))
            .collect();
        let Some(fastest) = of_server.first() else {
            continue;
        };
        sentences.extend(network_bound(fastest.candidate));
        sentences.extend(computes(fastest.candidate, ranking));
        sentences.extend(json(&of_server));
    }
    sentences
}

fn is_remote(candidate: &Candidate) -> bool {
    candidate.engine == crate::embed::remote::NAME || candidate.protocol.is_some()
}

/// What is one server: those of results that do not tell stand for themselves.
fn place(candidate: &Candidate) -> &str {
    candidate.address.as_deref().unwrap_or(&candidate.id)
}

fn single(candidate: &Candidate) -> Option<&Scenario> {
    let mut scenarios = candidate.scenarios.iter();
    scenarios.find(|scenario| scenario.scenario == ScenarioKind::SingleStream)
}

/// That a server is waited for because of the way there. Where the server does not tell its part,
/// nobody knows.
fn network_bound(candidate: &Candidate) -> Option<String> {
    let scenario = single(candidate)?;
    let stages = &scenario.stages_ms;
    stages.compute?;
    let way = stages.network? + stages.send.unwrap_or_default();
    let share = way / scenario.latency_ms.as_ref()?.mean?;
    (share >= BOUND).then(|| {
        let payload = candidate.payload.as_deref().unwrap_or_default();
        let advice = if payload.starts_with("json") {
            "; send bytes instead of JSON"
        } else if payload.ends_with("f32") || payload.ends_with("f16") {
            "; send 8-bit pixels instead of floats"
        } else {
            ""
        };
        format!(
            "{} is network-bound: {} of its time is transfer{advice}.",
            candidate.id,
            percent(share)
        )
    })
}

/// How long the server computes on one photo beside the fastest engine of this computer.
fn computes(candidate: &Candidate, ranking: &[Best<'_>]) -> Option<String> {
    let there = single(candidate)?.server.as_ref()?.compute_ms?;
    let here = ranking
        .iter()
        .map(|best| best.candidate)
        .filter(|other| !is_remote(other) && other.model == candidate.model)
        .find_map(|other| single(other)?.stages_ms.compute)?;
    let times = here / there;
    let figures = format!("({there:.1} ms a photo against {here:.1} ms)");
    let place = place(candidate);
    Some(if times >= NOTABLE {
        format!("{place} computes {times:.1} times as fast as this computer {figures}.")
    } else if times <= 1.0 / NOTABLE {
        format!(
            "This computer computes {:.1} times as fast as {place} {figures}.",
            1.0 / times
        )
    } else {
        format!("{place} computes as fast as this computer {figures}.")
    })
}

/// What numbers as text cost over the same numbers as bytes.
fn json(of_server: &[&Best<'_>]) -> Option<String> {
    let with = |form: &str| {
        of_server.iter().find_map(|best| {
            let payload = best.candidate.payload.as_deref()?;
            Some((payload.strip_prefix(form)?, best))
        })
    };
    let (_, json) = with("json-")?;
    let (_, binary) = with("binary-")?;
    let times = binary.images_per_second / json.images_per_second;
    (times >= NOTABLE).then(|| {
        format!(
            "JSON makes {} {times:.1} times as slow as bytes.",
            place(json.candidate)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::finding::ranking;
    use crate::bench::reference::Reference;
    use crate::bench::schema::{Latency, Server};

    /// A candidate with its offline rate and what one photo takes: whole, on the way, in the model.
    fn candidate(
        id: &str,
        address: Option<&str>,
        payload: &str,
        rate: f64,
        [whole, network, compute]: [f64; 3],
    ) -> Candidate {
        let mut offline = Scenario::new(ScenarioKind::Offline, 8);
        offline.images_per_second = Some(rate);
        let mut single = Scenario::new(ScenarioKind::SingleStream, 1);
        single.latency_ms = Some(Latency {
            mean: Some(whole),
            ..Latency::default()
        });
        single.stages_ms.compute = Some(compute);
        if address.is_some() {
            single.stages_ms.network = Some(network);
            single.server = Some(Server {
                compute_ms: Some(compute),
                ..Server::default()
            });
        }
        Candidate {
            id: id.to_owned(),
            engine: address.map_or("embedded", |_| "remote").to_owned(),
            address: address.map(str::to_owned),
            protocol: address.map(|_| "http".to_owned()),
            model: Some("m".to_owned()),
            payload: Some(payload.to_owned()),
            scenarios: vec![single, offline],
            ..Candidate::default()
        }
    }

    fn told(candidates: Vec<Candidate>) -> Vec<String> {
        let mut run = Reference::load().unwrap().runs[0].clone();
        run.candidates = candidates;
        sentences(&run, &ranking(&run))
    }

    #[test]
    fn a_server_is_told_once_by_its_fastest_way() {
        let server = Some("http://gpu:8000");
        let told = told(vec![
            candidate("local", None, "rgb8", 40.0, [30.0, 0.0, 29.0]),
            candidate("bytes", server, "binary-f32", 24.0, [182.9, 167.8, 4.4]),
            candidate("json", server, "json-f32", 3.0, [564.0, 540.0, 4.4]),
        ]);
        assert_eq!(
            told,
            [
                "bytes is network-bound: 91.7% of its time is transfer; send 8-bit pixels instead of floats.",
                "http://gpu:8000 computes 6.6 times as fast as this computer (4.4 ms a photo against 29.0 ms).",
                "JSON makes http://gpu:8000 8.0 times as slow as bytes.",
            ]
        );
    }

    #[test]
    fn what_is_not_known_or_not_notable_is_not_said() {
        let server = Some("http://cpu:8000");
        let mut silent = candidate("silent", server, "binary-u8", 24.0, [50.0, 49.0, 0.0]);
        silent.scenarios[0].server = None;
        silent.scenarios[0].stages_ms.compute = None;
        assert!(told(vec![silent]).is_empty());
        let told = told(vec![
            candidate("local", None, "rgb8", 40.0, [30.0, 0.0, 10.0]),
            candidate("slow", server, "binary-u8", 24.0, [50.0, 10.0, 35.0]),
            candidate("json", server, "json-u8", 23.0, [50.0, 10.0, 35.0]),
        ]);
        assert_eq!(
            told,
            [
                "This computer computes 3.5 times as fast as http://cpu:8000 (35.0 ms a photo against 10.0 ms)."
            ]
        );
    }
}
