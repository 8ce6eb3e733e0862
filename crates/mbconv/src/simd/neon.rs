//! NEON, which every 64-bit Arm processor has: 32 registers of 4 numbers.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vmaxq_f32, vminq_f32, vst1q_f32,
};

use super::Simd;

/// Needs `neon`.
#[derive(Clone, Copy)]
pub(crate) struct Neon;

impl Simd for Neon {
    type Vector = float32x4_t;
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(number: f32) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { vdupq_n_f32(number) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self::Vector {
        debug_assert!(at + Self::LANES <= from.len(), "{at} of {}", from.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { vld1q_f32(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(to: &mut [f32], at: usize, vector: Self::Vector) {
        debug_assert!(at + Self::LANES <= to.len(), "{at} of {}", to.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { vst1q_f32(to.as_mut_ptr().add(at), vector) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn clamp(a: Self::Vector, low: Self::Vector, high: Self::Vector) -> Self::Vector {
        // SAFETY: the processor has the set, as the caller promises.
        unsafe { vminq_f32(vmaxq_f32(a, low), high) }
    }
}
