//! What a server measured of itself: where the time of a request goes there.
//!
//! Triton counts for each model, from its start on: as JSON or over gRPC (`.../stats`), and as
//! Prometheus text on a port of its own. A measurement is the difference of two readings.
//! Refused requests count nowhere, and a request that the model answers with an error counts as
//! a success: failures are for the client to count.

use std::time::Duration;

use serde::Deserialize;

use super::grpc::GrpcLine;
use super::http::HttpLine;
use super::kserve_http::path_segment;
use super::messages;
use super::{CallError, CallErrorKind, Credentials, Endpoint, Protocol, Server, addresses};

/// Longest answer that is read: a metrics page of thousands of models.
const LIMIT: u64 = 16 << 20;

/// Sums over the requests of one model since its server started, or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests that ended well.
    pub requests: u64,
    /// Requests whose batch failed.
    pub failures: u64,
    /// Pictures.
    pub images: u64,
    /// Batches that the model ran.
    pub executions: u64,
    /// Time of whole requests in the server, with what lies between the parts below.
    pub whole: Duration,
    /// Time that requests waited for their turn.
    pub queue: Duration,
    /// Time for getting inputs ready.
    pub input: Duration,
    /// Time in the model. A batch of several requests counts in full for each.
    pub compute: Duration,
    /// Time for getting outputs ready.
    pub output: Duration,
}

impl Statistics {
    /// What the endpoint's model has counted; `None` if its server counts nothing.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or none that is understood.
    pub fn read(
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
        deadline: Duration,
    ) -> Result<Option<Self>, CallError> {
        let (server, address) = (&endpoint.server, &endpoint.address);
        let name = &endpoint.model.name;
        let read = match endpoint.protocol {
            Protocol::KserveHttp | Protocol::KserveJson => {
                let line = HttpLine::new(server, address, credentials)?;
                let path = format!("/v2/models/{}/stats", path_segment(name));
                get(&line, &path, deadline).and_then(|body| from_json(&line.base, &body))
            }
            Protocol::KserveGrpc => {
                let mut line = GrpcLine::new(server, address, credentials)?;
                let request = messages::ModelRequest { name: name.clone() };
                line.call("ModelStatistics", &request, deadline)
                    .map(from_message)
            }
            Protocol::EmbedBase64 | Protocol::EmbedMultipart | Protocol::Immich => return Ok(None),
        };
        match read {
            Ok(statistics) => Ok(Some(statistics)),
            // Other servers than Triton have no such path.
            Err(error) if error.kind == CallErrorKind::Refused => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same from a Prometheus page, which is at an address of its own, such as
    /// `http://host:8002/metrics`; `None` if the model is not on it.
    ///
    /// # Errors
    /// [`CallError`] if the page cannot be read.
    pub fn read_metrics(
        url: &str,
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
        deadline: Duration,
    ) -> Result<Option<Self>, CallError> {
        let server = Server {
            url: url.to_owned(),
            protocol: Some(Protocol::KserveHttp),
            ..endpoint.server.clone()
        };
        let address = addresses(&server, credentials)?;
        let address = address.first().unwrap_or(&endpoint.address);
        let line = HttpLine::new(&server, address, credentials)?;
        let page = get(&line, "", deadline)?;
        Ok(from_metrics(
            &String::from_utf8_lossy(&page),
            &endpoint.model.name,
        ))
    }

    /// What was counted between `earlier` and this reading; all of it if the server was started
    /// again in between.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let has_restarted = self.requests < earlier.requests
            || self.images < earlier.images
            || self.executions < earlier.executions;
        if has_restarted {
            return *self;
        }
        Self {
            requests: self.requests - earlier.requests,
            failures: self.failures.saturating_sub(earlier.failures),
            images: self.images - earlier.images,
            executions: self.executions - earlier.executions,
            whole: self.whole.saturating_sub(earlier.whole),
            queue: self.queue.saturating_sub(earlier.queue),
            input: self.input.saturating_sub(earlier.input),
            compute: self.compute.saturating_sub(earlier.compute),
            output: self.output.saturating_sub(earlier.output),
        }
    }

    /// Pictures that the model ran at a time, on average; `None` if it ran nothing.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean of counts")]
    pub fn mean_batch(&self) -> Option<f64> {
        (self.executions > 0).then(|| self.images as f64 / self.executions as f64)
    }

    /// Mean time of a request in the queue, input, compute and output; `None` if there was none.
    #[must_use]
    pub fn per_request(&self) -> Option<[Duration; 4]> {
        let requests = u32::try_from(self.requests).ok().filter(|n| *n > 0)?;
        let sums = [self.queue, self.input, self.compute, self.output];
        Some(sums.map(|sum| sum / requests))
    }
}

fn get(line: &HttpLine, path: &str, deadline: Duration) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    line.get(path, deadline)?.read(LIMIT, &mut body)?;
    Ok(body)
}

#[derive(Deserialize)]
struct StatsAnswer {
    model_stats: Vec<ModelStats>,
}

#[derive(Deserialize)]
struct ModelStats {
    inference_count: u64,
    execution_count: u64,
    inference_stats: InferenceStats,
}

#[derive(Deserialize)]
struct InferenceStats {
    success: Sum,
    fail: Sum,
    queue: Sum,
    compute_input: Sum,
    compute_infer: Sum,
    compute_output: Sum,
}

#[derive(Clone, Copy, Deserialize)]
struct Sum {
    count: u64,
    ns: u64,
}

fn from_json(server: &str, body: &[u8]) -> Result<Statistics, CallError> {
    let answer: StatsAnswer = serde_json::from_slice(body).map_err(|error| {
        let message = format!("{server}: its statistics are not understood ({error})");
        CallError::new(CallErrorKind::BadAnswer, message)
    })?;
    let each = answer.model_stats.iter().map(|model| {
        let stats = &model.inference_stats;
        let time = |sum: Sum| Duration::from_nanos(sum.ns);
        Statistics {
            requests: stats.success.count,
            failures: stats.fail.count,
            images: model.inference_count,
            executions: model.execution_count,
            whole: time(stats.success),
            queue: time(stats.queue),
            input: time(stats.compute_input),
            compute: time(stats.compute_infer),
            output: time(stats.compute_output),
        }
    });
    Ok(sum(each))
}

fn from_message(answer: messages::StatisticsAnswer) -> Statistics {
    let each = answer.model_stats.into_iter().map(|model| {
        let stats = model.inference_stats.unwrap_or_default();
        let count = |sum: Option<messages::StatisticDuration>| sum.unwrap_or_default().count;
        let time = |sum: Option<messages::StatisticDuration>| {
            Duration::from_nanos(sum.unwrap_or_default().ns)
        };
        Statistics {
            requests: count(stats.success),
            failures: count(stats.fail),
            images: model.inference_count,
            executions: model.execution_count,
            whole: time(stats.success),
            queue: time(stats.queue),
            input: time(stats.compute_input),
            compute: time(stats.compute_infer),
            output: time(stats.compute_output),
        }
    });
    sum(each)
}

/// All versions of a model.
fn sum(each: impl Iterator<Item = Statistics>) -> Statistics {
    each.fold(Statistics::default(), |all, one| Statistics {
        requests: all.requests + one.requests,
        failures: all.failures + one.failures,
        images: all.images + one.images,
        executions: all.executions + one.executions,
        whole: all.whole.saturating_add(one.whole),
        queue: all.queue.saturating_add(one.queue),
        input: all.input.saturating_add(one.input),
        compute: all.compute.saturating_add(one.compute),
        output: all.output.saturating_add(one.output),
    })
}

/// Reads the sums of a model off a page in Prometheus' text format; durations are microseconds.
fn from_metrics(page: &str, model: &str) -> Option<Statistics> {
    let label = format!("model=\"{model}\"");
    let mut found = None;
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = line.split_once('{') else {
            continue;
        };
        let Some((labels, value)) = rest.rsplit_once('}') else {
            continue;
        };
        if !labels.split(',').any(|one| one.trim() == label) {
            continue;
        }
        // Large numbers may come as 1.2e+06, with a time behind them.
        let value = value.split_whitespace().next().unwrap_or_default();
        let Some(value) = value.parse::<f64>().ok().filter(|value| *value >= 0.0) else {
            continue;
        };
        let all = found.get_or_insert_with(Statistics::default);
        let time = Duration::try_from_secs_f64(value / 1e6).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count, as a float that is not negative"
        )]
        let count = value as u64;
        match name {
            "nv_inference_request_success" => all.requests += count,
            "nv_inference_request_failure" => all.failures += count,
            "nv_inference_count" => all.images += count,
            "nv_inference_exec_count" => all.executions += count,
            "nv_inference_request_duration_us" => all.whole += time,
            "nv_inference_queue_duration_us" => all.queue += time,
            "nv_inference_compute_input_duration_us" => all.input += time,
            "nv_inference_compute_infer_duration_us" => all.compute += time,
            "nv_inference_compute_output_duration_us" => all.output += time,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
