//! Entropy-coded data as bits (ITU-T T.81, B.1.1.5 and F.2.2.5).
//!
//! The data is first copied without the zero bytes that are stuffed behind bytes of ones, so that
//! eight bytes can be loaded at once, wherever they begin. It is followed by bytes of ones, which
//! are no Huffman code (C.2): a picture that lacks data fails soon behind its end.

use crate::markers::has_ff;

/// What follows the data.
const PADDING: [u8; 16] = [0xff; 16];

/// Bits that a refill guarantees.
pub(crate) const REFILLED: u32 = 56;

/// What stands behind a stretch of entropy-coded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    /// A restart marker with its number, 0 to 7.
    Restart(u8),
    /// Another marker, or the end of the file: the scan ends.
    ScanEnd,
}

/// A copy of the data up to the next marker, without what is stuffed. Reused.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    /// The data and the padding.
    bytes: Vec<u8>,
}

impl Stretch {
    /// Copies the data at the beginning of `bytes`. Gives what it ends with, and how many bytes
    /// were taken: a restart marker with them, another marker not.
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> (Terminator, usize) {
        const STEP: usize = 16;
        self.bytes.clear();
        let mut at = 0;
        let end = loop {
            if let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<STEP>)
                && !has_ff(chunk)
            {
                self.bytes.extend_from_slice(chunk);
                at += STEP;
                continue;
            }
            // Byte by byte to behind the byte of ones, or to the end of the file.
            match bytes.get(at) {
                None => break Terminator::ScanEnd,
                Some(0xff) => {}
                Some(&byte) => {
                    self.bytes.push(byte);
                    at += 1;
                    continue;
                }
            }
            match bytes.get(at + 1) {
                Some(0x00) => {
                    self.bytes.push(0xff);
                    at += 2;
                }
                // A fill byte.
                Some(0xff) => at += 1,
                Some(&marker @ 0xd0..=0xd7) => {
                    at += 2;
                    break Terminator::Restart(marker & 7);
                }
                _ => break Terminator::ScanEnd,
            }
        };
        self.bytes.extend_from_slice(&PADDING);
        (end, at)
    }

    /// The bits from the first on.
    pub(crate) fn bits(&self) -> Bits<'_> {
        Bits {
            bytes: &self.bytes,
            at: 0,
            window: 0,
            count: 0,
        }
    }

    /// Bytes of memory that are held.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Reads bits, the highest of each byte first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte behind those of which at least a bit counts in `count`.
    at: usize,
    /// The next bits, from the highest on. Behind the first `count` there are more, which are
    /// right, but loaded again by the next refill.
    window: u64,
    count: u32,
}

impl Bits<'_> {
    /// Makes at least [`REFILLED`] bits available, without a branch that depends on how many there
    /// are (Giesen, "Reading bits in far too many ways", 2018, variant 4).
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        let next = match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            Some(&bytes) => u64::from_be_bytes(bytes),
            None => u64::MAX,
        };
        self.window |= next >> self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= REFILLED;
    }

    /// The next `COUNT` bits, 1 to 16, as a number.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "16 bits fit")]
    pub(crate) fn peek<const COUNT: u32>(&self) -> usize {
        (self.window >> (64 - COUNT)) as usize
    }

    /// Passes over bits that are available.
    #[inline(always)]
    pub(crate) fn consume(&mut self, count: u32) {
        self.window <<= count;
        self.count -= count;
    }

    /// The next `count` bits, 0 to 16, which must be available.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "16 bits fit")]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        // Two shifts, for a shift by 64 is none.
        let value = (self.window >> 1 >> (63 - count)) as u32;
        self.consume(count);
        value
    }

    /// The next `count` bits, 1 to 63, from the highest of the result on, wherever they are.
    pub(crate) fn take_long(&mut self, count: u32) -> u64 {
        self.refill();
        let first = count.min(32);
        let high = self.window & !(u64::MAX >> first);
        self.consume(first);
        let second = count - first;
        if second == 0 {
            return high;
        }
        self.refill();
        let low = self.window & !(u64::MAX >> second);
        self.consume(second);
        high | low >> first
    }

    /// Bits that were passed over so far, padding included.
    fn consumed(&self) -> usize {
        8 * self.at - self.count as usize
    }

    fn data_bits(&self) -> usize {
        8 * (self.bytes.len() - PADDING.len())
    }

    /// Whether more bits were passed over than the data has.
    #[inline(always)]
    pub(crate) fn is_overrun(&self) -> bool {
        self.consumed() > self.data_bits()
    }

    /// Whether the next code may reach behind the data's end, or be cut off by it.
    pub(crate) fn is_at_end(&self) -> bool {
        self.consumed() + 16 > self.data_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_are_left_out_and_markers_end_the_data() {
        for before in 0..40 {
            let plain = vec![0x12; before];
            for (tail, expected_tail, expected_end, taken) in [
                (&[0xff, 0x00, 7][..], &[0xff, 7][..], Terminator::ScanEnd, 3),
                (&[0xff, 0xff, 0xd3, 9], &[], Terminator::Restart(3), 3),
                (&[5, 0xff, 0xd9], &[5], Terminator::ScanEnd, 1),
                (&[5, 0xff], &[5], Terminator::ScanEnd, 1),
            ] {
                let mut stretch = Stretch::default();
                let (end, count) = stretch.fill(&[&plain, tail].concat());
                let data = &stretch.bytes[..stretch.bytes.len() - PADDING.len()];
                assert_eq!(data, [&plain, expected_tail].concat());
                assert_eq!((end, count), (expected_end, before + taken));
            }
        }
    }

    #[test]
    fn bits_come_in_order_and_ones_follow_them() {
        let bytes: Vec<u8> = (0..50_u8).map(|i| i.wrapping_mul(37) % 0xff).collect();
        let mut stretch = Stretch::default();
        stretch.fill(&bytes);
        let expected: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
            .chain([1; 200])
            .collect();
        for size in 1..=16_u32 {
            let mut bits = stretch.bits();
            let mut at = 0;
            while at < 520 {
                bits.refill();
                let value = expected[at..at + size as usize]
                    .iter()
                    .fold(0, |value, &bit| value << 1 | u32::from(bit));
                assert_eq!(bits.take(size), value, "{size} bits at {at}");
                at += size as usize;
                assert_eq!(bits.is_overrun(), at > 400);
            }
        }
        for size in 1..=63_u32 {
            let mut bits = stretch.bits();
            for at in [0, size as usize] {
                let value = expected[at..at + size as usize]
                    .iter()
                    .fold(0, |value, &bit| value << 1 | u64::from(bit));
                assert_eq!(bits.take_long(size), value << (64 - size));
            }
        }
    }
}
