//! Every way in which a server can be asked for the vectors of a model: each protocol that it
//! speaks at its address, and each payload that its model takes.

use std::time::Duration;

use super::super::http::HttpLine;
use super::super::{Credentials, Endpoint, Payload, Protocol, Server, payload};
use super::{
    BASE64_PATH, CallError, FORM_PATH, Found, IMMICH, ServedModel, Until, choose, find, immich,
    immich_model, keep_to_batch, takes,
};
use crate::embed::ModelRecord;

/// The endpoints of `server`, each with the place in `records` of the model that it has: the
/// protocols in the order of [`Protocol::ALL`], the payloads in the order of preference. What the
/// user said of the server holds, so that a protocol or payload that he chose is the only one;
/// each endpoint's [`Endpoint::server`] says it all, and gives that endpoint again.
///
/// A model of the server that may be several of `records` is the one that it is most like.
///
/// # Errors
/// [`CallError`] if nothing that is known answers within `deadline`, or the server has none of the
/// models.
pub fn ways(
    server: &Server,
    credentials: Option<&Credentials>,
    records: &[ModelRecord],
    deadline: Duration,
) -> Result<Vec<(usize, Endpoint)>, CallError> {
    let until = Until::new(deadline);
    let names = records.iter().map(|record| record.name.as_str());
    let hints: Vec<&str> = server.model.as_deref().into_iter().chain(names).collect();
    let found = find(server, credentials, &hints, until)?;
    let mut ways: Vec<(usize, Endpoint)> = Vec::new();
    let mut refused = None;
    for protocol in spoken(server, &found, credentials, until)? {
        for (number, record) in records.iter().enumerate() {
            let immich;
            let models = if protocol == Protocol::Immich {
                immich = [immich_model(server, Some(record))];
                &immich[..]
            } else {
                &found.models
            };
            match choose::offered(models, server, record, protocol) {
                Ok((first, others)) => {
                    let offered = std::iter::once(first).chain(others);
                    let endpoints = offered.map(|(model, payload)| {
                        endpoint(server, &found, protocol, record, model, payload)
                    });
                    for endpoint in endpoints {
                        keep_fittest(&mut ways, records, number, endpoint);
                    }
                }
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
    }
    match refused {
        Some(error) if ways.is_empty() => Err(CallError::new(
            error.kind,
            format!("{}: {}", found.address, error.message),
        )),
        _ => Ok(ways),
    }
}

/// The protocols that are spoken where a service was found.
fn spoken(
    server: &Server,
    found: &Found,
    credentials: Option<&Credentials>,
    until: Until,
) -> Result<Vec<Protocol>, CallError> {
    if server.protocol.is_some() {
        return Ok(vec![found.protocol]);
    }
    Ok(match found.protocol {
        Protocol::KserveHttp => vec![Protocol::KserveHttp, Protocol::KserveJson],
        Protocol::EmbedBase64 | Protocol::EmbedMultipart => {
            let line = HttpLine::new(server, &found.address, credentials)?;
            let mut spoken = Vec::new();
            for (protocol, path) in [
                (Protocol::EmbedBase64, BASE64_PATH),
                (Protocol::EmbedMultipart, FORM_PATH),
            ] {
                if takes(&line, path, until)? {
                    spoken.push(protocol);
                }
            }
            if immich(&line, until)? {
                spoken.push(Protocol::Immich);
            }
            spoken
        }
        only => vec![only],
    })
}

fn endpoint(
    server: &Server,
    found: &Found,
    protocol: Protocol,
    record: &ModelRecord,
    mut model: ServedModel,
    payload: Payload,
) -> Endpoint {
    keep_to_batch(server, &mut model);
    let mut server = Server {
        protocol: Some(protocol),
        payload: Some(payload),
        ..server.clone()
    };
    // The others are not asked for a model that nobody named: they have one.
    if matches!(
        protocol,
        Protocol::KserveHttp | Protocol::KserveJson | Protocol::KserveGrpc
    ) {
        server.model = Some(model.name.clone());
    }
    let software = match protocol {
        Protocol::Immich => IMMICH.to_owned(),
        _ => found.software.clone(),
    };
    Endpoint {
        server,
        address: found.address.clone(),
        protocol,
        software,
        preprocessing: payload::preprocessing(&record.preprocessing, &model, payload),
        model,
        payload,
    }
}

/// Takes an endpoint in, unless it is there already for a record that its model is more like.
fn keep_fittest(
    ways: &mut Vec<(usize, Endpoint)>,
    records: &[ModelRecord],
    number: usize,
    endpoint: Endpoint,
) {
    let same = ways.iter_mut().find(|(_, other)| {
        other.protocol == endpoint.protocol
            && other.payload == endpoint.payload
            && other.model.name == endpoint.model.name
    });
    let fitness = |number: usize| {
        let record = records.get(number);
        record.map(|record| choose::fitness(&endpoint.model, record))
    };
    match same {
        None => ways.push((number, endpoint)),
        Some(same) if fitness(number) > fitness(same.0) => *same = (number, endpoint),
        Some(_) => {}
    }
}
