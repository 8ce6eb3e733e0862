//! SSE2, which every 64-bit x86 processor has: 16 registers of 4 numbers.

use std::arch::x86_64::{
    __m128, _mm_add_ps, _mm_loadu_ps, _mm_max_ps, _mm_min_ps, _mm_mul_ps, _mm_set1_ps,
    _mm_storeu_ps,
};

use super::Simd;

/// Products and sums are rounded each by itself: there is no fused operation.
#[derive(Clone, Copy)]
pub(crate) struct Sse2;

impl Simd for Sse2 {
    type Vector = __m128;
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm_set1_ps(number) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self::Vector {
        debug_assert!(at + Self::LANES <= from.len(), "{at} of {}", from.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { _mm_loadu_ps(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(to: &mut [f32], at: usize, vector: Self::Vector) {
        debug_assert!(at + Self::LANES <= to.len(), "{at} of {}", to.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { _mm_storeu_ps(to.as_mut_ptr().add(at), vector) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm_add_ps(_mm_mul_ps(a, b), c) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(a: Self::Vector, low: Self::Vector, high: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { _mm_min_ps(_mm_max_ps(a, low), high) }
    }
}
