//! All that the views see. One owner, `App`, changes it, between frames.

use std::path::PathBuf;
use std::time::Duration;

use super::review::Review;
use super::settings::SettingsView;
use super::thumbnails::Thumbnails;
use crate::embed::EngineInfo;
use crate::photo::Problem;
use crate::pipeline::{Stage, StageProgress};
use crate::settings::Settings;

/// The views, in the order of the top bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// Folders and scans.
    #[default]
    Library,
    /// Groups and decisions.
    Review,
    /// What the user chose.
    Settings,
}

impl View {
    /// All, in order.
    pub(crate) const ALL: [Self; 3] = [Self::Library, Self::Review, Self::Settings];

    /// As the top bar names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Library => "Library",
            Self::Review => "Review",
            Self::Settings => "Settings",
        }
    }
}

/// All that the views see.
#[derive(Debug)]
pub(crate) struct State {
    /// Which view is shown.
    pub(crate) view: View,
    /// What the user chose.
    pub(crate) settings: Settings,
    /// What the settings view shows beside them.
    pub(crate) settings_view: SettingsView,
    /// The folders of the library.
    pub(crate) folders: Vec<Folder>,
    /// The scan that runs.
    pub(crate) scan: Option<Scan>,
    /// What the last scan found out beside photos and groups.
    pub(crate) found: Option<Found>,
    /// What is under review.
    pub(crate) review: Option<Review>,
    /// The small pictures.
    pub(crate) thumbnails: Thumbnails,
    /// What went wrong and was not yet closed.
    pub(crate) banners: Vec<Banner>,
    /// Whether the keys are shown.
    pub(crate) cheat_sheet: bool,
    /// Whether the dialog for marking by a rule is open.
    pub(crate) rules_open: bool,
    /// Whether the search field is to take the keyboard in this frame.
    pub(crate) focus_search: bool,
}

impl State {
    /// Nothing done yet.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            view: View::default(),
            settings,
            settings_view: SettingsView::default(),
            folders: Vec::new(),
            scan: None,
            found: None,
            review: None,
            thumbnails: Thumbnails::default(),
            banners: Vec::new(),
            cheat_sheet: false,
            rules_open: false,
            focus_search: false,
        }
    }

    /// Says that something was not done, until it is closed.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.banner(Severity::Error, text.into());
    }

    /// Says something worth knowing, until it is closed.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.banner(Severity::Note, text.into());
    }

    fn banner(&mut self, severity: Severity, text: String) {
        let banner = Banner { severity, text };
        if !self.banners.contains(&banner) {
            self.banners.push(banner);
        }
    }
}

/// A folder of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether it is scanned.
    pub(crate) is_included: bool,
    /// Whether nothing is ever removed from it.
    pub(crate) is_protected: bool,
    /// Whether photos in it are kept rather than others.
    pub(crate) is_preferred: bool,
    /// Photos and bytes at the last scan.
    pub(crate) last: Option<(usize, u64)>,
    /// Whether it is there.
    pub(crate) exists: bool,
}

impl Folder {
    /// A folder that was just added.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            is_included: true,
            is_protected: false,
            is_preferred: false,
            last: None,
            exists: true,
        }
    }
}

/// A scan while it runs, as of this frame.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// All stages.
    pub(crate) stages: [StageProgress; Stage::ALL.len()],
    /// Where it is.
    pub(crate) current: StageProgress,
    /// Since when.
    pub(crate) elapsed: Duration,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}

/// What a scan found out beside photos and groups.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What really computed the vectors.
    pub(crate) engine: EngineInfo,
    /// Files that could not be used, and notes.
    pub(crate) problems: Vec<Problem>,
    /// Photos.
    pub(crate) photos: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Something that went wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Banner {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What happened and what to do, in a sentence or two.
    pub(crate) text: String,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// Something was not done.
    Error,
}
