//! `preprocessor_config.json`, as it lies beside models on the hub.
//!
//! Field names and meanings are those of the image processors of the Python library
//! `transformers`. What a file leaves out has that library's default.

use std::path::Path;

use serde::Deserialize;

use super::model::{Filter, Framing, Preprocessing};

/// What is read of the file.
#[derive(Debug, Deserialize)]
struct Config {
    size: Option<Size>,
    crop_size: Option<Size>,
    do_center_crop: Option<bool>,
    do_normalize: Option<bool>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    resample: Option<u32>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Size {
    Side(u32),
    ShortestEdge { shortest_edge: u32 },
    Rectangle { height: u32, width: u32 },
}

/// The preprocessing that the file beside `model`, or one folder above, describes; `None`
/// without such a file. `fixed` is the input's side, if the model fixes it.
///
/// # Errors
/// A sentence if the file cannot be understood or asks for what is not done here.
pub(super) fn beside(model: &Path, fixed: Option<u32>) -> Result<Option<Preprocessing>, String> {
    let folder = model.parent().unwrap_or(Path::new("."));
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        let path = folder.join("preprocessor_config.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("preprocessor_config.json cannot be read ({error})")),
        };
        return parse(&text, fixed)
            .map(Some)
            .map_err(|reason| format!("preprocessor_config.json: {reason}"));
    }
    Ok(None)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is what a record holds"
)]
fn parse(text: &str, fixed: Option<u32>) -> Result<Preprocessing, String> {
    let config: Config = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let crops = config.do_center_crop.unwrap_or(config.crop_size.is_some());
    let crop = match config.crop_size.filter(|_| crops) {
        Some(Size::Rectangle { height, width }) if height != width => {
            return Err(format!("the crop is not square: {width} x {height}"));
        }
        Some(
            Size::Side(side)
            | Size::ShortestEdge {
                shortest_edge: side,
            },
        ) => Some(side),
        Some(Size::Rectangle { height, .. }) => Some(height),
        None => None,
    };
    let (resize_short, framing) = match config.size {
        Some(Size::ShortestEdge { shortest_edge }) => (Some(shortest_edge), Framing::CentreCrop),
        Some(Size::Rectangle { height, width }) if height != width => {
            return Err(format!("the size is not square: {width} x {height}"));
        }
        Some(Size::Rectangle { height, .. }) if crops && crop != Some(height) => {
            return Err("a stretched picture that is cropped".to_owned());
        }
        Some(Size::Rectangle { height, .. }) => (Some(height), Framing::Stretch),
        // A bare number is the short side where a crop follows, else both sides.
        Some(Size::Side(side)) if crops => (Some(side), Framing::CentreCrop),
        Some(Size::Side(side)) => (Some(side), Framing::Stretch),
        None => (None, Framing::CentreCrop),
    };
    let size = crop
        .or(fixed)
        .or(resize_short)
        .ok_or("it names no size, and the model has none")?;
    if let Some(fixed) = fixed.filter(|&fixed| fixed != size) {
        return Err(format!(
            "it makes pictures of {size} pixels, the model takes {fixed}"
        ));
    }
    let filter = match config.resample {
        None | Some(3) => Filter::Bicubic,
        Some(2) => Filter::Bilinear,
        Some(other) => {
            return Err(format!(
                "resample {other} is not known here (2 is bilinear, 3 bicubic)"
            ));
        }
    };
    let (mean, std) = if config.do_normalize.unwrap_or(true) {
        (
            config.image_mean.unwrap_or([0.5; 3]),
            config.image_std.unwrap_or([0.5; 3]),
        )
    } else {
        ([0.0; 3], [1.0; 3])
    };
    // (x f - mean) / std = (x / 255 - mean / (255 f)) / (std / (255 f))
    let factor = if config.do_rescale.unwrap_or(true) {
        config.rescale_factor.unwrap_or(1.0 / 255.0) * 255.0
    } else {
        255.0
    };
    let preprocessing = Preprocessing {
        resize_short: resize_short.unwrap_or(size),
        size,
        framing,
        filter,
        mean: mean.map(|mean| (mean / factor) as f32),
        std: std.map(|std| (std / factor) as f32),
    };
    preprocessing.check().map_err(|error| error.to_string())?;
    Ok(preprocessing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_of_known_models_are_read() {
        let clip = r#"{"crop_size": 224, "do_center_crop": true, "do_normalize": true, "do_resize": true,
            "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
            "resample": 3, "size": 224}"#;
        assert_eq!(parse(clip, Some(224)).unwrap(), Preprocessing::clip());
        let newer = clip
            .replace(
                "\"crop_size\": 224",
                "\"crop_size\": {\"height\": 224, \"width\": 224}",
            )
            .replace(
                "\"size\": 224}",
                "\"size\": {\"shortest_edge\": 224}, \"rescale_factor\": 0.00392156862745098}",
            );
        assert_eq!(parse(&newer, None).unwrap(), Preprocessing::clip());
        let lite0 = r#"{"size": {"shortest_edge": 256}, "crop_size": 224, "do_rescale": false,
            "image_mean": [127, 127, 127], "image_std": [128, 128, 128]}"#;
        assert_eq!(
            parse(lite0, None).unwrap(),
            Preprocessing::efficientnet_lite0()
        );
        let siglip = r#"{"size": {"height": 224, "width": 224}, "resample": 3,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#;
        let siglip = parse(siglip, Some(224)).unwrap();
        assert_eq!((siglip.framing, siglip.mean), (Framing::Stretch, [0.5; 3]));
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "EOF"),
            ("[]", "invalid"),
            (r#"{"size": {"height": 224, "width": 300}}"#, "not square"),
            (
                r#"{"size": 224, "crop_size": 224, "resample": 1}"#,
                "resample 1",
            ),
            (r#"{"size": 224, "crop_size": 200}"#, "200"),
            (r#"{"size": 224, "image_std": [0, 0, 0]}"#, "std"),
        ] {
            let error = parse(text, Some(224)).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
