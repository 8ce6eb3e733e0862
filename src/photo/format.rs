//! The picture formats that can be told apart by their bytes.

use std::path::Path;

/// A picture format; its name in reports is [`Format::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JPEG File Interchange Format and its relatives (also MPO, of which the first picture counts).
    Jpeg,
    /// Portable Network Graphics.
    Png,
    /// WebP, lossy or lossless; of an animation the first frame counts.
    WebP,
    /// Graphics Interchange Format; the first frame counts.
    Gif,
    /// Tagged Image File Format; the first page counts.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// Windows icon; the largest picture counts.
    Ico,
    /// Quite OK Image.
    Qoi,
    /// Truevision Targa.
    Tga,
    /// Portable any-map: PBM, PGM, PPM, PAM.
    Pnm,
}

impl Format {
    /// Every format, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Tiff,
        Self::Bmp,
        Self::Ico,
        Self::Qoi,
        Self::Tga,
        Self::Pnm,
    ];

    /// The name in reports and in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
            Self::Ico => "ico",
            Self::Qoi => "qoi",
            Self::Tga => "tga",
            Self::Pnm => "pnm",
        }
    }

    /// The format of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The file name extensions, in lower case, that promise this format.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif", "mpo"],
            Self::Png => &["png", "apng"],
            Self::WebP => &["webp"],
            Self::Gif => &["gif"],
            Self::Tiff => &["tif", "tiff"],
            Self::Bmp => &["bmp", "dib"],
            Self::Ico => &["ico"],
            Self::Qoi => &["qoi"],
            Self::Tga => &["tga"],
            Self::Pnm => &["pnm", "pbm", "pgm", "ppm", "pam"],
        }
    }

    /// The format that the extension of `path` promises, whatever the bytes are.
    #[must_use]
    pub fn from_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().contains(&extension.as_str()))
    }

    /// Whether decoding gives back the very pixels that were encoded. A JPEG, and most WebP
    /// files, have lost some.
    #[must_use]
    pub fn is_lossless(self) -> bool {
        !matches!(self, Self::Jpeg | Self::WebP)
    }
}
