//! Thousands of broken files: no panic, no memory over the limit, and an answer for each.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on fails; numbers are small"
)]

mod common;

use common::fixtures;
use reduced_jpeg::{Decoder, Limits, Options, Scale, Scans};

const FILES: usize = 5000;

/// Marsaglia's xorshift: the same files in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        // The extremes are what decoders stumble over.
        match self.below(4) {
            0 => 0xff,
            1 => 0,
            _ => self.next().to_le_bytes()[3],
        }
    }
}

/// Breaks a file in one of the ways in which files break, or in which attackers break them.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    // Where the entropy-coded data begins.
    let headers = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .unwrap_or(bytes.len());
    match random.below(7) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            for _ in 0..=random.below(20) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        // Sizes, factors, tables, scan headers.
        2 | 3 => {
            for _ in 0..=random.below(6) {
                let at = random.below(headers.max(1)).min(bytes.len() - 1);
                bytes[at] = random.byte();
            }
        }
        4 => {
            let (from, to) = (random.below(other.len()), random.below(bytes.len()));
            let end = (from + random.below(300)).min(other.len());
            bytes.splice(to..to, other[from..end].iter().copied());
        }
        5 => {
            let at = headers + random.below(bytes.len() - headers);
            bytes.splice(
                at..at,
                (0..random.below(40))
                    .map(|_| random.byte())
                    .collect::<Vec<_>>(),
            );
        }
        _ => {
            let from = random.below(bytes.len());
            let end = (from + random.below(400)).min(bytes.len());
            bytes.drain(from..end);
        }
    }
}

#[test]
fn five_thousand_mutated_files_neither_panic_nor_take_more_memory_than_allowed() {
    let originals: Vec<Vec<u8>> = fixtures()
        .into_iter()
        .map(|fixture| fixture.jpeg)
        .filter(|jpeg| jpeg.len() < 5000)
        .collect();
    let limits = Limits {
        max_pixels: 100_000_000,
        max_bytes: 32 << 20,
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut decoder = Decoder::new();
    let (mut whole, mut truncated, mut refused) = (0, 0, 0);
    for number in 0..FILES {
        let mut bytes = originals[number % originals.len()].clone();
        let other = &originals[random.below(originals.len())];
        mutate(&mut bytes, other, &mut random);
        let scans = [Scans::Needed, Scans::All][random.below(2)];
        let options = Options::at(Scale::ALL[random.below(4)])
            .with_scans(scans)
            .with_limits(limits);
        match decoder.decode(&bytes, &options) {
            Ok(picture) => {
                let (width, height) = (picture.width(), picture.height());
                assert_eq!(picture.to_rgb().len(), 3 * width * height);
                assert_eq!(picture.luma().rows().count(), height);
                assert!(picture.good_rows() <= height);
                if picture.is_truncated() {
                    truncated += 1;
                } else {
                    whole += 1;
                }
            }
            Err(_) => refused += 1,
        }
        assert!(
            decoder.held_bytes() as u64 <= limits.max_bytes,
            "{} bytes are held after file {number}",
            decoder.held_bytes()
        );
    }
    assert!(
        whole > 500 && truncated > 300 && refused > 1000,
        "{whole} {truncated} {refused}: the mutations are too weak or too strong"
    );
}
