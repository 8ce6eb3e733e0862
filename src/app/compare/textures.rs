//! Parts of pictures as textures: a graphics card takes no picture of any size, and no frame may
//! wait for a large one.
//!
//! Views ask for the tiles they draw; a few a frame are made, and those that were not drawn for
//! long are dropped. Each tile has a rim of its neighbours' pixels, so that no seams show where
//! it is magnified.

use std::cell::Cell;
use std::collections::BTreeMap;

use eframe::egui::{Context, Rect, TextureFilter, TextureHandle, TextureOptions, pos2, vec2};

use super::difference::DifferenceKey;
use super::pyramid::Pyramid;
use crate::photo::ContentHash;

/// The side of a tile in pixels, its rim apart.
pub(crate) const TILE: usize = 1024;
/// The rim.
const RIM: usize = 1;
/// Bytes of all tiles: a screen of 4K full of photos takes 60 MB, the rest is for going back.
const KEPT_BYTES: usize = 320 << 20;
/// Tiles made in a frame: 4 MB each, a millisecond or two.
const A_FRAME: usize = 2;

/// What a tile is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A photo.
    Picture(ContentHash),
    /// A map of differences.
    Difference(DifferenceKey),
}

/// One tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tile {
    /// Of what.
    pub(crate) source: Source,
    /// Of which level of its pyramid.
    pub(crate) level: usize,
    /// Column and row.
    pub(crate) at: [usize; 2],
    /// Whether single pixels are to be seen.
    pub(crate) is_sharp: bool,
}

/// A tile that can be drawn.
#[derive(Clone)]
pub(crate) struct Drawable {
    /// The texture.
    pub(crate) texture: TextureHandle,
    /// The tile's place in the texture, without the rim.
    pub(crate) uv: Rect,
}

/// The tiles that were drawn lately.
#[derive(Default)]
pub(crate) struct Textures {
    tiles: BTreeMap<Tile, (Drawable, Cell<u64>)>,
    frame: u64,
    made: usize,
}

impl std::fmt::Debug for Textures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Textures")
            .field("tiles", &self.tiles.len())
            .finish_non_exhaustive()
    }
}

impl Textures {
    /// A tile, if it was made.
    pub(crate) fn get(&self, tile: &Tile) -> Option<&Drawable> {
        let (drawable, used) = self.tiles.get(tile)?;
        used.set(self.frame);
        Some(drawable)
    }

    /// Begins a frame: drops what was not drawn for long where there is too much.
    pub(crate) fn next_frame(&mut self) {
        self.frame += 1;
        self.made = 0;
        let mut bytes: usize = self.tiles.values().map(|(tile, _)| bytes_of(tile)).sum();
        if bytes <= KEPT_BYTES {
            return;
        }
        let mut by_use: Vec<_> = (self.tiles.iter())
            .map(|(&tile, (_, used))| (used.get(), tile))
            .filter(|&(used, _)| used + 1 < self.frame)
            .collect();
        by_use.sort_unstable();
        for (_, tile) in by_use {
            if bytes <= KEPT_BYTES {
                return;
            }
            if let Some((dropped, _)) = self.tiles.remove(&tile) {
                bytes -= bytes_of(&dropped);
            }
        }
    }

    /// Makes a tile of its pyramid; false if enough was made in this frame.
    pub(crate) fn make(&mut self, ctx: &Context, tile: Tile, pyramid: &Pyramid) -> bool {
        if self.tiles.contains_key(&tile) {
            return true;
        }
        let Some(image) = pyramid.level(tile.level) else {
            return true;
        };
        if self.made >= A_FRAME {
            return false;
        }
        let Some(area) = area(image.size, tile.at) else {
            return true;
        };
        let start = area.start.map(|at| at.saturating_sub(RIM));
        let end = [0, 1].map(|axis| (area.end[axis] + RIM).min(image.size[axis]));
        let size = [end[0] - start[0], end[1] - start[1]];
        let filter = if tile.is_sharp {
            TextureFilter::Nearest
        } else {
            TextureFilter::Linear
        };
        let options = TextureOptions {
            magnification: filter,
            ..TextureOptions::LINEAR
        };
        let part = image.region_by_pixels(start, size);
        let texture = ctx.load_texture("photo", part, options);
        let share = |axis: usize, at: usize| fraction(at - start[axis], size[axis]);
        let uv = Rect::from_min_max(
            pos2(share(0, area.start[0]), share(1, area.start[1])),
            pos2(share(0, area.end[0]), share(1, area.end[1])),
        );
        let drawable = Drawable { texture, uv };
        self.tiles.insert(tile, (drawable, Cell::new(self.frame)));
        self.made += 1;
        true
    }
}

/// The pixels of a level that a tile shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    /// The first column and row.
    pub(crate) start: [usize; 2],
    /// The first column and row beyond.
    pub(crate) end: [usize; 2],
}

/// Where the tile at this column and row lies in a level of this size; `None` outside.
pub(crate) fn area(size: [usize; 2], at: [usize; 2]) -> Option<Area> {
    let start = at.map(|at| at.saturating_mul(TILE));
    let end = [0, 1].map(|axis| (start[axis].saturating_add(TILE)).min(size[axis]));
    (start[0] < end[0] && start[1] < end[1]).then_some(Area { start, end })
}

fn bytes_of(drawable: &Drawable) -> usize {
    let [width, height] = drawable.texture.size();
    width * height * 4
}

#[expect(clippy::cast_precision_loss, reason = "at most a tile's side")]
fn fraction(part: usize, whole: usize) -> f32 {
    let ends = vec2(part as f32, whole.max(1) as f32);
    ends.x / ends.y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_a_level_without_gaps() {
        let size = [2500, 1024];
        let columns: Vec<_> = (0..4).map_while(|column| area(size, [column, 0])).collect();
        let ends: Vec<_> = columns
            .iter()
            .map(|area| (area.start[0], area.end[0]))
            .collect();
        assert_eq!(ends, [(0, 1024), (1024, 2048), (2048, 2500)]);
        assert_eq!(area(size, [0, 1]), None);
    }
}
