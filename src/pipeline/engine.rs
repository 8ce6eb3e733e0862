//! Which engine an analysis takes where the user leaves it open: the one that was the faster on
//! this machine.
//!
//! ONNX Runtime, where it is installed, and the built-in engine are measured with the threads of
//! the analysis, once: the rates are kept in the cache with all that they depend on (the library's
//! file, the program's engine, the model, the threads), and the next scan opens the winner alone.
//! Rates are the best of some runs, and ONNX Runtime must win by [`CLEARLY`]; on a busy machine two
//! fresh caches may still differ, while one cache keeps to its choice. The vectors of the two agree to a cosine of
//! 0.9999 and share a model key; whoever wants the very same numbers everywhere names the engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::PipelineError;
use crate::embed::onnxruntime::find::{self, Places};
use crate::embed::{
    self, EmbedError, Embedder, EngineChoice, EngineRequest, Link, ModelInput, ModelRecord, Opened,
    Provider, embedded,
};
use crate::library::Record;

/// How many times as fast as the built-in engine ONNX Runtime must be.
const CLEARLY: f64 = 1.2;

/// How long each of the two is measured, after a first run.
const MEASURED_FOR: Duration = Duration::from_millis(100);

/// A model that is ready, and what is to be remembered of the choice.
pub(super) struct Chosen {
    pub opened: Opened,
    pub figures: Vec<Record>,
}

/// Opens the engine that was asked for, or the faster one.
pub(super) fn open(
    request: &EngineRequest,
    model: &ModelRecord,
    figures: impl FnOnce() -> HashMap<String, f64>,
    link: &Arc<Link>,
) -> Result<Chosen, PipelineError> {
    let as_asked = |engine| {
        let request = EngineRequest {
            engine,
            ..request.clone()
        };
        embed::open_with(&request, model, link)
    };
    let unmeasured = |opened| Chosen {
        opened,
        figures: Vec::new(),
    };
    let Some([ours, theirs]) = rate_names(request, model) else {
        return Ok(unmeasured(as_asked(request.engine)?));
    };
    let figures = figures();
    if let (Some(&ours), Some(&theirs)) = (figures.get(&ours), figures.get(&theirs)) {
        return Ok(unmeasured(as_asked(choice(ours, theirs))?));
    }
    let mut with_theirs = as_asked(EngineChoice::Auto)?;
    if with_theirs.engine.name == embedded::NAME {
        return Ok(unmeasured(with_theirs));
    }
    // Models that only ONNX Runtime can run.
    let Ok(mut with_ours) = as_asked(EngineChoice::Embedded) else {
        return Ok(unmeasured(with_theirs));
    };
    let side = model.preprocessing.size;
    let rates = [
        rate(&mut with_ours.embedders, side)?,
        rate(&mut with_theirs.embedders, side)?,
    ];
    let remembered = [ours, theirs].into_iter().zip(rates);
    let figures = remembered.map(|(name, value)| Record::Figure { name, value });
    Ok(Chosen {
        figures: figures.collect(),
        opened: match choice(rates[0], rates[1]) {
            EngineChoice::Embedded => with_ours,
            _ => with_theirs,
        },
    })
}

/// By pictures a second. If ONNX Runtime is gone the next time, `Auto` says so and goes on.
fn choice(ours: f64, theirs: f64) -> EngineChoice {
    if theirs > ours * CLEARLY {
        EngineChoice::Auto
    } else {
        EngineChoice::Embedded
    }
}

/// The names of the rates of the built-in engine and of ONNX Runtime, if there is a choice.
fn rate_names(request: &EngineRequest, model: &ModelRecord) -> Option<[String; 2]> {
    let is_open = request.engine == EngineChoice::Auto
        && [Provider::Auto, Provider::Cpu].contains(&request.provider);
    let places = Places::of_this_machine(request.library.as_deref());
    let library = is_open
        .then(|| find::candidates(&places))?
        .into_iter()
        .next()?;
    // Another version of it has another size or time, or else another path.
    let stamp = std::fs::metadata(&library).ok().map(|metadata| {
        let changed = metadata.modified().ok();
        let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        (metadata.len(), since.map(|since| since.as_nanos()))
    });
    let (threads, provider, key) = (request.threads, request.provider.name(), model.key());
    Some([
        format!("rate of {} x {threads} {key}", embedded::build()),
        format!(
            "rate of {} {stamp:?} {provider} x {threads} {key}",
            library.display()
        ),
    ])
}

/// Pictures a second of all embedders at once, each in a thread, as they will run.
fn rate(embedders: &mut [Box<dyn Embedder>], side: u32) -> Result<f64, PipelineError> {
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (index, embedder) in embedders.iter_mut().enumerate() {
            let thread = std::thread::Builder::new()
                .name(format!("measure-{index}"))
                .spawn_scoped(scope, move || rate_of_one(embedder.as_mut(), side))
                .map_err(PipelineError::Thread)?;
            threads.push(thread);
        }
        let mut sum = 0.0;
        for thread in threads {
            sum += thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(sum)
    })
}

/// The best of some runs: other programs only make them slower.
fn rate_of_one(embedder: &mut dyn Embedder, side: u32) -> Result<f64, EmbedError> {
    let pictures = vec![ModelInput::ramp(side); embedder.batch_size().max(1)];
    embedder.embed(&pictures)?;
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while best == Duration::MAX || begun.elapsed() < MEASURED_FOR {
        let begun = Instant::now();
        embedder.embed(&pictures)?;
        best = best.min(begun.elapsed());
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of pictures")]
    let pictures = pictures.len() as f64;
    Ok(pictures / best.as_secs_f64().max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::bundled;

    fn request(engine: EngineChoice, library: Option<&std::path::Path>) -> EngineRequest {
        EngineRequest {
            engine,
            provider: Provider::Auto,
            threads: 2,
            library: library.map(std::path::Path::to_owned),
            ..EngineRequest::default()
        }
    }

    #[test]
    fn there_is_a_choice_only_where_it_is_left_open() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so");
        std::fs::write(&library, "not a library").unwrap();
        let model = bundled::record();
        let names = |engine| rate_names(&request(engine, Some(&library)), &model);
        assert_eq!(names(EngineChoice::Embedded), None);
        assert_eq!(names(EngineChoice::OnnxRuntime), None);
        let [ours, theirs] = names(EngineChoice::Auto).unwrap();
        assert!(ours.contains("mbconv") && theirs.contains("libonnxruntime"));
        // Another version of the library is another thing.
        std::fs::write(&library, "not a library either").unwrap();
        let [same, other] = names(EngineChoice::Auto).unwrap();
        assert!(same == ours && other != theirs);
    }

    #[test]
    fn what_was_measured_is_taken_without_opening_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so");
        std::fs::write(&library, "not a library").unwrap();
        let model = bundled::record();
        let request = request(EngineChoice::Auto, Some(&library));
        let [ours, theirs] = rate_names(&request, &model).unwrap();
        let figures = |rate| HashMap::from([(ours.clone(), 100.0), (theirs.clone(), rate)]);
        // A note says that ONNX Runtime was tried.
        for (rate, tries_it) in [(50.0, false), (119.0, false), (121.0, true)] {
            let chosen = open(&request, &model, || figures(rate), &Arc::default()).unwrap();
            assert_eq!(chosen.opened.engine.name, "embedded");
            assert_eq!(chosen.opened.note.is_some(), tries_it, "{rate}");
            assert!(chosen.figures.is_empty());
        }
        // Nothing is remembered of a library that does not load.
        let chosen = open(&request, &model, HashMap::new, &Arc::default()).unwrap();
        assert!(chosen.opened.note.is_some() && chosen.figures.is_empty());
    }

    #[test]
    fn a_rate_is_that_of_all_embedders() {
        let mut opened =
            embed::open(&request(EngineChoice::Embedded, None), &bundled::record()).unwrap();
        assert_eq!(opened.embedders.len(), 2);
        let rate = rate(&mut opened.embedders, 224).unwrap();
        assert!(rate.is_finite() && rate > 0.0, "{rate}");
    }
}
