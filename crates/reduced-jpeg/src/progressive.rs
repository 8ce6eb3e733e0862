//! Scans of progressive files (ITU-T T.81, annex G).
//!
//! Of each block the coefficients up to the last wanted one are kept. Refinements of AC
//! coefficients can only be read by who knows which coefficients of the block are not 0, wanted or
//! not; so where they are read, one bit is kept of each.

use std::ops::Range;

use crate::bits::{Bits, Stretch};
use crate::error::Error;
use crate::frame::{Component, Frame};
use crate::huffman::{Codes, HuffmanTables, extend};
use crate::options::Scans;
use crate::picture::Plane;
use crate::quantisation::Table;
use crate::scan::{Progress, Scan, ScanComponent, Stop, intervals};
use crate::transform::{Coefficients, Reduction};

/// What stands for "not sent yet" among the counts of low bits.
const UNSENT: u32 = u32::MAX;

/// The layers of a picture so far. Reused.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    components: [Layer; 3],
    /// Coefficients that are kept of each block.
    kept: usize,
    scans: Scans,
}

#[derive(Debug)]
struct Layer {
    /// `kept` coefficients of each block, in zigzag order, row by row of padded blocks.
    coefficients: Vec<i16>,
    /// For each block, which coefficients are not 0; empty where no refinements are read.
    nonzero: Vec<u64>,
    /// For each coefficient: the low bits that were not sent.
    missing: [u32; 64],
    /// The same, of those scans that were read.
    unread: [u32; 64],
}

impl Default for Layer {
    fn default() -> Self {
        Self {
            coefficients: Vec::new(),
            nonzero: Vec::new(),
            missing: [UNSENT; 64],
            unread: [UNSENT; 64],
        }
    }
}

/// Bytes that [`Layers::begin`] takes for a picture.
pub(crate) fn bytes_needed<R: Reduction>(frame: &Frame, scans: Scans) -> u64 {
    let block = 2 * (R::LAST as u64 + 1) + if scans == Scans::All { 8 } else { 0 };
    let blocks =
        |component: &Component| component.padded_across as u64 * component.padded_down as u64;
    frame.components().iter().map(blocks).sum::<u64>() * block
}

impl Layers {
    /// Begins a new picture.
    pub(crate) fn begin<R: Reduction>(&mut self, frame: &Frame, scans: Scans) {
        self.kept = R::LAST + 1;
        self.scans = scans;
        for (layer, component) in self.components.iter_mut().zip(frame.components()) {
            let blocks = component.padded_across * component.padded_down;
            layer.coefficients.clear();
            layer.coefficients.resize(blocks * self.kept, 0);
            layer.nonzero.clear();
            if scans == Scans::All {
                layer.nonzero.resize(blocks, 0);
            }
            layer.missing = [UNSENT; 64];
            layer.unread = [UNSENT; 64];
        }
    }

    /// Bytes of memory that are held.
    pub(crate) fn capacity(&self) -> usize {
        let bytes =
            |layer: &Layer| 2 * layer.coefficients.capacity() + 8 * layer.nonzero.capacity();
        self.components.iter().map(bytes).sum()
    }

    /// Whether all coefficients of the picture's components were sent to the last bit by the scans
    /// that were begun.
    pub(crate) fn are_all_sent(&self, frame: &Frame) -> bool {
        self.components
            .iter()
            .take(frame.components().len())
            .all(|layer| layer.missing == [0; 64])
    }

    /// Whether the mean of each block of all components was read at least in part.
    pub(crate) fn have_means(&self, frame: &Frame) -> bool {
        self.components
            .iter()
            .take(frame.components().len())
            .all(|layer| layer.unread[0] != UNSENT)
    }

    /// Takes note of a scan, and says whether its data is to be read.
    pub(crate) fn announce(&mut self, scan: &Scan) -> Result<bool, Error> {
        let (first, last) = scan.band;
        if first > last || last > 63 || (first == 0) != (last == 0) || scan.low > 13 {
            return Err(Error::Malformed("a progressive scan's band is impossible"));
        }
        if first > 0 && scan.components.len() > 1 {
            return Err(Error::Malformed(
                "a scan of AC coefficients is of several components",
            ));
        }
        let expected = if scan.high == 0 { UNSENT } else { scan.high };
        if scan.high > 0 && scan.high != scan.low + 1 {
            return Err(Error::Malformed("a scan refines more than one bit"));
        }
        let is_read =
            self.scans == Scans::All || first == 0 || (scan.high == 0 && first < self.kept);
        for component in &scan.components {
            let layer = &mut self.components[component.index.min(2)];
            for missing in layer.missing.iter_mut().take(last + 1).skip(first) {
                if *missing != expected {
                    return Err(Error::Malformed("progressive scans are out of order"));
                }
                *missing = scan.low;
            }
            if is_read {
                layer.unread[first..=last].fill(scan.low);
            }
        }
        Ok(is_read)
    }

    /// Reads a scan's data.
    pub(crate) fn decode(
        &mut self,
        scan: &Scan,
        data: &[u8],
        interval: usize,
        tables: &HuffmanTables,
        stretch: &mut Stretch,
    ) -> Result<Progress, Error> {
        let kept = self.kept;
        if scan.band.0 == 0 {
            let components = &mut self.components;
            return if scan.high == 0 {
                dc_first(components, kept, scan, data, interval, tables, stretch)
            } else {
                intervals(data, stretch, interval, scan.units(), |bits, range| {
                    dc_refinement(components, kept, scan, bits, range)
                })
            };
        }
        let [component, ..] = scan.components.as_slice() else {
            return Err(Error::Malformed("a scan is of no component"));
        };
        let codes = &tables.ac(component.ac_table)?.codes;
        let layer = &mut self.components[component.index.min(2)];
        let mut band = Band {
            kept,
            scan,
            padded_across: component.layout.padded_across,
            layer,
            codes,
        };
        intervals(data, stretch, interval, scan.units(), |bits, range| {
            if scan.high == 0 {
                band.first(bits, range)
            } else {
                band.refinement(bits, range)
            }
        })
    }

    /// Transforms what was read into the planes.
    pub(crate) fn draw<R: Reduction>(
        &self,
        frame: &Frame,
        quantisation: &[Table; 3],
        planes: &mut [Plane; 3],
    ) {
        let components = frame.components().iter().zip(&self.components);
        for (((component, layer), table), plane) in components.zip(quantisation).zip(planes) {
            let stride = component.padded_across * R::SIDE;
            let samples = plane.samples_mut();
            let mut coefficients: Coefficients = [0; 64];
            for (number, block) in layer.coefficients.chunks_exact(R::LAST + 1).enumerate() {
                for &place in R::WANTED {
                    let value = i32::from(block.get(place).copied().unwrap_or_default());
                    // What is missing is on average half of what it can be.
                    let missing = layer.unread[place & 63].min(16);
                    let mean = value.signum() * (table.factor(place) * ((1 << missing) - 1)) / 2;
                    coefficients[place & 63] =
                        value * table.factor(place) + if place > 0 { mean } else { 0 };
                }
                let (row, column) = (
                    number / component.padded_across,
                    number % component.padded_across,
                );
                R::draw(
                    &coefficients,
                    samples,
                    row * R::SIDE * stride + column * R::SIDE,
                    stride,
                );
            }
        }
    }
}

/// Calls `visit` for each block of a unit with the component's place in the scan and the block's
/// number in its layer.
#[inline(always)]
fn blocks_of(
    scan: &Scan,
    unit: usize,
    mut visit: impl FnMut(usize, &ScanComponent, usize) -> Option<()>,
) -> Option<()> {
    let (row, column) = (unit / scan.units_across, unit % scan.units_across);
    for (place, component) in scan.components.iter().enumerate() {
        for y in 0..component.v {
            let start = (row * component.v + y) * component.layout.padded_across;
            for x in 0..component.h {
                visit(place, component, start + column * component.h + x)?;
            }
        }
    }
    Some(())
}

fn dc_first(
    layers: &mut [Layer; 3],
    kept: usize,
    scan: &Scan,
    data: &[u8],
    interval: usize,
    tables: &HuffmanTables,
    stretch: &mut Stretch,
) -> Result<Progress, Error> {
    let mut dc_tables = Vec::with_capacity(3);
    for component in &scan.components {
        dc_tables.push(tables.dc(component.dc_table)?);
    }
    intervals(data, stretch, interval, scan.units(), |mut bits, range| {
        let mut previous = [0_i32; 3];
        for unit in range {
            blocks_of(scan, unit, |place, component, block| {
                bits.refill();
                let difference = dc_tables.get(place)?.read(&mut bits)?;
                let previous = &mut previous[place.min(2)];
                *previous = wrap(previous.wrapping_add(difference));
                let layer = &mut layers[component.index.min(2)];
                *layer.coefficients.get_mut(block * kept)? = to_i16(*previous << scan.low);
                Some(())
            })
            .ok_or_else(|| Stop::at(bits, unit))?;
            if bits.is_overrun() {
                return Err(Stop::Ended(unit));
            }
        }
        Ok(())
    })
}

fn dc_refinement(
    layers: &mut [Layer; 3],
    kept: usize,
    scan: &Scan,
    mut bits: Bits<'_>,
    range: Range<usize>,
) -> Result<(), Stop> {
    for unit in range {
        blocks_of(scan, unit, |_, component, block| {
            bits.refill();
            let bit = to_i16(i32::try_from(bits.take(1)).ok()? << scan.low);
            let layer = &mut layers[component.index.min(2)];
            *layer.coefficients.get_mut(block * kept)? |= bit;
            Some(())
        })
        .ok_or_else(|| Stop::at(bits, unit))?;
        if bits.is_overrun() {
            return Err(Stop::Ended(unit));
        }
    }
    Ok(())
}

/// A scan of AC coefficients of one component.
struct Band<'a> {
    kept: usize,
    scan: &'a Scan,
    padded_across: usize,
    layer: &'a mut Layer,
    codes: &'a Codes,
}

impl Band<'_> {
    /// The number in the layer of a block of the scan.
    #[inline(always)]
    fn block(&self, unit: usize) -> usize {
        unit / self.scan.units_across * self.padded_across + unit % self.scan.units_across
    }

    /// The first scan of a band (T.81, G.1.2.2).
    fn first(&mut self, mut bits: Bits<'_>, range: Range<usize>) -> Result<(), Stop> {
        let Range { mut start, end } = range;
        while start < end {
            let run = self
                .first_of_block(&mut bits, self.block(start))
                .ok_or_else(|| Stop::at(bits, start))?;
            if bits.is_overrun() {
                return Err(Stop::Ended(start));
            }
            start = start.saturating_add(1 + run);
        }
        Ok(())
    }

    /// Gives how many of the following blocks have nothing in the band.
    #[inline(always)]
    fn first_of_block(&mut self, bits: &mut Bits<'_>, block: usize) -> Option<usize> {
        let (mut k, last) = self.scan.band;
        let mut nonzero = 0_u64;
        let coefficients = self
            .layer
            .coefficients
            .get_mut(block * self.kept..(block + 1) * self.kept)?;
        let mut ended = 0;
        while k <= last {
            bits.refill();
            let symbol = self.codes.read(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    ended = (1 << run) - 1 + bits.take(u32::from(symbol >> 4)) as usize;
                    break;
                }
                k += 16;
                continue;
            }
            k += run;
            let value = extend(bits.take(size), size);
            if k > last {
                return None;
            }
            nonzero |= 1 << k;
            if let Some(coefficient) = coefficients.get_mut(k) {
                *coefficient = to_i16(value << self.scan.low);
            }
            k += 1;
        }
        if let Some(mask) = self.layer.nonzero.get_mut(block) {
            *mask |= nonzero;
        }
        Some(ended)
    }

    /// A scan that sends one more bit of a band (T.81, G.1.2.3).
    fn refinement(&mut self, mut bits: Bits<'_>, range: Range<usize>) -> Result<(), Stop> {
        // Blocks in which no more coefficients become other than 0.
        let mut ended = 0_usize;
        for unit in range {
            let block = self.block(unit);
            let run = self
                .refinement_of_block(&mut bits, block, ended > 0)
                .ok_or_else(|| Stop::at(bits, unit))?;
            ended = ended.max(run).saturating_sub(1);
            if bits.is_overrun() {
                return Err(Stop::Ended(unit));
            }
        }
        Ok(())
    }

    /// Gives the length of the run of ended blocks that begins with this one, 0 if none does.
    #[inline(always)]
    fn refinement_of_block(
        &mut self,
        bits: &mut Bits<'_>,
        block: usize,
        has_ended: bool,
    ) -> Option<usize> {
        let (mut k, last) = self.scan.band;
        let before = *self.layer.nonzero.get(block)?;
        let band = u64::MAX >> (63 - last);
        let mut begun = 0;
        if !has_ended {
            while k <= last {
                bits.refill();
                let symbol = self.codes.read(bits)?;
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                if size == 0 && run < 15 {
                    begun = (1 << run) + bits.take(run) as usize;
                    break;
                }
                if size > 1 {
                    return None;
                }
                let is_positive = size == 1 && bits.take(1) == 1;
                // The place of the zero behind `run` others.
                let mut zeros = !before & band & u64::MAX << k;
                for _ in 0..run {
                    zeros &= zeros.wrapping_sub(1);
                }
                if zeros == 0 {
                    return None;
                }
                let place = zeros.trailing_zeros() as usize;
                let passed = before & (u64::MAX << k) & !(u64::MAX << place);
                self.correct(bits, block, passed);
                if size == 1 {
                    *self.layer.nonzero.get_mut(block)? |= 1 << place;
                    if place < self.kept
                        && let Some(coefficient) =
                            self.layer.coefficients.get_mut(block * self.kept + place)
                    {
                        let value = 1 << self.scan.low;
                        *coefficient = if is_positive { value } else { -value };
                    }
                }
                k = place + 1;
            }
        }
        if k <= last {
            self.correct(bits, block, before & band & u64::MAX << k);
        }
        Some(begun)
    }

    /// Reads one bit for each coefficient of `passed`, and adds it where the coefficient is kept.
    #[inline(always)]
    fn correct(&mut self, bits: &mut Bits<'_>, block: usize, passed: u64) {
        if passed == 0 {
            return;
        }
        // At most 63, for the DC coefficient is not among them.
        let corrections = bits.take_long(passed.count_ones().min(63));
        let start = block * self.kept;
        let mut wanted = passed & !(u64::MAX << self.kept);
        let mut number = 0;
        while wanted != 0 {
            let place = wanted.trailing_zeros() as usize;
            wanted &= wanted - 1;
            if corrections << number >> 63 == 1
                && let Some(coefficient) = self.layer.coefficients.get_mut(start + place)
            {
                *coefficient = coefficient.wrapping_add(coefficient.signum() << self.scan.low);
            }
            number += 1;
        }
    }
}

/// To the 16 bits that a coefficient has in every decoder.
#[inline(always)]
fn wrap(value: i32) -> i32 {
    i32::from(to_i16(value))
}

#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "larger values are in damaged files alone, and mean nothing"
)]
fn to_i16(value: i32) -> i16 {
    value as i16
}
