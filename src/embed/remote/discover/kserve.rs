//! The same questions to a `KServe` server, over HTTP or over gRPC.

use super::super::grpc::GrpcLine;
use super::super::http::HttpLine;
use super::super::kserve::{
    DynamicBatching, ModelConfig, ModelMetadata, RepositoryEntry, ServerMetadata, TensorMetadata,
};
use super::super::kserve_http::path_segment;
use super::super::messages;
use super::super::upload::Upload;
use super::{CallError, CallErrorKind, ServedModel, Until, describe, is_elsewhere};

/// Longest description that is read.
const LIMIT: u64 = 4 << 20;

/// A line to ask on.
pub(super) enum Speaker<'a> {
    Http(&'a HttpLine),
    Grpc(&'a mut GrpcLine),
}

impl Speaker<'_> {
    /// What the server says of itself.
    pub(super) fn server(&mut self, until: Until) -> Result<ServerMetadata, CallError> {
        match self {
            Self::Http(line) => read(line, "/v2", until),
            Self::Grpc(line) => {
                let request = messages::ServerMetadataRequest {};
                let answer: messages::ServerMetadata =
                    line.call("ServerMetadata", &request, until.left())?;
                Ok(ServerMetadata {
                    name: answer.name,
                    version: answer.version,
                    extensions: Vec::new(),
                })
            }
        }
    }

    /// The models that take pictures, by name; of a server that does not list its models, those
    /// of `hints` that it has.
    ///
    /// # Errors
    /// [`CallErrorKind::Refused`] if there are none, with the reason for each that was looked at.
    pub(super) fn models(
        &mut self,
        hints: &[&str],
        until: Until,
    ) -> Result<Vec<ServedModel>, CallError> {
        let listed = match self.index(until) {
            Ok(listed) => Some(listed),
            Err(error) if is_elsewhere(&error) => None,
            Err(error) => return Err(error),
        };
        let is_listed = listed.is_some();
        let mut names =
            listed.unwrap_or_else(|| hints.iter().map(|&hint| hint.to_owned()).collect());
        names.sort();
        names.dedup();
        let (mut models, mut reasons) = (Vec::new(), Vec::new());
        for name in names {
            match self.model(&name, until) {
                Ok(Ok(model)) => models.push(model),
                Ok(Err(reason)) => reasons.push(format!("{name}: {reason}")),
                // It may be unloading just now.
                Err(error) if is_elsewhere(&error) => reasons.push(format!("{name}: {error}")),
                Err(error) => return Err(error),
            }
        }
        if models.is_empty() {
            let reason = if is_listed {
                "it has no model that takes pictures and is ready"
            } else {
                "it does not list its models; name one"
            };
            let reasons = reasons.join("; ");
            let between = if reasons.is_empty() { "" } else { ": " };
            let message = format!("{}: {reason}{between}{reasons}", self.base());
            return Err(CallError::new(CallErrorKind::Refused, message));
        }
        Ok(models)
    }

    fn base(&self) -> &str {
        match self {
            Self::Http(line) => &line.base,
            Self::Grpc(line) => &line.base,
        }
    }

    /// The names of the models that are ready.
    fn index(&mut self, until: Until) -> Result<Vec<String>, CallError> {
        let models: Vec<RepositoryEntry> = match self {
            Self::Http(line) => {
                let headers = [("Content-Type", "application/json")];
                let path = "/v2/repository/index";
                let reply = line.post(path, &headers, &mut Upload::bytes(b"{}"), until.left())?;
                let mut body = Vec::new();
                reply.read(LIMIT, &mut body)?;
                parse(line, &body)?
            }
            Self::Grpc(line) => {
                let request = messages::RepositoryIndexRequest {};
                let answer: messages::RepositoryIndex =
                    line.call("RepositoryIndex", &request, until.left())?;
                let entry = |entry: messages::RepositoryEntry| RepositoryEntry {
                    name: entry.name,
                    state: entry.state,
                };
                answer.models.into_iter().map(entry).collect()
            }
        };
        // `State.READY` is how an MLServer writes it over gRPC.
        let is_ready = |state: &str| state.is_empty() || state.rsplit('.').next() == Some("READY");
        let ready = models.into_iter().filter(|model| is_ready(&model.state));
        Ok(ready.map(|model| model.name).collect())
    }

    fn model(
        &mut self,
        name: &str,
        until: Until,
    ) -> Result<Result<ServedModel, String>, CallError> {
        let (metadata, config) = match self {
            Self::Http(line) => {
                let path = format!("/v2/models/{}", path_segment(name));
                let metadata: ModelMetadata = read(line, &path, until)?;
                (metadata, read(line, &format!("{path}/config"), until))
            }
            Self::Grpc(line) => {
                let request = messages::ModelRequest {
                    name: name.to_owned(),
                };
                let metadata: messages::ModelMetadata =
                    line.call("ModelMetadata", &request, until.left())?;
                let config = line
                    .call("ModelConfig", &request, until.left())
                    .map(config_of);
                (metadata_of(metadata), config)
            }
        };
        // Triton's own; other servers have none.
        let config = match config {
            Ok(config) => Some(config),
            Err(error) if is_elsewhere(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(describe::served(name, &metadata, config.as_ref()))
    }
}

fn read<T: serde::de::DeserializeOwned>(
    line: &HttpLine,
    path: &str,
    until: Until,
) -> Result<T, CallError> {
    let mut body = Vec::new();
    line.get(path, until.left())?.read(LIMIT, &mut body)?;
    parse(line, &body)
}

/// What is not understood is another service's: whoever asks goes on to the next.
fn parse<T: serde::de::DeserializeOwned>(line: &HttpLine, body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("{}: its description is not understood ({error})", line.base);
        CallError::new(CallErrorKind::Refused, message)
    })
}

fn metadata_of(metadata: messages::ModelMetadata) -> ModelMetadata {
    let tensors = |tensors: Vec<messages::TensorMetadata>| {
        tensors
            .into_iter()
            .map(|tensor| TensorMetadata {
                name: tensor.name,
                datatype: tensor.datatype,
                shape: tensor.shape,
            })
            .collect()
    };
    ModelMetadata {
        versions: metadata.versions,
        inputs: tensors(metadata.inputs),
        outputs: tensors(metadata.outputs),
    }
}

fn config_of(answer: messages::ModelConfigAnswer) -> ModelConfig {
    let config = answer.config.unwrap_or_default();
    ModelConfig {
        max_batch_size: config.max_batch_size.into(),
        dynamic_batching: config.dynamic_batching.map(|batching| DynamicBatching {
            preferred_batch_size: batching
                .preferred_batch_size
                .into_iter()
                .map(i64::from)
                .collect(),
        }),
    }
}
