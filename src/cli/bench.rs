//! `twinlens bench`: measures the ways of computing embeddings and writes what it found.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::scan::{check_folder, is_stdout, named};
use super::{CliError, Context, INTERRUPTED, draw, servers};
use crate::bench::candidates::{self, Choice, Engine, Wanted};
use crate::bench::reference::Reference;
use crate::bench::schema::{self, Run, Scenario};
use crate::bench::{self, Event, Photos, Plan, compare, export, history};
use crate::embed::remote::Server;
use crate::embed::store::{ModelStore, State};
use crate::embed::{ModelRecord, Provider, embedded, onnxruntime, remote};
use crate::report;

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// Folder to take photos from [default: photos that come with the program]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Measure this engine only; may be repeated. remote stands for the servers of --server, or
    /// where none is named of the settings [default: all of this computer, and the servers that
    /// are named]
    #[arg(long, value_parser = named(Kind::NAMES, Kind::from_name))]
    engine: Vec<Kind>,
    /// Measure this server too, in every protocol and payload that it offers; may be repeated.
    /// host:port is enough (gRPC has a port of its own: name both); its token is that of the
    /// keyring (see twinlens servers) or of the variable `TWINLENS_SERVER_TOKEN`
    #[arg(long = "server", value_name = "URL")]
    servers: Vec<String>,
    /// Measure the servers of the settings too, but for those that are switched off
    #[arg(long = "servers")]
    known_servers: bool,
    /// Measure this provider only; may be repeated [default: all]
    #[arg(long, value_parser = named(PROVIDERS.map(Provider::name), Provider::from_name))]
    provider: Vec<Provider>,
    /// Measure this model only: a name of `twinlens models list` or an ONNX file; may be
    /// repeated [default: the bundled one and all that are installed]
    #[arg(long, value_name = "NAME|FILE")]
    model: Vec<String>,
    /// Sizes of batches
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "1,4,8,16,32",
        value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch: Vec<u16>,
    /// Callers at once of a closed loop [default: 1,8,16, with servers 1,8,16,32,64,128]
    #[arg(long, value_name = "N,..", value_delimiter = ',',
        value_parser = clap::value_parser!(u16).range(1..=512))]
    concurrency: Vec<u16>,
    /// Photos that are taken of the folder, evenly spread
    #[arg(long, value_name = "N", default_value = "64",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    photos: u32,
    /// About how many seconds each candidate may take
    #[arg(long, value_name = "N", default_value = "60",
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Latency in milliseconds for which the highest rate is looked for
    #[arg(long, value_name = "MS", default_value = "250",
        value_parser = clap::value_parser!(u32).range(1..=600_000))]
    latency_limit: u32,
    /// What the machine costs an hour, to know what 1,000 photos cost
    #[arg(long, value_name = "PRICE", value_parser = price)]
    price_per_hour: Option<f64>,
    /// Threads that compute on the processor [default: the settings', else one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write the results as JSON, which can be compared with; - is standard output
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Write a table with a row for each measurement
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a page with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the results as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the course of the run for Perfetto or `chrome://tracing`
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write each plot as SVG and PNG into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Compare with the JSON of an earlier run, or with a section of the reference results,
    /// such as reference:8
    #[arg(long, value_name = "FILE|reference:SECTION")]
    compare: Option<PathBuf>,
    /// No progress
    #[arg(long)]
    quiet: bool,
}

/// What may be asked for as an engine.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Local(Engine),
    Remote,
}

impl Kind {
    const NAMES: [&str; 3] = [embedded::NAME, onnxruntime::NAME, remote::NAME];

    fn from_name(name: &str) -> Option<Self> {
        if name == remote::NAME {
            return Some(Self::Remote);
        }
        Engine::from_name(name).map(Self::Local)
    }
}

/// `auto` is a choice among the others.
const PROVIDERS: [Provider; 7] = [
    Provider::Cpu,
    Provider::Cuda,
    Provider::TensorRt,
    Provider::CoreMl,
    Provider::DirectMl,
    Provider::OpenVino,
    Provider::WebGpu,
];

/// Reads a price of 0 or more.
fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if price.is_finite() && price >= 0.0 => Ok(price),
        _ => Err("a number of 0 or more is expected, such as 0.35".to_owned()),
    }
}

/// Runs `twinlens bench`.
pub(super) fn run(args: &BenchArgs, context: &Context) -> Result<(), CliError> {
    let outputs = [
        &args.json,
        &args.csv,
        &args.html,
        &args.markdown,
        &args.trace,
    ];
    // Better to hear of a wrong name now than after minutes.
    for file in outputs
        .into_iter()
        .flatten()
        .filter(|file| !is_stdout(file))
    {
        check_folder(file)?;
    }
    if let Some(folder) = args.plots.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(CliError::NoFolder(folder.clone()));
    }
    let earlier = args.compare.as_deref().map(read_run).transpose()?;
    let plan = plan(args, context);
    let choices = choices(args, &plan, context)?;
    let photos = match &args.folder {
        Some(folder) => Photos::Folder(folder.clone()),
        None => Photos::Demo,
    };
    let mut live = Live::new(args.quiet, &choices);
    let run = bench::run(&plan, &photos, &choices, &INTERRUPTED, &mut |event| {
        live.tell(event);
    });
    live.drawing.finish();
    let run = run?;
    // In the window it stands among the runs; what was asked for here does not depend on that.
    if run.has_measurements()
        && let Err(error) = history::save(&context.places.benchmarks, &run)
    {
        eprintln!("note: {error}");
    }
    write(args, &run, earlier.as_ref())?;
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err(CliError::BenchStopped);
    }
    Ok(())
}

/// What is measured: engines of this computer unless only servers are asked for, and the servers.
fn choices(args: &BenchArgs, plan: &Plan, context: &Context) -> Result<Vec<Choice>, CliError> {
    let engines = args.engine.iter().filter_map(|kind| match kind {
        Kind::Local(engine) => Some(*engine),
        Kind::Remote => None,
    });
    let servers = servers(args, context)?;
    let wanted = Wanted {
        engines: engines.collect(),
        providers: args.provider.clone(),
        library: plan.library.as_deref(),
        session: servers::session(&servers),
        servers,
    };
    let models = models(args, context)?;
    let mut choices = Vec::new();
    if args.engine.is_empty() || !wanted.engines.is_empty() {
        choices = candidates::local(&models, &wanted);
    }
    if !wanted.servers.is_empty() {
        let mut drawing = draw::Drawing::new(args.quiet);
        drawing.show(|| "asking the servers what they offer".to_owned());
        choices.extend(candidates::servers(&models, &wanted, &INTERRUPTED));
        drawing.finish();
    }
    Ok(choices)
}

fn servers(args: &BenchArgs, context: &Context) -> Result<Vec<Server>, CliError> {
    let is_for_remote = args.engine.contains(&Kind::Remote);
    if !args.engine.is_empty() && !is_for_remote && !args.servers.is_empty() {
        return Err(CliError::ServersOfAnotherEngine);
    }
    let mut servers = servers::named(&args.servers, &context.settings);
    if args.known_servers || (is_for_remote && servers.is_empty()) {
        let known = context.settings.servers.iter();
        let is_new = |server: &&Server| args.servers.iter().all(|url| *url != server.url);
        servers.extend(
            known
                .filter(|server| !server.disabled)
                .filter(is_new)
                .cloned(),
        );
        if servers.is_empty() {
            return Err(CliError::NoServer);
        }
    }
    Ok(servers)
}

/// Reads an earlier run, or takes a section of the reference results.
fn read_run(path: &Path) -> Result<Run, CliError> {
    let section = path
        .to_str()
        .and_then(|name| name.strip_prefix("reference:"));
    if let Some(section) = section {
        let mut reference = Reference::load()?;
        let is_it = |run: &Run| {
            let source = run.source.as_ref();
            source.is_some_and(|source| source.section == section)
        };
        let Some(at) = reference.runs.iter().position(is_it) else {
            let sections = reference.runs.iter().filter_map(|run| run.source.as_ref());
            let known: Vec<&str> = sections.map(|source| source.section.as_str()).collect();
            return Err(CliError::NoSection {
                section: section.to_owned(),
                known: known.join(", "),
            });
        };
        return Ok(reference.runs.swap_remove(at));
    }
    let file = File::open(path).map_err(|source| CliError::OpenRun {
        path: path.to_owned(),
        source,
    })?;
    Ok(schema::read_json(file)?)
}

fn plan(args: &BenchArgs, context: &Context) -> Plan {
    let settings = &context.settings;
    let sizes = |sizes: &[u16]| -> Vec<usize> {
        let sizes = sizes.iter().map(|size| usize::from(*size));
        sizes.collect()
    };
    let usual = Plan::default();
    let (callers, server_callers) = match sizes(&args.concurrency) {
        none if none.is_empty() => (usual.callers, usual.server_callers),
        asked => (asked.clone(), asked),
    };
    Plan {
        photos: args.photos as usize,
        batches: sizes(&args.batch),
        callers,
        server_callers,
        candidate_limit: Duration::from_secs(args.seconds.into()),
        latency_limit: Duration::from_millis(args.latency_limit.into()),
        price_per_hour: args.price_per_hour,
        threads: args
            .threads
            .map_or_else(|| settings.effective_threads(), usize::from),
        library: settings.onnxruntime_library.clone(),
    }
}

fn models(args: &BenchArgs, context: &Context) -> Result<Vec<ModelRecord>, CliError> {
    let store = ModelStore::new(context.models_folder())?;
    let names: Vec<String> = if args.model.is_empty() {
        let usable = |state: &State| matches!(state, State::Bundled | State::Installed);
        let listed = store.list()?.into_iter();
        listed
            .filter(|model| usable(&model.state))
            .map(|model| model.name)
            .collect()
    } else {
        args.model.clone()
    };
    let records = names.iter().map(|name| store.find(name));
    Ok(records.collect::<Result<_, _>>()?)
}

/// The table that grows while is measured.
struct Live {
    drawing: draw::Drawing,
    /// Of the column of candidates.
    width: usize,
    candidate: String,
    scenario: String,
}

impl Live {
    fn new(quiet: bool, choices: &[Choice]) -> Self {
        let longest = choices.iter().map(|choice| choice.id().len()).max();
        let live = Self {
            drawing: draw::Drawing::new(quiet),
            width: longest.unwrap_or(0),
            candidate: String::new(),
            scenario: String::new(),
        };
        live.drawing.keep(&head(live.width));
        live
    }

    fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Photos { done, all } => {
                self.drawing
                    .show(|| format!("reading photos: {done} of {all}"));
            }
            Event::Candidate { number, all, id } => {
                self.candidate = format!("{number} of {all}, {id}");
                self.drawing
                    .show(|| format!("{}: starting", self.candidate));
            }
            Event::Scenario(title) => {
                title.clone_into(&mut self.scenario);
                self.drawing.show(|| format!("{}: {title}", self.candidate));
            }
            Event::Window(window) => {
                let rate = window.images_per_second.unwrap_or_default();
                let line = || format!("{}: {}, {rate:.1}/s", self.candidate, self.scenario);
                self.drawing.show(line);
            }
            Event::Measured {
                candidate,
                scenario,
            } => self.drawing.keep(&row(self.width, candidate, scenario)),
        }
    }
}

fn head(width: usize) -> String {
    format!(
        "{:<width$}  {:<24}{:>11}{:>11}{:>11}{:>10}  {}",
        "candidate", "scenario", "p50 ms", "p95 ms", "p99 ms", "images/s", "stable"
    )
}

fn row(width: usize, candidate: &str, scenario: &Scenario) -> String {
    let latency = scenario.latency_ms.clone().unwrap_or_default();
    let number = |number: Option<f64>| number.map_or_else(String::new, |n| format!("{n:.1}"));
    let stable = match scenario.stable {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    format!(
        "{candidate:<width$}  {:<24}{:>11}{:>11}{:>11}{:>10}  {stable}",
        scenario.title(),
        number(latency.p50),
        number(latency.p95),
        number(latency.p99),
        number(scenario.images_per_second)
    )
}

fn write(args: &BenchArgs, run: &Run, earlier: Option<&Run>) -> Result<(), CliError> {
    match &args.json {
        Some(file) if is_stdout(file) => schema::write_json(run, std::io::stdout().lock())?,
        Some(file) => report::save(file, |out| Ok(schema::write_json(run, out)?))?,
        None => {}
    }
    if let Some(file) = &args.csv {
        report::save(file, |out| Ok(export::write_csv(run, out)?))?;
    }
    if let Some(file) = &args.html {
        report::save(file, |out| Ok(export::write_html(run, out)?))?;
    }
    if let Some(file) = &args.markdown {
        report::save(file, |out| Ok(export::write_markdown(run, out)?))?;
    }
    if let Some(file) = &args.trace {
        report::save(file, |out| Ok(export::write_trace(run, out)?))?;
    }
    if let Some(folder) = &args.plots {
        for plot in export::plots::all(run) {
            let file = folder.join(plot.name).with_extension("svg");
            report::save(&file, |out| Ok(out.write_all(plot.svg.as_bytes())?))?;
            let picture = export::png(&plot.svg)?;
            let file = folder.join(plot.name).with_extension("png");
            report::save(&file, |out| Ok(out.write_all(&picture)?))?;
        }
    }
    // JSON on standard output is for programs: nothing else may be there.
    if args.json.as_deref().is_some_and(is_stdout) {
        return Ok(());
    }
    text(run, earlier, &mut std::io::stdout().lock())?;
    Ok(())
}

/// The table, what it means, and what has changed.
fn text(run: &Run, earlier: Option<&Run>, out: &mut impl Write) -> std::io::Result<()> {
    let measured = || {
        run.candidates
            .iter()
            .filter(|candidate| candidate.available)
    };
    let width = measured()
        .map(|candidate| candidate.id.len())
        .max()
        .unwrap_or(0);
    writeln!(out, "{}", head(width))?;
    for candidate in measured() {
        for scenario in &candidate.scenarios {
            writeln!(out, "{}", row(width, &candidate.id, scenario))?;
        }
    }
    for candidate in run
        .candidates
        .iter()
        .filter(|candidate| !candidate.available)
    {
        let reason = candidate.reason.as_deref().unwrap_or_default();
        writeln!(out, "not available: {}: {reason}", candidate.id)?;
    }
    for candidate in measured() {
        if let Some(reason) = &candidate.reason {
            writeln!(out, "broken off: {}: {reason}", candidate.id)?;
        }
    }
    writeln!(out, "\n{}", run.finding)?;
    if let Some(earlier) = earlier {
        beside(earlier, run, out)?;
    }
    out.flush()
}

/// What has changed since an earlier run, or is other in a reference result.
fn beside(earlier: &Run, run: &Run, out: &mut impl Write) -> std::io::Result<()> {
    match &earlier.source {
        Some(source) => writeln!(
            out,
            "\nagainst section {} of the reference results, {} ({}, {}):",
            source.section, source.title, source.hardware, source.date
        )?,
        None => writeln!(out, "\nagainst the run of {}:", earlier.started)?,
    }
    let comparison = compare::runs(earlier, run);
    for pair in &comparison.pairs {
        if !pair.alike.is_same() {
            writeln!(out, "{}", pair.title())?;
        }
        for compared in &pair.rows {
            writeln!(
                out,
                "{}, {}, {}: {:.1} -> {:.1}, {}",
                compared.candidate,
                compared.scenario,
                compared.figure,
                compared.difference.first,
                compared.difference.second,
                compared.words()
            )?;
        }
    }
    if comparison.pairs.is_empty() {
        writeln!(out, "the two runs have no measurement in common")?;
        return Ok(());
    }
    for (names, whose) in [
        (&comparison.only_second, "this run"),
        (&comparison.only_first, "the other"),
    ] {
        if !names.is_empty() {
            writeln!(out, "only in {whose}: {}", names.join(", "))?;
        }
    }
    Ok(())
}
