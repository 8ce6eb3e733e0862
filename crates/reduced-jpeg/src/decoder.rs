//! From a file's segments to a picture.

use crate::baseline;
use crate::bits::Stretch;
use crate::error::Error;
use crate::frame::{ColourMarkers, Component, Frame};
use crate::huffman::HuffmanTables;
use crate::markers::{self, Markers};
use crate::options::{Limits, Options, Scale};
use crate::picture::{Picture, Plane};
use crate::progressive::{self, Layers};
use crate::quantisation::{Table, Tables};
use crate::scan::{Scan, length_of_data};
use crate::transform::{Eighth, Half, Quarter, Reduction, ThreeEighths};

/// The most scans that are read of a file: as many as cjpeg reads from a script. A file of more is
/// made to take time.
const MAX_SCANS: usize = 100;

/// Decodes files one after the other, and keeps its buffers between them.
#[derive(Debug, Default)]
pub struct Decoder {
    buffers: Buffers,
}

#[derive(Debug, Default)]
struct Buffers {
    tables: HuffmanTables,
    stretch: Stretch,
    layers: Layers,
    planes: [Plane; 3],
}

impl Decoder {
    /// A decoder without buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of memory that the decoder holds for its next picture.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let buffers = &self.buffers;
        buffers.stretch.capacity()
            + buffers.layers.capacity()
            + buffers.planes.iter().map(Plane::capacity).sum::<usize>()
    }

    /// Decodes the first picture of a file; what follows on its end marker is not looked at.
    ///
    /// A file whose data ends early gives a picture that
    /// [says so](Picture::is_truncated), if it ends behind the header of its first scan.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for what only other decoders know, [`Error::Limit`] before more
    /// memory is taken than the options allow, [`Error::Malformed`] for data that makes no sense.
    pub fn decode(&mut self, bytes: &[u8], options: &Options) -> Result<Picture<'_>, Error> {
        let buffers = &mut self.buffers;
        let outcome = match options.scale {
            Scale::Eighth => File::<Eighth>::decode(bytes, options, buffers),
            Scale::Quarter => File::<Quarter>::decode(bytes, options, buffers),
            Scale::ThreeEighths => File::<ThreeEighths>::decode(bytes, options, buffers),
            Scale::Half => File::<Half>::decode(bytes, options, buffers),
        }?;
        Ok(Picture {
            frame: outcome.frame,
            scale: options.scale,
            planes: &self.buffers.planes,
            full_rows: outcome.full_rows,
            is_truncated: outcome.is_truncated,
        })
    }
}

/// What is known of a picture that was decoded into the buffers.
struct Outcome {
    frame: Frame,
    full_rows: usize,
    is_truncated: bool,
}

/// A file that is being read.
struct File<'a, R> {
    buffers: &'a mut Buffers,
    options: &'a Options,
    colour: ColourMarkers,
    quantisation: Tables,
    interval: usize,
    /// The factors of each component, as they were when its first scan began.
    factors: [Option<Table>; 3],
    /// Rows of the full picture that all scans so far have sent.
    full_rows: usize,
    scans: usize,
    /// A scan's data ended early.
    breaks_off: bool,
    reduction: std::marker::PhantomData<R>,
}

impl<'a, R: Reduction> File<'a, R> {
    fn decode(
        bytes: &[u8],
        options: &'a Options,
        buffers: &'a mut Buffers,
    ) -> Result<Outcome, Error> {
        buffers.tables.forget();
        let file = Self {
            buffers,
            options,
            colour: ColourMarkers::default(),
            quantisation: Tables::default(),
            interval: 0,
            factors: [None; 3],
            full_rows: usize::MAX,
            scans: 0,
            breaks_off: false,
            reduction: std::marker::PhantomData,
        };
        file.read(bytes)
    }

    fn read(mut self, bytes: &[u8]) -> Result<Outcome, Error> {
        let mut markers = Markers::new(bytes)?;
        let mut frame: Option<Frame> = None;
        let mut has_end = false;
        while let Some(segment) = markers.next_segment() {
            match segment.marker {
                markers::END_OF_IMAGE => {
                    has_end = true;
                    break;
                }
                markers::HUFFMAN_TABLES => self.buffers.tables.define(segment.body)?,
                markers::QUANTISATION_TABLES => self.quantisation.define(segment.body)?,
                markers::RESTART_INTERVAL => {
                    let interval = segment
                        .body
                        .first_chunk()
                        .ok_or(Error::Malformed("a restart interval is too short"))?;
                    self.interval = usize::from(u16::from_be_bytes(*interval));
                }
                markers::START_OF_SCAN => {
                    let frame = frame
                        .as_ref()
                        .ok_or(Error::Malformed("a scan comes before the frame header"))?;
                    let scan = Scan::read(segment.body, frame)?;
                    let taken = self.scan(&scan, frame, markers.rest())?;
                    markers.skip(taken);
                    if self.breaks_off || (!frame.header.progressive && self.is_sent(frame)) {
                        break;
                    }
                }
                marker if markers::begins_frame(marker) => {
                    if frame.is_some() {
                        return Err(Error::Malformed("it has two frame headers"));
                    }
                    let read = Frame::read(segment, self.colour)?;
                    check::<R>(&read, bytes, self.options)?;
                    self.begin(&read);
                    frame = Some(read);
                }
                0xcc => return Err(Error::Unsupported("arithmetic coding")),
                _ => self.colour.note(segment),
            }
        }
        let frame = frame.ok_or(Error::Malformed("it has no frame header"))?;
        self.finish(frame, has_end)
    }

    /// Takes the memory for a picture.
    fn begin(&mut self, frame: &Frame) {
        for (plane, component) in self.buffers.planes.iter_mut().zip(frame.components()) {
            plane.begin(plane_samples::<R>(component));
        }
        if frame.header.progressive {
            self.buffers.layers.begin::<R>(frame, self.options.scans);
        }
    }

    /// Whether each component of a baseline picture had its scan.
    fn is_sent(&self, frame: &Frame) -> bool {
        let components = self.factors.iter().take(frame.components().len());
        components.into_iter().all(Option::is_some)
    }

    /// Reads a scan, and gives how many bytes its data has.
    fn scan(&mut self, scan: &Scan, frame: &Frame, data: &[u8]) -> Result<usize, Error> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(Error::Malformed("it has more scans than any use"));
        }
        for component in &scan.components {
            let factors = &mut self.factors[component.index.min(2)];
            if factors.is_none() {
                *factors = Some(self.quantisation.table(component.layout.quantisation)?);
            } else if !frame.header.progressive {
                return Err(Error::Malformed("a component is sent twice"));
            }
        }
        let factors = self.factors.map(Option::unwrap_or_default);
        let buffers = &mut *self.buffers;
        let progress = if !frame.header.progressive {
            baseline::decode::<R>(
                scan,
                data,
                self.interval,
                &mut buffers.tables,
                &factors,
                &mut buffers.planes,
                &mut buffers.stretch,
            )?
        } else if buffers.layers.announce(scan)? {
            let (tables, stretch) = (&buffers.tables, &mut buffers.stretch);
            buffers
                .layers
                .decode(scan, data, self.interval, tables, stretch)?
        } else {
            return Ok(length_of_data(data));
        };
        self.full_rows = self.full_rows.min(scan.rows_of(progress.complete, frame));
        self.breaks_off = progress.complete < scan.units();
        Ok(progress.taken)
    }

    fn finish(self, frame: Frame, has_end: bool) -> Result<Outcome, Error> {
        if self.scans == 0 {
            return Err(Error::Malformed("it has no scan"));
        }
        let (is_all, has_full_height) = if frame.header.progressive {
            let layers = &self.buffers.layers;
            // Not all files send all bits, but one that does not may also have been cut off.
            (
                has_end || layers.are_all_sent(&frame),
                layers.have_means(&frame),
            )
        } else {
            let is_sent = self.is_sent(&frame);
            (is_sent, is_sent)
        };
        if frame.header.progressive {
            let factors = self.factors.map(Option::unwrap_or_default);
            let buffers = self.buffers;
            buffers
                .layers
                .draw::<R>(&frame, &factors, &mut buffers.planes);
        }
        Ok(Outcome {
            is_truncated: self.breaks_off || !is_all || !has_full_height,
            full_rows: if has_full_height { self.full_rows } else { 0 },
            frame,
        })
    }
}

fn plane_samples<R: Reduction>(component: &Component) -> usize {
    component.padded_across * component.padded_down * R::SIDE * R::SIDE
}

/// Refuses what takes too much memory, before it is taken.
fn check<R: Reduction>(frame: &Frame, bytes: &[u8], options: &Options) -> Result<(), Error> {
    let Limits {
        max_pixels,
        max_bytes,
    } = options.limits;
    if u64::from(frame.header.width) * u64::from(frame.header.height) > max_pixels {
        return Err(Error::Limit("the picture has too many pixels"));
    }
    let planes = frame.components().iter().map(plane_samples::<R>);
    let layers = if frame.header.progressive {
        progressive::bytes_needed::<R>(frame, options.scans)
    } else {
        0
    };
    // The copy of a scan grows as it is made, by doubling.
    let copy = 2 * bytes.len() as u64;
    if planes.sum::<usize>() as u64 + layers + copy > max_bytes {
        return Err(Error::Limit("the picture takes too much memory"));
    }
    Ok(())
}
