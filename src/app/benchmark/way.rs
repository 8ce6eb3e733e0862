//! Ways of computing: whether they can be measured now, and what it takes to use one.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::{BenchmarkState, Shelved, Shown};
use crate::app::settings::Change;
use crate::app::state::State;
use crate::app::words;
use crate::bench::candidates::{Choice, Engine, Way};
use crate::bench::schema::{Candidate, Machine, Run, VERSION, Workload};
use crate::bench::{Plan, finding};
use crate::embed::remote::Server;
use crate::embed::{EngineChoice, bundled};
use crate::library::LibraryFolder;
use crate::settings::Settings;

/// Why nothing can be measured now; none if it can.
pub(crate) fn obstacle(state: &State) -> Option<&'static str> {
    let benchmark = &state.benchmark;
    if state.scan.is_some() {
        return Some("A scan is running; it would slow what is measured. Wait for it, or stop it.");
    }
    if state.removal.is_at_work() {
        return Some("Photos are being moved; it can be measured when that is done.");
    }
    if benchmark.local.is_none() {
        return Some("Candidates are still being looked for.");
    }
    (benchmark.available() == 0).then_some("Choose at least one candidate at the left.")
}

/// The folder of the library that photos are taken from where no other is named.
pub(crate) fn first_folder(folders: &[LibraryFolder]) -> Option<&PathBuf> {
    let included = folders.iter().find(|folder| folder.is_included);
    included.map(|folder| &folder.path)
}

/// A run before anything is measured.
pub(super) fn draft(plan: &Plan, choices: &[Choice]) -> Run {
    let candidates = choices.iter().map(|choice| Candidate {
        id: choice.id(),
        reason: choice.obstacle.clone(),
        available: choice.obstacle.is_none(),
        ..Candidate::default()
    });
    Run {
        bench: VERSION,
        program: concat!("twinlens ", env!("CARGO_PKG_VERSION")).to_owned(),
        started: Timestamp::now(),
        source: None,
        machine: Machine::default(),
        workload: Workload::default(),
        price_per_hour: plan.price_per_hour,
        price_per_hour_max: None,
        latency_limit_ms: Some(plan.latency_limit.as_secs_f64() * 1e3),
        candidates: candidates.collect(),
        encodings: Vec::new(),
        finding: String::new(),
        missing: Vec::new(),
    }
}

/// Whether a run was measured on this computer.
fn is_of_here(benchmark: &BenchmarkState, shown: &Shown) -> bool {
    match &shown.place {
        Shelved::Session(_) => true,
        Shelved::Reference(_) => false,
        Shelved::Kept(file) => match &benchmark.shelf.kept {
            // It was measured a moment ago.
            None | Some(Err(_)) => true,
            Some(Ok(kept)) => !kept.iter().any(|it| it.file == *file && it.is_imported),
        },
    }
}

/// What the run that is shown recommends, as it is on this machine now.
///
/// # Errors
/// In words, why it cannot be used.
pub(crate) fn recommended(state: &State) -> Result<&Choice, String> {
    let benchmark = &state.benchmark;
    let shown = (benchmark.shown.as_ref()).ok_or("There are no results yet.")?;
    if !is_of_here(benchmark, shown) {
        return Err("This was measured on another computer; measure on this one first.".to_owned());
    }
    let best = finding::best(&shown.run).ok_or("Nothing was measured that could be used.")?;
    let id = &best.candidate.id;
    let choice = (benchmark.ways().find(|way| way.id() == *id))
        .ok_or_else(|| format!("{id} is not known here at present."))?;
    match &choice.obstacle {
        None => Ok(choice),
        Some(obstacle) => Err(obstacle.clone()),
    }
}

/// Whether these settings compute so already.
pub(crate) fn is_in_use(choice: &Choice, settings: &Settings) -> bool {
    let mut after = settings.clone();
    for change in changes(choice, settings) {
        change.apply(&mut after);
    }
    after == *settings
}

/// What has to change in the settings to compute so.
pub(super) fn changes(choice: &Choice, settings: &Settings) -> Vec<Change> {
    match &choice.way {
        Way::Local { engine, provider } => {
            let mut changes = vec![Change::Engine(engine.choice())];
            // The built-in engine has one provider, and that change names it.
            if *engine != Engine::Embedded {
                changes.push(Change::Provider(*provider));
            }
            changes.extend(model(choice, settings));
            changes
        }
        Way::Server(remote) => {
            let mut servers = settings.servers.clone();
            let chosen = Server {
                disabled: false,
                ..remote.server.clone()
            };
            match servers.iter_mut().find(|server| server.url == chosen.url) {
                Some(server) => *server = chosen,
                None => servers.push(chosen),
            }
            vec![
                Change::Servers(servers),
                Change::Engine(EngineChoice::Remote),
            ]
        }
    }
}

/// The model of the way, if it is not the one in use.
fn model(choice: &Choice, settings: &Settings) -> Option<Change> {
    let name = choice.model.name.as_str();
    let chosen = settings.model.as_deref();
    let is_chosen = chosen.unwrap_or(bundled::NAME) == name
        || chosen.is_some_and(|chosen| choice.model.file.as_deref() == Some(chosen.as_ref()));
    let other = (name != bundled::NAME).then(|| name.to_owned());
    (!is_chosen).then_some(Change::Model(other))
}

/// A way as people say it: `ONNX Runtime on CPU with lite0-copies`.
pub(crate) fn name(choice: &Choice) -> String {
    let engine = match &choice.way {
        Way::Local {
            engine: Engine::Embedded,
            ..
        } => "The built-in engine".to_owned(),
        Way::Local { provider, .. } => {
            format!("ONNX Runtime on {}", provider.name().to_uppercase())
        }
        // Its name has server, protocol, model and payload.
        Way::Server(_) => return choice.id(),
    };
    format!("{engine} with {}", choice.model.name)
}

/// How many photos the library's included folders hold, as far as they are counted.
fn library_photos(state: &State) -> usize {
    let included = state.folders.iter().filter(|folder| folder.is_included);
    let counted = included.map(|folder| {
        let scanned = folder.last_scan.map(|scan| scan.photos);
        let estimated = || match state.estimates.get(&folder.path) {
            Some(Ok(estimate)) => Some(estimate.files),
            _ => None,
        };
        scanned.or_else(estimated).unwrap_or_default()
    });
    usize::try_from(counted.sum::<u64>()).unwrap_or(usize::MAX)
}

/// How long the library takes with what the run that is shown found best, in words.
pub(crate) fn prediction(state: &State) -> Option<String> {
    let shown = state.benchmark.shown.as_ref()?;
    let photos = library_photos(state);
    let best = finding::best(&shown.run).filter(|_| photos > 0)?;
    let told = |seconds: f64| {
        Duration::try_from_secs_f64(seconds).map_or_else(|_| "for ever".to_owned(), words::duration)
    };
    let number = words::photos(photos);
    let library = if is_of_here(&state.benchmark, shown) {
        format!("Your library, {number}")
    } else {
        format!("Your library, {number}, on that computer")
    };
    Some(match finding::seconds_for(&shown.run, &best, photos) {
        Some(seconds) => format!(
            "{library}: about {} for reading, decoding and embedding.",
            told(seconds)
        ),
        #[expect(clippy::cast_precision_loss, reason = "a count of photos")]
        None => format!(
            "{library}: about {} for embedding alone; how long reading and decoding take was not measured.",
            told(photos as f64 / best.images_per_second)
        ),
    })
}
