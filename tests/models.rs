//! `twinlens models add`: what is taken, what is refused and with which words, and that an
//! added model is found, runs and is checked.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the test functions that clippy.toml excepts"
)]

mod common;

use std::path::PathBuf;

use rten_onnx::onnx::{
    DataLocation, DataType, Dimension, GraphProto, ModelProto, TensorProto, TensorShapeProto,
    TypeProto, TypeProtoTensor, ValueInfoProto,
};
use twinlens::embed::inspect::inspect;
use twinlens::embed::store::{ModelStore, State};
use twinlens::embed::{
    EngineChoice, EngineRequest, Framing, InputLayout, ModelInput, Precision, Preprocessing,
    Provider, open,
};

fn shared_model(name: &str) -> Option<PathBuf> {
    common::shared(&format!("models/{name}"))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> ModelStore {
        ModelStore::new(self.path("models")).unwrap()
    }
}

#[test]
fn real_models_are_described_by_their_files() {
    for (name, input, layout, output, dimension, precision) in [
        (
            "clip_tiny.onnx",
            "pixel_values",
            InputLayout::NchwF32,
            "image_embeds",
            512,
            Precision::F32,
        ),
        (
            "clip_tiny_u8.onnx",
            "image",
            InputLayout::NhwcU8,
            "embedding",
            512,
            Precision::F32,
        ),
        (
            "efficientnet_lite0.onnx",
            "pixel_values",
            InputLayout::NchwF32,
            "image_embeds",
            1280,
            Precision::F32,
        ),
        (
            "efficientnet_lite0_int8.onnx",
            "pixel_values",
            InputLayout::NchwF32,
            "image_embeds",
            1280,
            Precision::Int8,
        ),
        (
            "lite0_copies.onnx",
            "pixel_values",
            InputLayout::NchwF32,
            "image_embeds",
            512,
            Precision::F32,
        ),
    ] {
        let Some(path) = shared_model(name) else {
            return;
        };
        let found = inspect(&path, None).unwrap();
        assert_eq!(
            (found.input.as_str(), found.layout),
            (input, layout),
            "{name}"
        );
        assert_eq!(
            (found.output.as_str(), found.dimension),
            (output, Some(dimension)),
            "{name}"
        );
        assert_eq!(
            (found.size, found.precision),
            (Some(224), precision),
            "{name}"
        );
        assert!(!found.one_at_a_time, "{name}");
    }
}

#[test]
fn an_added_model_is_listed_found_by_name_and_runs() {
    for name in [
        "clip_tiny",
        "clip_tiny_u8",
        "efficientnet_lite0",
        "efficientnet_lite0_int8",
    ] {
        let Some(path) = shared_model(&format!("{name}.onnx")) else {
            return;
        };
        let folder = Folder::new();
        let store = folder.store();
        let added = store.add(&path).unwrap();
        let listed_name = name.replace('_', "-");
        assert_eq!(added.record.name, listed_name);
        assert!(
            added
                .notes
                .iter()
                .all(|note| !note.contains("only ONNX Runtime")),
            "{:?}",
            added.notes
        );
        // Another store on the same folder, as in the next run.
        let found = folder.store().find(&listed_name).unwrap();
        assert_eq!(found, added.record);
        let listed = store.list().unwrap();
        let line = listed.iter().find(|line| line.name == listed_name).unwrap();
        assert_eq!(line.state, State::Installed);
        let request = EngineRequest {
            engine: EngineChoice::Embedded,
            provider: Provider::Auto,
            threads: 1,
            library: None,
            ..EngineRequest::default()
        };
        let picture = ModelInput {
            side: 224,
            rgb: (0..=250).cycle().take(224 * 224 * 3).collect(),
        };
        let vectors = open(&request, &found).unwrap().embedders[0]
            .embed(&[picture])
            .unwrap();
        assert_eq!(vectors[0].components().len(), found.dimension);
        // The same file again is no conflict, another one of this name is.
        store.add(&path).unwrap();
        let other = folder.path(&format!("{name}.onnx"));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(producer_name());
        std::fs::write(&other, bytes).unwrap();
        let error = store.add(&other).unwrap_err().to_string();
        assert!(error.contains("another model named"), "{error}");
    }
}

/// A protobuf field that changes a file's hash and not its meaning.
fn producer_name() -> [u8; 3] {
    [2 << 3 | 2, 1, b'x']
}

#[test]
fn the_configuration_beside_a_model_sets_its_preprocessing() {
    let Some(path) = shared_model("clip_tiny.onnx") else {
        return;
    };
    let folder = Folder::new();
    let file = folder.path("mine.onnx");
    std::fs::copy(path, &file).unwrap();
    let store = folder.store();
    let assumed = store.add(&file).unwrap();
    assert_eq!(assumed.record.preprocessing, Preprocessing::clip());
    assert!(
        assumed.notes.iter().any(|note| note.contains("assumed")),
        "{:?}",
        assumed.notes
    );
    let config = folder.path("preprocessor_config.json");
    let text = r#"{"size": {"height": 224, "width": 224}, "resample": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}"#;
    std::fs::write(&config, text).unwrap();
    let told = store.add(&file).unwrap().record;
    assert_eq!(told.preprocessing.framing, Framing::Stretch);
    assert!(
        told.preprocessing
            .std
            .iter()
            .all(|std| (std - 0.25).abs() < 1e-6)
    );
    assert_ne!(told.key(), assumed.record.key());
    std::fs::write(&config, r#"{"size": 224, "crop_size": 384}"#).unwrap();
    let error = store.add(&file).unwrap_err().to_string();
    assert!(
        error.contains("384") && error.contains("preprocessor_config.json"),
        "{error}"
    );
}

#[test]
fn check_finds_models_that_were_changed_or_are_gone() {
    let Some(path) = shared_model("clip_tiny.onnx") else {
        return;
    };
    let folder = Folder::new();
    let store = folder.store();
    assert_eq!(store.check().unwrap(), []);
    let installed = store.add(&path).unwrap().record.file.unwrap();
    assert_eq!(store.check().unwrap()[0].fault, None);
    let mut bytes = std::fs::read(&installed).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&installed, bytes).unwrap();
    let fault = store.check().unwrap()[0].fault.clone().unwrap();
    assert!(fault.contains("SHA-256"), "{fault}");
    std::fs::rename(&installed, folder.path("elsewhere")).unwrap();
    let fault = store.check().unwrap()[0].fault.clone().unwrap();
    assert!(fault.contains("cannot be read"), "{fault}");
}

#[test]
fn unknown_names_are_an_error_that_says_how_to_get_a_model() {
    let store = Folder::new().store();
    for (name, part) in [
        ("clip-vit-b32", "twinlens models download clip-vit-b32"),
        ("sscd-disc-mixup", "export_recipes.py"),
        ("no-such-model", "twinlens models list"),
        ("../../etc/passwd.onnx", "no such file"),
    ] {
        let error = store.find(name).unwrap_err().to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    assert_eq!(store.find("lite0-copies").unwrap().file, None);
}

fn value(name: &str, kind: DataType, dims: &[Option<i64>]) -> ValueInfoProto {
    let dim = dims.iter().map(|&dim_value| Dimension {
        dim_value,
        dim_param: None,
    });
    let shape = TensorShapeProto { dim: dim.collect() };
    let tensor_type = TypeProtoTensor {
        elem_type: Some(kind),
        shape: Some(shape),
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            tensor_type: Some(tensor_type),
            ..TypeProto::default()
        }),
    }
}

fn model(
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    weights: Vec<TensorProto>,
) -> Vec<u8> {
    let graph = GraphProto {
        input: inputs,
        output: outputs,
        initializer: weights,
        ..GraphProto::default()
    };
    ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        ..ModelProto::default()
    }
    .write_buf()
    .unwrap()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn models_of_another_kind_are_refused_with_the_reason() {
    let picture = || {
        value(
            "pixel_values",
            DataType::FLOAT,
            &[None, Some(3), Some(224), Some(224)],
        )
    };
    let vector = || value("embeds", DataType::FLOAT, &[None, Some(64)]);
    let text = || value("input_ids", DataType::INT64, &[None, Some(77)]);
    let external = TensorProto {
        name: Some("w".into()),
        data_location: Some(DataLocation::EXTERNAL),
        ..TensorProto::default()
    };
    let cases = [
        (
            "text model",
            model(vec![text()], vec![vector()], vec![]),
            "text model",
        ),
        (
            "two inputs",
            model(vec![picture(), text()], vec![vector()], vec![]),
            "needs 2 inputs (pixel_values, input_ids)",
        ),
        (
            "no input",
            model(vec![], vec![vector()], vec![]),
            "no input",
        ),
        (
            "feature map",
            model(
                vec![picture()],
                vec![value(
                    "map",
                    DataType::FLOAT,
                    &[None, Some(8), Some(7), Some(7)],
                )],
                vec![],
            ),
            "no output is a vector",
        ),
        (
            "tokens",
            model(
                vec![picture()],
                vec![value(
                    "last_hidden_state",
                    DataType::FLOAT,
                    &[None, Some(50), Some(768)],
                )],
                vec![],
            ),
            "last_hidden_state",
        ),
        (
            "classifier",
            model(
                vec![picture()],
                vec![value("logits", DataType::FLOAT, &[None, Some(1000)])],
                vec![],
            ),
            "classifier",
        ),
        (
            "external data",
            model(vec![picture()], vec![vector()], vec![external]),
            "second file",
        ),
        (
            "half input",
            model(
                vec![value(
                    "x",
                    DataType::FLOAT16,
                    &[None, Some(3), Some(224), Some(224)],
                )],
                vec![vector()],
                vec![],
            ),
            "half precision",
        ),
        (
            "float pixels last",
            model(
                vec![value(
                    "x",
                    DataType::FLOAT,
                    &[None, Some(224), Some(224), Some(3)],
                )],
                vec![vector()],
                vec![],
            ),
            "expected float32 [N, 3, S, S]",
        ),
        (
            "not square",
            model(
                vec![value(
                    "x",
                    DataType::FLOAT,
                    &[None, Some(3), Some(224), Some(320)],
                )],
                vec![vector()],
                vec![],
            ),
            "not square",
        ),
        (
            "fixed batch",
            model(
                vec![value(
                    "x",
                    DataType::FLOAT,
                    &[Some(16), Some(3), Some(224), Some(224)],
                )],
                vec![vector()],
                vec![],
            ),
            "exactly 16 pictures",
        ),
        (
            "open size",
            model(
                vec![value("x", DataType::FLOAT, &[None, None, None, None])],
                vec![vector()],
                vec![],
            ),
            "preprocessor_config.json",
        ),
        (
            "no graph",
            ModelProto::default().write_buf().unwrap(),
            "empty",
        ),
        (
            "text file",
            b"This is not a model, it is a letter.\n".to_vec(),
            "not an ONNX file",
        ),
        ("zero bytes", Vec::new(), "empty"),
    ];
    let folder = Folder::new();
    for (what, bytes, reason) in cases {
        let file = folder.path("model of mine.onnx");
        std::fs::write(&file, bytes).unwrap();
        let error = folder.store().add(&file).unwrap_err().to_string();
        assert!(error.contains(reason), "{what}: {error}");
        assert!(error.contains("model of mine.onnx"), "{what}: {error}");
    }
    assert!(!folder.path("models").join("model-of-mine.toml").exists());
}

#[test]
fn truncated_models_are_refused_and_the_process_lives_on() {
    let Some(path) = shared_model("clip_tiny.onnx") else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let folder = Folder::new();
    let store = folder.store();
    let mut refused = 0;
    for length in [1, 10, 100, 1000, bytes.len() / 2, bytes.len() - 1] {
        let file = folder.path("cut.onnx");
        std::fs::write(&file, &bytes[..length]).unwrap();
        refused += usize::from(store.add(&file).is_err());
    }
    assert_eq!(refused, 6);
}
