//! The messages of `KServe` v2 over gRPC that are used here, by their numbers in
//! `grpc_service.proto` and `model_config.proto` of the protocol; whatever else a server says is
//! skipped. Tests read real servers' messages with them.

use prost::bytes::Bytes;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServerMetadataRequest {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServerMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) version: String,
}

/// Asks for the metadata, the configuration or the statistics of a model.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ModelRequest {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ModelMetadata {
    #[prost(string, repeated, tag = "2")]
    pub(super) versions: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) inputs: Vec<TensorMetadata>,
    #[prost(message, repeated, tag = "5")]
    pub(super) outputs: Vec<TensorMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TensorMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) datatype: String,
    #[prost(int64, repeated, tag = "3")]
    pub(super) shape: Vec<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ModelConfigAnswer {
    #[prost(message, optional, tag = "1")]
    pub(super) config: Option<ModelConfig>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ModelConfig {
    #[prost(int32, tag = "4")]
    pub(super) max_batch_size: i32,
    #[prost(message, optional, tag = "11")]
    pub(super) dynamic_batching: Option<DynamicBatching>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DynamicBatching {
    #[prost(int32, repeated, tag = "1")]
    pub(super) preferred_batch_size: Vec<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RepositoryIndexRequest {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RepositoryIndex {
    #[prost(message, repeated, tag = "1")]
    pub(super) models: Vec<RepositoryEntry>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RepositoryEntry {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) state: String,
}

/// All of a request but its tensor, which is written behind it by hand: field 7,
/// [`RAW_INPUT_CONTENTS`].
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InferRequest {
    #[prost(string, tag = "1")]
    pub(super) model_name: String,
    #[prost(string, tag = "2")]
    pub(super) model_version: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) inputs: Vec<TensorMetadata>,
    #[prost(message, repeated, tag = "6")]
    pub(super) outputs: Vec<RequestedOutput>,
}

/// The number of the field of a request that holds its tensors' bytes.
pub(super) const RAW_INPUT_CONTENTS: u32 = 7;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RequestedOutput {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InferAnswer {
    #[prost(message, repeated, tag = "5")]
    pub(super) outputs: Vec<OutputTensor>,
    /// One for each output, if the server answers in bytes.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub(super) raw_output_contents: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OutputTensor {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) datatype: String,
    #[prost(int64, repeated, tag = "3")]
    pub(super) shape: Vec<i64>,
    #[prost(message, optional, tag = "5")]
    pub(super) contents: Option<TensorContents>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TensorContents {
    #[prost(float, repeated, tag = "6")]
    pub(super) fp32_contents: Vec<f32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatisticsAnswer {
    #[prost(message, repeated, tag = "1")]
    pub(super) model_stats: Vec<ModelStatistics>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ModelStatistics {
    #[prost(uint64, tag = "4")]
    pub(super) inference_count: u64,
    #[prost(uint64, tag = "5")]
    pub(super) execution_count: u64,
    #[prost(message, optional, tag = "6")]
    pub(super) inference_stats: Option<InferStatistics>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InferStatistics {
    #[prost(message, optional, tag = "1")]
    pub(super) success: Option<StatisticDuration>,
    #[prost(message, optional, tag = "2")]
    pub(super) fail: Option<StatisticDuration>,
    #[prost(message, optional, tag = "3")]
    pub(super) queue: Option<StatisticDuration>,
    #[prost(message, optional, tag = "4")]
    pub(super) compute_input: Option<StatisticDuration>,
    #[prost(message, optional, tag = "5")]
    pub(super) compute_infer: Option<StatisticDuration>,
    #[prost(message, optional, tag = "6")]
    pub(super) compute_output: Option<StatisticDuration>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct StatisticDuration {
    #[prost(uint64, tag = "1")]
    pub(super) count: u64,
    #[prost(uint64, tag = "2")]
    pub(super) ns: u64,
}

#[cfg(test)]
mod tests;
