//! The scan: started, followed, ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use jiff::Timestamp;

use crate::app::App;
use crate::app::jobs::Note;
use crate::app::review::{Cutter, Review};
use crate::app::state::{Found, Scan, View};
use crate::library::FolderScan;
use crate::matching::Cosine;
use crate::photo::Photo;
use crate::pipeline::{Analysis, PipelineError};

/// How often a running scan asks for a frame.
const FRAME: Duration = Duration::from_millis(200);
/// How often its first results are looked at.
const LOOK: Duration = Duration::from_secs(2);

impl App {
    pub(super) fn start_scan(&mut self) {
        if self.state.removal.is_at_work() {
            self.tell("Photos are being moved; look again when that is done.");
            return;
        }
        if self.jobs.benchmark.is_measuring() {
            self.tell("A benchmark is running, which a scan would slow. Wait for it, or stop it.");
            return;
        }
        let included = self
            .state
            .folders
            .iter()
            .filter(|folder| folder.is_included);
        let folders: Vec<PathBuf> = included.map(|folder| folder.path.clone()).collect();
        if folders.is_empty() {
            self.state
                .complain("There is no folder to look into. Add one or include one first.");
            return;
        }
        let request = self.request(folders);
        let started = request.and_then(|request| {
            let started = self.jobs.start_scan(request);
            started.map_err(|error| error.to_string())
        });
        match started {
            Ok(()) => {
                self.shown_live = None;
                self.told_events = 0;
            }
            Err(error) => self.state.complain(error),
        }
    }

    pub(super) fn stop_scan(&mut self) {
        if let Some(running) = self.jobs.scan() {
            running.cancel();
        }
        if let Some(scan) = &mut self.state.scan {
            scan.is_stopping = true;
        }
    }

    pub(super) fn pause_scan(&mut self, pause: bool) {
        if let Some(running) = self.jobs.scan() {
            if pause {
                running.pause();
            } else {
                running.resume();
            }
        }
    }

    /// Shows how far the scan is, and its first results.
    pub(in crate::app) fn follow_scan(&mut self, ctx: &egui::Context) {
        let was_stopping = (self.state.scan.as_ref()).is_some_and(|scan| scan.is_stopping);
        let Some(running) = self.jobs.scan() else {
            self.state.scan = None;
            return;
        };
        ctx.request_repaint_after(FRAME);
        self.state.scan = Some(Scan {
            outlook: running.progress().outlook(),
            engine: running.engine().cloned(),
            is_paused: running.is_paused(),
            is_stopping: was_stopping,
        });
        let events = running.events_after(self.told_events);
        self.told_events += events.len();
        for event in events {
            self.state.note(event);
        }
        let Some(running) = self.jobs.scan() else {
            return;
        };
        // A review of a finished scan stays until the new one has ended.
        let has_finished = self.state.found.is_some();
        if has_finished || self.looked_live.is_some_and(|at| at.elapsed() < LOOK) {
            return;
        }
        self.looked_live = Some(Instant::now());
        let found = running.found();
        let is_news = (self.shown_live.as_ref()).is_none_or(|shown| !Arc::ptr_eq(shown, &found));
        if is_news && !found.groups.is_empty() {
            if self.shown_live.is_none() {
                self.show_pictures();
            }
            let review = Review::of_groups(
                Arc::clone(&found.photos),
                found.groups.clone(),
                self.is_protected(),
            );
            self.shown_live = Some(found);
            self.show_review(review);
        }
    }

    fn is_protected(&self) -> impl Fn(&Photo) -> bool + use<> {
        let folders = self.protected_folders();
        move |photo| folders.iter().any(|folder| photo.path.starts_with(folder))
    }

    /// Loads small pictures from the cache of the scan that runs.
    fn show_pictures(&mut self) {
        let cache = self.state.settings.cache_file(&self.places);
        // If it cannot be read, the scan says why at its end.
        if let Ok(Some(cache)) = crate::library::Cache::open_if_there(&cache) {
            self.jobs.show_pictures_of(cache);
        }
    }

    /// Takes in how the scan ended.
    pub(super) fn scan_ended(&mut self, result: Result<Analysis, PipelineError>) {
        self.state.scan = None;
        match result {
            Ok(analysis) => self.take_analysis(analysis),
            Err(PipelineError::Cancelled) => {
                self.tell("Stopped. What was finished is kept for the next scan.");
            }
            Err(error) => self.state.complain(error.to_string()),
        }
    }

    /// Shows an analysis in the review as if a scan had ended with it. For benches, which measure
    /// the window and not the scan.
    #[doc(hidden)]
    pub fn show_analysis(&mut self, analysis: Analysis) {
        self.take_analysis(analysis);
        self.state.view = View::Review;
    }

    fn take_analysis(&mut self, analysis: Analysis) {
        // Some of the events were shown while the scan ran.
        let events = analysis.events.into_iter().skip(self.told_events);
        for notice in analysis.notices.into_iter().chain(events) {
            self.state.note(notice);
        }
        let ended = Timestamp::now();
        for folder in &mut self.state.folders {
            if analysis.folders.contains(&folder.path) {
                let photos =
                    (analysis.photos.iter()).filter(|photo| photo.path.starts_with(&folder.path));
                folder.last_scan = Some(FolderScan {
                    ended,
                    photos: photos.clone().count() as u64,
                    bytes: photos.map(|photo| photo.stamp.size).sum(),
                });
                self.jobs.note(Note::Folder(folder.clone()));
            }
        }
        let is_first = self.state.found.is_none();
        self.jobs.show_pictures_of(analysis.cache);
        let cutter = Cutter {
            shots: Arc::new(analysis.shots),
            findings: Arc::new(analysis.findings),
            floor: Cosine(analysis.model.similarity_floor),
            grouping: analysis.grouping,
        };
        self.state.found = Some(Found {
            engine: analysis.engine,
            model: analysis.model.name,
            problems: analysis.problems,
            photos: analysis.photos.len(),
            bytes: analysis.photos.iter().map(|photo| photo.stamp.size).sum(),
            took: analysis.elapsed,
            changes: analysis.changes,
        });
        let review = Review::new(analysis.photos.into(), cutter, self.is_protected());
        self.show_review(review);
        self.compare_after_scan();
        // What was declared while the scan ran.
        let declared = self.state.review.as_ref().and_then(Review::cutter);
        if declared.is_some_and(|cutter| cutter.grouping.not_duplicates != self.not_duplicates) {
            self.regroup();
        }
        for folder in analysis.folders {
            self.estimate(&folder);
        }
        if is_first && self.state.view == View::Library && self.position.is_none() {
            self.state.view = View::Review;
            // Whoever has not looked at the first results begins with the first group.
            if let Some(review) = &mut self.state.review {
                review.go_to(0);
            }
        }
        self.go_to_position();
    }

    /// Puts a review in the place of the present one.
    fn show_review(&mut self, mut review: Review) {
        if let Some(earlier) = &self.state.review {
            review.go_on_from(earlier);
        }
        let marks = &self.marks;
        if !marks.is_empty() {
            review.restore_marks(|photo| {
                let key = (photo.path.clone(), photo.content.hash);
                marks.get(&key).copied()
            });
        }
        self.number += 1;
        self.forget_removed();
        self.state.review = Some(review);
        self.looked_for = None;
    }
}
