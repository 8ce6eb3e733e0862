//! What an ONNX file is: its picture input, its vector output, and why it is none of ours.
//!
//! Only the graph's description is read, with no engine. Files of any origin come here: broken
//! ones give an error, and are read at most once as a whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rten_onnx::onnx::{DataLocation, DataType, GraphProto, ModelProto, ValueInfoProto};

use super::EmbedError;
use super::model::{InputLayout, Precision};

/// Larger files are refused: ONNX itself ends at 2 GiB (protobuf's limit).
pub const MAX_BYTES: u64 = 1 << 31;

/// A model's input and output, as the file describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Name of the picture input.
    pub input: String,
    /// Its layout and type.
    pub layout: InputLayout,
    /// Its side in pixels, if the file fixes it.
    pub size: Option<u32>,
    /// Whether the batch dimension is fixed to 1.
    pub one_at_a_time: bool,
    /// Name of the output with the vectors.
    pub output: String,
    /// Length of a vector, if the file says.
    pub dimension: Option<usize>,
    /// The arithmetic of most weights.
    pub precision: Precision,
}

/// Looks into an ONNX file.
///
/// `preferred_output` is taken if the file has it, else `image_embeds`, `embedding`,
/// `embeddings`, `pooler_output`, else the last output that is a vector.
///
/// # Errors
/// [`EmbedError::Model`] with what it is instead: no ONNX file, a text model, a classifier, a
/// model with several inputs, one with its weights in another file.
pub fn inspect(path: &Path, preferred_output: Option<&str>) -> Result<Inspected, EmbedError> {
    let refuse = |reason: String| EmbedError::Model {
        reason,
        path: path.display().to_string(),
    };
    let bytes = read(path).map_err(refuse)?;
    // The reader is written for files that are right.
    let model = catch_unwind(AssertUnwindSafe(|| ModelProto::parse_buf(&bytes)))
        .map_err(|_panic| refuse("it is not an ONNX file, or a damaged one".to_owned()))?
        .map_err(|error| {
            refuse(format!(
                "it is not an ONNX file, or a damaged one ({error})"
            ))
        })?;
    let graph = model
        .graph
        .ok_or_else(|| refuse("it is not an ONNX file (no graph in it)".to_owned()))?;
    describe(&graph, preferred_output).map_err(refuse)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read ({error})");
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    match metadata.len() {
        _ if !metadata.is_file() => Err("it is not a file".to_owned()),
        0 => Err("the file is empty".to_owned()),
        bytes if bytes > MAX_BYTES => {
            Err(format!("{bytes} bytes are more than an ONNX file can have"))
        }
        _ => std::fs::read(path).map_err(unreadable),
    }
}

fn describe(graph: &GraphProto, preferred: Option<&str>) -> Result<Inspected, String> {
    let is_external = graph.initializer.iter().any(|tensor| {
        tensor.data_location == Some(DataLocation::EXTERNAL) || !tensor.external_data.is_empty()
    });
    if is_external {
        return Err("its weights are in a second file; export it as one file".to_owned());
    }
    // Before IR version 4 the weights were inputs too.
    let weights: std::collections::HashSet<&str> = graph
        .initializer
        .iter()
        .filter_map(|tensor| tensor.name.as_deref())
        .collect();
    let inputs: Vec<Value> = graph
        .input
        .iter()
        .map(Value::of)
        .filter(|value| !weights.contains(value.name))
        .collect();
    let [input] = &inputs[..] else {
        return Err(match &inputs[..] {
            [] => "it has no input".to_owned(),
            several => format!(
                "it needs {} inputs ({}), expected one picture; export the vision part alone",
                several.len(),
                names(several)
            ),
        });
    };
    let layout = layout(input)?;
    let outputs: Vec<Value> = graph.output.iter().map(Value::of).collect();
    let output = vector_output(&outputs, preferred)?;
    Ok(Inspected {
        input: input.name.to_owned(),
        layout,
        size: side(input, layout)?,
        one_at_a_time: one_at_a_time(input)?,
        output: output.name.to_owned(),
        dimension: output
            .dims
            .as_ref()
            .and_then(|dims| positive(*dims.last()?)),
        precision: precision(graph),
    })
}

/// An input or output.
struct Value<'a> {
    name: &'a str,
    kind: Option<DataType>,
    /// `None` for an unknown shape; a dimension is `None` where it is open.
    dims: Option<Vec<Option<i64>>>,
}

impl<'a> Value<'a> {
    fn of(info: &'a ValueInfoProto) -> Self {
        let tensor = info
            .r#type
            .as_ref()
            .and_then(|kind| kind.tensor_type.as_ref());
        Self {
            name: info.name.as_deref().unwrap_or_default(),
            kind: tensor.and_then(|tensor| tensor.elem_type),
            dims: tensor
                .and_then(|tensor| tensor.shape.as_ref())
                .map(|shape| shape.dim.iter().map(|dim| dim.dim_value).collect()),
        }
    }

    fn describe(&self) -> String {
        let kind = self.kind.and_then(|kind| kind.name().map(str::to_owned));
        let dims = self.dims.as_ref().map(|dims| {
            let dims = dims
                .iter()
                .map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string()));
            dims.collect::<Vec<_>>().join(", ")
        });
        format!(
            "{:?} {} [{}]",
            self.name,
            kind.unwrap_or_else(|| "of unknown type".to_owned()),
            dims.unwrap_or_else(|| "unknown shape".to_owned())
        )
    }
}

fn names(values: &[Value]) -> String {
    let names: Vec<&str> = values.iter().map(|value| value.name).collect();
    names.join(", ")
}

fn layout(input: &Value) -> Result<InputLayout, String> {
    let integers = [DataType::INT64, DataType::INT32];
    if input.kind.is_some_and(|kind| integers.contains(&kind)) {
        return Err(format!(
            "it is a text model: its input is {}",
            input.describe()
        ));
    }
    let Some([_, second, _, fourth]) = input.dims.as_deref() else {
        return Err(format!("its input is no picture: {}", input.describe()));
    };
    match (input.kind, second, fourth) {
        (Some(DataType::FLOAT), Some(3), _) => Ok(InputLayout::NchwF32),
        // Exports with open dimensions are channels first: so are the frameworks they come from.
        (Some(DataType::FLOAT), None, fourth) if *fourth != Some(3) => Ok(InputLayout::NchwF32),
        (Some(DataType::UINT8), second, Some(3)) if *second != Some(3) => Ok(InputLayout::NhwcU8),
        (Some(DataType::FLOAT16), ..) => Err(format!(
            "its input is in half precision ({}); export it with float32 inputs and outputs",
            input.describe()
        )),
        _ => Err(format!(
            "its input is {}, expected float32 [N, 3, S, S] or uint8 [N, S, S, 3]",
            input.describe()
        )),
    }
}

fn side(input: &Value, layout: InputLayout) -> Result<Option<u32>, String> {
    let sides = match (layout, input.dims.as_deref()) {
        (InputLayout::NchwF32, Some([_, _, height, width]))
        | (InputLayout::NhwcU8, Some([_, height, width, _])) => (*height, *width),
        _ => (None, None),
    };
    match sides {
        (Some(height), Some(width)) if height == width => match u32::try_from(height) {
            Ok(side) if side > 0 => Ok(Some(side)),
            _ => Err(format!(
                "its input's size makes no sense: {}",
                input.describe()
            )),
        },
        (Some(_), Some(_)) => Err(format!("its input is not square: {}", input.describe())),
        _ => Ok(None),
    }
}

fn one_at_a_time(input: &Value) -> Result<bool, String> {
    match input
        .dims
        .as_ref()
        .and_then(|dims| dims.first().copied().flatten())
    {
        // Some exporters write 0 or -1 for an open dimension.
        None | Some(..=0) => Ok(false),
        Some(1) => Ok(true),
        Some(batch) => Err(format!(
            "it takes exactly {batch} pictures at a time; export it with an open batch dimension"
        )),
    }
}

fn vector_output<'v>(
    outputs: &'v [Value<'v>],
    preferred: Option<&str>,
) -> Result<&'v Value<'v>, String> {
    let is_vector = |value: &&Value| {
        let is_float = matches!(value.kind, Some(DataType::FLOAT) | None);
        is_float && value.dims.as_ref().is_none_or(|dims| dims.len() == 2)
    };
    let is_scores = |value: &&Value| {
        let name = value.name.to_ascii_lowercase();
        name.contains("logits") || name.contains("probab") || name.contains("softmax")
    };
    let vectors: Vec<&Value> = outputs
        .iter()
        .filter(is_vector)
        .filter(|value| !is_scores(value))
        .collect();
    let usual = ["image_embeds", "embedding", "embeddings", "pooler_output"];
    preferred
        .into_iter()
        .chain(usual)
        .find_map(|name| vectors.iter().find(|value| value.name == name))
        .or(vectors.last())
        .copied()
        .ok_or_else(|| {
            let all: Vec<String> = outputs.iter().map(Value::describe).collect();
            let all = all.join("; ");
            if outputs.iter().any(|value| is_scores(&value)) {
                format!("it is a classifier: its output is {all}; export the layer before it")
            } else {
                format!("no output is a vector a picture (float32 [N, D]): {all}")
            }
        })
}

fn positive(dimension: Option<i64>) -> Option<usize> {
    usize::try_from(dimension?)
        .ok()
        .filter(|&dimension| dimension > 0)
}

/// By the number of weights of each type; matrices of bytes mean integer arithmetic.
fn precision(graph: &GraphProto) -> Precision {
    let count = |kinds: &[DataType]| -> i64 {
        graph
            .initializer
            .iter()
            .filter(|tensor| tensor.data_type.is_some_and(|kind| kinds.contains(&kind)))
            .map(|tensor| tensor.dims.iter().product::<i64>().max(0))
            .sum()
    };
    let (single, half, bytes) = (
        count(&[DataType::FLOAT]),
        count(&[DataType::FLOAT16]),
        count(&[DataType::INT8, DataType::UINT8]),
    );
    if bytes > single && bytes > half {
        Precision::Int8
    } else if half > single {
        Precision::F16
    } else {
        Precision::F32
    }
}
