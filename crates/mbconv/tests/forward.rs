//! Every instruction set that this machine has gives what plain loops give, for small networks of
//! odd sizes and for a real one, whatever the batch.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;

use common::onnx::{Style, file};
use common::{Chance, Net, Tail, naive, odd_net};
use mbconv::{Error, InstructionSet, Network, Normalisation, Runner};

const BATCHES: [usize; 5] = [1, 2, 5, 8, 15];

fn network(net: &Net) -> Network {
    Network::from_onnx(&file(net, Style::Raw)).unwrap().unwrap()
}

fn runner(network: &Network, set: InstructionSet) -> Runner {
    Runner::new(Arc::new(network.pack(set).unwrap()))
}

/// Compares with plain loops; in proportion to the largest number.
fn compare(net: &Net) {
    let network = network(net);
    let pictures = net.pictures(3, 11);
    let dimension = network.dimension();
    for set in InstructionSet::all_available() {
        let mut out = vec![f32::NAN; 3 * dimension];
        runner(&network, set).run(&pictures, &mut out).unwrap();
        for (picture, got) in pictures.iter().zip(out.chunks(dimension)) {
            let expected = naive::run(net, picture);
            assert_eq!(expected.len(), dimension);
            let largest = expected.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
            assert!(largest > 1e-3, "a network that gives nothing: {net:?}");
            for (&got, expected) in got.iter().zip(&expected) {
                let difference = (f64::from(got) - expected).abs();
                let what = format!("{} {}", set.name(), net.shapes());
                assert!(
                    difference <= 2e-5 * largest,
                    "{what}: {got}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn odd_sizes_and_every_kind_of_block_are_as_by_plain_loops() {
    compare(&odd_net());
}

#[test]
fn networks_by_chance_are_as_by_plain_loops() {
    for seed in 0..40 {
        let chance = &mut Chance::new(seed + 100);
        let side = 17 + chance.below(60);
        let mut shapes = Vec::new();
        let mut channels = 1 + chance.below(40);
        let stem = channels;
        let mut side_now = (side + 1).div_ceil(2);
        for _ in 0..=chance.below(5) {
            let kernel = [3, 5][chance.below(2)];
            let pads = [chance.below(kernel), chance.below(kernel)];
            if side_now + pads[0] + pads[1] < kernel {
                break;
            }
            let stride = 1 + chance.below(2);
            // Half of the blocks keep their shape, so that there are residuals.
            let keeps = chance.below(2) == 0;
            let (outputs, stride, pads) = if keeps {
                (channels, 1, [kernel / 2; 2])
            } else {
                (1 + chance.below(60), stride, pads)
            };
            shapes.push((1 + chance.below(90), outputs, kernel, stride, pads));
            side_now = (side_now + pads[0] + pads[1] - kernel) / stride + 1;
            channels = outputs;
        }
        let mut net = Net::new(side, stem, &shapes, 1 + chance.below(80), seed);
        if chance.below(2) == 0 {
            net.stem.bias = None;
        }
        compare(&net);
    }
}

#[test]
fn large_planes_are_cut_into_strips_that_fit_together() {
    let shapes = [
        (0, 16, 3, 1, [1, 1]),
        (100, 24, 3, 2, [0, 1]),
        (150, 24, 5, 1, [2, 2]),
        (150, 24, 3, 1, [1, 1]),
        (150, 40, 5, 2, [1, 2]),
    ];
    compare(&Net::new(151, 32, &shapes, 40, 3));
}

/// Its last blocks have more weights than activations.
fn many_weights() -> Net {
    let shapes = [
        (0, 20, 3, 2, [1, 1]),
        (30, 64, 3, 2, [1, 1]),
        (400, 64, 5, 1, [2, 2]),
        (400, 80, 3, 2, [0, 0]),
        (500, 80, 3, 1, [1, 1]),
    ];
    Net::new(50, 24, &shapes, 100, 4)
}

#[test]
fn last_blocks_of_many_weights_take_pictures_together() {
    compare(&many_weights());
}

#[test]
fn every_tail_is_as_by_plain_loops() {
    let chance = &mut Chance::new(5);
    let mut net = Net::new(23, 9, &[(0, 11, 3, 1, [1, 1])], 26, 6);
    let tails = [
        Tail::default(),
        Tail {
            normalise: true,
            ..Tail::default()
        },
        Tail {
            gemm: Some((chance.numbers(26 * 7, 1.0), chance.numbers(7, 1.0))),
            ..Tail::default()
        },
        Tail {
            subtract: Some(chance.numbers(26, 1.0)),
            matrix: Some((chance.numbers(26 * 19, 1.0), 19)),
            ..Tail::default()
        },
    ];
    for tail in tails {
        net.tail = tail;
        compare(&net);
    }
}

#[test]
fn a_vector_depends_on_its_picture_alone_to_the_last_bit() {
    let all = InstructionSet::all_available();
    let mut networks = vec![
        (network(&odd_net()), &all[..]),
        (network(&many_weights()), &all[..]),
    ];
    // The others take it too in the comparison with fixtures, in the same batches.
    let bundled = common::bundled().and_then(|bytes| Network::from_onnx(&bytes).unwrap());
    networks.extend(bundled.map(|network| (network, &all[..1])));
    for (network, sets) in &networks {
        let (side, dimension) = (network.input_side(), network.dimension());
        let chance = &mut Chance::new(9);
        let pictures: Vec<Vec<f32>> = (0..15)
            .map(|_| chance.numbers(side * side * 3, 1.0))
            .collect();
        for &set in *sets {
            let mut runner = runner(network, set);
            let mut alone = vec![0.0; 15 * dimension];
            for (picture, out) in pictures.iter().zip(alone.chunks_mut(dimension)) {
                runner.run(&[picture], out).unwrap();
            }
            for batch in BATCHES {
                // The last ones, so that no picture has the same place in every batch.
                let first = 15 - batch;
                let mut out = vec![0.0; batch * dimension];
                runner.run(&pictures[first..], &mut out).unwrap();
                let pairs = out.iter().zip(&alone[first * dimension..]);
                let same = pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{} in a batch of {batch}", set.name());
            }
        }
    }
}

#[test]
fn levels_are_normalised_on_the_way() {
    let net = odd_net();
    let mut runner = runner(&network(&net), InstructionSet::best());
    let chance = &mut Chance::new(21);
    let level = |_| u8::try_from(chance.bits() >> 56).unwrap();
    let levels: Vec<u8> = (0..net.side * net.side * 3).map(level).collect();
    let normalisation = Normalisation {
        scale: [0.01, 0.02, 0.03],
        offset: [-1.0, -2.0, -3.5],
    };
    let numbers = levels.iter().enumerate().map(|(index, &level)| {
        f32::from(level) * normalisation.scale[index % 3] + normalisation.offset[index % 3]
    });
    let numbers: Vec<f32> = numbers.collect();
    let (mut from_levels, mut from_numbers) = (vec![0.0; 22], vec![1.0; 22]);
    runner
        .run_rgb8(&[&levels], &normalisation, &mut from_levels)
        .unwrap();
    runner.run(&[&numbers], &mut from_numbers).unwrap();
    assert_eq!(from_levels, from_numbers);
}

#[test]
fn wrong_lengths_are_errors_and_no_pictures_are_none() {
    let net = odd_net();
    let mut runner = runner(&network(&net), InstructionSet::best());
    let good = net.pictures(2, 1);
    let short = vec![0.0; net.side * net.side * 3 - 1];
    let mut out = vec![0.0; 44];
    assert_eq!(
        runner.run(&[good[0].clone(), short], &mut out),
        Err(Error::Length {
            what: "picture",
            found: 6074,
            expected: 6075
        })
    );
    assert!(runner.run(&good, &mut out[..43]).is_err());
    runner.run(&[] as &[Vec<f32>], &mut []).unwrap();
}

#[test]
fn a_set_that_the_processor_has_not_is_an_error() {
    let absent = if cfg!(target_arch = "x86_64") {
        InstructionSet::Neon
    } else {
        InstructionSet::Avx512
    };
    let error = network(&odd_net()).pack(absent).unwrap_err();
    assert!(error.to_string().contains(absent.name()), "{error}");
}
