//! Photos at full resolution, side by side or over each other: which, how, and what part of
//! them.
//!
//! Plain data and plain functions: the views draw this and the commands change it. Two of the
//! photos are the *pair* that flickers, is divided or subtracted: the reference, which lends
//! the others its frame, and one other; the chosen photo is one of these two.

mod act;
mod choice;
mod command;
mod difference;
mod facts;
pub(super) mod keys;
mod originals;
mod place;
mod pyramid;
mod textures;
mod viewport;

pub(crate) use command::CompareCommand;
pub(crate) use difference::{DifferenceKey, difference};
pub(crate) use facts::{Fact, Value, facts};
pub(crate) use originals::{Condition, Made, Original, Originals, Trouble, Wish, Work, WorkKey};
pub(crate) use place::Map;
pub(crate) use pyramid::Pyramid;
pub(crate) use textures::{Source, TILE, Textures, Tile, area};
pub(crate) use viewport::{Size, Viewport};

use std::path::PathBuf;

use super::review::Review;
use crate::photo::{ContentHash, Photo, PhotoId};

/// How the photos are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Each in a frame of its own.
    #[default]
    SideBySide,
    /// One of the pair at a time, at the same place.
    Flicker,
    /// The reference left of a divider, the other right of it.
    Slider,
    /// Where the pair differs.
    Difference,
}

impl Mode {
    /// All, in the order of their buttons.
    pub(crate) const ALL: [Self; 4] = [
        Self::SideBySide,
        Self::Flicker,
        Self::Slider,
        Self::Difference,
    ];

    /// As its button names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SideBySide => "Side by side",
            Self::Flicker => "Flicker",
            Self::Slider => "Slider",
            Self::Difference => "Difference",
        }
    }
}

/// A photo that is compared.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which.
    pub(crate) id: PhotoId,
    /// What the scan knows of it.
    pub(crate) photo: Photo,
}

impl Entry {
    /// Its upright size in pixels.
    pub(crate) fn size(&self) -> Size {
        let content = &self.photo.content;
        [f64::from(content.width), f64::from(content.height)]
    }

    /// The hash of its content.
    pub(crate) fn hash(&self) -> ContentHash {
        self.photo.content.hash
    }
}

/// How many times differences can be enlarged.
pub(crate) const AMPLIFY: [u32; 4] = [1, 4, 16, 64];

/// A comparison.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of their own, each with a key"
)]
pub(crate) struct Compare {
    entries: Vec<Entry>,
    left_out: usize,
    reference: usize,
    other: usize,
    is_other_chosen: bool,
    mode: Mode,
    viewport: Viewport,
    divider: f32,
    amplify: u32,
    is_lined_up: bool,
    has_table: bool,
    is_full_screen: bool,
    originals: Originals,
    textures: Textures,
}

impl Compare {
    /// Compares photos of the current group; `None` where there are no two.
    pub(crate) fn open(review: &Review) -> Option<Self> {
        let mut compare = Self {
            entries: Vec::new(),
            left_out: 0,
            reference: 0,
            other: 0,
            is_other_chosen: false,
            mode: Mode::default(),
            viewport: Viewport::default(),
            divider: 0.5,
            amplify: AMPLIFY[1],
            is_lined_up: false,
            has_table: false,
            is_full_screen: false,
            originals: Originals::default(),
            textures: Textures::default(),
        };
        compare.show_current(review).then_some(compare)
    }

    /// Takes the photos of the group where the review is; false where there are no two.
    fn show_current(&mut self, review: &Review) -> bool {
        let Some((_, group)) = review.current_group() else {
            return false;
        };
        let current = review.current_member().map(|(_, member)| member.photo);
        let choice = choice::choose(group, current);
        let entry = |&id: &PhotoId| {
            let photo = review.photo(id)?.clone();
            Some(Entry { id, photo })
        };
        let entries: Vec<Entry> = choice.photos.iter().filter_map(entry).collect();
        if entries.len() < 2 {
            return false;
        }
        self.entries = entries;
        self.left_out = choice.left_out;
        self.reference = 0;
        self.other = 1;
        self.is_other_chosen = false;
        self.choose(choice.first);
        self.viewport.fit();
        true
    }

    /// Finds its photos in a review that took the place of the one before; false if they are
    /// not all in it.
    pub(crate) fn follow(&mut self, review: &Review) -> bool {
        let find = |path: &PathBuf| {
            let photos = review.photos();
            let at = photos.binary_search_by(|photo| photo.path.cmp(path)).ok()?;
            Some(PhotoId(u32::try_from(at).ok()?))
        };
        self.originals.look_again();
        self.entries.iter_mut().all(|entry| {
            let found = find(&entry.photo.path);
            if let Some(id) = found {
                entry.id = id;
            }
            found.is_some()
        })
    }

    /// The photos; the chosen one and the reference are among them.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many photos of the group are not shown.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// How the photos are laid out.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Zoom and pan.
    pub(crate) fn viewport(&self) -> &Viewport {
        &self.viewport
    }

    /// Where the divider is, 0 to 1 of the frame's width.
    pub(crate) fn divider(&self) -> f32 {
        self.divider
    }

    /// How many times differences are enlarged.
    pub(crate) fn amplify(&self) -> u32 {
        self.amplify
    }

    /// Whether photos that are side by side lie over each other as their pixels match.
    pub(crate) fn is_lined_up(&self) -> bool {
        self.is_lined_up
    }

    /// Whether all that is known is shown.
    pub(crate) fn has_table(&self) -> bool {
        self.has_table
    }

    /// Whether the window fills the screen.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.is_full_screen
    }

    /// The photos at full resolution.
    pub(crate) fn originals(&self) -> &Originals {
        &self.originals
    }

    /// Parts of them, ready to be drawn.
    pub(crate) fn textures(&self) -> &Textures {
        &self.textures
    }

    /// The places of the reference and the other of the pair.
    pub(crate) fn pair(&self) -> [usize; 2] {
        [self.reference, self.other]
    }

    /// The place of the chosen photo.
    pub(crate) fn chosen(&self) -> usize {
        if self.is_other_chosen {
            self.other
        } else {
            self.reference
        }
    }

    /// The chosen photo.
    pub(crate) fn chosen_entry(&self) -> Option<&Entry> {
        self.entries.get(self.chosen())
    }

    /// Turns to a photo.
    pub(crate) fn choose(&mut self, place: usize) {
        if place >= self.entries.len() {
            return;
        }
        self.is_other_chosen = place != self.reference;
        if self.is_other_chosen {
            self.other = place;
        }
    }

    fn step(&mut self, step: isize) {
        let last = self.entries.len().saturating_sub(1);
        self.choose(self.chosen().saturating_add_signed(step).min(last));
    }

    /// Compares the others with the chosen photo.
    fn take_as_reference(&mut self) {
        if self.is_other_chosen {
            std::mem::swap(&mut self.reference, &mut self.other);
            self.is_other_chosen = false;
            let lead = self.lead();
            self.viewport.set_frame(self.viewport.frame(), lead);
        }
    }

    /// The size of the reference, which the zoom counts by.
    pub(crate) fn lead(&self) -> Size {
        let entry = self.entries.get(self.reference);
        entry.map_or([1.0; 2], Entry::size)
    }

    /// How a photo lies in the frame of the reference where it is laid over it; `None` where it
    /// has a frame of its own.
    pub(crate) fn map(&self, place: usize) -> Option<Map> {
        let is_over = self.mode != Mode::SideBySide || self.is_lined_up;
        if !is_over {
            return None;
        }
        let (under, over) = (self.entries.get(self.reference)?, self.entries.get(place)?);
        if place == self.reference {
            return Some(Map::IDENTITY);
        }
        let known = self.originals.map(under.hash(), over.hash()).flatten();
        Some(known.unwrap_or_else(|| Map::contain(over.size(), under.size())))
    }

    /// Whether it is known how the other of the pair lies over the reference.
    pub(crate) fn is_matched(&self) -> Option<bool> {
        let [under, over] = self.pair().map(|place| self.entries.get(place));
        let known = self.originals.map(under?.hash(), over?.hash());
        known.map(|map| map.is_some())
    }

    /// Screen pixels per pixel of a photo, as it is shown.
    pub(crate) fn scale_of(&self, place: usize) -> f64 {
        let lead = self.lead();
        let Some(entry) = self.entries.get(place) else {
            return 1.0;
        };
        match self.map(place) {
            None => self.viewport.scale_of(entry.size(), lead),
            Some(map) => self.viewport.scale(lead) * map.stretch(entry.size(), lead),
        }
    }

    /// The differences that are to be shown.
    pub(crate) fn difference_key(&self) -> Option<DifferenceKey> {
        let [under, over] = self.pair().map(|place| self.entries.get(place));
        Some(DifferenceKey {
            under: under?.hash(),
            over: over?.hash(),
            amplify: self.amplify,
        })
    }

    fn hashes(&self) -> Vec<ContentHash> {
        self.entries.iter().map(Entry::hash).collect()
    }
}
