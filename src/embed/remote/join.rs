//! A server before it is given work: found, spoken to, and compared with this computer.

use std::time::{Duration, Instant};

use super::vault::explained;
use super::{
    Agreement, CallError, CallErrorKind, Connection, Credentials, Endpoint, Payload, Server,
    agreement, discover, pictures, retry,
};
use crate::embed::{
    EmbedError, Embedder, Embedding, EngineRequest, Link, ModelInput, ModelRecord, Opened,
};

/// How long one request of the search for a protocol may take.
const DISCOVERY: Duration = Duration::from_secs(10);
/// How long a server that is still loading is waited for when a scan begins.
const LOADING: Duration = Duration::from_mins(1);

/// A server that answers.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) endpoint: Endpoint,
    pub(super) credentials: Option<Credentials>,
    /// What it was asked for, as it was sent.
    pub(super) pictures: Vec<ModelInput>,
    /// What it answered.
    pub(super) vectors: Vec<Embedding>,
    /// Pictures a request.
    pub(super) batch: usize,
    /// How that stands to this computer.
    pub(super) agreement: Agreement,
}

/// This computer, as what a server is compared with.
pub(super) struct Here<'a> {
    pub(super) request: &'a EngineRequest,
    pub(super) record: &'a ModelRecord,
    /// An engine of this computer, or why there is none.
    pub(super) embedder: Result<&'a mut (dyn Embedder + 'static), String>,
}

impl<'a> Here<'a> {
    /// This computer, with the first embedder of the engine that was opened.
    pub(super) fn new(
        request: &'a EngineRequest,
        record: &'a ModelRecord,
        opened: &'a mut Result<Opened, EmbedError>,
    ) -> Self {
        let embedder = match opened {
            Ok(opened) => match opened.embedders.first_mut() {
                Some(embedder) => Ok(embedder.as_mut()),
                None => Err("no engine of this computer has started".to_owned()),
            },
            Err(error) => Err(error.to_string()),
        };
        Self {
            request,
            record,
            embedder,
        }
    }
}

impl Joined {
    /// How people know the server.
    pub(super) fn name(&self) -> String {
        self.endpoint.address.to_string()
    }

    /// What its vectors are made of, as a model's key says it: the exact payloads are one.
    pub(super) fn payload_key(&self) -> &'static str {
        match self.endpoint.payload {
            Payload::Uint8 | Payload::F32 => "rgb8",
            Payload::F16 => "f16",
            Payload::Jpeg => "jpeg90",
            Payload::JpegFine => "jpeg98",
        }
    }
}

/// Finds a server, lets it embed a few pictures, and compares them with this computer's.
///
/// # Errors
/// [`CallError`] with the server's own words.
pub(super) fn join(server: &Server, here: &mut Here<'_>, link: &Link) -> Result<Joined, CallError> {
    let (credentials, keyring) = here.request.session.or_keyring(&server.url);
    let joined = join_as(server, credentials, here, link);
    joined.map_err(|error| explained(error, keyring.as_ref()))
}

fn join_as(
    server: &Server,
    credentials: Option<Credentials>,
    here: &mut Here<'_>,
    link: &Link,
) -> Result<Joined, CallError> {
    let patience = here.request.patience.min(LOADING);
    let endpoint = persist(patience, link, || {
        discover(server, credentials.as_ref(), here.record, DISCOVERY)
    })?;
    let unfit = |error: EmbedError| CallError::new(CallErrorKind::Refused, error.to_string());
    let pictures = pictures::prepared(&endpoint.preprocessing).map_err(unfit)?;
    let mut connection = Connection::new(&endpoint, credentials.as_ref())?;
    let mut vectors = Vec::new();
    let mut batch = endpoint.usual_batch();
    while let Some(rest) = pictures
        .get(vectors.len()..)
        .filter(|rest| !rest.is_empty())
    {
        let some = rest.get(..batch).unwrap_or(rest);
        let is_first = vectors.is_empty();
        let answer = persist(patience, link, || {
            connection.embed(some, retry::deadline(some.len(), is_first))
        });
        match answer {
            // Not all servers tell what is too much for them.
            Err(error) if error.kind == CallErrorKind::TooLarge && some.len() > 1 => {
                batch = some.len() / 2;
            }
            answer => vectors.extend(answer?.vectors),
        }
    }
    if vectors.windows(2).all(|pair| pair.first() == pair.last()) {
        return Err(CallError::new(
            CallErrorKind::BadAnswer,
            "it gives the same vector for different pictures",
        ));
    }
    let agreement = agree(here, &endpoint, &vectors).map_err(unfit)?;
    Ok(Joined {
        endpoint,
        credentials,
        pictures,
        vectors,
        batch,
        agreement,
    })
}

/// Asks again as long as the server asks for patience, or fails on what it may not fail on the
/// next time.
fn persist<T>(
    patience: Duration,
    link: &Link,
    mut ask: impl FnMut() -> Result<T, CallError>,
) -> Result<T, CallError> {
    let begun = Instant::now();
    let mut attempt = 0;
    loop {
        let error = match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = match error.kind {
            CallErrorKind::Busy(Some(asked)) => asked,
            CallErrorKind::Busy(None) => retry::backoff(attempt + 2, fastrand::f64()),
            CallErrorKind::Failed if attempt < 5 => retry::backoff(attempt, fastrand::f64()),
            _ => return Err(error),
        };
        if begun.elapsed() + wait > patience || !link.sleep(wait) {
            return Err(error);
        }
        attempt += 1;
    }
}

fn agree(
    here: &mut Here<'_>,
    endpoint: &Endpoint,
    there: &[Embedding],
) -> Result<Agreement, EmbedError> {
    let embedder = match &mut here.embedder {
        Ok(embedder) => embedder,
        Err(reason) => {
            return Ok(Agreement::Unknown {
                reason: reason.clone(),
            });
        }
    };
    let payload = endpoint.payload;
    let pictures = pictures::prepared(&here.record.preprocessing)?;
    let own = embedder.embed(&pictures)?;
    let limit = agreement::limit(payload);
    Ok(match agreement::compare(&own, there, payload) {
        Ok(lowest) => Agreement::Same { lowest, limit },
        Err((lowest, reason)) => {
            let explained = match lowest {
                Some(_) => {
                    agreement::explain(here.request, here.record, &pictures, there, payload)?
                }
                None => None,
            };
            Agreement::Other {
                lowest,
                limit,
                reason: explained.map_or(reason, str::to_owned),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_patience_is_asked_again_but_not_for_ever() {
        let link = Link::default();
        let mut left = 3;
        let answer = persist(Duration::from_mins(1), &link, || {
            left -= 1;
            match left {
                0 => Ok("yes"),
                1 => Err(CallError::new(CallErrorKind::Failed, "once")),
                _ => Err(CallError::new(
                    CallErrorKind::Busy(Some(Duration::from_millis(1))),
                    "loading",
                )),
            }
        });
        assert_eq!(answer, Ok("yes"));
        for kind in [
            CallErrorKind::Busy(Some(Duration::from_secs(9))),
            CallErrorKind::Unreachable,
            CallErrorKind::Denied,
        ] {
            let mut tries = 0;
            let answer: Result<(), _> = persist(Duration::from_secs(1), &link, || {
                tries += 1;
                Err(CallError::new(kind, "no"))
            });
            assert_eq!(answer.unwrap_err().kind, kind);
            assert_eq!(tries, 1);
        }
    }
}
