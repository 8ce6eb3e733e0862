//! Quantisation tables (ITU-T T.81, B.2.4.1).

use crate::error::Error;

/// The factors of 64 coefficients, in zigzag order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table([u8; 64]);

impl Default for Table {
    fn default() -> Self {
        Self([1; 64])
    }
}

impl Table {
    /// The factor of a coefficient by its place in zigzag order.
    #[inline(always)]
    pub(crate) fn factor(&self, place: usize) -> i32 {
        i32::from(self.0[place & 63])
    }
}

/// The four tables that a file can define.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tables([Option<Table>; 4]);

impl Tables {
    /// Takes the tables of a segment.
    pub(crate) fn define(&mut self, mut body: &[u8]) -> Result<(), Error> {
        while let Some((&kind, rest)) = body.split_first() {
            if kind >> 4 != 0 {
                return Err(Error::Unsupported("quantisation tables of 16 bits"));
            }
            let (factors, rest) = rest
                .split_first_chunk()
                .ok_or(Error::Malformed("a quantisation table is too short"))?;
            let slot = self.0.get_mut(usize::from(kind)).ok_or(Error::Malformed(
                "a quantisation table's number is impossible",
            ))?;
            *slot = Some(Table(*factors));
            body = rest;
        }
        Ok(())
    }

    pub(crate) fn table(&self, slot: usize) -> Result<Table, Error> {
        self.0[slot & 3].ok_or(Error::Malformed(
            "a scan uses a quantisation table that is not defined",
        ))
    }
}
