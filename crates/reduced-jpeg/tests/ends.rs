//! Files that end early, files of which only a part is a picture, and files that are refused.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on fails; numbers are small"
)]

mod common;

use common::{fixture, fixtures};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use reduced_jpeg::{Decoder, Error, Header, Limits, Options, Scale, Scans};

const QUARTER: Scale = Scale::Quarter;

fn all(scale: Scale) -> Options {
    Options::at(scale).with_scans(Scans::All)
}

/// Values with some noise, so that each unit of a file takes some bytes.
fn samples(width: u16, height: u16) -> Vec<u8> {
    (0..usize::from(width) * usize::from(height) * 3)
        .map(|i| 90 + u8::try_from(i * i / 11 % 64).unwrap())
        .collect()
}

fn noisy(width: u16, height: u16, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let samples = samples(width, height);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    set(&mut encoder);
    encoder
        .encode(&samples, width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

#[test]
fn a_file_that_is_cut_gives_its_rows_and_says_so() {
    let mut decoder = Decoder::new();
    let file = noisy(160, 320, |encoder| {
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
    });
    for scale in Scale::ALL {
        let options = Options::at(scale);
        let whole = decoder.decode(&file, &options).unwrap();
        let height = whole.height();
        assert!(!whole.is_truncated());
        let whole: Vec<Vec<u8>> = whole.luma().rows().map(<[u8]>::to_vec).collect();
        let mut before = 0;
        for share in [20, 40, 60, 80, 95] {
            let cut = &file[..file.len() * share / 100];
            for cut in [cut.to_vec(), [cut, &[0xff, 0xd9]].concat()] {
                let picture = decoder.decode(&cut, &options).unwrap();
                assert!(picture.is_truncated(), "{share}");
                assert_eq!(picture.height(), height);
                let good = picture.good_rows();
                let expected = height * share / 100;
                assert!(good.abs_diff(expected) <= height / 10, "{share}: {good}");
                assert!(good >= before);
                before = good;
                for (found, whole) in picture.luma().rows().zip(&whole).take(good) {
                    assert_eq!(found, whole, "{share}");
                }
                // What is missing is grey.
                let last = picture.luma().rows().last().unwrap().to_vec();
                assert!(last.iter().all(|&value| value == 128));
            }
        }
    }
}

#[test]
fn wherever_a_file_is_cut_it_is_truncated_or_an_error_or_nothing_is_missing() {
    let mut decoder = Decoder::new();
    for fixture in fixtures() {
        if fixture.jpeg.len() > 5000 {
            continue;
        }
        let options = all(QUARTER);
        let whole = decoder.decode(&fixture.jpeg, &options).unwrap().to_rgb();
        let is_progressive = Header::read(&fixture.jpeg).unwrap().progressive;
        for length in 0..fixture.jpeg.len() - 2 {
            let cut = &fixture.jpeg[..length];
            // A progressive file may say by its end marker that no more scans follow.
            let files = if is_progressive {
                vec![cut.to_vec()]
            } else {
                vec![cut.to_vec(), [cut, &[0xff, 0xd9]].concat()]
            };
            for file in files {
                match decoder.decode(&file, &options) {
                    Ok(picture) if picture.is_truncated() => {
                        assert!(picture.good_rows() <= picture.height());
                    }
                    // The last codes may be completed by the ones that follow, by chance.
                    Ok(picture) => {
                        let distance = picture
                            .to_rgb()
                            .iter()
                            .zip(&whole)
                            .map(|(a, b)| a.abs_diff(*b))
                            .max();
                        assert!(
                            distance <= Some(8) && length + 8 >= fixture.jpeg.len(),
                            "{} cut at {length} of {}: {distance:?}",
                            fixture.name,
                            fixture.jpeg.len()
                        );
                    }
                    Err(Error::Malformed(_)) => {}
                    Err(error) => panic!("{} cut at {length}: {error}", fixture.name),
                }
            }
        }
    }
}

#[test]
fn a_cut_in_any_scan_of_a_progressive_file_is_known_if_all_are_read() {
    let mut decoder = Decoder::new();
    let file = noisy(320, 240, |encoder| encoder.set_progressive(true));
    let scans: Vec<usize> = (0..file.len() - 1)
        .filter(|&at| file[at..at + 2] == [0xff, 0xda])
        .collect();
    assert!(scans.len() > 3);
    let ends = scans[1..].iter().copied().chain([file.len()]);
    for (&start, end) in scans.iter().zip(ends) {
        let cut = [&file[..start.midpoint(end)], &[0xff, 0xd9]].concat();
        let picture = decoder.decode(&cut, &all(QUARTER)).unwrap();
        assert!(picture.is_truncated(), "cut between {start} and {end}");
        // And between two scans, where the file does not say that it ends.
        if start > scans[0] {
            let picture = decoder.decode(&file[..start], &all(QUARTER)).unwrap();
            assert!(picture.is_truncated(), "cut at {start}");
        }
    }
    assert!(!decoder.decode(&file, &all(QUARTER)).unwrap().is_truncated());
    let without_end = &file[..file.len() - 2];
    let picture = decoder.decode(without_end, &all(QUARTER)).unwrap();
    assert!(!picture.is_truncated());
}

#[test]
fn what_follows_on_the_end_marker_is_not_looked_at() {
    let mut decoder = Decoder::new();
    for name in ["420", "progressive-444"] {
        let file = fixture(name).jpeg;
        // As in multi-picture files, with fill bytes before the marker.
        let other = fixture("grey").jpeg;
        let marker = [&[0xff; 4][..], &[0xd9]].concat();
        let several = [&file[..file.len() - 2], &marker, &other].concat();
        let expected = decoder.decode(&file, &all(QUARTER)).unwrap().to_rgb();
        let found = decoder.decode(&several, &all(QUARTER)).unwrap();
        assert!(!found.is_truncated());
        assert_eq!(found.to_rgb(), expected);
    }
}

fn mean(values: &[u8]) -> f64 {
    values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64
}

#[test]
fn the_longest_sides_that_the_format_has_are_decoded() {
    let mut decoder = Decoder::new();
    for (width, height) in [(65_535, 1), (1, 65_535), (65_535, 9)] {
        for progressive in [false, true] {
            let file = noisy(width, height, |encoder| {
                encoder.set_progressive(progressive);
            });
            for scale in Scale::ALL {
                let picture = decoder.decode(&file, &all(scale)).unwrap();
                let side = |full: u16| (usize::from(full) * scale.eighths()).div_ceil(8);
                assert_eq!(
                    (picture.width(), picture.height()),
                    (side(width), side(height))
                );
                assert_eq!(picture.full_size(), (width.into(), height.into()));
                assert!(!picture.is_truncated());
                let rgb = picture.to_rgb();
                assert_eq!(rgb.len(), 3 * side(width) * side(height));
                let distance = mean(&rgb) - mean(&samples(width, height));
                assert!(
                    distance.abs() < 1.0,
                    "{width} x {height} {scale:?}: {distance}"
                );
            }
        }
    }
}

#[test]
fn headers_are_read_without_decoding() {
    for (name, components, sampling, progressive) in [
        ("420", 3, [[2, 2], [1, 1], [1, 1]], false),
        ("progressive-411", 3, [[4, 1], [1, 1], [1, 1]], true),
        ("grey", 1, [[1, 1], [0, 0], [0, 0]], false),
    ] {
        let file = fixture(name).jpeg;
        let header = Header {
            width: 59,
            height: 43,
            components,
            sampling,
            progressive,
        };
        assert_eq!(Header::read(&file), Ok(header), "{name}");
        assert!(matches!(
            Header::read(&file[..20]),
            Err(Error::Malformed(_))
        ));
    }
}

#[test]
fn the_covered_box_is_the_pictures_size_times_the_scale() {
    let mut decoder = Decoder::new();
    let file = fixture("420").jpeg;
    let picture = decoder
        .decode(&file, &Options::at(Scale::ThreeEighths))
        .unwrap();
    assert_eq!(picture.covered(), (59.0 * 0.375, 43.0 * 0.375));
    assert_eq!((picture.width(), picture.height()), (23, 17));
}

/// The place of a marker in a file.
fn place_of(file: &[u8], marker: u8) -> usize {
    file.windows(2)
        .position(|pair| pair == [0xff, marker])
        .unwrap()
}

#[test]
fn what_other_decoders_must_do_is_named() {
    let mut decoder = Decoder::new();
    let plain = fixture("444").jpeg;
    let frame = place_of(&plain, 0xc0);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = plain.clone();
        change(&mut file);
        file
    };
    let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0";
    let mut cmyk = Vec::new();
    Encoder::new(&mut cmyk, 90)
        .encode(&[100; 4 * 64], 8, 8, ColorType::Cmyk)
        .unwrap();
    for (label, file) in [
        ("12 bits", changed(&|file| file[frame + 4] = 12)),
        ("lossless", changed(&|file| file[frame + 1] = 0xc3)),
        ("arithmetic", changed(&|file| file[frame + 1] = 0xc9)),
        ("hierarchical", changed(&|file| file[frame + 1] = 0xc5)),
        (
            "height told later",
            changed(&|file| file[frame + 5..frame + 7].fill(0)),
        ),
        ("luma subsampled", changed(&|file| file[frame + 14] = 0x22)),
        (
            "rgb",
            changed(&|file| {
                // Without JFIF's segment, which promises YCbCr.
                file.splice(2..20, adobe.iter().copied());
            }),
        ),
        ("16-bit tables", {
            let table = [&[0xff, 0xdb, 0, 131, 0x10][..], &[1; 128]].concat();
            changed(&|file| {
                file.splice(2..2, table.iter().copied());
            })
        }),
        ("cmyk", cmyk),
    ] {
        for scale in Scale::ALL {
            let error = decoder.decode(&file, &Options::at(scale)).map(|_| ());
            assert!(
                matches!(error, Err(Error::Unsupported(_))),
                "{label}: {error:?}"
            );
        }
    }
}

#[test]
fn what_is_over_the_limits_is_refused_before_memory_is_taken() {
    let mut file = fixture("420").jpeg;
    let mut progressive = fixture("progressive-420").jpeg;
    for (file, marker) in [(&mut file, 0xc0), (&mut progressive, 0xc2)] {
        let frame = place_of(file, marker);
        file[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    }
    for file in [file, progressive] {
        for limits in [
            Limits {
                max_pixels: 100_000_000,
                ..Limits::default()
            },
            Limits {
                max_pixels: u64::MAX,
                max_bytes: 10_000_000,
            },
        ] {
            let mut decoder = Decoder::new();
            let options = all(QUARTER).with_limits(limits);
            let error = decoder.decode(&file, &options).map(|_| ());
            assert!(matches!(error, Err(Error::Limit(_))), "{error:?}");
            assert_eq!(decoder.held_bytes(), 0);
        }
    }
}
