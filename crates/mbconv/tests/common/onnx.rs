//! Writes the small networks as ONNX files: the wire format, and the nodes.

use super::{Conv, Net};

/// A message that grows.
#[derive(Clone, Debug, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        self.0.push(u8::try_from(number).unwrap());
    }

    pub fn integer(mut self, field: u64, number: i64) -> Self {
        self.varint(field << 3);
        self.varint(number.cast_unsigned());
        self
    }

    pub fn float(mut self, field: u64, number: f32) -> Self {
        self.varint(field << 3 | 5);
        self.0.extend(number.to_le_bytes());
        self
    }

    pub fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(u64::try_from(bytes.len()).unwrap());
        self.0.extend(bytes);
        self
    }

    pub fn message(self, field: u64, message: &Message) -> Self {
        self.bytes(field, &message.0)
    }
}

/// How a file is written where there are several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Numbers as raw bytes, bounds of `Clip` as weights.
    Raw,
    /// Numbers as floats, bounds as `Constant` nodes.
    Floats,
    /// Bounds as settings, as before operator set 11.
    Settings,
}

/// A graph that is written node by node.
pub struct Writer {
    pub graph: Message,
    pub style: Style,
    current: String,
    names: usize,
}

impl Writer {
    fn new(style: Style) -> Self {
        Self {
            graph: Message::default(),
            style,
            current: "picture".to_owned(),
            names: 0,
        }
    }

    fn add(&mut self, field: u64, message: &Message) {
        self.graph = std::mem::take(&mut self.graph).message(field, message);
    }

    fn weight(&mut self, shape: &[usize], numbers: &[f32]) -> String {
        self.names += 1;
        let name = format!("w{}", self.names);
        let tensor = tensor(self.style, &name, shape, numbers);
        self.add(5, &tensor);
        name
    }

    /// Adds a node whose first input is the current value, and goes on with its output.
    pub fn node(&mut self, operator: &str, more: &[&str], settings: &[Message]) -> String {
        let current = self.current.clone();
        let inputs: Vec<&str> = std::iter::once(current.as_str())
            .chain(more.iter().copied())
            .collect();
        self.names += 1;
        self.current = format!("v{}", self.names);
        let node = node(operator, &inputs, &self.current, settings);
        self.add(1, &node);
        self.current.clone()
    }

    fn conv(&mut self, conv: &Conv) {
        let weights = self.weight(&conv.shape, &conv.weights);
        let mut more = vec![weights];
        if let Some(bias) = &conv.bias {
            more.push(self.weight(&[conv.shape[0]], bias));
        }
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let [begin, end] = conv.pads;
        let group = if conv.is_depthwise { conv.shape[0] } else { 1 };
        self.node(
            "Conv",
            &more,
            &[
                integers("dilations", &[1, 1]),
                integer("group", group),
                integers("kernel_shape", &conv.shape[2..]),
                integers("pads", &[begin, begin, end, end]),
                integers("strides", &[conv.stride; 2]),
            ],
        );
    }

    fn relu6(&mut self) {
        match self.style {
            Style::Settings => {
                let settings = [float("min", 0.0), float("max", 6.0)];
                self.node("Clip", &[], &settings);
            }
            Style::Raw => {
                let bounds = [self.weight(&[1], &[0.0]), self.weight(&[], &[6.0])];
                self.node("Clip", &[&bounds[0], &bounds[1]], &[]);
            }
            Style::Floats => {
                for (name, bound) in [("low", 0.0), ("high", 6.0)] {
                    let value = tensor(self.style, "", &[], &[bound]);
                    let name = format!("{name}{}", self.names);
                    let setting = Message::default().bytes(1, b"value").message(5, &value);
                    let constant = node("Constant", &[], &name, &[setting]);
                    self.add(1, &constant);
                }
                let bounds = [format!("low{}", self.names), format!("high{}", self.names)];
                self.node("Clip", &[&bounds[0], &bounds[1]], &[]);
            }
        }
    }
}

pub fn tensor(style: Style, name: &str, shape: &[usize], numbers: &[f32]) -> Message {
    let mut tensor = Message::default();
    for &dimension in shape {
        tensor = tensor.integer(1, i64::try_from(dimension).unwrap());
    }
    tensor = tensor.integer(2, 1).bytes(8, name.as_bytes());
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    tensor.bytes(if style == Style::Raw { 9 } else { 4 }, &bytes)
}

pub fn node(operator: &str, inputs: &[&str], output: &str, settings: &[Message]) -> Message {
    let mut node = Message::default();
    for input in inputs {
        node = node.bytes(1, input.as_bytes());
    }
    node = node
        .bytes(2, output.as_bytes())
        .bytes(4, operator.as_bytes());
    settings.iter().fold(node, |node, s| node.message(5, s))
}

pub fn integer(name: &str, number: usize) -> Message {
    let setting = Message::default().bytes(1, name.as_bytes());
    setting
        .integer(3, i64::try_from(number).unwrap())
        .integer(20, 2)
}

pub fn integers(name: &str, numbers: &[usize]) -> Message {
    let setting = Message::default().bytes(1, name.as_bytes());
    let add =
        |setting: Message, &number: &usize| setting.integer(8, i64::try_from(number).unwrap());
    numbers.iter().fold(setting, add).integer(20, 7)
}

pub fn float(name: &str, number: f32) -> Message {
    Message::default()
        .bytes(1, name.as_bytes())
        .float(2, number)
}

/// An input or output in single precision; open dimensions are `None`.
fn port(name: &str, shape: &[Option<usize>]) -> Message {
    let mut dimensions = Message::default();
    for dimension in shape {
        let dimension = match dimension {
            Some(number) => Message::default().integer(1, i64::try_from(*number).unwrap()),
            None => Message::default().bytes(2, b"batch"),
        };
        dimensions = dimensions.message(1, &dimension);
    }
    let kind = Message::default().integer(1, 1).message(2, &dimensions);
    Message::default()
        .bytes(1, name.as_bytes())
        .message(2, &Message::default().message(1, &kind))
}

/// The file, and before it is closed `change` may add what does not belong there.
pub fn file_with(net: &Net, style: Style, change: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(style);
    let input = port("picture", &[None, Some(3), Some(net.side), Some(net.side)]);
    writer.add(11, &input);
    writer.conv(&net.stem);
    writer.relu6();
    for block in &net.blocks {
        let before = writer.current.clone();
        if let Some(expand) = &block.expand {
            writer.conv(expand);
            writer.relu6();
        }
        writer.conv(&block.depthwise);
        writer.relu6();
        writer.conv(&block.project);
        if block.residual {
            writer.node("Add", &[&before], &[]);
        }
    }
    writer.conv(&net.head);
    writer.relu6();
    writer.node("GlobalAveragePool", &[], &[]);
    let features = writer.node("Flatten", &[], &[integer("axis", 1)]);
    let count = net.features();
    if net.tail.normalise {
        let settings = [integers("axes", &[1]), integer("keepdims", 1)];
        let length = writer.node("ReduceL2", &[], &settings);
        writer.current = features;
        writer.node("Div", &[&length], &[]);
    }
    if let Some(mean) = &net.tail.subtract {
        let mean = writer.weight(&[mean.len()], mean);
        writer.node("Sub", &[&mean], &[]);
    }
    let mut dimension = count;
    if let Some((matrix, outputs)) = &net.tail.matrix {
        dimension = *outputs;
        let matrix = writer.weight(&[matrix.len() / dimension, dimension], matrix);
        writer.node("MatMul", &[&matrix], &[]);
    }
    if let Some((matrix, bias)) = &net.tail.gemm {
        dimension = bias.len();
        let matrix = writer.weight(&[dimension, count], matrix);
        let bias = writer.weight(&[dimension], bias);
        writer.node("Gemm", &[&matrix, &bias], &[integer("transB", 1)]);
    }
    change(&mut writer);
    let output = port(&writer.current.clone(), &[None, Some(dimension)]);
    writer.add(12, &output);
    let opset = Message::default().integer(2, 13);
    Message::default()
        .integer(1, 8)
        .message(7, &writer.graph)
        .message(8, &opset)
        .0
}

pub fn file(net: &Net, style: Style) -> Vec<u8> {
    file_with(net, style, |_| {})
}
