//! An engine of this machine under measurement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Subject, Unready, milliseconds};
use crate::bench::candidates::Engine;
use crate::bench::load::Service;
use crate::bench::local::LocalService;
use crate::bench::operators;
use crate::bench::plan::{Plan, Step};
use crate::bench::schema::{Candidate, Operator, Scenario, Stages};
use crate::bench::statistics::summary;
use crate::embed::{
    self, EmbedError, Embedder, Embedding, EngineInfo, EngineRequest, ModelInput, ModelRecord,
    Provider, onnxruntime,
};

/// Sessions that are created to know how long that takes.
const SESSIONS: usize = 3;

/// A session that takes longer than this is created once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pictures and runs of the operator profile.
const PROFILED: (usize, usize) = (8, 4);

/// Requests that may be under way in an open loop.
const OPEN_CALLERS: usize = 128;

/// One engine with a provider and a model.
pub(super) struct Local<'a> {
    engine: Engine,
    request: EngineRequest,
    model: &'a ModelRecord,
    inputs: &'a [ModelInput],
    largest_batch: usize,
    /// What is open, and for which batch.
    open: Option<(usize, LocalService)>,
}

impl<'a> Local<'a> {
    pub(super) fn new(
        engine: Engine,
        provider: Provider,
        model: &'a ModelRecord,
        plan: &Plan,
        inputs: &'a [ModelInput],
    ) -> Self {
        Self {
            engine,
            request: EngineRequest {
                engine: engine.choice(),
                provider,
                threads: plan.threads,
                library: plan.library.clone(),
                ..EngineRequest::default()
            },
            model,
            inputs,
            largest_batch: plan.largest_batch(),
            open: None,
        }
    }

    /// The engine's embedders, for its usual batch or this one.
    fn open(
        &self,
        batch: Option<usize>,
    ) -> Result<(Vec<Box<dyn Embedder>>, EngineInfo), EmbedError> {
        match self.engine {
            Engine::Embedded => {
                let opened = embed::open(&self.request, self.model)?;
                Ok((opened.embedders, opened.engine))
            }
            Engine::OnnxRuntime => {
                let embedder = match batch {
                    None => onnxruntime::open(&self.request, self.model)?,
                    Some(batch) => onnxruntime::open_with_batch(&self.request, self.model, batch)?,
                };
                let info = embedder.engine().clone();
                Ok((vec![embedder], info))
            }
        }
    }

    /// Opens the engine, runs the first batch and then all pictures.
    fn start(
        &self,
        candidate: &mut Candidate,
        cancel: &AtomicBool,
    ) -> Result<Vec<Embedding>, EmbedError> {
        let is_cancelled = || cancel.load(Ordering::Relaxed);
        let begun = Instant::now();
        let (mut embedders, info) = self.open(None)?;
        let mut sessions = vec![milliseconds(begun.elapsed())];
        candidate.runtime = Some(info.runtime);
        candidate.cold_start_ms.session = sessions.first().copied();
        let mut vectors = Vec::new();
        if let Some(embedder) = embedders.first_mut() {
            let size = embedder.batch_size();
            for (number, batch) in self.inputs.chunks(size).enumerate() {
                if number > 0 && is_cancelled() {
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
        while is_quick && sessions.len() < SESSIONS && !is_cancelled() {
            let begun = Instant::now();
            self.open(None)?;
            sessions.push(milliseconds(begun.elapsed()));
        }
        candidate.cold_start_ms.sessions = Some(summary(&sessions));
        Ok(vectors)
    }
}

impl Subject for Local<'_> {
    fn is_server(&self) -> bool {
        false
    }

    fn cold_start(
        &mut self,
        candidate: &mut Candidate,
        cancel: &AtomicBool,
    ) -> Result<Vec<Embedding>, String> {
        self.start(candidate, cancel)
            .map_err(|error| error.to_string())
    }

    /// The built-in engine takes any batch; ONNX Runtime is opened for each.
    fn get_ready(&mut self, step: Step, _callers: usize) -> Result<(), Unready> {
        let batch = step.batch();
        let is_fit = |size: usize| self.engine == Engine::Embedded || size == batch;
        if self.open.as_ref().is_some_and(|(size, _)| is_fit(*size)) {
            return Ok(());
        }
        // The memory of the last one first.
        self.open = None;
        let (embedders, _) = self
            .open(Some(batch))
            .map_err(|error| Unready::Step(error.to_string()))?;
        let service = LocalService::start(embedders, self.inputs, self.largest_batch)?;
        self.open = Some((batch, service));
        Ok(())
    }

    fn at_once(&self, _batch: usize) -> usize {
        match &self.open {
            Some((_, service)) => service.workers(),
            // ONNX Runtime has one embedder, with threads of its own.
            None if self.engine == Engine::OnnxRuntime => 1,
            None => self.request.threads,
        }
    }

    fn open_callers(&self) -> usize {
        OPEN_CALLERS
    }

    fn requests(&self, step: Step) -> Option<Box<dyn Service + '_>> {
        let (_, service) = self.open.as_ref()?;
        Some(Box::new(
            service.requests(step.batch(), step == Step::MultiStream),
        ))
    }

    /// Pictures are handed over as 8-bit RGB.
    fn account(&mut self, scenario: &mut Scenario, stages: &Stages) {
        let side = f64::from(self.model.preprocessing.size);
        scenario.payload_bytes_per_image = Some(side * side * 3.0);
        scenario.stages_ms.queue = stages.queue;
        scenario.stages_ms.compute = stages.compute;
        scenario.stages_ms.receive = stages.receive;
    }

    fn operators(&self) -> Option<Result<Vec<Operator>, String>> {
        if self.engine == Engine::Embedded {
            let reason = "the built-in engine does not hand its timing on";
            return Some(Err(reason.to_owned()));
        }
        let (pictures, runs) = PROFILED;
        let inputs = self
            .inputs
            .get(..pictures.min(self.inputs.len()))
            .unwrap_or_default();
        let profile = onnxruntime::profile(&self.request, self.model, inputs, runs);
        let profile = profile.map_err(|error| error.to_string());
        Some(
            profile
                .and_then(|profile| operators::parse(&profile).map_err(|error| error.to_string())),
        )
    }
}
