//! Tells picture formats apart by their first bytes.
//!
//! Pitfalls: many RAW formats are TIFF files whose first page is a small preview. Taking that
//! for the photo would compare a thumbnail, so everything that looks like a camera's RAW
//! (extension, DNG tag, or the maker's own magic number) is told apart before TIFF is
//! believed. Targa has no magic number: it is believed only with its extension and a header
//! that makes sense.

use std::path::Path;

use crate::photo::Format;

use super::decode::tiff_tags;
use super::kinds;

/// What the first bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A format that can be decoded here.
    Photo(Format),
    /// A picture, by its bytes, of this format, which cannot be decoded here.
    Unsupported(&'static str),
    /// Nothing that is known.
    Unknown,
}

/// How many of a file's first bytes [`sniff`] needs to see at most to know whether it may be
/// a picture. (A DNG is told from a TIFF only with its first directory, which may lie
/// anywhere: that needs all bytes.)
pub(super) const HEAD_BYTES: usize = 512;

/// Tells the format of `bytes`, which lie in a file named `path`.
#[must_use]
pub fn sniff(path: &Path, bytes: &[u8]) -> Sniffed {
    let extension = kinds::extension(path).unwrap_or_default();
    if let Some(sniffed) = by_magic(bytes, &extension) {
        return sniffed;
    }
    let is_targa = Format::Tga.extensions().contains(&extension.as_str());
    if is_targa && is_targa_header(bytes) {
        return Sniffed::Photo(Format::Tga);
    }
    Sniffed::Unknown
}

fn by_magic(bytes: &[u8], extension: &str) -> Option<Sniffed> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let photo = |format| Some(Sniffed::Photo(format));
    let unsupported = |name| Some(Sniffed::Unsupported(name));

    if starts(b"\xff\xd8\xff") {
        return photo(Format::Jpeg);
    }
    if starts(b"\x89PNG\r\n\x1a\n") {
        return photo(Format::Png);
    }
    if starts(b"RIFF") && at(8, b"WEBP") {
        return photo(Format::WebP);
    }
    if starts(b"GIF87a") || starts(b"GIF89a") {
        return photo(Format::Gif);
    }
    if starts(b"II\x2a\0") || starts(b"MM\0\x2a") || starts(b"II\x2b\0") || starts(b"MM\0\x2b") {
        let is_raw =
            kinds::is_raw(extension) || at(8, b"CR\x02") || tiff_tags::is_camera_raw(bytes);
        return if is_raw {
            unsupported("camera RAW")
        } else {
            photo(Format::Tiff)
        };
    }
    if starts(b"BM") && is_bitmap_header(bytes) {
        return photo(Format::Bmp);
    }
    if starts(b"\0\0\x01\0") && is_icon_directory(bytes) {
        return photo(Format::Ico);
    }
    if starts(b"qoif") {
        return photo(Format::Qoi);
    }
    if is_any_map_header(bytes) {
        return photo(Format::Pnm);
    }

    if at(4, b"ftyp") {
        return unsupported(iso_media_brand(bytes)?);
    }
    let raw_magics: [&[u8]; 9] = [
        b"IIRO",             // Olympus ORF
        b"IIRS",             // Olympus ORF
        b"MMOR",             // Olympus ORF, big-endian
        b"IIU\0",            // Panasonic RW2
        b"FUJIFILMCCD-RAW",  // Fujifilm RAF
        b"FOVb",             // Sigma X3F
        b"\0MRM",            // Minolta MRW
        b"II\x1a\0\0\0HEAP", // Canon CRW
        b"IIII",             // Phase One IIQ
    ];
    if raw_magics.iter().any(|magic| starts(magic)) {
        return unsupported("camera RAW");
    }
    // Two bytes are too little to go by alone.
    if starts(b"\xff\x0a") && extension == "jxl" {
        return unsupported("JPEG XL");
    }
    let others: [(&[u8], &str); 10] = [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"II\xbc\x01", "JPEG XR"),
        (b"8BPS", "Photoshop"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance HDR"),
        (b"#?RGBE\n", "Radiance HDR"),
        (b"DDS ", "DirectDraw Surface"),
        (b"gimp xcf ", "GIMP"),
    ];
    others
        .iter()
        .find(|(magic, _)| starts(magic))
        .and_then(|&(_, name)| unsupported(name))
}

/// The picture formats in an ISO base media file, by its major and compatible brands;
/// `None` for videos and everything else.
fn iso_media_brand(bytes: &[u8]) -> Option<&'static str> {
    let size = u32::from_be_bytes(bytes.first_chunk::<4>().copied()?) as usize;
    let brands = bytes.get(8..size.min(bytes.len()).max(12))?;
    // The minor version between the brands is no brand, and equals none.
    brands.chunks_exact(4).find_map(|brand| match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some("HEIC"),
        b"avif" | b"avis" => Some("AVIF"),
        b"mif1" | b"msf1" => Some("HEIF"),
        b"crx " => Some("camera RAW"),
        b"jxl " => Some("JPEG XL"),
        _ => None,
    })
}

/// "BM" begins many texts: the header's length must be one that exists (OS/2 12 and 64,
/// Windows 40 to 124).
fn is_bitmap_header(bytes: &[u8]) -> bool {
    matches!(
        bytes.get(14..18),
        Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
    )
}

/// At least one entry, whose reserved byte is 0 (or .NET's 255) and whose data lies behind
/// the directory.
fn is_icon_directory(bytes: &[u8]) -> bool {
    let (Some(&[low, high]), Some(entry)) = (bytes.get(4..6), bytes.get(6..22)) else {
        return false;
    };
    let count = u16::from_le_bytes([low, high]);
    let &[.., a, b, c, d] = entry else {
        return false;
    };
    let offset = u32::from_le_bytes([a, b, c, d]);
    count > 0 && matches!(entry.get(3), Some(0 | 255)) && offset >= 6 + 16 * u32::from(count)
}

/// `P1` to `P7`, white space or a comment, then a number (or, for P7, a header line).
fn is_any_map_header(bytes: &[u8]) -> bool {
    match bytes {
        [b'P', b'1'..=b'6', space, next, ..] => {
            space.is_ascii_whitespace()
                && (next.is_ascii_digit() || next.is_ascii_whitespace() || *next == b'#')
        }
        [b'P', b'7', b'\n', rest @ ..] => rest.first().is_some_and(u8::is_ascii_graphic),
        _ => false,
    }
}

/// A Targa 2.0 footer, or a header all of whose fields have values that the format allows
/// (Truevision TGA File Format Specification 2.0, "TGA file header").
fn is_targa_header(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<18>() else {
        return false;
    };
    let [_, map_type, image_type, ..] = *header;
    let map_bits = header[7];
    let width = u16::from_le_bytes([header[12], header[13]]);
    let height = u16::from_le_bytes([header[14], header[15]]);
    let bits = header[16];
    let kind_fits = match image_type {
        1 | 9 => map_type == 1 && matches!(bits, 8 | 16) && matches!(map_bits, 15 | 16 | 24 | 32),
        2 | 10 => map_type <= 1 && matches!(bits, 15 | 16 | 24 | 32),
        3 | 11 => map_type <= 1 && matches!(bits, 8 | 16),
        _ => false,
    };
    // The two top bits of the descriptor (interleaving) are always zero in files of today.
    kind_fits && width > 0 && height > 0 && header[17] & 0xc0 == 0
}
