//! Which `JPEG` files take the fast way, and that it leads to the same pictures.

use jpeg_decoder::Decoder;
use jpeg_encoder::SamplingFactor;

use super::super::jpeg_reduced::decode as reduced;
use super::*;

/// With fine detail, so that a wrong filter shows.
fn detailed(width: u32, height: u32) -> RgbImage {
    let mut picture = picture(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let wave = 30.0 * (f64::from(x * x / 40 + y * 3) / 9.0).sin();
        pixel.0 = pixel.0.map(|value| (f64::from(value) + wave) as u8);
    }
    picture
}

#[test]
fn usual_files_take_the_fast_way_to_what_the_other_decoder_gives() {
    let picture = detailed(331, 250);
    let files = [
        jpeg(&picture, |_| {}),
        jpeg(&picture, |encoder| {
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
        }),
        jpeg(&picture, |encoder| {
            encoder.set_sampling_factor(SamplingFactor::F_2_1);
        }),
        jpeg(&picture, |encoder| encoder.set_progressive(true)),
        jpeg(&picture, |encoder| {
            encoder.set_optimized_huffman_tables(true);
        }),
        jpeg(&picture, |encoder| encoder.set_restart_interval(5)),
    ];
    for (number, file) in files.iter().enumerate() {
        for divisor in [2, 4, 8] {
            let found = reduced(file, divisor, &Limits::default()).unwrap();
            let (width, height) = (331_u32.div_ceil(divisor), 250_u32.div_ceil(divisor));
            assert_eq!(found.dimensions(), (width, height));
            let mut decoder = Decoder::new(&file[..]);
            decoder.scale(width as u16, height as u16).unwrap();
            let expected = RgbImage::from_raw(width, height, decoder.decode().unwrap()).unwrap();
            let (largest, mean) = difference(&found, &expected);
            // Records and vectors that either has made may meet in one cache. At 1/8 the other one
            // rounds down.
            let bound = if divisor == 8 { 1.1 } else { 0.5 };
            assert!(
                largest <= 4 && mean < bound,
                "{number} at 1/{divisor}: {largest} {mean}"
            );
        }
    }
}

#[test]
fn unusual_and_damaged_files_are_left_to_the_other_decoders() {
    let picture = detailed(160, 120);
    let whole = jpeg(&picture, |_| {});
    let mut cmyk = Vec::new();
    Encoder::new(&mut cmyk, 90)
        .encode(&vec![90; 4 * 160 * 120], 160, 120, ColorType::Cmyk)
        .unwrap();
    let progressive = jpeg(&picture, |encoder| encoder.set_progressive(true));
    let cut =
        |file: &[u8], share: usize| [&file[..file.len() * share / 100], &[0xff, 0xd9]].concat();
    for (label, file) in [
        ("cmyk", cmyk),
        ("cut", cut(&whole, 70)),
        ("progressive, cut in its last scan", cut(&progressive, 95)),
    ] {
        assert_eq!(reduced(&file, 2, &Limits::default()), None, "{label}");
    }
    assert_eq!(reduced(&whole, 1, &Limits::default()), None, "full size");
}
