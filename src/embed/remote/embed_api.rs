//! The embed API: JPEG files, as base64 in JSON or as a form.
//!
//! `POST /embed/base64` with `{"images":["..."],"model_name":"...","pretrained":"..."}`, or
//! `POST /embed/batch` with parts named `files`; both answer `{"embeddings":[[...],...]}`.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;

use super::connection::{Exchange, Request};
use super::http::{HttpLine, Post};
use super::kserve::Flat;
use super::vectors::Rows;
use super::{CallError, CallErrorKind, Endpoint, Protocol};

/// Between the parts of a form. JPEG data cannot hold it by chance: the bytes after its first
/// eight dashes would have to be these as well.
pub(super) const BOUNDARY: &str = "--------twinlens-5f0c2d9be7a14368";

/// The content type of such a form.
pub(super) const FORM: &str = "multipart/form-data; boundary=--------twinlens-5f0c2d9be7a14368";

/// One line; keeps its buffers.
#[derive(Debug)]
pub(super) struct EmbedApi {
    pub(super) line: HttpLine,
    /// `model_name` and `pretrained`, where they are known.
    model: Vec<(&'static str, String)>,
    is_form: bool,
    body: Vec<u8>,
    base64: String,
    answer: Vec<u8>,
}

#[derive(Deserialize)]
struct Embedded {
    embeddings: Vec<Flat>,
}

impl EmbedApi {
    pub(super) fn new(line: HttpLine, endpoint: &Endpoint) -> Self {
        Self {
            line,
            model: model_fields(&endpoint.model.name),
            is_form: endpoint.protocol == Protocol::EmbedMultipart,
            body: Vec::new(),
            base64: String::new(),
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
        self.body.clear();
        let (path, content_type) = if self.is_form {
            self.write_form(request);
            ("/embed/batch", FORM)
        } else {
            self.write_json(request);
            ("/embed/base64", "application/json")
        };
        let post = Post {
            path,
            headers: &[("Content-Type", content_type)],
            body: &self.body,
            pictures: request.batch.len(),
            begun,
        };
        self.line
            .exchange(&post, deadline, &mut self.answer, |_, body| {
                let answer: Embedded = serde_json::from_slice(body).map_err(|error| {
                    CallError::new(
                        CallErrorKind::BadAnswer,
                        format!("not understood, or holds numbers that are not finite ({error})"),
                    )
                })?;
                for Flat(row) in &answer.embeddings {
                    rows.push(row);
                }
                Ok(())
            })
    }

    fn write_json(&mut self, request: &Request<'_>) {
        self.body.extend_from_slice(br#"{"images":["#);
        for (index, file) in request.encoder.files().enumerate() {
            if index > 0 {
                self.body.push(b',');
            }
            self.base64.clear();
            BASE64.encode_string(file, &mut self.base64);
            self.body.push(b'"');
            self.body.extend_from_slice(self.base64.as_bytes());
            self.body.push(b'"');
        }
        self.body.push(b']');
        for (name, value) in &self.model {
            let field = format!(",{}:{}", json!(name), json!(value));
            self.body.extend_from_slice(field.as_bytes());
        }
        self.body.push(b'}');
    }

    fn write_form(&mut self, request: &Request<'_>) {
        for (name, value) in &self.model {
            write_part(&mut self.body, name, None, value.as_bytes());
        }
        for (index, file) in request.encoder.files().enumerate() {
            let name = format!("{index}.jpg");
            write_part(&mut self.body, "files", Some((&name, "image/jpeg")), file);
        }
        end_form(&mut self.body);
    }
}

/// `NAME/PRETRAINED` as the fields of a request; a model without a slash has only a name.
fn model_fields(model: &str) -> Vec<(&'static str, String)> {
    let (name, pretrained) = model.rsplit_once('/').unwrap_or((model, ""));
    [("model_name", name), ("pretrained", pretrained)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(field, value)| (field, value.to_owned()))
        .collect()
}

/// Appends a part of a form (RFC 7578); `file` is a name and a content type.
pub(super) fn write_part(body: &mut Vec<u8>, name: &str, file: Option<(&str, &str)>, value: &[u8]) {
    let file = match file {
        None => String::new(),
        Some((file, kind)) => format!("; filename=\"{file}\"\r\nContent-Type: {kind}"),
    };
    let head =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(value);
    body.extend_from_slice(b"\r\n");
}

/// Appends the end of a form.
pub(super) fn end_form(body: &mut Vec<u8>) {
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_the_shape_that_rfc_7578_gives() {
        let mut body = Vec::new();
        write_part(&mut body, "model_name", None, b"ViT-B-32");
        write_part(&mut body, "files", Some(("0.jpg", "image/jpeg")), b"JPEG");
        end_form(&mut body);
        let text = String::from_utf8(body).unwrap();
        assert_eq!(
            text.replace(BOUNDARY, "B"),
            "--B\r\nContent-Disposition: form-data; name=\"model_name\"\r\n\r\nViT-B-32\r\n\
             --B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"0.jpg\"\r\n\
             Content-Type: image/jpeg\r\n\r\nJPEG\r\n--B--\r\n"
        );
        assert!(FORM.ends_with(BOUNDARY));
    }

    #[test]
    fn a_model_is_named_by_architecture_and_weights() {
        assert_eq!(
            model_fields("ViT-B-32/openai"),
            [
                ("model_name", "ViT-B-32".to_owned()),
                ("pretrained", "openai".to_owned())
            ]
        );
        assert_eq!(model_fields("a"), [("model_name", "a".to_owned())]);
        assert!(model_fields("").is_empty());
    }
}
