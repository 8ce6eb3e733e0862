//! Tells a picture's format by its first bytes.
//!
//! RAW files are the pitfall: most begin as TIFF, and read as TIFF they give their small
//! embedded preview. They are told by their own magic, by the DNG version tag, or, where the
//! maker left no trace, by the extension.

use std::path::Path;

use crate::photo::Format;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A format that can be decoded.
    Known(Format),
    /// A picture format of this name that cannot be decoded yet.
    Unsupported(&'static str),
    /// No picture that is known here.
    Unknown,
}

/// Extensions of RAW files that are TIFF by their bytes.
const TIFF_BASED_RAW: &[&str] = &[
    "dng", "nef", "nrw", "arw", "srf", "sr2", "pef", "srw", "erf", "kdc", "dcr", "3fr", "iiq",
    "rwl", "gpr",
];

/// Beginnings of RAW files that are no TIFF: Olympus, Panasonic, Fujifilm, Sigma, Minolta.
const RAW_MAGIC: &[&[u8]] = &[
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\0",
    b"FUJIFILMCCD-RAW",
    b"FOVb",
    b"\0MRM",
];

/// Looks at the beginning of `bytes`; `path` decides where bytes cannot.
#[must_use]
pub fn sniff(bytes: &[u8], path: &Path) -> Sniffed {
    use Sniffed::{Known, Unknown, Unsupported};
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .map(str::to_ascii_lowercase)
        .unwrap_or_default();
    if starts(b"\xff\xd8\xff") {
        Known(Format::Jpeg)
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        Known(Format::Png)
    } else if starts(b"RIFF") && at(8, b"WEBP") {
        Known(Format::WebP)
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Known(Format::Gif)
    } else if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") {
        if at(8, b"CR") || TIFF_BASED_RAW.contains(&extension.as_str()) || has_dng_version(bytes) {
            Unsupported("camera RAW")
        } else {
            Known(Format::Tiff)
        }
    } else if RAW_MAGIC.iter().any(|magic| starts(magic)) || at(6, b"HEAPCCDR") {
        Unsupported("camera RAW")
    } else if starts(b"BM") && bytes.len() >= 26 {
        Known(Format::Bmp)
    } else if (starts(b"\0\0\x01\0") || starts(b"\0\0\x02\0"))
        && bytes.get(4).is_some_and(|count| *count > 0)
    {
        Known(Format::Ico)
    } else if starts(b"qoif") {
        Known(Format::Qoi)
    } else if at(4, b"ftyp") {
        match bytes.get(8..12).unwrap_or_default() {
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
                Unsupported("HEIC")
            }
            b"avif" | b"avis" => Unsupported("AVIF"),
            b"crx " => Unsupported("Canon RAW (CR3)"),
            _ => Unknown,
        }
    } else if starts(b"\xff\x0a") || starts(b"\0\0\0\x0cJXL \r\n\x87\n") {
        Unsupported("JPEG XL")
    } else if starts(b"\0\0\0\x0cjP  ") || starts(b"\xff\x4f\xff\x51") {
        Unsupported("JPEG 2000")
    } else if starts(b"8BPS") {
        Unsupported("Photoshop")
    } else if starts(b"\x76\x2f\x31\x01") || starts(b"#?RADIANCE") || starts(b"#?RGBE") {
        Unsupported("high dynamic range")
    } else if is_portable_anymap(bytes) {
        Known(Format::Pnm)
    } else if Format::from_extension(path) == Some(Format::Tga) && is_targa(bytes) {
        Known(Format::Tga)
    } else {
        Unknown
    }
}

/// `P1` to `P7` and a blank: two letters are little, so the next must fit as well.
fn is_portable_anymap(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'1'..=b'7', blank, next, ..]
        if blank.is_ascii_whitespace() && (next.is_ascii_digit() || next.is_ascii_whitespace() || *next == b'#' || next.is_ascii_uppercase()))
}

/// Targa has no magic at its beginning: an 18-byte header whose fields must make sense
/// (Truevision TGA 2.0 specification, 1989).
fn is_targa(bytes: &[u8]) -> bool {
    let Some(&[_, map, kind, .., w0, w1, h0, h1, depth, _]) = bytes.first_chunk::<18>() else {
        return false;
    };
    let size = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
    map <= 1
        && matches!(kind, 1 | 2 | 3 | 9 | 10 | 11)
        && size.0 > 0
        && size.1 > 0
        && matches!(depth, 8 | 15 | 16 | 24 | 32)
}

/// Whether the first directory of a TIFF file holds the tag `DNGVersion` (50706).
fn has_dng_version(bytes: &[u8]) -> bool {
    let little = bytes.starts_with(b"II");
    let u16_at = |at: usize| {
        let pair: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let u32_at = |at: usize| {
        let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        })
    };
    let Some(directory) = u32_at(4).map(|at| at as usize) else {
        return false;
    };
    let entries = u16_at(directory).unwrap_or(0);
    (0..usize::from(entries))
        .any(|entry| u16_at(directory.saturating_add(2 + 12 * entry)) == Some(50706))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_bytes_whatever_the_name() {
        let targa: &[u8] = &[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 24, 0];
        let dng: &[u8] = &[
            b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0xc6, 1, 0, 4, 0, 0, 0, 1, 4, 0, 0,
        ];
        for (bytes, name, expected) in [
            (
                &b"\xff\xd8\xff\xe0"[..],
                "a.png",
                Sniffed::Known(Format::Jpeg),
            ),
            (b"\x89PNG\r\n\x1a\n", "a", Sniffed::Known(Format::Png)),
            (
                b"RIFF\0\0\0\0WEBPVP8 ",
                "a.jpg",
                Sniffed::Known(Format::WebP),
            ),
            (b"RIFF\0\0\0\0WAVEfmt ", "a.webp", Sniffed::Unknown),
            (
                b"II*\0\x08\0\0\0\0\0",
                "a.tif",
                Sniffed::Known(Format::Tiff),
            ),
            (
                b"II*\0\x08\0\0\0\0\0",
                "a.NEF",
                Sniffed::Unsupported("camera RAW"),
            ),
            (dng, "a.tif", Sniffed::Unsupported("camera RAW")),
            (
                b"II*\0\x10\0\0\0CR\x02\0",
                "a.tif",
                Sniffed::Unsupported("camera RAW"),
            ),
            (b"\0\0\0\x18ftypheic", "a.jpg", Sniffed::Unsupported("HEIC")),
            (b"\0\0\0\x18ftypmp42", "a.jpg", Sniffed::Unknown),
            (b"P6 4 4 255\n", "a", Sniffed::Known(Format::Pnm)),
            (b"P6abc", "a", Sniffed::Unknown),
            (targa, "a.tga", Sniffed::Known(Format::Tga)),
            (targa, "a.dat", Sniffed::Unknown),
            (b"hello, world", "a.jpg", Sniffed::Unknown),
            (b"", "a.jpg", Sniffed::Unknown),
            (
                b"MM\0*\xff\xff\xff\xff",
                "a.tif",
                Sniffed::Known(Format::Tiff),
            ),
        ] {
            assert_eq!(sniff(bytes, Path::new(name)), expected, "{name}: {bytes:?}");
        }
    }
}
