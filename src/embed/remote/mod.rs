//! Engine `remote`: a server computes the vectors.
//!
//! A [`Server`] is what the user says of one: an address, and whatever is not to be found out
//! from it. Discovery makes an [`Endpoint`] of it: which protocol, which model, in which
//! payload. A [`Connection`] is one open line to an endpoint, for one thread, with one request at
//! a time on it; as many of them as the window has room for make the engine.
//!
//! Only pictures that were brought to the model's input size ever leave this machine.

mod address;
mod agreement;
pub(super) mod breaker;
mod connection;
mod discover;
mod embed_api;
mod endpoint;
mod error;
mod grpc;
mod http;
mod immich;
mod join;
mod kserve;
mod kserve_grpc;
mod kserve_http;
mod kserve_json;
mod messages;
mod open;
mod payload;
mod pictures;
pub(super) mod retry;
mod server;
mod statistics;
mod status;
mod tls;
pub mod trial;
pub mod vault;
mod vectors;
pub(super) mod window;

pub use address::{Address, Scheme, addresses};
pub use agreement::Agreement;
pub use connection::{Answer, Connection, Timing};
pub use discover::{discover, models, ways};
pub use endpoint::{Element, Endpoint, ServedModel, TensorLayout};
pub use error::{CallError, CallErrorKind};
pub use open::NAME;
pub(super) use open::open;
pub use server::{ClientCertificate, Credentials, Failover, Payload, Protocol, Secret, Server};
pub use statistics::Statistics;
