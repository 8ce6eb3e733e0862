//! `KServe` v2 over HTTP with the binary tensor extension: JSON first, then the tensor's bytes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::connection::{Exchange, Request};
use super::http::{HttpLine, Post, header_text};
use super::kserve::{HEADER_LENGTH, read_answer};
use super::payload::datatype;
use super::vectors::Rows;
use super::{CallError, Endpoint};

/// One line; keeps its buffers.
#[derive(Debug)]
pub(super) struct KserveHttp {
    pub(super) line: HttpLine,
    path: String,
    body: Vec<u8>,
    answer: Vec<u8>,
}

impl KserveHttp {
    pub(super) fn new(line: HttpLine, endpoint: &Endpoint) -> Self {
        Self {
            line,
            path: infer_path(endpoint),
            body: Vec::new(),
            answer: Vec::new(),
        }
    }

    /// Sends a batch and reads the answer into `rows`.
    pub(super) fn embed(
        &mut self,
        request: &Request<'_>,
        deadline: Duration,
        rows: &mut Rows,
    ) -> Result<Exchange, CallError> {
        let begun = Instant::now();
        let (model, count) = (&request.endpoint.model, request.batch.len());
        let bytes = request.encoder.tensor_bytes(count);
        let header = json!({
            "inputs": [{
                "name": model.input,
                "shape": request.encoder.shape(count),
                "datatype": datatype(request.endpoint.payload),
                "parameters": { "binary_data_size": bytes },
            }],
            "outputs": [{ "name": model.output, "parameters": { "binary_data": true } }],
        })
        .to_string();
        self.body.clear();
        self.body.reserve(header.len() + bytes);
        self.body.extend_from_slice(header.as_bytes());
        let body = &mut self.body;
        request
            .encoder
            .write(request.batch, &mut |part| body.extend_from_slice(part));
        let post = Post {
            path: &self.path,
            headers: &[
                ("Content-Type", "application/octet-stream"),
                (HEADER_LENGTH, &header.len().to_string()),
            ],
            body: &self.body,
            pictures: count,
            begun,
        };
        self.line
            .exchange(&post, deadline, &mut self.answer, |headers, body| {
                let length = header_text(headers, HEADER_LENGTH);
                read_answer(body, length, &model.output, rows)
            })
    }
}

/// Where a model is asked.
pub(super) fn infer_path(endpoint: &Endpoint) -> String {
    let name = path_segment(&endpoint.model.name);
    match &endpoint.model.version {
        Some(version) => format!("/v2/models/{name}/versions/{}/infer", path_segment(version)),
        None => format!("/v2/models/{name}/infer"),
    }
}

/// A name as a part of a path (RFC 3986, section 2.3: what need not be escaped).
pub(super) fn path_segment(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(escaped, "%{byte:02X}").ok();
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_cannot_leave_their_place_in_the_path() {
        assert_eq!(path_segment("openclip_vit-b.32"), "openclip_vit-b.32");
        assert_eq!(path_segment("../a b?c#d"), "..%2Fa%20b%3Fc%23d");
        assert_eq!(path_segment("ä"), "%C3%A4");
    }
}
