//! Carries out what the views ask for, and takes in what the jobs bring.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui;

use super::App;
use super::command::{Command, FolderChange, ReviewCommand};
use super::jobs::Answer;
use super::review::{Refusal, Review};
use super::state::{Folder, Found, Scan, View};
use crate::matching::Cosine;
use crate::pipeline::{Analysis, PipelineError, Request};

/// How often a running scan asks for a frame.
const SCAN_FRAME: Duration = Duration::from_millis(100);

impl App {
    /// Carries out one wish.
    pub(super) fn act(&mut self, command: Command) {
        let state = &mut self.state;
        match command {
            Command::Show(view) => {
                state.view = view;
                if view == View::Settings {
                    self.look();
                }
            }
            Command::ChooseFolders => self.jobs.choose_folders(),
            Command::AddFolders(folders) => self.add_folders(folders),
            Command::ForgetFolder(path) => state.folders.retain(|folder| folder.path != path),
            Command::SetFolder(path, change) => {
                if let Some(folder) = state.folders.iter_mut().find(|f| f.path == path) {
                    match change {
                        FolderChange::Included(is) => folder.is_included = is,
                        FolderChange::Protected(is) => folder.is_protected = is,
                        FolderChange::Preferred(is) => folder.is_preferred = is,
                    }
                }
            }
            Command::StartScan => self.start_scan(),
            Command::CancelScan => {
                if let Some(scan) = self.jobs.scan() {
                    scan.cancel();
                }
            }
            Command::PauseScan | Command::ResumeScan => {}
            Command::ShowInFolder(path) => self.jobs.show_in_folder(path),
            Command::CloseBanner(at) => {
                if at < state.banners.len() {
                    state.banners.remove(at);
                }
            }
            Command::ToggleCheatSheet => state.cheat_sheet = !state.cheat_sheet,
            Command::Review(command) => self.review(command),
            Command::Settings(command) => self.settings(command),
            Command::LoadThumbnail(hash) => {
                if state.thumbnails.begin(hash) && !self.jobs.load_thumbnail(hash) {
                    state.thumbnails.forget(hash);
                }
            }
        }
    }

    fn review(&mut self, command: ReviewCommand) {
        let state = &mut self.state;
        let Some(review) = &mut state.review else {
            return;
        };
        let done = match command {
            ReviewCommand::GoTo(place) => {
                review.go_to(place);
                Ok(())
            }
            ReviewCommand::StepGroup(step) => {
                review.step_group(step);
                Ok(())
            }
            ReviewCommand::GoToMember(number) => {
                review.go_to_member(number);
                Ok(())
            }
            ReviewCommand::StepPhoto(step) => {
                review.step_photo(step);
                Ok(())
            }
            ReviewCommand::NextUndecided => {
                if !review.go_to_undecided() {
                    self.toasts.info("Every group in the list is decided.");
                }
                Ok(())
            }
            ReviewCommand::Toggle(photo) => review.toggle(photo),
            ReviewCommand::SetMark(photo, mark) => review.set_mark(photo, mark),
            ReviewCommand::KeepOnly(number) => review.keep_only(number),
            ReviewCommand::Accept => review.accept().map(|()| {
                review.go_to_undecided();
            }),
            ReviewCommand::Undo => {
                match review.undo() {
                    Some(name) => self.toasts.info(format!("Undone: {name}")),
                    None => self.toasts.info("There is nothing to undo."),
                };
                Ok(())
            }
            ReviewCommand::Redo => {
                match review.redo() {
                    Some(name) => self.toasts.info(format!("Done again: {name}")),
                    None => self.toasts.info("There is nothing to do again."),
                };
                Ok(())
            }
            ReviewCommand::SetFilter(filter) => {
                review.set_filter(filter);
                Ok(())
            }
            ReviewCommand::SetOrder(order) => {
                review.set_order(order);
                Ok(())
            }
            ReviewCommand::Cut(similarity) => {
                review.cut(Cosine(similarity));
                Ok(())
            }
            ReviewCommand::Apply(rule, scope) => {
                let selection = review.select(&rule, scope);
                state.rules_open = false;
                review.apply(&selection)
            }
            ReviewCommand::OpenRules(open) => {
                state.rules_open = open;
                Ok(())
            }
            ReviewCommand::Find => {
                state.focus_search = true;
                Ok(())
            }
        };
        if let Err(refusal) = done {
            self.refuse(refusal);
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.toasts.warning(refusal.to_string());
    }

    fn add_folders(&mut self, folders: Vec<PathBuf>) {
        for path in folders {
            let known = self.state.folders.iter().any(|folder| folder.path == path);
            if !known {
                self.state.folders.push(Folder::new(path));
            }
        }
    }

    fn start_scan(&mut self) {
        let included = |folder: &&Folder| folder.is_included;
        let folders: Vec<PathBuf> = (self.state.folders.iter().filter(included))
            .map(|folder| folder.path.clone())
            .collect();
        if folders.is_empty() {
            self.state
                .complain("There is no folder to look into. Add one or include one first.");
            return;
        }
        let started = Request::from_settings(&self.state.settings, &self.places, None, folders)
            .map_err(|error| error.to_string())
            .and_then(|request| {
                self.jobs
                    .start_scan(request)
                    .map_err(|error| error.to_string())
            });
        if let Err(error) = started {
            self.state.complain(error);
        }
    }

    /// Shows how far the scan is.
    pub(super) fn follow_scan(&mut self, ctx: &egui::Context) {
        let was_stopping = self.state.scan.as_ref().is_some_and(|scan| scan.is_stopping);
        self.state.scan = self.jobs.scan().map(|running| {
            ctx.request_repaint_after(SCAN_FRAME);
            let progress = running.progress();
            Scan {
                stages: progress.stages(),
                current: progress.current(),
                elapsed: progress.elapsed(),
                is_stopping: was_stopping,
            }
        });
    }

    /// Takes in what a job brought.
    pub(super) fn take(&mut self, ctx: &egui::Context, answer: Answer) {
        match answer {
            Answer::Scanned(result) => match *result {
                Ok(analysis) => self.take_analysis(analysis),
                Err(PipelineError::Cancelled) => {
                    self.toasts
                        .info("Stopped. What was finished is kept for the next scan.");
                }
                Err(error) => self.state.complain(error.to_string()),
            },
            Answer::Thumbnail(hash, image) => self.state.thumbnails.finish(ctx, hash, image),
            Answer::Folders(folders) => self.add_folders(folders),
            Answer::Settings(answer) => self.take_settings(answer),
            Answer::Failed(text) => self.state.complain(text),
        }
    }

    fn take_analysis(&mut self, analysis: Analysis) {
        for notice in analysis.notices {
            self.state.note(notice);
        }
        self.state.found = Some(Found {
            engine: analysis.engine,
            problems: analysis.problems,
            photos: analysis.photos.len(),
            bytes: analysis.photos.iter().map(|photo| photo.stamp.size).sum(),
            took: analysis.elapsed,
        });
        self.jobs.show_pictures_of(analysis.cache);
        let protected: Vec<PathBuf> = (self.state.folders.iter())
            .filter(|folder| folder.is_protected)
            .map(|folder| folder.path.clone())
            .collect();
        self.state.review = Some(Review::new(
            analysis.photos,
            analysis.shots,
            analysis.similarity,
            |photo| protected.iter().any(|folder| photo.path.starts_with(folder)),
        ));
        if self.state.view == View::Library {
            self.state.view = View::Review;
        }
    }
}
