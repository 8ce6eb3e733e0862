//! Colours that tell the series of a plot apart, in the dark and in the light, with normal vision
//! and with each of the three kinds of colour blindness; a test computes it. Plots give a series a
//! shape too.

use eframe::egui::{Color32, Ui};

const fn rgb(hex: u32) -> Color32 {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

const LIGHT: [Color32; 8] = [
    rgb(0x17_3A_E8),
    rgb(0xFF_41_00),
    rgb(0x37_9A_75),
    rgb(0x87_57_9D),
    rgb(0x93_37_00),
    rgb(0x06_44_62),
    rgb(0x05_0A_36),
    rgb(0x5B_15_00),
];

const DARK: [Color32; 8] = [
    rgb(0x47_8E_AD),
    rgb(0xE6_7D_03),
    rgb(0x4F_DD_9E),
    rgb(0xD4_A1_FF),
    rgb(0xB0_53_14),
    rgb(0xFF_F0_2C),
    rgb(0x9A_3F_F4),
    rgb(0xBB_FF_F8),
];

/// The colour of a series in the theme that `ui` is drawn in.
pub(crate) fn series(ui: &Ui, number: usize) -> Color32 {
    let colours = if ui.visuals().dark_mode {
        &DARK
    } else {
        &LIGHT
    };
    let colour = colours.get(number % colours.len());
    colour.copied().unwrap_or(Color32::GRAY)
}

#[cfg(test)]
mod tests {
    use super::super::{DARK as DARK_PALETTE, LIGHT as LIGHT_PALETTE, tests::contrast};
    use super::*;

    type Matrix = [[f64; 3]; 3];

    /// Normal, protanopia, deuteranopia, tritanopia: Machado, Oliveira and Fernandes (2009), at
    /// severity 1, on linear RGB.
    const VISIONS: [Matrix; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// Oklab (Ottosson 2020): distances in it are about as people see them.
    fn oklab(color: Color32, vision: &Matrix) -> [f64; 3] {
        let linear = [color.r(), color.g(), color.b()].map(super::super::tests::linear);
        let seen = times(vision, linear).map(|channel| channel.max(0.0));
        let cones = [
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ];
        let lab = [
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ];
        times(&lab, times(&cones, seen).map(f64::cbrt))
    }

    #[test]
    fn every_two_series_are_told_apart_with_any_colour_vision_and_seen_on_every_ground() {
        for (colours, palette) in [(LIGHT, LIGHT_PALETTE), (DARK, DARK_PALETTE)] {
            for (number, a) in colours.iter().enumerate() {
                for ground in [palette.ground, palette.panel] {
                    // WCAG 2.2, 1.4.11: things that are no text.
                    assert!(contrast(*a, ground) >= 3.0, "{a:?} on {ground:?}");
                }
                for b in &colours[..number] {
                    for vision in &VISIONS {
                        let pairs = oklab(*a, vision).into_iter().zip(oklab(*b, vision));
                        let square: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
                        assert!(square.sqrt() > 0.12, "{a:?} {b:?}: {}", square.sqrt());
                    }
                }
            }
        }
    }
}
