//! Fetching a model's file: the one place outside `remote` that opens a network connection,
//! and only on the user's word.
//!
//! What has arrived is kept beside the target in `.NAME.download` with the `ETag` of the file it
//! belongs to, so that a later try, in this run or the next, goes on there (`Range` with
//! `If-Range`, RFC 9110 section 13.1.5) and never mixes two versions of a file. Nothing lies
//! under the target's name before its checksum is proven. Without a checksum in the catalogue
//! the hub's `ETag` is taken, which for large files is their SHA-256.

mod http;
mod partial;

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::EmbedError;
use http::{Answer, Client};
use partial::Partial;

/// The hub that the catalogue's addresses name; a mirror takes its place.
const HUB: &str = "https://huggingface.co";

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where it lies.
    pub url: &'a str,
    /// Its SHA-256, if it is known.
    pub sha256: Option<&'a str>,
    /// Its length, if it is known.
    pub bytes: Option<u64>,
}

/// How to fetch.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Takes the place of `https://huggingface.co` in addresses; from the user's setting, else
    /// from `HF_ENDPOINT`.
    pub mirror: Option<String>,
    /// Tries in a row that bring nothing before giving up, at least 1.
    pub attempts: u32,
    /// Wait before the second try; doubles each time. `Retry-After` goes before.
    pub back_off: Duration,
    /// The longest wait that a server may ask for.
    pub longest_wait: Duration,
    /// Without a byte for so long, a try is given up.
    pub stall: Duration,
}

impl Policy {
    /// What suits the internet, with the user's mirror or that of the environment.
    #[must_use]
    pub fn with_mirror(setting: Option<&str>) -> Self {
        let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            mirror: setting
                .map(str::to_owned)
                .and_then(given)
                .or_else(|| std::env::var("HF_ENDPOINT").ok().and_then(given)),
            attempts: 5,
            back_off: Duration::from_secs(1),
            longest_wait: Duration::from_mins(5),
            stall: Duration::from_secs(20),
        }
    }

    /// The address after the mirror took the hub's place.
    #[must_use]
    pub fn resolve(&self, url: &str) -> String {
        match (&self.mirror, url.strip_prefix(HUB)) {
            (Some(mirror), Some(path)) => format!("{}{path}", mirror.trim_end_matches('/')),
            _ => url.to_owned(),
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that have arrived, those of earlier tries included.
    pub received: u64,
    /// Bytes in all, if the server says.
    pub total: Option<u64>,
}

/// A file that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// SHA-256 of what arrived, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// Whether the hash was compared with one that was known: the catalogue's or the hub's.
    pub is_verified: bool,
}

/// Fetches a file, checks it, and moves it to `target`.
///
/// `progress` is called at every change; `cancel` is looked at with every piece that arrives
/// and every 50 ms of a wait, and after at most [`Policy::stall`] while the line is dead.
///
/// # Errors
/// [`EmbedError::Cancelled`], or [`EmbedError::Download`] with the reason; what has arrived is
/// kept for the next try, unless it proved wrong.
pub fn download(
    wanted: Wanted<'_>,
    target: &Path,
    policy: &Policy,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<Downloaded, EmbedError> {
    let url = policy.resolve(wanted.url);
    let failed = |reason: String| EmbedError::Download {
        reason,
        url: url.clone(),
    };
    let on_disk = |error: io::Error| failed(format!("{error}: {}", target.display()));
    let client = Client::new(policy.stall);
    let mut partial = Partial::open(target).map_err(on_disk)?;
    let mut fruitless = 0;
    let mut restarts = 0;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(EmbedError::Cancelled);
        }
        let before = partial.received();
        let outcome = try_once(&client, &url, wanted, &mut partial, progress, cancel);
        let trouble = match outcome {
            Ok(()) => match prove(wanted, &mut partial).map_err(on_disk)? {
                Ok(downloaded) => {
                    partial.finish(target).map_err(on_disk)?;
                    return Ok(downloaded);
                }
                Err(reason) => {
                    partial.restart(None).map_err(on_disk)?;
                    // Once more in case two versions met; then the server's file is wrong.
                    restarts += 1;
                    if before == 0 || restarts > 1 {
                        return Err(failed(reason));
                    }
                    continue;
                }
            },
            Err(trouble) => trouble,
        };
        match trouble {
            Trouble::Cancelled => return Err(EmbedError::Cancelled),
            Trouble::Disk(error) => return Err(on_disk(error)),
            Trouble::Final(reason) => return Err(failed(reason)),
            Trouble::Restart(reason) => {
                partial.restart(None).map_err(on_disk)?;
                restarts += 1;
                if restarts > 2 {
                    return Err(failed(reason));
                }
            }
            Trouble::Passing { reason, wait } => {
                if partial.received() > before {
                    fruitless = 0;
                } else {
                    fruitless += 1;
                }
                if fruitless >= policy.attempts.max(1) {
                    return Err(failed(format!("{reason}, {fruitless} times in a row")));
                }
                let doubled = policy
                    .back_off
                    .saturating_mul(1 << fruitless.saturating_sub(1).min(16));
                let wait = wait.unwrap_or(doubled);
                if wait > policy.longest_wait {
                    return Err(failed(format!(
                        "{reason}, and the server asks for {} seconds of patience",
                        wait.as_secs()
                    )));
                }
                sleep(wait, cancel)?;
            }
        }
    }
}

/// Bytes of `target` that an unfinished download has left; 0 if there is none.
pub(super) fn arrived(target: &Path) -> u64 {
    std::fs::metadata(partial::folder_of(target).join("body")).map_or(0, |body| body.len())
}

/// Why a try ended before the file was whole.
enum Trouble {
    Cancelled,
    Disk(io::Error),
    /// No other try would help.
    Final(String),
    /// What has arrived is of no use.
    Restart(String),
    /// Worth another try, after `wait` if the server named a time.
    Passing {
        reason: String,
        wait: Option<Duration>,
    },
}

/// One request; on success everything has arrived.
fn try_once(
    client: &Client,
    url: &str,
    wanted: Wanted<'_>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<(), Trouble> {
    // Without a validator a range may be of another version; only a checksum makes up for it.
    if partial.received() > 0 && partial.validator().is_none() && wanted.sha256.is_none() {
        partial.restart(None).map_err(Trouble::Disk)?;
    }
    let range = (partial.received() > 0).then(|| (partial.received(), partial.validator()));
    let Answer {
        status,
        start,
        total,
        validator,
        checksum,
        retry_after,
        body,
    } = client.get(url, range)?;
    match status {
        200 => partial.restart(validator).map_err(Trouble::Disk)?,
        206 if start == Some(partial.received()) => {}
        206 => {
            return Err(Trouble::Restart(
                "the server sent another range than was asked for".into(),
            ));
        }
        // Nothing beyond what has arrived: the file is whole, or a shorter one.
        416 if total == Some(partial.received()) => return Ok(()),
        416 => {
            return Err(Trouble::Restart(
                "the server has a shorter file now (416)".into(),
            ));
        }
        408 | 425 | 429 | 500..=599 => {
            return Err(Trouble::Passing {
                reason: format!("the server answers {status}"),
                wait: retry_after,
            });
        }
        401 | 403 => {
            return Err(Trouble::Final(format!(
                "the server refuses it ({status}): the model may need an account or a licence to be accepted"
            )));
        }
        404 | 410 => {
            return Err(Trouble::Final(format!(
                "it is not there ({status}): the catalogue or the mirror is out of date"
            )));
        }
        _ => return Err(Trouble::Final(format!("the server answers {status}"))),
    }
    if checksum.is_some() {
        partial.set_checksum(checksum).map_err(Trouble::Disk)?;
    }
    if let (Some(expected), Some(total)) = (wanted.bytes, total)
        && expected != total
    {
        return Err(Trouble::Final(format!(
            "the server's file has {total} bytes, expected {expected}"
        )));
    }
    receive(body, total, partial, progress, cancel)
}

fn receive(
    mut body: impl Read,
    total: Option<u64>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<(), Trouble> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress(Progress {
            received: partial.received(),
            total,
        });
        if cancel.load(Ordering::Relaxed) {
            return Err(Trouble::Cancelled);
        }
        let count = match body.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Trouble::Passing {
                    reason: format!("the connection broke ({error})"),
                    wait: None,
                });
            }
        };
        if count == 0 {
            break;
        }
        partial
            .append(buffer.get(..count).unwrap_or_default())
            .map_err(Trouble::Disk)?;
    }
    match total {
        Some(total) if partial.received() < total => Err(Trouble::Passing {
            reason: format!(
                "the connection ended after {} of {total} bytes",
                partial.received()
            ),
            wait: None,
        }),
        Some(total) if partial.received() > total => Err(Trouble::Restart(format!(
            "the server sent more than the {total} bytes it spoke of"
        ))),
        _ => Ok(()),
    }
}

/// Compares what arrived with what is known of it; the inner error is a sentence.
fn prove(wanted: Wanted<'_>, partial: &mut Partial) -> io::Result<Result<Downloaded, String>> {
    let (sha256, bytes) = (partial.sha256()?, partial.received());
    if let Some(expected) = wanted.bytes.filter(|&expected| expected != bytes) {
        return Ok(Err(format!("{bytes} bytes arrived, expected {expected}")));
    }
    let known = wanted.sha256.or(partial.checksum());
    Ok(match known {
        Some(known) if !known.eq_ignore_ascii_case(&sha256) => Err(format!(
            "the file is not the right one: its SHA-256 is {sha256}, expected {known}"
        )),
        _ => Ok(Downloaded {
            is_verified: known.is_some(),
            sha256,
            bytes,
        }),
    })
}

fn sleep(wait: Duration, cancel: &AtomicBool) -> Result<(), EmbedError> {
    let end = Instant::now() + wait;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(EmbedError::Cancelled);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_takes_the_hubs_place_and_no_other() {
        let policy = Policy {
            mirror: Some("https://mirror.example/hf/".into()),
            ..Policy::with_mirror(None)
        };
        for (url, expected) in [
            (
                "https://huggingface.co/a/b.onnx",
                "https://mirror.example/hf/a/b.onnx",
            ),
            ("https://example.org/a", "https://example.org/a"),
        ] {
            assert_eq!(policy.resolve(url), expected);
        }
        assert_eq!(
            Policy::with_mirror(Some(" http://m ")).mirror.as_deref(),
            Some("http://m")
        );
    }
}
