//! Photos that come with the program, for those who name no folder.

use std::io;
use std::path::Path;

use image::imageops::crop_imm;
use jpeg_encoder::{ColorType, Encoder};

use super::random::Random;
use crate::photo::{Format, Orientation};
use crate::scan::{DecodeScale, Limits, decode};

/// See `assets/demo/ATTRIBUTION.md`.
const PHOTOS: [&[u8]; 6] = [
    include_bytes!("../../assets/demo/astronaut.jpg"),
    include_bytes!("../../assets/demo/bike.jpg"),
    include_bytes!("../../assets/demo/chelsea.jpg"),
    include_bytes!("../../assets/demo/coffee.jpg"),
    include_bytes!("../../assets/demo/hubble.jpg"),
    include_bytes!("../../assets/demo/rocket.jpg"),
];

/// Quality of the parts that are cut out.
const QUALITY: u8 = 90;

/// Writes so many JPEG files into a folder: the photos, then parts of them, which have vectors of
/// their own.
///
/// # Errors
/// [`io::Error`] if a file cannot be written.
pub(super) fn write(folder: &Path, count: usize) -> io::Result<()> {
    let mut random = Random::new(1);
    for (number, photo) in PHOTOS.iter().cycle().take(count).enumerate() {
        let file = folder.join(format!("{number:05}.jpg"));
        if number < PHOTOS.len() {
            std::fs::write(file, photo)?;
        } else {
            std::fs::write(file, part(photo, &mut random)?)?;
        }
    }
    Ok(())
}

/// A part of a photo, half to nine tenths as wide and high.
fn part(photo: &[u8], random: &mut Random) -> io::Result<Vec<u8>> {
    let scale = DecodeScale::Full;
    let limits = Limits::default();
    let decoded = decode(photo, Format::Jpeg, Orientation::Normal, scale, &limits);
    let whole = decoded.map_err(io::Error::other)?.image;
    let mut within = |length: f64| random.next_f64() * length;
    let share = 0.5 + within(0.4);
    let [width, height] = [whole.width(), whole.height()].map(|side| f64::from(side) * share);
    let left = within(f64::from(whole.width()) - width);
    let top = within(f64::from(whole.height()) - height);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the photo"
    )]
    let [left, top, width, height] = [left, top, width, height].map(|length| length as u32);
    let cut = crop_imm(&whole, left, top, width, height).to_image();
    let side = |length: u32| u16::try_from(length).map_err(io::Error::other);
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, QUALITY)
        .encode(cut.as_raw(), side(width)?, side(height)?, ColorType::Rgb)
        .map_err(io::Error::other)?;
    Ok(bytes)
}
