//! One thread's way through a network.

use std::sync::Arc;

use crate::error::Error;
use crate::packed::GROUP;
use crate::packed::Packed;
use crate::pass::Pass;
use crate::pictures::{Normalisation, Normalised, Rgb8, Rows};

/// Runs a network in the thread that calls it, and owns all memory that this takes: a run
/// allocates nothing.
///
/// For several cores make a runner for each, of the same [`Packed`].
#[derive(Debug)]
pub struct Runner {
    packed: Arc<Packed>,
    pass: Pass,
}

impl Runner {
    /// A runner with its working memory.
    #[must_use]
    pub fn new(packed: Arc<Packed>) -> Self {
        Self {
            pass: Pass::new(&packed),
            packed,
        }
    }

    /// The network that it runs.
    #[must_use]
    pub fn packed(&self) -> &Packed {
        &self.packed
    }

    /// What the network gives for pictures that are normalised as it wants them.
    ///
    /// Each picture has `side * side * 3` numbers, [row][column][channel]; `out` has
    /// `pictures.len() * dimension` numbers, in the order of the pictures. A picture's numbers do
    /// not depend on the others, to the last bit. Groups of four are the fastest.
    ///
    /// # Errors
    /// [`Error::Length`] if a picture or `out` is longer or shorter; then nothing is computed.
    pub fn run<P: AsRef<[f32]>>(&mut self, pictures: &[P], out: &mut [f32]) -> Result<(), Error> {
        self.check(pictures.iter().map(|picture| picture.as_ref().len()), out)?;
        self.run_rows(&Normalised(pictures), pictures.len(), out);
        Ok(())
    }

    /// As [`Runner::run`], from pictures of 8 bits, which are normalised on the way.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_rgb8<P: AsRef<[u8]>>(
        &mut self,
        pictures: &[P],
        normalisation: &Normalisation,
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.check(pictures.iter().map(|picture| picture.as_ref().len()), out)?;
        let rows = Rgb8::new(pictures, normalisation);
        self.run_rows(&rows, pictures.len(), out);
        Ok(())
    }

    fn check(
        &self,
        pictures: impl ExactSizeIterator<Item = usize>,
        out: &[f32],
    ) -> Result<(), Error> {
        let same = |what, found, expected| {
            if found == expected {
                Ok(())
            } else {
                Err(Error::Length {
                    what,
                    found,
                    expected,
                })
            }
        };
        same("output", out.len(), pictures.len() * self.packed.dimension)?;
        let mut pictures = pictures;
        pictures.try_for_each(|found| same("picture", found, self.packed.side.pow(2) * 3))
    }

    fn run_rows(&mut self, rows: &dyn Rows, pictures: usize, out: &mut [f32]) {
        // As many groups as must be, of about the same size.
        let groups = pictures.div_ceil(GROUP);
        let mut first = 0;
        for group in 0..groups {
            let images = (pictures - first).div_ceil(groups - group);
            let at = first * self.packed.dimension;
            let out = &mut out[at..at + images * self.packed.dimension];
            self.pass.group(&self.packed, rows, first, images, out);
            first += images;
        }
    }
}
