//! Huffman tables (ITU-T T.81, annex C and F.2.2), and the look-ups by which several symbols are
//! read at once.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "fields of a few bits are packed into words and taken out again"
)]

use crate::bits::Bits;
use crate::error::Error;

/// Bits by which codes are looked up first.
const CODE_BITS: u32 = 10;
/// Bits by which differences of DC coefficients are looked up.
const DC_BITS: u32 = 11;
/// Bits by which pairs of AC coefficients are looked up.
pub(crate) const PAIR_BITS: u32 = 13;
/// Bits by which coefficients that nobody wants are passed over.
pub(crate) const SKIP_BITS: u32 = 13;

/// A code of at most 16 bits for each of at most 256 symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    /// How many codes there are of each length from 1 on.
    counts: [u8; 16],
    symbols: [u8; 256],
    /// By the next 10 bits: the code's length times 256, and the symbol; 0 where it is longer.
    lookup: [u16; 1 << CODE_BITS],
    /// For each length: the first 16 bits that are no code of this length or a shorter one.
    limits: [u32; 17],
    /// For each length: what is to be added to a code for its place among the symbols.
    offsets: [i32; 17],
}

impl Codes {
    fn new(counts: [u8; 16], listed: &[u8]) -> Result<Self, Error> {
        let mut symbols = [0; 256];
        for (target, &symbol) in symbols.iter_mut().zip(listed) {
            *target = symbol;
        }
        let mut codes = Self {
            counts,
            symbols,
            lookup: [0; 1 << CODE_BITS],
            limits: [0; 17],
            offsets: [0; 17],
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1..=16_u32).zip(&counts) {
            code <<= 1;
            if let Some(offset) = codes.offsets.get_mut(length as usize) {
                *offset = place as i32 - code as i32;
            }
            for &symbol in listed
                .get(place..)
                .unwrap_or_default()
                .iter()
                .take(count.into())
            {
                if length <= CODE_BITS {
                    let first = (code << (CODE_BITS - length)) as usize;
                    let entries = codes
                        .lookup
                        .get_mut(first..first + (1 << (CODE_BITS - length)));
                    let entry = (length as u16) << 8 | u16::from(symbol);
                    entries.unwrap_or_default().fill(entry);
                }
                code += 1;
            }
            place += usize::from(count);
            if code > 1 << length {
                return Err(Error::Malformed(
                    "a Huffman table has more codes than there can be",
                ));
            }
            if let Some(limit) = codes.limits.get_mut(length as usize) {
                *limit = code << (16 - length);
            }
        }
        Ok(codes)
    }

    fn is_of(&self, counts: &[u8; 16], listed: &[u8]) -> bool {
        self.counts == *counts && self.symbols.starts_with(listed)
    }

    /// The symbol whose code begins the 16 bits `next`, and the code's length.
    #[inline(always)]
    fn find(&self, next: usize) -> Option<(u8, u32)> {
        let entry = self.lookup[next >> (16 - CODE_BITS) & ((1 << CODE_BITS) - 1)];
        if entry != 0 {
            return Some((entry as u8, u32::from(entry >> 8)));
        }
        self.find_long(next)
    }

    #[cold]
    fn find_long(&self, next: usize) -> Option<(u8, u32)> {
        let next = next as u32;
        let lengths = (CODE_BITS + 1)..=16;
        let entries = self
            .limits
            .iter()
            .zip(&self.offsets)
            .skip(CODE_BITS as usize + 1);
        let (length, (_, offset)) = lengths
            .zip(entries)
            .find(|&(_, (&limit, _))| next < limit)?;
        let place = (next >> (16 - length)) as i32 + offset;
        Some((*self.symbols.get(place as usize)?, length))
    }

    /// Reads a symbol, for which 16 bits must be available.
    #[inline(always)]
    pub(crate) fn read(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let (symbol, length) = self.find(bits.peek::<16>())?;
        bits.consume(length);
        Some(symbol)
    }

    /// The AC symbol at the beginning of `next`, 16 bits of which `available` are known, with the
    /// bits of its value; `None` if they do not suffice.
    fn step(&self, next: u32, available: u32) -> Option<Step> {
        let (symbol, length) = self.find(next as usize)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let bits = length + size;
        (bits <= available).then(|| Step {
            bits,
            run,
            value: extend((next << length & 0xffff) >> (16 - size), size),
            is_end: size == 0 && run < 15,
        })
    }
}

/// One symbol of a baseline block with its value.
struct Step {
    bits: u32,
    /// Zeros before the coefficient.
    run: u32,
    value: i32,
    /// The block's other coefficients are 0.
    is_end: bool,
}

/// The value of a coefficient by its `size` additional bits, 0 to 15 (T.81, F.2.2.1, "EXTEND").
#[inline(always)]
pub(crate) fn extend(bits: u32, size: u32) -> i32 {
    let value = bits as i32;
    // A first bit of 0 means a negative value.
    if size != 0 && bits >> (size - 1) == 0 {
        value - (1 << size) + 1
    } else {
        value
    }
}

/// A table for DC coefficients.
#[derive(Clone, Debug)]
pub(crate) struct DcTable {
    pub(crate) codes: Codes,
    /// By the next 11 bits: the difference times 256, and how many bits it took; 0 where it takes
    /// more.
    values: Box<[i32; 1 << DC_BITS]>,
}

impl DcTable {
    fn new(codes: Codes) -> Self {
        let mut values = Box::new([0; 1 << DC_BITS]);
        for (next, entry) in (0..).zip(values.iter_mut()) {
            let next = next << (16 - DC_BITS);
            let Some((size, length)) = codes.find(next as usize) else {
                continue;
            };
            let bits = length + u32::from(size);
            if bits <= DC_BITS {
                let size = u32::from(size);
                let value = extend((next << length & 0xffff) >> (16 - size), size);
                *entry = value << 8 | bits as i32;
            }
        }
        Self { codes, values }
    }

    /// Reads a difference. 32 bits must be available; `None` if no code begins here.
    #[inline(always)]
    pub(crate) fn read(&self, bits: &mut Bits<'_>) -> Option<i32> {
        let entry = self.values[bits.peek::<DC_BITS>() & ((1 << DC_BITS) - 1)];
        if entry != 0 {
            bits.consume((entry & 0xff) as u32);
            return Some(entry >> 8);
        }
        let size = u32::from(self.codes.read(bits)?);
        // Larger differences do not exist (T.81, table F.1, with room for 12 bits).
        (size <= 15).then(|| extend(bits.take(size), size))
    }
}

/// Up to two AC coefficients, in a word; as in [`Skip`], with the bits that they take lowest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair(u32);

impl Pair {
    /// Bits that both take; 0 where the first takes more than the look-up's.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        self.0 & 63
    }

    /// Zeros before the first coefficient.
    #[inline(always)]
    pub(crate) fn first_at(self) -> usize {
        (self.0 >> 6 & 15) as usize
    }

    /// Coefficients before the second; that of the first where there is no second.
    #[inline(always)]
    pub(crate) fn second_at(self) -> usize {
        (self.0 >> 10 & 31) as usize
    }

    /// Coefficients that are passed over, and 128 more where the block ends.
    #[inline(always)]
    pub(crate) fn advance(self) -> usize {
        self.second_at() + 1 + (self.0 >> 15 & 1) as usize * 128
    }

    #[inline(always)]
    pub(crate) fn first(self) -> i32 {
        self.0 as i32 >> 23
    }

    #[inline(always)]
    pub(crate) fn second(self) -> i32 {
        (self.0 << 9) as i32 >> 25
    }

    fn new(codes: &Codes, next: u32) -> Self {
        let Some(first) = codes
            .step(next, PAIR_BITS)
            .filter(|step| step.value.abs() < 256)
        else {
            return Self(0);
        };
        let mut bits = first.bits;
        // The end of the block counts as a coefficient of 0, which does no harm.
        let first_at = if first.is_end { 0 } else { first.run };
        let (mut second_at, mut second_value, mut is_end) = (first_at, 0, first.is_end);
        if !is_end
            && let Some(second) = codes
                .step(next << bits & 0xffff, PAIR_BITS - bits)
                .filter(|step| step.value.abs() < 64)
        {
            bits += second.bits;
            is_end = second.is_end;
            if !is_end {
                second_at += 1 + second.run;
                second_value = second.value;
            }
        }
        Self(
            bits | first_at << 6
                | second_at << 10
                | u32::from(is_end) << 15
                | (second_value as u32 & 0x7f) << 16
                | (first.value as u32) << 23,
        )
    }
}

/// As many unwanted AC coefficients as fit into the look-up. How many bits they take stands in the
/// lowest bits of the word, for a shift by them is what the next look-up waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip(u16);

impl Skip {
    /// What is added where the block ends.
    pub(crate) const END: usize = 0x80;
    /// Where not one symbol fits.
    const TOO_LONG: Self = Self(0xff00);

    /// Bits that are passed over.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        u32::from(self.0 & 0xff)
    }

    /// Coefficients that are passed over, at most 63, and [`Skip::END`] more where the block ends
    /// behind them. 255 where not one symbol fits.
    #[inline(always)]
    pub(crate) fn advance(self) -> usize {
        usize::from(self.0 >> 8)
    }

    /// Coefficients before the end of the block, if it ends within the look-up.
    #[inline(always)]
    pub(crate) fn before_end(self) -> Option<usize> {
        let before = self.advance().wrapping_sub(Self::END);
        (before < 64).then_some(before)
    }

    fn new(codes: &Codes, next: u32) -> Self {
        let (mut bits, mut advance) = (0, 0);
        while let Some(step) = codes.step(next << bits & 0xffff, SKIP_BITS - bits) {
            if step.is_end {
                return Self(((advance + Self::END as u32) << 8 | (bits + step.bits)) as u16);
            }
            if advance + step.run + 1 > 63 {
                break;
            }
            bits += step.bits;
            advance += step.run + 1;
        }
        if bits == 0 {
            Self::TOO_LONG
        } else {
            Self((advance << 8 | bits) as u16)
        }
    }
}

/// The look-ups for baseline blocks.
#[derive(Clone, Debug)]
pub(crate) struct AcLookups {
    pairs: Box<[Pair; 1 << PAIR_BITS]>,
    skips: Box<[Skip; 1 << SKIP_BITS]>,
}

impl AcLookups {
    #[allow(
        clippy::large_stack_arrays,
        reason = "32 KB, which go to the heap at once"
    )]
    fn new(codes: &Codes) -> Self {
        let mut pairs = Box::new([Pair::default(); 1 << PAIR_BITS]);
        for (next, pair) in (0..).zip(pairs.iter_mut()) {
            *pair = Pair::new(codes, next << (16 - PAIR_BITS));
        }
        let mut skips = Box::new([Skip::TOO_LONG; 1 << SKIP_BITS]);
        for (next, skip) in (0..).zip(skips.iter_mut()) {
            *skip = Skip::new(codes, next << (16 - SKIP_BITS));
        }
        Self { pairs, skips }
    }

    #[inline(always)]
    pub(crate) fn pair(&self, bits: &Bits<'_>) -> Pair {
        self.pairs[bits.peek::<PAIR_BITS>() & ((1 << PAIR_BITS) - 1)]
    }

    #[inline(always)]
    pub(crate) fn skip(&self, bits: &Bits<'_>) -> Skip {
        self.skips[bits.peek::<SKIP_BITS>() & ((1 << SKIP_BITS) - 1)]
    }
}

/// A table for AC coefficients.
#[derive(Clone, Debug)]
pub(crate) struct AcTable {
    pub(crate) codes: Codes,
    /// Made when a baseline scan needs them first.
    lookups: Option<AcLookups>,
}

/// The tables that a file has defined so far. What the last file's were is kept, for most files of
/// a camera have the same.
#[derive(Debug, Default)]
pub(crate) struct HuffmanTables {
    dc: [Slot<DcTable>; 4],
    ac: [Slot<AcTable>; 4],
}

#[derive(Debug)]
struct Slot<T> {
    is_defined: bool,
    table: Option<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            is_defined: false,
            table: None,
        }
    }
}

impl<T> Slot<T> {
    fn table(&self) -> Result<&T, Error> {
        self.table
            .as_ref()
            .filter(|_| self.is_defined)
            .ok_or(Error::Malformed(
                "a scan uses a Huffman table that is not defined",
            ))
    }

    /// Defines the table, unless it is what the slot still holds.
    fn define(
        &mut self,
        is_same: impl Fn(&T) -> bool,
        new: impl FnOnce() -> Result<T, Error>,
    ) -> Result<(), Error> {
        if !self.table.as_ref().is_some_and(is_same) {
            self.table = Some(new()?);
        }
        self.is_defined = true;
        Ok(())
    }
}

impl HuffmanTables {
    /// Begins a new file.
    pub(crate) fn forget(&mut self) {
        self.dc.iter_mut().for_each(|slot| slot.is_defined = false);
        self.ac.iter_mut().for_each(|slot| slot.is_defined = false);
    }

    /// Takes the tables of a segment (T.81, B.2.4.2).
    pub(crate) fn define(&mut self, mut body: &[u8]) -> Result<(), Error> {
        const SHORT: Error = Error::Malformed("a Huffman table is too short");
        const NO_SLOT: Error = Error::Malformed("a Huffman table's number is impossible");
        while let Some((&class_and_slot, rest)) = body.split_first() {
            let (&counts, rest) = rest.split_first_chunk::<16>().ok_or(SHORT)?;
            let total = counts.iter().copied().map(usize::from).sum();
            let (listed, rest) = rest.split_at_checked(total).ok_or(SHORT)?;
            if total > 256 {
                return Err(Error::Malformed(
                    "a Huffman table has more than 256 symbols",
                ));
            }
            body = rest;
            let slot = usize::from(class_and_slot & 15);
            match class_and_slot >> 4 {
                0 => {
                    let slot = self.dc.get_mut(slot).ok_or(NO_SLOT)?;
                    slot.define(
                        |table| table.codes.is_of(&counts, listed),
                        || Codes::new(counts, listed).map(DcTable::new),
                    )?;
                }
                1 => {
                    let slot = self.ac.get_mut(slot).ok_or(NO_SLOT)?;
                    let new = || {
                        Codes::new(counts, listed).map(|codes| AcTable {
                            codes,
                            lookups: None,
                        })
                    };
                    slot.define(|table| table.codes.is_of(&counts, listed), new)?;
                }
                _ => return Err(NO_SLOT),
            }
        }
        Ok(())
    }

    pub(crate) fn dc(&self, slot: usize) -> Result<&DcTable, Error> {
        self.dc[slot & 3].table()
    }

    pub(crate) fn ac(&self, slot: usize) -> Result<&AcTable, Error> {
        self.ac[slot & 3].table()
    }

    /// Makes what [`AcTable::lookups`] gives, if it is not there yet.
    pub(crate) fn prepare(&mut self, slot: usize) {
        if let Some(table) = &mut self.ac[slot & 3].table {
            let codes = &table.codes;
            table.lookups.get_or_insert_with(|| AcLookups::new(codes));
        }
    }
}

impl AcTable {
    /// The look-ups, which [`HuffmanTables::prepare`] has made.
    pub(crate) fn lookups(&self) -> Result<&AcLookups, Error> {
        self.lookups.as_ref().ok_or(Error::Malformed(
            "a scan uses a Huffman table that is not defined",
        ))
    }
}
