//! From an address to all that a connection needs to know.
//!
//! Asked are only the server's descriptions of itself and its models; no picture is sent.

mod choose;
mod describe;
mod kserve;
mod ways;

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::kserve::Speaker;
pub use self::ways::ways;
use super::grpc::GrpcLine;
use super::http::{CONNECT_TIMEOUT, HttpLine};
use super::{
    Address, CallError, CallErrorKind, Credentials, Element, Endpoint, Protocol, ServedModel,
    Server, TensorLayout, addresses, payload,
};
use crate::embed::ModelRecord;

/// Finds out how `server` is spoken to, which of its models is `record`'s, and how pictures go
/// there in the fewest bytes that keep the vectors right. What the user said of it holds.
///
/// # Errors
/// [`CallError`] if nothing that is known answers there within `deadline`, or no model can be
/// chosen.
pub fn discover(
    server: &Server,
    credentials: Option<&Credentials>,
    record: &ModelRecord,
    deadline: Duration,
) -> Result<Endpoint, CallError> {
    let hints = [server.model.as_deref(), Some(&record.name)];
    let hints: Vec<&str> = hints.into_iter().flatten().collect();
    let mut found = find(server, credentials, &hints, Until::new(deadline))?;
    if found.protocol == Protocol::Immich {
        found.models = vec![immich_model(server, Some(record))];
    }
    let chosen = choose::choose(&found.models, server, record, found.protocol);
    let (mut model, payload) = chosen.map_err(|error| {
        CallError::new(error.kind, format!("{}: {}", found.address, error.message))
    })?;
    keep_to_batch(server, &mut model);
    Ok(Endpoint {
        server: server.clone(),
        address: found.address,
        protocol: found.protocol,
        software: found.software,
        preprocessing: payload::preprocessing(&record.preprocessing, &model, payload),
        model,
        payload,
    })
}

/// The user's word on the largest batch.
fn keep_to_batch(server: &Server, model: &mut ServedModel) {
    if let Some(batch) = server.batch {
        let limit = model.batch_limit.unwrap_or(usize::MAX);
        model.batch_limit = Some(batch.clamp(1, limit));
    }
}

/// The models of `server` that take pictures and give vectors, by name.
///
/// # Errors
/// As [`discover`], but for the choice.
pub fn models(
    server: &Server,
    credentials: Option<&Credentials>,
    deadline: Duration,
) -> Result<Vec<ServedModel>, CallError> {
    let hints: Vec<&str> = server.model.as_deref().into_iter().collect();
    Ok(find(server, credentials, &hints, Until::new(deadline))?.models)
}

/// What an Immich is called.
const IMMICH: &str = "Immich machine learning";
/// Where the embed API takes a form.
const FORM_PATH: &str = "/embed/batch";
/// Where the embed API takes JSON.
const BASE64_PATH: &str = "/embed/base64";

/// A service that answers.
struct Found {
    address: Address,
    protocol: Protocol,
    software: String,
    models: Vec<ServedModel>,
}

/// The end of the time that all questions together may take.
#[derive(Clone, Copy)]
struct Until {
    end: Instant,
}

impl Until {
    fn new(deadline: Duration) -> Self {
        // A deadline that no clock can name is as good as a day.
        let end = Instant::now().checked_add(deadline);
        Self {
            end: end.unwrap_or_else(|| Instant::now() + Duration::from_hours(24)),
        }
    }

    /// At least a millisecond, so that what is asked too late fails as late.
    fn left(self) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        left.max(Duration::from_millis(1))
    }
}

/// Tries the addresses that `server` may mean.
fn find(
    server: &Server,
    credentials: Option<&Credentials>,
    hints: &[&str],
    until: Until,
) -> Result<Found, CallError> {
    let addresses = addresses(server, credentials)?;
    let mut errors = Vec::new();
    for address in &addresses {
        if errors.is_empty() && addresses.len() > 1 {
            reach(address, until)?;
        }
        let found = if address.scheme.is_grpc() {
            over_grpc(server, address, credentials, hints, until)
        } else {
            over_http(server, address, credentials, hints, until)
        };
        match found {
            Ok(found) => return Ok(found),
            Err(error) => errors.push(error),
        }
    }
    // What is no answer in this scheme, or none at all, says less than a refusal.
    let says_little = |error: &CallError| {
        matches!(
            error.kind,
            CallErrorKind::BadAnswer | CallErrorKind::Unreachable
        )
    };
    let best = errors.iter().position(|error| !says_little(error));
    Err(errors.swap_remove(best.unwrap_or(0)))
}

/// Whether anything listens there, before it is asked in several ways.
fn reach(address: &Address, until: Until) -> Result<(), CallError> {
    let failed = |reason: &dyn std::fmt::Display| {
        let authority = address.authority();
        let message = format!("{authority}: it cannot be reached ({reason})");
        CallError::new(CallErrorKind::Unreachable, message)
    };
    let targets = (&*address.host, address.port)
        .to_socket_addrs()
        .map_err(|error| failed(&error))?;
    let mut last = failed(&"the host is not known");
    for target in targets {
        match TcpStream::connect_timeout(&target, until.left().min(CONNECT_TIMEOUT)) {
            Ok(_closed_again) => return Ok(()),
            Err(error) => last = failed(&error),
        }
    }
    Err(last)
}

fn over_grpc(
    server: &Server,
    address: &Address,
    credentials: Option<&Credentials>,
    hints: &[&str],
    until: Until,
) -> Result<Found, CallError> {
    let mut line = GrpcLine::new(server, address, credentials)?;
    let mut speaker = Speaker::Grpc(&mut line);
    let metadata = speaker.server(until)?;
    Ok(Found {
        address: address.clone(),
        protocol: Protocol::KserveGrpc,
        software: describe::software(&metadata),
        models: speaker.models(hints, until)?,
    })
}

fn over_http(
    server: &Server,
    address: &Address,
    credentials: Option<&Credentials>,
    hints: &[&str],
    until: Until,
) -> Result<Found, CallError> {
    let may_be = |protocols: &[Protocol]| {
        server
            .protocol
            .is_none_or(|protocol| protocols.contains(&protocol))
    };
    let found = |protocol, software, models| Found {
        address: address.clone(),
        protocol,
        software,
        models,
    };
    let line = HttpLine::new(server, address, credentials)?;
    if may_be(&[Protocol::KserveHttp, Protocol::KserveJson]) {
        let mut speaker = Speaker::Http(&line);
        match speaker.server(until) {
            Ok(metadata) => {
                let is_binary = metadata
                    .extensions
                    .iter()
                    .any(|e| e == "binary_tensor_data");
                let protocol = match server.protocol {
                    Some(protocol) => protocol,
                    None if is_binary => Protocol::KserveHttp,
                    None => Protocol::KserveJson,
                };
                let models = speaker.models(hints, until)?;
                return Ok(found(protocol, describe::software(&metadata), models));
            }
            Err(error) if !is_elsewhere(&error) || server.protocol.is_some() => return Err(error),
            Err(_another_service) => {}
        }
    }
    if may_be(&[Protocol::EmbedBase64, Protocol::EmbedMultipart])
        && let Some((protocol, software, model)) = embed_api(server, &line, until)?
    {
        return Ok(found(protocol, software, vec![model]));
    }
    if may_be(&[Protocol::Immich]) && immich(&line, until)? {
        let model = immich_model(server, None);
        return Ok(found(Protocol::Immich, IMMICH.to_owned(), vec![model]));
    }
    Err(nothing_known(&line.base))
}

/// The embed API, if it is that: its description of itself, or at least its paths.
fn embed_api(
    server: &Server,
    line: &HttpLine,
    until: Until,
) -> Result<Option<(Protocol, String, ServedModel)>, CallError> {
    let info = match json(line, "/model-info", until) {
        Ok(info) => Some(info),
        Err(error) if is_elsewhere(&error) => None,
        Err(error) => return Err(error),
    };
    let takes_form = takes(line, FORM_PATH, until)?;
    let takes_base64 = takes(line, BASE64_PATH, until)?;
    if !takes_form && !takes_base64 {
        return Ok(None);
    }
    if info.is_none() {
        // Without a description, whether it is well is all there is to ask.
        match line.get("/health", until.left()) {
            Err(error) if !is_elsewhere(&error) => return Err(error),
            _ => {}
        }
    }
    let protocol = match server.protocol {
        Some(protocol) => protocol,
        // A form carries the bytes themselves, base64 a third more.
        None if takes_form => Protocol::EmbedMultipart,
        None => Protocol::EmbedBase64,
    };
    // Only for people to read: whatever it says or does not say.
    let gpu = json(line, "/gpu-info", until).unwrap_or_default();
    let model = describe::embed_model(info.as_ref().unwrap_or(&Value::Null), server);
    Ok(Some((protocol, describe::embed_software(&gpu), model)))
}

/// The model that an Immich is asked for: the user's, else the one that is like `record`.
fn immich_model(server: &Server, record: Option<&ModelRecord>) -> ServedModel {
    let usual = record.map_or(describe::IMMICH_DEFAULT, |record| {
        describe::immich_name(&record.name)
    });
    ServedModel {
        name: server.model.as_deref().unwrap_or(usual).to_owned(),
        batch_limit: Some(1),
        ..describe::files()
    }
}

/// Whether a path is there for POST: then GET is answered with 405.
fn takes(line: &HttpLine, path: &str, until: Until) -> Result<bool, CallError> {
    Ok(line.status_of(path, until.left())? == 405)
}

fn immich(line: &HttpLine, until: Until) -> Result<bool, CallError> {
    match line.get("/ping", until.left()) {
        Ok(reply) => {
            let mut body = Vec::new();
            reply.read(1 << 10, &mut body)?;
            Ok(body.trim_ascii() == b"pong")
        }
        Err(error) if is_elsewhere(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A description as JSON; what is not JSON is another service's.
fn json(line: &HttpLine, path: &str, until: Until) -> Result<Value, CallError> {
    let mut body = Vec::new();
    line.get(path, until.left())?.read(1 << 20, &mut body)?;
    serde_json::from_slice(&body).map_err(|_no_json| nothing_known(&line.base))
}

/// Whether an error only says that this is not the service that was asked for.
fn is_elsewhere(error: &CallError) -> bool {
    error.kind == CallErrorKind::Refused
}

fn nothing_known(server: &str) -> CallError {
    CallError::new(
        CallErrorKind::Refused,
        format!(
            "{server}: no service that is known answers there (KServe v2, the embed API, Immich machine learning); look at the port and the path"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_listening_is_told_once_and_by_name() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Server {
            url: format!("127.0.0.1:{port}"),
            ..Server::default()
        };
        let error = models(&server, None, Duration::from_secs(5)).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unreachable);
        assert!(error.message.contains(&port.to_string()), "{error}");
    }
}
