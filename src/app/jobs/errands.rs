//! Small work off the frame, one piece after the other, in a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::Context;

use super::Answer;

/// Errands beyond this many are refused.
const WAITING: usize = 64;

/// A piece of work; it looks at the flag now and then and stops if it is set. `None` says
/// nothing.
pub(super) type Errand = Box<dyn FnOnce(&AtomicBool) -> Option<Answer> + Send>;

/// A thread that does errands.
pub(super) struct Errands {
    waiting: Option<Sender<Errand>>,
    cancel: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Errands {
    /// Starts the thread; `None` if the system starts no more.
    pub(super) fn start(name: &str, ctx: Context, answers: Sender<Answer>) -> Option<Self> {
        let (errands, receive) = bounded(WAITING);
        let cancel = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn({
                let cancel = Arc::clone(&cancel);
                move || do_all(&receive, &cancel, &ctx, &answers)
            })
            .ok()?;
        Some(Self {
            waiting: Some(errands),
            cancel,
            thread: Some(thread),
        })
    }

    /// Adds an errand; false if too many wait.
    pub(super) fn add(
        &self,
        errand: impl FnOnce(&AtomicBool) -> Option<Answer> + Send + 'static,
    ) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|errands| errands.try_send(Box::new(errand)).is_ok())
    }
}

impl Drop for Errands {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.waiting = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed; the window is closing.
            thread.join().ok();
        }
    }
}

fn do_all(
    errands: &Receiver<Errand>,
    cancel: &AtomicBool,
    ctx: &Context,
    answers: &Sender<Answer>,
) {
    for errand in errands {
        if cancel.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut answer) = errand(cancel) else {
            continue;
        };
        // The window may be closing, and then nobody takes answers any more.
        while let Err(full) = answers.send_timeout(answer, std::time::Duration::from_millis(50)) {
            if cancel.load(Ordering::Relaxed) {
                return;
            }
            answer = full.into_inner();
        }
        ctx.request_repaint();
    }
}
