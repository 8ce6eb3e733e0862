//! What it costs to bring pictures into the form in which servers take them, without sending.

use std::time::{Duration, Instant};

use base64::Engine as _;

use super::BenchError;
use super::schema::Encoding;
use super::statistics::percentile;
use crate::embed::preprocess::{normalise_nchw, stack_nhwc};
use crate::embed::{EmbedError, ModelInput, Preprocessing};

/// Each form is made this often, unless that takes longer than [`PATIENCE`]; the median counts.
const TIMES: usize = 7;

/// Longest for one form and batch.
const PATIENCE: Duration = Duration::from_millis(400);

/// Quality of the JPEG form.
const JPEG_QUALITY: u8 = 90;

/// The forms.
const FORMATS: [&str; 4] = ["json-f32", "binary-f32", "binary-u8", "base64-jpeg"];

/// Time and length of each form at each batch. The time runs from the numbers that a model takes
/// (for the last two: from the pixels) to the bytes of the request's body.
///
/// # Errors
/// [`BenchError::Embed`] if a picture has another size than the preprocessing says.
pub(super) fn encodings(
    pictures: &[ModelInput],
    preprocessing: &Preprocessing,
    batches: &[usize],
) -> Result<Vec<Encoding>, BenchError> {
    let mut encodings = Vec::new();
    for &batch in batches.iter().filter(|_| !pictures.is_empty()) {
        let batch_of: Vec<ModelInput> = pictures.iter().cycle().take(batch).cloned().collect();
        let (mut numbers, mut levels) = (Vec::new(), Vec::new());
        normalise_nchw(&batch_of, preprocessing, &mut numbers)?;
        stack_nhwc(&batch_of, preprocessing, &mut levels)?;
        for format in FORMATS {
            let (encode_ms, bytes) = median(|| match format {
                "json-f32" => serde_json::to_vec(&numbers).map_err(BenchError::from),
                "binary-f32" => Ok(numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
                "binary-u8" => Ok(levels.clone()),
                _ => jpegs(&batch_of),
            })?;
            encodings.push(Encoding {
                format: format.to_owned(),
                batch,
                encode_ms,
                bytes: bytes as u64,
            });
        }
    }
    Ok(encodings)
}

/// Median time and the length of what is made.
fn median(
    mut make: impl FnMut() -> Result<Vec<u8>, BenchError>,
) -> Result<(f64, usize), BenchError> {
    let begun = Instant::now();
    let mut times = Vec::with_capacity(TIMES);
    let mut length = 0;
    while times.is_empty() || (times.len() < TIMES && begun.elapsed() < PATIENCE) {
        let begun = Instant::now();
        length = std::hint::black_box(make()?).len();
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok((percentile(&times, 50.0).unwrap_or_default(), length))
}

/// JPEG files in base64, one after the other.
fn jpegs(pictures: &[ModelInput]) -> Result<Vec<u8>, BenchError> {
    let mut body = String::new();
    for picture in pictures {
        let failed = |reason: String| BenchError::Embed(EmbedError::Preprocessing(reason));
        let side = u16::try_from(picture.side).map_err(|error| failed(error.to_string()))?;
        let mut file = Vec::new();
        jpeg_encoder::Encoder::new(&mut file, JPEG_QUALITY)
            .encode(&picture.rgb, side, side, jpeg_encoder::ColorType::Rgb)
            .map_err(|error| failed(error.to_string()))?;
        base64::engine::general_purpose::STANDARD.encode_string(file, &mut body);
    }
    Ok(body.into_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::bench::workload::Workload;

    #[test]
    fn every_form_has_its_length_and_a_batch_is_as_long_as_its_pictures() {
        let preprocessing = Preprocessing::clip();
        let wanted = std::slice::from_ref(&preprocessing);
        let cancel = AtomicBool::new(false);
        let workload = Workload::demo(2, wanted, &cancel, &mut |_, _| ()).unwrap();
        let pictures = workload.inputs(&preprocessing);
        let encodings = encodings(pictures, &preprocessing, &[1, 4]).unwrap();
        let bytes = |format: &str, batch: usize| {
            let found = encodings
                .iter()
                .find(|e| e.format == format && e.batch == batch);
            found.unwrap().bytes
        };
        assert_eq!(encodings.len(), 8);
        assert_eq!(bytes("binary-f32", 1), 224 * 224 * 3 * 4);
        assert_eq!(bytes("binary-f32", 4), 4 * 224 * 224 * 3 * 4);
        assert_eq!(bytes("binary-u8", 4), 4 * 224 * 224 * 3);
        assert!(bytes("json-f32", 1) > 2 * bytes("binary-f32", 1));
        assert!(bytes("base64-jpeg", 1) < bytes("binary-u8", 1));
        assert!(encodings.iter().all(|encoding| encoding.encode_ms > 0.0));
        assert_eq!(super::encodings(&[], &preprocessing, &[1]).unwrap(), []);
    }
}
