//! `twinlens cache`: what the cache holds, and how to make it smaller.

use std::io::Write;

use clap::{Args, Subcommand};
use indicatif::HumanBytes;

use super::{CacheFile, CliError, Context};
use crate::library::Cache;

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    cache: CacheFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What the cache holds and how large it is
    Info,
    /// Forget files that are gone, and what only they needed
    Prune,
    /// Forget everything; the next scan reads every photo again
    Clear,
}

/// Runs `twinlens cache`.
pub(super) fn run(args: CacheArgs, context: &Context) -> Result<(), CliError> {
    let file = context.cache_file(args.cache.cache);
    let mut out = std::io::stdout().lock();
    if !file.exists() {
        writeln!(out, "there is no cache yet: {}", file.display())?;
        return Ok(());
    }
    let opened = Cache::open(&file)?;
    if let Some(notice) = opened.notice {
        eprintln!("twinlens: {notice}");
    }
    let mut cache = opened.cache;
    match args.action {
        Action::Info => {
            let info = cache.info()?;
            writeln!(out, "{}", file.display())?;
            writeln!(out, "{:>10} files", info.files)?;
            writeln!(out, "{:>10} contents", info.contents)?;
            writeln!(out, "{:>10} embeddings", info.embeddings)?;
            writeln!(out, "{:>10} problems", info.problems)?;
            writeln!(out, "{:>10} on disk", HumanBytes(info.bytes))?;
        }
        Action::Prune => {
            let pruned = cache.prune()?;
            writeln!(
                out,
                "forgot {} files and {} contents",
                pruned.files, pruned.contents
            )?;
        }
        Action::Clear => {
            cache.clear()?;
            writeln!(out, "the cache is empty: {}", file.display())?;
        }
    }
    out.flush()?;
    Ok(())
}
