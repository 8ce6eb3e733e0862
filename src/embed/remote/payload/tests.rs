//! What each payload sends of a picture, beside the tensors of the local engines.

use super::*;
use crate::embed::preprocess::{normalise_nchw, stack_nhwc};
use crate::embed::remote::Element;

fn small() -> Preprocessing {
    Preprocessing {
        size: 40,
        resize_short: 40,
        ..Preprocessing::clip()
    }
}

fn pictures() -> Vec<ModelInput> {
    let picture = |seed: usize| ModelInput {
        side: 40,
        rgb: (0..40 * 40 * 3)
            .map(|i| ((i * 31 + seed * 97) ^ (i >> 3)).to_le_bytes()[0])
            .collect(),
    };
    vec![picture(1), picture(2)]
}

fn written(payload: Payload, layout: TensorLayout, batch: &[ModelInput]) -> Vec<u8> {
    let mut encoder = Encoder::new(payload, layout, &small());
    encoder.prepare(batch).unwrap();
    let all = encoder.tensor_bytes(batch.len());
    let mut bytes = vec![0; all + 1];
    assert_eq!(encoder.fill(batch, 0, &mut bytes), all);
    bytes.pop();
    // However it is cut, also within a pixel and within a number.
    for part in [1, 3, 7, 1000] {
        let mut parts = vec![0; all];
        let mut at = 0;
        for part in parts.chunks_mut(part) {
            assert_eq!(encoder.fill(batch, at, part), part.len());
            at += part.len();
        }
        assert_eq!(parts, bytes);
    }
    bytes
}

#[test]
fn numbers_are_those_that_the_local_engines_compute_with() {
    let batch = pictures();
    let mut numbers = Vec::new();
    normalise_nchw(&batch, &small(), &mut numbers).unwrap();
    let f32s: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    assert_eq!(written(Payload::F32, TensorLayout::Nchw, &batch), f32s);
    let f16s: Vec<u8> = numbers
        .iter()
        .flat_map(|&n| half::f16::from_f32(n).to_le_bytes())
        .collect();
    assert_eq!(written(Payload::F16, TensorLayout::Nchw, &batch), f16s);
    let mut bytes = Vec::new();
    stack_nhwc(&batch, &small(), &mut bytes).unwrap();
    assert_eq!(written(Payload::Uint8, TensorLayout::Nhwc, &batch), bytes);
}

#[test]
fn layouts_hold_the_same_numbers_in_another_order() {
    let batch = pictures();
    let pixels = 40 * 40;
    for (payload, size) in [(Payload::Uint8, 1), (Payload::F16, 2), (Payload::F32, 4)] {
        let planes = written(payload, TensorLayout::Nchw, &batch);
        let interleaved = written(payload, TensorLayout::Nhwc, &batch);
        let number = |bytes: &[u8], index: usize| bytes[index * size..][..size].to_vec();
        for picture in 0..2 {
            for pixel in 0..pixels {
                for channel in 0..3 {
                    assert_eq!(
                        number(&planes, (picture * 3 + channel) * pixels + pixel),
                        number(&interleaved, (picture * pixels + pixel) * 3 + channel),
                    );
                }
            }
        }
    }
}

#[test]
fn files_are_jpegs_with_their_length_before_them() {
    let batch = pictures();
    let bytes = written(Payload::Jpeg, TensorLayout::Encoded, &batch);
    let mut rest = &bytes[..];
    for _ in &batch {
        let (length, after) = rest.split_first_chunk().unwrap();
        let (file, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        let mut decoder =
            zune_jpeg::JpegDecoder::new(zune_jpeg::zune_core::bytestream::ZCursor::new(file));
        decoder.decode_headers().unwrap();
        assert_eq!(decoder.dimensions(), Some((40, 40)));
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn a_picture_of_another_size_is_refused() {
    let mut encoder = Encoder::new(Payload::Uint8, TensorLayout::Nhwc, &small());
    for (side, bytes) in [(41, 41 * 41 * 3), (40, 100)] {
        let wrong = ModelInput {
            side,
            rgb: vec![0; bytes],
        };
        let error = encoder.prepare(&[wrong]).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Refused);
    }
}

#[test]
fn a_file_is_the_square_that_the_server_crops_from() {
    let model = |side| ServedModel {
        name: "m".into(),
        version: None,
        input: String::new(),
        output: String::new(),
        element: Element::Bytes,
        layout: TensorLayout::Encoded,
        side,
        dimension: None,
        batch_limit: None,
        preferred_batches: Vec::new(),
    };
    let lite = Preprocessing::efficientnet_lite0();
    for (payload, side, sent) in [
        (Payload::F32, Some(224), (224, 256)),
        (Payload::Uint8, None, (224, 256)),
        (Payload::F32, Some(336), (336, 384)),
        (Payload::Jpeg, Some(224), (256, 256)),
        (Payload::JpegFine, None, (256, 256)),
    ] {
        let got = preprocessing(&lite, &model(side), payload);
        assert_eq!((got.size, got.resize_short), sent, "{payload:?} {side:?}");
        assert!(got.check().is_ok());
    }
}
