//! The two inner loops, compiled for every instruction set, behind safe functions.
//!
//! Activations lie as [block of channels][pixel][lane]: a block has as many channels as a vector
//! has lanes, so that the 1 x 1 convolutions and the depthwise ones both take whole vectors. A
//! *panel* is the few blocks of output channels that one run of the first kernel computes.

mod depthwise;
mod panel;
#[cfg(test)]
mod tests;

pub(crate) use depthwise::DepthwiseRun;
pub(crate) use panel::{PanelRun, Places};

use crate::instructions::InstructionSet;
use crate::simd;

/// The kernels of one instruction set that this processor has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernels {
    /// Channels of a block.
    pub(crate) lanes: usize,
    /// Most blocks of a panel.
    pub(crate) panel_blocks: usize,
    /// Fewer pixels than this are computed one by one.
    pub(crate) few_pixels: usize,
    panel: unsafe fn(&mut PanelRun<'_>),
    depthwise: unsafe fn(&mut DepthwiseRun<'_>),
}

/// Pixels of a row that the stem has between two of its results: two columns of three channels.
pub(crate) const STEM_STEP: usize = 6;

impl Kernels {
    /// `None` if the processor has not the set.
    pub(crate) fn of(set: InstructionSet) -> Option<Self> {
        set.is_available().then_some(match set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512::KERNELS,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2::KERNELS,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Sse2 => sse2::KERNELS,
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => neon::KERNELS,
            _ => portable::KERNELS,
        })
    }

    /// Sums of products of the inputs of `run.pixels` pixels, for one panel.
    pub(crate) fn panel(&self, run: &mut PanelRun<'_>) {
        run.check(self.lanes, self.panel_blocks);
        // SAFETY: the processor has the set, or there would be no `Kernels` of it; `check`
        // compares the extents of all slices with what the kernel touches.
        unsafe { (self.panel)(run) }
    }

    /// A depthwise convolution of some rows of some blocks.
    pub(crate) fn depthwise(&self, run: &mut DepthwiseRun<'_>) {
        run.check(self.lanes);
        // SAFETY: as in `panel`.
        unsafe { (self.depthwise)(run) }
    }
}

/// Compiles both kernels for an instruction set. `tile` and `half` are pixels of a panel's tile,
/// `row` and `half_row` of a depthwise one: as many sums as leave registers for the factors.
macro_rules! kernels {
    ($module:ident, $simd:ty, $(features $features:literal,)? panel $blocks:literal of
        [$($block:literal)*], tile $tile:literal, half $half:literal,
        row $row:literal, half_row $half_row:literal) => {
        mod $module {
            use super::*;

            pub(super) const KERNELS: Kernels = Kernels {
                lanes: <$simd as simd::Simd>::LANES,
                panel_blocks: $blocks,
                few_pixels: $half,
                panel,
                depthwise,
            };

            $(#[target_feature(enable = $features)])?
            unsafe fn panel(run: &mut PanelRun<'_>) {
                // SAFETY: the caller has checked the run, and that the processor has the set.
                unsafe {
                    match (run.blocks, run.is_stem) {
                        $(
                            ($block, false) => panel::run::<$simd, $tile, $half, $block, false>(run),
                            ($block, true) => panel::run::<$simd, $tile, $half, $block, true>(run),
                        )*
                        _ => {}
                    }
                }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn depthwise(run: &mut DepthwiseRun<'_>) {
                // SAFETY: the caller has checked the run, and that the processor has the set.
                unsafe {
                    match (run.size, run.stride) {
                        (3, 1) => depthwise::run::<$simd, 3, 1, $row, $half_row>(run),
                        (3, 2) => depthwise::run::<$simd, 3, 2, $row, $half_row>(run),
                        (5, 1) => depthwise::run::<$simd, 5, 1, $row, $half_row>(run),
                        (5, 2) => depthwise::run::<$simd, 5, 2, $row, $half_row>(run),
                        _ => {}
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
kernels!(avx512, simd::avx512::Avx512, features "avx512f", panel 2 of [1 2], tile 14, half 7, row 7, half_row 4);
#[cfg(target_arch = "x86_64")]
kernels!(avx2, simd::avx2::Avx2, features "avx2,fma", panel 2 of [1 2], tile 6, half 3, row 7, half_row 4);
#[cfg(target_arch = "x86_64")]
kernels!(sse2, simd::sse2::Sse2, panel 2 of [1 2], tile 4, half 2, row 7, half_row 4);
#[cfg(target_arch = "aarch64")]
kernels!(neon, simd::neon::Neon, features "neon", panel 2 of [1 2], tile 14, half 7, row 14, half_row 7);
kernels!(portable, simd::portable::Portable, panel 2 of [1 2], tile 4, half 2, row 4, half_row 2);
