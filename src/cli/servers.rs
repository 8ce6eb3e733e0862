//! `twinlens servers`: which servers there are, whether they do what they should, and what they
//! know this user by.

use std::io::{IsTerminal as _, Write};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{CliError, Context};
use crate::embed::remote::vault::{self, Session};
use crate::embed::remote::{Credentials, Secret, Server, trial};
use crate::embed::{EngineRequest, Link};
use crate::pipeline::Request;
use crate::settings::Settings;

/// The token for servers whose secret is not in the keyring. Not an argument, for those are seen
/// by everyone on the machine.
const TOKEN: &str = "TWINLENS_SERVER_TOKEN";

#[derive(Debug, Args)]
pub(super) struct ServersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The servers of the settings
    List,
    /// Find out what a server speaks and runs, how fast it answers, and whether its vectors are
    /// those of this computer
    Test {
        /// Its address [default: all of the settings]
        #[arg(value_name = "URL")]
        url: Option<String>,
        /// Compare with this model of the catalogue, or ONNX file [default: the settings', else
        /// the bundled one]
        #[arg(long, value_name = "NAME|FILE")]
        model: Option<String>,
    },
    /// Keep a server's token in the keyring; it is read from standard input
    Login {
        /// Its address
        #[arg(value_name = "URL")]
        url: String,
        /// User name, if it wants user and password instead of a token
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Take a server's token out of the keyring
    Logout {
        /// Its address
        #[arg(value_name = "URL")]
        url: String,
    },
}

/// The servers at these addresses, with what the settings say of them.
pub(super) fn named(urls: &[String], settings: &Settings) -> Vec<Server> {
    let known = |url: &String| settings.servers.iter().find(|server| server.url == *url);
    let named = urls.iter().map(|url| Server {
        url: url.clone(),
        disabled: false,
        ..known(url).cloned().unwrap_or_default()
    });
    named.collect()
}

/// What the environment holds for these servers.
pub(super) fn session(servers: &[Server]) -> Session {
    let mut session = Session::default();
    if let Ok(token) = std::env::var(TOKEN) {
        for server in servers {
            let token = Secret::new(token.clone());
            session.keep(&server.url, Credentials::Bearer(token));
        }
    }
    session
}

/// Runs `twinlens servers`.
pub(super) fn run(args: ServersArgs, context: &Context) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    let settings = &context.settings;
    match args.action {
        Action::List => {
            for server in &settings.servers {
                let state = if server.disabled { "off" } else { "on" };
                writeln!(out, "{:<40} {state}", server.url)?;
            }
            if settings.servers.is_empty() {
                writeln!(
                    out,
                    "no servers are in the settings; one can be named with --server URL"
                )?;
            }
        }
        Action::Test { url, model } => {
            let servers = match url {
                Some(url) => named(&[url], settings),
                None => settings.servers.clone(),
            };
            let request =
                Request::from_settings(settings, &context.places, model.as_deref(), Vec::new())?;
            test(&servers, &request, &mut out)?;
        }
        Action::Login { url, user } => {
            let mut input = std::io::stdin();
            if input.is_terminal() {
                return Err(CliError::NoToken("echo TOKEN | twinlens servers login URL"));
            }
            let mut text = String::new();
            std::io::Read::read_to_string(&mut input, &mut text)?;
            let secret = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
            let credentials = match user {
                Some(user) => Credentials::Basic {
                    user,
                    password: secret,
                },
                None => Credentials::Bearer(secret),
            };
            vault::keep(&url, &credentials)?;
            writeln!(out, "the keyring holds it for {url}")?;
        }
        Action::Logout { url } => {
            vault::forget(&url)?;
            writeln!(out, "the keyring holds nothing for {url}")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn test(servers: &[Server], request: &Request, out: &mut impl Write) -> Result<(), CliError> {
    let engine = EngineRequest {
        session: session(servers),
        ..request.engine.clone()
    };
    let link = Arc::new(Link::default());
    let mut failed = None;
    for server in servers {
        writeln!(out, "{}", server.url)?;
        match trial::run(server, &engine, &request.model, &link) {
            Ok(trial) => {
                for (name, words) in trial.rows() {
                    writeln!(out, "  {name:<12} {words}")?;
                }
            }
            Err(error) => {
                writeln!(out, "  {:<12} {error}", "failed")?;
                failed = Some(error);
            }
        }
    }
    out.flush()?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}
