//! Numbers that begin at a cache line: vectors of 64 bytes that lie across two lines cost twice.

use std::ops::{Deref, DerefMut};

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A slice of single-precision numbers at an address that 64 divides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    /// So many zeros.
    pub(crate) fn zeros(length: usize) -> Self {
        Self {
            lines: vec![Line([0.0; 16]); length.div_ceil(16)],
            length,
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `Line` is 16 numbers without padding, and there are at least `length` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: `Line` is 16 numbers without padding, and there are at least `length` of them.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_a_cache_line_and_are_all_there() {
        for length in [0, 1, 15, 16, 17, 1000] {
            let mut numbers = Aligned::zeros(length);
            assert_eq!(numbers.len(), length);
            assert_eq!(numbers.as_ptr().addr() % 64, 0);
            numbers.fill(1.0);
            assert!(
                numbers
                    .iter()
                    .all(|number| number.to_bits() == 1.0_f32.to_bits())
            );
        }
    }
}
