//! The headless commands: arguments in, reports out, progress on standard error.
//!
//! Thin on purpose: what a command does is in the rooms, so that the window does the same.
//! Only here and in `main.rs` is anything printed.

#![expect(clippy::print_stderr, reason = "this room alone talks to a terminal")]

mod bench;
mod cache;
mod draw;
mod models;
mod remove;
mod restore;
mod scan;
mod servers;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand};

use crate::app::{self, Start, WindowError};
use crate::bench::BenchError;
use crate::bench::export::PictureError;
use crate::embed::EmbedError;
use crate::embed::remote::CallError;
use crate::embed::remote::vault::VaultError;
use crate::library::LibraryError;
use crate::pipeline::PipelineError;
use crate::removal::RemovalError;
use crate::report::ReportError;
use crate::scan::ScanError;
use crate::settings::{Places, Settings, SettingsError};

/// Exit status of a run that the user stopped, as shells count it: 128 + SIGINT.
const CANCELLED: u8 = 130;

/// Set by Ctrl-C and by a termination signal.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Parser)]
#[command(name = "twinlens", version, about)]
struct Cli {
    /// Settings file, instead of the one in the system's configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<std::path::PathBuf>,
    /// What to do; the window opens if nothing is named
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the window with these folders in the library; without any, the same as no command
    Window {
        /// Folders of photos
        #[arg(value_name = "FOLDER")]
        folders: Vec<std::path::PathBuf>,
    },
    /// Find duplicate and similar photos in folders; nothing is changed
    Scan(Box<scan::ScanArgs>),
    /// Measure the ways of computing embeddings on this machine, with your photos; each run is kept
    /// for the window, where it can be looked at and compared
    Bench(Box<bench::BenchArgs>),
    /// List, download, add and check models
    Models(models::ModelsArgs),
    /// List and test the servers that compute embeddings, and keep their tokens in the keyring
    Servers(servers::ServersArgs),
    /// Remove the surplus copies of a report, or say what would be done
    Remove(remove::RemoveArgs),
    /// Bring back what was removed
    Restore(restore::RestoreArgs),
    /// Look at the cache, make it smaller, or empty it
    Cache(cache::CacheArgs),
}

/// Which cache a command works on.
#[derive(Debug, Args)]
struct CacheFile {
    /// Cache file [default: the settings', else in the system's cache folder]
    #[arg(long, value_name = "FILE")]
    cache: Option<std::path::PathBuf>,
}

/// Whose decisions a command takes account of.
#[derive(Debug, Args)]
struct LibraryFile {
    /// Library of decisions [default: in the system's data folder]
    #[arg(long, value_name = "FILE")]
    library: Option<std::path::PathBuf>,
}

/// Why a command failed; each message says what to do.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error("stopped; what was measured until then is in the results")]
    BenchStopped,
    #[error("cannot read the earlier results ({source}): {path}", path = path.display())]
    OpenRun {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("the reference results have no section {section}; there are {known}")]
    NoSection { section: String, known: String },
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Server(#[from] CallError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("--server is for the engine remote; leave --engine out, or say --engine remote")]
    ServersOfAnotherEngine,
    #[error("the settings name no server that is switched on; name one with --server URL")]
    NoServer,
    #[error("pipe the token into this command, so that it is not seen on the screen: {0}")]
    NoToken(&'static str),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Removal(#[from] RemovalError),
    #[error(transparent)]
    Export(#[from] crate::removal::ExportError),
    #[error("cannot read the report ({source}): {path}", path = path.display())]
    OpenReport {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("{0} photos were left where they were")]
    Skipped(usize),
    #[error("{0} files were not restored")]
    NotRestored(usize),
    #[error("stopped; what was done until then is in the journal and can be restored")]
    Stopped,
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
    #[error(
        "{0} installed models are not what they should be; remove them from the models folder and download or add them again"
    )]
    ModelFaults(usize),
    #[error("there is no folder to write this into: {0}")]
    NoFolder(std::path::PathBuf),
    #[error(transparent)]
    Window(#[from] WindowError),
    #[error("cannot listen for Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),
}

/// What every command may ask for.
struct Context {
    settings: Settings,
    places: Places,
}

impl Context {
    fn cache_file(&self, chosen: Option<std::path::PathBuf>) -> std::path::PathBuf {
        chosen.unwrap_or_else(|| self.settings.cache_file(&self.places))
    }

    fn library_file(&self, chosen: Option<std::path::PathBuf>) -> std::path::PathBuf {
        chosen.unwrap_or_else(|| self.places.library.clone())
    }

    fn models_folder(&self) -> std::path::PathBuf {
        self.settings.models_folder(&self.places)
    }
}

/// Runs the command that `arguments` (the program's name first) describe.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage, 130 cancelled.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell where neither stream can be written to.
            error.print().ok();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(
            error @ (CliError::Pipeline(PipelineError::Cancelled)
            | CliError::Embed(EmbedError::Cancelled)
            | CliError::Removal(RemovalError::Cancelled)
            | CliError::Bench(BenchError::Scan(ScanError::Cancelled))
            | CliError::BenchStopped
            | CliError::Stopped),
        ) => {
            eprintln!("twinlens: {error}");
            ExitCode::from(CANCELLED)
        }
        // A reader such as `head` has seen enough.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("twinlens: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), CliError> {
    quiet_decoders();
    let mut places = Places::of_this_user()?;
    if let Some(settings) = cli.settings {
        places.settings = settings;
    }
    let command = match cli.command {
        Some(Command::Window { folders }) => return Ok(app::run(Start::of(places, folders))?),
        None => return Ok(app::run(Start::of(places, Vec::new()))?),
        Some(command) => command,
    };
    // A window ends as the system ends programs: what is remembered is safe at any moment.
    ctrlc::set_handler(|| {
        // The second time the user means it: the cache is safe at any moment.
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(CANCELLED));
        }
    })?;
    let settings = Settings::load(&places.settings)?;
    let context = Context { settings, places };
    match command {
        // Handled above, for the window reads the settings in its own way.
        Command::Window { .. } => Ok(()),
        Command::Scan(args) => scan::run(&args, &context),
        Command::Bench(args) => bench::run(&args, &context),
        Command::Models(args) => models::run(args, &context),
        Command::Servers(args) => servers::run(args, &context),
        Command::Remove(args) => remove::run(&args, &context),
        Command::Restore(args) => restore::run(&args, &context),
        Command::Cache(args) => cache::run(args, &context),
    }
}

/// A decoder's panic is caught and becomes a problem of its file: it is no news for a terminal.
fn quiet_decoders() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::scan::is_decoding() {
            usual(panic);
        }
    }));
}
