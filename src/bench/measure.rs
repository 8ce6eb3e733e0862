//! One candidate through all that is measured of it.

mod local;
mod remote;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use self::local::Local;
use self::remote::RemoteSubject;
use super::candidates::{Choice, Way};
use super::load::{self, Attempt, Outcome, Pacing, Service};
use super::plan::{ATTEMPTS, Plan, Step};
use super::probe::{Probe, Usage};
use super::schema::{Candidate, Missing, Operator, Scenario, ScenarioKind, Stages};
use super::workload::Workload;
use super::{BenchError, Event, milliseconds};
use crate::embed::Embedding;

/// Of the arrivals of open loops.
const SEED: u64 = 1;

/// A way of embedding while it is measured.
trait Subject {
    /// Whether it is elsewhere.
    fn is_server(&self) -> bool;

    /// From nothing to the vectors of all pictures; fills in what is learned of the candidate.
    /// No vectors if the user cancelled before the last one.
    ///
    /// # Errors
    /// Why it cannot run.
    fn cold_start(
        &mut self,
        candidate: &mut Candidate,
        cancel: &AtomicBool,
    ) -> Result<Vec<Embedding>, String>;

    /// Gets ready for a step with so many callers.
    ///
    /// # Errors
    /// [`Unready`].
    fn get_ready(&mut self, step: Step, callers: usize) -> Result<(), Unready>;

    /// Requests of this many pictures that keep it busy.
    fn at_once(&self, batch: usize) -> usize;

    /// Requests that may be under way in an open loop.
    fn open_callers(&self) -> usize;

    /// The requests of a step that it is ready for; `None` if it is not.
    fn requests(&self, step: Step) -> Option<Box<dyn Service + '_>>;

    /// Fills in what it knows of the load that has just ended: where the time went, given the means
    /// that the callers saw, and what was sent.
    fn account(&mut self, scenario: &mut Scenario, stages: &Stages);

    /// Why the last load was broken off, if it was.
    fn lost(&self) -> Option<String> {
        None
    }

    /// Where the model's time goes, or why that is not known; `None` where nobody expects it.
    fn operators(&self) -> Option<Result<Vec<Operator>, String>>;

    /// Figures that it could not give, with the reasons.
    fn lacks(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Why a step is not measured.
enum Unready {
    /// It cannot be, with the reason.
    Step(String),
    /// Nothing can be.
    Run(BenchError),
}

impl From<BenchError> for Unready {
    fn from(error: BenchError) -> Self {
        Self::Run(error)
    }
}

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
        let subject = match choice.obstacle {
            Some(_) => None,
            None => self.subject(choice),
        };
        if let Some(mut subject) = subject {
            match subject.cold_start(&mut candidate, self.cancel) {
                Ok(found) => vectors = found,
                Err(reason) => candidate.reason = Some(reason),
            }
            candidate.available = candidate.reason.is_none();
            if candidate.available {
                self.scenarios(subject.as_mut(), &mut candidate)?;
                self.operators(subject.as_ref(), &mut candidate);
                for (figure, reason) in subject.lacks() {
                    self.lacks(format!("{}: {figure}", candidate.id), reason);
                }
            }
        }
        Ok(Measured { candidate, vectors })
    }

    /// What is to be measured; `None` where a server was never found.
    fn subject<'c>(&self, choice: &'c Choice) -> Option<Box<dyn Subject + 'c>>
    where
        Self: 'c,
    {
        let inputs = self.workload.inputs(choice.preprocessing());
        match &choice.way {
            Way::Local { engine, provider } => Some(Box::new(Local::new(
                *engine,
                *provider,
                &choice.model,
                self.plan,
                inputs,
            ))),
            Way::Server(remote) => RemoteSubject::new(remote, &choice.model, self.plan, inputs)
                .map(|subject| Box::new(subject) as Box<dyn Subject>),
        }
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

    /// All steps of the plan, until the user stops or the time is over.
    fn scenarios(
        &mut self,
        subject: &mut dyn Subject,
        candidate: &mut Candidate,
    ) -> Result<(), BenchError> {
        let begun = Instant::now();
        for step in self.plan.steps(subject.is_server()) {
            if self.is_cancelled() {
                break;
            }
            let figure = format!("{}: {}", candidate.id, name(step));
            if begun.elapsed() >= 2 * self.plan.candidate_limit {
                self.lacks(figure, "the time for a candidate was over");
                continue;
            }
            if let Some(reason) = &candidate.reason {
                self.lacks(figure, reason.clone());
                continue;
            }
            let callers = callers(step, subject);
            match subject.get_ready(step, callers) {
                Ok(()) => {}
                Err(Unready::Run(error)) => return Err(error),
                Err(Unready::Step(reason)) => {
                    if subject.lost().is_some() {
                        candidate.reason = Some(reason.clone());
                    }
                    self.lacks(figure, reason);
                    continue;
                }
            }
            let scenario = self.step(step, subject, candidate)?;
            if let Some(reason) = subject.lost() {
                self.lacks(figure, reason);
            }
            if let Some(scenario) = scenario {
                (self.watch)(Event::Measured {
                    candidate: &candidate.id,
                    scenario: &scenario,
                });
                candidate.scenarios.push(scenario);
            }
        }
        Ok(())
    }

    /// One step; `None` if nothing came of it.
    fn step(
        &mut self,
        step: Step,
        subject: &mut dyn Subject,
        candidate: &Candidate,
    ) -> Result<Option<Scenario>, BenchError> {
        let best = candidate
            .scenarios
            .iter()
            .filter(|scenario| scenario.scenario == ScenarioKind::ServerClosed)
            .filter_map(|scenario| scenario.images_per_second)
            .reduce(f64::max);
        let callers = callers(step, subject);
        let pacing = match step {
            Step::Single | Step::MultiStream | Step::Offline(_) | Step::Closed(_) => {
                Pacing::Closed { callers }
            }
            Step::Open(share) => match best {
                Some(best) => open_at(best * share, callers),
                None => return Ok(None),
            },
            Step::Search => return self.search(subject, candidate, best),
        };
        self.load(step, pacing, subject)
    }

    /// The highest rate at which the 99th percentile stays within the limit.
    fn search(
        &mut self,
        subject: &mut dyn Subject,
        candidate: &Candidate,
        best: Option<f64>,
    ) -> Result<Option<Scenario>, BenchError> {
        let Some(best) = best else {
            return Ok(None);
        };
        let limit_ms = milliseconds(self.plan.latency_limit);
        let callers = callers(Step::Search, subject);
        let mut kept: Option<Scenario> = None;
        load::highest_rate(best, ATTEMPTS, |rate| {
            let Some(scenario) = self.load(Step::Search, open_at(rate, callers), subject)? else {
                return Ok(Attempt::Cancelled);
            };
            if self.is_cancelled() || subject.lost().is_some() {
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
            None if !self.is_cancelled() && subject.lost().is_none() => {
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
        subject: &mut dyn Subject,
    ) -> Result<Option<Scenario>, BenchError> {
        let mut scenario = Scenario::new(step.kind(), step.batch());
        match pacing {
            Pacing::Closed { callers } => scenario.concurrency = Some(callers),
            Pacing::Open { rate, .. } => scenario.rate = Some(rate),
        }
        let title = scenario.title();
        (self.watch)(Event::Scenario(&title));
        let timing = self.plan.timing(subject.is_server());
        let replicas = if subject.is_server() {
            1
        } else {
            subject.at_once(step.batch())
        };
        let replicas = u32::try_from(replicas).ok();
        let Some(requests) = subject.requests(step) else {
            return Ok(None);
        };
        self.probe.begin();
        let (probe, watch) = (&mut *self.probe, &mut *self.watch);
        let outcome = load::run(
            requests.as_ref(),
            pacing,
            &timing,
            self.cancel,
            &mut |window| {
                window.cpu_percent = probe.sample();
                window.replicas = replicas;
                watch(Event::Window(window));
            },
        )
        .map_err(BenchError::Thread)?;
        let usage = self.probe.end();
        drop(requests);
        // Of a server that was lost something was measured if there was one answer.
        if outcome.requests == 0 || (subject.lost().is_some() && outcome.requests == outcome.errors)
        {
            return Ok(None);
        }
        let stages = outcome.stages;
        self.fill(&mut scenario, outcome, usage);
        subject.account(&mut scenario, &stages);
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
        scenario.stages_ms = self.workload.stages;
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

    fn operators(&mut self, subject: &dyn Subject, candidate: &mut Candidate) {
        if self.is_cancelled() {
            return;
        }
        match subject.operators() {
            Some(Ok(operators)) => candidate.operators = operators,
            Some(Err(reason)) => self.lacks(format!("{}: operators", candidate.id), reason),
            None => {}
        }
    }
}

/// Callers of a step.
fn callers(step: Step, subject: &dyn Subject) -> usize {
    match step {
        Step::Single | Step::MultiStream => 1,
        Step::Offline(batch) => subject.at_once(batch),
        Step::Closed(callers) => callers,
        Step::Open(_) | Step::Search => subject.open_callers(),
    }
}

fn open_at(rate: f64, callers: usize) -> Pacing {
    Pacing::Open {
        rate,
        callers,
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
    let known = match &choice.way {
        Way::Local { engine, provider } => Candidate {
            engine: engine.name().to_owned(),
            provider: Some(provider.name().to_owned()),
            model: Some(choice.model.name.clone()),
            precision: Some(choice.model.precision.name().to_owned()),
            payload: Some("rgb8".to_owned()),
            ..Candidate::default()
        },
        Way::Server(remote) => remote::describe(remote, &choice.model),
    };
    Candidate {
        id: choice.id(),
        available: false,
        reason: choice.obstacle.clone(),
        ..known
    }
}
