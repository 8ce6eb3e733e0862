//! One candidate through all that is measured of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::candidates::{Choice, Engine};
use super::load::{self, Attempt, Outcome, Pacing};
use super::local::LocalService;
use super::operators;
use super::plan::{ATTEMPTS, Plan, Step};
use super::probe::{Probe, Usage};
use super::schema::{Candidate, Missing, Scenario, ScenarioKind, Stages};
use super::statistics::summary;
use super::workload::Workload;
use super::{BenchError, Event};
use crate::embed::{
    self, EmbedError, Embedder, Embedding, EngineInfo, EngineRequest, ModelInput, onnxruntime,
};

/// Sessions that are created to know how long that takes.
const SESSIONS: usize = 3;

/// A session that takes longer than this is created once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pictures and runs of the operator profile.
const PROFILED: (usize, usize) = (8, 4);

/// Requests that may be under way in an open loop.
const OPEN_CALLERS: usize = 128;

/// Of the arrivals of open loops.
const SEED: u64 = 1;

/// What a measurement is done with.
pub(super) struct Measuring<'a> {
    pub(super) plan: &'a Plan,
    pub(super) workload: &'a Workload,
    pub(super) probe: &'a mut Probe,
    pub(super) cancel: &'a AtomicBool,
    pub(super) watch: &'a mut dyn FnMut(Event<'_>),
    /// Of the run.
    pub(super) began: Instant,
    pub(super) missing: &'a mut Vec<Missing>,
}

/// A candidate with its vectors of the workload, which its quality is judged by.
pub(super) struct Measured {
    pub(super) candidate: Candidate,
    pub(super) vectors: Vec<Embedding>,
}

impl Measuring<'_> {
    /// Measures a candidate. One that cannot run is not available, with the reason.
    pub(super) fn candidate(&mut self, choice: &Choice) -> Result<Measured, BenchError> {
        let mut candidate = describe(choice);
        let mut vectors = Vec::new();
        if choice.obstacle.is_none() {
            match self.cold_start(choice, &mut candidate) {
                Ok(found) => vectors = found,
                Err(error) => candidate.reason = Some(error.to_string()),
            }
            candidate.available = candidate.reason.is_none();
        }
        if candidate.available {
            self.scenarios(choice, &mut candidate)?;
            self.operators(choice, &mut candidate);
        }
        Ok(Measured { candidate, vectors })
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    fn lacks(&mut self, figure: String, reason: impl Into<String>) {
        self.missing.push(Missing {
            figure,
            reason: reason.into(),
        });
    }

    /// The pictures at the model's size.
    fn inputs(&self, choice: &Choice) -> &[ModelInput] {
        self.workload.inputs(&choice.model.preprocessing)
    }

    /// Opens the engine, runs the first batch and then all pictures.
    fn cold_start(
        &mut self,
        choice: &Choice,
        candidate: &mut Candidate,
    ) -> Result<Vec<Embedding>, EmbedError> {
        let begun = Instant::now();
        let (mut embedders, info) = self.open(choice, None)?;
        let mut sessions = vec![milliseconds(begun.elapsed())];
        candidate.runtime = Some(info.runtime);
        candidate.cold_start_ms.session = sessions.first().copied();
        let mut vectors = Vec::new();
        if let Some(embedder) = embedders.first_mut() {
            let size = embedder.batch_size();
            for (number, batch) in self.inputs(choice).chunks(size).enumerate() {
                if number > 0 && self.is_cancelled() {
                    // Half of the vectors say nothing of the quality.
                    vectors.clear();
                    break;
                }
                let begun = Instant::now();
                vectors.extend(embedder.embed(batch)?);
                if number == 0 {
                    candidate.cold_start_ms.first_batch = Some(milliseconds(begun.elapsed()));
                }
            }
        }
        drop(embedders);
        let is_quick = sessions
            .iter()
            .all(|session| *session < milliseconds(PATIENCE));
        while is_quick && sessions.len() < SESSIONS && !self.is_cancelled() {
            let begun = Instant::now();
            self.open(choice, None)?;
            sessions.push(milliseconds(begun.elapsed()));
        }
        candidate.cold_start_ms.sessions = Some(summary(&sessions));
        Ok(vectors)
    }

    /// The engine's embedders, for its usual batch or this one.
    fn open(
        &self,
        choice: &Choice,
        batch: Option<usize>,
    ) -> Result<(Vec<Box<dyn Embedder>>, EngineInfo), EmbedError> {
        match choice.engine {
            Engine::Embedded => {
                let opened = embed::open(&self.request(choice), &choice.model)?;
                Ok((opened.embedders, opened.engine))
            }
            Engine::OnnxRuntime => {
                let request = self.request(choice);
                let embedder = match batch {
                    None => onnxruntime::open(&request, &choice.model)?,
                    Some(batch) => onnxruntime::open_with_batch(&request, &choice.model, batch)?,
                };
                let info = embedder.engine().clone();
                Ok((vec![embedder], info))
            }
        }
    }

    fn request(&self, choice: &Choice) -> EngineRequest {
        EngineRequest {
            engine: choice.engine.choice(),
            provider: choice.provider,
            threads: self.plan.threads,
            library: self.plan.library.clone(),
            ..EngineRequest::default()
        }
    }

    /// All steps of the plan, until the user stops or the time is over.
    fn scenarios(&mut self, choice: &Choice, candidate: &mut Candidate) -> Result<(), BenchError> {
        let begun = Instant::now();
        let mut service: Option<(usize, LocalService)> = None;
        for step in self.plan.steps() {
            if self.is_cancelled() {
                break;
            }
            if begun.elapsed() >= 2 * self.plan.candidate_limit {
                let figure = format!("{}: {}", candidate.id, name(step));
                self.lacks(figure, "the time for a candidate was over");
                continue;
            }
            // The built-in engine takes any batch; ONNX Runtime is opened for each.
            let is_fit = |size: usize| choice.engine == Engine::Embedded || size == step.batch();
            let fit = service.take().filter(|(size, _)| is_fit(*size));
            let (size, open) = match fit {
                Some(fit) => fit,
                None => match self.open(choice, Some(step.batch())) {
                    Ok((embedders, _)) => {
                        let inputs = self.inputs(choice);
                        let most = self.plan.largest_batch();
                        (step.batch(), LocalService::start(embedders, inputs, most)?)
                    }
                    Err(error) => {
                        let figure = format!("{}: {}", candidate.id, name(step));
                        self.lacks(figure, error.to_string());
                        continue;
                    }
                },
            };
            if let Some(mut scenario) = self.step(step, &open, candidate)? {
                scenario.payload_bytes_per_image = Some(payload_bytes(choice));
                (self.watch)(Event::Measured {
                    candidate: &candidate.id,
                    scenario: &scenario,
                });
                candidate.scenarios.push(scenario);
            }
            service = Some((size, open));
        }
        Ok(())
    }

    /// One step; `None` if nothing came of it.
    fn step(
        &mut self,
        step: Step,
        service: &LocalService,
        candidate: &Candidate,
    ) -> Result<Option<Scenario>, BenchError> {
        let best = candidate
            .scenarios
            .iter()
            .filter(|scenario| scenario.scenario == ScenarioKind::ServerClosed)
            .filter_map(|scenario| scenario.images_per_second)
            .reduce(f64::max);
        let pacing = match step {
            Step::Single | Step::MultiStream => Pacing::Closed { callers: 1 },
            Step::Offline(_) => Pacing::Closed {
                callers: service.workers(),
            },
            Step::Closed(callers) => Pacing::Closed { callers },
            Step::Open(share) => match best {
                Some(best) => open_at(best * share),
                None => return Ok(None),
            },
            Step::Search => return self.search(service, candidate, best),
        };
        self.load(step, pacing, service)
    }

    /// The highest rate at which the 99th percentile stays within the limit.
    fn search(
        &mut self,
        service: &LocalService,
        candidate: &Candidate,
        best: Option<f64>,
    ) -> Result<Option<Scenario>, BenchError> {
        let Some(best) = best else {
            return Ok(None);
        };
        let limit_ms = milliseconds(self.plan.latency_limit);
        let mut kept: Option<Scenario> = None;
        load::highest_rate(best, ATTEMPTS, |rate| {
            let Some(scenario) = self.load(Step::Search, open_at(rate), service)? else {
                return Ok(Attempt::Cancelled);
            };
            if self.is_cancelled() {
                return Ok(Attempt::Cancelled);
            }
            let p99 = scenario.latency_ms.as_ref().and_then(|latency| latency.p99);
            let is_kept = scenario.errors == Some(0) && p99.is_some_and(|p99| p99 <= limit_ms);
            if !is_kept {
                return Ok::<_, BenchError>(Attempt::Missed);
            }
            kept = Some(scenario);
            Ok(Attempt::Kept)
        })?;
        match &mut kept {
            Some(scenario) => {
                scenario.note = Some(format!(
                    "the highest rate at which 99 % of the answers come within {limit_ms:.0} ms"
                ));
            }
            None if !self.is_cancelled() => {
                let figure = format!("{}: highest rate", candidate.id);
                let reason = format!(
                    "at none of {ATTEMPTS} rates came 99 % of the answers within {limit_ms:.0} ms"
                );
                self.lacks(figure, reason);
            }
            None => {}
        }
        Ok(kept)
    }

    /// One load, with what it took of the machine.
    fn load(
        &mut self,
        step: Step,
        pacing: Pacing,
        service: &LocalService,
    ) -> Result<Option<Scenario>, BenchError> {
        let mut scenario = Scenario::new(step.kind(), step.batch());
        match pacing {
            Pacing::Closed { callers } => scenario.concurrency = Some(callers),
            Pacing::Open { rate, .. } => scenario.rate = Some(rate),
        }
        let title = scenario.title();
        (self.watch)(Event::Scenario(&title));
        let requests = service.requests(step.batch(), step == Step::MultiStream);
        let workers = u32::try_from(service.workers()).ok();
        self.probe.begin();
        let (probe, watch) = (&mut *self.probe, &mut *self.watch);
        let outcome = load::run(
            &requests,
            pacing,
            &self.plan.timing(),
            self.cancel,
            &mut |window| {
                window.cpu_percent = probe.sample();
                window.replicas = workers;
                watch(Event::Window(window));
            },
        )
        .map_err(BenchError::Thread)?;
        let usage = self.probe.end();
        if outcome.requests == 0 {
            return Ok(None);
        }
        self.fill(&mut scenario, outcome, usage);
        Ok(Some(scenario))
    }

    fn fill(&self, scenario: &mut Scenario, outcome: Outcome, usage: Usage) {
        let rate = outcome.images_per_second();
        #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
        let within = outcome.latencies.within(self.plan.latency_limit) as f64
            / outcome.latencies.count().max(1) as f64;
        let power: Option<f64> = match usage.gpus.as_slice() {
            [] => None,
            gpus => gpus.iter().map(|gpu| gpu.power_w).sum(),
        };
        let per_1000 = |per_second: f64| rate.map(|rate| per_second / rate * 1000.0);
        scenario.stable = Some(outcome.stable);
        scenario.latency_ms = Some(outcome.latencies.summary());
        scenario.images_per_second = rate;
        scenario.goodput = rate.map(|rate| rate * within);
        scenario.errors = Some(outcome.errors);
        scenario.samples_ms = outcome.samples_ms;
        scenario.stages_ms = Stages {
            queue: outcome.stages.queue,
            compute: outcome.stages.compute,
            ..self.workload.stages
        };
        scenario.cpu_percent = usage.cpu_percent;
        scenario.memory_bytes = usage.memory_bytes;
        scenario.gpus = usage.gpus;
        scenario.cost_per_1000 = self
            .plan
            .price_per_hour
            .and_then(|price| per_1000(price / 3600.0));
        scenario.energy_j_per_1000 = power.and_then(per_1000);
        scenario.requests = Some(outcome.requests);
        scenario.seconds = Some(outcome.seconds);
        scenario.at_s = Some((self.began.elapsed().as_secs_f64() - outcome.seconds).max(0.0));
        scenario.windows = outcome.windows;
        scenario.note = match (outcome.cancelled, outcome.first_error) {
            (true, _) => Some("stopped by the user".to_owned()),
            (false, error) => error.map(|error| format!("the first error: {error}")),
        };
    }

    fn operators(&mut self, choice: &Choice, candidate: &mut Candidate) {
        let figure = format!("{}: operators", candidate.id);
        if choice.engine == Engine::Embedded {
            self.lacks(figure, "the built-in engine does not hand its timing on");
            return;
        }
        if self.is_cancelled() {
            return;
        }
        let (pictures, runs) = PROFILED;
        let inputs = self.inputs(choice);
        let inputs = inputs.get(..pictures.min(inputs.len())).unwrap_or_default();
        let profile = onnxruntime::profile(&self.request(choice), &choice.model, inputs, runs)
            .map_err(|error| error.to_string())
            .and_then(|profile| operators::parse(&profile).map_err(|error| error.to_string()));
        match profile {
            Ok(operators) => candidate.operators = operators,
            Err(reason) => self.lacks(figure, reason),
        }
    }
}

fn open_at(rate: f64) -> Pacing {
    Pacing::Open {
        rate,
        callers: OPEN_CALLERS,
        seed: SEED,
    }
}

/// A step's name where it was not measured.
fn name(step: Step) -> String {
    match step {
        Step::Offline(batch) => format!("{}, batch {batch}", step.kind().name()),
        Step::Closed(callers) => format!("{}, {callers} at once", step.kind().name()),
        Step::Search => "highest rate".to_owned(),
        other => other.kind().name().to_owned(),
    }
}

/// What is known before anything was measured.
fn describe(choice: &Choice) -> Candidate {
    Candidate {
        id: choice.id(),
        engine: choice.engine.name().to_owned(),
        provider: Some(choice.provider.name().to_owned()),
        model: Some(choice.model.name.clone()),
        precision: Some(choice.model.precision.name().to_owned()),
        payload: Some("rgb8".to_owned()),
        available: false,
        reason: choice.obstacle.clone(),
        ..Candidate::default()
    }
}

/// Pictures are handed over as 8-bit RGB.
fn payload_bytes(choice: &Choice) -> f64 {
    let side = f64::from(choice.model.preprocessing.size);
    side * side * 3.0
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
