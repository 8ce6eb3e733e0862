//! Pictures, as they come in.

/// From levels of 0 to 255 to what a network wants: `level * scale + offset`, for red, green and
/// blue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Factors.
    pub scale: [f32; 3],
    /// What is added.
    pub offset: [f32; 3],
}

/// A row of a picture at a time.
pub(crate) trait Rows {
    /// Puts row `y` of a picture into `row`, [column][channel], normalised.
    fn read(&self, picture: usize, y: usize, row: &mut [f32]);
}

pub(crate) struct Normalised<'a, P>(pub(crate) &'a [P]);

impl<P: AsRef<[f32]>> Rows for Normalised<'_, P> {
    fn read(&self, picture: usize, y: usize, row: &mut [f32]) {
        let numbers = self.0[picture].as_ref();
        row.copy_from_slice(&numbers[y * row.len()..(y + 1) * row.len()]);
    }
}

/// Eight pixels of three channels: whole vectors for all instruction sets.
const RUN: usize = 24;

pub(crate) struct Rgb8<'a, P> {
    pictures: &'a [P],
    scale: [f32; RUN],
    offset: [f32; RUN],
}

impl<'a, P> Rgb8<'a, P> {
    pub(crate) fn new(pictures: &'a [P], normalisation: &Normalisation) -> Self {
        Self {
            pictures,
            scale: std::array::from_fn(|index| normalisation.scale[index % 3]),
            offset: std::array::from_fn(|index| normalisation.offset[index % 3]),
        }
    }
}

impl<P: AsRef<[u8]>> Rows for Rgb8<'_, P> {
    fn read(&self, picture: usize, y: usize, row: &mut [f32]) {
        let levels = &self.pictures[picture].as_ref()[y * row.len()..(y + 1) * row.len()];
        for (numbers, levels) in row.chunks_mut(RUN).zip(levels.chunks(RUN)) {
            let factors = self.scale.iter().zip(&self.offset);
            for ((number, &level), (scale, offset)) in numbers.iter_mut().zip(levels).zip(factors) {
                *number = f32::from(level) * scale + offset;
            }
        }
    }
}
