//! Decodes photos at full resolution, and compares their pixels.
//!
//! There is one list of what is wanted, the most urgent first. The window replaces it whenever
//! the user turns to something else, so that what is no longer wanted is not begun; a photo that
//! is being decoded is finished, which takes a moment. The list is as short as what is in sight.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender};
use eframe::egui::Context;

use super::Answer;
use crate::app::compare::{Made, Map, Original, Pyramid, Trouble, Wish, Work, WorkKey, difference};
use crate::matching::pixels;
use crate::photo::ProblemKind;
use crate::scan::{self, DecodeScale, FoundFile, Limits, Promise};

/// Two, so that a pair is there in the time of one; more would only take memory.
const THREADS: usize = 2;

/// The threads that decode.
pub(super) struct Originals {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    list: Mutex<List>,
    news: Condvar,
}

#[derive(Default)]
struct List {
    wanted: VecDeque<Work>,
    /// What is being done, or was done and has not yet been taken in.
    busy: Vec<WorkKey>,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, List> {
        // A list of wishes is whole whoever panicked.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Originals {
    /// Starts the threads; fewer if the system starts no more.
    pub(super) fn start(ctx: &Context, answers: &Sender<Answer>) -> Self {
        let shared = Arc::new(Shared::default());
        let threads = (0..THREADS).map_while(|number| {
            let (shared, ctx, answers) = (Arc::clone(&shared), ctx.clone(), answers.clone());
            std::thread::Builder::new()
                .name(format!("originals-{number}"))
                .spawn(move || work_through(&shared, &ctx, &answers))
                .ok()
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// Replaces what is wanted.
    pub(super) fn want(&self, works: Vec<Work>) {
        let mut list = self.shared.lock();
        let busy = std::mem::take(&mut list.busy);
        list.wanted = (works.into_iter())
            .filter(|work| !busy.contains(&work.key()))
            .collect();
        list.busy = busy;
        drop(list);
        self.shared.news.notify_all();
    }

    /// Notes that an answer was taken in.
    pub(super) fn taken(&self, key: WorkKey) {
        self.shared.lock().busy.retain(|&busy| busy != key);
    }
}

impl Drop for Originals {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.news.notify_all();
        for thread in self.threads.drain(..) {
            // A panic in there was printed, and costs pictures only.
            thread.join().ok();
        }
    }
}

fn work_through(shared: &Shared, ctx: &Context, answers: &Sender<Answer>) {
    while let Some(work) = next(shared) {
        let mut answer = Answer::Original(Box::new(done(work)));
        loop {
            match answers.send_timeout(answer, Duration::from_millis(50)) {
                Ok(()) => break,
                Err(SendTimeoutError::Timeout(again)) if !shared.lock().is_over => answer = again,
                Err(_) => return,
            }
        }
        ctx.request_repaint();
    }
}

/// The most urgent work; waits for some. `None` at the end.
fn next(shared: &Shared) -> Option<Work> {
    let mut list = shared.lock();
    loop {
        if list.is_over {
            return None;
        }
        if let Some(work) = list.wanted.pop_front() {
            list.busy.push(work.key());
            return Some(work);
        }
        list = (shared.news.wait(list)).unwrap_or_else(PoisonError::into_inner);
    }
}

fn done(work: Work) -> Made {
    match work {
        Work::Decode(wish) => {
            let hash = wish.photo.content.hash;
            Made::Decoded(wish.id, hash, decode(&wish))
        }
        Work::LineUp(pair, [under, over]) => {
            let prepared = |original: &Original| original.record.clone().decode();
            let verdict = pixels::compare(&prepared(&over), &prepared(&under));
            let map = verdict
                .alignment
                .and_then(|found| Map::from_rows(found.map));
            Made::LinedUp(pair, map)
        }
        Work::Differ(key, [under, over], map) => {
            let found = difference(&under.pyramid, &over.pyramid, &map, key.amplify);
            Made::Differed(key, found)
        }
    }
}

fn decode(wish: &Wish) -> Result<Option<Arc<Original>>, Trouble> {
    let (path, content) = (&wish.photo.path, &wish.photo.content);
    let stamp = scan::stamp(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Trouble::Gone,
        _ => Trouble::Unreadable(error.to_string()),
    })?;
    if wish.is_known && stamp == wish.photo.stamp {
        return Ok(None);
    }
    let found = FoundFile {
        path: path.clone(),
        stamp,
        promise: Promise::Picture,
    };
    let limits = Limits::default();
    let file = scan::read(&found, &limits, Vec::new()).map_err(|problem| match problem.kind {
        ProblemKind::Vanished => Trouble::Gone,
        _ => Trouble::Unreadable(problem.message),
    })?;
    if file.hash != content.hash {
        return Err(Trouble::Changed);
    }
    let scale = match wish.divisor {
        0 | 1 => DecodeScale::Full,
        divisor => DecodeScale::Reduced {
            min_short_side: (content.width.min(content.height) / divisor).max(1),
        },
    };
    let orientation = content.metadata.orientation;
    let decoded = scan::decode(&file.bytes, content.format, orientation, scale, &limits)
        .map_err(|error| Trouble::Unreadable(error.to_string()))?;
    drop(file);
    Ok(Some(Arc::new(Original {
        record: pixels::prepare(&decoded.image),
        pyramid: Pyramid::new(&decoded.image, decoded.source_box),
        divisor: scale.divisor(content.width, content.height),
    })))
}
