//! What is to be remembered goes to `library.db` in a thread that owns it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use eframe::egui::Context;

use super::Answer;
use crate::app::review::Pair;
use crate::library::{Ledger, LibraryError, LibraryFolder, Mark};
use crate::photo::ContentHash;

/// Notes that wait for the disk; the frame keeps what is more than that.
const WAITING: usize = 256;

/// The name under which the last view and position are kept.
const POSITION: &str = "position";

/// The name under which the window's size is kept: width and height in points.
const WINDOW_SIZE: &str = "window";

/// The window's size in the last session. It is asked for before there is a window, and a library
/// that cannot be read says so later.
pub(crate) fn window_size(library: &Path) -> Option<[f32; 2]> {
    let ledger = Ledger::open_existing(library).ok().flatten()?;
    let text = ledger.state(WINDOW_SIZE).ok().flatten()?;
    let (width, height) = text.split_once(' ')?;
    let side = |text: &str| {
        text.parse()
            .ok()
            .filter(|side| (300.0..=20_000.0).contains(side))
    };
    Some([side(width)?, side(height)?])
}

/// Something to be remembered.
#[derive(Debug)]
pub(crate) enum Note {
    /// What the user said of photos.
    Marks(Vec<(PathBuf, ContentHash, Option<Mark>)>),
    /// These are no duplicates.
    Declare(Vec<Pair>),
    /// That was wrong.
    Withdraw(Vec<Pair>),
    /// How a folder is treated.
    Folder(LibraryFolder),
    /// A folder is no longer in the library.
    ForgetFolder(PathBuf),
    /// Where the user is.
    Position(String),
    /// How large the window is.
    WindowSize(String),
}

/// What was remembered.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// The folders of the library.
    pub(crate) folders: Vec<LibraryFolder>,
    /// What the user said of photos.
    pub(crate) marks: HashMap<(PathBuf, ContentHash), Mark>,
    /// What the user declared to be no duplicates, sorted.
    pub(crate) not_duplicates: Vec<Pair>,
    /// Where the user was.
    pub(crate) position: Option<String>,
}

/// The thread that remembers.
pub(super) struct Memory {
    notes: Option<Sender<Note>>,
    thread: Option<JoinHandle<()>>,
}

impl Memory {
    /// Opens the file and tells what is in it; `None` if the system starts no more threads.
    pub(super) fn start(path: PathBuf, ctx: Context, answers: Sender<Answer>) -> Option<Self> {
        let (notes, receive) = bounded(WAITING);
        let thread = std::thread::Builder::new()
            .name("library".to_owned())
            .spawn(move || remember(&path, &receive, &ctx, &answers))
            .ok()?;
        Some(Self {
            notes: Some(notes),
            thread: Some(thread),
        })
    }

    /// Hands over a note; gives it back if too many wait.
    pub(super) fn take(&self, note: Note) -> Result<(), Note> {
        match &self.notes {
            Some(notes) => notes.try_send(note).map_err(TrySendError::into_inner),
            None => Err(note),
        }
    }

    /// Hands over the last notes, waiting for the disk if need be, and ends the thread.
    pub(super) fn finish(&mut self, rest: impl IntoIterator<Item = Note>) {
        if let Some(notes) = self.notes.take() {
            for note in rest {
                // The thread has ended: it could not open the file, and said so.
                if notes.send(note).is_err() {
                    break;
                }
            }
        }
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed; the window is closing.
            thread.join().ok();
        }
    }
}

fn remember(path: &Path, notes: &Receiver<Note>, ctx: &Context, answers: &Sender<Answer>) {
    let say = |answer: Answer| {
        // A closing window takes no answers, and must not be waited for.
        answers
            .send_timeout(answer, std::time::Duration::from_secs(1))
            .ok();
        ctx.request_repaint();
    };
    let opened = Ledger::open(path).and_then(|ledger| Ok((recall(&ledger)?, ledger)));
    let mut ledger = match opened {
        Ok((remembered, ledger)) => {
            say(Answer::Remembered(Box::new(remembered)));
            ledger
        }
        Err(error) => {
            say(Answer::Failed(format!(
                "Decisions cannot be remembered: {error}"
            )));
            return;
        }
    };
    for note in notes {
        if let Err(error) = put(&mut ledger, note) {
            say(Answer::Failed(format!(
                "The last decision was not remembered: {error}"
            )));
        }
    }
}

fn recall(ledger: &Ledger) -> Result<Remembered, LibraryError> {
    Ok(Remembered {
        folders: ledger.folders()?,
        marks: (ledger.marks()?.into_iter())
            .map(|marked| ((marked.path, marked.content), marked.mark))
            .collect(),
        not_duplicates: (ledger.not_duplicates()?.iter())
            .map(|declared| declared.pair)
            .collect(),
        position: ledger.state(POSITION)?,
    })
}

fn put(ledger: &mut Ledger, note: Note) -> Result<(), LibraryError> {
    match note {
        Note::Marks(marks) => ledger.set_marks(&marks),
        Note::Declare(pairs) => ledger.declare_not_duplicates(&pairs),
        Note::Withdraw(pairs) => ledger.withdraw_not_duplicates(&pairs),
        Note::Folder(folder) => ledger.put_folder(&folder),
        Note::ForgetFolder(path) => ledger.remove_folder(&path),
        Note::WindowSize(text) => ledger.set_state(WINDOW_SIZE, Some(&text)),
        Note::Position(text) => ledger.set_state(POSITION, Some(&text)),
    }
}
