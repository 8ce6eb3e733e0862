//! Small pictures as textures: asked for by the views, loaded off the frame, forgotten when
//! there are too many.

use std::cell::Cell;
use std::collections::HashMap;

use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::command::Command;
use crate::photo::ContentHash;

/// Textures beyond this many are dropped, the longest unused first: 256 x 192 pixels of 4 bytes
/// each make 150 MB of them.
const KEPT: usize = 768;
/// How many are dropped at once, so that it is not done in every frame.
const DROPPED: usize = 128;

/// Where a picture is.
enum Picture {
    /// On its way.
    Loading,
    /// There.
    Ready(TextureHandle),
    /// The cache has none, or it cannot be decoded.
    Missing,
}

/// What a view can draw.
pub(crate) enum Thumbnail<'a> {
    /// Not yet.
    Loading,
    /// This.
    Ready(&'a TextureHandle),
    /// Never.
    Missing,
}

/// The small pictures that were asked for lately.
#[derive(Default)]
pub(crate) struct Thumbnails {
    pictures: HashMap<ContentHash, (Picture, Cell<u64>)>,
    frame: u64,
}

impl std::fmt::Debug for Thumbnails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thumbnails")
            .field("pictures", &self.pictures.len())
            .finish_non_exhaustive()
    }
}

impl Thumbnails {
    /// The picture of a content; asks for it if nobody did.
    pub(crate) fn get(&self, hash: ContentHash, commands: &mut Vec<Command>) -> Thumbnail<'_> {
        match self.pictures.get(&hash) {
            None => {
                commands.push(Command::LoadThumbnail(hash));
                Thumbnail::Loading
            }
            Some((picture, used)) => {
                used.set(self.frame);
                match picture {
                    Picture::Loading => Thumbnail::Loading,
                    Picture::Ready(texture) => Thumbnail::Ready(texture),
                    Picture::Missing => Thumbnail::Missing,
                }
            }
        }
    }

    /// Notes that a picture was asked for; false if it already was.
    pub(crate) fn begin(&mut self, hash: ContentHash) -> bool {
        let frame = self.frame;
        let mut is_new = false;
        self.pictures.entry(hash).or_insert_with(|| {
            is_new = true;
            (Picture::Loading, Cell::new(frame))
        });
        is_new
    }

    /// Takes a loaded picture.
    pub(crate) fn finish(&mut self, ctx: &Context, hash: ContentHash, image: Option<ColorImage>) {
        let picture = match image {
            Some(image) => Picture::Ready(ctx.load_texture(
                format!("thumbnail-{hash}"),
                image,
                TextureOptions::LINEAR,
            )),
            None => Picture::Missing,
        };
        self.pictures.insert(hash, (picture, Cell::new(self.frame)));
    }

    /// Forgets a wish that nobody will fulfil, so that it can be made again.
    pub(crate) fn forget(&mut self, hash: ContentHash) {
        self.pictures.remove(&hash);
    }

    /// Begins a frame: drops what was not drawn for long where there is too much.
    pub(crate) fn next_frame(&mut self) {
        self.frame += 1;
        if self.pictures.len() <= KEPT {
            return;
        }
        let mut by_use: Vec<_> = self
            .pictures
            .iter()
            .filter(|(_, (picture, _))| !matches!(picture, Picture::Loading))
            .map(|(&hash, (_, used))| (used.get(), hash))
            .collect();
        by_use.sort_unstable();
        for (_, hash) in by_use.into_iter().take(DROPPED) {
            self.pictures.remove(&hash);
        }
    }
}
