//! `KServe` v2 over HTTP with tensors as JSON, for servers that have nothing else.
//!
//! A picture of 224 pixels is 1.6 MB of digits. They are not formatted one by one: a channel has
//! 256 levels, so there are 768 different numbers, and each is written once.

use std::time::{Duration, Instant};

use serde_json::json;

use super::connection::{Exchange, Request};
use super::http::{HttpLine, Post, header_text};
use super::kserve::{HEADER_LENGTH, read_answer};
use super::kserve_http::infer_path;
use super::payload::datatype;
use super::vectors::Rows;
use super::{CallError, Endpoint, Payload, TensorLayout};
use crate::embed::preprocess::levels;

/// One line; keeps its buffers.
#[derive(Debug)]
pub(super) struct KserveJson {
    pub(super) line: HttpLine,
    path: String,
    /// What each level of each channel is in digits, with the comma.
    digits: [Vec<String>; 3],
    layout: TensorLayout,
    body: Vec<u8>,
    answer: Vec<u8>,
}

impl KserveJson {
    pub(super) fn new(line: HttpLine, endpoint: &Endpoint) -> Self {
        let digits = match endpoint.payload {
            Payload::Uint8 => {
                let whole: Vec<String> = (0..256).map(|level| format!("{level},")).collect();
                [whole.clone(), whole.clone(), whole]
            }
            // The shortest text that reads back as the same f32.
            _ => levels(&endpoint.preprocessing)
                .map(|channel| channel.iter().map(|number| format!("{number},")).collect()),
        };
        Self {
            line,
            path: infer_path(endpoint),
            digits,
            layout: endpoint.model.layout,
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
        let [name, shape, datatype, output] = [
            json!(model.input),
            json!(request.encoder.shape(count)),
            json!(datatype(request.endpoint.payload)),
            json!(model.output),
        ];
        self.body.clear();
        self.body.extend_from_slice(
            format!(
                r#"{{"inputs":[{{"name":{name},"shape":{shape},"datatype":{datatype},"data":["#
            )
            .as_bytes(),
        );
        for input in request.batch {
            write_digits(&input.rgb, self.layout, &self.digits, &mut self.body);
        }
        // The last comma.
        self.body.pop();
        self.body
            .extend_from_slice(format!(r#"]}}],"outputs":[{{"name":{output}}}]}}"#).as_bytes());
        let post = Post {
            path: &self.path,
            headers: &[("Content-Type", "application/json")],
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

fn write_digits(rgb: &[u8], layout: TensorLayout, digits: &[Vec<String>; 3], out: &mut Vec<u8>) {
    let (pixels, _none_left) = rgb.as_chunks::<3>();
    let mut write = |channel: usize, level: u8| {
        if let Some(text) = digits[channel].get(usize::from(level)) {
            out.extend_from_slice(text.as_bytes());
        }
    };
    if layout == TensorLayout::Nhwc {
        for pixel in pixels {
            for (channel, &level) in pixel.iter().enumerate() {
                write(channel, level);
            }
        }
    } else {
        for channel in 0..3 {
            for pixel in pixels {
                write(channel, pixel[channel]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::Preprocessing;

    #[test]
    fn digits_read_back_as_the_very_numbers_that_a_tensor_holds() {
        let table = levels(&Preprocessing::clip());
        let digits = table.map(|channel| channel.iter().map(|n| format!("{n},")).collect());
        let rgb: Vec<u8> = (0..=255)
            .flat_map(|level| [level, 255 - level, level ^ 0x55])
            .collect();
        for layout in [TensorLayout::Nchw, TensorLayout::Nhwc] {
            let mut text = b"[".to_vec();
            write_digits(&rgb, layout, &digits, &mut text);
            text.pop();
            text.push(b']');
            let numbers: Vec<f32> = serde_json::from_slice(&text).unwrap();
            let at = |pixel: usize, channel: usize| match layout {
                TensorLayout::Nhwc => numbers[pixel * 3 + channel],
                _ => numbers[channel * 256 + pixel],
            };
            for pixel in 0..256 {
                for channel in 0..3 {
                    let level = usize::from(rgb[pixel * 3 + channel]);
                    assert_eq!(
                        at(pixel, channel).to_bits(),
                        table[channel][level].to_bits()
                    );
                }
            }
        }
    }
}
