//! Against answers of real servers (tests/data/remote).

use super::*;
use crate::embed::ModelInput;

/// Head and body of an answer as it came through the socket.
fn capture(name: &str) -> (String, Vec<u8>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/remote/");
    let answer = std::fs::read(format!("{folder}{name}.response")).unwrap();
    let at = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(answer[..at].to_vec()).unwrap();
    (head, answer[at..].to_vec())
}

fn header_length(head: &str) -> Option<&str> {
    let after = head.split(&format!("{HEADER_LENGTH}: ")).nth(1)?;
    after.split("\r\n").next()
}

/// The one vector of an answer of the model `tiny_embed`.
fn vector(name: &str) -> Result<Vec<f32>, CallError> {
    let (head, body) = capture(name);
    let mut rows = Rows::default();
    read_answer(&body, header_length(&head), "embedding", &mut rows)?;
    let picture = ModelInput {
        side: 1,
        rgb: vec![0; 3],
    };
    let vectors = rows.vectors(&[picture], Some(4))?;
    Ok(vectors[0].components().iter().map(|x| x.to_f32()).collect())
}

#[test]
fn answers_in_bytes_and_in_digits_are_the_same_vector() {
    // 15 18 21 24, at length 1.
    let length = (15.0_f32.powi(2) + 18.0_f32.powi(2) + 21.0_f32.powi(2) + 24.0_f32.powi(2)).sqrt();
    for name in [
        "triton/infer_json",
        "triton/infer_binary",
        "triton/infer_binary_json_answer",
        "triton/infer_json_binary_answer",
        "triton/infer_binary_fp16",
    ] {
        for (got, expected) in vector(name)
            .unwrap()
            .into_iter()
            .zip([15.0, 18.0, 21.0, 24.0])
        {
            assert!((got - expected / length).abs() < 1e-3, "{name}: {got}");
        }
    }
}

#[test]
fn a_vector_that_is_not_finite_is_a_bad_answer_in_bytes_and_in_digits() {
    for name in [
        "triton/infer_json_nan_answer",
        "triton/infer_binary_nan_answer",
    ] {
        let error = vector(name).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer);
        assert!(error.message.contains("NaN"), "{error}");
    }
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_a_bad_answer() {
    let (head, body) = capture("triton/infer_binary");
    for end in 0..body.len() {
        let mut rows = Rows::default();
        let error =
            read_answer(&body[..end], header_length(&head), "embedding", &mut rows).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{end}: {error}");
    }
    let mut rows = Rows::default();
    for length in ["-1", "x", "999999999999999999999"] {
        assert!(read_answer(&body, Some(length), "embedding", &mut rows).is_err());
    }
    let error = read_answer(&body, header_length(&head), "vector", &mut rows).unwrap_err();
    assert!(error.message.contains("no output named"), "{error}");
}

#[test]
fn what_servers_say_of_themselves_is_understood() {
    fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
        serde_json::from_slice(&capture(name).1).unwrap()
    }
    let triton: ServerMetadata = read("triton/server_metadata");
    assert_eq!((&*triton.name, &*triton.version), ("triton", "2.51.0"));
    assert!(triton.extensions.contains(&"binary_tensor_data".to_owned()));
    let mlserver: ServerMetadata = read("mlserver/server_metadata");
    assert!(mlserver.extensions.is_empty());
    let model: ModelMetadata = read("triton/model_metadata");
    assert_eq!(model.inputs[0].shape, [-1, 3, 224, 224]);
    assert_eq!(model.outputs[0].name, "embedding");
    let model: ModelMetadata = read("mlserver/model_metadata");
    assert_eq!((model.versions.len(), model.inputs.len()), (0, 1));
    let config: ModelConfig = read("triton/model_config");
    assert_eq!(config.max_batch_size, 32);
    let preferred = config.dynamic_batching.unwrap().preferred_batch_size;
    assert_eq!(preferred, [4, 8, 16, 32]);
    let models: Vec<RepositoryEntry> = read("triton/repository_index");
    assert_eq!((models.len(), &*models[0].state), (6, "READY"));
}

#[test]
fn nested_lists_are_read_row_by_row() {
    let Flat(numbers) = serde_json::from_str("[[1,2.5],[-3,0.30000001192092898]]").unwrap();
    assert_eq!(numbers, [1.0, 2.5, -3.0, 0.3]);
    assert!(serde_json::from_str::<Flat>("[[1,null]]").is_err());
    assert!(serde_json::from_str::<Flat>("[\"1\"]").is_err());
}
