//! Loads small pictures: a thread with a connection of its own to the cache.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{ColorImage, Context};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use super::Answer;
use crate::library::Cache;
use crate::photo::ContentHash;

/// Wishes beyond this many are refused and made again in the next frame: what is scrolled past
/// must not hold up what is looked at.
const WISHES: usize = 48;

/// The thread that loads.
pub(super) struct Pictures {
    wishes: Option<Sender<ContentHash>>,
    thread: Option<JoinHandle<()>>,
}

impl Pictures {
    /// Starts the thread; `None` if the system starts no more threads, which costs pictures only.
    pub(super) fn start(cache: Cache, ctx: Context, answers: Sender<Answer>) -> Option<Self> {
        let (wishes, receive) = bounded(WISHES);
        let thread = std::thread::Builder::new()
            .name("thumbnails".to_owned())
            .spawn(move || load_all(&cache, &receive, &ctx, &answers))
            .ok()?;
        Some(Self {
            wishes: Some(wishes),
            thread: Some(thread),
        })
    }

    /// Asks for a picture; false if there are too many wishes.
    pub(super) fn load(&self, hash: ContentHash) -> bool {
        self.wishes
            .as_ref()
            .is_some_and(|wishes| wishes.try_send(hash).is_ok())
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        // Without a sender the thread's loop ends after the picture at hand.
        self.wishes = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed, and costs pictures only.
            thread.join().ok();
        }
    }
}

fn load_all(
    cache: &Cache,
    wishes: &Receiver<ContentHash>,
    ctx: &Context,
    answers: &Sender<Answer>,
) {
    for hash in wishes {
        // An unreadable row is a picture that is missing, not a reason to stop.
        let jpeg = cache.thumbnail(hash).ok().flatten();
        let image = jpeg.as_deref().and_then(decode);
        // `try_send` where the window waits for this thread to end would lose a picture that
        // nobody looks at any more.
        if answers
            .send_timeout(
                Answer::Thumbnail(hash, image),
                std::time::Duration::from_secs(5),
            )
            .is_err()
        {
            return;
        }
        ctx.request_repaint();
    }
}

/// A small JPEG as pixels.
fn decode(jpeg: &[u8]) -> Option<ColorImage> {
    let mut decoder = JpegDecoder::new(ZCursor::new(jpeg));
    let pixels = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    (pixels.len() == width * height * 3).then(|| ColorImage::from_rgb([width, height], &pixels))
}
