//! The few vector operations that the kernels are made of, once for every instruction set.
//!
//! The kernels are generic over [`Simd`] and inlined into functions that are compiled for the set
//! (`#[target_feature]`, in [`crate::kernels`]). All operations are `unsafe` for two reasons:
//! the processor must have the set, and memory is not checked but in debug builds.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod sse2;

/// A vector of `LANES` single-precision numbers.
///
/// # Safety
/// All functions may be called only on a processor that has the instruction set; those that take
/// a slice read or write its numbers from `at` on, `LANES` unless told otherwise, which must be
/// inside of it.
pub(crate) trait Simd: Copy {
    /// The numbers.
    type Vector: Copy;
    /// How many.
    const LANES: usize;

    /// The same number in every lane.
    unsafe fn splat(number: f32) -> Self::Vector;
    /// Numbers that lie side by side.
    unsafe fn load(from: &[f32], at: usize) -> Self::Vector;
    /// Puts the numbers side by side.
    unsafe fn store(to: &mut [f32], at: usize, vector: Self::Vector);
    /// `a * b + c`; rounded once, or twice where the set has no fused operation.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `a + b`.
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Within `low` to `high`.
    unsafe fn clamp(a: Self::Vector, low: Self::Vector, high: Self::Vector) -> Self::Vector;

    /// One number of a slice in every lane; reads one number.
    #[inline(always)]
    unsafe fn broadcast(from: &[f32], at: usize) -> Self::Vector {
        debug_assert!(at < from.len(), "{at} of {}", from.len());
        // SAFETY: inside, and the processor has the set, as the caller promises.
        unsafe { Self::splat(*from.get_unchecked(at)) }
    }
}
