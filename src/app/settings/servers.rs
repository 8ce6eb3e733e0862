//! Servers as they are being set up: what is typed before it holds, and what came of a test.

use std::path::PathBuf;

use super::{Change, SettingsCommand, Wanted};
use crate::app::App;
use crate::app::command::Command;
use crate::embed::remote::trial::Trial;
use crate::embed::remote::{ClientCertificate, Credentials, Payload, Protocol, Secret, Server};
use crate::pipeline::Request;

/// What is done about servers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ServersCommand {
    /// Begin to add one, to change the one of this number, or show what was typed; or close it.
    Form(Option<Box<ServerForm>>),
    /// What is in the form holds.
    Keep,
    /// Remove the one of this number.
    Remove(usize),
    /// Leave the one of this number out, or not.
    Disable(usize, bool),
    /// Try the one of this number.
    Test(usize),
    /// Forget the secret of the one of this number.
    ForgetSecret(usize),
}

impl From<ServersCommand> for Command {
    fn from(command: ServersCommand) -> Self {
        Self::Settings(SettingsCommand::Servers(command))
    }
}

/// How the user proves who he is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Login {
    /// As before: not at all, or with what the keyring holds.
    #[default]
    AsBefore,
    /// A token.
    Token,
    /// User and password.
    Password,
}

/// What is typed about a server.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ServerForm {
    /// Which server of the list it is; `None` is a new one.
    pub(crate) at: Option<usize>,
    pub(crate) url: String,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) model: String,
    pub(crate) payload: Option<Payload>,
    /// Digits, or nothing.
    pub(crate) batch: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) login: Login,
    pub(crate) user: String,
    /// Token or password; shown as dots, kept in the keyring.
    pub(crate) secret: String,
    pub(crate) disabled: bool,
}

impl std::fmt::Debug for ServerForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerForm")
            .field("at", &self.at)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl ServerForm {
    /// The server of this number as it is.
    pub(crate) fn of(at: usize, server: &Server) -> Self {
        let certificate = server.client_certificate.as_ref();
        Self {
            at: Some(at),
            url: server.url.clone(),
            protocol: server.protocol,
            model: server.model.clone().unwrap_or_default(),
            payload: server.payload,
            batch: server
                .batch
                .map(|batch| batch.to_string())
                .unwrap_or_default(),
            ca_file: server.ca_file.clone(),
            certificate: certificate.map(|it| it.certificate.clone()),
            key: certificate.map(|it| it.key.clone()),
            disabled: server.disabled,
            ..Self::default()
        }
    }

    /// What is typed as a server and its secret.
    ///
    /// # Errors
    /// In words, what is missing.
    pub(crate) fn read(&self) -> Result<(Server, Option<Credentials>), String> {
        let server = Server {
            url: self.url.trim().to_owned(),
            protocol: self.protocol,
            model: Some(self.model.trim().to_owned()).filter(|model| !model.is_empty()),
            payload: self.payload,
            batch: match self.batch.trim() {
                "" => None,
                digits => Some(
                    (digits.parse().ok())
                        .filter(|batch| (1..=1024).contains(batch))
                        .ok_or("The batch is a number from 1 to 1024, or empty.")?,
                ),
            },
            ca_file: self.ca_file.clone(),
            disabled: self.disabled,
            client_certificate: match (&self.certificate, &self.key) {
                (Some(certificate), Some(key)) => Some(ClientCertificate {
                    certificate: certificate.clone(),
                    key: key.clone(),
                }),
                (None, None) => None,
                (Some(_), None) => return Err("The certificate needs its private key.".to_owned()),
                (None, Some(_)) => return Err("The private key needs its certificate.".to_owned()),
            },
        };
        crate::embed::remote::addresses(&server, None).map_err(|error| error.to_string())?;
        let secret = Secret::new(self.secret.trim().to_owned());
        let is_empty = self.secret.trim().is_empty();
        let credentials = match self.login {
            Login::AsBefore => None,
            Login::Token if is_empty => return Err("The token is empty.".to_owned()),
            Login::Token => Some(Credentials::Bearer(secret)),
            Login::Password if self.user.trim().is_empty() || is_empty => {
                return Err("User name and password are both needed.".to_owned());
            }
            Login::Password => Some(Credentials::Basic {
                user: self.user.trim().to_owned(),
                password: secret,
            }),
        };
        Ok((server, credentials))
    }
}

/// What a test of a server has come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tested {
    /// It runs.
    Running,
    /// What was found out.
    Done(Box<Trial>),
    /// Why it failed.
    Failed(String),
}

impl App {
    /// Carries out what is done about servers.
    pub(super) fn act_on_servers(&mut self, command: ServersCommand) {
        let mut servers = self.state.settings.servers.clone();
        match command {
            ServersCommand::Form(form) => self.state.settings_view.server_form = form,
            ServersCommand::Keep => self.keep_server(),
            ServersCommand::Remove(at) => {
                if at < servers.len() {
                    let removed = servers.remove(at);
                    self.state.settings_view.tested.remove(&removed.url);
                    self.change(Change::Servers(servers));
                }
            }
            ServersCommand::Disable(at, is) => {
                if let Some(server) = servers.get_mut(at) {
                    server.disabled = is;
                    self.change(Change::Servers(servers));
                }
            }
            ServersCommand::Test(at) => {
                if let Some(server) = servers.get(at) {
                    self.test_server(server.clone());
                }
            }
            ServersCommand::ForgetSecret(at) => {
                if let Some(server) = servers.get(at) {
                    self.session.forget(&server.url);
                    self.ask(super::Ask::ForgetSecret(server.url.clone()));
                }
            }
        }
    }

    fn keep_server(&mut self) {
        let view = &mut self.state.settings_view;
        let Some(form) = &view.server_form else {
            return;
        };
        let (at, read) = (form.at, form.read());
        // What is missing the form says beside its button.
        let Ok((server, credentials)) = read else {
            return;
        };
        view.server_form = None;
        view.tested.remove(&server.url);
        if let Some(credentials) = credentials {
            // At hand at once, wherever the keyring is.
            self.session.keep(&server.url, credentials.clone());
            self.ask(super::Ask::KeepSecret(server.url.clone(), credentials));
        }
        let mut servers = self.state.settings.servers.clone();
        match at.and_then(|at| servers.get_mut(at)) {
            Some(place) => *place = server,
            None => servers.push(server),
        }
        self.change(Change::Servers(servers));
    }

    fn test_server(&mut self, server: Server) {
        let url = server.url.clone();
        let (settings, places) = (&self.state.settings, &self.places);
        let request = Request::from_settings(settings, places, None, Vec::new());
        let started = match request {
            Ok(mut request) => {
                request.engine.session = self.session.clone();
                let jobs = &mut self.jobs.settings;
                jobs.test_server(server, request.engine, request.model)
            }
            Err(error) => Err(error.to_string()),
        };
        let tested = match started {
            Ok(()) => Tested::Running,
            Err(error) => Tested::Failed(error),
        };
        self.state.settings_view.tested.insert(url, tested);
    }

    /// Puts a file that was chosen into the form.
    pub(super) fn take_server_file(&mut self, wanted: Wanted, path: PathBuf) {
        let Some(form) = &mut self.state.settings_view.server_form else {
            return;
        };
        match wanted {
            Wanted::ServerAuthority => form.ca_file = Some(path),
            Wanted::ClientCertificate => form.certificate = Some(path),
            Wanted::ClientKey => form.key = Some(path),
            Wanted::OnnxRuntime
            | Wanted::Model
            | Wanted::CacheFolder
            | Wanted::PreferredFolder
            | Wanted::RemovalFolder => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_back_as_the_server_it_was_made_of() {
        let server = Server {
            url: "https://gpu:8000".to_owned(),
            protocol: Some(Protocol::KserveHttp),
            model: Some("clip".to_owned()),
            payload: Some(Payload::F16),
            batch: Some(8),
            ca_file: Some("ca.pem".into()),
            disabled: true,
            client_certificate: Some(ClientCertificate {
                certificate: "me.pem".into(),
                key: "me.key".into(),
            }),
        };
        assert_eq!(ServerForm::of(0, &server).read(), Ok((server, None)));
    }

    #[test]
    fn what_is_missing_is_said_and_no_secret_is_shown() {
        let form = |change: fn(&mut ServerForm)| {
            let mut form = ServerForm {
                url: "gpu:8000".to_owned(),
                secret: "very secret".to_owned(),
                ..ServerForm::default()
            };
            change(&mut form);
            assert!(!format!("{form:?}").contains("very secret"));
            form.read().map(|(_, credentials)| credentials)
        };
        assert_eq!(form(|_| {}), Ok(None));
        assert!(matches!(
            form(|form| form.login = Login::Token),
            Ok(Some(Credentials::Bearer(_)))
        ));
        for (change, expected) in [
            (
                (|form| form.url = "ftp://gpu".to_owned()) as fn(&mut ServerForm),
                "unknown scheme",
            ),
            (|form| form.batch = "0".to_owned(), "from 1"),
            (|form| form.key = Some("k".into()), "certificate"),
            (|form| form.login = Login::Password, "User name"),
            (
                |form| {
                    form.login = Login::Token;
                    form.secret = " ".to_owned();
                },
                "empty",
            ),
        ] {
            let error = form(change).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
