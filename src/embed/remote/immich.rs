//! Immich's machine learning service: `POST /predict`, one picture a request.
//!
//! The answer holds the vector as JSON within a text, `{"clip":"[0.1,...]"}`. Without a file name
//! the picture would be read as text. A model that is not loaded yet is loaded, or even fetched,
//! during the first request.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::connection::{Exchange, Request};
use super::embed_api::{FORM, end_form, write_part};
use super::http::{HttpLine, Post};
use super::kserve::Flat;
use super::vectors::Rows;
use super::{CallError, CallErrorKind, Endpoint};

/// One line; keeps its buffers.
#[derive(Debug)]
pub(super) struct Immich {
    pub(super) line: HttpLine,
    entries: String,
    body: Vec<u8>,
    answer: Vec<u8>,
}

#[derive(Deserialize)]
struct Predicted {
    clip: Vector,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Text(String),
    Numbers(Vec<f32>),
}

impl Immich {
    pub(super) fn new(line: HttpLine, endpoint: &Endpoint) -> Self {
        let model = json!({ "modelName": endpoint.model.name });
        Self {
            line,
            entries: json!({ "clip": { "visual": model } }).to_string(),
            body: Vec::new(),
            answer: Vec::new(),
        }
    }

    /// Sends the pictures one after another and reads the answers into `rows`.
    pub(super) fn embed(
        &mut self,
        request: &Request<'_>,
        deadline: Duration,
        rows: &mut Rows,
    ) -> Result<Exchange, CallError> {
        let begun = Instant::now();
        let mut all = Exchange::default();
        for file in request.encoder.files() {
            let started = Instant::now();
            self.body.clear();
            write_part(&mut self.body, "entries", None, self.entries.as_bytes());
            let blob = ("blob", "application/octet-stream");
            write_part(&mut self.body, "image", Some(blob), file);
            end_form(&mut self.body);
            let left = deadline
                .checked_sub(begun.elapsed())
                .filter(|left| !left.is_zero())
                .ok_or_else(|| {
                    let message = format!("{}: no answer in time", self.line.base);
                    CallError::new(CallErrorKind::TimedOut, message)
                })?;
            let post = Post {
                path: "/predict",
                headers: &[("Content-Type", FORM)],
                body: &self.body,
                pictures: 1,
                begun: started,
            };
            let one = self
                .line
                .exchange(&post, left, &mut self.answer, |_, body| {
                    rows.push(&read_vector(body)?);
                    Ok(())
                })?;
            all.timing.encode += one.timing.encode;
            all.timing.wait += one.timing.wait;
            all.timing.receive += one.timing.receive;
            all.sent_bytes += one.sent_bytes;
            all.received_bytes += one.received_bytes;
        }
        Ok(all)
    }
}

fn read_vector(answer: &[u8]) -> Result<Vec<f32>, CallError> {
    let not_understood = |error: serde_json::Error| {
        CallError::new(
            CallErrorKind::BadAnswer,
            format!("not understood ({error})"),
        )
    };
    let answer: Predicted = serde_json::from_slice(answer).map_err(not_understood)?;
    match answer.clip {
        Vector::Numbers(numbers) => Ok(numbers),
        Vector::Text(text) => {
            let Flat(numbers) = serde_json::from_str(&text).map_err(not_understood)?;
            Ok(numbers)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_read_as_a_text_or_as_numbers() {
        for answer in [
            r#"{"clip":"[0.5, -1e-3]","imageHeight":16}"#,
            r#"{"imageWidth":1,"clip":[0.5,-0.001]}"#,
        ] {
            assert_eq!(read_vector(answer.as_bytes()).unwrap(), [0.5, -0.001]);
        }
        for answer in [
            "",
            "{}",
            r#"{"clip":"NaN"}"#,
            r#"{"clip":"[NaN]"}"#,
            r#"{"clip":{}}"#,
        ] {
            let error = read_vector(answer.as_bytes()).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer, "{answer}");
        }
    }
}
