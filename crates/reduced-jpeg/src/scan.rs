//! What baseline and progressive scans share: the header (ITU-T T.81, B.2.3), and the way through
//! restart intervals (E.2.4).

use std::ops::Range;

use crate::bits::{Bits, Stretch, Terminator};
use crate::error::Error;
use crate::frame::{Component, Frame};
use crate::markers::{self, find_ff};

/// One component of a scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanComponent {
    /// Which of the frame's components it is.
    pub(crate) index: usize,
    pub(crate) layout: Component,
    pub(crate) dc_table: usize,
    pub(crate) ac_table: usize,
    /// Blocks of each unit, across and down: the sampling factors, or 1 where the scan is of this
    /// component alone.
    pub(crate) h: usize,
    pub(crate) v: usize,
}

/// A scan's header.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) components: Vec<ScanComponent>,
    /// First and last coefficient that are sent, in zigzag order.
    pub(crate) band: (usize, usize),
    /// How many low bits an earlier scan left out that this one sends the highest of; 0 where this
    /// scan is the first of its band.
    pub(crate) high: u32,
    /// How many low bits this scan leaves out.
    pub(crate) low: u32,
    pub(crate) units_across: usize,
    pub(crate) units_down: usize,
}

impl Scan {
    pub(crate) fn read(body: &[u8], frame: &Frame) -> Result<Self, Error> {
        const SHORT: Error = Error::Malformed("a scan's header is too short");
        let (&count, rest) = body.split_first().ok_or(SHORT)?;
        let (selectors, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(SHORT)?;
        let &[first, last, approximation, ..] = rest else {
            return Err(SHORT);
        };
        let mut components: Vec<ScanComponent> = Vec::with_capacity(3);
        for &[id, tables] in selectors.as_chunks::<2>().0 {
            let (index, layout) = frame
                .components()
                .iter()
                .enumerate()
                .find(|(_, component)| component.id == id)
                .ok_or(Error::Malformed(
                    "a scan is of a component that does not exist",
                ))?;
            if components.iter().any(|other| other.index == index) {
                return Err(Error::Malformed("a scan is of a component twice"));
            }
            components.push(ScanComponent {
                index,
                layout: *layout,
                dc_table: usize::from(tables >> 4),
                ac_table: usize::from(tables & 15),
                h: if count == 1 { 1 } else { layout.h },
                v: if count == 1 { 1 } else { layout.v },
            });
        }
        let (units_across, units_down) = match components.as_slice() {
            [] => return Err(Error::Malformed("a scan is of no component")),
            [alone] => (alone.layout.blocks_across, alone.layout.blocks_down),
            _ => (frame.units_across, frame.units_down),
        };
        Ok(Self {
            components,
            band: (usize::from(first), usize::from(last)),
            high: u32::from(approximation >> 4),
            low: u32::from(approximation & 15),
            units_across,
            units_down,
        })
    }

    pub(crate) fn units(&self) -> usize {
        self.units_across * self.units_down
    }

    /// The pixels of the whole picture, down, that complete units cover.
    pub(crate) fn rows_of(&self, units: usize, frame: &Frame) -> usize {
        if units >= self.units() {
            return frame.height();
        }
        let height = match self.components.as_slice() {
            [alone] => 8 * frame.v_max / alone.layout.v,
            _ => 8 * frame.v_max,
        };
        (units / self.units_across.max(1) * height).min(frame.height())
    }
}

/// Why a stretch of data gave no more units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It ends in the unit of this number.
    Ended(usize),
    /// It is no code, or more coefficients than a block has.
    Malformed,
}

impl Stop {
    /// What it means that a code or value could not be read in a unit.
    #[cold]
    pub(crate) fn at(bits: Bits<'_>, unit: usize) -> Self {
        if bits.is_at_end() {
            Self::Ended(unit)
        } else {
            Self::Malformed
        }
    }
}

/// How far a scan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Bytes of its data.
    pub(crate) taken: usize,
    /// Units that are whole; less than the scan's where its data ends early.
    pub(crate) complete: usize,
}

/// Reads a scan's data, one restart interval after the other. `decode` is given the bits and the
/// units that they are of.
pub(crate) fn intervals(
    data: &[u8],
    stretch: &mut Stretch,
    interval: usize,
    units: usize,
    mut decode: impl FnMut(Bits<'_>, Range<usize>) -> Result<(), Stop>,
) -> Result<Progress, Error> {
    let (mut taken, mut from, mut restarts) = (0, 0, 0_u8);
    while from < units {
        let to = match interval {
            0 => units,
            _ => (from + interval).min(units),
        };
        let rest = data.get(taken..).unwrap_or_default();
        let (end, count) = stretch.fill(rest);
        taken += count;
        match decode(stretch.bits(), from..to) {
            Ok(()) => from = to,
            Err(Stop::Ended(complete)) if end == Terminator::ScanEnd => {
                return end_early(data, taken, complete);
            }
            Err(Stop::Ended(_)) => {
                return Err(Error::Malformed("a restart interval is too short"));
            }
            Err(Stop::Malformed) => {
                return Err(Error::Malformed("its entropy-coded data makes no sense"));
            }
        }
        if from < units {
            match end {
                Terminator::Restart(number) if number == restarts & 7 => {
                    restarts = restarts.wrapping_add(1);
                }
                Terminator::Restart(_) => {
                    return Err(Error::Malformed("restart markers are out of order"));
                }
                Terminator::ScanEnd => return end_early(data, taken, from),
            }
        }
    }
    Ok(Progress {
        taken,
        complete: units,
    })
}

/// Data that ends early is cut off where the file ends, or what may follow on a scan. Any other
/// marker is damage in the midst of it.
fn end_early(data: &[u8], taken: usize, complete: usize) -> Result<Progress, Error> {
    let rest = data.get(taken..).unwrap_or_default();
    match rest.iter().find(|&&byte| byte != 0xff) {
        None
        | Some(
            &(markers::END_OF_IMAGE
            | markers::START_OF_SCAN
            | markers::HUFFMAN_TABLES
            | markers::QUANTISATION_TABLES
            | markers::RESTART_INTERVAL
            | 0xdc
            | 0xe0..=0xef
            | 0xfe),
        ) => Ok(Progress { taken, complete }),
        Some(_) => Err(Error::Malformed("a marker stands in the midst of a scan")),
    }
}

/// How many bytes of entropy-coded data stand before the next marker that ends a scan.
pub(crate) fn length_of_data(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = find_ff(data, at) {
        match data.get(found + 1) {
            Some(0x00 | 0xd0..=0xd7) => at = found + 2,
            Some(0xff) => at = found + 1,
            _ => return found,
        }
    }
    data.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads units of one byte each.
    fn bytes(data: &[u8], interval: usize, units: usize) -> (Result<Progress, Error>, Vec<u32>) {
        let mut read = Vec::new();
        let progress = intervals(
            data,
            &mut Stretch::default(),
            interval,
            units,
            |mut bits, range| {
                for unit in range {
                    bits.refill();
                    let value = bits.take(8);
                    if bits.is_overrun() {
                        return Err(Stop::at(bits, unit));
                    }
                    read.push(value);
                }
                Ok(())
            },
        );
        (progress, read)
    }

    #[test]
    fn restart_intervals_follow_each_other_until_the_scan_is_whole() {
        let data = [1, 2, 0xff, 0xd0, 3, 4, 0xff, 0xd1, 5, 0xff, 0xd9];
        let whole = Progress {
            taken: 9,
            complete: 5,
        };
        assert_eq!(bytes(&data, 2, 5), (Ok(whole), vec![1, 2, 3, 4, 5]));
        // The file ends, or the picture's end marker comes, before all units were sent.
        for end in [7, 9, 11] {
            let complete = if end == 7 { 4 } else { 5 };
            let (progress, _) = bytes(&data[..end], 2, 8);
            assert_eq!(progress.unwrap().complete, complete, "{end}");
        }
    }

    #[test]
    fn a_damaged_order_of_markers_is_no_early_end() {
        for (data, interval) in [
            (&[1, 2, 0xff, 0xd1, 3, 4][..], 2),
            (&[1, 0xff, 0xd0, 3, 4], 2),
            (&[1, 2, 0xff, 0xc0, 3, 4], 0),
            (&[1, 2, 0xff, 0xd0, 3, 4], 0),
        ] {
            let (progress, _) = bytes(data, interval, 4);
            assert!(matches!(progress, Err(Error::Malformed(_))), "{data:?}");
        }
    }

    #[test]
    fn the_data_that_nobody_reads_ends_at_a_marker() {
        assert_eq!(
            length_of_data(&[1, 0xff, 0, 0xff, 0xd4, 0xff, 0xff, 0xda, 1]),
            6
        );
        assert_eq!(length_of_data(&[1, 2]), 2);
    }
}
