//! One GET with its redirects, reduced to what a download needs to know.
//!
//! Redirects are followed here and not by the client library, because the hub tells the
//! file's SHA-256 (`X-Linked-Etag`) only in the answer that redirects to its storage.

use std::io::Read;
use std::time::Duration;

use jiff::Timestamp;
use ureq::http::{HeaderMap, Uri, header};

use super::Trouble;
use crate::embed::retry_after::retry_after;

const MAX_REDIRECTS: usize = 10;

/// A server's answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// First byte of the body within the file, of a 206.
    pub(super) start: Option<u64>,
    /// Length of the whole file.
    pub(super) total: Option<u64>,
    /// Strong `ETag`, for `If-Range`.
    pub(super) validator: Option<String>,
    /// SHA-256 of the file, if an `ETag` is one.
    pub(super) checksum: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Box<dyn Read>,
}

/// The HTTP client; takes the proxy from the environment.
pub(super) struct Client {
    agent: ureq::Agent,
}

impl Client {
    pub(super) fn new(stall: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(stall))
            .timeout_connect(Some(stall))
            .timeout_recv_response(Some(stall.saturating_mul(3)))
            .timeout_per_read(Some(stall))
            .user_agent(concat!("twinlens/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
        }
    }

    /// The file from byte `range.0` on if it still has the `ETag` `range.1`, else all of it.
    pub(super) fn get(
        &self,
        url: &str,
        range: Option<(u64, Option<&str>)>,
    ) -> Result<Answer, Trouble> {
        let mut url = url.to_owned();
        let mut linked = None;
        for _ in 0..=MAX_REDIRECTS {
            // A compressed body would make ranges and lengths those of something else.
            let mut request = self
                .agent
                .get(&url)
                .header(header::ACCEPT_ENCODING, "identity");
            if let Some((start, validator)) = range {
                request = request.header(header::RANGE, format!("bytes={start}-"));
                if let Some(validator) = validator {
                    request = request.header(header::IF_RANGE, validator);
                }
            }
            let response = request.call().map_err(|error| trouble(&error))?;
            let (parts, body) = response.into_parts();
            linked = linked.or_else(|| checksum(text(&parts.headers, "x-linked-etag")));
            let location = text(&parts.headers, "location");
            match (parts.status.as_u16(), location) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => {
                    url = redirected(&url, location).ok_or_else(|| {
                        Trouble::Final(format!(
                            "the server redirects to {location:?}, which is not followed"
                        ))
                    })?;
                }
                (status, _) => {
                    let is_part = status == 206 || status == 416;
                    return Ok(Answer {
                        status,
                        start: content_range(&parts.headers).and_then(|range| range.0),
                        total: if is_part {
                            content_range(&parts.headers).and_then(|range| range.1)
                        } else {
                            number(&parts.headers, "content-length")
                        },
                        validator: text(&parts.headers, "etag")
                            .filter(|etag| !etag.starts_with("W/"))
                            .map(str::to_owned),
                        checksum: linked.or_else(|| checksum(text(&parts.headers, "etag"))),
                        retry_after: text(&parts.headers, "retry-after")
                            .and_then(|wait| retry_after(wait, Timestamp::now())),
                        body: Box::new(body.into_reader()),
                    });
                }
            }
        }
        Err(Trouble::Final(format!(
            "more than {MAX_REDIRECTS} redirects"
        )))
    }
}

/// Which failures may pass.
fn trouble(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::InvalidProxyUrl
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_) => Trouble::Final(error.to_string()),
        _ => Trouble::Passing {
            reason: format!("the server cannot be reached ({error})"),
            wait: None,
        },
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// An `ETag` that is a SHA-256, which the hub's are for large files.
fn checksum(etag: Option<&str>) -> Option<String> {
    let digits = etag?.trim_start_matches("W/").trim_matches('"');
    let is_sha256 = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sha256.then(|| digits.to_ascii_lowercase())
}

/// First byte and whole length of `bytes 100-199/1000` or `bytes */1000`.
fn content_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = text(headers, "content-range")?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let start = range
        .split_once('-')
        .and_then(|(start, _)| start.parse().ok());
    Some((start, total.parse().ok()))
}

/// Where a redirect leads; never from https to anything else.
fn redirected(from: &str, location: &str) -> Option<String> {
    let base: Uri = from.parse().ok()?;
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let absolute = if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.contains("://") {
        location.to_owned()
    } else {
        let folder = base
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let target: Uri = absolute.parse().ok()?;
    match (scheme, target.scheme_str()?) {
        ("http", "http" | "https") | ("https", "https") => Some(absolute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_resolved_and_never_leave_https() {
        let from = "https://hub.example/a/b?c";
        for (location, expected) in [
            (
                "https://cdn.example/x?y=1",
                Some("https://cdn.example/x?y=1"),
            ),
            ("//cdn.example/x", Some("https://cdn.example/x")),
            ("/api/x", Some("https://hub.example/api/x")),
            ("x", Some("https://hub.example/a/x")),
            ("http://cdn.example/x", None),
            ("file:///etc/passwd", None),
        ] {
            assert_eq!(
                redirected(from, location).as_deref(),
                expected,
                "{location}"
            );
        }
    }

    #[test]
    fn only_a_sha256_counts_as_a_checksum() {
        let digits = "AB".repeat(32);
        assert_eq!(
            checksum(Some(&format!("\"{digits}\""))),
            Some("ab".repeat(32))
        );
        assert_eq!(checksum(Some("\"5f3b\"")), None);
        assert_eq!(checksum(Some(&format!("{}-2", "a".repeat(62)))), None);
    }
}
