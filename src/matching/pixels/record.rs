//! What is kept of a picture for comparing it later: made once during the decode, at most
//! [`MOST_BYTES`] in the cache, and decoded again into a [`Prepared`] picture.
//!
//! The luma is stretched to the whole range before it is packed, so that a night picture has
//! as much of its texture left as a day one; the tone before stretching is remembered, for
//! flat pictures are told apart by nothing else. Bytes from a cache are outside data: every
//! length is checked before it is believed.

use image::RgbImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::features::{Keypoint, MOST_KEYPOINTS, keypoints};
use super::make::{COLOUR_SIDE, VIEW_SIDE};
use super::plane::{Bounds, Plane};
use super::prepared::Prepared;
use super::{border, make};

/// No record is longer.
pub const MOST_BYTES: usize = 20_000;

/// The long side of the luma in pixels: enough for the words of a page to differ.
const LUMA_SIDE: u32 = 384;

/// Changes when the layout or the meaning of the bytes does.
const VERSION: u8 = 1;

const HEADER_BYTES: usize = 1 + 4 + 8 + 2 + 8 + 4 + 4 + 3 * COLOUR_SIDE * COLOUR_SIDE + 1 + 2 + 2;
const KEYPOINT_BYTES: usize = 2 + 2 + 1 + 1 + 32;
const VIEW_BYTES: usize = VIEW_SIDE * VIEW_SIDE;

/// A picture in at most [`MOST_BYTES`], to be compared with others after
/// [`decode`](Self::decode).
#[derive(Clone, Debug, PartialEq)]
pub struct PixelRecord {
    pub(super) width: u16,
    pub(super) height: u16,
    /// The size of the picture that was handed in: the proportions, more exactly.
    pub(super) source_size: (u32, u32),
    /// The tones that became black and white: the first, and how many from there.
    pub(super) darkest: u8,
    pub(super) spread: u8,
    /// The picture without plain borders.
    pub(super) content: Bounds,
    /// How many blocks have texture; see [`make::texture`].
    pub(super) texture: f32,
    /// How much it looks like a page or a screen; see [`make::two_tone`].
    pub(super) two_tone: f32,
    /// 16 x 16 means of the whole picture, red, green, blue.
    pub(super) colours: Vec<u8>,
    /// 32 x 32 means of the stretched luma.
    pub(super) whole_view: Vec<u8>,
    /// The same of the content, if that is not all of it.
    pub(super) content_view: Option<Vec<u8>>,
    /// Grey JPEG.
    pub(super) luma: Vec<u8>,
    pub(super) keypoints: Vec<Keypoint>,
}

/// Why bytes are no record that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PixelError {
    /// Another version of the program wrote it.
    #[error("the pixel record is of version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// The bytes contradict themselves.
    #[error("the pixel record is damaged: {0}")]
    Damaged(&'static str),
}

impl PixelRecord {
    /// The record of an upright picture.
    pub(super) fn new(image: &RgbImage) -> Self {
        let (mut record, small) = Self::without_luma(image, LUMA_SIDE);
        record.keypoints = keypoints(&small);
        let views = VIEW_BYTES * (1 + usize::from(record.content_view.is_some()));
        let left = MOST_BYTES - HEADER_BYTES - views - record.keypoints.len() * KEYPOINT_BYTES;
        record.luma = make::packed(&small, (record.width, record.height), left);
        record
    }

    /// A picture of a long side of at most `most` pixels, for a closer look: without keypoints,
    /// and the luma beside it.
    pub(super) fn without_luma(image: &RgbImage, most: u32) -> (Self, Plane) {
        let nothing = RgbImage::new(1, 1);
        let (image, full) = match make::luma(image) {
            Some(full) => (image, full),
            None => (&nothing, Plane::even(1, 1, 0)),
        };
        let source_size = image.dimensions();
        let long = source_size.0.max(source_size.1).max(most);
        let side = |side: u32| {
            let reduced =
                (u64::from(side) * u64::from(most) + u64::from(long) / 2) / u64::from(long);
            clamp_u16(reduced.max(1))
        };
        let (width, height) = (side(source_size.0), side(source_size.1));
        let small = full.shrunk(width.into(), height.into());
        let (darkest, spread) = make::tones(&small);
        let small = make::stretched(&small, darkest, spread);
        let content = border::content(&small);
        let record = Self {
            width,
            height,
            source_size,
            darkest,
            spread,
            content,
            texture: make::texture(&small, stretch(spread)),
            two_tone: make::two_tone(&full),
            colours: make::colours(image),
            whole_view: make::view(&small, small.bounds()),
            content_view: (content != small.bounds()).then(|| make::view(&small, content)),
            luma: Vec::new(),
            keypoints: Vec::new(),
        };
        (record, small)
    }

    /// The record as the cache keeps it: little-endian, at most [`MOST_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.width.to_le_bytes());
        bytes.extend(self.height.to_le_bytes());
        bytes.extend(self.source_size.0.to_le_bytes());
        bytes.extend(self.source_size.1.to_le_bytes());
        bytes.extend([self.darkest, self.spread]);
        let Bounds { x0, y0, x1, y1 } = self.content;
        for bound in [x0, y0, x1, y1] {
            bytes.extend(clamp_u16(bound).to_le_bytes());
        }
        bytes.extend(self.texture.to_le_bytes());
        bytes.extend(self.two_tone.to_le_bytes());
        bytes.extend(&self.colours);
        bytes.push(u8::from(self.content_view.is_some()));
        bytes.extend(&self.whole_view);
        bytes.extend(self.content_view.iter().flatten());
        bytes.extend(clamp_u16(self.luma.len()).to_le_bytes());
        bytes.extend(clamp_u16(self.keypoints.len()).to_le_bytes());
        bytes.extend(&self.luma);
        for keypoint in &self.keypoints {
            bytes.extend(keypoint.x.to_le_bytes());
            bytes.extend(keypoint.y.to_le_bytes());
            bytes.extend([keypoint.level, keypoint.angle]);
            for word in keypoint.bits {
                bytes.extend(word.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`PixelError`] if another version wrote it or the lengths do not agree.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PixelError> {
        let mut reader = Reader(bytes);
        let [version] = reader.take()?;
        if version != VERSION {
            return Err(PixelError::Version(version));
        }
        let width = u16::from_le_bytes(reader.take()?);
        let height = u16::from_le_bytes(reader.take()?);
        let source_size = (
            u32::from_le_bytes(reader.take()?),
            u32::from_le_bytes(reader.take()?),
        );
        let [darkest, spread] = reader.take()?;
        let mut bound = || Ok::<_, PixelError>(usize::from(u16::from_le_bytes(reader.take()?)));
        let content = Bounds {
            x0: bound()?,
            y0: bound()?,
            x1: bound()?,
            y1: bound()?,
        };
        let texture = f32::from_le_bytes(reader.take()?);
        let two_tone = f32::from_le_bytes(reader.take()?);
        let colours = reader.slice(3 * COLOUR_SIDE * COLOUR_SIDE)?.to_vec();
        let [has_content_view] = reader.take()?;
        let whole_view = reader.slice(VIEW_BYTES)?.to_vec();
        let content_view = match has_content_view {
            0 => None,
            _ => Some(reader.slice(VIEW_BYTES)?.to_vec()),
        };
        let luma_bytes = u16::from_le_bytes(reader.take()?);
        let count = usize::from(u16::from_le_bytes(reader.take()?));
        let side = 1..=clamp_u16(LUMA_SIDE);
        if !side.contains(&width) || !side.contains(&height) {
            return Err(PixelError::Damaged("the size is out of range"));
        }
        let is_inside = |low: usize, high: usize, side: u16| low < high && high <= side.into();
        if source_size.0 == 0
            || source_size.1 == 0
            || spread < make::LEAST_SPREAD
            || !is_inside(content.x0, content.x1, width)
            || !is_inside(content.y0, content.y1, height)
        {
            return Err(PixelError::Damaged("a number is out of range"));
        }
        if count > MOST_KEYPOINTS {
            return Err(PixelError::Damaged("too many keypoints"));
        }
        let luma = reader.slice(luma_bytes.into())?.to_vec();
        let mut keypoints = Vec::with_capacity(count);
        for _ in 0..count {
            let x = u16::from_le_bytes(reader.take()?);
            let y = u16::from_le_bytes(reader.take()?);
            let [level, angle] = reader.take()?;
            let mut bits = [0; 4];
            for word in &mut bits {
                *word = u64::from_le_bytes(reader.take()?);
            }
            keypoints.push(Keypoint {
                x,
                y,
                level,
                angle,
                bits,
            });
        }
        if !reader.0.is_empty() {
            return Err(PixelError::Damaged("bytes are left over"));
        }
        Ok(Self {
            width,
            height,
            source_size,
            darkest,
            spread,
            content,
            texture,
            two_tone,
            colours,
            whole_view,
            content_view,
            luma,
            keypoints,
        })
    }

    /// Makes the picture ready to be compared. The luma is unpacked only once it is needed.
    #[must_use]
    pub fn decode(self) -> Prepared {
        Prepared::new(self)
    }

    /// The stretched luma; even grey, which agrees with nothing, if it cannot be unpacked.
    pub(super) fn unpack_luma(&self) -> Plane {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let options = DecoderOptions::default()
            .jpeg_set_out_colorspace(ColorSpace::Luma)
            .set_max_width(width)
            .set_max_height(height);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&self.luma), options);
        decoder
            .decode()
            .ok()
            .and_then(|values| Plane::new(width, height, values))
            .unwrap_or_else(|| Plane::even(width, height, 128))
    }

    /// How much the tones were stretched: 1 for a picture from black to white.
    pub(super) fn stretch(&self) -> f32 {
        stretch(self.spread)
    }

    /// Any order that does not depend on which picture is asked about first.
    pub(super) fn order_key(&self) -> impl Ord + '_ {
        (
            (self.source_size, self.width, self.height),
            (self.darkest, self.spread),
            &self.colours,
            &self.luma,
        )
    }
}

fn stretch(spread: u8) -> f32 {
    255.0 / f32::from(spread.max(1))
}

fn clamp_u16(value: impl TryInto<u16>) -> u16 {
    value.try_into().unwrap_or(u16::MAX)
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], PixelError> {
        let (&head, tail) = self.0.split_first_chunk().ok_or(CUT_SHORT)?;
        self.0 = tail;
        Ok(head)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], PixelError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.0 = tail;
        Ok(head)
    }
}

const CUT_SHORT: PixelError = PixelError::Damaged("it breaks off");
