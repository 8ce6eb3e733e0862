//! Whether what a server answered can be the vectors of the pictures that it was sent.

use super::{CallError, CallErrorKind};
use crate::embed::{Embedding, ModelInput};

/// Longest vector that is believed; the longest of known models for photos is a tenth of it.
const LONGEST: usize = 1 << 16;

/// The numbers of an answer as they came, one row a picture; keeps its buffer.
#[derive(Debug, Default)]
pub(super) struct Rows {
    numbers: Vec<f32>,
    count: usize,
}

impl Rows {
    /// Forgets the last answer.
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.count = 0;
    }

    /// Appends one row.
    pub(super) fn push(&mut self, row: &[f32]) {
        self.numbers.extend_from_slice(row);
        self.count += 1;
    }

    /// Takes a tensor of numbers.
    ///
    /// # Errors
    /// [`CallErrorKind::BadAnswer`] if the shape is not that of the numbers.
    pub(super) fn take(&mut self, shape: &[i64], numbers: Vec<f32>) -> Result<(), CallError> {
        self.numbers = numbers;
        self.measure(shape)
    }

    /// Takes a tensor of bytes, little-endian.
    ///
    /// # Errors
    /// [`CallErrorKind::BadAnswer`] if these are no floating-point numbers or not as many as the
    /// shape says.
    pub(super) fn read_bytes(
        &mut self,
        datatype: &str,
        shape: &[i64],
        bytes: &[u8],
    ) -> Result<(), CallError> {
        self.numbers.clear();
        let left = match datatype {
            "FP32" => {
                let (numbers, left) = bytes.as_chunks();
                self.numbers
                    .extend(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)));
                left
            }
            "FP16" => {
                let (numbers, left) = bytes.as_chunks();
                self.numbers.extend(
                    numbers
                        .iter()
                        .map(|&bytes| half::f16::from_le_bytes(bytes).to_f32()),
                );
                left
            }
            other => return Err(bad(format!("vectors of {other}, expected FP32 or FP16"))),
        };
        if !left.is_empty() {
            return Err(bad(format!("{} bytes of {datatype}", bytes.len())));
        }
        self.measure(shape)
    }

    /// Reads the number of rows off a shape like [2, 512] or [2, 512, 1, 1].
    fn measure(&mut self, shape: &[i64]) -> Result<(), CallError> {
        let sizes: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
        let product = sizes
            .as_deref()
            .and_then(|sizes| sizes.iter().try_fold(1_usize, |all, &n| all.checked_mul(n)));
        if product != Some(self.numbers.len()) {
            let numbers = self.numbers.len();
            return Err(bad(format!("{numbers} numbers in the shape {shape:?}")));
        }
        self.count = match sizes.as_deref() {
            Some([count, _, ..]) => *count,
            _ => 1,
        };
        Ok(())
    }

    /// The vectors of `batch`.
    ///
    /// # Errors
    /// [`CallErrorKind::BadAnswer`] if there are not as many as pictures, if they have not the
    /// `dimension` that the model promised, are not finite or have no direction, or are all the
    /// same for pictures that are not.
    pub(super) fn vectors(
        &self,
        batch: &[ModelInput],
        dimension: Option<usize>,
    ) -> Result<Vec<Embedding>, CallError> {
        if self.count != batch.len() {
            return Err(bad(format!(
                "{} vectors for {} pictures",
                self.count,
                batch.len()
            )));
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let length = self.numbers.len() / self.count;
        if dimension.is_some_and(|dimension| dimension != length)
            || length == 0
            || length > LONGEST
            || length * self.count != self.numbers.len()
        {
            return Err(bad(match dimension {
                Some(dimension) => {
                    format!("vectors of {length} numbers, the model promised {dimension}")
                }
                None => format!("vectors of {length} numbers"),
            }));
        }
        let rows = || self.numbers.chunks_exact(length);
        let vectors = rows()
            .map(Embedding::from_raw)
            .collect::<Result<Vec<_>, _>>();
        let vectors = vectors.map_err(|error| bad(error.to_string()))?;
        if let (Some(first), Some(picture)) = (rows().next(), batch.first())
            && rows().skip(1).all(|row| row == first)
            && batch.iter().any(|other| other != picture)
        {
            return Err(bad(
                "one and the same vector for pictures that differ".to_owned()
            ));
        }
        Ok(vectors)
    }
}

fn bad(what: String) -> CallError {
    CallError::new(CallErrorKind::BadAnswer, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(level: u8) -> ModelInput {
        ModelInput {
            side: 1,
            rgb: vec![level; 3],
        }
    }

    fn bytes(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn what_cannot_be_the_vectors_of_these_pictures_is_refused() {
        let two = [picture(1), picture(2)];
        for (shape, numbers, dimension, reason) in [
            (&[1, 2][..], &[1.0, 2.0][..], None, "1 vectors for 2"),
            (&[2, 1], &[1.0, 2.0], Some(2), "promised 2"),
            (&[2, 2], &[1.0, 2.0, f32::NAN, 0.5], None, "NaN"),
            (&[2, 2], &[1.0, 2.0, f32::INFINITY, 0.5], None, "inf"),
            (&[2, 2], &[1.0, 2.0, 0.0, 0.0], None, "length 0"),
            (&[2, 2], &[1.0, 2.0, 1.0, 2.0], None, "one and the same"),
            (&[2, 0], &[], None, "of 0 numbers"),
        ] {
            let mut rows = Rows::default();
            rows.read_bytes("FP32", shape, &bytes(numbers)).unwrap();
            let error = rows.vectors(&two, dimension).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer, "{error}");
            assert!(error.message.contains(reason), "{error}: {reason}");
        }
    }

    #[test]
    fn shapes_and_bytes_must_agree() {
        let mut rows = Rows::default();
        for (shape, count) in [(&[2, 2][..], 3), (&[-1, 4], 4), (&[i64::MAX, i64::MAX], 4)] {
            let numbers = vec![1.0; count];
            assert!(rows.read_bytes("FP32", shape, &bytes(&numbers)).is_err());
            assert!(rows.take(shape, numbers).is_err());
        }
        assert!(rows.read_bytes("FP32", &[1, 1], &[0; 5]).is_err());
        assert!(rows.read_bytes("INT32", &[1, 1], &[0; 4]).is_err());
    }

    #[test]
    fn equal_pictures_may_have_equal_vectors() {
        let mut rows = Rows::default();
        rows.take(&[2, 2], vec![3.0, 4.0, 3.0, 4.0]).unwrap();
        let vectors = rows.vectors(&[picture(1), picture(1)], Some(2)).unwrap();
        assert_eq!(vectors[0], vectors[1]);
        assert_eq!(vectors[0].components()[0], half::f16::from_f32(0.6));
    }

    #[test]
    fn half_precision_is_read() {
        let mut rows = Rows::default();
        let halves: Vec<u8> = [3.0_f32, 4.0]
            .iter()
            .flat_map(|&n| half::f16::from_f32(n).to_le_bytes())
            .collect();
        rows.read_bytes("FP16", &[1, 2, 1, 1], &halves).unwrap();
        assert_eq!(rows.numbers, [3.0, 4.0]);
        assert!(rows.vectors(&[picture(1)], Some(2)).is_ok());
    }
}
