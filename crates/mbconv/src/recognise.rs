//! From an ONNX graph to a network, if it is one of the kind that can be run here.
//!
//! The nodes of such a graph depend on each other one by one, so they have only one order. Each
//! is compared with what must come next: operator, inputs, and every setting, for a setting that
//! is overlooked gives wrong vectors and no error.

use std::collections::{HashMap, VecDeque};

use crate::error::Error;
use crate::network::{Block, Depthwise, Inverted, Network, Pointwise, Stem};
use crate::onnx::{self, Attribute, FLOAT, Graph, Node, Port, Tensor};

/// Larger pictures are left to others.
const MAX_SIDE: usize = 1024;

/// More numbers in the activations of one block are left to others (1 GiB).
const MAX_ACTIVATIONS: usize = 1 << 28;

/// `Ok(None)` where it is another kind of network, which ends the walk early.
type Found<T> = Result<Option<T>, Error>;

/// Goes on with what was found, or ends with `Ok(None)`.
macro_rules! found {
    ($found:expr) => {
        match $found {
            Some(found) => found,
            None => return Ok(None),
        }
    };
}

/// Ends with `Ok(None)` unless this holds.
macro_rules! must {
    ($holds:expr) => {
        if !$holds {
            return Ok(None);
        }
    };
}

// The macros hold in modules that stand below them.
mod tail;

/// See [`Network::from_onnx`].
pub(crate) fn network(bytes: &[u8]) -> Found<Network> {
    let graph = onnx::read(bytes)?;
    must!(!graph.has_more);
    let mut walk = Walk::new(&graph);
    let (input, side) = found!(picture_input(&graph, &walk));
    let [output] = &graph.outputs[..] else {
        return Ok(None);
    };
    must!(output.kind.is_none_or(|kind| kind == FLOAT));
    walk.current = input;
    let stem = found!(walk.stem(side)?);
    let first = found!(walk.block(stem.outputs, stem.side)?);
    let (mut channels, mut side_now) = (first.project.outputs, first.depthwise.side_out);
    let mut blocks = Vec::new();
    while !walk.is_at_head() {
        let inverted = found!(walk.inverted(channels, side_now)?);
        let Block {
            depthwise, project, ..
        } = &inverted.block;
        (channels, side_now) = (project.outputs, depthwise.side_out);
        blocks.push(inverted);
    }
    let head = found!(walk.pointwise(channels)?);
    must!(walk.relu6()?);
    must!(walk.mean_of_pixels());
    let tail = found!(walk.tail(head.outputs)?);
    must!(walk.rest.is_empty() && walk.current == output.name);
    must!(fits(head.outputs, side_now));
    Ok(Some(Network {
        input_name: input.to_owned(),
        output_name: output.name.to_owned(),
        side,
        stem,
        first,
        blocks,
        head,
        tail,
    }))
}

/// The one input that is no weight, [batch, 3, side, side] in single precision, and its side.
fn picture_input<'a>(graph: &Graph<'a>, walk: &Walk<'_, 'a>) -> Option<(&'a str, usize)> {
    let is_input = |port: &&Port<'a>| !walk.weights.contains_key(port.name);
    let mut inputs = graph.inputs.iter().filter(is_input);
    let (port, None) = (inputs.next()?, inputs.next()) else {
        return None;
    };
    let [_batch, Some(3), Some(height), Some(width)] = port.shape.as_deref()? else {
        return None;
    };
    let side = usize::try_from(*height).ok()?;
    let is_right = port.kind == Some(FLOAT) && height == width && (1..=MAX_SIDE).contains(&side);
    is_right.then_some((port.name, side))
}

fn fits(channels: usize, side: usize) -> bool {
    channels
        .checked_mul(side * side)
        .is_some_and(|numbers| numbers <= MAX_ACTIVATIONS)
}

/// What is left of the graph, and where the walk stands.
struct Walk<'g, 'a> {
    weights: HashMap<&'a str, &'g Tensor<'a>>,
    rest: VecDeque<&'g Node<'a>>,
    /// The name of the last result.
    current: &'a str,
}

/// A convolution of which only the settings that all have in common were compared.
struct Convolution<'g, 'a> {
    weights: &'g Tensor<'a>,
    /// [outputs, inputs a group, height, width].
    shape: [usize; 4],
    bias: Option<&'g Tensor<'a>>,
    stride: usize,
    group: usize,
    /// At the beginning and at the end, in both directions.
    pads: [usize; 2],
}

impl<'g, 'a> Walk<'g, 'a> {
    fn new(graph: &'g Graph<'a>) -> Self {
        let mut weights: HashMap<_, _> = graph.weights.iter().map(|w| (w.name, w)).collect();
        let mut rest = VecDeque::new();
        for node in &graph.nodes {
            // Some exporters write bounds as nodes.
            match (node.operator, &node.outputs[..], value_of(node)) {
                ("Constant", [name], Some(tensor)) => {
                    weights.insert(name, tensor);
                }
                _ => rest.push_back(node),
            }
        }
        Self {
            weights,
            rest,
            current: "",
        }
    }

    /// The next node's inputs, if it is this operator with one output, which becomes the current.
    fn take(&mut self, operator: &str) -> Option<&'g Node<'a>> {
        let node = *self.rest.front()?;
        let is_standard = ["", "ai.onnx"].contains(&node.domain);
        let [output] = &node.outputs[..] else {
            return None;
        };
        if node.operator != operator || !is_standard {
            return None;
        }
        self.rest.pop_front();
        self.current = output;
        Some(node)
    }

    /// As `take`, for an operator whose first input is the current value.
    fn take_next(&mut self, operator: &str) -> Option<&'g Node<'a>> {
        let current = self.current;
        let node = self.take(operator)?;
        (node.inputs.first() == Some(&current)).then_some(node)
    }

    fn operator(&self, ahead: usize) -> Option<&str> {
        self.rest.get(ahead).map(|node| node.operator)
    }

    /// Whether a convolution comes that is followed by the mean over all pixels.
    fn is_at_head(&self) -> bool {
        self.operator(2) == Some("GlobalAveragePool")
    }

    fn convolution(&mut self) -> Option<Convolution<'g, 'a>> {
        let node = self.take_next("Conv")?;
        let known = [
            "dilations",
            "group",
            "kernel_shape",
            "pads",
            "strides",
            "auto_pad",
        ];
        let settings = Settings::of(node, &known)?;
        let (weights, bias) = match &node.inputs[..] {
            [_, weights] => (weights, None),
            [_, weights, bias] => (weights, Some(*self.weights.get(bias)?)),
            _ => return None,
        };
        let weights = *self.weights.get(weights)?;
        let shape: [usize; 4] = weights.dimensions()?.try_into().ok()?;
        let size = [shape[2], shape[3]].map(|side| i64::try_from(side).unwrap_or(0));
        let pads: [i64; 4] = settings.integers("pads", &[0; 4])?.try_into().ok()?;
        let [top, left, bottom, right] = pads.map(|pad| usize::try_from(pad).ok());
        let [stride, stride_x] = settings.integers("strides", &[1; 2])?.try_into().ok()?;
        let auto_pad = settings.text("auto_pad").unwrap_or(b"NOTSET");
        let is_right = shape[2] == shape[3]
            && top == left
            && bottom == right
            && stride == stride_x
            && auto_pad == b"NOTSET"
            && settings.integers("dilations", &[1; 2])? == [1, 1]
            && settings.integers("kernel_shape", &size)? == size;
        is_right.then_some(Convolution {
            weights,
            shape,
            bias,
            stride: usize::try_from(stride).ok()?,
            group: usize::try_from(settings.integer("group", 1)).ok()?,
            pads: [top?, bottom?],
        })
    }

    fn stem(&mut self, side: usize) -> Found<Stem> {
        let convolution = found!(self.convolution());
        let [outputs, inputs, kernel, _] = convolution.shape;
        must!(inputs == 3 && kernel == 3 && convolution.stride == 2 && convolution.group == 1);
        let side = found!(convolution.side_out(side));
        must!(fits(outputs, side));
        must!(self.relu6()?);
        Ok(Some(Stem {
            outputs,
            pad: convolution.pads[0],
            side,
            weights: found!(convolution.weights()?),
            bias: found!(convolution.bias()?),
        }))
    }

    fn pointwise(&mut self, inputs: usize) -> Found<Pointwise> {
        let convolution = found!(self.convolution());
        let [outputs, found, size, _] = convolution.shape;
        must!(found == inputs && size == 1 && convolution.stride == 1);
        must!(convolution.group == 1 && convolution.pads == [0, 0]);
        Ok(Some(Pointwise {
            inputs,
            outputs,
            weights: found!(convolution.weights()?),
            bias: found!(convolution.bias()?),
        }))
    }

    fn depthwise(&mut self, channels: usize, side: usize) -> Found<Depthwise> {
        let convolution = found!(self.convolution());
        let [outputs, each, kernel, _] = convolution.shape;
        must!(outputs == channels && each == 1 && convolution.group == channels);
        must!([3, 5].contains(&kernel) && [1, 2].contains(&convolution.stride));
        let side_out = found!(convolution.side_out(side));
        must!(fits(channels, side));
        must!(self.relu6()?);
        Ok(Some(Depthwise {
            channels,
            size: kernel,
            stride: convolution.stride,
            pad: convolution.pads[0],
            side_in: side,
            side_out,
            weights: found!(convolution.weights()?),
            bias: found!(convolution.bias()?),
        }))
    }

    fn block(&mut self, channels: usize, side: usize) -> Found<Block> {
        let depthwise = found!(self.depthwise(channels, side)?);
        let project = found!(self.pointwise(channels)?);
        must!(fits(project.outputs, depthwise.side_out));
        Ok(Some(Block {
            depthwise,
            project,
            residual: false,
        }))
    }

    fn inverted(&mut self, channels: usize, side: usize) -> Found<Inverted> {
        let before = self.current;
        let expand = found!(self.pointwise(channels)?);
        must!(self.relu6()?);
        let mut block = found!(self.block(expand.outputs, side)?);
        if self.operator(0) == Some("Add") {
            let after = self.current;
            let add = found!(self.take("Add"));
            must!(add.inputs == [after, before] || add.inputs == [before, after]);
            must!(block.project.outputs == channels && block.depthwise.side_out == side);
            block.residual = true;
        }
        Ok(Some(Inverted { expand, block }))
    }

    /// `Clip` from 0 to 6, its bounds as inputs or, before operator set 11, as settings.
    fn relu6(&mut self) -> Result<bool, Error> {
        let Some(node) = self.take_next("Clip") else {
            return Ok(false);
        };
        let Some(settings) = Settings::of(node, &["min", "max"]) else {
            return Ok(false);
        };
        let bounds = match &node.inputs[..] {
            [_] => [settings.float("min"), settings.float("max")],
            [_, low, high] => [self.scalar(low)?, self.scalar(high)?],
            _ => return Ok(false),
        };
        Ok(bounds == [Some(0.0), Some(6.0)])
    }

    fn scalar(&self, name: &str) -> Found<f32> {
        let numbers = found!(self.numbers(name)?);
        Ok(match numbers[..] {
            [number] => Some(number),
            _ => None,
        })
    }

    fn numbers(&self, name: &str) -> Found<Vec<f32>> {
        match self.weights.get(name) {
            Some(tensor) if tensor.is_plain() => tensor.numbers().map(Some),
            _ => Ok(None),
        }
    }
}

impl Convolution<'_, '_> {
    /// Side of what comes out; `None` if the pads reach beyond the kernel or nothing comes out.
    fn side_out(&self, side: usize) -> Option<usize> {
        let kernel = self.shape[2];
        let [begin, end] = self.pads;
        let is_inside = begin < kernel && end < kernel;
        let steps = (side + begin + end).checked_sub(kernel)? / self.stride;
        is_inside.then_some(steps + 1)
    }

    fn weights(&self) -> Found<Vec<f32>> {
        must!(self.weights.is_plain());
        self.weights.numbers().map(Some)
    }

    fn bias(&self) -> Found<Vec<f32>> {
        let outputs = self.shape[0];
        let Some(bias) = self.bias else {
            return Ok(Some(vec![0.0; outputs]));
        };
        must!(bias.is_plain() && bias.dimensions().is_some_and(|d| d == [outputs]));
        bias.numbers().map(Some)
    }
}

/// A node's settings, none of which is unknown.
struct Settings<'n, 'a>(&'n [Attribute<'a>]);

impl<'n, 'a> Settings<'n, 'a> {
    fn of(node: &'n Node<'a>, known: &[&str]) -> Option<Self> {
        let all_known = node.attributes.iter().all(|a| known.contains(&a.name));
        all_known.then_some(Self(&node.attributes))
    }

    fn get(&self, name: &str) -> Option<&'n Attribute<'a>> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    fn integer(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |a| a.integer.unwrap_or(0))
    }

    /// `None` if there is a setting of this name and another length than the default's, unless
    /// that is empty.
    fn integers<'s>(&self, name: &str, default: &'s [i64]) -> Option<&'s [i64]>
    where
        'n: 's,
    {
        match self.get(name) {
            None => Some(default),
            Some(a) if default.is_empty() || a.integers.len() == default.len() => Some(&a.integers),
            Some(_) => None,
        }
    }

    fn float(&self, name: &str) -> Option<f32> {
        self.get(name).map(|a| a.float.unwrap_or(0.0))
    }

    fn text(&self, name: &str) -> Option<&'a [u8]> {
        self.get(name).map(|a| a.text.unwrap_or_default())
    }
}

fn value_of<'n, 'a>(node: &'n Node<'a>) -> Option<&'n Tensor<'a>> {
    let value = node.attributes.iter().find(|a| a.name == "value")?;
    value.tensor.as_ref()
}
