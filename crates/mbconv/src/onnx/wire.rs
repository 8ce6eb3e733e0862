//! The wire format of protocol buffers: tagged fields one after the other.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding>. Bytes of any origin come here;
//! whatever does not fit is an error, and nothing is copied.

use crate::error::{Error, damaged};

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: a message, text, bytes or packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

impl<'a> Value<'a> {
    /// A message, text or bytes.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(damaged("a field has the wrong wire type")),
        }
    }

    /// UTF-8.
    pub(crate) fn text(self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_error| damaged("a name is not UTF-8"))
    }

    /// A signed integer (`int32`, `int64`: two's complement in 64 bits) or an enumeration.
    pub(crate) fn integer(self) -> Result<i64, Error> {
        match self {
            Self::Varint(bits) => Ok(bits.cast_signed()),
            _ => Err(damaged("a field has the wrong wire type")),
        }
    }

    /// A `float`.
    pub(crate) fn float(self) -> Result<f32, Error> {
        match self {
            Self::Fixed32(bits) => Ok(f32::from_bits(bits)),
            _ => Err(damaged("a field has the wrong wire type")),
        }
    }

    /// Appends repeated integers, which are packed or one a field.
    pub(crate) fn integers(self, into: &mut Vec<i64>) -> Result<(), Error> {
        match self {
            Self::Bytes(mut rest) => {
                while !rest.is_empty() {
                    into.push(varint(&mut rest)?.cast_signed());
                }
                Ok(())
            }
            one => {
                into.push(one.integer()?);
                Ok(())
            }
        }
    }
}

/// The fields of a message, in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field's number and value; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = varint(&mut self.0)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.0)?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = varint(&mut self.0)?;
                let length = usize::try_from(length).ok();
                let split = length.and_then(|length| self.0.split_at_checked(length));
                let (bytes, rest) = split.ok_or(damaged("a field is longer than the file"))?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(damaged("an unknown wire type")),
        };
        match tag >> 3 {
            0 => Err(damaged("a field without a number")),
            number => Ok(Some((number, value))),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (array, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(damaged("it breaks off"))?;
        self.0 = rest;
        Ok(*array)
    }
}

/// Seven bits a byte, the lowest first, at most ten bytes.
fn varint(rest: &mut &[u8]) -> Result<u64, Error> {
    let mut number = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, behind) = rest.split_first().ok_or(damaged("it breaks off"))?;
        *rest = behind;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(damaged("a number of more than 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, Error> {
        let (mut fields, mut found) = (Fields(bytes), Vec::new());
        while let Some(field) = fields.next()? {
            found.push(field);
        }
        Ok(found)
    }

    #[test]
    fn fields_of_every_wire_type_are_read() {
        // The examples of the specification, and the two fixed sizes.
        assert_eq!(all(&[8, 150, 1]), Ok(vec![(1, Value::Varint(150))]));
        assert_eq!(
            all(b"\x12\x07testing"),
            Ok(vec![(2, Value::Bytes(b"testing"))])
        );
        assert_eq!(
            all(&[0x0d, 0, 0, 0xc0, 0x3f, 0x11, 1, 0, 0, 0, 0, 0, 0, 0]),
            Ok(vec![
                (1, Value::Fixed32(1.5_f32.to_bits())),
                (2, Value::Fixed64(1))
            ])
        );
        let minus_one = [8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
        assert_eq!(all(&minus_one).unwrap()[0].1.integer(), Ok(-1));
        let mut packed = Vec::new();
        Value::Bytes(&[3, 142, 2]).integers(&mut packed).unwrap();
        Value::Varint(7).integers(&mut packed).unwrap();
        assert_eq!(packed, [3, 270, 7]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (bytes, why) in [
            (&[8][..], "no value"),
            (&[8, 0x80], "an unfinished number"),
            (&[18, 5, b'a'], "bytes beyond the end"),
            (&[0x0d, 1, 2], "half a float"),
            (&[0x0b], "a group"),
            (&[0, 1], "field number 0"),
            (
                &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
                "65 bits",
            ),
            (
                &[
                    18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 7, 7, 7, 7, 7,
                ],
                "a length of 2^64 - 1",
            ),
        ] {
            assert!(all(bytes).is_err(), "{why}");
        }
    }
}
