//! A server under measurement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{Subject, Unready, milliseconds};
use crate::bench::BenchError;
use crate::bench::candidates::Remote;
use crate::bench::load::Service;
use crate::bench::plan::{Plan, Step};
use crate::bench::remote::{self, Counted, NotReady, RemoteService};
use crate::bench::schema::{Candidate, Operator, Scenario, Server, Stages};
use crate::bench::statistics::summary;
use crate::embed::remote::{
    CallError, CallErrorKind, Connection, Endpoint, NAME, Payload, Protocol,
};
use crate::embed::{Embedding, ModelInput, ModelRecord};

/// How often it is found and connected to, to know how long that takes.
const SESSIONS: usize = 3;

/// Offline, at most so many requests are on their way, as in a scan ...
const REQUESTS: usize = 16;
/// ... and at most so many pictures, which are 100 MB as JSON.
const PICTURES: usize = 64;

/// Requests that may be under way in an open loop.
const OPEN_CALLERS: usize = 128;

/// From this share of requests by others on, the server's figures are not those of this load.
const FOREIGN: f64 = 0.1;

/// One server in one protocol and payload.
pub(super) struct RemoteSubject<'a> {
    remote: &'a Remote,
    model: &'a ModelRecord,
    endpoint: &'a Endpoint,
    inputs: &'a [ModelInput],
    largest_batch: usize,
    service: Option<RemoteService>,
    /// Why the server's account is not known.
    no_account: Option<String>,
}

/// What is known before anything was measured.
pub(super) fn describe(remote: &Remote, model: &ModelRecord) -> Candidate {
    let Some(endpoint) = &remote.endpoint else {
        return Candidate {
            engine: NAME.to_owned(),
            address: Some(remote.server.url.clone()),
            model: Some(model.name.clone()),
            ..Candidate::default()
        };
    };
    let protocol = match endpoint.protocol {
        Protocol::KserveGrpc => "grpc",
        Protocol::Immich => "immich",
        _ => "http",
    };
    let form = match endpoint.protocol {
        Protocol::KserveHttp | Protocol::KserveGrpc => "binary",
        Protocol::KserveJson => "json",
        Protocol::EmbedBase64 => "base64",
        Protocol::EmbedMultipart | Protocol::Immich => "form",
    };
    let picture = match endpoint.payload {
        Payload::Uint8 => "u8",
        Payload::F16 => "f16",
        Payload::F32 => "f32",
        Payload::Jpeg => "jpeg",
        Payload::JpegFine => "jpeg-fine",
    };
    Candidate {
        engine: NAME.to_owned(),
        address: Some(endpoint.address.to_string()),
        runtime: Some(endpoint.software.clone()).filter(|software| !software.is_empty()),
        protocol: Some(protocol.to_owned()),
        model: Some(model.name.clone()),
        payload: Some(format!("{form}-{picture}")),
        ..Candidate::default()
    }
}

impl<'a> RemoteSubject<'a> {
    /// `None` if the server was never found.
    pub(super) fn new(
        remote: &'a Remote,
        model: &'a ModelRecord,
        plan: &Plan,
        inputs: &'a [ModelInput],
    ) -> Option<Self> {
        Some(Self {
            remote,
            model,
            endpoint: remote.endpoint.as_ref()?,
            inputs,
            largest_batch: plan.largest_batch(),
            service: None,
            no_account: None,
        })
    }

    /// Finds the server and opens a line to it, as every scan begins.
    fn connect(&self) -> Result<(Endpoint, Connection), CallError> {
        let endpoint = self.remote.discover(self.model)?;
        let mut line = Connection::new(&endpoint, self.remote.credentials.as_ref())?;
        line.open(remote::QUESTION)?;
        Ok((endpoint, line))
    }

    fn start(
        &self,
        candidate: &mut Candidate,
        cancel: &AtomicBool,
    ) -> Result<Vec<Embedding>, CallError> {
        let is_cancelled = || cancel.load(Ordering::Relaxed);
        let begun = Instant::now();
        let (endpoint, mut line) = self.connect()?;
        let mut sessions = vec![milliseconds(begun.elapsed())];
        if endpoint.preprocessing != self.endpoint.preprocessing {
            return Err(CallError::new(
                CallErrorKind::Refused,
                "its model has changed since it was looked at; start again",
            ));
        }
        candidate.cold_start_ms.session = sessions.first().copied();
        let mut vectors = Vec::new();
        let mut size = endpoint.usual_batch();
        while let Some(rest) = self
            .inputs
            .get(vectors.len()..)
            .filter(|rest| !rest.is_empty())
        {
            let is_first = vectors.is_empty();
            if !is_first && is_cancelled() {
                // Half of the vectors say nothing of the quality.
                vectors.clear();
                break;
            }
            let batch = rest.get(..size).unwrap_or(rest);
            let begun = Instant::now();
            match remote::insist(&mut line, batch) {
                // Not all servers tell what is too much for them.
                Err(error) if error.kind == CallErrorKind::TooLarge && batch.len() > 1 => {
                    size = batch.len() / 2;
                    continue;
                }
                answer => vectors.extend(answer?.vectors),
            }
            if is_first {
                candidate.cold_start_ms.first_batch = Some(milliseconds(begun.elapsed()));
            }
        }
        while sessions.len() < SESSIONS && !is_cancelled() {
            let begun = Instant::now();
            self.connect()?;
            sessions.push(milliseconds(begun.elapsed()));
        }
        candidate.cold_start_ms.sessions = Some(summary(&sessions));
        Ok(vectors)
    }

    /// What the server says of the load that has just ended.
    fn counted(&mut self) -> Option<Counted> {
        let counted = match self.service.as_ref()?.counted() {
            Ok(Some(counted)) if counted.statistics.requests > 0 => return Some(counted),
            Ok(Some(_)) => "the server counted no request meanwhile".to_owned(),
            Ok(None) => "the server does not tell where the time goes in it".to_owned(),
            Err(reason) => reason,
        };
        self.no_account.get_or_insert(counted);
        None
    }
}

impl Subject for RemoteSubject<'_> {
    fn is_server(&self) -> bool {
        true
    }

    fn cold_start(
        &mut self,
        candidate: &mut Candidate,
        cancel: &AtomicBool,
    ) -> Result<Vec<Embedding>, String> {
        self.start(candidate, cancel)
            .map_err(|error| error.to_string())
    }

    fn get_ready(&mut self, step: Step, callers: usize) -> Result<(), Unready> {
        let batch = step.batch();
        if let Some(limit) = self
            .endpoint
            .model
            .batch_limit
            .filter(|limit| *limit < batch)
        {
            let pictures = if limit == 1 { "picture" } else { "pictures" };
            return Err(Unready::Step(format!(
                "the server takes {limit} {pictures} a request"
            )));
        }
        let service = match &mut self.service {
            Some(service) => service,
            None => self.service.insert(RemoteService::new(
                self.endpoint.clone(),
                self.remote.credentials.clone(),
                self.inputs,
                self.largest_batch,
            )?),
        };
        service
            .get_ready(callers, batch)
            .map_err(|error| match error {
                NotReady::Server(error) => Unready::Step(error.to_string()),
                NotReady::Thread(error) => Unready::Run(BenchError::Thread(error)),
            })
    }

    fn at_once(&self, batch: usize) -> usize {
        (PICTURES / batch.max(1)).clamp(1, REQUESTS)
    }

    fn open_callers(&self) -> usize {
        OPEN_CALLERS
    }

    fn requests(&self, step: Step) -> Option<Box<dyn Service + '_>> {
        let service = self.service.as_ref()?;
        Some(Box::new(service.requests(step.batch())))
    }

    /// What the server says that it took is taken out of the wait for the answer: the rest was
    /// spent on the way.
    fn account(&mut self, scenario: &mut Scenario, stages: &Stages) {
        let counted = self.counted();
        scenario.payload_bytes_per_image = self
            .service
            .as_ref()
            .and_then(RemoteService::bytes_per_image);
        scenario.stages_ms.encode = stages.encode;
        scenario.stages_ms.receive = stages.receive;
        if let Some(counted) = counted {
            let server = tell(&counted);
            divide(stages, &server, &mut scenario.stages_ms);
            scenario.server = Some(server);
        } else {
            scenario.stages_ms.network = stages.network;
            // In a closed loop nothing waits on this side.
            scenario.stages_ms.queue = stages.queue.filter(|_| scenario.rate.is_some());
        }
        if !self.endpoint.address.is_loopback() {
            // Those of this machine had nothing to do with it.
            scenario.gpus.clear();
            scenario.energy_j_per_1000 = None;
        }
    }

    fn lost(&self) -> Option<String> {
        let reason = self.service.as_ref()?.lost()?;
        Some(format!("the server was lost: {reason}"))
    }

    /// A server tells nothing of the kind.
    fn operators(&self) -> Option<Result<Vec<Operator>, String>> {
        None
    }

    fn lacks(&self) -> Vec<(&'static str, String)> {
        let mut lacks = Vec::new();
        if let Some(reason) = &self.no_account {
            lacks.push((
                "server, stages_ms.queue, stages_ms.compute",
                format!("{reason}; what it took is part of stages_ms.network"),
            ));
        }
        if !self.endpoint.address.is_loopback() {
            lacks.push((
                "gpus, energy_j_per_1000",
                "the GPUs of a server cannot be asked from here".to_owned(),
            ));
        }
        if self.endpoint.software.is_empty() {
            lacks.push(("runtime", "the server does not tell what it is".to_owned()));
        }
        lacks
    }
}

/// The server's account, means a request.
fn tell(counted: &Counted) -> Server {
    let statistics = &counted.statistics;
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    let (requests, answers) = (statistics.requests as f64, counted.answers as f64);
    let mean = |sum: std::time::Duration| Some(milliseconds(sum) / requests);
    let foreign = 1.0 - answers / requests;
    Server {
        queue_ms: mean(statistics.queue),
        input_ms: mean(statistics.input),
        compute_ms: mean(statistics.compute),
        output_ms: mean(statistics.output),
        batch_mean: statistics.mean_batch(),
        executions: Some(statistics.executions),
        requests: Some(statistics.requests),
        request_ms: mean(statistics.whole),
        // A handful of requests that end just before or after is no other client.
        note: (foreign > FOREIGN && requests - answers > 16.0).then(|| {
            format!(
                "{:.0} % of the requests were of other clients, whose time is in these figures",
                foreign * 100.0
            )
        }),
    }
}

/// Divides the wait for an answer between the server and the way. The server counts other
/// requests too than those that were measured, a few at the ends of the measured time: what it says
/// cannot be more than the wait.
fn divide(seen: &Stages, server: &Server, stages: &mut Stages) {
    let wait = seen.network.unwrap_or_default();
    let parts = [
        server.queue_ms,
        server.input_ms,
        server.compute_ms,
        server.output_ms,
    ];
    let [queue, input, compute, output] = parts.map(Option::unwrap_or_default);
    let told = queue + input + compute + output;
    let scale = if told > wait { wait / told } else { 1.0 };
    stages.queue = Some(seen.queue.unwrap_or_default() + queue * scale);
    stages.compute = Some((input + compute + output) * scale);
    stages.network = Some(wait - told * scale);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::embed::remote::Statistics;

    fn counted(requests: u64, answers: u64) -> Counted {
        let each = |ms: u64| Duration::from_millis(ms * requests);
        Counted {
            statistics: Statistics {
                requests,
                images: 2 * requests,
                executions: requests / 2,
                whole: each(11),
                queue: each(4),
                input: each(1),
                compute: each(3),
                output: each(2),
                ..Statistics::default()
            },
            answers,
        }
    }

    #[test]
    fn what_the_server_took_is_taken_out_of_the_wait() {
        let server = tell(&counted(100, 100));
        assert_eq!(
            (server.queue_ms, server.request_ms),
            (Some(4.0), Some(11.0))
        );
        assert_eq!((server.batch_mean, &server.note), (Some(4.0), &None));
        let seen = |wait: f64| Stages {
            network: Some(wait),
            queue: Some(0.5),
            ..Stages::default()
        };
        for (wait, [network, queue, compute]) in [
            (15.0, [5.0, 4.5, 6.0]),
            // It says more than was waited: half of its word fits.
            (5.0, [0.0, 2.5, 3.0]),
        ] {
            let mut stages = Stages::default();
            divide(&seen(wait), &server, &mut stages);
            let parts = [stages.network, stages.queue, stages.compute];
            for (part, expected) in parts.into_iter().zip([network, queue, compute]) {
                assert!((part.unwrap() - expected).abs() < 1e-9, "{stages:?}");
            }
        }
    }

    #[test]
    fn other_clients_in_the_servers_account_are_told() {
        assert_eq!(tell(&counted(104, 100)).note, None);
        let note = tell(&counted(400, 100)).note.unwrap();
        assert!(note.starts_with("75 % of the requests"), "{note}");
    }
}
