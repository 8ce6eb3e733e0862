//! All that the views see. One owner, `App`, changes it, between frames.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::benchmark::BenchmarkState;
use super::compare::Compare;
use super::removal::Removal;
use super::review::Review;
use super::settings::SettingsView;
use super::thumbnails::Thumbnails;
use crate::embed::EngineInfo;
use crate::library::LibraryFolder;
use crate::photo::Problem;
use crate::pipeline::{Changes, Estimate, Outlook};
use crate::settings::Settings;

/// The views, in the order of the top bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// Folders and scans.
    #[default]
    Library,
    /// Groups and decisions.
    Review,
    /// Which way of computing is best here.
    Benchmark,
    /// What was removed.
    History,
    /// What the user chose.
    Settings,
}

impl View {
    /// All, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Library,
        Self::Review,
        Self::Benchmark,
        Self::History,
        Self::Settings,
    ];

    /// As the top bar names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Library => "Library",
            Self::Review => "Review",
            Self::Benchmark => "Benchmark",
            Self::History => "History",
            Self::Settings => "Settings",
        }
    }
}

/// All that the views see.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Which view is shown.
    pub(crate) view: View,
    /// What the user chose.
    pub(crate) settings: Settings,
    /// The folders of the library, in the order in which they were added.
    pub(crate) folders: Vec<LibraryFolder>,
    /// What a scan of each folder would find; missing while it is being worked out.
    pub(crate) estimates: HashMap<PathBuf, Result<Box<Estimate>, String>>,
    /// What the settings view shows beside what is chosen.
    pub(crate) settings_view: SettingsView,
    /// The scan that runs.
    pub(crate) scan: Option<Scan>,
    /// What the last scan found out beside photos and groups.
    pub(crate) found: Option<Found>,
    /// What is under review.
    pub(crate) review: Option<Review>,
    /// The photos that are compared at full resolution.
    pub(crate) compare: Option<Compare>,
    /// What is being removed, and what was.
    pub(crate) removal: Removal,
    /// What is measured, and what was.
    pub(crate) benchmark: BenchmarkState,
    /// The small pictures.
    pub(crate) thumbnails: Thumbnails,
    /// What went wrong and was not yet closed.
    pub(crate) banners: Vec<Banner>,
    /// Whether the keys are shown.
    pub(crate) cheat_sheet: bool,
    /// The dialog for marking by a rule, while it is open.
    pub(crate) rules: Option<super::rule_dialog::RuleDialog>,
    /// Whether the search field is to take the keyboard in this frame.
    pub(crate) focus_search: bool,
}

impl State {
    /// Nothing done yet.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Whether the comparison takes the whole window.
    pub(crate) fn is_comparing(&self) -> bool {
        self.view == View::Review && self.compare.is_some()
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

/// A scan while it runs, as of this frame.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// How far it is.
    pub(crate) outlook: Outlook,
    /// What computes the vectors, once it has started.
    pub(crate) engine: Option<EngineInfo>,
    /// Whether it rests.
    pub(crate) is_paused: bool,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}

/// What a scan found out beside photos and groups.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What really computed the vectors, and with which model.
    pub(crate) engine: EngineInfo,
    /// The model's name.
    pub(crate) model: String,
    /// Files that could not be used, and notes.
    pub(crate) problems: Vec<Problem>,
    /// Photos.
    pub(crate) photos: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// What is different since the scan before.
    pub(crate) changes: Changes,
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
