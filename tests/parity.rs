//! The vectors are those that Python makes: `../shared/parity` holds 15 small photos, what the
//! reference libraries make of their pixels, and what ONNX Runtime makes of those. Every photo
//! is held to the limits on its own. The tests that need the library of ONNX Runtime find it
//! by `TWINLENS_TEST_ORT` or `ORT_DYLIB_PATH` and say `SKIPPED:` without it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use common::shared;
use image::RgbImage;
use twinlens::embed::preprocess::{normalise_nchw, prepare};
use twinlens::embed::{
    Embedder, EngineChoice, EngineRequest, ModelInput, ModelRecord, Preprocessing, Provider,
    bundled, embedded, open,
};
use twinlens::photo::{Format, Orientation};
use twinlens::scan;

/// The library of ONNX Runtime for tests.
fn onnx_runtime() -> Option<PathBuf> {
    let found = ["TWINLENS_TEST_ORT", "ORT_DYLIB_PATH"]
        .iter()
        .find_map(std::env::var_os)
        .map(PathBuf::from)
        .filter(|path| path.is_file());
    if found.is_none() {
        common::skipped("no ONNX Runtime: set TWINLENS_TEST_ORT to its library");
    }
    found
}

/// A photo of the fixtures as the program decodes it.
fn decoded(path: &Path) -> RgbImage {
    let bytes = std::fs::read(path).unwrap();
    let scan::Sniffed::Photo(format) = scan::sniff(path, &bytes) else {
        panic!("{}", path.display())
    };
    let orientation = scan::metadata(&bytes, format).orientation;
    let limits = scan::Limits::default();
    scan::decode(
        &bytes,
        format,
        orientation,
        scan::DecodeScale::Full,
        &limits,
    )
    .unwrap()
    .image
}

/// As `decoded`, but alpha is dropped as the references drop it.
fn decoded_as_reference(path: &Path) -> RgbImage {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("coffee_rgba.png") => image::open(path).unwrap().into_rgb8(),
        _ => decoded(path),
    }
}

fn on_white(image: &image::RgbaImage) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let blend =
            |level: u32| u8::try_from((level * alpha + 255 * (255 - alpha) + 127) / 255).unwrap();
        image::Rgb([blend(red), blend(green), blend(blue)])
    })
}

struct Photo {
    file: String,
    row: usize,
    clip_pixels: String,
    lite0_pixels: String,
}

fn photos(parity: &Path) -> (serde_json::Value, Vec<Photo>) {
    let index: serde_json::Value =
        serde_json::from_reader(File::open(parity.join("index.json")).unwrap()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let photos = index["photos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|photo| Photo {
            file: text(&photo["file"]),
            row: usize::try_from(photo["row"].as_u64().unwrap()).unwrap(),
            clip_pixels: text(&photo["openclip_vitb32"]["pixels_u8"]),
            lite0_pixels: text(&photo["efficientnet_lite0"]["pixels_u8"]),
        });
    let photos: Vec<Photo> = photos.collect();
    assert_eq!(photos.len(), 15);
    (index, photos)
}

fn npy<T: npyz::Deserialize>(path: &Path) -> Vec<T> {
    npyz::NpyFile::new(BufReader::new(File::open(path).unwrap()))
        .unwrap()
        .into_vec()
        .unwrap()
}

fn fixture_input(parity: &Path, pixels: &str) -> ModelInput {
    let rgb: Vec<u8> = npy(&parity.join(pixels));
    assert_eq!(rgb.len(), 224 * 224 * 3);
    ModelInput { side: 224, rgb }
}

fn transform(name: &str) -> Preprocessing {
    match name {
        "openclip_vitb32" => Preprocessing::clip(),
        "efficientnet_lite0" => Preprocessing::efficientnet_lite0(),
        other => panic!("{other}"),
    }
}

/// The records of the fixtures' models.
fn records(index: &serde_json::Value) -> Vec<(ModelRecord, String)> {
    let Some(models) = shared("models") else {
        return Vec::new();
    };
    let described = index["models"].as_object().unwrap().iter();
    let records: Vec<_> = described
        .map(|(name, about)| {
            let is_u8 = name == "clip_tiny_u8";
            let record = ModelRecord {
                name: name.clone(),
                file: Some(models.join(format!("{name}.onnx"))),
                sha256: about["model_sha256"].as_str().unwrap().to_owned(),
                input: if is_u8 { "image" } else { "pixel_values" }.to_owned(),
                layout: if is_u8 {
                    twinlens::embed::InputLayout::NhwcU8
                } else {
                    twinlens::embed::InputLayout::NchwF32
                },
                output: if is_u8 { "embedding" } else { "image_embeds" }.to_owned(),
                dimension: usize::try_from(about["shape"][1].as_u64().unwrap()).unwrap(),
                preprocessing: transform(about["transform"].as_str().unwrap()),
                ..bundled::record()
            };
            (record, about["embeds_f32"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(records.len(), 4);
    records
}

fn request(engine: EngineChoice, threads: usize, library: Option<PathBuf>) -> EngineRequest {
    EngineRequest {
        engine,
        provider: Provider::Cpu,
        threads,
        library,
        ..EngineRequest::default()
    }
}

fn embedder(request: &EngineRequest, record: &ModelRecord) -> Box<dyn Embedder> {
    open(request, record).unwrap().embedders.remove(0)
}

/// Every engine that this machine has.
fn engines() -> Vec<EngineRequest> {
    let mut engines = vec![request(EngineChoice::Embedded, 1, None)];
    if let Some(library) = onnx_runtime() {
        engines.push(request(EngineChoice::OnnxRuntime, 2, Some(library)));
    }
    engines
}

fn vector(embedder: &mut dyn Embedder, input: &ModelInput) -> Vec<f32> {
    let [embedding] = &embedder.embed(std::slice::from_ref(input)).unwrap()[..] else {
        panic!("one picture, one vector");
    };
    embedding.components().iter().map(|x| x.to_f32()).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn prepared(image: &RgbImage, preprocessing: &Preprocessing) -> ModelInput {
    let (width, height) = image.dimensions();
    let all = [0.0, 0.0, f64::from(width), f64::from(height)];
    prepare(image, all, (width, height), preprocessing).unwrap()
}

#[test]
fn every_engine_makes_the_references_vectors_of_the_references_pixels() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, photos) = photos(&parity);
    for request in engines() {
        for (record, embeds) in records(&index) {
            let mut embedder = embedder(&request, &record);
            let expected: Vec<f32> = npy(&parity.join(&embeds));
            let clip = record.preprocessing.resize_short == 224;
            for photo in &photos {
                let pixels = if clip {
                    &photo.clip_pixels
                } else {
                    &photo.lite0_pixels
                };
                let got = vector(&mut *embedder, &fixture_input(&parity, pixels));
                let rows = photo.row * record.dimension..(photo.row + 1) * record.dimension;
                let expected = &expected[rows];
                let cosine = cosine(&got, expected);
                let what = format!("{:?} {} {}", request.engine, record.name, photo.file);
                assert!(cosine >= 0.99999, "{what}: cosine {cosine}");
                // The fixtures are not normalised; half precision rounds at 2^-11 of a component.
                let norm = expected.iter().map(|x| x * x).sum::<f32>().sqrt();
                for (got, expected) in got.iter().zip(expected) {
                    let difference = (got * norm - expected).abs();
                    let limit = 1e-3 + expected.abs() / 1024.0;
                    assert!(difference <= limit, "{what}: {got} * {norm} for {expected}");
                }
            }
        }
    }
}

#[test]
fn the_tensors_are_the_references_tensors() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, _) = photos(&parity);
    let mut compared = 0;
    for photo in index["photos"].as_array().unwrap() {
        for name in ["openclip_vitb32", "efficientnet_lite0"] {
            let Some(tensor) = photo[name]["tensor_f32"].as_str() else {
                continue;
            };
            let expected: Vec<f32> = npy(&parity.join(tensor));
            let input = fixture_input(&parity, photo[name]["pixels_u8"].as_str().unwrap());
            let mut got = Vec::new();
            normalise_nchw(&[input], &transform(name), &mut got).unwrap();
            assert_eq!(got.len(), expected.len());
            let worst = got
                .iter()
                .zip(&expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst <= 1e-6, "{tensor}: {worst}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
}

#[test]
fn pixels_agree_with_the_references_on_each_photo() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (_, photos) = photos(&parity);
    for photo in &photos {
        let image = decoded_as_reference(&parity.join(&photo.file));
        for (preprocessing, pixels) in [
            (Preprocessing::clip(), &photo.clip_pixels),
            (Preprocessing::efficientnet_lite0(), &photo.lite0_pixels),
        ] {
            let (max_limit, mean_limit) =
                if photo.file.contains(".jpg") || photo.file.contains("16") {
                    (16, 0.75)
                } else {
                    (14, 0.4)
                };
            let expected = fixture_input(&parity, pixels);
            let got = prepared(&image, &preprocessing);
            let differences: Vec<u32> = got
                .rgb
                .iter()
                .zip(&expected.rgb)
                .map(|(&a, &b)| u32::from(a.abs_diff(b)))
                .collect();
            let max = differences.iter().copied().max().unwrap();
            let mean = f64::from(differences.iter().sum::<u32>()) / f64::from(224 * 224 * 3);

            assert!(
                max <= max_limit && mean <= mean_limit,
                "{pixels}: max {max} of {max_limit}, mean {mean:.3} of {mean_limit}"
            );
        }
    }
}

#[test]
fn whole_paths_agree_with_the_references_on_each_photo() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, photos) = photos(&parity);
    for request in engines() {
        for (record, embeds) in records(&index) {
            let mut embedder = embedder(&request, &record);
            let expected: Vec<f32> = npy(&parity.join(&embeds));
            let mut cosines = Vec::new();
            for photo in &photos {
                let rows = photo.row * record.dimension..(photo.row + 1) * record.dimension;
                let image = decoded_as_reference(&parity.join(&photo.file));
                let got = vector(&mut *embedder, &prepared(&image, &record.preprocessing));
                let cosine = cosine(&got, &expected[rows]);
                let what = format!("{:?} {} {}", request.engine, record.name, photo.file);

                assert!(cosine >= 0.995, "{what}: cosine {cosine}");
                cosines.push(cosine);
            }
            #[expect(clippy::cast_precision_loss, reason = "15 photos")]
            let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
            assert!(
                mean >= 0.999,
                "{:?} {}: mean cosine {mean}",
                request.engine,
                record.name
            );
        }
    }
}

/// The references drop alpha, Twinlens blends on white: the two meet on a picture that is
/// opaque, and a blended one is what a white page under it gives.
#[test]
fn alpha_is_blended_on_white_before_resizing() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let path = parity.join("photos/coffee_rgba.png");
    let rgba = image::open(&path).unwrap().into_rgba8();
    let blended = prepared(&decoded(&path), &Preprocessing::clip());
    let mut opaque = rgba.clone();
    for pixel in opaque.pixels_mut() {
        pixel.0[3] = 255;
    }
    let opaque = prepared(&on_white(&opaque), &Preprocessing::clip());
    assert_ne!(blended, opaque, "the photo has soft alpha");
    let brighter = blended
        .rgb
        .iter()
        .zip(&opaque.rgb)
        .filter(|(a, b)| a >= b)
        .count();
    assert!(
        brighter * 100 > blended.rgb.len() * 97,
        "white only adds light: {brighter}"
    );
}

#[test]
fn a_vector_does_not_depend_on_batch_place_or_threads() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, photos) = photos(&parity);
    for base in engines() {
        for (record, _) in records(&index) {
            let clip = record.preprocessing.resize_short == 224;
            let inputs: Vec<ModelInput> = photos
                .iter()
                .map(|photo| {
                    let pixels = if clip {
                        &photo.clip_pixels
                    } else {
                        &photo.lite0_pixels
                    };
                    fixture_input(&parity, pixels)
                })
                .collect();
            let mut alone = embedder(&base, &record);
            let expected: Vec<_> = inputs
                .iter()
                .map(|input| alone.embed(std::slice::from_ref(input)).unwrap().remove(0))
                .collect();
            for threads in [1, 2, 3] {
                let request = EngineRequest {
                    threads,
                    ..base.clone()
                };
                let mut embedder = embedder(&request, &record);
                for batch in [2, 3, 4, 7, 8, 15] {
                    let got: Vec<_> = inputs
                        .chunks(batch)
                        .flat_map(|chunk| embedder.embed(chunk).unwrap())
                        .collect();
                    let what = format!(
                        "{:?} {} batch {batch} threads {threads}",
                        base.engine, record.name
                    );
                    assert!(got == expected, "{what}");
                }
                let reversed: Vec<_> = inputs.iter().rev().cloned().collect();
                let mut got = embedder.embed(&reversed).unwrap();
                got.reverse();
                assert!(
                    got == expected,
                    "{:?} {} reversed",
                    base.engine,
                    record.name
                );
            }
        }
    }
}

/// The built-in engine is two; which of them runs a model follows from the model.
#[test]
fn networks_like_the_bundled_one_run_on_mbconv_and_rten_agrees() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, photos) = photos(&parity);
    for (record, embeds) in records(&index) {
        let mut ours = embedder(&request(EngineChoice::Embedded, 1, None), &record);
        let is_lite = ["lite0_copies", "efficientnet_lite0"].contains(&record.name.as_str());
        let runtime = &ours.engine().runtime;
        assert_eq!(runtime.starts_with("mbconv"), is_lite, "{runtime}");
        assert_eq!(runtime.starts_with("rten"), !is_lite, "{runtime}");
        if !is_lite {
            continue;
        }
        let mut general = embedded::open_general(&record, 1).unwrap().remove(0);
        assert!(general.engine().runtime.starts_with("rten"));
        let expected: Vec<f32> = npy(&parity.join(&embeds));
        for photo in &photos {
            let input = fixture_input(&parity, &photo.lite0_pixels);
            let theirs = vector(&mut *general, &input);
            let agreement = cosine(&vector(&mut *ours, &input), &theirs);
            let rows = photo.row * record.dimension..(photo.row + 1) * record.dimension;
            let reference = cosine(&theirs, &expected[rows]);
            let what = format!("{} {}", record.name, photo.file);
            assert!(agreement >= 0.99999, "{what}: {agreement}");
            assert!(reference >= 0.99999, "{what}: {reference}");
        }
    }
}

/// A model of the same kind whose record asks for something else is left to rten, which says
/// what is wrong.
#[test]
fn a_record_that_does_not_fit_the_network_is_an_error_of_rten() {
    let mut record = bundled::record();
    record.output = "another".to_owned();
    let error = open(&request(EngineChoice::Embedded, 1, None), &record).unwrap_err();
    assert!(error.to_string().contains("no output named"), "{error}");
}

#[test]
fn both_local_engines_agree_so_that_they_may_share_a_cache() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let Some(library) = onnx_runtime() else {
        return;
    };
    let (index, photos) = photos(&parity);
    for (record, _) in records(&index) {
        let mut ours = embedder(&request(EngineChoice::Embedded, 1, None), &record);
        let theirs = request(EngineChoice::OnnxRuntime, 2, Some(library.clone()));
        let mut theirs = embedder(&theirs, &record);
        for photo in &photos {
            let input = prepared(&decoded(&parity.join(&photo.file)), &record.preprocessing);
            let cosine = cosine(&vector(&mut *ours, &input), &vector(&mut *theirs, &input));
            assert!(cosine >= 0.9999, "{} {}: {cosine}", record.name, photo.file);
        }
    }
}

#[test]
fn a_provider_that_was_asked_for_and_is_not_there_is_an_error_that_says_what_to_install() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    for (provider, install) in [
        (Provider::Cuda, "onnxruntime-gpu"),
        (Provider::TensorRt, "tensorrt"),
        (Provider::DirectMl, "onnxruntime-directml"),
        (Provider::OpenVino, "onnxruntime-openvino"),
        (Provider::WebGpu, "WebGPU"),
    ] {
        for engine in [EngineChoice::OnnxRuntime, EngineChoice::Auto] {
            let request = EngineRequest {
                provider,
                ..request(engine, 1, Some(library.clone()))
            };
            let error = match open(&request, &bundled::record()) {
                // A machine that has it.
                Ok(opened) => {
                    assert_eq!(opened.engine.provider, provider.name());
                    continue;
                }
                Err(error) => error.to_string(),
            };
            eprintln!("{error}");
            assert!(
                error.contains(provider.name()) && error.contains(install),
                "{error}"
            );
        }
    }
}

#[test]
fn auto_takes_onnx_runtime_where_it_is_found_and_the_report_can_say_so() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let request = EngineRequest {
        provider: Provider::Auto,
        ..request(EngineChoice::Auto, 2, Some(library))
    };
    let opened = open(&request, &bundled::record()).unwrap();
    assert_eq!(opened.engine.name, "onnxruntime");
    assert!(
        opened.engine.runtime.starts_with("ONNX Runtime 1."),
        "{:?}",
        opened.engine
    );
    assert_eq!((opened.embedders.len(), opened.note), (1, None));
}

/// A picture with detail at every scale, as a photo has it: a sum of waves of falling strength.
fn twelve_megapixels() -> RgbImage {
    let waves: Vec<[f32; 5]> = (0..40)
        .scan(0x2545_F491_u32, |state, index| {
            let mut next = || {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from(u16::try_from(*state >> 16).unwrap()) / 65_536.0
            };
            let octave = f32::from(u16::try_from(index / 5).unwrap());
            let frequency = 3.0 * octave.exp2() * (0.7 + 0.6 * next());
            let angle = next() * std::f32::consts::TAU;
            let strength = 70.0 / octave.exp2().powf(0.8);
            Some([
                frequency * angle.cos(),
                frequency * angle.sin(),
                next() * 6.3,
                strength,
                next(),
            ])
        })
        .collect();
    RgbImage::from_fn(4000, 3000, |x, y| {
        #[expect(clippy::cast_precision_loss, reason = "pixel positions")]
        let (x, y) = (x as f32 / 4000.0, y as f32 / 4000.0);
        let mut light = [120.0_f32; 3];
        for [fx, fy, phase, strength, tint] in &waves {
            let wave = strength * ((fx * x + fy * y) * std::f32::consts::TAU + phase).sin();
            light[0] += wave * (0.4 + 0.6 * tint);
            light[1] += wave;
            light[2] += wave * (1.0 - 0.6 * tint);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the range of u8"
        )]
        image::Rgb(light.map(|level| level.clamp(0.0, 255.0) as u8))
    })
}

#[test]
fn decoding_at_a_quarter_of_the_size_keeps_the_vector() {
    let Some(parity) = shared("parity") else {
        return;
    };
    let (index, _) = photos(&parity);
    let photo = twelve_megapixels();
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 90)
        .encode(photo.as_raw(), 4000, 3000, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let decode = |scale| {
        let limits = scan::Limits::default();
        let upright = Orientation::Normal;
        scan::decode(&file, Format::Jpeg, upright, scale, &limits)
            .unwrap()
            .image
    };
    let full = decode(scan::DecodeScale::Full);
    let quarter = decode(scan::DecodeScale::for_analysis(256));
    assert_eq!(quarter.dimensions(), (1000, 750));
    for (record, _) in records(&index) {
        let mut embedder = embedder(&request(EngineChoice::Embedded, 1, None), &record);
        let mut embed = |image: &RgbImage| {
            let all = [
                0.0,
                0.0,
                f64::from(image.width()),
                f64::from(image.height()),
            ];
            let input = prepare(image, all, (4000, 3000), &record.preprocessing).unwrap();
            vector(&mut *embedder, &input)
        };
        let cosine = cosine(&embed(&full), &embed(&quarter));
        eprintln!("{}: {cosine}", record.name);
        assert!(cosine >= 0.998, "{}: {cosine}", record.name);
    }
}
