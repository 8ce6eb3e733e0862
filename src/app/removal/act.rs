//! Carries out what the views ask for around removals, and takes in what comes of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui;

use super::{Choice, Done, RemovalCommand, SessionFiles, Sheet, Stage, Undone};
use crate::app::App;
use crate::app::jobs::{PlanRequest, RemovalAnswer, RemovalRequest};
use crate::app::settings::{Change, Wanted};
use crate::app::words;
use crate::photo::PhotoId;
use crate::removal::{OnConflict, Recovered};

/// How often a removal asks for a frame.
const FRAME: Duration = Duration::from_millis(100);

impl App {
    /// Carries out one wish.
    pub(in crate::app) fn act_on_removal(&mut self, command: RemovalCommand) {
        match command {
            RemovalCommand::Open => self.open_sheet(),
            RemovalCommand::Close => self.close_sheet(),
            RemovalCommand::Choose(choice) => self.choose_removal(choice),
            RemovalCommand::ChooseFolder => self.jobs.choose(Wanted::RemovalFolder),
            RemovalCommand::OnlyCopies(only) => self.change_sheet(|sheet| sheet.only_copies = only),
            RemovalCommand::Rescue(rescue) => {
                if let Some(sheet) = &mut self.state.removal.sheet {
                    sheet.rescue = rescue;
                }
            }
            RemovalCommand::AskForWords(ask) => {
                if let Some(sheet) = &mut self.state.removal.sheet {
                    sheet.typed = ask.then(String::new);
                }
            }
            RemovalCommand::Type(typed) => {
                if let Some(sheet) = &mut self.state.removal.sheet {
                    sheet.typed = Some(typed);
                }
            }
            RemovalCommand::Start => self.start_removal(),
            RemovalCommand::Stop => self.jobs.removal.stop(),
            RemovalCommand::Undo => self.undo_removal(),
            RemovalCommand::MoveInstead => self.move_instead(),
            RemovalCommand::LookAtHistory => self.look_at_history(),
            RemovalCommand::OpenSession(session) => self.open_session(session),
            RemovalCommand::Restore {
                session,
                files,
                conflict,
            } => self.restore(session, files, conflict),
            RemovalCommand::CloseRestored => self.state.removal.history.restored = None,
            RemovalCommand::Export => self.jobs.choose_export(),
        }
    }

    fn open_sheet(&mut self) {
        let Some(review) = &self.state.review else {
            return;
        };
        if self.state.scan.is_some() || review.cutter().is_none() {
            self.tell("The scan still looks for copies; remove when it is done.");
            return;
        }
        let marked = review.marked();
        if marked.is_empty() {
            self.tell("Nothing is marked for removal.");
            return;
        }
        if self.state.removal.is_at_work() {
            self.tell("Photos are being brought back; wait until that is done.");
            return;
        }
        let settings = &self.state.settings;
        let mut sheet = Sheet::new(Arc::clone(review.photos()), marked, settings.removal.into());
        sheet.folder.clone_from(&settings.removal_folder);
        self.state.removal.sheet = Some(sheet);
        self.plan();
    }

    fn close_sheet(&mut self) {
        if self.state.removal.is_at_work() {
            return;
        }
        self.jobs.removal.stop();
        self.state.removal.sheet = None;
    }

    fn choose_removal(&mut self, choice: Choice) {
        self.change_sheet(|sheet| sheet.choice = choice);
    }

    /// Changes what is chosen and plans anew.
    fn change_sheet(&mut self, change: impl FnOnce(&mut Sheet)) {
        let removal = &mut self.state.removal;
        let Some(sheet) = &mut removal.sheet else {
            return;
        };
        if matches!(sheet.stage, Stage::Acting(_) | Stage::Undoing(_)) {
            return;
        }
        change(sheet);
        sheet.typed = None;
        self.plan();
    }

    /// Works out what would be done, off the frame.
    fn plan(&mut self) {
        let protected = self.protected_folders();
        let removal = &mut self.state.removal;
        let Some(sheet) = &mut removal.sheet else {
            return;
        };
        removal.number += 1;
        sheet.stage = Stage::Looking(None);
        // Without a folder to move to there is nothing to be planned.
        let Some(action) = sheet.action() else {
            return;
        };
        let request = PlanRequest {
            number: removal.number,
            photos: Arc::clone(&sheet.photos),
            marked: Arc::clone(&sheet.marked),
            surveyed: sheet.surveyed.clone(),
            protected,
            action,
            weakest: sheet.weakest(),
        };
        if let Err(reason) = self.jobs.removal.plan(request) {
            sheet.stage = Stage::Failed(reason);
        }
    }

    fn start_removal(&mut self) {
        let cache = self.state.settings.cache_file(&self.places);
        let Some(sheet) = &mut self.state.removal.sheet else {
            return;
        };
        if !sheet.may_start() {
            return;
        }
        let Stage::Ready(draft) = std::mem::replace(&mut sheet.stage, Stage::Acting(None)) else {
            return;
        };
        let request = RemovalRequest {
            draft,
            rescue: sheet.rescue,
            typed: sheet.typed.take().unwrap_or_default(),
            photos: Arc::clone(&sheet.photos),
            marked: Arc::clone(&sheet.marked),
            cache,
        };
        if let Err(reason) = self.jobs.removal.remove(request) {
            sheet.stage = Stage::Failed(reason);
        }
    }

    fn undo_removal(&mut self) {
        let cache = self.state.settings.cache_file(&self.places);
        let Some(sheet) = &mut self.state.removal.sheet else {
            return;
        };
        let Stage::Done(done) = &sheet.stage else {
            return;
        };
        let session = done.outcome.session;
        let begun = (self.jobs.removal).restore(session, None, OnConflict::Leave, cache);
        sheet.stage = match begun {
            Ok(()) => Stage::Undoing(None),
            Err(reason) => Stage::Failed(reason),
        };
    }

    /// Plans again for what is still marked, to a folder.
    fn move_instead(&mut self) {
        self.state.removal.sheet = None;
        self.open_sheet();
        self.choose_removal(Choice::Move);
        let sheet = self.state.removal.sheet.as_ref();
        if sheet.is_some_and(|sheet| sheet.folder.is_none()) {
            self.jobs.choose(Wanted::RemovalFolder);
        }
    }

    /// Shows how far the removal or restoration is.
    pub(in crate::app) fn follow_removal(&mut self, ctx: &egui::Context) {
        let removal = &mut self.state.removal;
        let is_looking =
            (removal.sheet.as_ref()).is_some_and(|sheet| matches!(sheet.stage, Stage::Looking(_)));
        if !removal.is_at_work() && !is_looking {
            return;
        }
        ctx.request_repaint_after(FRAME);
        let now = self.jobs.removal.progress();
        match removal.sheet.as_mut().map(|sheet| &mut sheet.stage) {
            Some(Stage::Looking(progress) | Stage::Acting(progress) | Stage::Undoing(progress)) => {
                *progress = now;
            }
            _ => removal.history.progress = now,
        }
    }

    /// Takes in what the threads bring.
    pub(in crate::app) fn take_removal(&mut self, answer: RemovalAnswer) {
        let removal = &mut self.state.removal;
        match answer {
            RemovalAnswer::Drafted(number, draft) => {
                if let Some(sheet) = &mut removal.sheet
                    && number == removal.number
                {
                    sheet.stage = match draft {
                        Ok(draft) => {
                            sheet.surveyed = Some(Arc::clone(&draft.surveyed));
                            Stage::Ready(draft)
                        }
                        Err(reason) => Stage::Failed(reason),
                    };
                }
            }
            RemovalAnswer::Done(done) => self.removed(done),
            RemovalAnswer::Undone(undone) => self.restored(undone),
            RemovalAnswer::Recovered(recovered) => self.recovered(recovered),
            RemovalAnswer::Sessions(sessions) => removal.history.sessions = Some(sessions),
            RemovalAnswer::Files(session, files) => {
                if let Some(open) = &mut removal.history.open
                    && open.session == session
                {
                    open.files = Some(files);
                }
            }
            RemovalAnswer::ExportTo(file) => self.jobs.removal.export(file),
            RemovalAnswer::Exported(Ok(file)) => {
                self.tell(format!("The history is in {}.", file.display()));
            }
            RemovalAnswer::Exported(Err(reason)) => self.state.complain(reason),
        }
    }

    /// Takes the folder that was chosen, for now and for later.
    pub(in crate::app) fn take_removal_folder(&mut self, folder: PathBuf) {
        self.act(Change::RemovalFolder(Some(folder.clone())).into());
        self.change_sheet(|sheet| {
            sheet.choice = Choice::Move;
            sheet.folder = Some(folder);
        });
    }

    /// Takes what was removed out of the review.
    fn removed(&mut self, done: Result<Box<Done>, String>) {
        let removal = &mut self.state.removal;
        let stage = match done {
            Ok(done) => {
                let photos: Vec<PhotoId> = done.removed.iter().map(|(_, photo)| *photo).collect();
                removal.places.extend(done.removed.iter().cloned());
                if let Some(review) = &mut self.state.review {
                    review.take_away(&photos);
                }
                Stage::Done(done)
            }
            Err(reason) => Stage::Failed(reason),
        };
        if let Some(sheet) = &mut self.state.removal.sheet {
            sheet.stage = stage;
        }
        self.after_a_change();
    }

    /// Puts what is back into the review.
    fn restored(&mut self, undone: Result<Undone, String>) {
        let removal = &mut self.state.removal;
        if let Ok(undone) = &undone {
            let back = undone.restored.files.iter();
            let photos: Vec<PhotoId> = back.filter_map(|p| removal.places.remove(p)).collect();
            if let Some(review) = &mut self.state.review {
                review.bring_back(&photos);
            }
        }
        let removal = &mut self.state.removal;
        match &mut removal.sheet {
            Some(sheet) if matches!(sheet.stage, Stage::Undoing(_)) => {
                sheet.stage = match undone {
                    Ok(undone) => Stage::Undone(Box::new(undone)),
                    Err(reason) => Stage::Failed(reason),
                };
            }
            _ => {
                removal.history.is_restoring = false;
                removal.history.restored = Some(undone);
            }
        }
        self.after_a_change();
    }

    /// What is known of folders and removals is no longer so.
    fn after_a_change(&mut self) {
        self.looked_for = None;
        self.compare_after_scan();
        let folders: Vec<PathBuf> = self.state.folders.iter().map(|f| f.path.clone()).collect();
        for folder in folders {
            self.estimate(&folder);
        }
        self.look_at_history();
    }

    /// Puts in order what an interrupted removal left, before anything else.
    pub(in crate::app) fn recover(&mut self) {
        if let Err(reason) = self.jobs.removal.recover() {
            self.recovered(Err(reason));
        }
    }

    fn recovered(&mut self, recovered: Result<Recovered, String>) {
        match recovered {
            Ok(recovered) if recovered == Recovered::default() => {}
            Ok(recovered) => self.state.note(recovery_words(recovered)),
            Err(reason) => self.state.complain(format!(
                "What an earlier removal left cannot be put in order: {reason}"
            )),
        }
        if std::mem::take(&mut self.scan_after_recovery) {
            self.act(crate::app::command::LibraryCommand::StartScan.into());
        }
    }

    /// Looks anew at what was removed.
    pub(in crate::app) fn look_at_history(&mut self) {
        self.jobs.removal.look_at_sessions();
        if let Some(open) = &self.state.removal.history.open {
            self.jobs.removal.look_at_files(open.session);
        }
    }

    fn open_session(&mut self, session: i64) {
        let history = &mut self.state.removal.history;
        if history
            .open
            .take()
            .is_some_and(|open| open.session == session)
        {
            return;
        }
        history.open = Some(SessionFiles {
            session,
            files: None,
        });
        self.jobs.removal.look_at_files(session);
    }

    fn restore(&mut self, session: i64, files: Option<Vec<i64>>, conflict: OnConflict) {
        if self.state.scan.is_some() {
            self.tell("A scan is running; bring photos back when it is done.");
            return;
        }
        if self.state.removal.is_at_work() {
            return;
        }
        let cache = self.state.settings.cache_file(&self.places);
        let begun = self.jobs.removal.restore(session, files, conflict, cache);
        let removal = &mut self.state.removal;
        if let Some(sheet) = &mut removal.sheet {
            sheet.stage = match begun {
                Ok(()) => Stage::Undoing(None),
                Err(reason) => Stage::Failed(reason),
            };
            return;
        }
        let history = &mut removal.history;
        history.is_restoring = begun.is_ok();
        history.progress = None;
        history.restored = begun.err().map(Err);
    }

    /// The present review is another: where its photos lay is no longer known.
    pub(in crate::app) fn forget_removed(&mut self) {
        self.state.removal.places.clear();
        if !self.state.removal.is_at_work() {
            self.close_sheet();
        }
    }
}

fn recovery_words(recovered: Recovered) -> String {
    let count = |number: u64| words::counted(number, "file", "files");
    let mut text = format!(
        "A removal was interrupted. {} found done, {} put back.",
        count(recovered.finished),
        count(recovered.reverted)
    );
    if recovered.missing > 0 {
        text = format!(
            "{text} {} missing; the history says which.",
            count(recovered.missing)
        );
    }
    text
}
