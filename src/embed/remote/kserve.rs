//! What `KServe` v2 over HTTP says in JSON, with tensors as bytes or as numbers.
//!
//! Other servers than Triton leave out much of this, so all that is not needed may be missing.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::vectors::Rows;
use super::{CallError, CallErrorKind};

/// The header that tells where the JSON of a binary message ends.
pub(super) const HEADER_LENGTH: &str = "Inference-Header-Content-Length";

/// `GET /v2`.
#[derive(Debug, Deserialize)]
pub(super) struct ServerMetadata {
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) extensions: Vec<String>,
}

/// `GET /v2/models/M`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ModelMetadata {
    #[serde(default)]
    pub(super) versions: Vec<String>,
    #[serde(default)]
    pub(super) inputs: Vec<TensorMetadata>,
    #[serde(default)]
    pub(super) outputs: Vec<TensorMetadata>,
}

/// A tensor as a model describes it; -1 is any size.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TensorMetadata {
    pub(super) name: String,
    pub(super) datatype: String,
    #[serde(default)]
    pub(super) shape: Vec<i64>,
}

/// `GET /v2/models/M/config`, Triton's own.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ModelConfig {
    /// 0 where the model has no batches, or sees to them itself.
    #[serde(default)]
    pub(super) max_batch_size: i64,
    #[serde(default)]
    pub(super) dynamic_batching: Option<DynamicBatching>,
}

/// How Triton joins requests.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct DynamicBatching {
    #[serde(default)]
    pub(super) preferred_batch_size: Vec<i64>,
}

/// One line of `POST /v2/repository/index`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RepositoryEntry {
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: String,
}

/// What `POST .../infer` answers, or how its binary form begins.
#[derive(Debug, Deserialize)]
struct Inferred {
    outputs: Vec<InferredTensor>,
}

#[derive(Debug, Deserialize)]
struct InferredTensor {
    name: String,
    datatype: String,
    shape: Vec<i64>,
    #[serde(default)]
    parameters: TensorParameters,
    #[serde(default)]
    data: Option<Flat>,
}

#[derive(Debug, Default, Deserialize)]
struct TensorParameters {
    #[serde(default)]
    binary_data_size: Option<u64>,
}

/// Takes the vectors out of an answer: `body` is JSON up to `header_length`, where the server
/// told one, and tensors after that.
///
/// # Errors
/// [`CallErrorKind::BadAnswer`] if it is no answer, or has no output of this name.
pub(super) fn read_answer(
    body: &[u8],
    header_length: Option<&str>,
    output: &str,
    rows: &mut Rows,
) -> Result<(), CallError> {
    let bad = |reason: String| CallError::new(CallErrorKind::BadAnswer, reason);
    let length = match header_length {
        None => body.len(),
        Some(text) => text.parse().map_err(|_no_number| {
            bad(format!("{HEADER_LENGTH} is {text:?}, which is no length"))
        })?,
    };
    let (json, mut tensors) = body.split_at_checked(length).ok_or_else(|| {
        bad(format!(
            "it breaks off before its {length} bytes of JSON end"
        ))
    })?;
    let answer: Inferred = serde_json::from_slice(json).map_err(|error| {
        // A vector that is not finite comes as the bare word NaN, which is no JSON.
        if memchr::memmem::find(json, b"NaN").is_some()
            || memchr::memmem::find(json, b"Infinity").is_some()
        {
            bad("a vector that is not finite (NaN)".to_owned())
        } else {
            bad(format!("an answer that is not understood ({error})"))
        }
    })?;
    for tensor in answer.outputs {
        let bytes = match tensor.parameters.binary_data_size {
            None => None,
            Some(size) => {
                let (bytes, rest) = usize::try_from(size)
                    .ok()
                    .and_then(|size| tensors.split_at_checked(size))
                    .ok_or_else(|| bad(format!("it breaks off in the tensor {:?}", tensor.name)))?;
                tensors = rest;
                Some(bytes)
            }
        };
        // A server that has one output may name it as it likes.
        if !output.is_empty() && tensor.name != output {
            continue;
        }
        return match (bytes, tensor.data) {
            (Some(bytes), _) => rows.read_bytes(&tensor.datatype, &tensor.shape, bytes),
            (None, Some(Flat(numbers))) => rows.take(&tensor.shape, numbers),
            (None, None) => Err(bad(format!("the output {output:?} has no data"))),
        };
    }
    Err(bad(format!(
        "there is no output named {output:?} in the answer"
    )))
}

/// Numbers in lists of any depth, row by row.
#[derive(Debug)]
pub(super) struct Flat(pub(super) Vec<f32>);

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut numbers = Vec::new();
        deserializer.deserialize_any(Flatten(&mut numbers))?;
        Ok(Self(numbers))
    }
}

/// Appends a number, or all in a list.
struct Flatten<'a>(&'a mut Vec<f32>);

impl<'de> Visitor<'de> for Flatten<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers in lists")
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "servers write the exact value of an f32"
    )]
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.0.push(number as f32);
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a component that is a whole number is small"
    )]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.0.push(number as f32);
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a component that is a whole number is small"
    )]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.0.push(number as f32);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Element(self.0))?.is_some() {}
        Ok(())
    }
}

/// One element of such a list.
struct Element<'a>(&'a mut Vec<f32>);

impl<'de> de::DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Flatten(self.0))
    }
}

#[cfg(test)]
mod tests;
