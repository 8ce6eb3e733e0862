//! `KServe` v2 over gRPC: the tensor as bytes (`raw_input_contents`).

use std::time::{Duration, Instant};

use prost::Message as _;
use prost::bytes::{BufMut as _, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint};

use super::connection::{Exchange, Request, Timing, answer_limit};
use super::grpc::{FRAME, GrpcLine, finish};
use super::messages::{
    InferAnswer, InferRequest, RAW_INPUT_CONTENTS, RequestedOutput, TensorMetadata,
};
use super::payload::datatype;
use super::vectors::Rows;
use super::{CallError, CallErrorKind, Credentials, Endpoint};

/// Room for what stands before the tensor: names and a shape.
const HEAD: usize = 1 << 10;

/// One line; keeps its buffer.
#[derive(Debug)]
pub(super) struct KserveGrpc {
    pub(super) line: GrpcLine,
    body: BytesMut,
}

impl KserveGrpc {
    pub(super) fn new(
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
    ) -> Result<Self, CallError> {
        Ok(Self {
            line: GrpcLine::new(&endpoint.server, &endpoint.address, credentials)?,
            body: BytesMut::new(),
        })
    }

    /// Sends a batch and reads the answer into `rows`.
    pub(super) fn embed(
        &mut self,
        request: &Request<'_>,
        deadline: Duration,
        rows: &mut Rows,
    ) -> Result<Exchange, CallError> {
        let started = Instant::now();
        // The last message's memory, once tonic has let go of it.
        self.body.clear();
        let count = request.batch.len();
        self.body
            .reserve(FRAME + HEAD + request.encoder.tensor_bytes(count));
        write_request(request, &mut self.body)?;
        let framed = finish(&mut self.body)?;
        let (encode, sent_bytes) = (started.elapsed(), framed.len());
        let limit = usize::try_from(answer_limit(count)).unwrap_or(usize::MAX);
        let called = Instant::now();
        let reply = self.line.send("ModelInfer", framed, limit, deadline)?;
        let after = called.elapsed().saturating_sub(reply.wait);
        let started = Instant::now();
        let received_bytes = reply.message.len();
        let answer = InferAnswer::decode(reply.message).map_err(|error| {
            CallError::new(
                CallErrorKind::BadAnswer,
                format!("not understood ({error})"),
            )
        })?;
        read_answer(answer, &request.endpoint.model.output, rows)?;
        Ok(Exchange {
            timing: Timing {
                encode,
                wait: reply.wait,
                receive: after + started.elapsed(),
            },
            sent_bytes,
            received_bytes,
        })
    }
}

/// Appends the frame's place and the request.
fn write_request(request: &Request<'_>, body: &mut BytesMut) -> Result<(), CallError> {
    let (model, count) = (&request.endpoint.model, request.batch.len());
    let shape = request.encoder.shape(count).into_iter();
    let head = InferRequest {
        model_name: model.name.clone(),
        model_version: model.version.clone().unwrap_or_default(),
        inputs: vec![TensorMetadata {
            name: model.input.clone(),
            datatype: datatype(request.endpoint.payload).to_owned(),
            shape: shape
                .map(|n| i64::try_from(n).unwrap_or(i64::MAX))
                .collect(),
        }],
        outputs: vec![RequestedOutput {
            name: model.output.clone(),
        }],
    };
    body.put_bytes(0, FRAME);
    head.encode(body).map_err(|error| {
        CallError::new(
            CallErrorKind::Refused,
            format!("a request that cannot be written ({error})"),
        )
    })?;
    encode_key(RAW_INPUT_CONTENTS, WireType::LengthDelimited, body);
    encode_varint(request.encoder.tensor_bytes(count) as u64, body);
    request
        .encoder
        .write(request.batch, &mut |part| body.extend_from_slice(part));
    Ok(())
}

/// Takes the vectors out of an answer, from its bytes or, with other servers than Triton, from
/// its numbers.
fn read_answer(answer: InferAnswer, output: &str, rows: &mut Rows) -> Result<(), CallError> {
    let bad = |what: String| CallError::new(CallErrorKind::BadAnswer, what);
    let found = answer
        .outputs
        .into_iter()
        .enumerate()
        .find(|(_, tensor)| output.is_empty() || tensor.name == output);
    let Some((index, tensor)) = found else {
        return Err(bad(format!("without an output named {output:?}")));
    };
    match (answer.raw_output_contents.get(index), tensor.contents) {
        (Some(bytes), _) => rows.read_bytes(&tensor.datatype, &tensor.shape, bytes),
        (None, Some(contents)) => rows.take(&tensor.shape, contents.fp32_contents),
        (None, None) => Err(bad(format!("without data in the output {output:?}"))),
    }
}
