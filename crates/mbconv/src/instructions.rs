//! Which vector instructions a run uses.

/// A set of vector instructions for which the kernels are compiled.
///
/// Results differ in their last bits between sets that have fused multiplication and addition,
/// and those that have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// 16 numbers at once; x86 with AVX-512F.
    Avx512,
    /// 8 numbers at once; x86 with AVX2 and FMA.
    Avx2,
    /// 4 numbers at once; every 64-bit x86.
    Sse2,
    /// 4 numbers at once; every 64-bit Arm.
    Neon,
    /// What the compiler makes of plain loops; every processor.
    Portable,
}

impl InstructionSet {
    /// All sets, the fastest first.
    const ALL: [Self; 5] = [
        Self::Avx512,
        Self::Avx2,
        Self::Neon,
        Self::Sse2,
        Self::Portable,
    ];

    /// The fastest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|set| set.is_available()).unwrap_or(Self::Portable)
    }

    /// Every set that this processor has, the fastest first.
    #[must_use]
    pub fn all_available() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|set| set.is_available()).collect()
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            Self::Portable => true,
            _ => false,
        }
    }

    /// The name for people: `AVX-512`, `AVX2`, `SSE2`, `NEON`, `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Sse2 => "SSE2",
            Self::Neon => "NEON",
            Self::Portable => "portable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_first_that_is_there_and_the_portable_one_always_is() {
        let all = InstructionSet::all_available();
        assert_eq!(all.first(), Some(&InstructionSet::best()));
        assert_eq!(all.last(), Some(&InstructionSet::Portable));
        assert!(all.iter().all(|set| set.is_available()));
    }
}
