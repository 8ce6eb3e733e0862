//! What comes after the head: mean, length, subtraction and matrix product.

use super::{Found, Settings, Walk};
use crate::network::{Pointwise, Tail};

impl Walk<'_, '_> {
    /// `GlobalAveragePool` and `Flatten`.
    pub(super) fn mean_of_pixels(&mut self) -> bool {
        let pool = self.take_next("GlobalAveragePool");
        let is_pool = pool.is_some_and(|node| node.attributes.is_empty() && node.inputs.len() == 1);
        let flatten = self.take_next("Flatten");
        let axis = flatten.and_then(|node| Settings::of(node, &["axis"]));
        is_pool && axis.is_some_and(|settings| settings.integer("axis", 1) == 1)
    }

    /// All that is left.
    pub(super) fn tail(&mut self, features: usize) -> Found<Tail> {
        let mut tail = Tail::default();
        if self.operator(0) == Some("ReduceL2") {
            must!(self.unit_length());
            tail.normalise = true;
        }
        if self.operator(0) == Some("Sub") {
            let sub = found!(self.take_next("Sub"));
            let [_, mean] = &sub.inputs[..] else {
                return Ok(None);
            };
            tail.subtract = Some(found!(self.row(mean, features)?));
        }
        tail.matrix = match self.operator(0) {
            Some("MatMul") => Some(found!(self.product(features)?)),
            Some("Gemm") => Some(found!(self.classifier(features)?)),
            _ => None,
        };
        Ok(Some(tail))
    }

    /// `x / |x|`.
    fn unit_length(&mut self) -> bool {
        let features = self.current;
        let reduce = self.take_next("ReduceL2");
        let settings = reduce.and_then(|node| Settings::of(node, &["axes", "keepdims"]));
        let is_length = settings.is_some_and(|settings| {
            let axes = settings.integers("axes", &[]);
            settings.integer("keepdims", 1) == 1 && (axes == Some(&[1]) || axes == Some(&[-1]))
        });
        let length = self.current;
        let is_alone = reduce.is_some_and(|node| node.inputs.len() == 1);
        let divide = self.take("Div");
        is_length && is_alone && divide.is_some_and(|node| node.inputs == [features, length])
    }

    /// As many numbers, in one row: other shapes would be spread over pictures.
    fn row(&self, name: &str, length: usize) -> Found<Vec<f32>> {
        let tensor = found!(self.weights.get(name));
        let shape = found!(tensor.dimensions());
        must!(shape == [length] || shape == [1, length]);
        self.numbers(name)
    }

    fn product(&mut self, features: usize) -> Found<Pointwise> {
        let node = found!(self.take_next("MatMul"));
        let [_, name] = &node.inputs[..] else {
            return Ok(None);
        };
        let tensor = found!(self.weights.get(name));
        let dimensions = found!(tensor.dimensions());
        let [inputs, outputs] = dimensions[..] else {
            return Ok(None);
        };
        must!(inputs == features && tensor.is_plain());
        Ok(Some(Pointwise {
            inputs,
            outputs,
            weights: transposed(&tensor.numbers()?, outputs),
            bias: vec![0.0; outputs],
        }))
    }

    fn classifier(&mut self, features: usize) -> Found<Pointwise> {
        let node = found!(self.take_next("Gemm"));
        let settings = found!(Settings::of(node, &["alpha", "beta", "transA", "transB"]));
        let is_plain = [None, Some(1.0)].contains(&settings.float("alpha"))
            && [None, Some(1.0)].contains(&settings.float("beta"))
            && settings.integer("transA", 0) == 0;
        must!(is_plain);
        let [_, name, bias] = &node.inputs[..] else {
            return Ok(None);
        };
        let tensor = found!(self.weights.get(name));
        must!(tensor.is_plain());
        let dimensions = found!(tensor.dimensions());
        let numbers = tensor.numbers()?;
        let (outputs, weights) = match (settings.integer("transB", 0), &dimensions[..]) {
            (0, &[inputs, outputs]) if inputs == features => {
                (outputs, transposed(&numbers, outputs))
            }
            (1, &[outputs, inputs]) if inputs == features => (outputs, numbers),
            _ => return Ok(None),
        };
        let bias = found!(self.row(bias, outputs)?);
        Ok(Some(Pointwise {
            inputs: features,
            outputs,
            weights,
            bias,
        }))
    }
}

/// [rows][columns] to [columns][rows].
fn transposed(numbers: &[f32], columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| numbers.iter().skip(column).step_by(columns).copied())
        .collect()
}
