//! The frame header: how large the picture is and how its components are laid out (ITU-T T.81,
//! A.1, A.2 and B.2.2).

use crate::error::Error;
use crate::markers::{self, Markers, Segment};
use crate::options::Scale;

/// What a file says of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// 1 for greyscale, 3 for `YCbCr`.
    pub components: usize,
    /// The sampling factors of each component, across and down, each 1 to 4; those of components
    /// that do not exist are 0.
    pub sampling: [[u8; 2]; 3],
    /// Whether the picture comes in layers.
    pub progressive: bool,
}

impl Header {
    /// Reads a file up to its frame header.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for what [`Decoder`](crate::Decoder) does not decode, as far as the
    /// segments before the frame's tell; [`Error::Malformed`] where there is no sound header.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut markers = Markers::new(bytes)?;
        let mut colour = ColourMarkers::default();
        while let Some(segment) = markers.next_segment() {
            colour.note(segment);
            if markers::begins_frame(segment.marker) {
                return Ok(Frame::read(segment, colour)?.header);
            }
            if matches!(
                segment.marker,
                markers::START_OF_SCAN | markers::END_OF_IMAGE
            ) {
                break;
            }
        }
        Err(Error::Malformed("it has no frame header"))
    }
}

/// What the segments of programs say of the colours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ColourMarkers {
    is_jfif: bool,
    /// The colour transform of Adobe's segment.
    adobe_transform: Option<u8>,
}

impl ColourMarkers {
    pub(crate) fn note(&mut self, segment: Segment<'_>) {
        match segment.marker {
            markers::APP0 if segment.body.starts_with(b"JFIF\0") => self.is_jfif = true,
            markers::APP14 if segment.body.starts_with(b"Adobe") => {
                self.adobe_transform = segment.body.get(11).copied();
            }
            _ => {}
        }
    }

    /// Whether three components of these identifiers are RGB: what libjpeg goes by, too.
    fn mean_rgb(self, ids: [u8; 3]) -> bool {
        !self.is_jfif
            && match self.adobe_transform {
                Some(transform) => transform == 0,
                None => ids == *b"RGB",
            }
    }
}

/// One component of the picture, in blocks and in samples of the reduced picture.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// Sampling factors across and down.
    pub(crate) h: usize,
    pub(crate) v: usize,
    /// Which quantisation table it uses.
    pub(crate) quantisation: usize,
    /// Blocks that hold a part of the picture: what a scan of this component alone sends.
    pub(crate) blocks_across: usize,
    pub(crate) blocks_down: usize,
    /// Blocks with those that fill the last units: what an interleaved scan sends.
    pub(crate) padded_across: usize,
    pub(crate) padded_down: usize,
}

/// The picture's layout.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) header: Header,
    components: [Component; 3],
    pub(crate) h_max: usize,
    pub(crate) v_max: usize,
    /// Units of an interleaved scan ("MCU"), across and down.
    pub(crate) units_across: usize,
    pub(crate) units_down: usize,
}

impl Frame {
    /// Reads a frame header.
    pub(crate) fn read(segment: Segment<'_>, colour: ColourMarkers) -> Result<Self, Error> {
        let progressive = match segment.marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            0xc3 => return Err(Error::Unsupported("lossless coding")),
            0xc9..=0xcb => return Err(Error::Unsupported("arithmetic coding")),
            _ => return Err(Error::Unsupported("hierarchical coding")),
        };
        let &[precision, h1, h0, w1, w0, count, ref rest @ ..] = segment.body else {
            return Err(Error::Malformed("its frame header is too short"));
        };
        if precision != 8 {
            return Err(Error::Unsupported("samples of other than 8 bits"));
        }
        let [width, height] = [[w1, w0], [h1, h0]].map(u16::from_be_bytes).map(u32::from);
        if height == 0 {
            return Err(Error::Unsupported(
                "a height that is told after the first scan",
            ));
        }
        if width == 0 {
            return Err(Error::Malformed("it has no pixels"));
        }
        let specifications = rest.as_chunks::<3>().0;
        let specifications = match count {
            1 | 3 => specifications.get(..usize::from(count)),
            2 | 4 => return Err(Error::Unsupported("two or four components, such as CMYK")),
            _ => return Err(Error::Malformed("its number of components is impossible")),
        }
        .ok_or(Error::Malformed("its frame header is too short"))?;
        if let &[[r, ..], [g, ..], [b, ..]] = specifications
            && colour.mean_rgb([r, g, b])
        {
            return Err(Error::Unsupported("RGB without a colour transform"));
        }
        let mut frame = Self {
            header: Header {
                width,
                height,
                components: specifications.len(),
                sampling: [[0; 2]; 3],
                progressive,
            },
            components: [Component::default(); 3],
            h_max: 1,
            v_max: 1,
            units_across: 0,
            units_down: 0,
        };
        frame.lay_out(specifications)?;
        Ok(frame)
    }

    fn lay_out(&mut self, specifications: &[[u8; 3]]) -> Result<(), Error> {
        let targets = self.components.iter_mut().zip(&mut self.header.sampling);
        for (&[id, factors, quantisation], (component, sampling)) in
            specifications.iter().zip(targets)
        {
            let (h, v) = (factors >> 4, factors & 15);
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || quantisation > 3 {
                return Err(Error::Malformed(
                    "a component's sampling or table is impossible",
                ));
            }
            *sampling = [h, v];
            component.id = id;
            component.h = usize::from(h);
            component.v = usize::from(v);
            component.quantisation = usize::from(quantisation);
            self.h_max = self.h_max.max(component.h);
            self.v_max = self.v_max.max(component.v);
        }
        let [luma, ..] = &self.components;
        if (luma.h, luma.v) != (self.h_max, self.v_max) {
            return Err(Error::Unsupported("luma that is subsampled"));
        }
        let (width, height) = (self.width(), self.height());
        self.units_across = width.div_ceil(8 * self.h_max);
        self.units_down = height.div_ceil(8 * self.v_max);
        for component in self.components.iter_mut().take(self.header.components) {
            let (h, v) = (component.h, component.v);
            component.blocks_across = (width * h).div_ceil(self.h_max).div_ceil(8);
            component.blocks_down = (height * v).div_ceil(self.v_max).div_ceil(8);
            component.padded_across = self.units_across * h;
            component.padded_down = self.units_down * v;
        }
        Ok(())
    }

    pub(crate) fn width(&self) -> usize {
        self.header.width as usize
    }

    pub(crate) fn height(&self) -> usize {
        self.header.height as usize
    }

    pub(crate) fn components(&self) -> &[Component] {
        self.components
            .get(..self.header.components)
            .unwrap_or_default()
    }

    /// Width and height of the reduced picture.
    pub(crate) fn reduced_size(&self, scale: Scale) -> (usize, usize) {
        let side = |full: usize| (full * scale.eighths()).div_ceil(8);
        (side(self.width()), side(self.height()))
    }

    /// Width and height, in samples of the reduced picture, of what a component says of the
    /// picture; its plane is larger by what fills the last blocks.
    pub(crate) fn reduced_component_size(
        &self,
        component: &Component,
        scale: Scale,
    ) -> (usize, usize) {
        let side = |full: usize, factor: usize, max: usize| {
            (full * factor * scale.eighths()).div_ceil(8 * max)
        };
        (
            side(self.width(), component.h, self.h_max),
            side(self.height(), component.v, self.v_max),
        )
    }
}
