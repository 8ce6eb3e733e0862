//! One open line to a server, whatever it speaks.

use std::time::{Duration, Instant};

use super::embed_api::EmbedApi;
use super::http::HttpLine;
use super::immich::Immich;
use super::kserve_grpc::KserveGrpc;
use super::kserve_http::KserveHttp;
use super::kserve_json::KserveJson;
use super::payload::Encoder;
use super::vectors::Rows;
use super::{CallError, Credentials, Endpoint, Protocol};
use crate::embed::{Embedding, ModelInput};

/// One line to one endpoint, for one thread; kept open between requests.
#[derive(Debug)]
pub struct Connection {
    endpoint: Endpoint,
    encoder: Encoder,
    line: Line,
    rows: Rows,
}

#[derive(Debug)]
enum Line {
    KserveHttp(KserveHttp),
    KserveJson(KserveJson),
    KserveGrpc(KserveGrpc),
    EmbedApi(EmbedApi),
    Immich(Immich),
}

/// What a request brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// A vector for each picture, in their order.
    pub vectors: Vec<Embedding>,
    /// Where the time went.
    pub timing: Timing,
    /// Bytes of the request's body.
    pub sent_bytes: u64,
    /// Bytes of the answer's body.
    pub received_bytes: u64,
}

/// Where the time of a request went, as this side sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From pixels to the request's body.
    pub encode: Duration,
    /// From the first byte sent to the first byte of the answer.
    pub wait: Duration,
    /// From there to the vectors.
    pub receive: Duration,
}

/// What a protocol is to send.
pub(super) struct Request<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// Ready to write this batch.
    pub(super) encoder: &'a Encoder,
    pub(super) batch: &'a [ModelInput],
}

/// What a protocol has sent and received.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) timing: Timing,
    pub(super) sent_bytes: usize,
    pub(super) received_bytes: usize,
}

/// Bytes that an answer for so many pictures has at most: the longest vectors that are believed,
/// in digits.
pub(super) fn answer_limit(pictures: usize) -> u64 {
    (pictures as u64 + 1) * (2 << 20)
}

impl Connection {
    /// A line that is opened with the first request.
    ///
    /// # Errors
    /// [`CallError`] if the certificates or the address cannot be used.
    pub fn new(endpoint: &Endpoint, credentials: Option<&Credentials>) -> Result<Self, CallError> {
        let http = || HttpLine::new(&endpoint.server, &endpoint.address, credentials);
        let line = match endpoint.protocol {
            Protocol::KserveHttp => Line::KserveHttp(KserveHttp::new(http()?, endpoint)),
            Protocol::KserveJson => Line::KserveJson(KserveJson::new(http()?, endpoint)),
            Protocol::KserveGrpc => Line::KserveGrpc(KserveGrpc::new(endpoint, credentials)?),
            Protocol::EmbedBase64 | Protocol::EmbedMultipart => {
                Line::EmbedApi(EmbedApi::new(http()?, endpoint))
            }
            Protocol::Immich => Line::Immich(Immich::new(http()?, endpoint)),
        };
        Ok(Self {
            endpoint: endpoint.clone(),
            encoder: Encoder::new(
                endpoint.payload,
                endpoint.model.layout,
                &endpoint.preprocessing,
            ),
            line,
            rows: Rows::default(),
        })
    }

    /// Opens the line with a question that costs the server nothing, so that the first request
    /// does not have to.
    ///
    /// # Errors
    /// [`CallError`] if the server cannot be reached. What it answers is of no concern.
    pub fn open(&mut self, deadline: Duration) -> Result<(), CallError> {
        match &mut self.line {
            Line::KserveHttp(line) => line.line.touch("/v2/health/live", deadline),
            Line::KserveJson(line) => line.line.touch("/v2/health/live", deadline),
            Line::KserveGrpc(line) => line.line.touch(deadline),
            Line::EmbedApi(line) => line.line.touch("/health", deadline),
            Line::Immich(line) => line.line.touch("/ping", deadline),
        }
    }

    /// The vectors of `batch`, in its order. Sent once; trying again is the caller's.
    ///
    /// # Errors
    /// [`CallError`]; then none of the vectors is known.
    pub fn embed(&mut self, batch: &[ModelInput], deadline: Duration) -> Result<Answer, CallError> {
        let address = self.endpoint.address.to_string();
        self.answer(batch, deadline).map_err(|error| {
            if error.message.starts_with(&address) {
                return error;
            }
            let message = format!("{address}: the answer is {}", error.message);
            CallError::new(error.kind, message)
        })
    }

    fn answer(&mut self, batch: &[ModelInput], deadline: Duration) -> Result<Answer, CallError> {
        let begun = Instant::now();
        self.encoder.prepare(batch)?;
        let prepare = begun.elapsed();
        self.rows.clear();
        let request = Request {
            endpoint: &self.endpoint,
            encoder: &self.encoder,
            batch,
        };
        let rows = &mut self.rows;
        let exchange = match &mut self.line {
            Line::KserveHttp(line) => line.embed(&request, deadline, rows),
            Line::KserveJson(line) => line.embed(&request, deadline, rows),
            Line::KserveGrpc(line) => line.embed(&request, deadline, rows),
            Line::EmbedApi(line) => line.embed(&request, deadline, rows),
            Line::Immich(line) => line.embed(&request, deadline, rows),
        }?;
        let begun = Instant::now();
        let vectors = self.rows.vectors(batch, self.endpoint.model.dimension)?;
        let Timing {
            encode,
            wait,
            receive,
        } = exchange.timing;
        Ok(Answer {
            vectors,
            timing: Timing {
                encode: prepare + encode,
                wait,
                receive: receive + begun.elapsed(),
            },
            sent_bytes: exchange.sent_bytes as u64,
            received_bytes: exchange.received_bytes as u64,
        })
    }
}
