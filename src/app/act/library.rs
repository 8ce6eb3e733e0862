//! Folders: added, forgotten, treated otherwise.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::command::{FolderChange, LibraryCommand};
use crate::app::jobs::{Note, Remembered};
use crate::library::LibraryFolder;
use crate::pipeline::Request;

impl App {
    pub(super) fn act_in_library(&mut self, command: LibraryCommand) {
        match command {
            LibraryCommand::ChooseFolders => self.jobs.choose_folders(),
            LibraryCommand::Add(folders) => self.add_folders(folders),
            LibraryCommand::Forget(path) => {
                self.state.folders.retain(|folder| folder.path != path);
                self.state.estimates.remove(&path);
                self.jobs.note(Note::ForgetFolder(path));
            }
            LibraryCommand::Set(path, change) => self.set_folder(&path, change),
            LibraryCommand::StartScan => self.start_scan(),
            LibraryCommand::StopScan => self.stop_scan(),
            LibraryCommand::PauseScan(pause) => self.pause_scan(pause),
        }
    }

    /// Adds folders that are not there yet. One in another is covered by it and is not added.
    pub(super) fn add_folders(&mut self, folders: Vec<PathBuf>) {
        for path in folders {
            let path = std::path::absolute(&path).unwrap_or(path);
            let covered = |folder: &LibraryFolder| path.starts_with(&folder.path);
            if let Some(folder) = self.state.folders.iter().find(|folder| covered(folder)) {
                if folder.path != path {
                    self.tell(format!(
                        "{} is already part of the library, with {}.",
                        path.display(),
                        folder.path.display()
                    ));
                }
                continue;
            }
            let folder = LibraryFolder {
                path: path.clone(),
                is_included: true,
                is_protected: false,
                is_preferred: false,
                last_scan: None,
            };
            self.jobs.note(Note::Folder(folder.clone()));
            self.state.folders.push(folder);
            self.estimate(&path);
        }
    }

    fn set_folder(&mut self, path: &Path, change: FolderChange) {
        let Some(folder) = self.state.folders.iter_mut().find(|f| f.path == path) else {
            return;
        };
        match change {
            FolderChange::Included(is) => folder.is_included = is,
            FolderChange::Protected(is) => folder.is_protected = is,
            FolderChange::Preferred(is) => folder.is_preferred = is,
        }
        self.jobs.note(Note::Folder(folder.clone()));
        // Marks in a folder that is protected now are no longer in force, and others may be.
        if matches!(change, FolderChange::Protected(_)) {
            let folders = self.protected_folders();
            if let Some(review) = &mut self.state.review {
                review.protect(|photo| folders.iter().any(|f| photo.path.starts_with(f)));
            }
        }
    }

    /// The folders from which nothing is removed.
    pub(in crate::app) fn protected_folders(&self) -> Vec<PathBuf> {
        let protected = self
            .state
            .folders
            .iter()
            .filter(|folder| folder.is_protected);
        protected.map(|folder| folder.path.clone()).collect()
    }

    /// Works out what a scan of a folder would find.
    pub(in crate::app) fn estimate(&mut self, path: &Path) {
        self.state.estimates.remove(path);
        match self.request(vec![path.to_owned()]) {
            Ok(request) => self.jobs.estimate(path.to_owned(), request),
            Err(error) => {
                self.state.estimates.insert(path.to_owned(), Err(error));
            }
        }
    }

    /// A scan of these folders, as everything is chosen.
    pub(super) fn request(&self, folders: Vec<PathBuf>) -> Result<Request, String> {
        let mut request = Request::from_settings(&self.state.settings, &self.places, None, folders)
            .map_err(|error| error.to_string())?;
        request.engine.session = self.session.clone();
        request.treat(&self.state.folders);
        request.distinct.clone_from(&self.not_duplicates);
        Ok(request)
    }

    /// Takes in what was remembered, and looks whether it still holds.
    pub(super) fn remember(&mut self, remembered: Remembered) {
        let added = std::mem::replace(&mut self.state.folders, remembered.folders);
        self.marks = remembered.marks;
        self.not_duplicates = remembered.not_duplicates;
        self.position = remembered.position;
        // What was added since the start has been noted already.
        for folder in added {
            if !self.state.folders.iter().any(|f| f.path == folder.path) {
                self.state.folders.push(folder);
            }
        }
        let paths: Vec<PathBuf> = self.state.folders.iter().map(|f| f.path.clone()).collect();
        for path in paths {
            self.estimate(&path);
        }
        // Where everything was scanned before, looking again takes a moment.
        let included = self
            .state
            .folders
            .iter()
            .filter(|folder| folder.is_included);
        let scanned = included.clone().all(|folder| folder.last_scan.is_some());
        self.scan_after_recovery = scanned && included.count() > 0;
        // What an interrupted removal left comes first: it may move files.
        self.recover();
    }
}
