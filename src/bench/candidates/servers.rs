//! What servers offer: asked over the network, so that it takes time and may fail.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Choice, Wanted, Way};
use crate::embed::remote::vault::explained;
use crate::embed::remote::{
    CallError, Credentials, Endpoint, NAME, Payload, Protocol, Server, discover, ways,
};
use crate::embed::{ModelRecord, bundled};

/// How long all questions to one server may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// A server in one of its protocols and payloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// What settings say to get exactly this: its address, protocol, model and payload. What the
    /// user said where it could not be reached.
    pub server: Server,
    /// Its secret.
    pub credentials: Option<Credentials>,
    /// What was found out; `None` where it could not be reached.
    pub endpoint: Option<Endpoint>,
}

impl Remote {
    pub(super) fn id(&self) -> String {
        let Some(endpoint) = &self.endpoint else {
            return format!("{NAME}/{}", self.server.url);
        };
        let place = format!("{}{}", endpoint.address.authority(), endpoint.address.path);
        let (protocol, payload) = (short(endpoint.protocol), name(endpoint.payload));
        let model = match endpoint.model.name.as_str() {
            "" => "default",
            model => model,
        };
        format!("{NAME}/{protocol}/{place}/{model}/{payload}")
    }

    /// Finds the server again, as it was found before.
    ///
    /// # Errors
    /// [`CallError`] with the server's own words.
    pub(in crate::bench) fn discover(&self, model: &ModelRecord) -> Result<Endpoint, CallError> {
        discover(&self.server, self.credentials.as_ref(), model, DEADLINE)
    }
}

/// Every protocol and payload of every server of [`Wanted::servers`] for these models, in the
/// order of the servers; one that cannot be used is there once, with its own words as the
/// obstacle. Asks them one after another, each for at most ten seconds, so that windows call it in
/// a thread; stops between two of them when `cancel` is set. A keyring may ask the user to be
/// unlocked.
#[must_use]
pub fn servers(models: &[ModelRecord], wanted: &Wanted<'_>, cancel: &AtomicBool) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for server in &wanted.servers {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        for choice in of_server(server, models, wanted) {
            // Two spellings of one address are one server.
            if choices.iter().all(|other| other.id() != choice.id()) {
                choices.push(choice);
            }
        }
    }
    choices
}

fn of_server(server: &Server, models: &[ModelRecord], wanted: &Wanted<'_>) -> Vec<Choice> {
    let (credentials, keyring) = wanted.session.or_keyring(&server.url);
    let choice = |server: Server, endpoint, model: &ModelRecord, obstacle| Choice {
        way: Way::Server(Box::new(Remote {
            server,
            credentials: credentials.clone(),
            endpoint,
        })),
        model: model.clone(),
        obstacle,
    };
    match ways(server, credentials.as_ref(), models, DEADLINE) {
        Ok(ways) => {
            let known = ways.into_iter().filter_map(|(number, endpoint)| {
                Some(choice(
                    endpoint.server.clone(),
                    Some(endpoint),
                    models.get(number)?,
                    None,
                ))
            });
            known.collect()
        }
        Err(error) => {
            let reason = explained(error, keyring.as_ref()).to_string();
            let bundled = bundled::record();
            let model = models.first().unwrap_or(&bundled);
            vec![choice(server.clone(), None, model, Some(reason))]
        }
    }
}

/// A protocol in a candidate's name.
fn short(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::KserveHttp => "http",
        Protocol::KserveJson => "json",
        Protocol::KserveGrpc => "grpc",
        Protocol::EmbedBase64 => "base64",
        Protocol::EmbedMultipart => "form",
        Protocol::Immich => "immich",
    }
}

/// A payload as settings name it.
fn name(payload: Payload) -> &'static str {
    match payload {
        Payload::Uint8 => "uint8",
        Payload::F16 => "f16",
        Payload::F32 => "f32",
        Payload::Jpeg => "jpeg",
        Payload::JpegFine => "jpeg-fine",
    }
}
