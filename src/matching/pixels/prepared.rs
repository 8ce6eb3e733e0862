//! A picture as it is compared: unpacked luma at several sizes, the box of its content, small
//! views of the whole.

use std::sync::OnceLock;

use super::decide::{DOCUMENT_BLOCKS, PLAIN_BLOCKS};
use super::features::Keypoint;
use super::geometry::Rectangle;
use super::make::{COLOUR_SIDE, VIEW_SIDE};
use super::plane::{Bounds, Plane};
use super::record::PixelRecord;
use super::refine::anchors;
use super::warp;
use crate::photo::Orientation;

/// A [`PixelRecord`] ready to be compared with others: about 30 KB, and 200 KB more once its
/// luma was looked at, which most comparisons do without.
#[derive(Debug)]
pub struct Prepared {
    record: PixelRecord,
    whole_view: View,
    content_view: Option<View>,
    luma: OnceLock<Luma>,
}

/// The unpacked luma.
#[derive(Debug)]
struct Luma {
    /// Smoothed, then halved again and again.
    levels: Vec<Plane>,
    anchors: Vec<(usize, usize)>,
}

impl Luma {
    fn new(plane: &Plane) -> Self {
        let mut levels = vec![plane.smoothed()];
        while let Some(last) = levels.last()
            && levels.len() < 4
            && last.width().min(last.height()) >= 16
        {
            let half = last.shrunk(last.width().div_ceil(2), last.height().div_ceil(2));
            levels.push(half);
        }
        Self {
            anchors: anchors(&levels[0]),
            levels,
        }
    }
}

/// A box of a picture in 32 x 32 means, of mean 0 and length 1.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) bounds: Rectangle,
    /// Standard deviation before the tones were stretched, in levels.
    pub(super) contrast: f32,
    values: Vec<f32>,
}

impl Prepared {
    pub(super) fn new(record: PixelRecord) -> Self {
        let stretch = record.stretch();
        let whole = Bounds {
            x0: 0,
            y0: 0,
            x1: record.width.into(),
            y1: record.height.into(),
        };
        Self {
            whole_view: View::new(&record.whole_view, whole, stretch),
            content_view: record
                .content_view
                .as_ref()
                .map(|view| View::new(view, record.content, stretch)),
            record,
            luma: OnceLock::new(),
        }
    }

    /// A picture for a closer look, with its luma as it came.
    pub(super) fn detailed(record: PixelRecord, luma: &Plane) -> Self {
        let prepared = Self::new(record);
        prepared.luma.get_or_init(|| Luma::new(luma));
        prepared
    }

    /// Whether the picture was larger than what is kept of it.
    pub(super) fn is_reduced(&self) -> bool {
        let (width, height) = self.record.source_size;
        (width, height) != (self.record.width.into(), self.record.height.into())
    }

    pub(super) fn record(&self) -> &PixelRecord {
        &self.record
    }

    pub(super) fn keypoints(&self) -> &[Keypoint] {
        &self.record.keypoints
    }

    /// Upper left corners of blocks that fix a position, 16 pixels wide, spread over the
    /// picture.
    pub(super) fn anchors(&self) -> &[(usize, usize)] {
        &self.unpacked().anchors
    }

    /// The smoothed luma.
    pub(super) fn luma(&self) -> &Plane {
        &self.unpacked().levels[0]
    }

    fn unpacked(&self) -> &Luma {
        self.luma
            .get_or_init(|| Luma::new(&self.record.unpack_luma()))
    }

    /// The luma for being looked at `reduction` times smaller, and how many times smaller it
    /// is already, across and down.
    pub(super) fn luma_for(&self, reduction: f64) -> (&Plane, [f64; 2]) {
        let levels = &self.unpacked().levels;
        let mut index = 0;
        let mut left = reduction;
        while left >= 1.8 && index + 1 < levels.len() {
            left *= 0.5;
            index += 1;
        }
        let (full, plane) = (&levels[0], &levels[index]);
        let ratio = |full: usize, small: usize| to_f64(small) / to_f64(full);
        (
            plane,
            [
                ratio(full.width(), plane.width()),
                ratio(full.height(), plane.height()),
            ],
        )
    }

    /// The whole picture.
    pub(super) fn frame(&self) -> Rectangle {
        self.whole_view.bounds
    }

    /// The picture without plain borders of one tone.
    pub(super) fn content(&self) -> Rectangle {
        warp::rectangle(self.record.content)
    }

    /// The whole picture and, where there are borders, its content, in small.
    pub(super) fn views(&self) -> impl Iterator<Item = &View> {
        std::iter::once(&self.whole_view).chain(&self.content_view)
    }

    /// Width by height, from the picture that was handed in.
    pub(super) fn proportions(&self) -> f64 {
        let (width, height) = self.record.source_size;
        f64::from(width) / f64::from(height.max(1))
    }

    /// 16 x 16 colours as they were before stretching.
    fn colours(&self) -> &[u8] {
        &self.record.colours
    }

    /// Whether there is so little texture that only equality proves anything.
    pub(super) fn is_plain(&self) -> bool {
        self.record.texture < PLAIN_BLOCKS
    }

    /// Whether it is a page or a screen, as far as can be told.
    pub(super) fn is_document(&self) -> bool {
        self.record.two_tone >= DOCUMENT_BLOCKS
    }

    /// The whole picture in small.
    pub(super) fn whole_view(&self) -> &View {
        &self.whole_view
    }
}

impl View {
    fn new(means: &[u8], bounds: Bounds, stretch: f32) -> Self {
        let mut values: Vec<f32> = means.iter().map(|&mean| f32::from(mean)).collect();
        let mean = values.iter().sum::<f32>() / to_f32(values.len());
        let length = values
            .iter_mut()
            .map(|value| {
                *value -= mean;
                *value * *value
            })
            .sum::<f32>()
            .sqrt();
        for value in &mut values {
            *value /= length.max(1.0);
        }
        Self {
            bounds: warp::rectangle(bounds),
            contrast: length / to_f32(VIEW_SIDE) / stretch,
            values,
        }
    }

    /// The correlation of this view, turned, with another, -1 to 1.
    pub(super) fn correlation(&self, orientation: Orientation, other: &Self) -> f32 {
        let mut sum = 0.0;
        for (y, row) in other.values.chunks_exact(VIEW_SIDE).enumerate() {
            let (start, step) = source_line(VIEW_SIDE, orientation, y);
            let mut at = start;
            for value in row {
                sum += value * self.values[at];
                at = at.wrapping_add_signed(step);
            }
        }
        sum
    }
}

/// The mean and largest difference of the two pictures' colours, the first one turned.
pub(super) fn colour_difference(
    a: &Prepared,
    orientation: Orientation,
    b: &Prepared,
) -> (f32, f32) {
    let (mut sum, mut most) = (0.0_f32, 0.0_f32);
    for y in 0..COLOUR_SIDE {
        let (start, step) = source_line(COLOUR_SIDE, orientation, y);
        let mut at = start;
        for x in 0..COLOUR_SIDE {
            let other = 3 * (y * COLOUR_SIDE + x);
            for channel in 0..3 {
                let difference = (f32::from(a.colours()[3 * at + channel])
                    - f32::from(b.colours()[other + channel]))
                .abs();
                sum += difference;
                most = most.max(difference);
            }
            at = at.wrapping_add_signed(step);
        }
    }
    (sum / to_f32(3 * COLOUR_SIDE * COLOUR_SIDE), most)
}

/// Row `y` of a turned square picture, in the picture before turning: where it starts and how
/// far it is from one pixel to the next.
fn source_line(side: usize, orientation: Orientation, y: usize) -> (usize, isize) {
    let last = side - 1;
    let along = side.cast_signed();
    match orientation {
        Orientation::Normal => (y * side, 1),
        Orientation::MirrorHorizontal => (y * side + last, -1),
        Orientation::Rotate180 => ((last - y) * side + last, -1),
        Orientation::MirrorVertical => ((last - y) * side, 1),
        Orientation::Transpose => (y, along),
        Orientation::Rotate90 => (last * side + y, -along),
        Orientation::Transverse => (last * side + last - y, -along),
        Orientation::Rotate270 => (last - y, along),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are a few hundred pixels wide"
)]
fn to_f64(value: usize) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are a few hundred pixels wide"
)]
fn to_f32(value: usize) -> f32 {
    value as f32
}
