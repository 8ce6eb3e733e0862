//! What servers say of their models, in the program's terms.

use serde_json::Value;

use super::super::kserve::{ModelConfig, ModelMetadata, ServerMetadata, TensorMetadata};
use super::{Element, ServedModel, Server, TensorLayout};

/// The model that an Immich serves unless its administrator chose another.
pub(super) const IMMICH_DEFAULT: &str = "ViT-B-32__openai";

/// The name of a model of the catalogue in Immich's terms.
pub(super) fn immich_name(record: &str) -> &'static str {
    match record {
        "openclip-vit-b32-laion2b" => "ViT-B-32__laion2b-s34b-b79k",
        "siglip-b16" => "ViT-B-16-SigLIP__webli",
        _ => IMMICH_DEFAULT,
    }
}

/// `triton 2.51.0`.
pub(super) fn software(metadata: &ServerMetadata) -> String {
    format!("{} {}", metadata.name, metadata.version)
        .trim()
        .to_owned()
}

/// What the embed API runs on, from its `/gpu-info`.
pub(super) fn embed_software(gpu: &Value) -> String {
    let device = gpu
        .pointer("/devices/0/name")
        .or_else(|| gpu.get("device"))
        .and_then(Value::as_str);
    match device {
        Some(device) => format!("embed API on {device}"),
        None => "embed API".to_owned(),
    }
}

/// A model that takes files and of which nothing is known.
pub(super) fn files() -> ServedModel {
    ServedModel {
        name: String::new(),
        version: None,
        input: String::new(),
        output: String::new(),
        element: Element::Bytes,
        layout: TensorLayout::Encoded,
        side: None,
        dimension: None,
        batch_limit: None,
        preferred_batches: Vec::new(),
    }
}

/// The embed API's model, from its `/model-info`, of which each field may be missing.
pub(super) fn embed_model(info: &Value, server: &Server) -> ServedModel {
    let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| info.get(name).and_then(Value::as_u64).filter(|n| *n > 0);
    let (name, pretrained) = (text("model_name"), text("pretrained"));
    let told = if pretrained.is_empty() {
        name.to_owned()
    } else {
        format!("{name}/{pretrained}")
    };
    ServedModel {
        name: server.model.clone().unwrap_or(told),
        side: number("image_size").and_then(|n| u32::try_from(n).ok()),
        dimension: number("embedding_dim").and_then(|n| usize::try_from(n).ok()),
        batch_limit: number("max_batch_size").and_then(|n| usize::try_from(n).ok()),
        ..files()
    }
}

/// A `KServe` model, if it takes pictures and gives vectors.
///
/// # Errors
/// Why it does not, in words.
pub(super) fn served(
    name: &str,
    metadata: &ModelMetadata,
    config: Option<&ModelConfig>,
) -> Result<ServedModel, String> {
    let [input] = &metadata.inputs[..] else {
        return Err(format!("it has {} inputs", metadata.inputs.len()));
    };
    let output = vector_output(&metadata.outputs).ok_or("it gives no vectors")?;
    let element = match &*input.datatype {
        "FP32" => Element::F32,
        "FP16" => Element::F16,
        "UINT8" => Element::Uint8,
        "BYTES" => Element::Bytes,
        other => return Err(format!("it takes {other}")),
    };
    let (layout, side) = picture(element, &input.shape)
        .ok_or_else(|| format!("it takes the shape {:?}", input.shape))?;
    // -1 in front is any number of pictures, but Triton's limit stands in the configuration.
    let batch_limit = match (
        input.shape.first(),
        config.map(|config| config.max_batch_size),
    ) {
        (Some(-1), Some(limit)) if limit > 0 => usize::try_from(limit).ok(),
        (Some(-1), _) => None,
        (Some(1), _) => Some(1),
        _ => return Err(format!("it takes the shape {:?}", input.shape)),
    };
    let preferred = config.and_then(|config| config.dynamic_batching.as_ref());
    let preferred = preferred.map_or(&[][..], |batching| &batching.preferred_batch_size);
    Ok(ServedModel {
        name: name.to_owned(),
        version: newest(&metadata.versions),
        input: input.name.clone(),
        output: output.name.clone(),
        element,
        layout,
        side,
        dimension: dimension(output),
        batch_limit,
        preferred_batches: preferred
            .iter()
            .filter_map(|&size| usize::try_from(size).ok().filter(|size| *size > 0))
            .collect(),
    })
}

/// The output that holds one vector a picture; among several the one that is called so.
fn vector_output(outputs: &[TensorMetadata]) -> Option<&TensorMetadata> {
    let is_vector = |output: &&TensorMetadata| {
        let sizes = output.shape.get(1..).unwrap_or_default();
        let long = sizes.iter().filter(|size| **size != 1).count();
        matches!(&*output.datatype, "FP32" | "FP16") && output.shape.len() > 1 && long <= 1
    };
    let vectors = || outputs.iter().filter(is_vector);
    vectors()
        .find(|output| output.name.to_lowercase().contains("embed"))
        .or_else(|| vectors().next())
}

fn dimension(output: &TensorMetadata) -> Option<usize> {
    let sizes = output.shape.get(1..)?.iter();
    let product = sizes.map(|&size| usize::try_from(size).ok());
    let product = product.reduce(|all, size| all?.checked_mul(size?))??;
    Some(product).filter(|product| *product > 0)
}

/// Layout and side of a picture in a tensor of this shape.
fn picture(element: Element, shape: &[i64]) -> Option<(TensorLayout, Option<u32>)> {
    let side = |height: i64, width: i64| match (height, width) {
        (-1, -1) => Some(None),
        (height, width) if height == width && height > 0 => u32::try_from(height).ok().map(Some),
        _ => None,
    };
    match (element, shape) {
        (Element::Bytes, &[_, 1]) => Some((TensorLayout::Encoded, None)),
        (Element::Bytes, _) => None,
        (_, &[_, 3, height, width]) if width != 3 => {
            Some((TensorLayout::Nchw, side(height, width)?))
        }
        (_, &[_, height, width, 3]) => Some((TensorLayout::Nhwc, side(height, width)?)),
        _ => None,
    }
}

/// The version that is asked from now on, so that a newer one, loaded in the middle of a scan,
/// does not give vectors of another kind.
fn newest(versions: &[String]) -> Option<String> {
    let number = |version: &&String| version.parse::<u64>().unwrap_or(0);
    versions.iter().max_by_key(number).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, datatype: &str, shape: &[i64]) -> TensorMetadata {
        TensorMetadata {
            name: name.to_owned(),
            datatype: datatype.to_owned(),
            shape: shape.to_vec(),
        }
    }

    fn model(input: TensorMetadata, outputs: Vec<TensorMetadata>) -> ModelMetadata {
        ModelMetadata {
            versions: vec!["9".into(), "10".into()],
            inputs: vec![input],
            outputs,
        }
    }

    fn one(datatype: &str, shape: &[i64]) -> Result<ServedModel, String> {
        let outputs = vec![tensor("embedding", "FP32", &[-1, 512])];
        served("m", &model(tensor("image", datatype, shape), outputs), None)
    }

    #[test]
    fn layouts_sides_and_batches_are_read_off_shapes() {
        use TensorLayout::{Encoded, Nchw, Nhwc};
        for (datatype, shape, layout, side, limit) in [
            ("FP32", &[-1, 3, 224, 224][..], Nchw, Some(224), None),
            ("FP16", &[1, 3, 336, 336], Nchw, Some(336), Some(1)),
            ("UINT8", &[-1, 224, 224, 3], Nhwc, Some(224), None),
            ("UINT8", &[-1, 3, -1, -1], Nchw, None, None),
            ("BYTES", &[-1, 1], Encoded, None, None),
        ] {
            let model = one(datatype, shape).unwrap();
            assert_eq!((model.layout, model.side), (layout, side), "{shape:?}");
            assert_eq!(model.batch_limit, limit, "{shape:?}");
            assert_eq!(model.dimension, Some(512));
            assert_eq!(model.version.as_deref(), Some("10"));
        }
    }

    #[test]
    fn what_takes_no_picture_is_left_out_with_the_reason() {
        for (datatype, shape) in [
            ("INT64", &[-1, 3, 224, 224][..]),
            ("FP32", &[3, 224, 224]),
            ("FP32", &[8, 3, 224, 224]),
            ("FP32", &[-1, 3, 224, 200]),
            ("FP32", &[-1, 1, 224, 224]),
            ("BYTES", &[-1]),
        ] {
            let reason = one(datatype, shape).unwrap_err();
            assert!(reason.starts_with("it takes"), "{reason}");
        }
        let none = model(tensor("x", "FP32", &[-1, 3, 8, 8]), Vec::new());
        assert_eq!(served("m", &none, None).unwrap_err(), "it gives no vectors");
    }

    #[test]
    fn the_output_of_vectors_is_found_among_others() {
        let outputs = vec![
            tensor("hidden", "FP32", &[-1, 50, 768]),
            tensor("logits", "FP32", &[-1, 1000]),
            tensor("image_embeds", "FP16", &[-1, 512, 1, 1]),
        ];
        let model = model(tensor("x", "FP32", &[-1, 3, 8, 8]), outputs);
        let model = served("m", &model, None).unwrap();
        assert_eq!(
            (&*model.output, model.dimension),
            ("image_embeds", Some(512))
        );
    }

    #[test]
    fn a_description_with_holes_still_gives_a_model() {
        let model = embed_model(&Value::Null, &Server::default());
        assert_eq!(model, files());
        let info = serde_json::json!({
            "model_name": "ViT-B-32", "pretrained": "openai", "embedding_dim": 512,
            "image_size": 224, "max_batch_size": 64,
        });
        let model = embed_model(&info, &Server::default());
        assert_eq!(&*model.name, "ViT-B-32/openai");
        assert_eq!((model.side, model.dimension), (Some(224), Some(512)));
        assert_eq!(model.batch_limit, Some(64));
    }
}
