//! Reads the first directory of a TIFF file: enough to tell a camera's RAW from a picture, and
//! to find tags that the decoder does not give out.
//!
//! The source is the TIFF 6.0 specification (Adobe, 1992), section 2. `BigTIFF` is not walked:
//! no camera writes it. All offsets come from the file and are checked before use.

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Position in the file of the entry's value or, if that is longer than four bytes, of
    /// the offset to it.
    pub(super) value_at: usize,
    /// Field type, 1 to 12.
    pub(super) field_type: u16,
    /// Number of values.
    pub(super) count: u32,
}

/// The first directory of a TIFF file.
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    little_endian: bool,
    entries_at: usize,
    entry_count: usize,
}

impl<'a> Directory<'a> {
    /// Finds the first directory; `None` if there is none in `bytes`.
    pub(super) fn first(bytes: &'a [u8]) -> Option<Self> {
        let little_endian = match bytes.first_chunk::<4>()? {
            b"II\x2a\0" => true,
            b"MM\0\x2a" => false,
            _ => return None,
        };
        let mut directory = Self {
            bytes,
            little_endian,
            entries_at: 0,
            entry_count: 0,
        };
        let at = directory.u32_at(4)? as usize;
        directory.entry_count = usize::from(directory.u16_at(at)?);
        directory.entries_at = at.checked_add(2)?;
        Some(directory)
    }

    /// The entry of this tag.
    pub(super) fn entry(&self, tag: u16) -> Option<Entry> {
        (0..self.entry_count)
            .map_while(|index| self.entries_at.checked_add(12 * index))
            .find(|&at| self.u16_at(at) == Some(tag))
            .and_then(|at| {
                Some(Entry {
                    value_at: at.checked_add(8)?,
                    field_type: self.u16_at(at + 2)?,
                    count: self.u32_at(at + 4)?,
                })
            })
    }

    /// The first value of this tag, if it is a SHORT or a LONG.
    pub(super) fn number(&self, tag: u16) -> Option<u32> {
        let entry = self.entry(tag)?;
        match entry.field_type {
            3 => self.u16_at(entry.value_at).map(u32::from),
            4 => self.u32_at(entry.value_at),
            _ => None,
        }
    }

    /// All values of this tag, if they are SHORTs.
    pub(super) fn shorts(&self, tag: u16) -> Option<Vec<u16>> {
        let entry = self.entry(tag)?;
        if entry.field_type != 3 {
            return None;
        }
        let at = if entry.count <= 2 {
            entry.value_at
        } else {
            self.u32_at(entry.value_at)? as usize
        };
        // A count from the file must not size an allocation: no more than the file can hold.
        let count = (entry.count as usize).min(self.bytes.len() / 2);
        (0..count)
            .map(|index| self.u16_at(at.checked_add(2 * index)?))
            .collect()
    }

    /// Whether numbers are stored lowest byte first.
    pub(super) fn is_little_endian(&self) -> bool {
        self.little_endian
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }
}

/// Whether a TIFF file is a camera's RAW: it says so by the DNG version tag (DNG 1.4, chapter
/// 4), or its first page is coloured by a filter array (photometric interpretation 32803,
/// TIFF/EP) or marked as a reduced preview whose original lies in sub-directories, which is
/// how NEF, ARW and PEF are built.
pub(in crate::scan) fn is_camera_raw(bytes: &[u8]) -> bool {
    const NEW_SUBFILE_TYPE: u16 = 254;
    const PHOTOMETRIC: u16 = 262;
    const SUB_DIRECTORIES: u16 = 330;
    const TIFF_EP_VERSION: u16 = 37398;
    const DNG_VERSION: u16 = 50706;
    let Some(directory) = Directory::first(bytes) else {
        return false;
    };
    let is_preview = directory
        .number(NEW_SUBFILE_TYPE)
        .is_some_and(|kind| kind & 1 == 1);
    directory.entry(DNG_VERSION).is_some()
        || directory.number(PHOTOMETRIC) == Some(32803)
        || (directory.entry(SUB_DIRECTORIES).is_some()
            && (is_preview || directory.entry(TIFF_EP_VERSION).is_some()))
}
