//! What the user says of a server.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A server of the settings or of the command line; never with a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// `http://host:port`, `https://...`, `grpc://host:port`, `grpcs://...`, with a path where
    /// the service is not at the root; a bare `host:port` is tried as each of them.
    pub url: String,
    /// The protocol, if it is not to be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The model's name on the server, if it is not to be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How pictures are sent, if not in the cheapest way that keeps the vectors right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// The largest batch, if the server does not tell or tells too much; at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Certificate authority to trust beside the system's, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Whether it is left out of scans for now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What this machine proves itself with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
}

/// A certificate with its key, both PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// The certificate and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a scan does when no server answers any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failover {
    /// Wait for a server, and give up after a while; what is finished is kept.
    None,
    /// Go on with the engine of this computer, until a server is back.
    #[default]
    Local,
    /// Use the engine of this computer beside the servers all the time.
    Fastest,
}

impl Failover {
    /// All, in this order.
    pub const ALL: [Self; 3] = [Self::None, Self::Local, Self::Fastest];

    /// The name in commands and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Local => "local",
            Self::Fastest => "fastest",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// `KServe` v2 over HTTP, tensors as bytes (the binary tensor extension).
    KserveHttp,
    /// `KServe` v2 over HTTP, tensors as JSON: many times slower.
    KserveJson,
    /// `KServe` v2 over gRPC.
    KserveGrpc,
    /// `POST /embed/base64`.
    EmbedBase64,
    /// `POST /embed/batch`.
    EmbedMultipart,
    /// Immich's `POST /predict`, one picture a request.
    Immich,
}

/// How a picture travels. Part of the identity of the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// 8-bit RGB at the model's size, 150 KB at 224 pixels; exact.
    Uint8,
    /// Half precision, normalised, 301 KB; a cosine of 1.000.
    F16,
    /// Single precision, normalised, 602 KB; exact.
    F32,
    /// JPEG of the model's size at quality 90, 16 KB at 224 pixels; a cosine of 0.96, 0.82 at
    /// worst.
    Jpeg,
    /// JPEG of the model's size at quality 98, 32 KB at 224 pixels; a cosine of 0.99, 0.96 at
    /// worst.
    JpegFine,
}

impl Payload {
    /// The name in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Uint8 => "8-bit pixels",
            Self::F16 => "half precision",
            Self::F32 => "single precision",
            Self::Jpeg => "JPEG",
            Self::JpegFine => "JPEG of high quality",
        }
    }
}

/// What the server is to know its client by. From the keyring, never written anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer ...`.
    Bearer(Secret),
    /// `Authorization: Basic ...`.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
}

/// A text that no log, error or report shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that sends it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}
