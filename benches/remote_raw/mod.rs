//! The least that a client can do: bytes that were made before, sent again and again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use prost::bytes::{Buf, BufMut as _, Bytes};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use twinlens::embed::ModelInput;
use twinlens::embed::preprocess::normalise_nchw;
use twinlens::embed::remote::{Endpoint, Payload};

/// The requests of one batch, ready to be sent.
#[derive(Clone)]
pub(crate) struct Prepared {
    header: String,
    /// The JSON and the tensor.
    http: Bytes,
    /// The message.
    grpc: Bytes,
}

impl Prepared {
    pub(crate) fn new(endpoint: &Endpoint, inputs: &[ModelInput]) -> Self {
        let mut numbers = Vec::new();
        normalise_nchw(inputs, &endpoint.preprocessing, &mut numbers).unwrap();
        let (datatype, tensor, shape): (_, Vec<u8>, _) = match endpoint.payload {
            Payload::F32 => (
                "FP32",
                numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
                [inputs.len(), 3, 224, 224],
            ),
            Payload::F16 => (
                "FP16",
                numbers
                    .iter()
                    .flat_map(|&n| half::f16::from_f32(n).to_le_bytes())
                    .collect(),
                [inputs.len(), 3, 224, 224],
            ),
            _ => (
                "UINT8",
                inputs.iter().flat_map(|input| input.rgb.clone()).collect(),
                [inputs.len(), 224, 224, 3],
            ),
        };
        let header = serde_json::json!({
            "inputs": [{ "name": "image", "shape": shape, "datatype": datatype,
                         "parameters": { "binary_data_size": tensor.len() } }],
            "outputs": [{ "name": "embedding", "parameters": { "binary_data": true } }],
        })
        .to_string();
        let http = [header.as_bytes(), &tensor].concat();
        Self {
            grpc: message(&endpoint.model.name, datatype, shape, &tensor),
            http: http.into(),
            header,
        }
    }
}

/// A `ModelInferRequest` by hand: fields 1, 5 { 1, 2, 3 }, 6 { 1 } and 7.
fn message(model: &str, datatype: &str, shape: [usize; 4], tensor: &[u8]) -> Bytes {
    use prost::encoding::encode_varint;
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2];
        encode_varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
        out
    };
    let mut sizes = Vec::new();
    for size in shape {
        encode_varint(size as u64, &mut sizes);
    }
    let input = [
        field(1, b"image"),
        field(2, datatype.as_bytes()),
        field(3, &sizes),
    ]
    .concat();
    let fields = [
        field(1, model.as_bytes()),
        field(5, &input),
        field(6, &field(1, b"embedding")),
        field(7, tensor),
    ];
    fields.concat().into()
}

/// HTTP without a client library: one write, and reads until the length is there.
pub(crate) struct RawHttp {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl RawHttp {
    pub(crate) fn new(endpoint: &Endpoint, prepared: &Prepared) -> Self {
        let authority = endpoint.address.authority();
        let stream = TcpStream::connect(&authority).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "POST /v2/models/{}/infer HTTP/1.1\r\nHost: {authority}\r\nInference-Header-Content-Length: {}\r\nContent-Length: {}\r\n\r\n",
            endpoint.model.name,
            prepared.header.len(),
            prepared.http.len()
        );
        Self {
            stream,
            request: [head.as_bytes(), &prepared.http].concat(),
            answer: Vec::new(),
        }
    }

    pub(crate) fn call(&mut self) {
        self.stream.write_all(&self.request).unwrap();
        self.answer.clear();
        let mut part = [0; 1 << 12];
        loop {
            let count = self.stream.read(&mut part).unwrap();
            assert!(count > 0, "the server hung up");
            self.answer.extend_from_slice(&part[..count]);
            let end = self.answer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&self.answer[..end]);
                assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                let after = head.split("\r\nContent-Length: ").nth(1).unwrap();
                let length: usize = after.split("\r\n").next().unwrap().parse().unwrap();
                if self.answer.len() >= end + 4 + length {
                    return;
                }
            }
        }
    }
}

/// The same with the HTTP client that is used.
pub(crate) struct MinimalUreq {
    agent: ureq::Agent,
    url: String,
    prepared: Prepared,
}

impl MinimalUreq {
    pub(crate) fn new(endpoint: &Endpoint, prepared: &Prepared) -> Self {
        let config = ureq::Agent::config_builder().proxy(None).build();
        Self {
            agent: config.new_agent(),
            url: format!(
                "{}/v2/models/{}/infer",
                endpoint.address, endpoint.model.name
            ),
            prepared: prepared.clone(),
        }
    }

    pub(crate) fn call(&mut self) {
        let length = self.prepared.header.len().to_string();
        let mut answer = self
            .agent
            .post(&self.url)
            .header("Inference-Header-Content-Length", length)
            .send(&self.prepared.http[..])
            .unwrap();
        assert!(!answer.body_mut().read_to_vec().unwrap().is_empty());
    }
}

/// tonic's own client with a message that was encoded before.
pub(crate) struct MinimalTonic {
    runtime: tokio::runtime::Runtime,
    client: tonic::client::Grpc<Channel>,
    message: Bytes,
}

impl MinimalTonic {
    pub(crate) fn new(endpoint: &Endpoint, prepared: &Prepared) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .unwrap();
        let target = tonic::transport::Endpoint::from_shared(format!(
            "http://{}",
            endpoint.address.authority()
        ));
        let channel = runtime.block_on(target.unwrap().connect()).unwrap();
        Self {
            runtime,
            client: tonic::client::Grpc::new(channel).max_encoding_message_size(usize::MAX),
            message: prepared.grpc.clone(),
        }
    }

    pub(crate) fn call(&mut self) {
        let request = tonic::Request::new(self.message.clone());
        let path = "/inference.GRPCInferenceService/ModelInfer"
            .parse()
            .unwrap();
        let client = &mut self.client;
        let answer = self.runtime.block_on(async {
            client.ready().await.unwrap();
            client.unary(request, path, Raw).await.unwrap()
        });
        assert!(!answer.into_inner().is_empty());
    }
}

/// Messages as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        out.reserve(item.len());
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, body: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(body.copy_to_bytes(body.remaining())))
    }
}
