//! Scans of baseline and extended sequential files (ITU-T T.81, F.2).
//!
//! Nearly all of a reduced decoding is spent on coefficients that nobody wants. Here they are not
//! decoded: one look-up passes over as many of them as 12 bits hold. Only where a block ends
//! without saying so, at its coefficient 63, may that be too many; then they are read one by one.

use crate::bits::{Bits, Stretch};
use crate::error::Error;
use crate::huffman::{AcLookups, AcTable, DcTable, HuffmanTables, extend};
use crate::picture::Plane;
use crate::quantisation::Table;
use crate::scan::{Progress, Scan, Stop, intervals};
use crate::transform::{Coefficients, Reduction};

/// What a block of a component is decoded with.
struct Coder<'a> {
    dc: &'a DcTable,
    ac: &'a AcTable,
    lookups: &'a AcLookups,
    quantisation: Table,
    /// Which plane it is drawn into.
    plane: usize,
    /// Samples in a row of the plane.
    stride: usize,
    h: usize,
    v: usize,
}

/// Decodes a scan into the planes.
pub(crate) fn decode<R: Reduction>(
    scan: &Scan,
    data: &[u8],
    interval: usize,
    tables: &mut HuffmanTables,
    quantisation: &[Table; 3],
    planes: &mut [Plane; 3],
    stretch: &mut Stretch,
) -> Result<Progress, Error> {
    for component in &scan.components {
        tables.prepare(component.ac_table);
    }
    let mut coders = Vec::with_capacity(scan.components.len());
    for component in &scan.components {
        let ac = tables.ac(component.ac_table)?;
        coders.push(Coder {
            dc: tables.dc(component.dc_table)?,
            ac,
            lookups: ac.lookups()?,
            quantisation: quantisation[component.index.min(2)],
            plane: component.index.min(2),
            stride: component.layout.padded_across * R::SIDE,
            h: component.h,
            v: component.v,
        });
    }
    intervals(data, stretch, interval, scan.units(), |mut bits, range| {
        let mut coefficients = [0; 64];
        let mut previous = [0_i32; 3];
        let mut row = range.start / scan.units_across;
        let mut column = range.start % scan.units_across;
        for unit in range {
            for (coder, previous) in coders.iter().zip(&mut previous) {
                let plane = planes[coder.plane].samples_mut();
                let left = column * coder.h * R::SIDE;
                for y in 0..coder.v {
                    let at = (row * coder.v + y) * R::SIDE * coder.stride + left;
                    for x in 0..coder.h {
                        block::<R>(&mut bits, coder, previous, &mut coefficients)
                            .ok_or_else(|| Stop::at(bits, unit))?;
                        R::draw(&coefficients, plane, at + x * R::SIDE, coder.stride);
                    }
                }
            }
            if bits.is_overrun() {
                return Err(Stop::Ended(unit));
            }
            column += 1;
            if column == scan.units_across {
                column = 0;
                row += 1;
            }
        }
        Ok(())
    })
}

/// Decodes a block: afterwards its wanted coefficients stand, dequantised, at their places. `None`
/// where the bits make no sense.
#[inline(always)]
fn block<R: Reduction>(
    bits: &mut Bits<'_>,
    coder: &Coder<'_>,
    previous: &mut i32,
    coefficients: &mut Coefficients,
) -> Option<()> {
    for &place in R::WANTED {
        coefficients[place] = 0;
    }
    bits.refill();
    let difference = coder.dc.read(bits)?;
    // Coefficients have 16 bits in every decoder.
    *previous = wrap(previous.wrapping_add(difference));
    let mut k = 1;
    if R::LAST > 0 {
        k = wanted::<R>(bits, coder, coefficients)?;
    }
    coefficients[0] = *previous;
    for &place in R::WANTED {
        coefficients[place] = coefficients[place].wrapping_mul(coder.quantisation.factor(place));
    }
    unwanted(bits, coder, k)
}

/// To the 16 bits that a coefficient has.
#[inline(always)]
fn wrap(value: i32) -> i32 {
    value << 16 >> 16
}

/// Reads AC coefficients until the last wanted one is passed, and gives the next one's place: 64
/// exactly or [`ENDED`] and more where the block has ended.
#[inline(always)]
fn wanted<R: Reduction>(
    bits: &mut Bits<'_>,
    coder: &Coder<'_>,
    coefficients: &mut Coefficients,
) -> Option<usize> {
    let mut k = 1;
    loop {
        bits.refill();
        // Four times 11 bits, of 56.
        for _ in 0..4 {
            let pair = coder.lookups.pair(bits);
            if pair.bits() == 0 {
                (*bits, k) = single(*bits, coder.ac, k, Some(&mut *coefficients))?;
                bits.refill();
            } else {
                // Where there is no second coefficient, the first is written over it.
                coefficients[(k + pair.second_at()) & 63] = pair.second();
                coefficients[(k + pair.first_at()) & 63] = pair.first();
                bits.consume(pair.bits());
                k += pair.advance();
            }
            if k > R::LAST {
                return Some(k);
            }
        }
    }
}

/// Passes over AC coefficients to the end of the block.
#[inline(always)]
fn unwanted(bits: &mut Bits<'_>, coder: &Coder<'_>, mut k: usize) -> Option<()> {
    while k < 64 {
        bits.refill();
        // Four times 13 bits, of 56.
        for _ in 0..4 {
            let skip = coder.lookups.skip(bits);
            let next = k + skip.advance();
            if next < 64 {
                bits.consume(skip.bits());
                k = next;
                continue;
            }
            if let Some(before) = skip.before_end()
                && k + before < 64
            {
                bits.consume(skip.bits());
                return Some(());
            }
            (*bits, k) = single(*bits, coder.ac, k, None)?;
            break;
        }
    }
    (k == 64 || k >= ENDED).then_some(())
}

/// What stands for the next coefficient's place behind the end of a block.
const ENDED: usize = 128;

/// Reads one AC coefficient whose place is at least `k`, and gives the next one's place. The bits
/// go in and out by value, so that those who call it can keep them in registers.
#[inline(always)]
fn single<'a>(
    mut bits: Bits<'a>,
    table: &AcTable,
    k: usize,
    coefficients: Option<&mut Coefficients>,
) -> Option<(Bits<'a>, usize)> {
    bits.refill();
    let symbol = table.codes.read(&mut bits)?;
    let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
    if size == 0 && run < 15 {
        return Some((bits, ENDED));
    }
    let place = k + run;
    let value = extend(bits.take(size), size);
    if place > 63 {
        return None;
    }
    if let Some(coefficients) = coefficients {
        coefficients[place & 63] = value;
    }
    Some((bits, place + 1))
}
