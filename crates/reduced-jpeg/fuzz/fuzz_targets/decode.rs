//! Any bytes at any scale: no panic, and no memory over the limit.
//!
//! `cargo +nightly fuzz run decode corpus ../tests/data` in this folder. The first byte chooses scale
//! and scans; the rest is the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reduced_jpeg::{Decoder, Header, Limits, Options, Scale, Scans};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, file)) = bytes.split_first() else {
        return;
    };
    // The files of tests/data begin with the first byte of a JPEG file instead of a choice.
    let file = if bytes.starts_with(&[0xff, 0xd8]) { bytes } else { file };
    let limits = Limits {
        max_pixels: 4_000_000,
        max_bytes: 16 << 20,
    };
    let options = Options::at(Scale::ALL[usize::from(choice & 3)])
        .with_scans(if choice & 4 == 0 { Scans::Needed } else { Scans::All })
        .with_limits(limits);
    let header = Header::read(file);
    let mut decoder = Decoder::new();
    if let Ok(picture) = decoder.decode(file, &options) {
        let header = header.unwrap();
        assert_eq!(picture.full_size(), (header.width, header.height));
        assert_eq!(picture.to_rgb().len(), 3 * picture.width() * picture.height());
        assert_eq!(picture.luma().rows().count(), picture.height());
        assert!(picture.good_rows() <= picture.height());
    }
    assert!(decoder.held_bytes() <= 16 << 20);
});
