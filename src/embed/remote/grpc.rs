//! One gRPC line to a server: a connection of its own, driven in the thread that asks.
//!
//! One connection for each request in flight, because requests that share an HTTP/2 connection
//! share its flow control, which halves their throughput. The message is handed to tonic's
//! channel as a body that is ready, not through a codec, which would copy all of it.

use std::error::Error as _;
use std::io;
use std::net::ToSocketAddrs as _;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tonic::body::Body;
use tonic::client::GrpcService as _;
use tonic::transport::{Channel, Endpoint as Target, Uri};
use tonic::{Code, Status, TimeoutExpired};
use ureq::http::{HeaderValue, Method, Request, StatusCode, header};

use super::http::{CONNECT_TIMEOUT, authorization};
use super::status::{grpc_error, http_error};
use super::{Address, CallError, CallErrorKind, Credentials, Server, tls};

/// Bytes before each message: whether it is compressed, and its length.
pub(super) const FRAME: usize = 5;

/// One line to one server.
pub(super) struct GrpcLine {
    runtime: Runtime,
    channel: Channel,
    /// How errors name the server.
    pub(super) base: String,
    path: String,
    authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for GrpcLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrpcLine")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// An answer.
pub(super) struct GrpcReply {
    /// The message.
    pub(super) message: Bytes,
    /// From the first byte sent to the headers of the answer.
    pub(super) wait: Duration,
}

impl GrpcLine {
    /// A line that is opened with the first request.
    ///
    /// # Errors
    /// [`CallErrorKind::Denied`] if certificates or credentials cannot be used.
    pub(super) fn new(
        server: &Server,
        address: &Address,
        credentials: Option<&Credentials>,
    ) -> Result<Self, CallError> {
        let failed = |kind, error: &dyn std::fmt::Display| {
            CallError::new(kind, format!("{address}: {error}"))
        };
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| failed(CallErrorKind::Unreachable, &error))?;
        let scheme = if address.scheme.is_encrypted() {
            "https"
        } else {
            "http"
        };
        let mut target = Target::from_shared(format!("{scheme}://{}", address.authority()))
            .and_then(|target| target.user_agent(concat!("twinlens/", env!("CARGO_PKG_VERSION"))))
            .map_err(|error| failed(CallErrorKind::Refused, &chain(&error)))?;
        if address.scheme.is_encrypted() {
            target = target
                .tls_config(tls::for_grpc(server)?)
                .map_err(|error| failed(CallErrorKind::Denied, &chain(&error)))?;
        }
        let (host, port) = (address.host.clone(), address.port);
        let connect = tower::service_fn(move |_target: Uri| {
            let host = host.clone();
            async move { open(&host, port).await.map(TokioIo::new) }
        });
        let channel = {
            let _inside = runtime.enter();
            target.connect_with_connector_lazy(connect)
        };
        Ok(Self {
            runtime,
            channel,
            base: address.to_string(),
            path: address.path.clone(),
            authorization: credentials.map(authorization).transpose()?,
        })
    }

    /// Calls a method with a message and reads the answer.
    ///
    /// # Errors
    /// [`CallError`], also for every status but OK.
    pub(super) fn call<A: Message + Default>(
        &mut self,
        method: &str,
        message: &impl Message,
        deadline: Duration,
    ) -> Result<A, CallError> {
        let mut body = BytesMut::new();
        body.put_bytes(0, FRAME);
        message.encode(&mut body).map_err(|error| {
            CallError::new(CallErrorKind::Refused, format!("{}: {error}", self.base))
        })?;
        let reply = self.send(method, finish(&mut body)?, 16 << 20, deadline)?;
        A::decode(reply.message).map_err(|error| {
            let message = format!("{}: its answer is not understood ({error})", self.base);
            CallError::new(CallErrorKind::BadAnswer, message)
        })
    }

    /// Opens the connection by asking whether the server lives.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, whatever it says.
    pub(super) fn touch(&mut self, deadline: Duration) -> Result<(), CallError> {
        let mut body = BytesMut::new();
        body.put_bytes(0, FRAME);
        match self.send("ServerLive", finish(&mut body)?, 1 << 10, deadline) {
            Err(error)
                if matches!(
                    error.kind,
                    CallErrorKind::Unreachable | CallErrorKind::TimedOut | CallErrorKind::Denied
                ) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Sends a framed message and gives the answer's, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`GrpcLine::call`].
    pub(super) fn send(
        &mut self,
        method: &str,
        framed: Bytes,
        limit: usize,
        deadline: Duration,
    ) -> Result<GrpcReply, CallError> {
        let request = self.request(method, framed, deadline)?;
        let (runtime, channel, base) = (&self.runtime, &mut self.channel, &self.base);
        let exchange = async {
            std::future::poll_fn(|context| channel.poll_ready(context))
                .await
                .map_err(|error| transport(base, &error))?;
            let sent = Instant::now();
            let response = channel
                .call(request)
                .await
                .map_err(|error| transport(base, &error))?;
            let wait = sent.elapsed();
            let (parts, body) = response.into_parts();
            if parts.status != StatusCode::OK {
                let start = Limited::new(body, 8 << 10).collect().await;
                // A refusal whose reason breaks off is still that refusal.
                let start = start
                    .map(http_body_util::Collected::to_bytes)
                    .unwrap_or_default();
                return Err(http_error(base, parts.status.as_u16(), None, &start));
            }
            // An error without a message is told in the headers.
            if let Some(status) = Status::from_header_map(&parts.headers)
                && status.code() != Code::Ok
            {
                return Err(grpc_error(base, &status));
            }
            let body = Limited::new(body, limit + FRAME)
                .collect()
                .await
                .map_err(|error| broken_off(base, error.as_ref()))?;
            let status = body.trailers().and_then(Status::from_header_map);
            match status {
                Some(status) if status.code() != Code::Ok => Err(grpc_error(base, &status)),
                _ => Ok(GrpcReply {
                    message: unframed(base, body.to_bytes())?,
                    wait,
                }),
            }
        };
        let in_time = async { tokio::time::timeout(deadline, exchange).await };
        match runtime.block_on(in_time) {
            Ok(done) => done,
            Err(_elapsed) => Err(timed_out(base)),
        }
    }

    fn request(
        &self,
        method: &str,
        framed: Bytes,
        deadline: Duration,
    ) -> Result<Request<Body>, CallError> {
        let refused = |error: &dyn std::fmt::Display| {
            CallError::new(CallErrorKind::Refused, format!("{}: {error}", self.base))
        };
        // Eight digits at most, by the protocol: in milliseconds that is a day.
        let milliseconds = deadline.as_millis().clamp(1, 99_999_999);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!(
                "{}/inference.GRPCInferenceService/{method}",
                self.path
            ))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header("grpc-timeout", format!("{milliseconds}m"));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request
            .body(Body::new(Full::new(framed)))
            .map_err(|error| refused(&error))
    }
}

/// Writes the length of the message behind the first [`FRAME`] bytes into them.
///
/// # Errors
/// [`CallErrorKind::TooLarge`] if it has 4 GB or more, which the frame cannot say.
pub(super) fn finish(body: &mut BytesMut) -> Result<Bytes, CallError> {
    let length = body.len().saturating_sub(FRAME);
    let length = u32::try_from(length).map_err(|_too_large| {
        CallError::new(
            CallErrorKind::TooLarge,
            format!("a message of {length} bytes, more than gRPC can send"),
        )
    })?;
    let place = body.iter_mut().skip(1);
    for (place, byte) in place.zip(length.to_be_bytes()) {
        *place = byte;
    }
    Ok(body.split().freeze())
}

fn unframed(server: &str, mut body: Bytes) -> Result<Bytes, CallError> {
    let bad = |what: &str| CallError::new(CallErrorKind::BadAnswer, format!("{server}: {what}"));
    if body.len() < FRAME {
        return Err(bad("an answer without a message"));
    }
    let is_compressed = body.get_u8() != 0;
    let length = body.get_u32() as usize;
    if is_compressed {
        return Err(bad("a compressed answer, which was not asked for"));
    }
    if body.len() != length {
        return Err(bad("an answer that breaks off"));
    }
    Ok(body)
}

/// Opens a socket. The name is looked up in this thread, which has nothing else to do, and not
/// in a thread of tokio's.
async fn open(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host is not known");
    for address in (host, port).to_socket_addrs()? {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

fn timed_out(server: &str) -> CallError {
    CallError::new(
        CallErrorKind::TimedOut,
        format!("{server}: no answer in time"),
    )
}

/// What a failure below gRPC means.
fn transport(server: &str, error: &tonic::transport::Error) -> CallError {
    let mut cause = error.source();
    let mut is_tls = false;
    while let Some(error) = cause {
        // tonic keeps to the deadline of the request's header as well.
        if error.is::<TimeoutExpired>() {
            return timed_out(server);
        }
        // What rustls says of certificates and handshakes.
        is_tls |= error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::InvalidData);
        cause = error.source();
    }
    if is_tls {
        let message = format!("{server}: TLS failed: {}", chain(error));
        return CallError::new(CallErrorKind::Denied, message);
    }
    let message = format!("{server}: it cannot be reached ({})", chain(error));
    CallError::new(CallErrorKind::Unreachable, message)
}

fn broken_off(server: &str, error: &(dyn std::error::Error + 'static)) -> CallError {
    if error.is::<http_body_util::LengthLimitError>() {
        let message = format!("{server}: its answer is larger than vectors can be");
        return CallError::new(CallErrorKind::BadAnswer, message);
    }
    let message = format!("{server}: its answer broke off ({})", chain(error));
    CallError::new(CallErrorKind::Unreachable, message)
}

/// The last cause of an error, which says most.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
