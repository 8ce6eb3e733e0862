//! `JPEG` files that end early, with an end marker and without, and files that only seem to.

use jpeg_encoder::SamplingFactor;

use super::*;

type Set = fn(&mut Encoder<&mut Vec<u8>>);

/// Ways to write the same picture.
const BASELINE: [(&str, Set); 4] = [
    ("plain", |_| {}),
    ("subsampled", |encoder| {
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
    }),
    ("in a scan for each colour", |encoder| {
        encoder.set_optimized_huffman_tables(true);
    }),
    ("with restarts", |encoder| encoder.set_restart_interval(8)),
];

const PROGRESSIVE: (&str, Set) = ("progressive", |encoder| encoder.set_progressive(true));

fn with_end_marker(data: &[u8]) -> Vec<u8> {
    [data, &[0xff, 0xd9]].concat()
}

/// Decodes at full and at reduced size.
fn both_sizes(file: &[u8]) -> [Result<DecodedPhoto, DecodeError>; 2] {
    let reduced = DecodeScale::Reduced {
        min_short_side: 512,
    };
    [DecodeScale::Full, reduced].map(|scale| {
        let limits = Limits::default();
        decode(file, Format::Jpeg, Orientation::Normal, scale, &limits)
    })
}

#[test]
fn a_jpeg_that_ends_early_is_damaged_even_if_it_has_an_end_marker() {
    let picture = picture(1200, 1100);
    for (label, set) in BASELINE.into_iter().chain([PROGRESSIVE]) {
        let file = jpeg(&picture, set);
        for share in [30, 60, 95] {
            let cut = with_end_marker(&file[..file.len() * share / 100]);
            for result in both_sizes(&cut) {
                let error = result
                    .map(|_| ())
                    .expect_err(&format!("{label}, cut at {share} %"))
                    .to_string();
                // What comes in layers is there in full height.
                let expected = match label {
                    "progressive" | "in a scan for each colour" => "breaks off",
                    _ => "its data ends after ",
                };
                assert!(error.contains(expected), "{label}: {error}");
            }
        }
    }
}

#[test]
fn wherever_a_jpeg_is_cut_it_is_damaged_or_nothing_is_missing() {
    let picture = picture(97, 75);
    for (label, set) in BASELINE.into_iter().chain([PROGRESSIVE]) {
        let file = jpeg(&picture, set);
        let whole = full(&file, Format::Jpeg).unwrap().image;
        let mut good = Vec::new();
        for length in 0..file.len() - 2 {
            let cut = &file[..length];
            // A progressive picture may say by its end marker that no more scans follow.
            let files = match label {
                "progressive" => vec![cut.to_vec()],
                _ => vec![cut.to_vec(), with_end_marker(cut)],
            };
            for cut in files {
                match full(&cut, Format::Jpeg) {
                    // The last symbols may be completed by chance, and be of no weight.
                    Ok(photo) => {
                        let (_, mean) = difference(&photo.image, &whole);
                        assert!(mean < 0.2, "{label}, cut at {length}: {mean}");
                        good.push(length);
                    }
                    Err(error) => assert!(matches!(error, DecodeError::Damaged(_)), "{error}"),
                }
            }
        }
        assert!(
            good.iter().all(|length| length + 8 >= file.len()),
            "{label}: {} bytes, good when cut at {good:?}",
            file.len()
        );
    }
}

#[test]
fn a_progressive_jpeg_without_its_end_marker_is_whole_if_it_has_all_scans() {
    // With some noise: last scans of a smooth picture are zeros, as if never written.
    let mut picture = picture(1200, 1100);
    for (index, value) in picture.iter_mut().enumerate() {
        *value ^= (index * index / 7 % 16) as u8;
    }
    let file = jpeg(&picture, PROGRESSIVE.1);
    let without_marker = &file[..file.len() - 2];
    for (ours, whole) in both_sizes(without_marker)
        .into_iter()
        .zip(both_sizes(&file))
    {
        assert_eq!(ours.unwrap(), whole.unwrap());
    }
    // Cut between two scans, where every byte that is there makes sense.
    let scans: Vec<usize> = (0..file.len() - 1)
        .filter(|&at| file[at..at + 2] == [0xff, 0xda])
        .collect();
    assert!(scans.len() > 3);
    for &scan in &scans[1..] {
        for result in both_sizes(&file[..scan]) {
            let error = result.map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("breaks off"), "{error}");
        }
    }
}

#[test]
fn end_markers_that_are_not_the_pictures_do_not_count() {
    let picture = picture(200, 150);
    let file = jpeg(&picture, |_| {});
    let whole = full(&file, Format::Jpeg).unwrap();
    let small = jpeg(&super::picture(16, 16), |_| {});
    let segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    };
    // A whole file in a segment before the picture, as EXIF keeps its thumbnail.
    let thumbnail = [&file[..2], &segment(0xe5, &small), &file[2..]].concat();
    // Fill bytes before the marker (T.81, B.1.1.2), and another picture behind it.
    let filled = [&file[..file.len() - 2], &[0xff; 5], &[0xff, 0xd9], &small].concat();
    for file in [thumbnail, filled] {
        assert_eq!(full(&file, Format::Jpeg).unwrap(), whole);
    }
    // The picture is cut, and the marker is that of a second one.
    let cut = [&file[..file.len() / 2], &[0xff, 0xd9], &small].concat();
    assert!(matches!(
        full(&cut, Format::Jpeg),
        Err(DecodeError::Damaged(_))
    ));
}
