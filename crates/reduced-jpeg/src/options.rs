//! What is asked of the decoder.

/// How large the decoded picture is, in eighths of the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scale {
    /// 1/8: the mean of each block of 8 x 8 pixels.
    Eighth,
    /// 1/4: from the 2 x 2 lowest frequencies of each block.
    Quarter,
    /// 3/8: from the 3 x 3 lowest.
    ThreeEighths,
    /// 1/2: from the 4 x 4 lowest.
    Half,
}

impl Scale {
    /// From the smallest to the largest.
    pub const ALL: [Self; 4] = [Self::Eighth, Self::Quarter, Self::ThreeEighths, Self::Half];

    /// The scale times eight: 1 to 4.
    #[must_use]
    pub fn eighths(self) -> usize {
        match self {
            Self::Eighth => 1,
            Self::Quarter => 2,
            Self::ThreeEighths => 3,
            Self::Half => 4,
        }
    }

    /// The scale as a number: 0.125 to 0.5.
    #[must_use]
    pub fn fraction(self) -> f64 {
        match self {
            Self::Eighth => 0.125,
            Self::Quarter => 0.25,
            Self::ThreeEighths => 0.375,
            Self::Half => 0.5,
        }
    }
}

/// Which scans of a progressive file are read. Baseline files are always read to their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scans {
    /// Those that the reduced picture needs most: all of the DC coefficients, and of the other
    /// wanted ones the scan that sends them first. What later scans refine is filled in by its
    /// mean. Fast; damage in the scans that are passed over goes unnoticed.
    #[default]
    Needed,
    /// All of them, to the last bit: the reduced picture is exact, and a file that breaks off in
    /// any scan is known to be truncated. Several times slower than [`Needed`](Self::Needed).
    All,
}

/// What a picture may take. Checked before any memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels that the picture in the file may have (not the reduced one).
    pub max_pixels: u64,
    /// The most bytes that the decoder may hold for planes, coefficients and a copy of a scan's
    /// data. The RGB picture that [`Picture::to_rgb`](crate::Picture::to_rgb) makes is not counted.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 1,000 million pixels and 1,024 MiB.
    fn default() -> Self {
        Self {
            max_pixels: 1_000_000_000,
            max_bytes: 1 << 30,
        }
    }
}

/// What is asked of [`Decoder::decode`](crate::Decoder::decode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How large the decoded picture is.
    pub scale: Scale,
    /// Which scans of a progressive file are read.
    pub scans: Scans,
    /// What the picture may take.
    pub limits: Limits,
}

impl Options {
    /// The defaults at a scale.
    #[must_use]
    pub fn at(scale: Scale) -> Self {
        Self {
            scale,
            scans: Scans::default(),
            limits: Limits::default(),
        }
    }

    /// The same with another choice of scans.
    #[must_use]
    pub fn with_scans(self, scans: Scans) -> Self {
        Self { scans, ..self }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}
