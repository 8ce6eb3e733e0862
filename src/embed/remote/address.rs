//! Where a server is: what the user typed, taken apart.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::{CallError, CallErrorKind, Credentials, Protocol, Server};

/// How bytes go to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 through TLS.
    Https,
    /// gRPC.
    Grpc,
    /// gRPC through TLS.
    Grpcs,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Http, Self::Grpc, Self::Https, Self::Grpcs];

    /// As it is written before `://`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Grpc => "grpc",
            Self::Grpcs => "grpcs",
        }
    }

    /// Whether what is sent can be read on its way.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Https | Self::Grpcs)
    }

    /// Whether requests go as gRPC.
    #[must_use]
    pub fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::Grpcs)
    }
}

/// The address of a service; never with user name or password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// How it is reached.
    pub scheme: Scheme,
    /// Host name or IP address; IPv6 without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Where the service lies: empty, or begins with a slash and does not end with one.
    pub path: String,
}

impl Address {
    /// Whether what is sent there stays on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Host and port as a URL has them.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.name();
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// The addresses that `server` may mean, in the order in which they are worth a try: one where
/// it names a scheme.
///
/// A bare address is tried without TLS first. Not so with credentials for another machine: they
/// would cross the network in clear text, which only the user may decide, by writing `http://`.
///
/// # Errors
/// [`CallErrorKind::Refused`] if it is no address, or its scheme cannot carry its protocol.
pub fn addresses(
    server: &Server,
    credentials: Option<&Credentials>,
) -> Result<Vec<Address>, CallError> {
    let wrong = |reason: &str| {
        CallError::new(
            CallErrorKind::Refused,
            format!(
                "{reason}; expected host:port, http://host:port, https://, grpc:// or grpcs://: {}",
                without_user(server.url.trim()),
            ),
        )
    };
    let text = server.url.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.to_ascii_lowercase();
            let known = Scheme::ALL.into_iter().find(|known| known.name() == scheme);
            (Some(known.ok_or_else(|| wrong("unknown scheme"))?), rest)
        }
        None => (None, text),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(wrong(
            "user name and password do not belong in the address, they go into the keyring",
        ));
    }
    if path.contains(['?', '#', ' ']) || authority.contains(['?', '#', ' ', '\\']) {
        return Err(wrong("the address has more than a host, a port and a path"));
    }
    let (host, port) = host_and_port(authority).ok_or_else(|| wrong("this is no address"))?;
    let fits = |scheme: &Scheme| match server.protocol {
        None => true,
        Some(protocol) => scheme.is_grpc() == (protocol == Protocol::KserveGrpc),
    };
    let must_hide = credentials.is_some() && !is_loopback(&host);
    let is_meant = |candidate: &Scheme| match scheme {
        Some(scheme) => *candidate == scheme,
        None => candidate.is_encrypted() || !must_hide,
    };
    let schemes = Scheme::ALL.into_iter().filter(is_meant);
    let schemes: Vec<Scheme> = schemes.filter(fits).collect();
    if schemes.is_empty() {
        return Err(wrong("the protocol is not spoken over this scheme"));
    }
    let address = |scheme: Scheme| {
        let usual = match scheme {
            Scheme::Http => Some(80),
            Scheme::Https | Scheme::Grpcs => Some(443),
            Scheme::Grpc => None,
        };
        Some(Address {
            scheme,
            host: host.clone(),
            port: port.or(usual)?,
            path: path.trim_end_matches('/').to_owned(),
        })
    };
    let found: Vec<Address> = schemes.into_iter().filter_map(address).collect();
    if found.is_empty() {
        return Err(wrong("the port is missing"));
    }
    Ok(found)
}

/// Errors name the address, and a password that was typed into it must not show there.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!(
                "{scheme}{}...@{host}",
                if scheme.is_empty() { "" } else { "://" }
            )
        }
        None => url.to_owned(),
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (
            host,
            after.strip_prefix(':').or(after.is_empty().then_some(""))?,
        )
    } else {
        authority.split_once(':').unwrap_or((authority, ""))
    };
    let is_host = !host.is_empty() && (authority.starts_with('[') || !host.contains(':'));
    let port = match port {
        "" => None,
        digits => Some(digits.parse().ok().filter(|port| *port != 0)?),
    };
    is_host.then(|| (host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_not_a_number) => {
            let host = host.to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::remote::Secret;

    fn texts(url: &str, protocol: Option<Protocol>, secret: bool) -> Result<Vec<String>, String> {
        let server = Server {
            url: url.to_owned(),
            protocol,
            ..Server::default()
        };
        let credentials = secret.then(|| Credentials::Bearer(Secret::new("x".into())));
        match addresses(&server, credentials.as_ref()) {
            Ok(found) => Ok(found.iter().map(Address::to_string).collect()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn an_address_is_read_as_people_write_it() {
        for (url, expected) in [
            ("http://host:8000", "http://host:8000"),
            (" HTTPS://host/ ", "https://host:443"),
            ("http://host", "http://host:80"),
            ("http://[::1]:9", "http://[::1]:9"),
            ("grpcs://host", "grpcs://host:443"),
            ("https://host:1/a/b/", "https://host:1/a/b"),
        ] {
            assert_eq!(
                texts(url, None, false),
                Ok(vec![expected.to_owned()]),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for url in [
            "",
            "http://",
            "ftp://host:1",
            "host:0",
            "host:99999",
            "host:a",
            "[host]:1",
            "[::1]x",
            "grpc://host",
            "http://host:1/?a=b",
            "host name:1",
        ] {
            assert!(texts(url, None, false).is_err(), "{url}");
        }
        let error = texts("http://me:hunter2@host:1", None, false).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.contains("keyring"), "{error}");
    }

    #[test]
    fn a_bare_address_is_tried_in_each_way_that_fits() {
        let all = ["http://h:1", "grpc://h:1", "https://h:1", "grpcs://h:1"];
        assert_eq!(texts("h:1", None, false).unwrap(), all);
        assert_eq!(
            texts("h:1", Some(Protocol::KserveGrpc), false).unwrap(),
            ["grpc://h:1", "grpcs://h:1"]
        );
        assert_eq!(
            texts("h:1", Some(Protocol::Immich), false).unwrap(),
            ["http://h:1", "https://h:1"]
        );
        assert!(texts("grpc://h:1", Some(Protocol::Immich), false).is_err());
    }

    #[test]
    fn credentials_are_not_sent_in_clear_text_unless_the_user_says_so() {
        assert_eq!(
            texts("h:1", None, true).unwrap(),
            ["https://h:1", "grpcs://h:1"]
        );
        assert_eq!(texts("http://h:1", None, true).unwrap(), ["http://h:1"]);
        assert_eq!(texts("127.0.0.1:1", None, true).unwrap().len(), 4);
    }

    #[test]
    fn loopback_is_known_by_name_and_by_number() {
        for (host, is_local) in [
            ("localhost", true),
            ("a.localhost", true),
            ("127.1.2.3", true),
            ("::1", true),
            ("192.168.1.2", false),
            ("localhost.example", false),
        ] {
            assert_eq!(is_loopback(host), is_local, "{host}");
        }
    }
}
