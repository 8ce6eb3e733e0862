//! A decoded picture.

use crate::colour;
use crate::frame::{Component, Frame};
use crate::options::Scale;
use crate::upsample::Rows;

/// Samples of one component. Reused.
#[derive(Debug, Default)]
pub(crate) struct Plane {
    samples: Vec<u8>,
}

impl Plane {
    /// Makes it of one size, all grey.
    pub(crate) fn begin(&mut self, samples: usize) {
        self.samples.clear();
        self.samples.resize(samples, 128);
    }

    pub(crate) fn samples_mut(&mut self) -> &mut [u8] {
        &mut self.samples
    }

    /// Bytes of memory that are held.
    pub(crate) fn capacity(&self) -> usize {
        self.samples.capacity()
    }
}

/// The luma of a picture: rows of samples, 0 to 255 (ITU-T T.871, full range).
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    samples: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> Luma<'a> {
    /// The samples row by row, the first at the upper left; each row is [`stride`](Self::stride)
    /// long, of which the first [`Picture::width`] are of the picture.
    #[must_use]
    pub fn samples(&self) -> &'a [u8] {
        self.samples
    }

    /// The distance of two rows.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The rows of the picture, from the uppermost on.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        let width = self.width;
        self.samples
            .chunks(self.stride.max(1))
            .take(self.height)
            .map(move |row| row.get(..width).unwrap_or(row))
    }
}

/// A decoded picture. It lies in the buffers of its [`Decoder`](crate::Decoder).
#[derive(Debug)]
pub struct Picture<'a> {
    pub(crate) frame: Frame,
    pub(crate) scale: Scale,
    pub(crate) planes: &'a [Plane; 3],
    /// How many rows of the full picture are there.
    pub(crate) full_rows: usize,
    pub(crate) is_truncated: bool,
}

impl Picture<'_> {
    /// Pixels across: those of the file times the scale, rounded up.
    #[must_use]
    pub fn width(&self) -> usize {
        self.frame.reduced_size(self.scale).0
    }

    /// Pixels down: those of the file times the scale, rounded up.
    #[must_use]
    pub fn height(&self) -> usize {
        self.frame.reduced_size(self.scale).1
    }

    /// Width and height in pixels of the picture in the file.
    #[must_use]
    pub fn full_size(&self) -> (u32, u32) {
        (self.frame.header.width, self.frame.header.height)
    }

    /// How much of the decoded picture, in its pixels from the upper left, the picture in the file
    /// covers: its size times the scale, not rounded. The last column and row may lie partly
    /// outside; whoever resizes the picture must take this box of it, or it is shifted and
    /// stretched by a fraction of a pixel.
    #[must_use]
    pub fn covered(&self) -> (f64, f64) {
        let side = |full: u32| f64::from(full) * self.scale.fraction();
        (
            side(self.frame.header.width),
            side(self.frame.header.height),
        )
    }

    /// Whether it is greyscale.
    #[must_use]
    pub fn is_grey(&self) -> bool {
        self.frame.components().len() == 1
    }

    /// Whether the data ends before the picture does. What is missing is grey, or in a progressive
    /// file less sharp.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// How many rows from the uppermost on are whole: [`height`](Self::height) unless the picture
    /// [is truncated](Self::is_truncated).
    #[must_use]
    pub fn good_rows(&self) -> usize {
        if self.full_rows >= self.frame.height() {
            self.height()
        } else {
            self.full_rows * self.scale.eighths() / 8
        }
    }

    /// The luma, as it was decoded.
    #[must_use]
    pub fn luma(&self) -> Luma<'_> {
        let [luma, ..] = self.planes;
        Luma {
            samples: &luma.samples,
            stride: self.stride(self.frame.components().first()),
            width: self.width(),
            height: self.height(),
        }
    }

    /// 8-bit RGB, row by row without gaps, by the matrix of JFIF (ITU-T T.871). Chroma that is
    /// subsampled is interpolated linearly between the centres of its samples.
    #[must_use]
    pub fn to_rgb(&self) -> Vec<u8> {
        let mut rgb = vec![0; 3 * self.width() * self.height()];
        self.write_rgb(&mut rgb);
        rgb
    }

    /// Writes what [`to_rgb`](Self::to_rgb) gives to the beginning of `rgb`; what has no room is
    /// left out.
    pub fn write_rgb(&self, rgb: &mut [u8]) {
        let width = self.width();
        let rows = rgb.chunks_exact_mut(3 * width);
        let &[_, blue, red] = &self.planes;
        if let [_, blue_layout, red_layout] = self.frame.components() {
            let mut blue = self.chroma(blue, blue_layout);
            let mut red = self.chroma(red, red_layout);
            for ((y, row), luma) in rows.enumerate().zip(self.luma().rows()) {
                colour::write_row(luma, blue.row(y), red.row(y), row);
            }
        } else {
            for (row, luma) in rows.zip(self.luma().rows()) {
                for (pixel, &value) in row.as_chunks_mut().0.iter_mut().zip(luma) {
                    *pixel = [value; 3];
                }
            }
        }
    }

    fn chroma<'p>(&self, plane: &'p Plane, layout: &Component) -> Rows<'p> {
        Rows::new(
            &plane.samples,
            self.stride(Some(layout)),
            self.frame.reduced_component_size(layout, self.scale),
            (layout.h, self.frame.h_max),
            (layout.v, self.frame.v_max),
            self.width(),
        )
    }

    /// Samples in a row of a component's plane.
    fn stride(&self, layout: Option<&Component>) -> usize {
        layout.map_or(0, |layout| layout.padded_across) * self.scale.eighths()
    }
}
