//! The vectors that ONNX Runtime makes of 15 photos, and every instruction set's and batch's.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;
use std::sync::Arc;

use mbconv::{InstructionSet, Network, Normalisation, Runner};

/// What follows the header of a file of numpy's.
fn npy(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[10 + header..].to_vec()
}

/// The pictures after resizing, in the order of the vectors' rows.
fn pictures(parity: &Path) -> Vec<Vec<u8>> {
    let index = std::fs::read_to_string(parity.join("index.json")).unwrap();
    let names = index.split("\"pixels_u8\": \"").skip(1);
    let names = names.map(|rest| rest.split('"').next().unwrap());
    let names = names.filter(|name| name.contains(".lite0."));
    names.map(|name| npy(&parity.join(name))).collect()
}

#[test]
fn vectors_are_those_of_onnx_runtime() {
    let (Some(parity), Some(models)) = (common::folder("parity"), common::folder("models")) else {
        return;
    };
    // The bundled model is in the repository's folder, the other one beside the repository.
    let Some(features) = common::folder("../shared/models/efficientnet_lite0.onnx") else {
        return;
    };
    let pictures = pictures(&parity);
    assert_eq!(pictures.len(), 15);
    let normalisation = Normalisation {
        scale: [1.0 / 128.0; 3],
        offset: [-127.0 / 128.0; 3],
    };
    let bundled = models.join("lite0_copies.onnx");
    for (model, vectors, dimension, batches) in [
        (bundled, "lite0_copies.npy", 512, &[1, 2, 5, 8, 15][..]),
        (features, "efficientnet_lite0.npy", 1280, &[5]),
    ] {
        let expected = npy(&parity.join("embeds").join(vectors));
        let (expected, []) = expected.as_chunks::<4>() else {
            panic!("half a number");
        };
        let expected: Vec<f32> = expected.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let network = Network::from_onnx(&std::fs::read(&model).unwrap());
        let network = network.unwrap().unwrap();
        assert_eq!(network.dimension(), dimension);
        for set in InstructionSet::all_available() {
            let mut runner = Runner::new(Arc::new(network.pack(set).unwrap()));
            for &batch in batches {
                let mut out = vec![f32::NAN; 15 * dimension];
                for (pictures, out) in pictures
                    .chunks(batch)
                    .zip(out.chunks_mut(batch * dimension))
                {
                    runner.run_rgb8(pictures, &normalisation, out).unwrap();
                }
                let rows = out.chunks(dimension).zip(expected.chunks(dimension));
                for (row, (got, expected)) in rows.enumerate() {
                    let what = format!("{vectors} {} batch {batch} row {row}", set.name());
                    let dot = |a: &[f32], b: &[f32]| -> f64 {
                        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
                        products.sum()
                    };
                    let lengths = dot(got, got) * dot(expected, expected);
                    let cosine = dot(got, expected) / lengths.sqrt();
                    assert!(cosine >= 0.999_999, "{what}: cosine {cosine}");
                    for (&got, &expected) in got.iter().zip(expected) {
                        assert!(
                            (got - expected).abs() <= 1e-3,
                            "{what}: {got} for {expected}"
                        );
                    }
                }
            }
        }
    }
}
