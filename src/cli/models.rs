//! `twinlens models`: which models there are, and how to get more.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::HumanBytes;

use super::{CliError, Context, INTERRUPTED, draw};
use crate::embed::download::Policy;
use crate::embed::store::{Added, ModelStore, State};

#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every model: the bundled one, the installed ones, the rest of the catalogue
    List,
    /// Fetch a model of the catalogue, going on where an earlier try was cut
    Download {
        /// Its name in the list
        name: String,
    },
    /// Take in an ONNX file of your own
    Add {
        /// The file; a `preprocessor_config.json` beside it is read
        file: PathBuf,
    },
    /// Compare every installed file with its record
    Check,
}

/// Runs `twinlens models`.
pub(super) fn run(args: ModelsArgs, context: &Context) -> Result<(), CliError> {
    let store = ModelStore::new(context.models_folder())?;
    let mut out = std::io::stdout().lock();
    match args.action {
        Action::List => {
            for model in store.list()? {
                let state = match model.state {
                    State::Bundled => "bundled".to_owned(),
                    State::Installed => "installed".to_owned(),
                    State::Downloadable { megabytes } => format!("download, {megabytes} MB"),
                    State::Recipe(recipe) => format!("to be exported: {recipe}"),
                };
                writeln!(
                    out,
                    "{:<28} {:<22} {:>5} numbers  {}",
                    model.name, model.licence, model.dimension, state
                )?;
                writeln!(out, "    {}", model.title)?;
            }
        }
        Action::Download { name } => {
            let mut drawing = draw::Drawing::new(false);
            let policy = Policy::with_mirror(context.settings.model_mirror.as_deref());
            let result = store.download(
                &name,
                &policy,
                &mut |progress| {
                    drawing.show(|| match progress.total {
                        Some(total) => {
                            format!("{} of {}", HumanBytes(progress.received), HumanBytes(total))
                        }
                        None => HumanBytes(progress.received).to_string(),
                    });
                },
                &INTERRUPTED,
            );
            drawing.finish();
            tell(&mut out, &result?)?;
        }
        Action::Add { file } => tell(&mut out, &store.add(&file)?)?,
        Action::Check => {
            let checked = store.check()?;
            for model in &checked {
                writeln!(
                    out,
                    "{}: {}",
                    model.name,
                    model.fault.as_deref().unwrap_or("as it should be")
                )?;
            }
            if checked.is_empty() {
                writeln!(out, "no models are installed beside the bundled one")?;
            }
            let faults = checked.iter().filter(|model| model.fault.is_some()).count();
            if faults > 0 {
                out.flush()?;
                return Err(CliError::ModelFaults(faults));
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn tell(out: &mut impl Write, added: &Added) -> Result<(), CliError> {
    let record = &added.record;
    writeln!(
        out,
        "{} is ready: twinlens scan --model {} FOLDER",
        record.name, record.name
    )?;
    for note in &added.notes {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}
