//! Name resolution for a line that sends many requests.
//!
//! The HTTP client resolves the name before each request, also where the connection is kept open,
//! and starts a thread for that where a deadline is set: a tenth of a millisecond that a small
//! batch feels.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long addresses hold: a server that moves is found again soon.
const HOLDS: Duration = Duration::from_secs(10);

/// Resolves as the client does by itself, and remembers the result for a while.
#[derive(Debug, Default)]
pub(super) struct Remembering {
    usual: DefaultResolver,
    last: Mutex<Option<Resolved>>,
}

#[derive(Debug)]
struct Resolved {
    authority: Option<Authority>,
    addresses: Vec<SocketAddr>,
    at: Instant,
}

impl Resolver for Remembering {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        // What it holds is whole at any moment.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last
            .as_ref()
            .filter(|last| last.authority.as_ref() == uri.authority() && last.at.elapsed() < HOLDS);
        if let Some(known) = known {
            let mut addresses = self.empty();
            for &address in &known.addresses {
                addresses.push(address);
            }
            return Ok(addresses);
        }
        let addresses = self.usual.resolve(uri, config, timeout)?;
        *last = Some(Resolved {
            authority: uri.authority().cloned(),
            addresses: addresses.to_vec(),
            at: Instant::now(),
        });
        Ok(addresses)
    }
}
