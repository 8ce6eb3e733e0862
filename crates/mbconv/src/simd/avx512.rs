//! AVX-512F: 32 registers of 16 numbers.

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps,
    _mm512_set1_ps, _mm512_storeu_ps,
};

use super::Simd;

/// Needs `avx512f`.
#[derive(Clone, Copy)]
pub(crate) struct Avx512;

impl Simd for Avx512 {
    type Vector = __m512;
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm512_set1_ps(number) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self::Vector {
        debug_assert!(at + Self::LANES <= from.len(), "{at} of {}", from.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { _mm512_loadu_ps(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(to: &mut [f32], at: usize, vector: Self::Vector) {
        debug_assert!(at + Self::LANES <= to.len(), "{at} of {}", to.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(at), vector) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(a: Self::Vector, low: Self::Vector, high: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm512_min_ps(_mm512_max_ps(a, low), high) }
    }
}
