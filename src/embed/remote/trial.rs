//! A server tried out for a person: what it is, how fast it answers, and whether its vectors are
//! those of this computer.

use std::time::{Duration, Instant};

use super::join::{Here, Joined, join};
use super::{
    Address, Agreement, CallError, CallErrorKind, Connection, Payload, Protocol, Server,
    Statistics, retry,
};
use crate::embed::{EngineChoice, EngineRequest, Link, ModelRecord, engine};

/// Requests of one picture that are timed.
const ROUNDS: usize = 5;

/// How long the server's own measurements are waited for.
const STATISTICS: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Where it was found.
    pub address: Address,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// What it calls itself; empty if it does not tell.
    pub software: String,
    /// The model's name there, and its version if it tells.
    pub model: String,
    /// Length of a vector.
    pub dimension: usize,
    /// Pictures a request.
    pub batch: usize,
    /// How pictures are sent.
    pub payload: Payload,
    /// What a picture takes then.
    pub bytes_a_picture: u64,
    /// From a picture to its vector, one at a time; the median.
    pub round_trip: Duration,
    /// What of it the server says that its model took, if it tells.
    pub compute: Option<Duration>,
    /// Whether its vectors may be mixed with those of this computer.
    pub agreement: Agreement,
}

impl Trial {
    /// Names and values, for people.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("reached", self.reached())];
        let software = match self.software.as_str() {
            "" => "does not tell".to_owned(),
            software => software.to_owned(),
        };
        rows.push((
            "protocol",
            format!("{}; software {software}", self.protocol.words()),
        ));
        rows.push((
            "model",
            format!(
                "{}, vectors of {} numbers, up to {} pictures a request",
                self.model, self.dimension, self.batch
            ),
        ));
        rows.push((
            "payload",
            format!(
                "{}: {:.0} KB a picture, {}",
                self.payload.title(),
                f64::from(u32::try_from(self.bytes_a_picture).unwrap_or(u32::MAX)) / 1000.0,
                self.payload.exactness()
            ),
        ));
        let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        rows.push(("round trip", milliseconds(self.round_trip)));
        rows.push((
            "computing",
            self.compute
                .map_or("the server does not tell".to_owned(), milliseconds),
        ));
        rows.push(("vectors", self.agreement.to_string()));
        rows
    }

    fn reached(&self) -> String {
        let address = &self.address;
        match (address.scheme.is_encrypted(), address.is_loopback()) {
            (true, _) => format!("{address}, encrypted"),
            (false, true) => format!("{address}, on this computer"),
            (false, false) => {
                format!("{address}, not encrypted: photos, made small, can be seen on their way")
            }
        }
    }
}

/// Tries a server.
///
/// # Errors
/// [`CallError`] with the server's own words.
pub fn run(
    server: &Server,
    request: &EngineRequest,
    record: &ModelRecord,
    link: &Link,
) -> Result<Trial, CallError> {
    // Whoever tries a server is waiting for it.
    let request = EngineRequest {
        engine: EngineChoice::Auto,
        patience: Duration::from_secs(5),
        ..request.clone()
    };
    let mut local = engine::open(&request, record);
    let mut here = Here::new(&request, record, &mut local);
    let joined = join(server, &mut here, link)?;
    let timed = time(&joined)?;
    let batch = joined.batch;
    let Joined {
        endpoint,
        vectors,
        agreement,
        ..
    } = joined;
    let version = endpoint.model.version.as_deref();
    Ok(Trial {
        address: endpoint.address,
        protocol: endpoint.protocol,
        software: endpoint.software,
        model: match version {
            Some(version) => format!("{} (version {version})", endpoint.model.name),
            None => endpoint.model.name,
        },
        dimension: vectors.first().map_or(0, |v| v.components().len()),
        batch,
        payload: endpoint.payload,
        bytes_a_picture: timed.bytes,
        round_trip: timed.median,
        compute: timed.compute,
        agreement,
    })
}

struct Timed {
    median: Duration,
    compute: Option<Duration>,
    bytes: u64,
}

/// Times single pictures, on a line that is open.
fn time(joined: &Joined) -> Result<Timed, CallError> {
    let none = || CallError::new(CallErrorKind::Refused, "there is no picture to send");
    let picture = joined.pictures.get(..1).ok_or_else(none)?;
    let mut connection = Connection::new(&joined.endpoint, joined.credentials.as_ref())?;
    let mut ask = || connection.embed(picture, retry::deadline(1, false));
    let mut bytes = ask()?.sent_bytes;
    // A server that does not tell is none the worse for it.
    let statistics = || {
        let read = Statistics::read(&joined.endpoint, joined.credentials.as_ref(), STATISTICS);
        read.ok().flatten()
    };
    let before = statistics();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        bytes = ask()?.sent_bytes;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let compute = before.zip(statistics()).and_then(|(before, after)| {
        let [_queue, input, compute, output] = after.since(&before).per_request()?;
        Some(input + compute + output)
    });
    Ok(Timed {
        median: times.get(ROUNDS / 2).copied().unwrap_or_default(),
        compute,
        bytes,
    })
}

impl Protocol {
    /// All, as people choose from them.
    pub const ALL: [Self; 6] = [
        Self::KserveHttp,
        Self::KserveGrpc,
        Self::KserveJson,
        Self::EmbedBase64,
        Self::EmbedMultipart,
        Self::Immich,
    ];

    /// As people know it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::KserveHttp => "KServe over HTTP",
            Self::KserveJson => "KServe over HTTP, as JSON",
            Self::KserveGrpc => "KServe over gRPC",
            Self::EmbedBase64 => "embed API, base64",
            Self::EmbedMultipart => "embed API, multipart",
            Self::Immich => "Immich machine learning",
        }
    }
}

impl Payload {
    /// All, as people choose from them.
    pub const ALL: [Self; 5] = [
        Self::Uint8,
        Self::F16,
        Self::F32,
        Self::Jpeg,
        Self::JpegFine,
    ];

    /// What becomes of the vectors.
    #[must_use]
    pub fn exactness(self) -> &'static str {
        match self {
            Self::Uint8 | Self::F32 => "exact",
            Self::F16 => "as good as exact (cosine 1.000)",
            Self::Jpeg => "inexact (cosine 0.94, 0.75 at worst)",
            Self::JpegFine => "inexact (cosine 0.986, 0.94 at worst)",
        }
    }
}
