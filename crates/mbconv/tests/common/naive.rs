//! The small networks by plain loops in double precision.

use super::{Conv, Net};

/// [channel][row][column].
struct Planes {
    side: usize,
    numbers: Vec<f64>,
}

fn conv(input: &Planes, conv: &Conv, relu6: bool) -> Planes {
    let [outputs, inputs, kernel, _] = conv.shape;
    let [begin, end] = conv.pads;
    let side = (input.side + begin + end - kernel) / conv.stride + 1;
    let mut numbers = Vec::with_capacity(outputs * side * side);
    for output in 0..outputs {
        let bias = conv
            .bias
            .as_ref()
            .map_or(0.0, |bias| f64::from(bias[output]));
        for y in 0..side {
            for x in 0..side {
                let mut sum = bias;
                for channel in 0..inputs {
                    let plane = if conv.is_depthwise { output } else { channel };
                    for ky in 0..kernel {
                        for kx in 0..kernel {
                            let (row, column) = (y * conv.stride + ky, x * conv.stride + kx);
                            let inside = begin..begin + input.side;
                            if inside.contains(&row) && inside.contains(&column) {
                                let at = (plane * input.side + row - begin) * input.side;
                                let weight =
                                    ((output * inputs + channel) * kernel + ky) * kernel + kx;
                                sum += input.numbers[at + column - begin]
                                    * f64::from(conv.weights[weight]);
                            }
                        }
                    }
                }
                numbers.push(if relu6 { sum.clamp(0.0, 6.0) } else { sum });
            }
        }
    }
    Planes { side, numbers }
}

/// What the network gives for a picture [row][column][channel].
pub fn run(net: &Net, picture: &[f32]) -> Vec<f64> {
    let plane = |channel| {
        picture
            .iter()
            .skip(channel)
            .step_by(3)
            .copied()
            .map(f64::from)
    };
    let mut planes = Planes {
        side: net.side,
        numbers: (0..3).flat_map(plane).collect(),
    };
    planes = conv(&planes, &net.stem, true);
    for block in &net.blocks {
        let expanded = block
            .expand
            .as_ref()
            .map(|expand| conv(&planes, expand, true));
        let middle = conv(expanded.as_ref().unwrap_or(&planes), &block.depthwise, true);
        let mut result = conv(&middle, &block.project, false);
        if block.residual {
            let pairs = result.numbers.iter_mut().zip(&planes.numbers);
            pairs.for_each(|(to, from)| *to += from);
        }
        planes = result;
    }
    planes = conv(&planes, &net.head, true);
    let pixels = planes.side * planes.side;
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let mean = |plane: &[f64]| plane.iter().sum::<f64>() / pixels as f64;
    let mut vector: Vec<f64> = planes.numbers.chunks(pixels).map(mean).collect();
    if net.tail.normalise {
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        for x in &mut vector {
            *x /= length;
        }
    }
    if let Some(subtract) = &net.tail.subtract {
        let pairs = vector.iter_mut().zip(subtract);
        pairs.for_each(|(x, &mean)| *x -= f64::from(mean));
    }
    if let Some((matrix, outputs)) = &net.tail.matrix {
        let column = |output| {
            let weights = matrix.iter().skip(output).step_by(*outputs);
            vector
                .iter()
                .zip(weights)
                .map(|(x, &w)| x * f64::from(w))
                .sum()
        };
        vector = (0..*outputs).map(column).collect();
    }
    if let Some((matrix, bias)) = &net.tail.gemm {
        let rows = matrix.chunks(vector.len()).zip(bias);
        let row = |(row, &bias): (&[f32], &f32)| {
            let products = vector.iter().zip(row).map(|(x, &w)| x * f64::from(w));
            products.sum::<f64>() + f64::from(bias)
        };
        vector = rows.map(row).collect();
    }
    vector
}
