//! Carries out what the benchmark view asks for, and takes in what the jobs bring.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::{
    BenchmarkCommand, BenchmarkFile, Comparing, Format, Measuring, Now, Pictures, Shelved, Shown,
    Used, way,
};
use crate::app::App;
use crate::app::jobs::{BenchmarkAnswer, Ended, Told, WaysRequest};
use crate::app::settings::{Change, SettingsCommand};
use crate::bench::candidates::Choice;
use crate::bench::schema::Run;

/// How often a run that is measured asks for a frame of itself.
const TICK: Duration = Duration::from_secs(1);

impl App {
    /// Carries out one wish of the benchmark view.
    pub(in crate::app) fn act_on_benchmark(&mut self, command: BenchmarkCommand) {
        let state = &mut self.state.benchmark;
        match command {
            BenchmarkCommand::Look => self.look_for_benchmark(),
            BenchmarkCommand::Set(form) => state.form = form,
            BenchmarkCommand::Include(id, true) => {
                state.left_out.remove(&id);
            }
            BenchmarkCommand::Include(id, false) => {
                state.left_out.insert(id);
            }
            BenchmarkCommand::Choose(wanted) => self.jobs.choose_for_benchmark(wanted),
            BenchmarkCommand::Start => self.start_benchmark(),
            BenchmarkCommand::Stop => {
                self.jobs.benchmark.stop();
                if let Some(measuring) = &mut state.measuring {
                    measuring.is_stopping = true;
                }
            }
            BenchmarkCommand::Show(place) => self.take_from_shelf(place, false),
            BenchmarkCommand::Compare(None) => state.compared = None,
            BenchmarkCommand::Compare(Some(place)) => self.take_from_shelf(place, true),
            BenchmarkCommand::Take(paths) => self.take_dropped(paths),
            BenchmarkCommand::AskToDelete(file) => state.shelf.asks_to_delete = file,
            BenchmarkCommand::Delete(file) => {
                state.shelf.asks_to_delete = None;
                self.jobs.benchmark.delete(file);
            }
            BenchmarkCommand::Plot(plot) => state.plot = plot,
            BenchmarkCommand::Sort(column) => state.order = state.order.clicked(column),
            BenchmarkCommand::Use => self.use_recommended(),
            BenchmarkCommand::UndoUse => self.undo_use(),
        }
        self.compare_shown();
    }

    /// Sets the run that is shown beside the one that it is compared with, unless that was done.
    fn compare_shown(&mut self) {
        let state = &mut self.state.benchmark;
        let (Some(shown), Some(compared)) = (&state.shown, &state.compared) else {
            state.comparing = None;
            return;
        };
        let (first, second) = (Arc::clone(&compared.run), Arc::clone(&shown.run));
        let done = state.comparing.as_ref();
        if done.is_some_and(|comparing| comparing.is_of(&first, &second)) {
            return;
        }
        let comparing = Comparing {
            first: Arc::clone(&first),
            second: Arc::clone(&second),
            comparison: None,
        };
        if self.jobs.benchmark.compare(first, second) {
            state.comparing = Some(comparing);
        } else {
            (state.compared, state.comparing) = (None, None);
        }
    }

    /// Looks for ways of computing and for runs.
    pub(in crate::app) fn look_for_benchmark(&mut self) {
        let state = &mut self.state.benchmark;
        state.has_looked = true;
        // A look takes from the processor that is measured.
        if self.jobs.benchmark.is_measuring() {
            return;
        }
        let settings = &self.state.settings;
        let servers = settings.servers.iter().filter(|server| !server.disabled);
        let request = WaysRequest {
            models: settings.models_folder(&self.places),
            model: settings.model.clone(),
            library: settings.onnxruntime_library.clone(),
            servers: servers.cloned().collect(),
            session: self.session.clone(),
        };
        if request.servers.is_empty() {
            state.servers = Some(Vec::new());
        }
        self.jobs.benchmark.look_for_ways(request);
        self.jobs.benchmark.look_for_runs();
        if state.shelf.reference.is_none() {
            self.jobs.benchmark.read_reference();
        }
    }

    fn start_benchmark(&mut self) {
        if let Some(obstacle) = way::obstacle(&self.state) {
            self.tell(obstacle);
            return;
        }
        let state = &mut self.state.benchmark;
        let choices: Vec<Choice> = state.chosen().cloned().collect();
        let plan = state.form.plan(&self.state.settings);
        let photos = state.form.source(way::first_folder(&self.state.folders));
        let planned = choices.iter().map(|way| match way.obstacle {
            None => plan.measurements(way.server().is_some()),
            Some(_) => 0,
        });
        let measuring = Measuring {
            planned: planned.collect(),
            run: way::draft(&plan, &choices),
            began: Instant::now(),
            now: Now::Photos { done: 0, all: 0 },
            done: 0,
            sends: state.sends(),
            is_stopping: false,
        };
        match self.jobs.benchmark.start(plan, photos, choices) {
            Ok(()) => {
                state.trouble = None;
                state.used = None;
                state.compared = None;
                state.measuring = Some(measuring);
            }
            Err(error) => self.state.complain(error),
        }
    }

    /// Shows what has happened in the run that is measured. Frames are few, for drawing takes from
    /// the processor that is measured: one when there is news, and one a second for the clock.
    pub(in crate::app) fn follow_benchmark(&mut self, ctx: &egui::Context) {
        let (news, ended) = self.jobs.benchmark.follow();
        if let Some(measuring) = &mut self.state.benchmark.measuring {
            for told in news {
                measuring.take(told);
            }
        }
        if let Some(ended) = ended {
            self.benchmark_ended(ended);
        }
        if self.state.benchmark.measuring.is_some() {
            ctx.request_repaint_after(TICK);
        }
    }

    fn benchmark_ended(&mut self, ended: Ended) {
        let state = &mut self.state.benchmark;
        state.measuring = None;
        match ended {
            Ended::Stopped => self.tell("Stopped before anything was measured."),
            Ended::Failed(reason) => state.trouble = Some(reason),
            Ended::Measured { run, kept } => {
                let place = match kept {
                    Ok(file) => Shelved::Kept(file),
                    Err(reason) => {
                        state.shelf.session.push(Arc::clone(&run));
                        let number = state.shelf.session.len() - 1;
                        let text = format!("{reason} The results last until Twinlens is closed.");
                        self.state.complain(text);
                        Shelved::Session(number)
                    }
                };
                self.show_run(place, run);
                self.jobs.benchmark.look_for_runs();
            }
        }
    }

    fn show_run(&mut self, place: Shelved, run: Arc<Run>) {
        let state = &mut self.state.benchmark;
        state.trouble = None;
        state.used = None;
        if (state.compared.as_ref()).is_some_and(|compared| compared.place == place) {
            state.compared = None;
        }
        state.shown = Some(Shown { place, run });
    }

    fn take_from_shelf(&mut self, place: Shelved, is_second: bool) {
        let known = &self.state.benchmark.shelf;
        let run = match &place {
            Shelved::Kept(file) => {
                self.jobs.benchmark.read(file.clone(), is_second);
                return;
            }
            Shelved::Session(number) => known.session.get(*number),
            Shelved::Reference(number) => match &known.reference {
                Some(Ok(runs)) => runs.get(*number),
                _ => None,
            },
        };
        if let Some(run) = run.map(Arc::clone) {
            self.took_from_shelf(place, run, is_second);
        }
    }

    fn took_from_shelf(&mut self, place: Shelved, run: Arc<Run>, is_second: bool) {
        if is_second {
            self.state.benchmark.compared = Some(Shown { place, run });
        } else {
            self.show_run(place, run);
        }
    }

    /// Runs are imported; a folder is where photos come from.
    fn take_dropped(&mut self, paths: Vec<PathBuf>) {
        let is_run = |path: &Path| {
            path.extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("json"))
        };
        for path in paths {
            if is_run(&path) {
                self.jobs.benchmark.import(path);
            } else {
                self.state.benchmark.form.pictures = Pictures::Folder(path);
            }
        }
    }

    /// Takes in what a job brought.
    pub(in crate::app) fn take_benchmark(&mut self, answer: BenchmarkAnswer) {
        let state = &mut self.state.benchmark;
        match answer {
            BenchmarkAnswer::Local(ways) => state.local = Some(ways),
            BenchmarkAnswer::Servers(ways) => state.servers = Some(ways),
            BenchmarkAnswer::Kept(kept) => state.shelf.kept = Some(kept),
            BenchmarkAnswer::Reference(runs) => state.shelf.reference = Some(runs),
            BenchmarkAnswer::Read {
                file,
                is_second,
                run,
            } => match run {
                Ok(run) => self.took_from_shelf(Shelved::Kept(file), run, is_second),
                Err(error) => self.state.complain(error),
            },
            BenchmarkAnswer::Imported(Ok(file)) => {
                self.jobs.benchmark.look_for_runs();
                self.jobs.benchmark.read(file, false);
            }
            BenchmarkAnswer::Deleted(Ok(file)) => {
                let gone = Shelved::Kept(file);
                let is_gone = |shown: &mut Shown| shown.place == gone;
                state.shown.take_if(is_gone);
                state.compared.take_if(is_gone);
                self.jobs.benchmark.look_for_runs();
            }
            BenchmarkAnswer::Exported(Ok(to)) => self.tell(format!("Saved: {}", to.display())),
            BenchmarkAnswer::Imported(Err(error))
            | BenchmarkAnswer::Deleted(Err(error))
            | BenchmarkAnswer::Exported(Err(error)) => self.state.complain(error),
            BenchmarkAnswer::Compared {
                first,
                second,
                comparison,
            } => {
                // Another may be wanted by now.
                let wanted = state.comparing.as_mut();
                if let Some(comparing) = wanted.filter(|it| it.is_of(&first, &second)) {
                    comparing.comparison = Some(comparison);
                }
            }
            BenchmarkAnswer::Chosen(wanted, path) => self.take_chosen_for_benchmark(wanted, path),
        }
        self.compare_shown();
    }

    fn take_chosen_for_benchmark(&mut self, wanted: BenchmarkFile, path: PathBuf) {
        match wanted {
            BenchmarkFile::Photos => self.state.benchmark.form.pictures = Pictures::Folder(path),
            BenchmarkFile::Import => self.jobs.benchmark.import(path),
            BenchmarkFile::Export(format) => self.export_run(format, path),
        }
    }

    fn export_run(&mut self, format: Format, to: PathBuf) {
        // It may have been deleted while the dialog was open.
        if let Some(shown) = &self.state.benchmark.shown {
            self.jobs
                .benchmark
                .export(Arc::clone(&shown.run), format, to);
        }
    }

    fn use_recommended(&mut self) {
        let Ok(choice) = way::recommended(&self.state).cloned() else {
            return;
        };
        let before = Box::new(self.state.settings.clone());
        for change in way::changes(&choice, &before) {
            self.settings(SettingsCommand::Change(change));
        }
        let told = format!("{} computes from the next scan on.", way::name(&choice));
        self.tell(told.clone());
        self.state.benchmark.used = Some(Used { told, before });
    }

    fn undo_use(&mut self) {
        let Some(Used { before, .. }) = self.state.benchmark.used.take() else {
            return;
        };
        for change in [
            Change::Servers(before.servers),
            Change::Engine(before.engine),
            Change::Provider(before.provider),
            Change::Model(before.model),
        ] {
            self.settings(SettingsCommand::Change(change));
        }
        self.tell("The settings are as they were before.");
    }
}

impl Measuring {
    /// Takes in what has happened.
    fn take(&mut self, told: Told) {
        match told {
            Told::Photos { done, all } => self.now = Now::Photos { done, all },
            Told::Way { number, all, id } => {
                self.done = 0;
                self.now = Now::Way {
                    number,
                    all,
                    id,
                    scenario: None,
                    window: None,
                };
            }
            Told::Scenario(title) => {
                if let Now::Way {
                    scenario, window, ..
                } = &mut self.now
                {
                    (*scenario, *window) = (Some(title), None);
                }
            }
            Told::Window(stretch) => {
                if let Now::Way { window, .. } = &mut self.now {
                    *window = Some(stretch);
                }
            }
            Told::Measured { id, scenario } => {
                self.done += 1;
                let mut ways = self.run.candidates.iter_mut();
                if let Some(way) = ways.find(|way| way.id == id) {
                    way.scenarios.push(*scenario);
                }
            }
        }
    }
}
