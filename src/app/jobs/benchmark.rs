//! What the benchmark view waits for: a look for ways of computing, the measuring, and files.
//!
//! Three threads, each started when it is first needed: one measures, one looks for ways (a server
//! may keep it waiting), one reads and writes runs.

mod export;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::Context;

use super::Answer;
use super::errands::Errands;
use crate::app::benchmark::{BenchmarkFile, Format};
use crate::bench::candidates::{self, Choice, Wanted};
use crate::bench::compare::{self, Comparison};
use crate::bench::history::{self, Listed};
use crate::bench::reference::Reference;
use crate::bench::schema::{Run, Scenario, Window};
use crate::bench::{self, BenchError, Event, Photos, Plan};
use crate::embed::remote::Server;
use crate::embed::remote::vault::Session;
use crate::embed::store::{ModelStore, State};
use crate::embed::{EmbedError, ModelRecord};
use crate::scan::ScanError;

/// Messages of a run that may wait for a frame.
const TOLD: usize = 256;

/// How long the closing window waits for a run that was stopped. A measurement ends at once; a
/// large model that is being loaded does not, and what was measured before it is lost then.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of the work. Errors are sentences.
pub(crate) enum BenchmarkAnswer {
    /// The ways of computing on this machine.
    Local(Result<Vec<Choice>, String>),
    /// Those of the servers that are set up.
    Servers(Vec<Choice>),
    /// The runs on the disk.
    Kept(Result<Vec<Listed>, String>),
    /// The runs that come with the program.
    Reference(Result<Vec<Arc<Run>>, String>),
    /// A run was read; it is to be shown, or compared with.
    Read {
        /// Its file.
        file: PathBuf,
        /// Whether it is to be compared with the one that is shown.
        is_second: bool,
        /// The run.
        run: Result<Arc<Run>, String>,
    },
    /// A run was taken into the folder.
    Imported(Result<PathBuf, String>),
    /// A run was deleted.
    Deleted(Result<PathBuf, String>),
    /// A run was written there.
    Exported(Result<PathBuf, String>),
    /// Two runs were set beside each other.
    Compared {
        /// The first.
        first: Arc<Run>,
        /// The second.
        second: Arc<Run>,
        /// What came of it.
        comparison: Comparison,
    },
    /// Of a dialog of the system.
    Chosen(BenchmarkFile, PathBuf),
}

impl From<BenchmarkAnswer> for Answer {
    fn from(answer: BenchmarkAnswer) -> Self {
        Self::Benchmark(answer)
    }
}

/// What happens in a run: an [`Event`] that is owned.
pub(crate) enum Told {
    /// Photos are read.
    Photos {
        /// So many are done.
        done: usize,
        /// Of so many.
        all: usize,
    },
    /// A way begins.
    Way {
        /// The how many-th, from 1.
        number: usize,
        /// Of so many.
        all: usize,
        /// Its name.
        id: String,
    },
    /// A measurement of it begins.
    Scenario(String),
    /// A stretch of the measurement has ended.
    Window(Window),
    /// The measurement is done.
    Measured {
        /// The way's name.
        id: String,
        /// What was measured.
        scenario: Box<Scenario>,
    },
}

/// What comes from the thread that measures.
enum Message {
    /// Something has happened.
    Told(Told),
    /// The run is over.
    Ended(Ended),
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Photos { done, all } => Self::Photos { done, all },
            Event::Candidate { number, all, id } => Self::Way {
                number,
                all,
                id: id.to_owned(),
            },
            Event::Scenario(title) => Self::Scenario(title.to_owned()),
            Event::Window(window) => Self::Window(window.clone()),
            Event::Measured {
                candidate,
                scenario,
            } => Self::Measured {
                id: candidate.to_owned(),
                scenario: Box::new(scenario.clone()),
            },
        }
    }
}

/// How a run ended.
pub(crate) enum Ended {
    /// There are results.
    Measured {
        /// They.
        run: Arc<Run>,
        /// Where they are kept, or why they are not.
        kept: Result<PathBuf, String>,
    },
    /// It was stopped before anything was measured.
    Stopped,
    /// It came to nothing, for this reason.
    Failed(String),
}

/// What is asked for, to look for ways.
pub(crate) struct WaysRequest {
    /// The models folder.
    pub(crate) models: PathBuf,
    /// The name or file of the model in use; none is the bundled one.
    pub(crate) model: Option<String>,
    /// The library of ONNX Runtime, if the user named it.
    pub(crate) library: Option<PathBuf>,
    /// The servers that are set up and not switched off.
    pub(crate) servers: Vec<Server>,
    /// Their secrets that are not in the keyring.
    pub(crate) session: Session,
}

/// The threads.
pub(crate) struct BenchmarkJobs {
    ctx: Context,
    answers: Sender<Answer>,
    /// Where runs are kept.
    folder: PathBuf,
    ways: Option<Errands>,
    files: Option<Errands>,
    comparisons: Option<Errands>,
    running: Option<Running>,
}

/// A run that is measured.
struct Running {
    cancel: Arc<AtomicBool>,
    told: Receiver<Message>,
    thread: JoinHandle<()>,
}

impl BenchmarkJobs {
    /// Keeps runs in `folder`. No thread runs yet.
    pub(super) fn new(folder: PathBuf, ctx: Context, answers: Sender<Answer>) -> Self {
        Self {
            ctx,
            answers,
            folder,
            ways: None,
            files: None,
            comparisons: None,
            running: None,
        }
    }

    /// Looks for ways of computing.
    pub(crate) fn look_for_ways(&mut self, request: WaysRequest) {
        if self.ways.is_none() {
            self.ways = Errands::start("benchmark-ways", self.ctx.clone(), self.answers.clone());
        }
        // What is refused is looked for when the view is opened again.
        let Some(ways) = &self.ways else {
            return;
        };
        // A server that does not answer must not keep back what is here.
        let request = Arc::new(request);
        let of_here = Arc::clone(&request);
        ways.add(move |_| {
            let local =
                models(&of_here).map(|models| candidates::local(&models, &of_here.wanted()));
            Some(BenchmarkAnswer::Local(local.map_err(|error| error.to_string())).into())
        });
        if !request.servers.is_empty() {
            ways.add(move |cancel| {
                // What is wrong with the models is said of those of this machine.
                let models = models(&request).ok()?;
                let servers = candidates::servers(&models, &request.wanted(), cancel);
                Some(BenchmarkAnswer::Servers(servers).into())
            });
        }
    }

    /// Lists the runs on the disk.
    pub(crate) fn look_for_runs(&mut self) {
        let folder = self.folder.clone();
        self.with_files(move || {
            BenchmarkAnswer::Kept(history::list(&folder).map_err(|error| error.to_string()))
        });
    }

    /// Reads what comes with the program.
    pub(crate) fn read_reference(&mut self) {
        self.with_files(|| {
            let reference = Reference::load().map_err(|error| error.to_string());
            let runs = |reference: Reference| reference.runs.into_iter().map(Arc::new).collect();
            BenchmarkAnswer::Reference(reference.map(runs))
        });
    }

    /// Reads a kept run, to show it or to compare with it.
    pub(crate) fn read(&mut self, file: PathBuf, is_second: bool) {
        self.with_files(move || BenchmarkAnswer::Read {
            run: history::load(&file)
                .map(Arc::new)
                .map_err(|error| format!("{error}: {}", file.display())),
            file,
            is_second,
        });
    }

    /// Takes the run of a file in.
    pub(crate) fn import(&mut self, file: PathBuf) {
        let folder = self.folder.clone();
        self.with_files(move || {
            let imported = history::import(&folder, &file);
            BenchmarkAnswer::Imported(
                imported.map_err(|error| format!("{error}: {}", file.display())),
            )
        });
    }

    /// Deletes a kept run.
    pub(crate) fn delete(&mut self, file: PathBuf) {
        self.with_files(move || {
            let deleted = history::delete(&file).map_err(|error| error.to_string());
            BenchmarkAnswer::Deleted(deleted.map(|()| file))
        });
    }

    /// Writes a run to a file, or its plots into a folder.
    pub(crate) fn export(&mut self, run: Arc<Run>, format: Format, to: PathBuf) {
        self.with_files(move || {
            let written = export::write(&run, format, &to).map_err(|error| error.to_string());
            BenchmarkAnswer::Exported(written.map(|()| to))
        });
    }

    /// Sets two runs beside each other, in a thread of its own: resampling takes seconds, and files
    /// do not wait for it. Whether there was room for it.
    pub(crate) fn compare(&mut self, first: Arc<Run>, second: Arc<Run>) -> bool {
        if self.comparisons.is_none() {
            let name = "benchmark-compare";
            self.comparisons = Errands::start(name, self.ctx.clone(), self.answers.clone());
        }
        let work = move |_: &AtomicBool| {
            let comparison = compare::runs(&first, &second);
            let compared = BenchmarkAnswer::Compared {
                first,
                second,
                comparison,
            };
            Some(compared.into())
        };
        let added = (self.comparisons.as_ref()).is_some_and(|comparisons| comparisons.add(work));
        if !added {
            self.too_much();
        }
        added
    }

    fn with_files(&mut self, work: impl FnOnce() -> BenchmarkAnswer + Send + 'static) {
        if self.files.is_none() {
            self.files = Errands::start("benchmark-files", self.ctx.clone(), self.answers.clone());
        }
        let done = self
            .files
            .as_ref()
            .is_some_and(|files| files.add(move |_: &AtomicBool| Some(work().into())));
        if !done {
            self.too_much();
        }
    }

    fn too_much(&self) {
        let text = "There is too much to do at present; try again in a moment.";
        // Full means that there is enough to tell already.
        self.answers.try_send(Answer::Failed(text.to_owned())).ok();
    }

    /// Starts to measure; one at a time.
    ///
    /// # Errors
    /// In words, if one runs or the system starts no more threads.
    pub(crate) fn start(
        &mut self,
        plan: Plan,
        photos: Photos,
        choices: Vec<Choice>,
    ) -> Result<(), String> {
        if self.running.is_some() {
            return Err("A benchmark is running already.".to_owned());
        }
        let cancel = Arc::new(AtomicBool::new(false));
        let (tell, told) = bounded(TOLD);
        let thread = std::thread::Builder::new()
            .name("benchmark".to_owned())
            .spawn({
                let (cancel, ctx, folder) =
                    (Arc::clone(&cancel), self.ctx.clone(), self.folder.clone());
                move || {
                    let ended = measure(&plan, &photos, &choices, &folder, &cancel, &ctx, &tell);
                    // The window was closed meanwhile: what was measured is kept all the same.
                    tell.send(Message::Ended(ended)).ok();
                    ctx.request_repaint();
                }
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        self.running = Some(Running {
            cancel,
            told,
            thread,
        });
        Ok(())
    }

    /// Asks the run to stop; what is measured is kept.
    pub(crate) fn stop(&self) {
        if let Some(running) = &self.running {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Whether something is measured.
    pub(crate) fn is_measuring(&self) -> bool {
        self.running.is_some()
    }

    /// What has happened since the last call, and how the run ended if it has.
    pub(crate) fn follow(&mut self) -> (Vec<Told>, Option<Ended>) {
        let (mut news, mut ended) = (Vec::new(), None);
        let Some(running) = &self.running else {
            return (news, ended);
        };
        // Asked first: a thread that has ended has told everything.
        let is_over = running.thread.is_finished();
        for message in running.told.try_iter() {
            match message {
                Message::Told(told) => news.push(told),
                Message::Ended(how) => ended = Some(how),
            }
        }
        if (is_over || ended.is_some())
            && let Some(running) = self.running.take()
        {
            (running.thread.join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        (news, ended)
    }
}

impl Drop for BenchmarkJobs {
    /// What is measured by now is kept.
    fn drop(&mut self) {
        self.stop();
        if let Some(Running { told, thread, .. }) = self.running.take() {
            // With nobody to be told, nothing waits for a frame any more.
            drop(told);
            super::join_within(PATIENCE, thread);
        }
    }
}

impl WaysRequest {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            library: self.library.as_deref(),
            servers: self.servers.clone(),
            session: self.session.clone(),
            ..Wanted::default()
        }
    }
}

/// All models that can be used.
fn models(request: &WaysRequest) -> Result<Vec<ModelRecord>, EmbedError> {
    let store = ModelStore::new(&request.models)?;
    let listed = store.list()?.into_iter();
    let usable = listed.filter(|model| matches!(model.state, State::Bundled | State::Installed));
    let mut models = usable
        .map(|model| store.find(&model.name))
        .collect::<Result<Vec<_>, _>>()?;
    // One that is chosen by its file is in no list.
    if let Some(chosen) = &request.model
        && let Ok(record) = store.find(chosen)
        && !models.iter().any(|model| model.name == record.name)
    {
        models.push(record);
    }
    Ok(models)
}

fn measure(
    plan: &Plan,
    photos: &Photos,
    choices: &[Choice],
    folder: &Path,
    cancel: &AtomicBool,
    ctx: &Context,
    tell: &Sender<Message>,
) -> Ended {
    let mut watch = |event: Event<'_>| {
        let may_wait = matches!(event, Event::Photos { .. } | Event::Window(_));
        let told = Message::Told(Told::from(event));
        if may_wait {
            // The next one says the same, only newer: measuring waits for no frame.
            tell.try_send(told).ok();
        } else {
            // The window was closed meanwhile: nobody is left to tell.
            tell.send(told).ok();
        }
        ctx.request_repaint();
    };
    match bench::run(plan, photos, choices, cancel, &mut watch) {
        Ok(run) if !run.has_measurements() => {
            if cancel.load(Ordering::Relaxed) {
                Ended::Stopped
            } else {
                Ended::Failed(nothing(&run))
            }
        }
        Ok(run) => Ended::Measured {
            kept: history::save(folder, &run).map_err(|error| error.to_string()),
            run: Arc::new(run),
        },
        Err(BenchError::Scan(ScanError::Cancelled)) => Ended::Stopped,
        Err(error) => Ended::Failed(error.to_string()),
    }
}

/// Why nothing was measured.
fn nothing(run: &Run) -> String {
    let reasons = run.candidates.iter().filter_map(|way| {
        let reason = way.reason.as_ref()?;
        Some(format!("{}: {reason}", way.id))
    });
    let mut told = "None of the candidates can run.".to_owned();
    for reason in reasons {
        told.push(' ');
        told.push_str(&reason);
    }
    told
}
