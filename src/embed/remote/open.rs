//! From the servers that the user named to embedders: which of them may be used together, under
//! which identity, and what the user should know of it.

use std::sync::Arc;

use super::agreement;
use super::join::{Here, Joined, join};
use super::{CallError, Failover};
use crate::embed::pool::{self, Place, Proof};
use crate::embed::{
    Calibration, EmbedError, Embedder, EngineChoice, EngineInfo, EngineRequest, Link, ModelKey,
    ModelRecord, Opened, Precision, engine,
};

/// The engine's name in reports and settings.
pub const NAME: &str = "remote";

/// What a server that was away gives must be the same as before to this cosine: arithmetic that
/// depends on the batch moves it less.
const SAME_SERVER: f32 = 0.999;

/// Opens the servers of a request.
///
/// # Errors
/// [`EmbedError::Engine`] if none can be used and this computer may not take their place.
pub(in crate::embed) fn open(
    request: &EngineRequest,
    record: &ModelRecord,
    link: &Arc<Link>,
) -> Result<Opened, EmbedError> {
    let servers: Vec<_> = (request.servers.iter())
        .filter(|server| !server.disabled)
        .collect();
    if servers.is_empty() {
        return Err(unavailable(
            "no server is set; name one with --server URL, or add one in the settings".to_owned(),
        ));
    }
    let local_request = EngineRequest {
        engine: EngineChoice::Auto,
        ..request.clone()
    };
    let mut local = engine::open(&local_request, record);
    let mut joined = Vec::new();
    let mut refused: Vec<(String, CallError)> = Vec::new();
    for server in servers {
        let mut here = Here::new(&local_request, record, &mut local);
        match join(server, &mut here, link) {
            Ok(server) => joined.push(server),
            Err(_) if link.is_stopped() => return Err(EmbedError::Cancelled),
            Err(error) => refused.push((server.url.clone(), error)),
        }
    }
    if joined.is_empty() {
        return without_servers(request, local, &refused);
    }
    for (url, error) in &refused {
        link.tell(format!("{url} is left out: {error}"));
    }
    let (identity, places) = choose(joined, record, link);
    let may_mix = identity.is_local && request.failover != Failover::None;
    let local: Vec<Box<dyn Embedder>> = match local {
        Ok(local) if may_mix => local.embedders,
        Ok(_) => Vec::new(),
        Err(error) => {
            if request.failover != Failover::None {
                link.tell(format!(
                    "this computer cannot take the place of a server: {error}"
                ));
            }
            Vec::new()
        }
    };
    let engine = info(&places);
    Ok(Opened {
        embedders: pool::open(pool::Plan {
            places,
            local,
            failover: request.failover,
            patience: request.patience,
            dimension: identity.model.dimension,
            link: Arc::clone(link),
            engine: engine.clone(),
        }),
        engine,
        key: identity.key,
        model: identity.model,
        note: None,
    })
}

/// No server can be used.
fn without_servers(
    request: &EngineRequest,
    local: Result<Opened, EmbedError>,
    refused: &[(String, CallError)],
) -> Result<Opened, EmbedError> {
    let reasons: Vec<String> = (refused.iter())
        .map(|(url, error)| format!("{url}: {error}"))
        .collect();
    let reasons = reasons.join("; ");
    match (request.failover, local) {
        (Failover::None, _) => Err(unavailable(reasons)),
        (_, Err(error)) => Err(unavailable(format!(
            "{reasons}; and this computer cannot take its place: {error}"
        ))),
        (_, Ok(local)) => Ok(Opened {
            note: Some(format!(
                "the engine of this computer was used, for no server could be: {reasons}"
            )),
            ..local
        }),
    }
}

/// What the vectors of a scan are.
struct Identity {
    key: ModelKey,
    model: ModelRecord,
    /// Whether an engine of this computer makes the same.
    is_local: bool,
}

/// The servers whose vectors may be mixed, and what they are then. The first that agrees with
/// this computer decides, else the first of all.
fn choose(joined: Vec<Joined>, record: &ModelRecord, link: &Link) -> (Identity, Vec<Place>) {
    let first = (joined.iter().position(|server| server.agreement.holds())).unwrap_or(0);
    let Some(leader) = joined.get(first) else {
        return (
            Identity {
                key: record.key(),
                model: record.clone(),
                is_local: false,
            },
            Vec::new(),
        );
    };
    let identity = identity(leader, record);
    let (payload, preprocessing, agrees) = (
        leader.payload_key(),
        leader.endpoint.preprocessing.clone(),
        leader.agreement.holds(),
    );
    let (leader_name, expected) = (leader.name(), leader.vectors.clone());
    let mut places = Vec::new();
    for server in joined {
        let name = server.name();
        let address = &server.endpoint.address;
        let fits = if server.payload_key() != payload
            || server.endpoint.preprocessing != preprocessing
        {
            Err("it is sent pictures in another form, whose vectors must not be mixed with the others".to_owned())
        } else if agrees && !server.agreement.holds() {
            Err(server.agreement.to_string())
        } else if !agrees
            && agreement::lowest(&server.vectors, &expected)
                < agreement::limit(server.endpoint.payload)
        {
            Err(format!("its vectors are not those of {leader_name}"))
        } else {
            Ok(())
        };
        if let Err(reason) = fits {
            link.tell(format!("{name} is left out: {reason}"));
            continue;
        }
        if !address.is_loopback() && !address.scheme.is_encrypted() {
            link.tell(format!(
                "photos, made small, cross the network unencrypted on their way to {name}"
            ));
        }
        if !server.agreement.holds() {
            link.tell(format!(
                "{name} gives {}; they are kept apart from those of this computer",
                server.agreement
            ));
        }
        places.push(Place {
            name,
            batch: server.batch,
            credentials: server.credentials,
            endpoint: server.endpoint,
            proof: Proof {
                pictures: server.pictures,
                vectors: server.vectors,
                least: SAME_SERVER,
            },
        });
    }
    (identity, places)
}

fn identity(leader: &Joined, record: &ModelRecord) -> Identity {
    let (endpoint, payload) = (&leader.endpoint, leader.payload_key());
    let preprocessing = endpoint.preprocessing.clone();
    if leader.agreement.holds() {
        return Identity {
            key: record.key_with(payload),
            is_local: payload == "rgb8" && preprocessing == record.preprocessing,
            model: ModelRecord {
                preprocessing,
                ..record.clone()
            },
        };
    }
    let served = &endpoint.model;
    let key = format!(
        "server/{}/{}/{}/{}-{}/{payload}",
        endpoint.address,
        served.name,
        served.version.as_deref().unwrap_or("-"),
        preprocessing.resize_short,
        preprocessing.size,
    );
    Identity {
        key: ModelKey(key),
        is_local: false,
        model: ModelRecord {
            name: served.name.clone(),
            file: None,
            sha256: String::new(),
            input: served.input.clone(),
            output: served.output.clone(),
            dimension: leader.vectors.first().map_or(0, |v| v.components().len()),
            precision: Precision::F32,
            one_at_a_time: false,
            licence: "unknown".to_owned(),
            similarity_floor: ModelRecord::ASSUMED_FLOOR,
            similarity_default: ModelRecord::ASSUMED_DEFAULT,
            calibration: Calibration::Estimated,
            preprocessing,
            layout: record.layout,
        },
    }
}

/// What the report says of the engine.
fn info(places: &[Place]) -> EngineInfo {
    let list = |part: fn(&Place) -> String| {
        let mut parts: Vec<String> = places.iter().map(part).collect();
        parts.dedup();
        parts.join(", ")
    };
    EngineInfo {
        name: NAME.to_owned(),
        runtime: list(|place| match place.endpoint.software.as_str() {
            "" => "server".to_owned(),
            software => software.to_owned(),
        }),
        provider: list(|place| place.name.clone()),
    }
}

fn unavailable(reason: String) -> EmbedError {
    EmbedError::Engine {
        engine: NAME.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_server_the_request_says_what_to_do() {
        let record = crate::embed::bundled::record();
        let request = EngineRequest {
            engine: EngineChoice::Remote,
            ..EngineRequest::default()
        };
        let error = open(&request, &record, &Arc::default()).unwrap_err();
        assert!(error.to_string().contains("--server"), "{error}");
    }
}
