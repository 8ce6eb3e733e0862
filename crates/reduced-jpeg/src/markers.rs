//! The marker segments of a file (ITU-T T.81, annex B): where they are and what they say.

use crate::error::Error;

pub(crate) const START_OF_IMAGE: u8 = 0xd8;
pub(crate) const END_OF_IMAGE: u8 = 0xd9;
pub(crate) const START_OF_SCAN: u8 = 0xda;
pub(crate) const HUFFMAN_TABLES: u8 = 0xc4;
pub(crate) const QUANTISATION_TABLES: u8 = 0xdb;
pub(crate) const RESTART_INTERVAL: u8 = 0xdd;
pub(crate) const APP0: u8 = 0xe0;
pub(crate) const APP14: u8 = 0xee;

/// Whether a marker begins a frame: SOF0 to SOF15 without the three that share their range.
pub(crate) fn begins_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf)
}

/// A marker and what stands in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    /// Without the length; empty for markers that have no segment.
    pub(crate) body: &'a [u8],
}

/// Walks from marker to marker.
#[derive(Clone, Debug)]
pub(crate) struct Markers<'a> {
    bytes: &'a [u8],
    /// What is read next.
    at: usize,
}

impl<'a> Markers<'a> {
    /// Stands behind the file's first marker.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the bytes are no JPEG file.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(&[0xff, START_OF_IMAGE]) {
            return Err(Error::Malformed("it does not begin as a JPEG file"));
        }
        Ok(Self { bytes, at: 2 })
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over `count` bytes of entropy-coded data.
    pub(crate) fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.bytes.len());
    }

    /// The next segment; `None` where the file ends before it does. Bytes between segments, which
    /// only fill bytes should be, are passed over, as all decoders do; so are restart markers
    /// and entropy-coded data.
    pub(crate) fn next_segment(&mut self) -> Option<Segment<'a>> {
        loop {
            self.at = find_ff(self.bytes, self.at)?;
            while self.bytes.get(self.at) == Some(&0xff) {
                self.at += 1;
            }
            let marker = *self.bytes.get(self.at)?;
            self.at += 1;
            match marker {
                0x00 | 0x01 | 0xd0..=0xd7 | START_OF_IMAGE => {}
                END_OF_IMAGE => return Some(Segment { marker, body: &[] }),
                _ => {
                    let length = u16::from_be_bytes(*self.rest().first_chunk()?);
                    // The length counts itself.
                    let body = self.rest().get(2..usize::from(length).max(2))?;
                    self.at += body.len() + 2;
                    return Some(Segment { marker, body });
                }
            }
        }
    }
}

/// The place of the next byte of ones at or behind `from`.
pub(crate) fn find_ff(bytes: &[u8], from: usize) -> Option<usize> {
    const STEP: usize = 32;
    let mut at = from;
    // Whole steps are compared without a branch for each byte, which compilers turn into vectors.
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<STEP>) {
        if has_ff(chunk) {
            break;
        }
        at += STEP;
    }
    let rest = bytes.get(at..)?;
    rest.iter()
        .position(|&byte| byte == 0xff)
        .map(|found| at + found)
}

/// Whether one of the bytes is all ones.
#[inline(always)]
pub(crate) fn has_ff<const N: usize>(chunk: &[u8; N]) -> bool {
    chunk
        .iter()
        .fold(0_u8, |found, &byte| found | u8::from(byte == 0xff))
        != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_ones_are_found_wherever_they_are() {
        for length in 0..100 {
            for place in 0..length {
                let mut bytes = vec![0x7f; length];
                bytes[place] = 0xff;
                assert_eq!(find_ff(&bytes, 0), Some(place));
                assert_eq!(find_ff(&bytes, place), Some(place));
                assert_eq!(find_ff(&bytes, place + 1), None);
            }
            assert_eq!(find_ff(&vec![0x7f; length], 0), None);
        }
    }

    #[test]
    fn segments_are_walked_over_fill_bytes_and_entropy_coded_data() {
        let file = [
            &[0xff, 0xd8, 0xff, 0xff, 0xff, 0xfe, 0, 4, 8, 9][..],
            &[
                1, 2, 0xff, 0, 3, 0xff, 0xd3, 4, 0xff, 0xda, 0, 2, 0xff, 0xd9, 0xff, 0xda,
            ],
        ]
        .concat();
        let mut markers = Markers::new(&file).unwrap();
        let mut found = Vec::new();
        while let Some(segment) = markers.next_segment() {
            found.push((segment.marker, segment.body.to_vec()));
        }
        assert_eq!(
            found,
            [
                (0xfe, vec![8, 9]),
                (START_OF_SCAN, vec![]),
                (END_OF_IMAGE, vec![])
            ]
        );
    }
}
