//! Writes the settings: a slider that is dragged changes them in every frame, a disk is slow.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::Context;

use super::{Answer, join_soon};
use crate::settings::Settings;

/// The newest settings that are not written yet.
type Slot = Arc<Mutex<Option<(PathBuf, Settings)>>>;

/// The thread that writes.
pub(super) struct Saver {
    newest: Slot,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Saver {
    /// Starts the thread; `None` if the system starts no more.
    pub(super) fn start(ctx: Context, answers: Sender<Answer>) -> Option<Self> {
        let newest = Slot::default();
        let (wake, woken) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("settings-file".to_owned())
            .spawn({
                let newest = Arc::clone(&newest);
                move || write_all(&newest, &woken, &ctx, &answers)
            })
            .ok()?;
        Some(Self {
            newest,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Writes these soon.
    pub(super) fn save(&self, file: PathBuf, settings: Settings) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some((file, settings));
        if let Some(wake) = &self.wake {
            // Full means that the thread is woken already and will find these.
            wake.try_send(()).ok();
        }
    }
}

impl Drop for Saver {
    /// What was chosen last is written before the program ends.
    fn drop(&mut self) {
        self.wake = None;
        self.thread.take().map(join_soon).unwrap_or_default();
    }
}

fn write_all(newest: &Slot, woken: &Receiver<()>, ctx: &Context, answers: &Sender<Answer>) {
    for () in woken {
        let next = newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((file, settings)) = next else {
            continue;
        };
        if let Err(error) = settings.save(&file) {
            // With too much to tell already, the next change tries again.
            answers.try_send(Answer::Failed(error.to_string())).ok();
            ctx.request_repaint();
        }
    }
}
