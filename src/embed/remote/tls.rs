//! Whom this machine trusts and what it proves itself with, for both HTTP and gRPC.
//!
//! The authorities are those of the system, so that a company's own are known, and the user's
//! file beside them.

use std::path::Path;
use std::sync::Arc;

use tonic::transport::{self, ClientTlsConfig};
use ureq::tls::{self, PemItem, RootCerts, TlsConfig};

use super::{CallError, CallErrorKind, Server};

/// For HTTP.
///
/// # Errors
/// [`CallErrorKind::Denied`] if a file cannot be read or holds no certificate or key.
pub(super) fn for_http(server: &Server) -> Result<TlsConfig, CallError> {
    let mut roots = system_roots()?;
    if let Some(path) = &server.ca_file {
        roots.extend(certificates(path)?);
    }
    let client = match &server.client_certificate {
        None => None,
        Some(client) => {
            let key = tls::PrivateKey::from_pem(&read(&client.key)?)
                .map_err(|error| unusable(&client.key, &error))?;
            let chain = certificates(&client.certificate)?;
            Some(tls::ClientCert::new_with_certs(&chain, key))
        }
    };
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .client_cert(client)
        .build())
}

/// For gRPC.
///
/// # Errors
/// As [`for_http`].
pub(super) fn for_grpc(server: &Server) -> Result<ClientTlsConfig, CallError> {
    let mut config = ClientTlsConfig::new().with_native_roots();
    if let Some(path) = &server.ca_file {
        // tonic takes a file without a certificate in silence.
        certificates(path)?;
        config = config.ca_certificate(transport::Certificate::from_pem(read(path)?));
    }
    if let Some(client) = &server.client_certificate {
        let identity =
            transport::Identity::from_pem(read(&client.certificate)?, read(&client.key)?);
        config = config.identity(identity);
    }
    Ok(config)
}

fn system_roots() -> Result<Vec<tls::Certificate<'static>>, CallError> {
    let found = rustls_native_certs::load_native_certs();
    if let (true, Some(error)) = (found.certs.is_empty(), found.errors.first()) {
        return Err(CallError::new(
            CallErrorKind::Denied,
            format!("the system's certificate authorities cannot be read ({error})"),
        ));
    }
    // Single ones that cannot be read are the system's affair: a server that needs them will be
    // refused by name.
    let owned = found
        .certs
        .iter()
        .map(|der| tls::Certificate::from_der(der).to_owned());
    Ok(owned.collect())
}

fn certificates(path: &Path) -> Result<Vec<tls::Certificate<'static>>, CallError> {
    let bytes = read(path)?;
    let mut found = Vec::new();
    for item in tls::parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| unusable(path, &error))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(unusable(path, &"it holds no certificate; expected PEM"));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, CallError> {
    std::fs::read(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> CallError {
    CallError::new(
        CallErrorKind::Denied,
        format!(
            "cannot use the certificate or key: {reason}: {}",
            path.display()
        ),
    )
}
