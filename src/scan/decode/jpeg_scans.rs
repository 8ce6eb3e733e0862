//! Walks a `JPEG` file from its first scan to its end: where the picture's data ends, and whether
//! all of it was sent.
//!
//! The source is ITU-T T.81 (1992): markers in B.1.1, scan headers in B.2.3, progression in G.1.1.
//! In entropy-coded data a 0xFF is followed by 0x00, so that a marker is found there by damage
//! alone; those that cannot stand between two scans, and those whose segment does not fit into
//! the file, are taken for such damage and passed over.

use memchr::memchr;

use super::jpeg_segments::Segments;

/// What lies behind the first scan's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scans {
    /// Where the first picture's data ends: at its end marker, else with the file. Behind the
    /// marker there may be more, such as a video or a second picture.
    pub(super) end: usize,
    /// Whether there is an end marker.
    pub(super) has_end_marker: bool,
    /// Whether the scans that were begun send all of the picture: every component and, if it is
    /// progressive, every coefficient to its last bit. The latter is not asked of a picture, but
    /// one that stops before may also have been cut off there.
    pub(super) send_all: bool,
    /// How many scans there are: with more than one, each is a layer of the whole picture.
    pub(super) count: usize,
}

/// Walks through `bytes`, whose segments are `header`.
pub(super) fn scans(bytes: &[u8], header: &Segments) -> Scans {
    let mut sent = Sent::of(header);
    sent.scan(bytes.get(header.scan_header.clone()).unwrap_or_default());
    let mut at = header.scan_at;
    let mut end = bytes.len();
    let mut has_end_marker = false;
    while let Some((marker_at, marker, behind)) = next_marker(bytes, at) {
        at = behind;
        match marker {
            0xd9 => {
                end = marker_at;
                has_end_marker = true;
                break;
            }
            // Tables, a scan, a late height, a restart interval, data of programs, a comment.
            0xc4 | 0xda..=0xdd | 0xe0..=0xef | 0xfe => {
                if let Some(body) = segment(bytes, behind) {
                    at = behind + 2 + body.len();
                    if marker == 0xda {
                        sent.scan(body);
                    }
                }
            }
            _ => {}
        }
    }
    Scans {
        end,
        has_end_marker,
        send_all: sent.is_all(),
        count: sent.scans,
    }
}

/// The next marker at or behind `at`: where it or the fill bytes before it begin, its second
/// byte, and what comes behind it.
fn next_marker(bytes: &[u8], at: usize) -> Option<(usize, u8, usize)> {
    let mut from = at;
    loop {
        let marker_at = from + memchr(0xff, bytes.get(from..)?)?;
        let fill = bytes.get(marker_at..)?;
        let length = fill.iter().position(|&byte| byte != 0xff)?;
        let marker = *fill.get(length)?;
        from = marker_at + length + 1;
        if !matches!(marker, 0x00 | 0xd0..=0xd7) {
            return Some((marker_at, marker, from));
        }
    }
}

/// The segment whose length stands at `at`, without it.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    bytes.get(at + 2..at.checked_add(usize::from(length))?)
}

/// What the scans have sent.
struct Sent {
    is_progressive: bool,
    /// Which coefficients of each component, by its identifier, were sent to the last bit; bit 0
    /// is the DC coefficient.
    components: Vec<(u8, u64)>,
    scans: usize,
}

impl Sent {
    fn of(header: &Segments) -> Self {
        Self {
            is_progressive: header.process == 0xc2,
            components: header.components.iter().map(|&id| (id, 0)).collect(),
            scans: 0,
        }
    }

    /// Takes note of a scan by its header.
    fn scan(&mut self, header: &[u8]) {
        self.scans += 1;
        let Some((&count, rest)) = header.split_first() else {
            return;
        };
        let Some((components, &[first, last, approximation])) = rest
            .split_at_checked(2 * usize::from(count))
            .and_then(|(components, rest)| Some((components, rest.first_chunk::<3>()?)))
        else {
            return;
        };
        let bits = if !self.is_progressive {
            u64::MAX
        } else if approximation & 0x0f != 0 || first > last || last > 63 {
            // Its lower half is the position of the lowest bit that is sent.
            0
        } else {
            u64::MAX >> (63 - (last - first)) << first
        };
        for (id, sent) in &mut self.components {
            if components
                .chunks_exact(2)
                .any(|selector| selector.first() == Some(id))
            {
                *sent |= bits;
            }
        }
    }

    fn is_all(&self) -> bool {
        self.components.iter().all(|&(_, sent)| sent == u64::MAX)
    }
}
