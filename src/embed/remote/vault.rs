//! Tokens and passwords of servers: in the keyring of the system (Secret Service, Keychain,
//! Credential Manager), under the server's address, or for one session in memory. Nowhere else:
//! not in the settings, a log or a report.
//!
//! Every call may wait for the user to unlock the keyring.

use std::collections::BTreeMap;

use keyring::{Entry, Error};

use super::{CallError, CallErrorKind, Credentials, Secret};

/// The name under which the keyring shows them.
const SERVICE: &str = "Twinlens";
/// How a token begins in the keyring; as in the header that it is sent in.
const BEARER: &str = "Bearer ";
/// How user and password begin in the keyring.
const BASIC: &str = "Basic ";

/// Why the keyring gave or took nothing.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No keyring runs, or it stays locked.
    #[error(
        "the keyring of this system cannot be used ({0}); a token can be given for this session only"
    )]
    Unavailable(String),
    /// What lies there was not written by this program.
    #[error(
        "what the keyring holds for this server cannot be understood; enter the token once more"
    )]
    Strange,
}

/// Secrets that last as long as the program, by the server's address. They go before those of
/// the keyring.
#[derive(Clone, Debug, Default)]
pub struct Session(BTreeMap<String, Credentials>);

impl Session {
    /// Keeps it until the program ends.
    pub fn keep(&mut self, url: &str, credentials: Credentials) {
        self.0.insert(name(url), credentials);
    }

    /// Forgets it.
    pub fn forget(&mut self, url: &str) {
        self.0.remove(&name(url));
    }

    /// What is kept for this server.
    #[must_use]
    pub fn get(&self, url: &str) -> Option<&Credentials> {
        self.0.get(&name(url))
    }

    /// What is kept for this server here, else in the keyring, and why that gave nothing. Most
    /// servers want no secret, so that a keyring that cannot be used is no error yet: see
    /// [`explained`].
    #[must_use]
    pub fn or_keyring(&self, url: &str) -> (Option<Credentials>, Option<VaultError>) {
        match self.get(url) {
            Some(credentials) => (Some(credentials.clone()), None),
            None => match recall(url) {
                Ok(credentials) => (credentials, None),
                Err(error) => (None, Some(error)),
            },
        }
    }
}

/// A server's refusal, with why the keyring had no secret for it, if that may be the reason.
#[must_use]
pub fn explained(error: CallError, keyring: Option<&VaultError>) -> CallError {
    match (error.kind, keyring) {
        (CallErrorKind::Denied, Some(reason)) => {
            CallError::new(error.kind, format!("{error}; {reason}"))
        }
        _ => error,
    }
}

/// What the keyring holds for the server at `url`.
///
/// # Errors
/// [`VaultError`] if there is no keyring, or it holds something else.
pub fn recall(url: &str) -> Result<Option<Credentials>, VaultError> {
    match entry(url)?.get_password() {
        Ok(text) => parse(&text).map(Some).ok_or(VaultError::Strange),
        Err(Error::NoEntry) => Ok(None),
        Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => Err(VaultError::Strange),
        Err(error) => Err(VaultError::Unavailable(error.to_string())),
    }
}

/// Puts it into the keyring, in the place of what was there.
///
/// # Errors
/// [`VaultError::Unavailable`] if there is no keyring.
pub fn keep(url: &str, credentials: &Credentials) -> Result<(), VaultError> {
    let kept = entry(url)?.set_password(&text_of(credentials));
    kept.map_err(|error| VaultError::Unavailable(error.to_string()))
}

/// Takes it out of the keyring.
///
/// # Errors
/// [`VaultError::Unavailable`] if there is no keyring.
pub fn forget(url: &str) -> Result<(), VaultError> {
    match entry(url)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(VaultError::Unavailable(error.to_string())),
    }
}

fn entry(url: &str) -> Result<Entry, VaultError> {
    Entry::new(SERVICE, &name(url)).map_err(|error| {
        // What went wrong when the keyring was first asked for says more than that it did.
        let reason = match Entry::store_status() {
            Err(first) => first.to_string(),
            Ok(()) => error.to_string(),
        };
        VaultError::Unavailable(reason)
    })
}

/// A server under all spellings of its address.
fn name(url: &str) -> String {
    url.trim().trim_end_matches('/').to_ascii_lowercase()
}

fn text_of(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Bearer(token) => format!("{BEARER}{}", token.reveal()),
        Credentials::Basic { user, password } => format!("{BASIC}{user}:{}", password.reveal()),
    }
}

fn parse(text: &str) -> Option<Credentials> {
    if let Some(token) = text.strip_prefix(BEARER) {
        return Some(Credentials::Bearer(Secret::new(token.to_owned())));
    }
    let (user, password) = text.strip_prefix(BASIC)?.split_once(':')?;
    Some(Credentials::Basic {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let password = Secret::new("p:w with spaces".to_owned());
        for credentials in [
            Credentials::Bearer(Secret::new("token".to_owned())),
            Credentials::Basic {
                user: "user".to_owned(),
                password,
            },
        ] {
            assert_eq!(parse(&text_of(&credentials)), Some(credentials));
        }
        for strange in ["", "token", "Basic user"] {
            assert_eq!(parse(strange), None, "{strange}");
        }
    }

    #[test]
    fn one_server_has_one_secret_however_its_address_is_written_and_none_is_shown() {
        let mut session = Session::default();
        let secret = Credentials::Bearer(Secret::new("very secret".to_owned()));
        session.keep("HTTP://gpu:8000/", secret.clone());
        assert_eq!(session.get(" http://gpu:8000"), Some(&secret));
        assert!(!format!("{session:?}").contains("very secret"));
        session.forget("http://gpu:8000");
        assert_eq!(session.get("http://gpu:8000"), None);
    }
}
