//! One HTTP line to a server: kept open, blocking, with a deadline for each request.
//!
//! Redirects are not followed: they would carry the credentials, or the photos, to where the
//! user did not send them.

use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use ureq::http::{HeaderMap, HeaderValue, header};
use ureq::{Body, SendBody};

use super::connection::{Exchange, Timing, answer_limit};
use super::status::http_error;
use super::{Address, CallError, CallErrorKind, Credentials, Server, tls};
use crate::embed::retry_after::retry_after;

/// How long a connection may take to be made: a server that does not take it in this time is
/// not there, however long its answers may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of the body of a refusal: `MLServer` sends the whole request back in it.
const ERROR_BYTES: u64 = 8 << 10;

/// One line to one server.
#[derive(Debug)]
pub(super) struct HttpLine {
    agent: ureq::Agent,
    /// How errors name the server; also what paths are appended to.
    pub(super) base: String,
    authorization: Option<HeaderValue>,
}

/// A batch, ready to be sent.
pub(super) struct Post<'a> {
    pub(super) path: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
    /// Pictures in it.
    pub(super) pictures: usize,
    /// When its encoding began.
    pub(super) begun: Instant,
}

/// An answer with status 200.
#[derive(Debug)]
pub(super) struct Reply {
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// From the first byte sent to the last header received.
    pub(super) wait: Duration,
    body: Body,
    server: String,
}

impl HttpLine {
    /// A line that is opened with the first request.
    ///
    /// # Errors
    /// [`CallErrorKind::Denied`] if certificates or credentials cannot be used.
    pub(super) fn new(
        server: &Server,
        address: &Address,
        credentials: Option<&Credentials>,
    ) -> Result<Self, CallError> {
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // One thread, one request at a time: one connection.
            .max_idle_connections(1)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("twinlens/", env!("CARGO_PKG_VERSION")));
        if address.is_loopback() {
            // The proxy of the environment cannot mean this machine by the same name.
            config = config.proxy(None);
        }
        if address.scheme.is_encrypted() {
            config = config.tls_config(tls::for_http(server)?);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            base: address.to_string(),
            authorization: credentials.map(authorization).transpose()?,
        })
    }

    /// GET.
    ///
    /// # Errors
    /// [`CallError`], also for every status but 200.
    pub(super) fn get(&self, path: &str, deadline: Duration) -> Result<Reply, CallError> {
        let sent = Instant::now();
        let response = self.ask(path, deadline)?;
        self.reply(response, sent)
    }

    /// Opens the connection by asking for something small.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, whatever it says.
    pub(super) fn touch(&self, path: &str, deadline: Duration) -> Result<(), CallError> {
        let response = self.ask(path, deadline)?;
        // A connection is kept only when its answer was read to the end.
        let mut body = response.into_body().into_reader().take(ERROR_BYTES);
        io::copy(&mut body, &mut io::sink())
            .map(|_bytes| ())
            .map_err(|error| self.trouble(error.into()))
    }

    /// The status that GET is answered with, whatever it is: it tells whether a path is known.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer.
    pub(super) fn status_of(&self, path: &str, deadline: Duration) -> Result<u16, CallError> {
        Ok(self.ask(path, deadline)?.status().as_u16())
    }

    fn ask(&self, path: &str, deadline: Duration) -> Result<ureq::http::Response<Body>, CallError> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request
            .config()
            .timeout_global(Some(deadline))
            .build()
            .call()
            .map_err(|error| self.trouble(error))
    }

    /// POST of a body that is sent from where it lies.
    ///
    /// # Errors
    /// As [`HttpLine::get`].
    pub(super) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let mut reader = body;
        let sent = Instant::now();
        let response = request
            .header(header::CONTENT_LENGTH, body.len())
            .config()
            .timeout_global(Some(deadline))
            .build()
            .send(SendBody::from_reader(&mut reader))
            .map_err(|error| self.trouble(error))?;
        self.reply(response, sent)
    }

    /// Sends a batch and lets `read` take the answer, which is left in `answer`.
    ///
    /// # Errors
    /// As [`HttpLine::get`], and whatever `read` finds wrong.
    pub(super) fn exchange(
        &self,
        post: &Post<'_>,
        deadline: Duration,
        answer: &mut Vec<u8>,
        read: impl FnOnce(&HeaderMap, &[u8]) -> Result<(), CallError>,
    ) -> Result<Exchange, CallError> {
        let encode = post.begun.elapsed();
        let mut reply = self.post(post.path, post.headers, post.body, deadline)?;
        let (wait, headers) = (reply.wait, std::mem::take(&mut reply.headers));
        let started = Instant::now();
        reply.read(answer_limit(post.pictures), answer)?;
        read(&headers, answer)?;
        Ok(Exchange {
            timing: Timing {
                encode,
                wait,
                receive: started.elapsed(),
            },
            sent_bytes: post.body.len(),
            received_bytes: answer.len(),
        })
    }

    fn reply(
        &self,
        response: ureq::http::Response<Body>,
        sent: Instant,
    ) -> Result<Reply, CallError> {
        let wait = sent.elapsed();
        let (parts, body) = response.into_parts();
        if parts.status.as_u16() == 200 {
            return Ok(Reply {
                headers: parts.headers,
                wait,
                body,
                server: self.base.clone(),
            });
        }
        let patience = parts
            .headers
            .get(header::RETRY_AFTER)
            .and_then(|wait| retry_after(wait.to_str().ok()?.trim(), Timestamp::now()));
        let mut start = Vec::new();
        // A refusal whose reason breaks off is still that refusal.
        body.into_reader()
            .take(ERROR_BYTES)
            .read_to_end(&mut start)
            .ok();
        Err(http_error(
            &self.base,
            parts.status.as_u16(),
            patience,
            &start,
        ))
    }

    fn trouble(&self, error: ureq::Error) -> CallError {
        trouble(&self.base, error)
    }
}

impl Reply {
    /// Reads the body into `into`, which is cleared.
    ///
    /// # Errors
    /// [`CallErrorKind::BadAnswer`] if it has more than `limit` bytes,
    /// [`CallErrorKind::Unreachable`] if it breaks off.
    pub(super) fn read(self, limit: u64, into: &mut Vec<u8>) -> Result<(), CallError> {
        into.clear();
        let mut reader = self.body.into_reader().take(limit + 1);
        reader
            .read_to_end(into)
            .map_err(|error| trouble(&self.server, error.into()))?;
        if into.len() as u64 > limit {
            return Err(CallError::new(
                CallErrorKind::BadAnswer,
                format!("{}: its answer has more than {limit} bytes", self.server),
            ));
        }
        Ok(())
    }
}

/// A header as text.
pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The value of the header that tells who asks.
///
/// # Errors
/// [`CallErrorKind::Denied`] if it cannot be sent.
pub(super) fn authorization(credentials: &Credentials) -> Result<HeaderValue, CallError> {
    let text = match credentials {
        Credentials::Bearer(token) => format!("Bearer {}", token.reveal().trim()),
        Credentials::Basic { user, password } => {
            let pair = format!("{user}:{}", password.reveal());
            format!("Basic {}", BASE64.encode(pair))
        }
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_would_show_it| {
        CallError::new(
            CallErrorKind::Denied,
            "the token has characters that cannot be sent in a header; enter it again",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a failure below HTTP means.
fn trouble(server: &str, error: ureq::Error) -> CallError {
    use ureq::Error;
    let kind = match &error {
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            CallErrorKind::Unreachable
        }
        Error::Timeout(_) => CallErrorKind::TimedOut,
        // What rustls says of certificates and handshakes.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => CallErrorKind::Denied,
        Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) => CallErrorKind::Denied,
        Error::Protocol(_) | Error::LargeResponseHeader(..) => CallErrorKind::BadAnswer,
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => CallErrorKind::Refused,
        _ => CallErrorKind::Unreachable,
    };
    let message = match (kind, error) {
        (CallErrorKind::TimedOut, _) => format!("{server}: no answer in time"),
        (CallErrorKind::Denied, Error::Io(error)) => {
            format!("{server}: TLS failed: {error}")
        }
        (CallErrorKind::BadAnswer, error) => format!("{server}: this is no HTTP: {error}"),
        (CallErrorKind::Unreachable, Error::Io(error)) => {
            format!("{server}: it cannot be reached ({error})")
        }
        (CallErrorKind::Unreachable, error) => format!("{server}: it cannot be reached ({error})"),
        (_, error) => format!("{server}: {error}"),
    };
    CallError::new(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::remote::Secret;

    #[test]
    fn credentials_become_the_header_that_servers_expect() {
        let bearer = Credentials::Bearer(Secret::new("abc\n".into()));
        assert_eq!(authorization(&bearer).unwrap(), "Bearer abc");
        // RFC 7617, section 2.
        let basic = Credentials::Basic {
            user: "Aladdin".into(),
            password: Secret::new("open sesame".into()),
        };
        assert_eq!(
            authorization(&basic).unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }

    #[test]
    fn a_secret_is_never_shown() {
        let broken = Credentials::Bearer(Secret::new("hun\nter2".into()));
        let error = authorization(&broken).unwrap_err();
        assert!(!error.message.contains("hun"), "{error}");
        let shown = format!(
            "{:?}",
            authorization(&Credentials::Bearer(Secret::new("hunter2".into())))
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
