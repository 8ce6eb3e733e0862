//! Against messages of a real Triton (tests/data/remote/triton-grpc).

use prost::Message as _;

use super::*;

fn capture(name: &str) -> Bytes {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/remote/triton-grpc/"
    );
    std::fs::read(format!("{folder}{name}.pb")).unwrap().into()
}

#[test]
fn a_servers_description_of_itself_and_its_models_is_understood() {
    let server = ServerMetadata::decode(capture("server_metadata.response")).unwrap();
    assert_eq!((&*server.name, &*server.version), ("triton", "2.51.0"));
    let model = ModelMetadata::decode(capture("model_metadata.response")).unwrap();
    assert_eq!(model.inputs[0].datatype, "FP32");
    assert_eq!(model.inputs[0].shape, [-1, 3, 224, 224]);
    assert_eq!(model.outputs[0].shape, [-1, 512]);
    let config = ModelConfigAnswer::decode(capture("model_config.response")).unwrap();
    let config = config.config.unwrap();
    assert_eq!(config.max_batch_size, 32);
    let batching = config.dynamic_batching.unwrap();
    assert_eq!(batching.preferred_batch_size, [4, 8, 16, 32]);
    let index = RepositoryIndex::decode(capture("repository_index.response")).unwrap();
    assert_eq!(index.models.len(), 6);
    assert!(index.models.iter().all(|model| model.state == "READY"));
}

#[test]
fn vectors_come_as_bytes() {
    for (name, datatype, bytes) in [("infer_raw", "FP32", 16), ("infer_raw_fp16", "FP16", 8)] {
        let answer = InferAnswer::decode(capture(&format!("{name}.response"))).unwrap();
        let tensor = &answer.outputs[0];
        assert_eq!(tensor.datatype, datatype);
        assert_eq!((&*tensor.name, &*tensor.shape), ("embedding", &[1, 4][..]));
        assert_eq!(answer.raw_output_contents[0].len(), bytes);
    }
}

#[test]
fn statistics_are_understood() {
    let answer = StatisticsAnswer::decode(capture("model_statistics.response")).unwrap();
    let model = &answer.model_stats[0];
    assert!(model.inference_count >= model.execution_count && model.execution_count > 0);
    let queue = model.inference_stats.as_ref().unwrap().queue.unwrap();
    assert!(queue.count > 0 && queue.ns > 0);
}
