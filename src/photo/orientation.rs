//! The eight ways to turn and mirror a picture, as EXIF numbers them.

/// How the stored pixels are turned to be seen upright: EXIF tag 0x0112 (Exif 2.32, 4.6.4 A),
/// 1 to 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Orientation {
    /// 1: as stored.
    #[default]
    Normal,
    /// 2: mirrored left to right.
    MirrorHorizontal,
    /// 3: turned by 180 degrees.
    Rotate180,
    /// 4: mirrored top to bottom.
    MirrorVertical,
    /// 5: mirrored left to right, then turned by 270 degrees clockwise: rows become columns.
    Transpose,
    /// 6: turned by 90 degrees clockwise.
    Rotate90,
    /// 7: mirrored left to right, then turned by 90 degrees clockwise.
    Transverse,
    /// 8: turned by 270 degrees clockwise.
    Rotate270,
}

impl Orientation {
    /// All eight, in EXIF order.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::MirrorHorizontal,
        Self::Rotate180,
        Self::MirrorVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// From the EXIF value; anything but 2 to 8 means as stored, which is how viewers read it.
    #[must_use]
    pub fn from_exif(value: u32) -> Self {
        value
            .checked_sub(1)
            .and_then(|index| Self::ALL.get(index as usize).copied())
            .unwrap_or_default()
    }

    /// The EXIF value, 1 to 8.
    #[must_use]
    pub fn to_exif(self) -> u8 {
        self as u8 + 1
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270
        )
    }

    /// Width and height of a stored picture of this size after it is turned.
    #[must_use]
    pub fn apply_to_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exif_values_outside_1_to_8_mean_as_stored() {
        for (value, expected) in [
            (0, Orientation::Normal),
            (1, Orientation::Normal),
            (6, Orientation::Rotate90),
            (8, Orientation::Rotate270),
            (9, Orientation::Normal),
            (u32::MAX, Orientation::Normal),
        ] {
            assert_eq!(Orientation::from_exif(value), expected, "{value}");
        }
        for orientation in Orientation::ALL {
            assert_eq!(
                Orientation::from_exif(orientation.to_exif().into()),
                orientation
            );
        }
    }
}
