//! What is a network of this kind, what is another, and what is no ONNX file.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;

use common::onnx::{Message, Style, file, file_with, float, integer, integers};
use common::{Chance, Net, Tail, naive, odd_net};
use mbconv::{InstructionSet, Network, Runner};

fn small() -> Net {
    Net::new(
        9,
        5,
        &[
            (0, 6, 3, 1, [1, 1]),
            (7, 6, 3, 1, [1, 1]),
            (8, 4, 5, 2, [1, 2]),
        ],
        6,
        1,
    )
}

fn is_recognised(bytes: &[u8]) -> bool {
    Network::from_onnx(bytes).unwrap().is_some()
}

#[test]
fn every_way_of_writing_the_same_network_is_understood() {
    let net = odd_net();
    let picture = &net.pictures(1, 2)[0];
    let expected = naive::run(&net, picture);
    for style in [Style::Raw, Style::Floats, Style::Settings] {
        let network = Network::from_onnx(&file(&net, style)).unwrap().unwrap();
        assert_eq!((network.input_side(), network.dimension()), (45, 22));
        assert_eq!(network.input_name(), "picture");
        assert!(network.output_name().starts_with('v'));
        let packed = network.pack(InstructionSet::best()).unwrap();
        assert_eq!((packed.input_side(), packed.dimension()), (45, 22));
        let mut out = vec![0.0; 22];
        Runner::new(Arc::new(packed))
            .run(&[picture], &mut out)
            .unwrap();
        for (got, expected) in out.iter().zip(&expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-4);
        }
    }
}

#[test]
fn the_bundled_model_is_recognised() {
    let Some(bytes) = common::bundled() else {
        return;
    };
    let network = Network::from_onnx(&bytes).unwrap().unwrap();
    assert_eq!((network.input_side(), network.dimension()), (224, 512));
    assert_eq!(network.input_name(), "pixel_values");
    assert_eq!(network.output_name(), "image_embeds");
}

/// What makes another network of it, in words and in deed.
type Change = (&'static str, fn(&mut Net));

#[test]
fn other_networks_are_none() {
    let base = small();
    assert!(is_recognised(&file(&base, Style::Raw)));
    let changes: [Change; 9] = [
        ("a stem of stride 1", |net| net.stem.stride = 1),
        ("grey pictures", |net| {
            net.stem.shape[1] = 1;
            net.stem.weights.truncate(5 * 9);
        }),
        ("a kernel of 7", |net| {
            let depthwise = &mut net.blocks[1].depthwise;
            depthwise.shape = [7, 1, 7, 7];
            depthwise.weights = vec![0.1; 7 * 49];
        }),
        ("a stride of 3", |net| net.blocks[2].depthwise.stride = 3),
        ("a pad as wide as the kernel", |net| {
            net.blocks[1].depthwise.pads = [3, 1];
        }),
        ("a full convolution", |net| {
            net.blocks[1].depthwise.is_depthwise = false;
        }),
        ("a padded 1 x 1 convolution", |net| {
            net.blocks[1].project.pads = [0, 1];
        }),
        ("an expansion of the wrong inputs", |net| {
            let expand = net.blocks[1].expand.as_mut().unwrap();
            expand.shape[1] = 3;
            expand.weights.truncate(21);
        }),
        ("a picture larger than is allowed", |net| net.side = 3000),
    ];
    for (what, change) in changes {
        let mut net = base.clone();
        change(&mut net);
        assert!(!is_recognised(&file(&net, Style::Raw)), "{what}");
    }
    let tails: [(&str, Tail); 2] = [
        (
            "a mean of another length",
            Tail {
                subtract: Some(vec![0.1; 1]),
                ..Tail::default()
            },
        ),
        (
            "a product of another length",
            Tail {
                matrix: Some((vec![0.1; 12], 3)),
                ..Tail::default()
            },
        ),
    ];
    for (what, tail) in tails {
        let mut net = base.clone();
        net.tail = tail;
        assert!(!is_recognised(&file(&net, Style::Raw)), "{what}");
    }
}

#[test]
fn settings_that_would_change_the_result_are_not_overlooked() {
    let net = small();
    let more: [(&str, &str, Vec<Message>); 6] = [
        ("a softmax at the end", "Softmax", vec![integer("axis", 1)]),
        ("a second pool", "GlobalAveragePool", vec![]),
        ("a flatten more", "Flatten", vec![]),
        (
            "a clip more",
            "Clip",
            vec![float("min", 0.0), float("max", 1.0)],
        ),
        (
            "a convolution more",
            "Conv",
            vec![integers("pads", &[0; 4])],
        ),
        ("a norm by itself", "ReduceL2", vec![integers("axes", &[1])]),
    ];
    for (what, operator, settings) in &more {
        let bytes = file_with(&net, Style::Raw, |writer| {
            writer.node(operator, &[], settings);
        });
        assert!(!is_recognised(&bytes), "{what}");
    }
    // The bytes of a setting are changed in place, each to a value that is legal in ONNX.
    let bytes = file(&net, Style::Settings);
    let bounds: Vec<usize> = (0..bytes.len() - 4)
        .filter(|&at| bytes[at..at + 4] == 6.0_f32.to_le_bytes())
        .collect();
    assert_eq!(bounds.len(), 7, "as many as there are ReLU6");
    for at in bounds {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&5.0_f32.to_le_bytes());
        assert!(!is_recognised(&changed), "a bound of 5 at {at}");
    }
    for (name, length) in [
        ("dilations", 2),
        ("strides", 2),
        ("group", 1),
        ("kernel_shape", 2),
    ] {
        let places: Vec<usize> = (0..bytes.len() - name.len())
            .filter(|&at| bytes[at..].starts_with(name.as_bytes()))
            .collect();
        assert_eq!(places.len(), 10, "{name} of every convolution");
        for at in places {
            let mut changed = bytes.clone();
            // The tag and the number of the first value.
            changed[at + name.len() + 1] = 9 * u8::try_from(length).unwrap() / 2 + 2;
            assert!(!is_recognised(&changed), "{name} at {at}");
        }
    }
}

#[test]
fn what_is_no_onnx_file_is_an_error() {
    for bytes in [&b""[..], b"not a model", b"\x08\x08", &[0xff; 40]] {
        assert!(Network::from_onnx(bytes).is_err(), "{bytes:?}");
    }
    let whole = file(&small(), Style::Raw);
    // Without its last field, the operator set, it would be whole.
    for end in 0..whole.len() - 4 {
        assert!(
            Network::from_onnx(&whole[..end]).is_err(),
            "cut off at {end}"
        );
    }
}

/// Whatever is recognised is run too: a file that lies must not reach beyond a buffer.
fn survives(bytes: &[u8]) -> bool {
    let Ok(Some(network)) = Network::from_onnx(bytes) else {
        return false;
    };
    let side = network.input_side();
    for set in InstructionSet::all_available() {
        let mut runner = Runner::new(Arc::new(network.pack(set).unwrap()));
        let mut out = vec![0.0; 2 * network.dimension()];
        let pictures = vec![vec![0.5; side * side * 3]; 2];
        runner.run(&pictures, &mut out).unwrap();
    }
    true
}

#[test]
fn five_thousand_mutated_files_give_networks_or_errors() {
    let nets = [small(), {
        let mut net = small();
        net.tail = odd_net().tail;
        net.tail.subtract = Some(vec![0.1; 6]);
        net.tail.matrix = Some((vec![0.3; 12], 2));
        net
    }];
    let files: Vec<Vec<u8>> = nets
        .iter()
        .flat_map(|net| [Style::Raw, Style::Floats, Style::Settings].map(|s| file(net, s)))
        .collect();
    let chance = &mut Chance::new(77);
    let mut networks = 0;
    for round in 0..5000 {
        let mut bytes = files[round % files.len()].clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(5) {
                0 => bytes[at] ^= 1 << chance.below(8),
                1 => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
                2 => drop(bytes.drain(at..(at + 1 + chance.below(9)).min(bytes.len()))),
                3 => bytes.insert(at, u8::try_from(chance.below(256)).unwrap()),
                _ => {
                    let from = chance.below(bytes.len());
                    let part = bytes[from..(from + 16).min(bytes.len())].to_vec();
                    let to = at + part.len().min(bytes.len() - at);
                    bytes.splice(at..to, part);
                }
            }
        }
        networks += usize::from(survives(&bytes));
    }
    // A change of a weight leaves a network; so that the test sees both ends.
    assert!(
        (500..4500).contains(&networks),
        "{networks} of 5000 are networks"
    );
}

/// `cargo test -p mbconv -- --ignored files_for_the_fuzzer`
#[test]
#[ignore = "writes files"]
fn files_for_the_fuzzer() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/from_onnx");
    std::fs::create_dir_all(&folder).unwrap();
    for style in [Style::Raw, Style::Floats, Style::Settings] {
        for (name, net) in [("small", small()), ("odd", odd_net())] {
            let name = format!("{name}-{style:?}.onnx").to_lowercase();
            std::fs::write(folder.join(name), file(&net, style)).unwrap();
        }
    }
}
