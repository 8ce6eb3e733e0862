//! What a run means, in plain words.

mod servers;

use super::compare;
use super::format::{grouped, percent};
use super::schema::{Candidate, Run, Scenario, ScenarioKind};
use super::statistics::Verdict;

/// Vectors that agree so far with the reference find the same duplicates.
const FAITHFUL_COSINE: f64 = 0.99;

/// The way that is the best here, and the batch at which it is.
#[derive(Clone, Copy, Debug)]
pub struct Best<'a> {
    /// The candidate.
    pub candidate: &'a Candidate,
    /// Its offline scenario of the highest throughput.
    pub scenario: &'a Scenario,
    /// Pictures a second.
    pub images_per_second: f64,
}

/// Each candidate at its best batch, the fastest first.
#[must_use]
pub fn ranking(run: &Run) -> Vec<Best<'_>> {
    let mut ranking: Vec<Best<'_>> = run
        .candidates
        .iter()
        .filter_map(|candidate| {
            candidate
                .scenarios
                .iter()
                .filter(|scenario| scenario.scenario == ScenarioKind::Offline)
                .filter_map(|scenario| {
                    Some(Best {
                        candidate,
                        scenario,
                        images_per_second: scenario.images_per_second?,
                    })
                })
                .max_by(|a, b| a.images_per_second.total_cmp(&b.images_per_second))
        })
        .collect();
    ranking.sort_by(|a, b| b.images_per_second.total_cmp(&a.images_per_second));
    ranking
}

/// The fastest candidate whose vectors agree with the reference; of those that were not compared
/// none counts as faithful, unless none was compared.
#[must_use]
pub fn best(run: &Run) -> Option<Best<'_>> {
    let ranking = ranking(run);
    let is_faithful = |best: &&Best<'_>| {
        best.candidate
            .quality
            .as_ref()
            .is_some_and(|quality| quality.cosine_mean >= FAITHFUL_COSINE)
    };
    ranking
        .iter()
        .find(is_faithful)
        .or_else(|| ranking.first())
        .copied()
}

/// Seconds that embedding the whole folder takes with this candidate: reading, decoding and
/// resizing on all cores, and the model, which on the processor shares them.
#[must_use]
pub fn predicted_seconds(run: &Run, best: &Best<'_>) -> Option<f64> {
    seconds_for(run, best, run.workload.library_photos?)
}

/// Seconds that embedding so many photos like the measured ones takes with this candidate; none
/// where reading and decoding were not measured.
#[must_use]
pub fn seconds_for(run: &Run, best: &Best<'_>, photos: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of photos and cores")]
    let (photos, cores) = (photos as f64, run.machine.cores.unwrap_or(1).max(1) as f64);
    let stages = &best.scenario.stages_ms;
    let before_ms = stages.read? + stages.decode? + stages.preprocess?;
    let before = before_ms / 1e3 / cores;
    let model = 1.0 / best.images_per_second;
    let is_here =
        best.candidate.provider.as_deref() == Some("cpu") && best.candidate.engine != "remote";
    let each = if is_here {
        before + model
    } else {
        before.max(model)
    };
    Some(photos * each)
}

/// The finding: the best way, by how much, what it costs in quality, what bounds it, and how long
/// the folder takes.
#[must_use]
pub fn finding(run: &Run) -> String {
    let Some(best) = best(run) else {
        if run.has_measurements() {
            return "Candidates are compared by what they do with batches, and none was measured."
                .to_owned();
        }
        return "Nothing could be measured; `missing` and the candidates say why.".to_owned();
    };
    let mut sentences = vec![format!(
        "The fastest way here is {} with {}: {} photos a second.",
        best.candidate.id,
        in_batches(best.scenario),
        rate(best.images_per_second),
    )];
    let ranking = ranking(run);
    sentences.extend(other_ways(&ranking, &best));
    sentences.extend(lossy(&ranking, &best));
    sentences.extend(batches(best.candidate));
    sentences.extend(servers::sentences(run, &ranking));
    sentences.extend(time(run, &best));
    sentences.join(" ")
}

fn in_batches(scenario: &Scenario) -> String {
    match (scenario.batch, scenario.concurrency) {
        (1, Some(1)) => "one photo at a time".to_owned(),
        (1, Some(streams)) => format!("{streams} photos at a time"),
        (batch, Some(streams)) if streams > 1 => format!("{streams} batches of {batch}"),
        (batch, _) => format!("batches of {batch}"),
    }
}

fn rate(rate: f64) -> String {
    grouped(rate, usize::from(rate < 100.0))
}

/// How far the best is ahead of the next that runs the same model.
fn other_ways(ranking: &[Best<'_>], best: &Best<'_>) -> Option<String> {
    let next = ranking.iter().find(|other| {
        other.candidate.id != best.candidate.id && other.candidate.model == best.candidate.model
    })?;
    let verdict = compare::candidates(next.candidate, best.candidate)
        .into_iter()
        .find(|compared| {
            compared.figure == "images/s" && compared.scenario == best.scenario.title()
        })
        .map(|compared| compared.difference.verdict);
    let times = best.images_per_second / next.images_per_second;
    Some(match verdict {
        Some(Verdict::NoDifference) => format!("{} is no different.", next.candidate.id),
        _ if times < 1.0 => format!(
            "{} is {:.1} times faster, but its vectors are others.",
            next.candidate.id,
            1.0 / times
        ),
        _ => format!("That is {times:.1} times as fast as {}.", next.candidate.id),
    })
}

/// What a faster candidate costs in quality.
fn lossy(ranking: &[Best<'_>], best: &Best<'_>) -> Option<String> {
    let faster = ranking.first()?;
    let quality = faster.candidate.quality.as_ref()?;
    if faster.candidate.id == best.candidate.id {
        return None;
    }
    Some(format!(
        "{} makes {} a second, but its vectors agree with {} only to a cosine of {:.3} (at worst {:.3}).",
        faster.candidate.id,
        rate(faster.images_per_second),
        quality.reference,
        quality.cosine_mean,
        quality.cosine_min
    ))
}

/// What batches bring.
fn batches(candidate: &Candidate) -> Option<String> {
    let at = |batch: usize| {
        candidate
            .scenarios
            .iter()
            .find(|scenario| scenario.scenario == ScenarioKind::Offline && scenario.batch == batch)?
            .images_per_second
    };
    let best = ranking_of(candidate)?;
    let gain = best.1 / at(1)?;
    Some(if gain < 1.05 {
        "Batches bring nothing.".to_owned()
    } else {
        format!(
            "Batches of {} bring {} over single photos.",
            best.0,
            percent(gain - 1.0)
        )
    })
}

fn ranking_of(candidate: &Candidate) -> Option<(usize, f64)> {
    candidate
        .scenarios
        .iter()
        .filter(|scenario| scenario.scenario == ScenarioKind::Offline)
        .filter_map(|scenario| Some((scenario.batch, scenario.images_per_second?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// How long the folder takes, and what it waits for.
fn time(run: &Run, best: &Best<'_>) -> Option<String> {
    let seconds = predicted_seconds(run, best)?;
    let photos = run.workload.library_photos?;
    let stages = &best.scenario.stages_ms;
    #[expect(clippy::cast_precision_loss, reason = "a count of cores")]
    let cores = run.machine.cores.unwrap_or(1).max(1) as f64;
    let decoding = (stages.read? + stages.decode? + stages.preprocess?) / 1e3 / cores;
    let slower = if decoding > 1.0 / best.images_per_second {
        "reading and decoding take the larger part"
    } else {
        "the model takes the larger part"
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of photos")]
    let photos = grouped(photos as f64, 0);
    Some(format!(
        "The {photos} photos of this folder would take about {}; {slower}.",
        duration(seconds)
    ))
}

fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} seconds")
    } else if seconds < 5400.0 {
        format!("{:.0} minutes", seconds / 60.0)
    } else {
        format!("{:.1} hours", seconds / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::reference::Reference;
    use crate::bench::schema::{Latency, Quality, Stages};

    fn candidate(id: &str, rates: &[(usize, f64)], cosine: f64) -> Candidate {
        Candidate {
            id: id.to_owned(),
            engine: "onnxruntime".to_owned(),
            provider: Some("cpu".to_owned()),
            model: Some("m".to_owned()),
            available: true,
            scenarios: rates
                .iter()
                .map(|&(batch, rate)| {
                    let mut scenario = Scenario::new(ScenarioKind::Offline, batch);
                    scenario.concurrency = Some(1);
                    scenario.images_per_second = Some(rate);
                    scenario.stages_ms = Stages {
                        read: Some(2.0),
                        decode: Some(20.0),
                        preprocess: Some(2.0),
                        ..Stages::default()
                    };
                    scenario
                })
                .collect(),
            quality: Some(Quality {
                reference: "r".to_owned(),
                cosine_mean: cosine,
                cosine_min: cosine - 0.1,
                recall_at_10: None,
                groups_changed: None,
            }),
            ..Candidate::default()
        }
    }

    fn run(candidates: Vec<Candidate>) -> Run {
        let mut run = Reference::load().unwrap().runs[0].clone();
        run.candidates = candidates;
        run.machine.cores = Some(2);
        run.workload.library_photos = Some(10_000);
        run
    }

    #[test]
    fn it_names_the_best_way_its_lead_its_batch_and_the_time_for_the_folder() {
        let run = run(vec![
            candidate("slow", &[(1, 40.0), (8, 50.0)], 1.0),
            candidate("fast", &[(1, 100.0), (8, 200.0)], 1.0),
        ]);
        assert_eq!(
            finding(&run),
            "The fastest way here is fast with batches of 8: 200 photos a second. \
             That is 4.0 times as fast as slow. \
             Batches of 8 bring 100.0% over single photos. \
             The 10,000 photos of this folder would take about 3 minutes; \
             reading and decoding take the larger part."
        );
    }

    #[test]
    fn a_faster_way_with_other_vectors_is_named_with_what_it_costs() {
        let run = run(vec![
            candidate("int8", &[(1, 400.0)], 0.9),
            candidate("f32", &[(1, 100.0)], 1.0),
        ]);
        let finding = finding(&run);
        assert!(
            finding.starts_with("The fastest way here is f32 with one photo"),
            "{finding}"
        );
        assert!(
            finding.contains("int8 makes 400 a second, but"),
            "{finding}"
        );
        assert!(
            finding.contains("only to a cosine of 0.900 (at worst 0.800)"),
            "{finding}"
        );
        assert!(finding.contains("Batches bring nothing."), "{finding}");
    }

    #[test]
    fn a_server_that_waits_for_the_network_is_told_what_to_send() {
        let mut remote = candidate("server", &[(1, 5.0)], 1.0);
        remote.engine = "remote".to_owned();
        remote.payload = Some("binary-f32".to_owned());
        let mut scenario = Scenario::new(ScenarioKind::SingleStream, 1);
        scenario.stages_ms.network = Some(167.8);
        scenario.stages_ms.compute = Some(4.4);
        scenario.latency_ms = Some(Latency {
            mean: Some(182.9),
            ..Latency::default()
        });
        remote.scenarios.push(scenario);
        let finding = finding(&run(vec![remote]));
        assert!(
            finding.contains("server is network-bound: 91.7% of its time is transfer; send 8-bit"),
            "{finding}"
        );
    }

    #[test]
    fn of_nothing_it_says_so() {
        assert!(finding(&run(Vec::new())).starts_with("Nothing could be measured"));
        let mut stopped = candidate("stopped", &[], 1.0);
        let single = Scenario::new(ScenarioKind::SingleStream, 1);
        stopped.scenarios.push(single);
        assert!(finding(&run(vec![stopped])).ends_with("with batches, and none was measured."));
    }
}
