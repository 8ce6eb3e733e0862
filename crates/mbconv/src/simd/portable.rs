//! Plain Rust, for processors of other kinds, and as the reference of the tests.

use super::Simd;

/// Four numbers, which compilers turn into a vector where there is one.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type Vector = [f32; 4];
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self::Vector {
        [number; 4]
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self::Vector {
        let mut vector = [0.0; 4];
        vector.copy_from_slice(&from[at..at + 4]);
        vector
    }

    #[inline(always)]
    unsafe fn store(to: &mut [f32], at: usize, vector: Self::Vector) {
        to[at..at + 4].copy_from_slice(&vector);
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    unsafe fn clamp(a: Self::Vector, low: Self::Vector, high: Self::Vector) -> Self::Vector {
        std::array::from_fn(|lane| a[lane].max(low[lane]).min(high[lane]))
    }
}
