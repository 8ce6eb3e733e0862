//! TIFF files that no encoder here can write, put together by hand.

use super::*;

/// An uncompressed little-endian TIFF of one strip.
pub(super) fn tiff(
    (width, height): (u16, u16),
    photometric: u16,
    bits: &[u16],
    planar: u16,
    more: &[(u16, Vec<u16>)],
    data: &[u8],
) -> Vec<u8> {
    let mut tags: Vec<(u16, Vec<u16>)> = vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, bits.to_vec()),
        (259, vec![1]),
        (262, vec![photometric]),
        (277, vec![bits.len() as u16]),
        (278, vec![height]),
        (284, vec![planar]),
    ];
    tags.extend_from_slice(more);
    // Planar pictures have one strip a plane.
    let strips = if planar == 2 { bits.len() } else { 1 };
    let strip_bytes = data.len() / strips;
    let data_at = 8;
    let long = |values: Vec<usize>| values.iter().map(|&v| v as u32).collect::<Vec<u32>>();
    let offsets = long((0..strips).map(|i| data_at + i * strip_bytes).collect());
    let counts = long(vec![strip_bytes; strips]);

    let mut bytes = b"II\x2a\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(data);
    let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = tags
        .into_iter()
        .map(|(tag, values)| {
            let raw = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            (tag, 3, values.len() as u32, raw)
        })
        .collect();
    for (tag, values) in [(273, offsets), (279, counts)] {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        entries.push((tag, 4, values.len() as u32, raw));
    }
    entries.sort_by_key(|entry| entry.0);
    for entry in &mut entries {
        if entry.3.len() > 4 {
            let at = bytes.len() as u32;
            bytes.extend_from_slice(&entry.3);
            entry.3 = at.to_le_bytes().to_vec();
        }
        entry.3.resize(4, 0);
    }
    let directory_at = (bytes.len() as u32).to_le_bytes();
    bytes[4..8].copy_from_slice(&directory_at);
    bytes.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for (tag, field_type, count, value) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&field_type.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&value);
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

#[test]
fn tiff_colour_models_come_out_right() {
    let row =
        |pixels: &[[u8; 3]]| RgbImage::from_raw(pixels.len() as u32, 1, pixels.concat()).unwrap();
    let bit_palette = [0, 0xffff, 0, 0x8080, 0xffff, 0];
    let mut byte_palette = vec![0; 768];
    byte_palette[7] = 0x1111;
    byte_palette[256 + 7] = 0x2222;
    byte_palette[512 + 7] = 0x3333;
    let none: &[(u16, Vec<u16>)] = &[];
    for (label, file, expected) in [
        (
            "cmyk",
            tiff((2, 1), 5, &[8; 4], 1, none, &[255, 0, 0, 0, 0, 0, 0, 128]),
            row(&[[0, 255, 255], [127; 3]]),
        ),
        (
            "cmyk, plane by plane",
            tiff((2, 1), 5, &[8; 4], 2, none, &[255, 0, 0, 0, 0, 0, 0, 128]),
            row(&[[0, 255, 255], [127; 3]]),
        ),
        (
            "rgb, plane by plane",
            tiff((2, 1), 2, &[8; 3], 2, none, &[1, 4, 2, 5, 3, 6]),
            row(&[[1, 2, 3], [4, 5, 6]]),
        ),
        (
            "palette of 2",
            tiff(
                (3, 1),
                3,
                &[1],
                1,
                &[(320, bit_palette.to_vec())],
                &[0b0100_0000],
            ),
            row(&[[0, 0, 255], [255, 128, 0], [0, 0, 255]]),
        ),
        (
            "palette of 256",
            tiff((2, 1), 3, &[8], 1, &[(320, byte_palette)], &[7, 6]),
            row(&[[0x11, 0x22, 0x33], [0; 3]]),
        ),
        (
            "grey of 4 bits",
            tiff((3, 1), 1, &[4], 1, none, &[0x0f, 0x80]),
            row(&[[0; 3], [255; 3], [136; 3]]),
        ),
        (
            "white is zero",
            tiff((2, 1), 0, &[8], 1, none, &[0, 200]),
            row(&[[255; 3], [55; 3]]),
        ),
        (
            "opacity beside the colours",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![2])], &[100, 0, 0, 51]),
            row(&[[224, 204, 204]]),
        ),
        (
            "opacity multiplied in",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![1])], &[20, 0, 0, 51]),
            row(&[[224, 204, 204]]),
        ),
        (
            "a fourth sample that means nothing",
            tiff((1, 1), 2, &[8; 4], 1, &[(338, vec![0])], &[1, 2, 3, 0]),
            row(&[[1, 2, 3]]),
        ),
        (
            "grey with opacity",
            tiff((1, 1), 1, &[8; 2], 1, &[(338, vec![2])], &[100, 51]),
            row(&[[224; 3]]),
        ),
    ] {
        assert_shows(label, &file, Format::Tiff, &expected, 0);
    }
}

#[test]
fn tiff_of_floating_point_numbers_is_unsupported_and_not_damaged() {
    let file = tiff((1, 1), 1, &[32], 1, &[(339, vec![3])], &[0; 4]);
    let error = full(&file, Format::Tiff).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
}
