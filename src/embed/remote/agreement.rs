//! Whether a server gives the vectors that this computer would, before any of the two are mixed;
//! and if not, why: what servers usually do otherwise is tried until one fits.

use std::fmt;

use super::Payload;
use crate::embed::{
    EmbedError, Embedding, EngineRequest, InputLayout, ModelInput, ModelRecord, Preprocessing,
    engine,
};

/// How a server's vectors stand to those of this computer.
#[derive(Clone, Debug, PartialEq)]
pub enum Agreement {
    /// They are the same, to this cosine at worst; the two may be mixed.
    Same {
        /// The lowest of some pictures.
        lowest: f32,
        /// What is needed with this payload.
        limit: f32,
    },
    /// They are others.
    Other {
        /// The lowest cosine of some pictures; `None` where the lengths differ.
        lowest: Option<f32>,
        /// What is needed with this payload.
        limit: f32,
        /// Why, as far as it can be told.
        reason: String,
    },
    /// The model cannot be run here, so nobody knows.
    Unknown {
        /// Why it cannot.
        reason: String,
    },
}

impl Agreement {
    /// Whether the vectors may be mixed.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self, Self::Same { .. })
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same { lowest, limit } => write!(
                f,
                "the same vectors as on this computer (cosine {lowest:.5}, {limit} is needed)"
            ),
            Self::Other {
                lowest: Some(lowest),
                limit,
                reason,
            } => write!(
                f,
                "other vectors than on this computer (cosine {lowest:.4}, {limit} is needed): {reason}"
            ),
            Self::Other { reason, .. } => {
                write!(f, "other vectors than on this computer: {reason}")
            }
            Self::Unknown { reason } => {
                write!(f, "not compared with this computer: {reason}")
            }
        }
    }
}

/// The least cosine with this computer's vectors at which a server has the same model. Measured:
/// 8 bits and single precision 1.0000, half precision 0.9999; JPEG at quality 98 0.94 at worst
/// (0.986 on average), at quality 90 0.75 at worst (0.94 on average).
pub(crate) fn limit(payload: Payload) -> f32 {
    match payload {
        Payload::Uint8 | Payload::F32 => 0.9999,
        Payload::F16 => 0.999,
        Payload::JpegFine => 0.9,
        Payload::Jpeg => 0.7,
    }
}

/// Compares the server's vectors with those of this computer, of the same pictures.
pub(crate) fn compare(
    here: &[Embedding],
    there: &[Embedding],
    payload: Payload,
) -> Result<f32, (Option<f32>, String)> {
    let length = |vectors: &[Embedding]| vectors.first().map_or(0, |v| v.components().len());
    if length(here) != length(there) {
        return Err((
            None,
            format!(
                "the server has another model: its vectors have {} numbers, those of the chosen one {}",
                length(there),
                length(here)
            ),
        ));
    }
    let lowest = lowest(here, there);
    if lowest >= limit(payload) {
        Ok(lowest)
    } else {
        Err((Some(lowest), "it probably has another model".to_owned()))
    }
}

/// The lowest cosine of vectors in the same order; -1 if there are not as many.
pub(crate) fn lowest(a: &[Embedding], b: &[Embedding]) -> f32 {
    if a.len() != b.len() || a.is_empty() {
        return -1.0;
    }
    (a.iter().zip(b))
        .map(|(a, b)| a.cosine(b))
        .fold(1.0, f32::min)
}

/// Something that servers do otherwise.
struct Habit {
    words: &'static str,
    /// What the local engine does to do the same.
    preprocessing: Option<Preprocessing>,
    pictures: fn(&ModelInput) -> ModelInput,
}

/// Tries what the server might do otherwise; in words, if something explains its vectors.
///
/// # Errors
/// [`EmbedError`] if the model cannot be run here.
pub(crate) fn explain(
    request: &EngineRequest,
    record: &ModelRecord,
    pictures: &[ModelInput],
    there: &[Embedding],
    payload: Payload,
) -> Result<Option<&'static str>, EmbedError> {
    // Between the limit and what another model would give: half of the way lost is regained.
    let explained = 1.0 - (1.0 - limit(payload)).max(0.005);
    for habit in habits(record) {
        let mut record = record.clone();
        if let Some(preprocessing) = habit.preprocessing {
            record.preprocessing = preprocessing;
        }
        let altered: Vec<ModelInput> = pictures.iter().map(habit.pictures).collect();
        let mut opened = engine::open(request, &record)?;
        let Some(embedder) = opened.embedders.first_mut() else {
            continue;
        };
        if lowest(&embedder.embed(&altered)?, there) >= explained {
            return Ok(Some(habit.words));
        }
    }
    Ok(None)
}

fn habits(record: &ModelRecord) -> Vec<Habit> {
    let own = &record.preprocessing;
    let normalised = |words, mean: [f32; 3], std: [f32; 3]| Habit {
        words,
        preprocessing: Some(Preprocessing {
            mean,
            std,
            ..own.clone()
        }),
        pictures: ModelInput::clone,
    };
    let altered = |words, pictures| Habit {
        words,
        preprocessing: None,
        pictures,
    };
    let mut habits = Vec::new();
    // A model that takes bytes normalises them itself.
    if record.layout == InputLayout::NchwF32 {
        let mut twice = (own.mean, own.std);
        for (at, (mean, std)) in own.mean.iter().zip(&own.std).enumerate() {
            if let (Some(m), Some(s)) = (twice.0.get_mut(at), twice.1.get_mut(at)) {
                *m = mean + mean * std;
                *s = std * std;
            }
        }
        let clip = Preprocessing::clip();
        habits.extend([
            normalised(
                "it skips the model's normalisation (mean and standard deviation)",
                [0.0; 3],
                [1.0; 3],
            ),
            normalised(
                "it normalises pictures that are normalised already",
                twice.0,
                twice.1,
            ),
            normalised(
                "it normalises as CLIP does, which is not this model's way",
                clip.mean,
                clip.std,
            ),
            normalised(
                "it normalises as ImageNet models do, which is not this model's way",
                [0.485, 0.456, 0.406],
                [0.229, 0.224, 0.225],
            ),
            normalised(
                "it normalises to -1..1, which is not this model's way",
                [0.5; 3],
                [0.5; 3],
            ),
        ]);
    }
    habits.extend([
        altered("it takes red for blue", swap_red_and_blue),
        altered(
            "it enlarges the picture and crops it once more",
            crop_once_more,
        ),
    ]);
    habits
}

fn swap_red_and_blue(picture: &ModelInput) -> ModelInput {
    let mut swapped = picture.clone();
    for pixel in swapped.rgb.chunks_exact_mut(3) {
        pixel.swap(0, 2);
    }
    swapped
}

/// The centre of 224 in 256, as for models that want the short side at 256.
fn crop_once_more(picture: &ModelInput) -> ModelInput {
    let side = picture.side;
    let whole = [0.0, 0.0, f64::from(side), f64::from(side)];
    let preprocessing = Preprocessing {
        resize_short: side + side / 7,
        size: side,
        ..Preprocessing::clip()
    };
    image::RgbImage::from_raw(side, side, picture.rgb.clone())
        .and_then(|image| {
            crate::embed::preprocess::prepare(&image, whole, (side, side), &preprocessing).ok()
        })
        .unwrap_or_else(|| picture.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::remote::pictures;
    use crate::embed::{EngineChoice, Provider, bundled};

    fn request() -> EngineRequest {
        EngineRequest {
            engine: EngineChoice::Embedded,
            threads: 1,
            ..EngineRequest::default()
        }
    }

    fn embed(record: &ModelRecord, pictures: &[ModelInput]) -> Vec<Embedding> {
        let mut opened = engine::open(&request(), record).unwrap();
        opened.embedders[0].embed(pictures).unwrap()
    }

    #[test]
    fn equal_vectors_agree_and_other_models_do_not() {
        assert_eq!(request().provider, Provider::Auto);
        let record = bundled::record();
        let pictures = pictures::prepared(&record.preprocessing).unwrap();
        let here = embed(&record, &pictures);
        assert!(compare(&here, &here, Payload::Uint8).unwrap() > 0.9999);
        let shorter: Vec<Embedding> = (here.iter())
            .map(|v| Embedding::from_components(v.components()[..100].to_vec()))
            .collect();
        let (lowest, reason) = compare(&here, &shorter, Payload::Uint8).unwrap_err();
        assert_eq!(lowest, None);
        assert!(reason.contains("100") && reason.contains("512"), "{reason}");
        // Other pictures are as good as another model.
        let mut turned = here.clone();
        turned.rotate_left(1);
        let (lowest, _) = compare(&here, &turned, Payload::Jpeg).unwrap_err();
        assert!(lowest.unwrap() < 0.8, "{lowest:?}");
    }

    #[test]
    fn what_a_server_does_otherwise_is_found_out() {
        let record = bundled::record();
        let pictures = pictures::prepared(&record.preprocessing).unwrap();
        for habit in habits(&record) {
            let mut other = record.clone();
            if let Some(preprocessing) = habit.preprocessing {
                other.preprocessing = preprocessing;
            }
            let altered: Vec<ModelInput> = pictures.iter().map(habit.pictures).collect();
            let there = embed(&other, &altered);
            let here = embed(&record, &pictures);
            // This model's way is nearly that to -1..1.
            if compare(&here, &there, Payload::Uint8).is_ok() {
                assert!(habit.words.contains("-1..1"), "{}", habit.words);
                continue;
            }
            let found = explain(&request(), &record, &pictures, &there, Payload::Uint8);
            assert_eq!(found.unwrap(), Some(habit.words));
        }
        let strange = embed(
            &record,
            &pictures::prepared(&Preprocessing {
                filter: crate::embed::Filter::Bilinear,
                framing: crate::embed::Framing::Stretch,
                ..record.preprocessing.clone()
            })
            .unwrap(),
        );
        let found = explain(&request(), &record, &pictures, &strange, Payload::Uint8);
        assert_eq!(found.unwrap(), None);
    }
}
