//! The part of an ONNX file that networks of this kind need: nodes, weights, input and output.
//!
//! An own reader of 300 lines instead of a crate: it borrows the weights from the file's bytes,
//! knows a dozen messages, and every byte that does not fit is an error and no panic, which the
//! fuzz target holds it to. Field numbers are those of `onnx.proto` (IR version 3 and later).

mod wire;

use crate::error::{Error, damaged};
use wire::{Fields, Value};

/// `TensorProto.DataType` for single precision.
pub(crate) const FLOAT: i64 = 1;

/// The graph of a model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) weights: Vec<Tensor<'a>>,
    pub(crate) inputs: Vec<Port<'a>>,
    pub(crate) outputs: Vec<Port<'a>>,
    /// Whether it has what is not read here (sparse weights).
    pub(crate) has_more: bool,
}

/// One operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) operator: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<Attribute<'a>>,
}

/// A setting of a node; what is not there has the default of its type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) float: Option<f32>,
    pub(crate) integer: Option<i64>,
    pub(crate) text: Option<&'a [u8]>,
    pub(crate) tensor: Option<Tensor<'a>>,
    pub(crate) integers: Vec<i64>,
}

/// Numbers with a shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tensor<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: Vec<i64>,
    pub(crate) kind: i64,
    /// Little-endian, if the file keeps the numbers so.
    raw: Option<&'a [u8]>,
    floats: Vec<f32>,
    is_external: bool,
}

/// An input or output of the graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Option<i64>,
    /// `None` where the file tells no shape, a dimension `None` where it is open.
    pub(crate) shape: Option<Vec<Option<i64>>>,
}

/// Reads a model file.
pub(crate) fn read(bytes: &[u8]) -> Result<Graph<'_>, Error> {
    let mut graph = None;
    each(bytes, |number, value| {
        if number == 7 {
            graph = Some(read_graph(value.bytes()?)?);
        }
        Ok(())
    })?;
    graph.ok_or(damaged("there is no graph in it"))
}

fn each<'a>(
    bytes: &'a [u8],
    mut take: impl FnMut(u64, Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        take(number, value)?;
    }
    Ok(())
}

fn read_graph(bytes: &[u8]) -> Result<Graph<'_>, Error> {
    let mut graph = Graph::default();
    each(bytes, |number, value| {
        match number {
            1 => graph.nodes.push(read_node(value.bytes()?)?),
            5 => graph.weights.push(read_tensor(value.bytes()?)?),
            11 => graph.inputs.push(read_port(value.bytes()?)?),
            12 => graph.outputs.push(read_port(value.bytes()?)?),
            15 => graph.has_more = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok(graph)
}

fn read_node(bytes: &[u8]) -> Result<Node<'_>, Error> {
    let mut node = Node::default();
    each(bytes, |number, value| {
        match number {
            1 => node.inputs.push(value.text()?),
            2 => node.outputs.push(value.text()?),
            4 => node.operator = value.text()?,
            5 => node.attributes.push(read_attribute(value.bytes()?)?),
            7 => node.domain = value.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(node)
}

fn read_attribute(bytes: &[u8]) -> Result<Attribute<'_>, Error> {
    let mut attribute = Attribute::default();
    each(bytes, |number, value| {
        match number {
            1 => attribute.name = value.text()?,
            2 => attribute.float = Some(value.float()?),
            3 => attribute.integer = Some(value.integer()?),
            4 => attribute.text = Some(value.bytes()?),
            5 => attribute.tensor = Some(read_tensor(value.bytes()?)?),
            8 => value.integers(&mut attribute.integers)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(attribute)
}

fn read_tensor(bytes: &[u8]) -> Result<Tensor<'_>, Error> {
    let mut tensor = Tensor::default();
    each(bytes, |number, value| {
        match (number, value) {
            (1, value) => value.integers(&mut tensor.shape)?,
            (2, value) => tensor.kind = value.integer()?,
            (4, Value::Bytes(packed)) => tensor.floats.extend(floats(packed)?),
            (4, value) => tensor.floats.push(value.float()?),
            (8, value) => tensor.name = value.text()?,
            (9, value) => tensor.raw = Some(value.bytes()?),
            (13, _) => tensor.is_external = true,
            (14, value) => tensor.is_external |= value.integer()? != 0,
            _ => {}
        }
        Ok(())
    })?;
    Ok(tensor)
}

fn floats(bytes: &[u8]) -> Result<impl Iterator<Item = f32>, Error> {
    match bytes.as_chunks::<4>() {
        (chunks, []) => Ok(chunks.iter().map(|&chunk| f32::from_le_bytes(chunk))),
        _ => Err(damaged("numbers of four bytes break off")),
    }
}

fn read_port(bytes: &[u8]) -> Result<Port<'_>, Error> {
    let mut port = Port::default();
    each(bytes, |number, value| {
        match number {
            1 => port.name = value.text()?,
            2 => each(value.bytes()?, |number, value| match number {
                1 => read_tensor_type(value.bytes()?, &mut port),
                _ => Ok(()),
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(port)
}

fn read_tensor_type(bytes: &[u8], port: &mut Port<'_>) -> Result<(), Error> {
    each(bytes, |number, value| {
        match number {
            1 => port.kind = Some(value.integer()?),
            2 => {
                let mut shape = Vec::new();
                each(value.bytes()?, |number, value| {
                    if number == 1 {
                        shape.push(read_dimension(value.bytes()?)?);
                    }
                    Ok(())
                })?;
                port.shape = Some(shape);
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_dimension(bytes: &[u8]) -> Result<Option<i64>, Error> {
    let mut dimension = None;
    each(bytes, |number, value| {
        if number == 1 {
            dimension = Some(value.integer()?);
        }
        Ok(())
    })?;
    Ok(dimension)
}

impl Tensor<'_> {
    /// Whether [`Tensor::numbers`] can be had: single precision, and in this file.
    pub(crate) fn is_plain(&self) -> bool {
        self.kind == FLOAT && !self.is_external
    }

    /// The shape in `usize`; `None` if a dimension is not positive.
    pub(crate) fn dimensions(&self) -> Option<Vec<usize>> {
        let positive = |&dimension: &i64| usize::try_from(dimension).ok().filter(|&d| d > 0);
        self.shape.iter().map(positive).collect()
    }

    /// The numbers, as many as the shape says.
    pub(crate) fn numbers(&self) -> Result<Vec<f32>, Error> {
        let wrong = damaged("a tensor has not as many numbers as its shape says");
        let dimensions = self.dimensions().ok_or_else(|| wrong.clone())?;
        let product = |count: usize, &dimension: &usize| count.checked_mul(dimension);
        let expected = dimensions.iter().try_fold(1, product);
        let numbers = match self.raw {
            Some(raw) => floats(raw)?.collect(),
            None => self.floats.clone(),
        };
        if Some(numbers.len()) == expected {
            Ok(numbers)
        } else {
            Err(wrong)
        }
    }
}
