//! Walks the marker segments of a `JPEG` file up to its first scan.
//!
//! Enough to know, without decoding: the size, the coding process, the colour model, where the
//! entropy-coded data begins, and where EXIF lies. The source is ITU-T T.81 (1992), annex B.
//! Everything is read with bounds checks; a file that makes no sense gives `None`.

/// What the segments before the first scan say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::scan) struct Segments {
    /// The frame header's marker: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, ...
    pub(in crate::scan) process: u8,
    /// Bits a sample.
    pub(in crate::scan) precision: u8,
    /// Width and height in pixels; a height of 0 is told only after the first scan (DNL).
    pub(in crate::scan) size: (u32, u32),
    /// The components' identifiers.
    pub(in crate::scan) components: Vec<u8>,
    /// The colour transform of Adobe's APP14 segment.
    pub(in crate::scan) adobe_transform: Option<u8>,
    /// Whether there is a JFIF segment, which promises grey or `YCbCr`.
    pub(in crate::scan) is_jfif: bool,
    /// The EXIF data: a TIFF structure, from its byte order mark on.
    pub(in crate::scan) exif: Option<std::ops::Range<usize>>,
    /// The header of the first scan, without its length.
    pub(in crate::scan) scan_header: std::ops::Range<usize>,
    /// Where the entropy-coded data of the first scan begins.
    pub(in crate::scan) scan_at: usize,
}

/// Reads the segments of `bytes` up to the first scan; `None` if there is no frame and scan.
pub(in crate::scan) fn segments(bytes: &[u8]) -> Option<Segments> {
    let mut found = Segments::default();
    // Behind the start-of-image marker.
    let mut at = 2;
    loop {
        let marker_at = at + bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        let fill = bytes
            .get(marker_at..)?
            .iter()
            .position(|&byte| byte != 0xff)?;
        let marker = *bytes.get(marker_at + fill)?;
        at = marker_at + fill + 1;
        if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8) {
            // Stuffing, or a marker without a segment.
            continue;
        }
        if marker == 0xd9 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let end = at.checked_add(length.max(2))?;
        let body = bytes.get(at + 2..end)?;
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let &[precision, h1, h0, w1, w0, count, ref components @ ..] = body else {
                    return None;
                };
                found.process = marker;
                found.precision = precision;
                found.size = (
                    u32::from(u16::from_be_bytes([w1, w0])),
                    u32::from(u16::from_be_bytes([h1, h0])),
                );
                found.components = components
                    .chunks_exact(3)
                    .take(usize::from(count))
                    .filter_map(|component| component.first().copied())
                    .collect();
            }
            0xe0 if body.starts_with(b"JFIF\0") => found.is_jfif = true,
            0xe1 if body.starts_with(b"Exif\0") && found.exif.is_none() => {
                found.exif = Some(at + 2 + 6..end).filter(|exif| !exif.is_empty());
            }
            0xee if body.starts_with(b"Adobe") => found.adobe_transform = body.get(11).copied(),
            0xda => {
                found.scan_header = at + 2..end;
                found.scan_at = end;
                return (found.process != 0).then_some(found);
            }
            _ => {}
        }
        at = end;
    }
}
