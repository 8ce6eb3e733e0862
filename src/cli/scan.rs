//! `twinlens scan`: analyses folders and writes the reports that were asked for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use indicatif::HumanBytes;

use super::{CANCELLED, CacheFile, CliError, Context, INTERRUPTED, LibraryFile, draw, servers};
use crate::embed::remote::Failover;
use crate::embed::{EngineChoice, Provider};
use crate::library::Ledger;
use crate::matching::Evidence;
use crate::matching::neighbours::IndexChoice;
use crate::pipeline::{self, Analysis, Changes, Request};
use crate::report::{self, Report};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(50);

/// After Ctrl-C the program ends this long after, even if a decoder is deep in a picture: the
/// cache is safe at any moment, and a person who said stop means now.
const PATIENCE_AFTER_INTERRUPT: Duration = Duration::from_millis(800);

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Folders to look into (single files are taken too)
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Write the report as JSON; - is standard output
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Write a table with a row for each photo of a group
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a page with the groups side by side
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// What computes the embeddings [default: remote with --server, else the settings', else
    /// auto]
    #[arg(long, value_parser = named(EngineChoice::ALL.map(EngineChoice::name), EngineChoice::from_name))]
    engine: Option<EngineChoice>,
    /// What ONNX Runtime computes on; other than auto and cpu it must be what really runs
    /// [default: the settings', else auto]
    #[arg(long, value_parser = named(Provider::ALL.map(Provider::name), Provider::from_name))]
    provider: Option<Provider>,
    /// Let this server compute the embeddings; may be named several times. host:port is enough;
    /// its token is that of the keyring (see twinlens servers) or of the
    /// variable `TWINLENS_SERVER_TOKEN`
    #[arg(long = "server", value_name = "URL")]
    servers: Vec<String>,
    /// What to do when no server answers: none waits and gives up, local goes on with this
    /// computer, fastest uses it all the time [default: the settings', else local]
    #[arg(long, value_parser = named(Failover::ALL.map(Failover::name), Failover::from_name))]
    failover: Option<Failover>,
    /// Model of the catalogue, or an ONNX file [default: the bundled one]
    #[arg(long, value_name = "NAME|FILE")]
    model: Option<String>,
    /// From which cosine similarity on photos are similar [default: the settings', else the model's]
    #[arg(long, value_name = "0..1", value_parser = similarity)]
    similarity: Option<f32>,
    /// The weakest evidence to report
    #[arg(long, value_enum, default_value = "similar")]
    evidence: EvidenceArg,
    /// How close embeddings are searched for
    #[arg(long, value_enum, default_value = "auto")]
    index: IndexArg,
    /// Decoder threads and model threads, each [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    cache: CacheFile,
    /// Remember nothing
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
    #[command(flatten)]
    library: LibraryFile,
    /// Take no account of earlier decisions: no duplicates, protected and preferred folders
    #[arg(long, conflicts_with = "library")]
    no_library: bool,
    /// Look at the first N files only, in path order
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// No progress and no summary
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EvidenceArg {
    Identical,
    SameShot,
    Burst,
    Similar,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum IndexArg {
    Auto,
    Exact,
    Hnsw,
}

/// Reads one of the names of a type that knows them.
pub(super) fn named<T: Clone + Send + Sync + 'static>(
    names: impl IntoIterator<Item = &'static str>,
    from_name: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names)
        .try_map(move |name| from_name(&name).ok_or("there is nothing of this name"))
}

/// Reads a cosine similarity from 0 to 1.
fn similarity(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a number from 0 to 1 is expected, such as 0.8".to_owned()),
    }
}

/// Runs `twinlens scan`.
pub(super) fn run(args: &ScanArgs, context: &Context) -> Result<(), CliError> {
    let outputs = [&args.json, &args.csv, &args.html];
    // Better to hear of a wrong name now than after an hour.
    for file in outputs
        .into_iter()
        .flatten()
        .filter(|file| !is_stdout(file))
    {
        check_folder(file)?;
    }
    let request = request(args, context)?;
    let started = jiff::Timestamp::now();
    let analysis = watch(pipeline::start(request)?, args.quiet)?;
    for notice in analysis.notices.iter().filter(|_| !args.quiet) {
        eprintln!("note: {notice}");
    }
    let report = pipeline::report(&analysis, started);
    write(args, &report, &analysis)?;
    if !args.quiet {
        eprintln!("{}", summary(&report));
        if let Some(line) = changes(&analysis.changes) {
            eprintln!("{line}");
        }
    }
    Ok(())
}

fn request(args: &ScanArgs, context: &Context) -> Result<Request, CliError> {
    let mut request = Request::from_settings(
        &context.settings,
        &context.places,
        args.model.as_deref(),
        args.folders.clone(),
    )?;
    if let Some(threads) = args.threads.map(usize::from) {
        request.threads = threads;
        request.engine.threads = threads;
    }
    if !args.servers.is_empty() {
        if args
            .engine
            .is_some_and(|engine| engine != EngineChoice::Remote)
        {
            return Err(CliError::ServersOfAnotherEngine);
        }
        request.engine.engine = EngineChoice::Remote;
        request.engine.servers = servers::named(&args.servers, &context.settings);
    }
    request.engine.failover = args.failover.unwrap_or(request.engine.failover);
    request.engine.session = servers::session(&request.engine.servers);
    if let Some(engine) = args.engine {
        request.engine.engine = engine;
        if engine == EngineChoice::Embedded {
            // A provider of the settings is meant for the engine of the settings.
            request.engine.provider = Provider::Auto;
        }
    }
    request.engine.provider = args.provider.unwrap_or(request.engine.provider);
    request.limit = args.limit;
    request.similarity = args.similarity;
    request.weakest = match args.evidence {
        EvidenceArg::Identical => Evidence::IdenticalPixels,
        EvidenceArg::SameShot => Evidence::SameShot,
        EvidenceArg::Burst => Evidence::Burst,
        EvidenceArg::Similar => Evidence::Similar,
    };
    request.index = match args.index {
        IndexArg::Auto => IndexChoice::Auto,
        IndexArg::Exact => IndexChoice::Exact,
        IndexArg::Hnsw => IndexChoice::Hnsw,
    };
    request.cache = (!args.no_cache).then(|| context.cache_file(args.cache.cache.clone()));
    if !args.no_library {
        let file = context.library_file(args.library.library.clone());
        // A scan makes no library.
        if let Some(ledger) = Ledger::open_existing(&file)? {
            request.follow(&ledger)?;
        }
    }
    Ok(request)
}

/// Draws the progress until the analysis ends, and passes Ctrl-C on to it.
fn watch(running: pipeline::Running, quiet: bool) -> Result<Analysis, CliError> {
    let mut drawing = draw::Drawing::new(quiet);
    let mut interrupted: Option<Instant> = None;
    let mut told = 0;
    let tell = |drawing: &draw::Drawing, told: &mut usize| {
        for event in running.events_after(*told) {
            drawing.keep(&format!("note: {event}"));
            *told += 1;
        }
    };
    while !running.is_finished() {
        tell(&drawing, &mut told);
        if INTERRUPTED.load(Ordering::Relaxed) {
            running.cancel();
            if interrupted.get_or_insert_with(Instant::now).elapsed() > PATIENCE_AFTER_INTERRUPT {
                drawing.finish();
                eprintln!("twinlens: {}", pipeline::PipelineError::Cancelled);
                process::exit(i32::from(CANCELLED));
            }
        }
        drawing.show(|| draw::stage_line(&running.progress().current()));
        std::thread::sleep(TICK);
    }
    tell(&drawing, &mut told);
    drawing.finish();
    Ok(running.join()?)
}

fn write(args: &ScanArgs, report: &Report, analysis: &Analysis) -> Result<(), CliError> {
    // A thumbnail that cannot be read leaves an empty frame; the report is worth having.
    let thumbnail = |hash| analysis.cache.thumbnail(hash).ok().flatten();
    match &args.json {
        Some(file) if is_stdout(file) => report::write_json(report, std::io::stdout().lock())?,
        Some(file) => report::save(file, |out| report::write_json(report, out))?,
        None => {}
    }
    if let Some(file) = &args.csv {
        report::save(file, |out| report::write_csv(report, out))?;
    }
    if let Some(file) = &args.html {
        report::save(file, |out| report::write_html(report, &thumbnail, out))?;
    }
    if args.json.is_none() && args.csv.is_none() && args.html.is_none() {
        report::write_text(report, std::io::stdout().lock())?;
    }
    Ok(())
}

/// A report is written into a folder that is there.
pub(super) fn check_folder(file: &Path) -> Result<(), CliError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(CliError::NoFolder(file.to_owned()))
        }
        _ => Ok(()),
    }
}

pub(super) fn is_stdout(file: &Path) -> bool {
    file == Path::new("-")
}

/// What is different since the last scan, if there was one.
fn changes(changes: &Changes) -> Option<String> {
    let last_scan = changes.last_scan?;
    let told = changes.told(|count| count.to_string());
    let told = told.unwrap_or_else(|| "nothing new".to_owned());
    let day = jiff::tz::TimeZone::system().to_datetime(last_scan);
    Some(format!(
        "since the last scan ({}): {told}, {} unchanged",
        day.strftime("%Y-%m-%d %H:%M"),
        changes.unchanged
    ))
}

/// The totals in a few words, with what the user should know of how they came about.
fn summary(report: &Report) -> String {
    let totals = &report.totals;
    let mut text = format!(
        "{} photos, {} groups, {} surplus photos ({}), {} files not readable; {} on {} ({}) in {:.1} s",
        totals.photos,
        totals.groups,
        totals.surplus_photos,
        HumanBytes(totals.surplus_bytes),
        totals.unreadable,
        report.engine.model,
        report.engine.runtime,
        report.engine.provider,
        report.elapsed_s,
    );
    if let Some(index) = report.index.as_ref().filter(|index| index.name == "hnsw") {
        // Writing to a string does not fail.
        write!(
            text,
            "\nneighbours by HNSW: {:.2} % of the exact ones on a sample",
            index.recall * 100.0
        )
        .ok();
    }
    text
}
