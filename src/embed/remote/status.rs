//! What a server's refusal means: HTTP statuses and gRPC codes to [`CallErrorKind`].
//!
//! Neither is to be taken at its word. A real Triton answers 500 to three mistakes of its client
//! and, for good, when a model's process has died; 400 with nothing in it when it is not ready
//! yet; a batch that is too large is an ordinary 400 to it, and `RESOURCE_EXHAUSTED`, which asks
//! for patience elsewhere, is what gRPC says of a message over the limit. So the words count.

use std::time::Duration;

use serde_json::Value;

use super::{CallError, CallErrorKind};

/// Longest text of a server that is passed on, in bytes.
const LONGEST: usize = 300;

/// Words by which 500 and `INTERNAL` say that trying again is of no use.
const HOPELESS: [&str; 5] = [
    "Unable to parse 'data'",
    "Unable to parse 'inputs'",
    "failed to parse the request JSON",
    "Unable to parse request",
    // The model's process is dead and stays so until somebody loads the model again.
    "is not healthy",
];

/// Words by which a server says that the batch, not the picture, is the trouble.
const TOO_LARGE: [&str; 3] = ["batch-size must be", "larger than max", "too large"];

/// The error that an HTTP answer other than 200 means. `body` may be cut off.
pub(super) fn http_error(
    server: &str,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
) -> CallError {
    let words = words(body);
    let says = |word: &&str| words.contains(*word);
    let kind = match status {
        401 | 403 | 407 => CallErrorKind::Denied,
        408 => CallErrorKind::TimedOut,
        413 => CallErrorKind::TooLarge,
        425 | 429 | 502 | 503 | 504 => CallErrorKind::Busy(retry_after),
        400 if words.is_empty() => CallErrorKind::Busy(retry_after),
        400..500 if TOO_LARGE.iter().any(says) => CallErrorKind::TooLarge,
        500..600 if !HOPELESS.iter().any(says) => CallErrorKind::Failed,
        _ => CallErrorKind::Refused,
    };
    let meaning = match status {
        401 => "it wants to know who asks: the token or password is missing or wrong",
        403 => "it does not let this user in",
        407 => "a proxy in between wants a password",
        300..400 => "it sends on to another address; use that one",
        404 | 405 => "there is no such model or service",
        413 => "the request is too large for it",
        429 => "it has too much to do",
        400 if words.is_empty() => "it is not ready yet",
        502..=504 => "it is not available now",
        500..600 => "it failed",
        _ => "it refused the request",
    };
    let said = quoted(&words);
    CallError::new(kind, format!("{server}: {meaning} (HTTP {status}{said})"))
}

/// The error that a gRPC status other than OK means.
pub(super) fn grpc_error(server: &str, status: &tonic::Status) -> CallError {
    use tonic::Code;
    let words = shortened(status.message());
    let says = |word: &&str| words.contains(*word);
    let is_hopeless = HOPELESS.iter().any(says);
    let is_too_large = TOO_LARGE.iter().any(says);
    let (kind, meaning) = match status.code() {
        Code::Unauthenticated => (
            CallErrorKind::Denied,
            "it wants to know who asks: the token or password is missing or wrong",
        ),
        Code::PermissionDenied => (CallErrorKind::Denied, "it does not let this user in"),
        Code::DeadlineExceeded | Code::Cancelled => (CallErrorKind::TimedOut, "no answer in time"),
        Code::ResourceExhausted | Code::OutOfRange | Code::InvalidArgument if is_too_large => {
            (CallErrorKind::TooLarge, "the request is too large for it")
        }
        Code::ResourceExhausted => (
            CallErrorKind::Busy(pushback(status)),
            "it has too much to do",
        ),
        Code::Unavailable | Code::Aborted => (
            CallErrorKind::Busy(pushback(status)),
            "it is not available now",
        ),
        Code::Internal | Code::Unknown | Code::DataLoss if !is_hopeless => {
            (CallErrorKind::Failed, "it failed")
        }
        Code::NotFound | Code::Unimplemented => {
            (CallErrorKind::Refused, "there is no such model or service")
        }
        _ => (CallErrorKind::Refused, "it refused the request"),
    };
    let said = quoted(&words);
    let code = status.code();
    CallError::new(kind, format!("{server}: {meaning} (gRPC {code:?}{said})"))
}

/// How long a gRPC server asks to wait (gRFC A6); a negative number asks not to come again.
fn pushback(status: &tonic::Status) -> Option<Duration> {
    let wait = status.metadata().get("grpc-retry-pushback-ms")?;
    let milliseconds = wait.to_str().ok()?.parse().ok()?;
    Some(Duration::from_millis(milliseconds))
}

/// What the body of a refusal says: `{"error": text}` of `KServe`, `{"detail": text or list}` of
/// `FastAPI`, or plain text whatever its type.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let found = serde_json::from_str::<Value>(&text).ok().and_then(|body| {
        let error = body.get("error").or_else(|| body.get("detail"))?;
        match error {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => {
                let each = list.iter().filter_map(|one| one.get("msg")?.as_str());
                Some(each.collect::<Vec<_>>().join("; "))
            }
            _ => None,
        }
    });
    shortened(found.as_deref().unwrap_or(&text))
}

/// One line, of bounded length.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= LONGEST {
        return line;
    }
    let mut end = LONGEST;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} ...", line.get(..end).unwrap_or_default())
}

fn quoted(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!(": {words}")
    }
}

#[cfg(test)]
mod tests;
