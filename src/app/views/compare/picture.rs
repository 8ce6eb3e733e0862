//! Draws a picture of any size at any zoom: the tiles in sight, each as a mesh, over the small
//! picture that was there first.

use eframe::egui::epaint::{Mesh, Vertex};
use eframe::egui::{Color32, Painter, Pos2, Rect, TextureId, Ui, pos2};

use crate::app::command::Command;
use crate::app::compare::{Compare, CompareCommand, Entry, Map, Pyramid, Source, TILE, Tile, area};
use crate::app::state::State;
use crate::app::thumbnails::Thumbnail;

/// A tile that is laid over another picture is bent along so many lines each way: a projective
/// map is not what a graphics card does between two corners.
const BENDS: usize = 8;
/// From so many screen pixels a pixel on, single pixels are to be seen.
const SHARP: f64 = 1.99;

/// Where a picture is spread out on the screen.
pub(super) struct Spread {
    painter: Painter,
    clip: Rect,
    /// Physical pixels per point.
    ratio: f64,
    /// The frame that positions refer to: upper left corner and size, in physical pixels.
    corner: [f64; 2],
    size: [f64; 2],
    /// From the picture's positions to those of the frame.
    map: Option<Map>,
    /// Screen pixels per pixel of the photo.
    scale: f64,
}

impl Spread {
    /// Where a photo is spread out in `frame`, of which `clip` is seen.
    pub(super) fn of_photo(
        ui: &Ui,
        compare: &Compare,
        place: usize,
        entry: &Entry,
        frame: Rect,
        clip: Rect,
    ) -> Self {
        let ratio = f64::from(ui.pixels_per_point());
        let lead = compare.lead();
        let map = compare.map(place);
        let own = if map.is_some() { lead } else { entry.size() };
        let (corner, size) = compare.viewport().place(own, lead);
        let middle = [frame.center().x, frame.center().y].map(|at| f64::from(at) * ratio);
        // On whole pixels, so that a photo at 100 % is not smeared over two.
        let corner = [0, 1].map(|axis| (middle[axis] + corner[axis]).round());
        Self {
            painter: ui.painter().with_clip_rect(clip.intersect(ui.clip_rect())),
            clip,
            ratio,
            corner,
            size,
            map: map.filter(|map| *map != Map::IDENTITY),
            scale: compare.scale_of(place),
        }
    }

    /// Draws the small picture of a photo, enlarged.
    pub(super) fn thumbnail(
        &self,
        ui: &Ui,
        state: &State,
        entry: &Entry,
        commands: &mut Vec<Command>,
    ) {
        if let Thumbnail::Ready(texture) = state.thumbnails.get(entry.hash(), commands) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            self.patch(texture.id(), [0.0; 2], [1.0; 2], whole);
        } else {
            let [a, b] = [[0.0; 2], [1.0; 2]].map(|at| self.to_screen(at));
            if let (Some(a), Some(b)) = (a, b) {
                let color = crate::app::theme::Palette::of(ui).line;
                self.painter.rect_filled(Rect::from_two_pos(a, b), 0, color);
            }
        }
    }

    /// Draws what is in sight of a picture whose sides were divided by `divisor`; asks for the
    /// tiles that are missing.
    pub(super) fn pyramid(
        &self,
        ui: &Ui,
        compare: &Compare,
        source: Source,
        (pyramid, divisor): (&Pyramid, u32),
        commands: &mut Vec<Command>,
    ) {
        let scale = match self.map {
            None => self.size[0] / pyramid.size(0)[0].max(1.0),
            Some(_) => self.scale * f64::from(divisor),
        };
        let level = pyramid.level_for(scale);
        let coarsest = pyramid.coarsest();
        let is_sharp = level == 0 && scale >= SHARP;
        let mut is_complete = self.level(compare, source, pyramid, coarsest, false, commands);
        if level < coarsest || is_sharp {
            is_complete &= self.level(compare, source, pyramid, level, is_sharp, commands);
        }
        if !is_complete {
            ui.ctx().request_repaint();
        }
    }

    /// Draws the tiles of a level that are in sight; false if some are missing.
    fn level(
        &self,
        compare: &Compare,
        source: Source,
        pyramid: &Pyramid,
        level: usize,
        is_sharp: bool,
        commands: &mut Vec<Command>,
    ) -> bool {
        let Some(image) = pyramid.level(level) else {
            return true;
        };
        let [first, last] = self.in_sight();
        let tile_of = |at: [f64; 2]| pyramid.to_pixels(level, at).map(tile_at);
        let ([left, top], [right, bottom]) = (tile_of(first), tile_of(last));
        let mut is_complete = true;
        for (row, column) in (top..=bottom).flat_map(|row| (left..=right).map(move |c| (row, c))) {
            let Some(area) = area(image.size, [column, row]) else {
                continue;
            };
            let tile = Tile {
                source,
                level,
                at: [column, row],
                is_sharp,
            };
            let Some(drawable) = compare.textures().get(&tile) else {
                commands.push(CompareCommand::Upload(tile).into());
                is_complete = false;
                continue;
            };
            let place = |at: [usize; 2]| pyramid.to_photo(level, at.map(lossless));
            let (start, end) = (place(area.start), place(area.end));
            self.patch(drawable.texture.id(), start, end, drawable.uv);
        }
        is_complete
    }

    /// The corners of what is in sight of the picture, 0 to 1.
    fn in_sight(&self) -> [[f64; 2]; 2] {
        let clip = self.clip;
        let corners = [
            clip.left_top(),
            clip.right_top(),
            clip.left_bottom(),
            clip.right_bottom(),
        ];
        let back = self.map.and_then(|map| map.inverse());
        let places = corners.map(|corner| {
            let at = [corner.x, corner.y].map(|at| f64::from(at) * self.ratio);
            let at = [0, 1].map(|axis| (at[axis] - self.corner[axis]) / self.size[axis].max(1e-9));
            match (self.map, back) {
                (None, _) => Some(at),
                (Some(_), Some(back)) => back.apply(at),
                (Some(_), None) => None,
            }
        });
        let mut bounds = [[1.0_f64; 2], [0.0_f64; 2]];
        for place in places {
            // Beyond the horizon lies all of it.
            let (low, high) = place.map_or(([0.0; 2], [1.0; 2]), |at| (at, at));
            for axis in 0..2 {
                bounds[0][axis] = bounds[0][axis].min(low[axis].clamp(0.0, 1.0));
                bounds[1][axis] = bounds[1][axis].max(high[axis].clamp(0.0, 1.0));
            }
        }
        bounds
    }

    /// Draws a texture from one place of the picture to another; what lies outside of the
    /// picture is left out.
    fn patch(&self, texture: TextureId, start: [f64; 2], end: [f64; 2], uv: Rect) {
        let bends = if self.map.is_some() { BENDS } else { 1 };
        let mut mesh = Mesh::with_texture(texture);
        let lines = || (0..=bends).map(move |line| lossless(line) / lossless(bends));
        for (down, across) in lines().flat_map(|down| lines().map(move |across| (down, across))) {
            let share = [across, down];
            let place = [0, 1].map(|axis| {
                (start[axis] + (end[axis] - start[axis]) * share[axis]).clamp(0.0, 1.0)
            });
            let Some(pos) = self.to_screen(place) else {
                return;
            };
            let in_texture = [0, 1].map(|axis| {
                let length = end[axis] - start[axis];
                narrow((place[axis] - start[axis]) / if length == 0.0 { 1.0 } else { length })
            });
            let uv = uv.min + uv.size() * eframe::egui::Vec2::from(in_texture);
            mesh.vertices.push(Vertex {
                pos,
                uv,
                color: Color32::WHITE,
            });
        }
        let Ok(row) = u32::try_from(bends + 1) else {
            return;
        };
        for (y, x) in (0..row - 1).flat_map(|y| (0..row - 1).map(move |x| (y, x))) {
            let corner = y * row + x;
            mesh.add_triangle(corner, corner + 1, corner + row);
            mesh.add_triangle(corner + 1, corner + row, corner + row + 1);
        }
        self.painter.add(mesh);
    }

    /// Where a position of the picture, 0 to 1, is on the screen.
    fn to_screen(&self, at: [f64; 2]) -> Option<Pos2> {
        let at = match self.map {
            Some(map) => map.apply(at)?,
            None => at,
        };
        let [x, y] = [0, 1]
            .map(|axis| narrow((self.corner[axis] + at[axis] * self.size[axis]) / self.ratio));
        Some(pos2(x, y))
    }
}

/// The column or row of the tile that a pixel is in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a picture, never negative"
)]
fn tile_at(pixel: f64) -> usize {
    pixel.max(0.0) as usize / TILE
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures are small")]
fn lossless(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
fn narrow(value: f64) -> f32 {
    value as f32
}
